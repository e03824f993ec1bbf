"""What an interval answers to a question, and how many seeds would decide the question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from analysis.asking.language import Question
from analysis.statistics.against import MIN_SEEDS
from analysis.statistics.planning import Wanted, seeds_wanted
from sweeps.commands.command_line import counted

Answer = Literal["yes", "no", "not yet"]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The difference left minus right, with its sign turned so that more is better.

    Attributes:
        difference: the mean difference.
        low: lower end of the 95 % interval.
        high: upper end of the 95 % interval.
        seeds: number of seeds that both sides have.
        shown: whether a test has shown that something differs; always true for a comparison with
            the reference, where the interval itself is such a test.
        variance: variance of one seed's difference.
        df: degrees of freedom of the variance.
        comparisons: number of comparisons that the interval holds for at once.
        look: how often the seeds were looked at.
    """

    difference: float
    low: float
    high: float
    seeds: int
    shown: bool
    variance: float
    df: float
    comparisons: int
    look: int


def answer_of(question: Question, found: Evidence, margin: float | None) -> tuple[Answer, str]:
    """The answer, and a reason where the answer does not follow from the interval alone."""
    if found.seeds < MIN_SEEDS:
        return "not yet", f"{counted(found.seeds, 'seed')} never decide: {MIN_SEEDS} are the fewest"
    if not math.isfinite(found.low):
        return "not yet", "no noise is known: every seed differs by the same"
    amount, within = question.amount or 0.0, max(-found.low, found.high)
    answer: Answer = "not yet"
    differ = False
    if question.relation == "=":
        differ = found.low > amount or found.high < -amount
        answer = "yes" if within <= amount else "no" if differ else "not yet"
    elif found.low > amount:
        answer, differ = "yes", True
    elif found.high < amount:
        answer, differ = "no", amount == 0
    elif amount == 0 and margin is not None and within <= margin:
        return "no", f"as good, within {margin:g}"
    if differ and not found.shown:
        return "not yet", "nothing here is shown to differ at all"
    return answer, ""


def seeds_for(question: Question, found: Evidence, margin: float | None) -> Wanted:
    """The seeds that would decide the question, if the true difference is the observed one."""
    amount = question.amount or 0.0

    def seeds(difference: float, within: float | None) -> Wanted:
        return seeds_wanted(
            difference,
            variance=found.variance,
            df=found.df,
            seeds=found.seeds,
            comparisons=found.comparisons,
            look=found.look + 1,
            margin=within,
        )

    if question.relation == "=":
        beyond = abs(found.difference) - amount
        apart = seeds(beyond, None).apart if beyond > 0 else None
        return Wanted(apart=apart, alike=seeds(found.difference, amount).alike)
    return seeds(found.difference - amount, None if amount else margin)
