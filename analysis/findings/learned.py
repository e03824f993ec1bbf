"""Which seeds of an arm learned: one count for both the comparisons and the noise of seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.statistics.bimodal import Learned, learned


def learned_arms(study: Study, ranked: Sequence[Arm]) -> dict[int, Learned]:
    """How the seeds ended, by trial number, for the arms whose chance level is known.

    Empty where the metric is not a share of right answers, or where no seed is clear of chance.

    Args:
        study: the study of the arms.
        ranked: the arms whose test scores are compared.
    """
    if not study.metric.is_proportion or not ranked:
        return {}
    scores = {arm.number: np.array(list(arm.scores("test").values())) for arm in ranked}
    best = max(float(one.max()) for one in scores.values())
    found = {
        arm.number: learned(
            scores[arm.number],
            chance=arm.constants["chance"],
            best=best,
            sequences=float(arm.sequences("test", study.metric.bounds) or 0),
        )
        for arm in ranked
        if math.isfinite(arm.constants.get("chance", math.nan))
    }
    return {number: one for number, one in found.items() if one is not None}
