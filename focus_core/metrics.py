"""Declares every score of a task and every number that a trial reports, each once.

The ledger stores each number of a trial under its name. This module has the meaning of the name,
its presentation and its alarm limit, for MLflow, the report, the terminal and the audit. No torch
here.

A trial's code identity leaves this table out (``executed_code.REGISTRIES``), so a number can be
added, and its words can be changed, while sweeps run. The ledger keeps every seed's number and
computes the numbers over seeds itself.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from focus_core.training.limits import LEAK_TOLERANCE

Bounds = tuple[float, float]
Place = Literal["MLflow's top", "MLflow's columns", "trials", "price"]
"""``trials``: a column of the report's table of trials. ``price``: what quality costs."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A score of tasks.

    Attributes:
        direction: whether a larger or a smaller score is better.
        bounds: the range of the score.
        margin: the largest difference that does not matter; None where no such value is known.
    """

    direction: Literal["maximize", "minimize"]
    bounds: Bounds
    margin: float | None = None


SCORES = {
    "accuracy": Score(direction="maximize", bounds=(0.0, 1.0), margin=0.05),
    "bits per byte": Score(direction="minimize", bounds=(0.0, math.inf), margin=0.02),
    "bits per character": Score(direction="minimize", bounds=(0.0, math.inf), margin=0.02),
    "mean squared error": Score(direction="minimize", bounds=(0.0, math.inf)),
    "loss": Score(direction="minimize", bounds=(0.0, math.inf)),
}
"""By ``TaskEntry.metric``; ``loss`` is for sweeps of other tools."""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A number that a trial reports.

    Attributes:
        words: the name of the number for people.
        unit: the unit in which it is shown; ``1`` for a pure number, empty for a score or a count.
        unit_size: the value of one unit.
        help: the meaning of the number, in one line.
        bounds: the possible range, which the audit checks.
        over_seeds: a trial's number from the numbers of its seeds; None: a trial has none.
        worst: whether the largest of a trial's reports counts; otherwise the last counts.
        limit: the limit that ``sweeps.evidence.alarms`` compares it with; None for no alarm.
        shown: the places that show it, besides MLflow's groups.
    """

    words: str
    unit: str = ""
    unit_size: float = 1.0
    help: str = ""
    bounds: Bounds = (0.0, math.inf)
    over_seeds: Callable[[list[float]], float] | None = None
    worst: bool = False
    limit: float | None = None
    shown: frozenset[Place] = frozenset()


_TRIALS: frozenset[Place] = frozenset({"trials"})
_TOP: frozenset[Place] = frozenset({"trials", "MLflow's top"})
_PRICE: frozenset[Place] = frozenset({"trials", "MLflow's top", "price"})
_COLUMN: frozenset[Place] = frozenset({"MLflow's columns"})

_ANY = (-math.inf, math.inf)
_mean = statistics.fmean

REPORTED = {
    "step": Reported(words="step"),
    "seconds": Reported(words="training since the last report", unit="s"),
    "value": Reported(
        words="validation",
        help="the score on the validation split",
        bounds=_ANY,
        over_seeds=_mean,
    ),
    "test": Reported(
        words="test", help="the score on the test split, at the end", bounds=_ANY, over_seeds=_mean
    ),
    "loss": Reported(words="validation loss", unit="nats"),
    "train_loss": Reported(words="last loss", unit="nats", shown=_COLUMN),
    "diverged": Reported(words="step of the first infinite loss"),
    "leak": Reported(
        words="leak",
        unit="1",
        help="the largest relative change of an output before a perturbed position, worst over "
        "seeds and training",
        over_seeds=max,
        worst=True,
        limit=LEAK_TOLERANCE,
        shown=_TOP,
    ),
    "pole_radius_max": Reported(
        words="pole radius",
        unit="1",
        help="the largest; below 1 a filter is stable as long as its coefficients stay as they are",
        over_seeds=max,
        worst=True,
        limit=1.0,
        shown=_TRIALS,
    ),
    "pole_radius_median": Reported(
        words="median pole radius", unit="1", over_seeds=_mean, shown=_TRIALS
    ),
    "effective_memory": Reported(words="effective memory", unit="tokens", over_seeds=_mean),
    "peak_gain": Reported(words="peak gain", unit="1", over_seeds=max),
    "window_ceiling": Reported(
        words="window's ceiling",
        help="what the attention window alone could score",
        over_seeds=_mean,
        shown=_TRIALS,
    ),
    "chance": Reported(
        words="chance", help="the score of a guess that read nothing", shown=_TRIALS
    ),
    "loss_floor": Reported(
        words="loss floor",
        unit="nats",
        help="no causal model gets below it on fresh data",
        limit=0.05,  # largest deficit: the loss of one batch varies a little by chance
        shown=_TRIALS,
    ),
    "theta_mean": Reported(
        words="Theta its mean",
        help="the score once every filter is the mean of all",
        over_seeds=_mean,
        shown=_TRIALS,
    ),
    "sliding": Reported(words="sliding", unit="bits", over_seeds=_mean, shown=_TRIALS),
    "future_masked": Reported(
        words="future masked",
        unit="bits",
        over_seeds=_mean,
        limit=0.5,  # the most that blanked later tokens may cost
        shown=_TRIALS,
    ),
    "future_seen": Reported(words="future seen", unit="bits", over_seeds=_mean, shown=_TRIALS),
    "balanced_accuracy": Reported(
        words="balanced accuracy",
        help="on the test split: the mean over classes of the accuracy within a class",
        bounds=(0.0, 1.0),
        over_seeds=_mean,
        shown=_TRIALS,
    ),
    "r_squared": Reported(
        words="R squared",
        unit="1",
        help="on the test split: the share of the targets' variance that is predicted",
        bounds=(-math.inf, 1.0),
        over_seeds=_mean,
        shown=_TRIALS,
    ),
    "ratio_to_last": Reported(
        words="ratio to the last value",
        unit="1",
        help="on the test split: the squared error beside that of a forecast that repeats the last "
        "value; below 1 is better than that",
        over_seeds=_mean,
        shown=_TRIALS,
    ),
    "prefix": Reported(words="prefix of a text", bounds=(0.0, 1.0), shown=_TRIALS),
    "text_bytes": Reported(words="length of the text", unit="bytes"),
    "text_crc32": Reported(words="CRC-32 of the text"),
    "test_bytes": Reported(words="targets of the test part"),
    "parameters": Reported(words="parameters", shown=_PRICE | _COLUMN),
    "flops_per_token": Reported(
        words="FLOPs a token",
        unit="millions",
        unit_size=1e6,
        help="Of a forward pass, FFTs and recurrences with it.",
        shown=_PRICE,
    ),
    "decoder_bytes": Reported(
        words="decoder",
        unit="kB",
        unit_size=1e3,
        help="What must be kept at the end of a sequence to go on from there.",
        shown=_TRIALS,
    ),
    "seconds_per_step": Reported(
        words="time a step", unit="ms", unit_size=1e-3, shown=_PRICE | _COLUMN
    ),
    "peak_bytes": Reported(words="peak memory", unit="MB", unit_size=1e6, worst=True, shown=_PRICE),
}
"""By name. In a report, the ending ``/0`` is seed 0, and ``.layer1`` is a part of the network."""

PART_OF_TEST = re.compile(r"test_\d+x\d+")
"""The score on one part of a mixture: ``test_64x4`` for 64 tokens and 4 pairs."""


def score_of(words: str) -> Score | None:
    """The score that the words of a metric name; None where no known score is named.

    Args:
        words: such as ``validation accuracy``, or ``eval/accuracy`` in a sweep of another tool.
    """
    return next((score for name, score in SCORES.items() if name in words), None)


def limit(name: str) -> float:
    """The limit that ``sweeps.evidence.alarms`` compares the number ``name`` with."""
    found = REPORTED[name].limit
    assert found is not None, name
    return found


def over_seeds(name: str) -> Callable[[list[float]], float] | None:
    """How the number ``name`` of a trial follows from its seeds' numbers; None: it has none."""
    return REPORTED[name].over_seeds if name in REPORTED else None


def names(place: Place) -> tuple[str, ...]:
    """The names of the numbers that ``place`` shows."""
    return tuple(name for name, number in REPORTED.items() if place in number.shown)


def declared(key: str) -> Reported | None:
    """The declaration of a report's key, whose name may end in a seed or a part; None: unknown."""
    name = key.partition("/")[0].partition(".")[0]
    return REPORTED["test"] if PART_OF_TEST.fullmatch(name) else REPORTED.get(name)
