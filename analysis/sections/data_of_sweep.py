"""The data of the cards about the whole sweep, in summary.json."""

from __future__ import annotations

from typing import Any, TypedDict


class AxesData(TypedDict):
    """The data of the card `axes`."""

    score: str
    """what the scores are, such as `test accuracy`"""
    trials: int
    """trials of the sweep that stand for an arm"""
    used: int
    """how many of them are used"""
    axes: list[AxisData]
    """the axes with two values or more, in the sweep's order"""
    interactions: list[PairData]
    """the pairs of axes that are shown together"""


class AxisData(TypedDict):
    """One of `axes` of the card `axes`."""

    key: str
    """the axis"""
    name: str
    """its name for readers"""
    analysis: str
    """`grid`: repeated measures over seeds; `mixed`: a mixed model; `none`: no test"""
    why: str
    """what a reader must know, such as why there is no test"""
    verdict: str
    """the verdict by `p_holm`"""
    seeds: int
    """seeds of each trial"""
    trials: int
    """trials that entered the analysis"""
    p: float | None
    """p-value of the axis having no effect; `null` without a test"""
    p_holm: float | None
    """the same, corrected over the axes (Holm)"""
    at_most: float | None
    """the largest difference between two levels that is still possible; `null` where unknown"""
    gap: dict[str, Any] | None
    """the `best` level minus the `worst`: `difference`, and its interval from `low` to `high`"""
    border: dict[str, Any] | None
    """the best value, if at an end of its range: `label`, `side`, and whether it is `decided`"""
    levels: list[LevelData]
    """its levels; of a continuous axis, bins"""


class LevelData(TypedDict):
    """One of `levels`."""

    level: str
    """the level in words"""
    mean: float | None
    """the mean score"""
    low: float | None
    """lower end of the interval; `null` without one"""
    high: float | None
    """upper end of the interval"""
    trials: int
    """trials of this level that were trained in full"""


class PairData(TypedDict):
    """One of `interactions`."""

    rows: str
    """one axis"""
    columns: str
    """the other axis"""
    spread: float | None
    """how far cells stray from the two axes' own effects, in the metric's unit"""
    p_holm: float | None
    """p-value of no interaction, corrected over all pairs; `null` without a test"""


class ImportancesData(TypedDict):
    """The data of the card `importances`."""

    told: bool
    """whether any share is given"""
    trials: int
    """trials that were trained in full and may be ranked"""
    left_out: dict[str, int]
    """number of the other trials by the reason why they are left out"""
    explained: float | None
    """part of the variance that the surface foretells for trials that it did not see"""
    axes: list[ShareData]
    """the axes, the largest share first; empty where no share is given"""
    note: str
    """why there are no axes; empty where there are"""


class ShareData(TypedDict):
    """One of `axes` of the card `importances`."""

    key: str
    """the axis"""
    share: float | None
    """its part in what all axes do, from 0 to 1; `null` where it is not told from chance"""
    low: float
    """lower end of the 95 % interval of the share"""
    high: float
    """upper end of the interval"""
    p_holm: float
    """p-value of the axis having no effect, corrected over the axes (Holm)"""
    rank: int | None
    """its rank; `null` where the data do not tell"""
    detectable: bool
    """whether it is told from chance"""


class TuningData(TypedDict):
    """The data of the card `tuning`."""

    kind: str
    """how values were tried: `fixed`, `random` or `adaptive`"""
    axes: list[str]
    """the tuned axes"""
    arms: list[TunedData]
    """the arms in the order of asking"""


class TunedData(TypedDict):
    """One of `arms` of the card `tuning`."""

    number: int
    """the trial that stands for the arm"""
    tries: int
    """trials that were tried for it"""
    informative: int | None
    """the tries up to which its band says something; `null` without a curve"""
    holds: list[int] | None
    """numbers of tries at which it is told from the reference; `null` without two curves"""
    better: bool | None
    """whether it is better there"""


class CostData(TypedDict):
    """The data of the card `cost`."""

    seconds: float
    """training time of all trials that this sweep trained"""
    wall: float
    """seconds from the first start to the last end"""
    pareto: dict[str, list[int]]
    """for each price, the trials that no other beats at their price, the cheapest first"""
    unequal: dict[str, list[str]]
    """for the number of a trial, how its budget differs from the reference's"""
    growth: list[GrowthData]
    """how a cost grows with the length"""


class GrowthData(TypedDict):
    """One of `growth`."""

    cost: str
    """`seconds_per_step` or `peak_bytes`"""
    settings: str
    """the other settings"""
    exponent: float
    """the cost grows as the length to this power"""
    low: float | None
    """lower end of its 95 % interval; `null` for two lengths"""
    high: float | None
    """upper end of the interval"""


class CurvesData(TypedDict):
    """The data of the card `curves`."""

    arms: list[str]
    """the trials whose curves are drawn"""
    coloured_by: str | None
    """the axis that gives the colours"""


class TrialsData(TypedDict):
    """The data of the card `trials`."""

    counted: int
    """the number of trials"""


class TrustData(TypedDict):
    """The data of the card `trust`."""

    counts: dict[str, int]
    """number of trials in each state"""
    diverged_seeds: int
    """seeds whose loss was not finite"""
    leaky: int
    """trials that see the future"""
    reused: int
    """trials that another sweep trained"""
    pooled_sd: float | None
    """standard deviation of a seed within its arm; `null` where no arm has two seeds"""
    alarms: list[dict[str, Any]]
    """each alarm with its `trial_id`"""
    origins: list[dict[str, Any]]
    """whose `start`, `frame`, `optimiser` and `protocol` the `arms` had; empty if all are ours"""


class ProvenanceData(TypedDict):
    """The data of the card `provenance`."""

    sources: str
    """which sources ran, in words"""
    paper: str
    """what the paper says on this question"""
    said: dict[str, Any]
    """`hypothesis` and `margin`, whether they were said before, and the plan's `deviations`"""
    commit: str
    """the commit that ran; empty where unknown"""
    dirty: bool
    """whether there were uncommitted changes"""
    code: str
    """hash of all code that a training executes; empty where unknown"""
    versions: dict[str, Any]
    """versions of Python and of the libraries"""
    hardware: dict[str, Any]
    """the machine of the launcher"""
    trained_on: list[str]
    """the kinds of machines that trained"""
    plugins: list[dict[str, Any]]
    """mixers and tasks from outside, with file and hash"""
    own_data: dict[str, Any] | None
    """the person's own data: `digest` and `files`; `null` where the task reads none"""
    command: str
    """the command that began the sweep"""
    created: str | None
    """when it began"""
    finished: str | None
    """when it ended; `null` while trials are left"""
