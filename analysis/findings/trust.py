"""Whether the scores may be believed: how trials ended, what was certified, how noisy seeds are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.findings.certificates import certificates
from analysis.findings.learned import learned_arms
from analysis.reading.arms import VARIANT, Arm, Row
from analysis.reading.study import Study
from analysis.statistics.bimodal import Learned
from analysis.statistics.tails import f_above

STATES = ("complete", "pruned", "failed", "killed", "running", "waiting")
ALPHA = 0.05


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How far the seeds of one arm lie apart.

    Attributes:
        arm: the arm.
        scores: test score by seed.
        mean: mean of the scores.
        sd: standard deviation of the scores, with n - 1.
        ratio: ``sd`` over the pooled standard deviation of the other arms; None where unknown.
        is_noisier: whether the arm is noisier than chance explains (F test, Bonferroni over the
            arms).
        learned: number of seeds that learned, where all others are stuck at chance; else None.
    """

    arm: Arm
    scores: Mapping[int, float]
    mean: float
    sd: float
    ratio: float | None
    is_noisier: bool
    learned: int | None


@dataclass(frozen=True, kw_only=True)
class TrustFindings:
    """What a reader must know before believing a number.

    Attributes:
        counts: number of trials in each state, with ``not started``.
        diverged_seeds: number of diverged seeds over all trials.
        leaky: number of trials that see the future.
        reused: number of trials that another sweep trained.
        by_choice: counts for each choice of each categorical axis; empty where all completed.
        certificates: see ``certificates.certificates``.
        noise: the arms with two seeds or more, the noisiest first.
        pooled: pooled standard deviation of a seed within its arm; None where no arm has two
            seeds.
    """

    counts: Mapping[str, int]
    diverged_seeds: int
    leaky: int
    reused: int
    by_choice: Sequence[Row]
    certificates: Sequence[Row]
    noise: Sequence[Noise]
    pooled: float | None

    @property
    def alarms(self) -> list[tuple[Row, str]]:
        """Each alarm, with the certificate that raises it."""
        return [(row, alarm) for row in self.certificates for alarm in row["alarms"]]


def trust_findings(study: Study) -> TrustFindings:
    """The findings on trust, over every trial, whatever its state."""
    found = study.trials
    by_state = Counter(arm.state for arm in found)
    planned = study.about["planned"]
    noise, pooled = _noise(study)
    return TrustFindings(
        counts={
            **{state: by_state.get(state, 0) for state in STATES},
            "not started": max(0, planned - len(found)),
        },
        diverged_seeds=sum(len(arm.diverged) for arm in found),
        leaky=sum(arm.leaky for arm in found),
        reused=sum(arm.reused_from is not None for arm in found),
        by_choice=_by_choice(found, study.axes),
        certificates=certificates(found, study.curves, study.metric.bounds),
        noise=noise,
        pooled=pooled,
    )


def _by_choice(found: Sequence[Arm], axes: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Counts of states by choice; not of variants, whose states are in the table of trials."""
    rows: list[Row] = []
    for axis in axes:
        key = str(axis["key"])
        if axis["kind"] != "categorical" or key == VARIANT:
            continue
        for choice in axis["choices"]:
            chosen = [arm for arm in found if key in arm.point and arm.point[key] == choice]
            by_state = Counter(arm.state for arm in chosen)
            diverged = sum(len(arm.diverged) for arm in chosen)
            rows.append({"axis": key, "choice": choice, **by_state, "diverged seeds": diverged})
    fates = (*STATES[1:], "diverged seeds")
    return rows if any(row.get(fate) for row in rows for fate in fates) else []


def _noise(study: Study) -> tuple[list[Noise], float | None]:
    arms = [arm for arm in study.arms if len(arm.scores("test")) > 1]
    scores = [list(arm.scores("test").values()) for arm in arms]
    if not arms:
        return [], None
    told = learned_arms(study, [arm for arm in arms if arm.ranked])
    n = np.array([len(s) for s in scores])
    squares = np.array([(len(s) - 1) * float(np.var(s, ddof=1)) for s in scores])
    freedom = n - 1
    total, of_all = float(squares.sum()), int(freedom.sum())
    others, of_others = total - squares, of_all - freedom
    known = (others > 0) & (of_others > 0)
    ratio = np.full(len(arms), np.nan)
    ratio[known] = (squares / freedom)[known] / (others[known] / of_others[known])
    p = f_above(ratio, freedom, np.where(known, of_others, 1))
    found = [
        Noise(
            arm=arm,
            scores=arm.scores("test"),
            mean=math.fsum(s) / len(s),
            sd=math.sqrt(squares[at] / freedom[at]),
            ratio=math.sqrt(ratio[at]) if known[at] else None,
            is_noisier=bool(known[at] and p[at] * len(arms) < ALPHA),
            learned=_some(told.get(arm.number)),
        )
        for at, (arm, s) in enumerate(zip(arms, scores, strict=True))
    ]
    found.sort(key=lambda noise: (-noise.sd, noise.arm.number))
    return found, math.sqrt(total / of_all)


def _some(told: Learned | None) -> int | None:
    """How many seeds learned, where some did and the others are stuck."""
    return told.learned if told is not None and told.kind == "bimodal" else None
