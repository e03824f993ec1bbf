"""Each arm against the reference, the gate, the near ties, and what decides the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.findings.comparison import Comparison, Tie
from analysis.findings.comparison_results import Comparisons
from analysis.findings.learned import learned_arms
from analysis.findings.looks import looks
from analysis.findings.planner import steps, wishes
from analysis.reading.arms import Arm
from analysis.reading.reference import why_not_ranked
from analysis.reading.study import Study
from analysis.statistics.against import (
    MIN_SEEDS,
    Against,
    against,
    effect_sizes,
    p_values,
    sign_flip_ps,
    verdicts,
)
from analysis.statistics.gate import gate
from analysis.statistics.pool import Floats, Pool, pool
from analysis.statistics.ties import ties

__all__ = ["ArmTable", "Comparison", "Comparisons", "Tie", "arm_table", "compare_arms"]

NO_PAIR = "no seed in common with the reference"


@dataclass(frozen=True, kw_only=True)
class ArmTable:
    """The arms of a study that are compared, as arrays for the statistics.

    Attributes:
        study: the study of the arms.
        arms: the arm of each row.
        seeds: the seed of each column.
        noise: the scores on the test split, with their pooled noise.
        sequences: number of test sequences behind each arm's score; 0 for a score that is not a
            count.
    """

    study: Study
    arms: Sequence[Arm]
    seeds: Sequence[int]
    noise: Pool
    sequences: Floats


def compare_arms(study: Study) -> Comparisons:
    """Compare every ranked arm of a study with its reference."""
    ranked = _compared(study)
    kept = {arm.number for arm in ranked}
    others = [(arm, why_not_compared(arm)) for arm in study.arms if arm.number not in kept]
    nothing = Comparisons(
        reference=study.reference,
        rows=[],
        left_out=others,
        gate=None,
        ties=[],
        learned=learned_arms(study, ranked),
        look=looks(study.about),
        noise=0.0,
        wishes=[],
        steps=[],
    )
    reference = study.reference
    if reference is None or reference.number not in kept or len(ranked) < 2:
        return nothing
    table = arm_table(study)
    compared = against(
        table.noise,
        [arm.number for arm in ranked].index(reference.number),
        look=nothing.look,
        bounds=study.metric.bounds,
        sequences=table.sequences,
    )
    rows = _rows(table, compared)
    paired = {row.arm.number for row in rows}
    others += [(a, NO_PAIR) for a in ranked if a is not reference and a.number not in paired]
    test = gate(table.noise, compared, sequences=table.sequences)
    wanted = wishes(rows, compared, look=nothing.look + 1, margin=study.metric.margin)
    return replace(
        nothing,
        rows=rows,
        gate=test,
        ties=_ties(table, nothing.look) if test.rejected else [],
        noise=math.sqrt(table.noise.variance),
        wishes=wanted,
        steps=steps(study, reference, wanted),
    )


def why_not_compared(arm: Arm) -> str:
    """The reason in words; empty for an arm that is compared.

    An arm with a seed whose score is not finite is not compared: its other seeds are not averaged.
    """
    if not arm.ranked:
        return why_not_ranked(arm)
    scores = arm.scores("test")
    lost = sorted(arm.values.keys() - scores.keys())
    if not scores or lost:
        return f"no finite test score of seed {lost[0]}" if lost else "no test score"
    return ""


def _bounds_of(study: Study) -> tuple[float, float] | None:
    return study.metric.bounds if study.metric.is_proportion else None


def _compared(study: Study) -> list[Arm]:
    return [arm for arm in study.ranked if not why_not_compared(arm)]


def arm_table(study: Study) -> ArmTable:
    """The arms that are compared, with their pooled noise."""
    ranked = _compared(study)
    scores = [arm.scores("test") for arm in ranked]
    seeds = sorted(set().union(*scores))
    cells = np.array([[one.get(seed, np.nan) for seed in seeds] for one in scores])
    counted = [arm.sequences("test", _bounds_of(study)) or 0 for arm in ranked]
    return ArmTable(
        study=study,
        arms=ranked,
        seeds=seeds,
        noise=pool(cells),
        sequences=np.array(counted, dtype=float),
    )


def _rows(table: ArmTable, compared: Against) -> list[Comparison]:
    found = table.noise
    metric = table.study.metric
    told = verdicts(compared, margin=metric.margin, maximize=metric.maximize)
    p_holm, p_flip = p_values(compared), sign_flip_ps(found, compared.arms, compared.reference)
    sizes = effect_sizes(compared, _floor(found, table.sequences)[compared.arms])
    by_seed = found.scores[compared.arms] - found.scores[compared.reference]
    margin = metric.margin or 0.0
    return [
        Comparison(
            arm=table.arms[row],
            difference=float(compared.differences.means[i]),
            low=_finite(compared.low[i]) if np.isfinite(compared.half[i]) else None,
            high=_finite(compared.high[i]) if np.isfinite(compared.half[i]) else None,
            n=int(compared.differences.counts[i]),
            df=float(compared.differences.df[i]),
            effect_size=_finite(sizes[i]),
            p_holm=float(p_holm[i]),
            p_sign_flip=p_flip[i],
            by_seed={
                s: float(d) for s, d in zip(table.seeds, by_seed[i], strict=True) if np.isfinite(d)
            },
            verdict=told[i],
            within_margin=bool(max(-compared.low[i], compared.high[i]) <= margin)
            and int(compared.differences.counts[i]) >= MIN_SEEDS,
        )
        for i, row in enumerate(compared.arms)
    ]


def _floor(found: Pool, counted: Floats) -> Floats:
    """The binomial standard deviation of each arm's score; 0 where the score is not a count."""
    rate = np.clip(np.nan_to_num(found.means), 0.0, 1.0)
    floor: Floats = np.sqrt(rate * (1 - rate) / np.maximum(counted, 1.0))
    return np.where(counted > 0, floor, 0.0)


def _ties(table: ArmTable, look: int) -> list[Tie]:
    metric, arms = table.study.metric, table.arms
    found = ties(table.noise, maximize=metric.maximize, look=look, sequences=table.sequences)
    within = found.within(metric.margin or 0.0)
    best_first = sorted(
        [int(i) for i in np.flatnonzero(found.may_be_best)],
        key=lambda i: (-metric.sign * (arms[i].value or 0.0), arms[i].number),
    )
    return [
        Tie(arm=arms[i], behind=_finite(found.behind[i]), is_within=bool(within[i]))
        for i in best_first
    ]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
