"""The rivals: Optuna's fANOVA with a bootstrap over trials and seeds, and PED-ANOVA."""

from __future__ import annotations

import warnings

import numpy as np
import optuna
from importance_worlds import LEVELS, Floats
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)

TREES = 16
TOP = 0.25
_SPACES: dict[str, BaseDistribution] = {
    f"x{k}": CategoricalDistribution(list(range(n))) if n else FloatDistribution(0, 1)
    for k, n in enumerate(LEVELS)
}


def ped_anova(points: Floats, scores: Floats) -> Floats:
    """Share of each axis, (axes,)."""
    return _shares(
        _study(points, scores.mean(axis=1)), PedAnovaImportanceEvaluator(target_quantile=TOP)
    )


def fanova_interval(
    points: Floats, scores: Floats, resamples: int, rng: np.random.Generator
) -> Floats:
    """Ends of the bootstrap's 95 % interval of each axis, (axes,) each."""
    drawn = []
    for _ in range(resamples):
        rows = rng.integers(0, len(points), len(points))
        seeds = rng.integers(0, scores.shape[1], scores.shape[1])
        study = _study(points[rows], scores[rows][:, seeds].mean(axis=1))
        drawn.append(_shares(study, FanovaImportanceEvaluator(n_trees=TREES, seed=0)))
    return np.quantile(drawn, [0.025, 0.975], axis=0)


def _study(points: Floats, means: Floats) -> optuna.Study:
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


def _shares(study: optuna.Study, evaluator: BaseImportanceEvaluator) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_param_importances(study, evaluator=evaluator)
    return np.array([found.get(key, 0.0) for key in _SPACES])
