"""Simulated sweeps whose importances are known: six axes, a score that some of them move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]
"""Scores, (points,), at points, (points, axes)."""
Noise = Callable[[Floats], Floats]
"""What each seed of a trial at a point, (axes,), has on top, (seeds,)."""

LEVELS = (0, 0, 4, 0, 3, 0)
"""Numbers from 0 to 1, and choices of four and three (see ``analysis.statistics.kernel``)."""
PARENT, CHILD, ALIVE_AT = 2, 3, 0.0
"""In conditional worlds axis 3 has an effect only where axis 2 is 0."""
GRID = (3, 2, 4, 2, 3, 2)
"""How many values each axis has on a grid; numbers are spread evenly from 0 to 1."""
STEPS = np.array([0.0, 0.5, 1.0, 0.2])
TRUTH_POINTS = 2**16


def nothing(x: Floats) -> Floats:
    return 0.0 * x[:, 0]


def additive(x: Floats) -> Floats:
    return np.asarray(x[:, 0] + 0.6 * STEPS[x[:, 2].astype(int)])


def smooth(x: Floats) -> Floats:
    return np.asarray(-4 * (x[:, 0] - 0.6) ** 2 + 0.7 * np.sin(4 * x[:, 1]) + 0.3 * x[:, 3])


def pair(x: Floats) -> Floats:
    """Axes 0 and 1 do nothing alone and much together."""
    both = 4 * (x[:, 0] - 0.5) * (x[:, 1] - 0.5)
    return np.asarray(both + 0.5 * STEPS[x[:, 2].astype(int)])


def cliff(x: Floats) -> Floats:
    """Most of the space fails; one choice fails everywhere."""
    return np.asarray((x[:, 0] > 0.3) * (x[:, 2] != 1) + 0.2 * x[:, 1])


def conditional(x: Floats) -> Floats:
    child = np.where(np.isnan(x[:, CHILD]), 0.0, 1.5 * x[:, CHILD])
    return np.asarray(0.8 * x[:, 0] + child)


FUNCTIONS: dict[str, Function] = {
    f.__name__: f for f in (nothing, additive, smooth, pair, cliff, conditional)
}


@dataclass(frozen=True, kw_only=True)
class World:
    """What a sweep is drawn from.

    Attributes:
        function: one of ``FUNCTIONS``.
        sampler: ``random``, ``tpe`` (Optuna's own) or ``grid``.
        trials: how many; a grid has as many as it has points.
        seeds: of each.
        noise: sd of one seed's score, in units of the function's sd over the space.
        kind: ``normal``; ``bimodal``, a fifth of the seeds elsewhere; ``luck``, each seed also
            likes the choices of axis 4 in its own way.
        kept: share of the trials that a pruner keeps.
    """

    function: str
    sampler: str = "random"
    trials: int = 48
    seeds: int = 3
    noise: float = 0.5
    kind: str = "normal"
    kept: float = 1.0

    @property
    def name(self) -> str:
        words = [self.function, self.sampler, f"{self.trials} x {self.seeds}"]
        words += [] if self.kind == "normal" else [self.kind]
        return ", ".join(words + ([] if self.kept == 1 else [f"{self.kept:.0%} not pruned"]))


def masked(x: Floats, function: str) -> Floats:
    if function != "conditional":
        return x
    x = x.copy()
    x[x[:, PARENT] != ALIVE_AT, CHILD] = np.nan
    return x


def uniform(count: int, rng: np.random.Generator, sampler: str = "random") -> Floats:
    columns: list[NDArray[Any]] = [
        rng.integers(0, n, count) if n else rng.random(count) for n in LEVELS
    ]
    if sampler == "grid":
        columns = [rng.integers(0, n, count) for n in GRID]
        return np.array(columns, dtype=float).T / grid_steps()
    return np.array(columns, dtype=float).T


def grid_steps() -> NDArray[np.int64]:
    return np.array([1 if levels else n - 1 for levels, n in zip(LEVELS, GRID, strict=True)])


def true_shares(function: str, sampler: str = "random") -> Floats:
    """Total Sobol' indices, (axes,), by the definition: one axis drawn anew at many points."""
    f, rng = FUNCTIONS[function], np.random.default_rng(0)
    first, second = (uniform(TRUTH_POINTS, rng, sampler) for _ in range(2))
    score = f(masked(first, function))
    if score.var() == 0:
        return np.zeros(len(LEVELS))
    shares = []
    for k in range(len(LEVELS)):
        changed = first.copy()
        changed[:, k] = second[:, k]
        moved = f(masked(changed, function))
        shares.append(0.5 * np.mean((moved - score) ** 2) / score.var())
    return np.array(shares)


def draw_sweep(world: World, seed: int) -> tuple[Floats, Floats]:
    """Points (trials, axes) and scores (trials, seeds) of one sweep."""
    rng = np.random.default_rng(seed)
    f = FUNCTIONS[world.function]
    whole = uniform(4096, np.random.default_rng(1), world.sampler)
    size = f(masked(whole, world.function)).std() or 1.0
    noise = _noise(world, size, rng)
    if world.sampler == "tpe":
        points, scores = _tpe(world, f, noise, int(rng.integers(2**31)))
    else:
        points = masked(_points(world, rng), world.function)
        scores = np.array([f(p[None])[0] + noise(p) for p in points])
    if world.kept < 1:  # a pruner sees an early, noisy value
        early = scores.mean(axis=1) + world.noise * size * rng.standard_normal(len(scores))
        keep = np.argsort(-early)[: round(world.kept * len(scores))]
        points, scores = points[np.sort(keep)], scores[np.sort(keep)]
    return points, scores


def _points(world: World, rng: np.random.Generator) -> Floats:
    if world.sampler == "grid":
        return np.array(list(np.ndindex(GRID))) / grid_steps()
    return uniform(world.trials, rng)


def _noise(world: World, size: float, rng: np.random.Generator) -> Noise:
    sd, seeds = world.noise * size, world.seeds
    luck = 0.5 * size * rng.standard_normal((LEVELS[4], seeds)) * (world.kind == "luck")

    def of(point: Floats) -> Floats:
        if world.kind == "bimodal":
            return np.asarray(2.5 * sd * (rng.random(seeds) < 0.2))
        return np.asarray(sd * rng.standard_normal(seeds) + luck[int(point[4])])

    return of


def _tpe(world: World, f: Function, noise: Noise, seed: int) -> tuple[Floats, Floats]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=8)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    points, scores = [], []
    for _ in range(world.trials):
        trial = study.ask()
        point = np.full(len(LEVELS), np.nan)
        for k, n in enumerate(LEVELS):
            if world.function == "conditional" and k == CHILD and point[PARENT] != ALIVE_AT:
                continue
            name = f"x{k}"
            point[k] = (
                trial.suggest_categorical(name, range(n)) if n else trial.suggest_float(name, 0, 1)
            )
        score = f(point[None])[0] + noise(point)
        study.tell(trial, float(np.mean(score)))
        points.append(point)
        scores.append(score)
    return np.array(points), np.array(scores)
