"""Sweeps whose truth is known: one axis that matters, one that does not, and unfriendly noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import optuna
import pyarrow as pa
from numpy.typing import NDArray

from analysis.reading.arms import Arm
from analysis.reading.curves import CURVES_SCHEMA
from analysis.reading.metric import Metric
from analysis.reading.study import Study
from analysis.reading.tuned import Tuned

HALFWAY, STEPS = 1, 2
REAL, NULL = 4, 3
"""Levels of the axis that matters, and of the one that does not."""
SD = 0.05
"""Of trials, of seeds, and of the noise of one seed of one trial."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class World:
    """How scores come about.

    Attributes:
        effect: from the worst to the best level of the real axis, in units of ``SD``.
        null_effect: the same of the other axis: 0 for false alarms, more for power.
        noise: ``normal``; ``unequal`` one level of the null axis five times as noisy;
            ``bimodal`` three of ten seeds stuck far below; ``near-copy`` a null axis whose levels
            repeat one another but for a hundredth of the noise; ``heavy`` Student's t with three
            degrees of freedom for trials and seeds.
        seeds: a trial.
        drift: standard deviation of level by seed, in units of ``SD``.
        trial: standard deviation of trials, in units of ``SD``; on a grid it would be an effect.
    """

    effect: float = 12.0
    null_effect: float = 0.0
    noise: str = "normal"
    seeds: int = 5
    drift: float = 0.3
    trial: float = 1.0

    def luck(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """What each seed adds everywhere and at each level of each axis."""
        everywhere = rng.normal(0, SD, self.seeds)
        return everywhere, rng.normal(0, self.drift * SD, (REAL + NULL, self.seeds))

    def scores(
        self,
        real: Codes,
        null: Codes,
        luck: tuple[Floats, Floats],
        rng: np.random.Generator,
    ) -> Floats:
        """Of trials at these levels, (trials, seeds)."""
        everywhere, by_level = luck
        truth = self.effect * real / (REAL - 1) + self.null_effect * null / (NULL - 1)
        own = self.trial * rng.normal(0, SD, (len(real), 1)) + rng.normal(
            0, SD, (len(real), self.seeds)
        )
        drift = by_level[real] + by_level[REAL + null]
        if self.noise == "heavy":
            own = self.trial * rng.standard_t(3, (len(real), 1)) + rng.standard_t(3, own.shape)
            own *= SD / np.sqrt(3)
        if self.noise == "unequal":
            own = own * np.where(null == 0, 5.0, 1.0)[:, None]
        if self.noise == "near-copy":
            own, drift = own / 100, by_level[real]
        scores = 0.5 + SD * truth[:, None] + everywhere + own + drift
        if self.noise == "bimodal":
            stuck = rng.random(scores.shape) < 0.3
            scores = np.where(stuck, 0.1 + own / 10, scores)
        return scores


def drawn(world: World, trials: int, rng: np.random.Generator) -> tuple[Codes, Codes, Floats]:
    """A random sweep: levels of both axes, and scores."""
    real, null = rng.integers(REAL, size=trials), rng.integers(NULL, size=trials)
    return real, null, world.scores(real, null, world.luck(rng), rng)


def gridded(world: World, rng: np.random.Generator) -> tuple[Codes, Codes, Floats]:
    """A balanced grid: every pair of levels once."""
    real, null = (x.ravel() for x in np.meshgrid(range(REAL), range(NULL), indexing="ij"))
    return real, null, world.scores(real, null, world.luck(rng), rng)


def searched(world: World, trials: int, rng: np.random.Generator) -> tuple[Codes, Codes, Floats]:
    """A TPE sweep, by Optuna's own sampler with the sweeps' eight random trials first."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=int(rng.integers(2**31)), n_startup_trials=8)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    luck, found = world.luck(rng), []
    for _ in range(trials):
        trial = study.ask()
        real = np.array([trial.suggest_categorical("real", list(range(REAL)))])
        null = np.array([trial.suggest_categorical("null", list(range(NULL)))])
        scores = world.scores(real, null, luck, rng)
        study.tell(trial, float(scores.mean()))
        found.append((int(real[0]), int(null[0]), scores[0]))
    return (
        np.array([f[0] for f in found]),
        np.array([f[1] for f in found]),
        np.stack([f[2] for f in found]),
    )


def truth(world: World) -> tuple[Floats, Floats]:
    """Expected scores of the levels of both axes, but for a constant."""
    share = 0.7 if world.noise == "bimodal" else 1.0  # what is stuck has no level
    real = world.effect * np.arange(REAL) / (REAL - 1)
    null = world.null_effect * np.arange(NULL) / (NULL - 1)
    return share * SD * real, share * SD * null


def survivors(
    real: Codes, null: Codes, scores: Floats, rng: np.random.Generator
) -> tuple[Codes, Codes, Floats]:
    """What a median pruner leaves that looks once at a noisy half-way score."""
    _, kept = halfway(scores, rng)
    return real[kept], null[kept], scores[kept]


def halfway(scores: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Noisy scores half-way, (trials, seeds), and which trials a median pruner lets go on."""
    seeds = scores.shape[1]
    early = scores + rng.normal(0, SD * np.sqrt(seeds), scores.shape)
    means = early.mean(axis=1)
    kept = np.arange(len(scores)) < 8
    for at in range(8, len(scores)):
        kept[at] = means[at] >= np.median(means[:at])
    return early, kept


def pruned_study(real: Codes, null: Codes, scores: Floats, rng: np.random.Generator) -> Study:
    """A study of these two axes in which a median pruner looked half-way."""
    early, kept = halfway(scores, rng)
    found = study_of_two(real, null, scores)
    arms = [
        arm if goes_on else replace(arm, state="pruned", step=HALFWAY, tests={}, test=None)
        for arm, goes_on in zip(found.trials, kept, strict=True)
    ]
    number, seed = np.indices(early.shape)
    trials = [arm.trial_id for arm in arms for _ in range(early.shape[1])]
    columns = [number.ravel(), trials, np.full(early.size, HALFWAY), ["value"] * early.size]
    schema = CURVES_SCHEMA
    curves = pa.Table.from_arrays(
        [
            pa.array(column).cast(field.type)
            for column, field in zip([*columns, seed.ravel(), early.ravel()], schema, strict=True)
        ],
        schema=schema,
    )
    return replace(found, trials=arms, tuned=Tuned(arms=arms, tried={}), curves=curves)


def study_of_two(real: Codes, null: Codes, scores: Floats, *, sampler: str = "random") -> Study:
    """A study of these two axes."""
    axes = [
        {
            "key": f"model.{name}",
            "kind": "categorical",
            "choices": [f"{name[0]}{i}" for i in range(n)],
        }
        for name, n in (("real", REAL), ("null", NULL))
    ]
    points = [
        {"model.real": f"r{r}", "model.null": f"n{n}"} for r, n in zip(real, null, strict=True)
    ]
    return study_of(points, scores, axes, sampler=sampler)


def study_of(
    points: Sequence[dict[str, Any]],
    scores: Floats,
    axes: Sequence[dict[str, Any]],
    *,
    sampler: str = "random",
    maximize: bool = True,
    states: Sequence[str] = (),
) -> Study:
    """A study with these trials, all complete unless ``states`` says something else."""
    states = states or ["complete"] * len(points)
    arms = [
        _arm(number, point, row, state)
        for number, (point, row, state) in enumerate(zip(points, scores, states, strict=True))
    ]
    return Study(
        about={"axes": list(axes), "sampler": sampler, "finished": True, "seeds": scores.shape[1]},
        metric=Metric(name="score", maximize=maximize, bounds=None, margin=None),
        trials=arms,
        tuned=Tuned(arms=arms, tried={}),
        reference=None,
        reference_why="",
        curves=CURVES_SCHEMA.empty_table(),
    )


def _arm(number: int, point: dict[str, Any], row: Floats, state: str) -> Arm:
    tests = {seed: float(score) for seed, score in enumerate(row)}
    mean = float(row.mean())
    return Arm(
        number=number,
        trial_id=f"{number:012x}",
        label=f"trial {number}",
        point=point,
        config={},
        variant=None,
        causal=True,
        state=state,
        reason=None,
        error=None,
        value=mean,
        test=mean,
        values=tests,
        tests=tests,
        diverged={},
        step=STEPS,
        steps=STEPS,
        seconds=1.0,
        reused_from=None,
        constants={},
    )
