"""The rival: a group-sequential permutation test that does not pair seeds.

Written from the paper's description (Mathieu, Della Vecchia, Shilova, Centa de Medeiros, Kohler,
Maillard, Preux 2023, "AdaStop: adaptive statistical testing for sound comparisons of deep RL
agents", arXiv 2306.10882), for every arm against one. Each interim adds ``block`` scores an arm;
labels are shuffled within the interims; the largest statistic over the arms that are left is
compared with a boundary that spends the error evenly over the interims.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ERROR = 0.05
SHUFFLES = 2000


@dataclass(frozen=True)
class Stopped:
    """How a sequential comparison ended.

    Attributes:
        decided: whether each arm was told from the reference.
        trainings: how many scores were used, the reference's among them.
    """

    decided: NDArray[np.bool_]
    trainings: int


def adastop(scores: Floats, *, block: int, seed: int = 0) -> Stopped:
    """Compare arms with arm 0, as many interims as the table has blocks.

    Args:
        scores: (arms, seeds).
        block: scores of each arm in one interim.
        seed: of the shuffles.
    """
    arms, seeds = scores.shape
    interims = seeds // block
    rng = np.random.default_rng(seed)
    left = np.ones(arms - 1, bool)
    alive = np.ones(SHUFFLES, bool)  # shuffles that no earlier boundary stopped
    shuffled = np.zeros((arms - 1, SHUFFLES))
    observed = np.zeros(arms - 1)
    labels = np.repeat([1.0, -1.0], block)
    trainings = 0
    for interim in range(interims):
        now = scores[:, interim * block : (interim + 1) * block]
        both = np.hstack([now[1:], np.broadcast_to(now[0], now[1:].shape)])  # (arms, 2 block)
        trainings += block * (1 + int(left.sum()))
        shuffled += both @ rng.permuted(np.tile(labels, (SHUFFLES, 1)), axis=1).T
        observed += both @ labels
        while left.any():
            largest = np.max(np.abs(shuffled[left]), axis=0)
            boundary = _boundary(largest, alive, ERROR / interims)
            strongest = int(np.argmax(np.where(left, np.abs(observed), -np.inf)))
            if not abs(observed[strongest]) > boundary:
                break
            left[strongest] = False
        if not left.any():
            break
        alive &= np.max(np.abs(shuffled[left]), axis=0) <= boundary
    return Stopped(decided=~left, trainings=trainings)


def _boundary(largest: Floats, alive: NDArray[np.bool_], share: float) -> float:
    """The smallest value that no more than ``share`` of the shuffles exceed for the first time."""
    may_exceed = int(share * len(largest))
    values = np.sort(largest[alive])[::-1]
    return float(values[may_exceed]) if may_exceed < len(values) else -np.inf
