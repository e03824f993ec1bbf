"""Tables of scores whose truth is known: arms by seeds, under friendly and unfriendly noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Noise = Callable[[np.random.Generator, Floats], Floats]

STUCK = 0.2
"""Of the seeds of a bimodal arm; they score ten standard deviations lower."""
MISSING = 0.2
"""Of the cells of a table with holes."""


@dataclass(frozen=True)
class Tables:
    """Simulated sweeps.

    Attributes:
        scores: (tables, arms, seeds), NaN where a cell is missing; arm 0 is the reference.
        truth: each arm's true mean, (arms,).
    """

    scores: Floats
    truth: Floats


def normal(rng: np.random.Generator, noise: Floats) -> Floats:
    """Equal normal noise."""
    del rng
    return noise


def one_arm_x5(rng: np.random.Generator, noise: Floats) -> Floats:
    """The last arm is five times as noisy as the others."""
    del rng
    noise[:, -1] *= 5
    return noise


def reference_x3(rng: np.random.Generator, noise: Floats) -> Floats:
    """What all are compared with is three times as noisy."""
    del rng
    noise[:, 0] *= 3
    return noise


def all_unequal(rng: np.random.Generator, noise: Floats) -> Floats:
    """Every arm has a standard deviation of its own, lognormal with sigma 0.7."""
    return noise * np.exp(rng.normal(0, 0.7, (*noise.shape[:2], 1)))


def bimodal(rng: np.random.Generator, noise: Floats) -> Floats:
    """Every seed of every arm may be stuck."""
    stuck = np.where(rng.random(noise.shape) < STUCK, -10.0, 0.0)
    return noise + stuck + 10 * STUCK


def copies(rng: np.random.Generator, noise: Floats) -> Floats:
    """Half of the arms repeat the reference's noise but for a hundredth."""
    del rng
    half = noise.shape[1] // 2
    noise[:, :half] = noise[:, :1] + 0.01 * noise[:, :half]
    return noise


def all_copies_but_one(rng: np.random.Generator, noise: Floats) -> Floats:
    """Nearly all arms share their noise, so that one honest arm looks far away."""
    own = rng.standard_normal(noise[:, -1].shape)
    noise[:, :] = noise[:, :1] + 0.05 * noise
    noise[:, -1] += own
    return noise


def heavy_tails(rng: np.random.Generator, noise: Floats) -> Floats:
    """Student's t with three degrees of freedom, in units of its standard deviation."""
    return np.asarray(rng.standard_t(3, noise.shape) / np.sqrt(3))


def holes(rng: np.random.Generator, noise: Floats) -> Floats:
    """Cells are missing: a fifth of those of the arms, and half of the arms have fewer seeds."""
    gone = rng.random(noise.shape) < MISSING
    gone[:, 0] = False
    gone[:, :, :2] = False  # an arm of one seed has no noise to speak of
    gone[:, 1::2, noise.shape[2] * 3 // 4 :] = True
    return np.where(gone, np.nan, noise)


NOISES: tuple[Noise, ...] = (
    *(normal, one_arm_x5, reference_x3, all_unequal),
    *(bimodal, copies, all_copies_but_one, holes, heavy_tails),
)


def draw(
    kind: Noise, *, tables: int, arms: int, seeds: int, effect: float = 0.0, seed: int = 0
) -> Tables:
    """Simulate.

    Args:
        kind: one of ``NOISES``.
        tables: how many.
        arms: of each.
        seeds: of each arm.
        effect: added to arm 1, in standard deviations.
        seed: of the generator.
    """
    rng = np.random.default_rng([seed, arms, seeds, NOISES.index(kind)])
    luck = 3 * rng.standard_normal((tables, 1, seeds))  # what a seed does to every arm
    noise = kind(rng, rng.standard_normal((tables, arms, seeds)))
    truth = np.zeros(arms)
    truth[1] = effect
    return Tables(scores=noise + luck + truth[:, None], truth=truth)
