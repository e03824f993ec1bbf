"""Every score that a task has and every number that a trial reports, each declared once.

The ledger keeps whatever a trial says under its name. What the name means, how it is shown and
what alarms stands here, for MLflow, the report, the terminal and the audit. No torch here.

How a trial's number follows from those of its seeds is part of training, and stands in
``training.over_seeds``: a better word here changes no trial's code identity.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from focus_core.training.limits import LEAK_TOLERANCE

Bounds = tuple[float, float]
Place = Literal["MLflow's top", "MLflow's columns", "trials", "price"]
"""``trials``: a column of the report's table of trials. ``price``: what quality is bought with."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """What tasks are scored by.

    Attributes:
        direction: which way is better.
        bounds: its range.
        margin: the largest difference that nobody would care about; None where nobody can say.
    """

    direction: Literal["maximize", "minimize"]
    bounds: Bounds
    margin: float | None = None


SCORES = {
    "accuracy": Score(direction="maximize", bounds=(0.0, 1.0), margin=0.05),
    "bits per byte": Score(direction="minimize", bounds=(0.0, math.inf), margin=0.02),
    "bits per character": Score(direction="minimize", bounds=(0.0, math.inf), margin=0.02),
    "loss": Score(direction="minimize", bounds=(0.0, math.inf)),
}
"""By ``TaskEntry.metric``; ``loss`` is that of sweeps from elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Reported:
    """A number that a trial reports.

    Attributes:
        words: what people call it.
        unit: what it is shown in; ``1`` for a pure number, empty for a score or a count.
        unit_size: how much of the number one such unit is.
        help: what it says, in a line.
        bounds: what it can be; the audit asks for it.
        worst: over reports the largest counts; else the last.
        limit: what ``sweeps.alarms`` compares it with; None: it never alarms.
        shown: where, besides MLflow's groups.
    """

    words: str
    unit: str = ""
    unit_size: float = 1.0
    help: str = ""
    bounds: Bounds = (0.0, math.inf)
    worst: bool = False
    limit: float | None = None
    shown: frozenset[Place] = frozenset()


_TRIALS: frozenset[Place] = frozenset({"trials"})
_TOP: frozenset[Place] = frozenset({"trials", "MLflow's top"})
_PRICE: frozenset[Place] = frozenset({"trials", "MLflow's top", "price"})
_COLUMN: frozenset[Place] = frozenset({"MLflow's columns"})

_ANY = (-math.inf, math.inf)

REPORTED = {
    "step": Reported(words="step"),
    "seconds": Reported(words="training since the last report", unit="s"),
    "value": Reported(words="validation", help="the score on the validation split", bounds=_ANY),
    "test": Reported(words="test", help="the score on the test split, at the end", bounds=_ANY),
    "loss": Reported(words="validation loss", unit="nats"),
    "train_loss": Reported(words="last loss", unit="nats", shown=_COLUMN),
    "diverged": Reported(words="step of the first infinite loss"),
    "leak": Reported(
        words="leak",
        unit="1",
        help="the largest relative change of an output before a perturbed position, worst over "
        "seeds and training",
        worst=True,
        limit=LEAK_TOLERANCE,
        shown=_TOP,
    ),
    "pole_radius_max": Reported(
        words="pole radius",
        unit="1",
        help="the largest; below 1 a filter is stable as long as its coefficients stay as they are",
        worst=True,
        limit=1.0,
        shown=_TRIALS,
    ),
    "pole_radius_median": Reported(words="median pole radius", unit="1", shown=_TRIALS),
    "effective_memory": Reported(words="effective memory", unit="tokens"),
    "peak_gain": Reported(words="peak gain", unit="1"),
    "window_ceiling": Reported(
        words="window's ceiling",
        help="what the attention window alone could score",
        shown=_TRIALS,
    ),
    "chance": Reported(
        words="chance", help="the score of a guess that read nothing", shown=_TRIALS
    ),
    "loss_floor": Reported(
        words="loss floor",
        unit="nats",
        help="no causal model gets below it on fresh data",
        limit=0.05,  # below it by so much: one batch's loss strays a little by chance
        shown=_TRIALS,
    ),
    "theta_mean": Reported(
        words="Theta its mean",
        help="the score once every filter is the mean of all",
        shown=_TRIALS,
    ),
    "sliding": Reported(words="sliding", unit="bits", shown=_TRIALS),
    "future_masked": Reported(
        words="future masked",
        unit="bits",
        limit=0.5,  # that blanking what comes later may cost, at the most
        shown=_TRIALS,
    ),
    "future_seen": Reported(words="future seen", unit="bits", shown=_TRIALS),
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
"""By name. In a report ``/0`` behind a name is seed 0, ``.layer1`` a part of the network."""

PART_OF_TEST = re.compile(r"test_\d+x\d+")
"""The score on one part of a mixture: ``test_64x4`` for 64 tokens and 4 pairs."""


def score_of(words: str) -> Score | None:
    """The score that a metric's words name; None where it is not known.

    Args:
        words: ``validation accuracy``; in a sweep from elsewhere perhaps ``eval/accuracy``.
    """
    return next((score for name, score in SCORES.items() if name in words), None)


def limit(name: str) -> float:
    """What ``sweeps.alarms`` compares a number with."""
    found = REPORTED[name].limit
    assert found is not None, name
    return found


def names(place: Place) -> tuple[str, ...]:
    """The numbers that are shown there."""
    return tuple(name for name, number in REPORTED.items() if place in number.shown)


def declared(key: str) -> Reported | None:
    """What a report's key is, with a seed or a part behind its name or without; None: unknown."""
    name = key.partition("/")[0].partition(".")[0]
    return REPORTED["test"] if PART_OF_TEST.fullmatch(name) else REPORTED.get(name)
