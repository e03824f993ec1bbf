"""Answers a question with yes, no or not yet.

The interval depends on the two sides:

- The reference and another arm: the interval of the report's comparison.
- Two other arms: an interval that holds for every pair of arms at once.
- Two levels of an axis: the interval of the report's pair of levels.

No answer says that two sides differ before a global test has shown a difference: the report's
global test for arms, the axis's test for levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.asking.evidence import Answer, Evidence, answer_of, seeds_for
from analysis.asking.language import Question
from analysis.asking.sides import Arms, Levels, find_sides
from analysis.findings import Findings
from analysis.findings.axis_values import level_label
from analysis.findings.comparisons import arm_table, why_not_compared
from analysis.findings.planner import Step, Wish, steps
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.statistics.against import Against, against, between
from analysis.statistics.tails import t_quantile
from focus_core.errors import UserError

Family = Literal["reference", "pairs", "levels"]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The answer to a question, with its evidence.

    Attributes:
        question: the question; for ``=`` with the amount filled in.
        answer: the answer.
        why: a reason in words, where the answer does not follow from the interval alone; else
            empty.
        family: the comparisons that the interval holds for at once: every arm against the
            reference, every pair of arms, or every pair of levels of the axis.
        difference: left minus right on the test split, in the metric's unit; None where the two
            cannot be compared.
        low: lower end of the 95 % interval; None where there is no finite end.
        high: upper end of the 95 % interval; None where there is no finite end.
        seeds: number of seeds that both sides have.
        step: the plan that would decide the question in four of five tries; None where the
            question is decided or no such plan is known.
    """

    question: Question
    answer: Answer
    why: str = ""
    family: Family
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    seeds: int = 0
    step: Step | None = None


def judge(findings: Findings, question: Question) -> Judgement:
    """Answer a question.

    Raises:
        UserError: the question names something that does not exist, asks about levels of a
            continuous axis, or gives no amount where the metric has no margin.
    """
    study = findings.study
    if question.relation == "=" and question.amount is None:
        if study.metric.margin is None:
            raise UserError(
                f"'{question}' within what? nobody said which difference matters: ask "
                f"'{question} within 0.05', in the unit of {study.metric.name}"
            )
        question = replace(question, amount=study.metric.margin)
    sides = find_sides(study, question.left, question.right)
    if isinstance(sides, Levels):
        return _of_levels(findings, question, sides)
    return _of_arms(findings, question, sides)


def _of_arms(findings: Findings, question: Question, sides: Arms) -> Judgement:
    study, compared = findings.study, findings.comparisons
    reference, both = compared.reference, [sides.left, sides.right]
    family: Family = "reference" if reference in both else "pairs"
    unknown = Judgement(question=question, answer="not yet", family=family)
    for arm in both:
        if why := why_not_compared(arm):
            return replace(unknown, why=f"{arm.name} cannot be compared: {why}")
    turned = sides.left is reference
    found, at = _interval(study, both[::-1] if turned else both, family, compared.look)
    if at is None:
        return replace(unknown, why="the two have no seed in common")
    sign = study.metric.sign * (-1.0 if turned else 1.0)
    low, high = sorted((sign * float(found.low[at]), sign * float(found.high[at])))
    evidence = Evidence(
        difference=sign * float(found.differences.means[at]),
        low=low,
        high=high,
        seeds=int(found.differences.counts[at]),
        shown=family == "reference" or (compared.gate is not None and compared.gate.rejected),
        variance=float(found.differences.variances[at]),
        df=float(found.differences.df[at]),
        comparisons=len(found.arms),
        look=compared.look,
    )
    if family == "pairs":
        many = len(compared.rows) + 1
        evidence = replace(evidence, comparisons=many * (many - 1) // 2)
    return _judged(study, unknown, evidence, both)


def _interval(
    study: Study, both: Sequence[Arm], family: Family, look: int
) -> tuple[Against, int | None]:
    """The first arm minus the second, and the first arm's index; None if they share no seed."""
    table = arm_table(study)
    rows = {arm.number: row for row, arm in enumerate(table.arms)}
    one, other = (rows[arm.number] for arm in both)
    bounds, sequences = study.metric.bounds, table.sequences
    if family == "reference":
        found = against(table.noise, other, look=look, bounds=bounds, sequences=sequences)
    elif np.isfinite(table.noise.scores[one] + table.noise.scores[other]).any():
        found = between(table.noise, one, other, look=look, bounds=bounds, sequences=sequences)
    else:
        return against(table.noise, other), None
    places = np.flatnonzero(found.arms == one)
    return found, int(places[0]) if len(places) else None


def _of_levels(findings: Findings, question: Question, sides: Levels) -> Judgement:
    study = findings.study
    unknown = Judgement(question=question, answer="not yet", family="levels")
    axis = next((a for a in findings.axes.axes if a.key == sides.key), None)
    if axis is None:
        return replace(unknown, why=f"{sides.key} does not vary among the trials that count")
    if axis.continuous:
        raise UserError(
            f"{axis.name} is continuous here, and has no levels: ask about two trials, such as "
            "'trial 3 > trial 0'"
        )
    places = {level.label: i for i, level in enumerate(axis.levels)}
    ends = [places.get(level_label(value), -1) for value in (sides.left, sides.right)]
    pair = next((p for p in axis.pairs if {p.first, p.second} == set(ends)), None)
    if pair is None or pair.difference is None or pair.low is None or pair.high is None:
        why = axis.why or "the sweep cannot separate the two"
        return replace(unknown, why=f"{axis.name}: {why}")
    sign = study.metric.sign * (1.0 if pair.first == ends[0] else -1.0)
    low, high = sorted((sign * pair.low, sign * pair.high))
    df = float(max(1, (len(axis.levels) - 1) * (axis.seeds - 1)))
    error = (high - low) / 2 / float(-t_quantile(0.025 / len(axis.pairs), df))
    evidence = Evidence(
        difference=sign * pair.difference,
        low=low,
        high=high,
        seeds=axis.seeds,
        shown=axis.differs,
        variance=axis.seeds * error**2,
        df=df,
        comparisons=len(axis.pairs),
        look=findings.comparisons.look,
    )
    found = _judged(study, unknown, evidence, study.ranked if axis.analysis == "grid" else [])
    if found.answer == "not yet" and axis.analysis == "mixed":
        return replace(found, why="more trials would narrow it, more seeds of these hardly")
    return found


def _judged(study: Study, unknown: Judgement, found: Evidence, trained: Sequence[Arm]) -> Judgement:
    margin = study.metric.margin
    answer, why = answer_of(unknown.question, found, margin)
    step = None
    if answer == "not yet" and trained:
        wish = Wish(
            arm=trained[1], seeds=found.seeds, wanted=seeds_for(unknown.question, found, margin)
        )
        step = next(
            iter(steps(study, trained[0], [replace(wish, arm=arm) for arm in trained[1:]])), None
        )
    sign = study.metric.sign
    low, high = sorted((sign * found.low, sign * found.high))
    return replace(
        unknown,
        answer=answer,
        why=why,
        difference=sign * found.difference,
        low=low if np.isfinite(low) else None,
        high=high if np.isfinite(high) else None,
        seeds=found.seeds,
        step=step,
    )
