"""The keys of ``summary.json`` and what they mean: docs/reference/summary.md is made of this."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, get_args, get_type_hints, is_typeddict

from analysis.sections import data_of_arms, data_of_sweep
from analysis.sections.card import Kind, Status

SUMMARY_VERSION = 4
"""It changes if a key goes or gets another meaning."""


class Summary(TypedDict):
    """The whole file."""

    version: int
    """the version of this format"""
    sweep: SummarySweep
    """the sweep, as in the ledger"""
    metric: SummaryMetric
    """what decides"""
    answer: list[str]
    """the sentences that answer the question, the most important first"""
    reference: str | None
    """the id of the trial that the others are compared with; `null` if there is none"""
    reference_why: str
    """what that trial is, or why there is none"""
    order: list[str]
    """the names of the cards, in the order of reading"""
    cards: dict[str, SummaryCard]
    """the cards by name; a card that has nothing to say is not there"""


class SummarySweep(TypedDict):
    """The value of `sweep`."""

    name: str
    """its name; of several sweeps side by side, all names"""
    space: str
    """the search space"""
    question: str
    """what it asks"""
    sampler: str
    """who proposed the points"""
    seeds: int
    """seeds of each trial"""
    planned: int
    """trials that were planned"""
    axes: list[dict[str, Any]]
    """the axes, each with its `key`, its `kind` and its values"""
    finished: bool
    """whether nothing is left to train"""


class SummaryMetric(TypedDict):
    """The value of `metric`."""

    name: str
    """its name"""
    direction: Literal["maximize", "minimize"]
    """what is better: `maximize` or `minimize`"""
    margin: float | None
    """the largest difference that nobody would care about; `null` where none is known"""


class SummaryCard(TypedDict):
    """A card."""

    title: str
    """the title for people"""
    status: Status
    """`decided` or `open` if it answers a question; `alarm` if a reader must look; else `plain`"""
    words: list[str]
    """sentences, the most important first"""
    facts: list[list[str]]
    """pairs of a name and a value; both are words"""
    tables: dict[str, SummaryTable]
    """the tables by name, with all rows and all digits"""
    figures: dict[str, str]
    """for each name, what the figure shows; the files are `figures/NAME.png`, `.svg` and `.pdf`"""
    commands: list[SummaryCommand]
    """commands to run next"""
    data: dict[str, Any]
    """the numbers behind the card; below are the keys of each card"""


class SummaryTable(TypedDict):
    """A table."""

    title: str
    """the title for people"""
    columns: list[SummaryColumn]
    """the columns"""
    rows: list[list[Any]]
    """for each row a list of cells"""
    trials: list[str | None]
    """for each row the id of the trial that it is about, `null` if none; empty if no row is"""


class SummaryColumn(TypedDict):
    """A column."""

    title: str
    """the words at its head"""
    kind: Kind
    """what a cell holds"""
    unit: str
    """the unit of a number that is no score, such as `s`; `1` for a pure number"""


class SummaryCommand(TypedDict):
    """A command."""

    does: str
    """what it does"""
    command: str
    """the command"""


DATA: dict[str, Any] = {
    "verdict": data_of_arms.VerdictData,
    "winner": data_of_arms.WinnerData,
    "comparisons": data_of_arms.ComparisonsData,
    "axes": data_of_sweep.AxesData,
    "importances": data_of_sweep.ImportancesData,
    "tuning": data_of_sweep.TuningData,
    "cost": data_of_sweep.CostData,
    "curves": data_of_sweep.CurvesData,
    "trials": data_of_sweep.TrialsData,
    "trust": data_of_sweep.TrustData,
    "provenance": data_of_sweep.ProvenanceData,
}
"""What the data of each card holds."""


def parts(kind: Any) -> list[Any]:
    """The objects with keys that a type leads to, itself first, each once."""
    inner = get_type_hints(kind).values() if is_typeddict(kind) else get_args(kind)
    own = [kind] if is_typeddict(kind) else []
    return list(dict.fromkeys([*own, *(part for each in inner for part in parts(each))]))
