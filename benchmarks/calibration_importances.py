"""Do importances cover, rank and refuse? Run ``python benchmarks/calibration_importances.py``.

Simulated sweeps with a known truth, real TPE among them; the old methods (fANOVA with a bootstrap,
PED-ANOVA) on the same sweeps.
"""

from __future__ import annotations

import time

import numpy as np
from importance_worlds import LEVELS, World, draw_sweep, true_shares
from old_importances import fanova_interval, ped_anova
from result import publish, read_command

from analysis.statistics.importance import importances

WORLDS = (
    World(function="nothing"),
    World(function="nothing", sampler="tpe"),
    World(function="nothing", trials=24, seeds=5, kind="bimodal"),
    World(function="nothing", sampler="tpe", trials=150),
    World(function="additive"),
    World(function="additive", sampler="tpe"),
    World(function="additive", sampler="tpe", trials=150),
    World(function="additive", trials=100, seeds=5, kind="luck"),
    World(function="additive", trials=150, kept=0.4),
    World(function="smooth", trials=24),
    World(function="cliff", sampler="tpe"),
    World(function="pair"),
    World(function="conditional"),
    World(function="conditional", sampler="tpe"),
)
RIVAL = ("additive",)  # its own truth, single effects, is the same there
RIVAL_SWEEPS = 3
RESAMPLES = 20
TIMED = ((1_000, 10, 3), (10_000, 10, 3))


def main() -> None:
    """Simulate and publish."""
    args = read_command(__doc__, sweeps=12)
    began = time.process_time()
    rows = [row(world, args.sweeps) for world in WORLDS]
    notes = [
        f"{args.sweeps} sweeps a row (twice as many where nothing matters); six axes, two of them "
        "choices; trials x seeds; noise of one seed: half the sd of the score over the space",
        "coverage: share of the 95 % intervals, over all axes and sweeps, that hold the true total "
        "Sobol' index; of moving axes: of those that do something",
        "false call: sweeps in which an axis that does nothing is called detectable; found: axes "
        "that do something and are called detectable",
        "ranks: of the detectable axes' ranks, right and wrong ones a sweep; the rest is left open",
        f"fANOVA's interval: {RESAMPLES} resamples, {RIVAL_SWEEPS} sweeps, where its truth is the "
        "same; PED-ANOVA: share of the strongest axis against the largest share of an axis that "
        "does nothing, means over the sweeps",
        *[timed(*size) for size in TIMED],
        f"{time.process_time() - began:.0f} s of CPU in all",
    ]
    publish("Calibration of importances", rows, notes, args.out)


def row(world: World, sweeps: int) -> dict[str, object]:
    """One line of the table."""
    truth = true_shares(world.function)
    sweeps *= 1 if truth.any() else 2
    found, old, rival = [], [], []
    for seed in range(sweeps):
        points, scores = draw_sweep(world, seed)
        found.append(importances(points, scores, LEVELS).axes)
        old.append(ped_anova(points, scores))
        if world.function in RIVAL and seed < RIVAL_SWEEPS:
            ends = fanova_interval(points, scores, RESAMPLES, np.random.default_rng(seed))
            rival.append((ends[0] <= truth + 1e-3) & (truth - 1e-3 <= ends[1]))
    result = judged(found, truth)
    old_shares = np.mean(old, axis=0)
    strongest, null = int(np.argmax(truth)), truth == 0
    return {
        "sweep": world.name,
        **result,
        "fANOVA coverage": f"{np.mean(rival):.0%}" if rival else "",
        "PED-ANOVA, strongest / null": f"{old_shares[strongest]:.2f} / {old_shares[null].max():.2f}"
        if truth.any()
        else f"none / {old_shares.max():.2f}",
    }


def judged(found, truth):
    """What the new method did over sweeps against the truth."""
    low, share, high = (
        np.array([[getattr(axis, name) for axis in axes] for axes in found])
        for name in ("low", "share", "high")
    )
    called = np.array([[axis.detectable for axis in axes] for axes in found])
    order = 1 + np.argsort(np.argsort(-truth, kind="stable"))
    tied = np.array([np.sum(truth == t) > 1 for t in truth])
    ranks = np.array([[axis.rank or 0 for axis in axes] for axes in found])
    covered = (low <= truth + 1e-9) & (truth <= high + 1e-9)
    moving = truth > 0
    right = (ranks == order) & ~tied
    return {
        "coverage": f"{covered.mean():.0%}",
        "of moving axes": f"{covered[:, moving].mean():.0%}" if moving.any() else "",
        "false call": f"{called[:, ~moving].any(axis=1).mean():.0%}",
        "found": f"{called[:, moving].mean():.0%}" if moving.any() else "",
        "ranks right / wrong": f"{right.sum() / len(found):.2f} / "
        f"{((ranks > 0) & ~right).sum() / len(found):.2f}",
        "strongest: share (truth)": f"{share[:, truth.argmax()].mean():.2f} ({truth.max():.2f})"
        if moving.any()
        else "",
    }


def timed(trials: int, axes: int, seeds: int) -> str:
    """Seconds that importances of one sweep take."""
    rng = np.random.default_rng(0)
    points = rng.random((trials, axes))
    scores = points[:, :1] + 0.6 * points[:, 1:2] ** 2 + 0.3 * rng.standard_normal((trials, seeds))
    began = time.process_time()
    importances(points, scores, [0] * axes)
    seconds = time.process_time() - began
    return f"{trials:,} trials x {axes} axes x {seeds} seeds: {seconds:.1f} s of CPU"


if __name__ == "__main__":
    main()
