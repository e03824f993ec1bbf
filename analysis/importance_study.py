"""Optuna's two importance methods over a handful of trials; imported late, it loads slowly."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)

from analysis.reading.arms import Arm
from search_spaces.axes import restored

TREES = 16
TOP = 0.25  # PED-ANOVA's "best" share; with 12 trials the usual tenth would be a single one

Shares = dict[str, dict[str, float]]  # method -> key -> importance


def distributions(axes: Sequence[Mapping[str, Any]]) -> dict[str, BaseDistribution]:
    """The axes as Optuna knows them."""
    return {str(axis["key"]): restored(axis).distribution for axis in axes}


def shares(
    spaces: Mapping[str, BaseDistribution],
    everywhere: Sequence[str],
    chosen: Sequence[Arm],
    *,
    sign: float,
) -> Shares:
    """Importances by method and key; a method that cannot speak of a key leaves it out.

    Args:
        spaces: every axis.
        everywhere: the axes that every trial has a value of; fANOVA knows no others.
        chosen: trials with a test score, repeated ones included.
        sign: 1 where more is better, -1 where less is.
    """
    if len({arm.test for arm in chosen}) == 1:
        return {"fanova": {}, "ped_anova": {}}
    study = _study(spaces, chosen, sign)
    fanova = FanovaImportanceEvaluator(n_trees=TREES, seed=0)
    ped_anova = PedAnovaImportanceEvaluator(target_quantile=TOP)
    with warnings.catch_warnings():
        # Where many trials tie the shares come out equal, and their intervals show it.
        warnings.filterwarnings("ignore", message="Target and region quantiles select the same")
        warnings.filterwarnings("ignore", message="Some regimes for parameter")
        return {
            "fanova": _fanova(study, fanova, everywhere),
            "ped_anova": get_param_importances(study, evaluator=ped_anova),
        }


def _fanova(
    study: optuna.Study, evaluator: FanovaImportanceEvaluator, everywhere: Sequence[str]
) -> dict[str, float]:
    if not everywhere:
        return {}
    try:
        return get_param_importances(study, evaluator=evaluator, params=list(everywhere))
    except RuntimeError as error:
        # A resample may draw so few different points that no tree finds anything to split.
        if "zero total variance" not in str(error):
            raise
        return {}


def _study(
    spaces: Mapping[str, BaseDistribution], chosen: Sequence[Arm], sign: float
) -> optuna.Study:
    storage = optuna.storages.InMemoryStorage()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # a line for each study otherwise
    try:
        study = optuna.create_study(direction="maximize", storage=storage)
    finally:
        optuna.logging.set_verbosity(before)
    for arm in chosen:
        alive = {key: value for key, value in arm.point.items() if key in spaces}
        study.add_trial(
            optuna.trial.create_trial(
                params=alive,
                distributions={key: spaces[key] for key in alive},
                value=sign * (arm.test or 0.0),
            )
        )
    return study
