"""The data of the cards about arms, in summary.json: the verdict, the winner, the comparisons."""

from __future__ import annotations

from typing import TypedDict

from analysis.statistics.against import Verdict


class VerdictData(TypedDict):
    """The data of the card `verdict`."""

    answer: list[str]
    """the sentences that answer the question, the most important first"""
    rests_on: str
    """`fresh seeds` or `the sweep's own seeds`"""
    reference: str | None
    """the name of the arm that the others are compared with; `null` if there is none"""
    reference_why: str
    """what that arm is, or why there is none"""
    gate: GateData | None
    """the test of whether anything differs at all; `null` where nothing was compared"""
    tally: dict[str, int]
    """how many arms are `better`, `worse`, `equivalent` and `open`"""
    look: int
    """which look at the seeds this is; 1 is the first"""
    plan: list[StepData]
    """what would decide the open comparisons, the cheapest first"""


class GateData(TypedDict):
    """The value of `gate`."""

    rejected: bool
    """whether some two arms differ; else no winner is named"""
    p: float
    """p-value over all arms and all looks"""
    still: float | None
    """the largest difference from the reference that is still possible; `null` if without end"""


class StepData(TypedDict):
    """One of `plan`."""

    seeds: int
    """total seeds of each of these arms"""
    decides: list[str]
    """the names of the arms that these seeds decide, in four of five tries"""
    trainings: int
    """seeds that remain to be trained, over all arms"""
    seconds: float
    """time of these trainings one after the other"""
    command: str
    """the command that trains them; empty where the launcher cannot"""


class WinnerData(TypedDict):
    """The data of the card `winner`."""

    winner: str | None
    """the id of the only trial that may be the best; `null` where several may"""
    may_be_best: list[TieData]
    """the arms that may be the best, the best on validation first"""
    confirmed: ConfirmedData | None
    """the winner on fresh seeds; `null` without `--confirm`"""


class TieData(TypedDict):
    """One of `may_be_best`."""

    trial_id: str
    """the arm's trial"""
    name: str
    """the arm's name for readers"""
    behind: float | None
    """the most by which it may be worse than the best; `null` where unknown"""
    within_margin: bool
    """whether that is at most the margin"""


class ConfirmedData(TypedDict):
    """The value of `confirmed`."""

    sweep: str
    """the sweep that trained the fresh seeds"""
    name: str
    """the winner's name for readers"""
    problem: str | None
    """why the answer does not rest on the fresh seeds; `null` where it does"""
    scores: dict[str, float]
    """the test score of each fresh seed"""
    difference: float | None
    """winner minus reference; `null` where the winner is the reference, here and below"""
    low: float | None
    """lower end of the 95 % interval"""
    high: float | None
    """upper end of the interval"""
    verdict: Verdict | None
    """`better`, `worse`, `equivalent` or `open`"""


class ComparisonsData(TypedDict):
    """The data of the card `comparisons`."""

    reference: str | None
    """the name of the arm that the others are compared with"""
    rows: list[ComparisonData]
    """the arms that are compared, in the order of asking"""
    left_out: list[LeftOutData]
    """the other arms"""


class ComparisonData(TypedDict):
    """One of `rows`."""

    trial_id: str
    """the arm's trial"""
    number: int
    """that trial's number"""
    name: str
    """the arm's name for readers"""
    difference: float
    """mean of arm minus reference over the shared seeds, on the test split, in the metric's unit"""
    low: float | None
    """lower end of the 95 % interval for all arms and all looks at once; `null` where unknown"""
    high: float | None
    """upper end of the interval"""
    n: int
    """number of shared seeds"""
    df: float
    """degrees of freedom of the noise"""
    effect_size: float | None
    """the difference over the standard deviation of a score (Hedges)"""
    p_holm: float
    """p-value, corrected over all arms (Holm) and all looks"""
    p_sign_flip: float
    """p-value of exact sign flips, of this arm alone"""
    by_seed: dict[str, float]
    """the difference of each seed"""
    verdict: Verdict
    """`better`, `worse`, `equivalent` or `open`"""


class LeftOutData(TypedDict):
    """One of `left_out`."""

    trial_id: str
    """the arm's trial"""
    name: str
    """the arm's name for readers"""
    why: str
    """why it is not compared"""
