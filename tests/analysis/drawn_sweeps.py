"""Sweeps by hand that have every figure of a report between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from focus_core.config import TrialConfig
from sweeps.record.schema import Sweep, Trial
from tests.analysis.conftest import ablation_sweep, grid_sweep, make_sweep, make_trial

RATE = {"key": "train.learning_rate", "kind": "float", "low": 1e-4, "high": 1e-2, "log": True}
FACTOR = {"key": "model.nfft_factor", "kind": "categorical", "choices": [1, 2, 4]}
LENGTHS = (64, 128, 256)
LENGTH = {"key": "task.length", "kind": "categorical", "choices": list(LENGTHS)}
VARIANT = {"key": "variant", "kind": "categorical", "choices": ["base", "focus_h", "ema"]}


def random_sweep() -> Sweep:
    """Settings drawn at random: the rate matters much, the factor less."""
    rng = np.random.default_rng(5)
    trials = []
    for number in range(40):
        rate = float(10 ** rng.uniform(-4, -2))
        factor = int(2 ** rng.integers(0, 3))
        point = {"train.learning_rate": rate, "model.nfft_factor": factor}
        score = 0.8 - 0.2 * (np.log10(rate) + 3) ** 2 + 0.05 * factor
        seeds = [float(s) for s in score + 0.02 * rng.standard_normal(3)]
        trials.append(make_trial(number, TrialConfig(), point, seeds))
    return make_sweep("random", "focus", trials, axes=[RATE, FACTOR], sampler="random")


def tuned_sweep() -> Sweep:
    """Three arms, each tuned with random rates."""
    rng = np.random.default_rng(0)
    trials: list[Trial] = []
    for variant, mean in {"base": 0.6, "focus_h": 0.3, "ema": 0.59}.items():
        for _ in range(12):
            rate = float(10 ** rng.uniform(-4, -2))
            config = TrialConfig().override({"train.learning_rate": rate})
            point = {"variant": variant, "train.learning_rate": rate}
            scores = [float(mean + 0.03 * rng.standard_normal())] * 3
            trial = make_trial(len(trials), config, point, scores, variant=variant)
            trial.trial_id = f"{len(trials):012x}"
            trials.append(trial)
    axes = [VARIANT, RATE | {"tuned": True}]
    return make_sweep("tuned", "baselines", trials, axes=axes, sampler="random")


def length_sweep() -> Sweep:
    """Three lengths that cost more and more."""
    trials = []
    for number, length in enumerate(LENGTHS):
        config = TrialConfig().override({"task.length": length})
        scores = [0.9 - 0.2 * number, 0.91 - 0.2 * number, 0.92 - 0.2 * number]
        trial = make_trial(number, config, {"task.length": length}, scores)
        costs: dict[str, Any] = {"seconds_per_step": 1e-4 * length**1.1, "peak_bytes": 1e4 * length}
        for report in trial.reports:
            report.metrics = report.metrics | costs
        trials.append(trial)
    return make_sweep("lengths", "order", trials, axes=[LENGTH])


SWEEPS = {
    "nfft_bins": grid_sweep,
    "ablation": ablation_sweep,
    "random": random_sweep,
    "tuned": tuned_sweep,
    "lengths": length_sweep,
}
