"""The rivals: Optuna's fANOVA with a bootstrap over trials and seeds, and PED-ANOVA."""

from __future__ import annotations

import warnings

import numpy as np
import optuna
from importance_worlds import LEVELS
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)

TREES = 16
TOP = 0.25
_SPACES = {
    f"x{k}": CategoricalDistribution(list(range(n))) if n else FloatDistribution(0, 1)
    for k, n in enumerate(LEVELS)
}


def ped_anova(points, scores):
    """Share of each axis, (axes,)."""
    return _shares(
        _study(points, scores.mean(axis=1)), PedAnovaImportanceEvaluator(target_quantile=TOP)
    )


def fanova_interval(points, scores, resamples, rng):
    """Ends of the bootstrap's 95 % interval of each axis, (axes,) each."""
    drawn = []
    for _ in range(resamples):
        rows = rng.integers(0, len(points), len(points))
        seeds = rng.integers(0, scores.shape[1], scores.shape[1])
        study = _study(points[rows], scores[rows][:, seeds].mean(axis=1))
        drawn.append(_shares(study, FanovaImportanceEvaluator(n_trees=TREES, seed=0)))
    return np.quantile(drawn, [0.025, 0.975], axis=0)


def _study(points, means):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize")
    for point, mean in zip(points, means, strict=True):
        values = {
            f"x{k}": int(v) if LEVELS[k] else v for k, v in enumerate(point) if not np.isnan(v)
        }
        spaces = {key: _SPACES[key] for key in values}
        study.add_trial(
            optuna.trial.create_trial(params=values, distributions=spaces, value=float(mean))
        )
    return study


def _shares(study, evaluator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_param_importances(study, evaluator=evaluator)
    return np.array([found.get(key, 0.0) for key in _SPACES])
