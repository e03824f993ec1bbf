"""Whether importances cover, rank and refuse.

Simulated sweeps with a known truth, real TPE among them; the old methods (fANOVA with a bootstrap,
PED-ANOVA) on the same sweeps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np
from importance_worlds import GRID, LEVELS, Floats, World, draw_sweep, true_shares
from old_importances import fanova_interval, ped_anova
from shares import Part, share

from analysis.statistics.importance import ALPHA, Importance, importances

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
    World(function="nothing", sampler="grid", trials=math.prod(GRID)),
    World(function="pair", sampler="grid", trials=math.prod(GRID)),
)
RIVAL = ("additive",)  # its own truth, single effects, is the same there
NULL_TIMES, RIVAL_SWEEPS = 4, 3
RESAMPLES = 20
TIMED = ((1_000, 10, 3), (10_000, 10, 3))


def importances_part(sweeps: int) -> Part:
    """Simulate sweeps of six axes."""
    rows = [row(world, sweeps) for world in WORLDS]
    notes = [
        f"{sweeps} sweeps a row, {NULL_TIMES} times as many where nothing matters; six axes, two "
        "of them choices; trials x seeds; noise of one seed: half the sd of the score over the "
        "space",
        "coverage: share of the 95 % intervals, over all axes and sweeps, that hold the true total "
        "Sobol' index; of moving axes: of those that do something",
        "false calls: sweeps in which an axis that does nothing is called detectable; found: axes "
        "that do something and are called detectable",
        "wrong ranks: sweeps in which any detectable axis gets a rank that is not its own; right: "
        "ranks a sweep, the rest is left open",
        f"fANOVA's interval: {RESAMPLES} resamples, {RIVAL_SWEEPS} sweeps, where its truth is the "
        "same; PED-ANOVA: share of the strongest axis against the largest share of an axis that "
        "does nothing, means over the sweeps",
        *[timed(*size) for size in TIMED],
    ]
    return Part(title="Importances", rows=rows, names=1, notes=notes)


def row(world: World, sweeps: int) -> dict[str, object]:
    """One line of the table."""
    truth = true_shares(world.function, world.sampler)
    sweeps *= 1 if truth.any() else NULL_TIMES
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


def judged(found: Sequence[Sequence[Importance]], truth: Floats) -> dict[str, object]:
    """What the new method did over sweeps against the truth."""
    low, middle, high = (
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
        "coverage": share(covered.mean(axis=1), least=1 - ALPHA),
        "of moving axes": share(covered[:, moving].mean(axis=1)) if moving.any() else "",
        "false calls": share([bool(row.any()) for row in called[:, ~moving]], most=ALPHA),
        "found": share(called[:, moving].mean(axis=1)) if moving.any() else "",
        "wrong ranks": share(((ranks > 0) & ~right).any(axis=1), most=ALPHA),
        "right": f"{right.sum() / len(found):.2f}",
        "strongest: share (truth)": f"{middle[:, truth.argmax()].mean():.2f} ({truth.max():.2f})"
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
