"""A toy sampler: every axis at one of its two ends."""

from __future__ import annotations

import random
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler


class Corners(BaseSampler):
    """See Optuna's ``BaseSampler``."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, BaseDistribution]:
        """No axis depends on another one."""
        return {}

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        """No axis depends on another one."""
        return {}

    def sample_independent(self, study: Any, trial: Any, param_name: str, about: Any) -> Any:
        """The first or the last value of an axis."""
        values = getattr(about, "choices", None) or (about.low, about.high)
        return self._random.choice((values[0], values[-1]))
