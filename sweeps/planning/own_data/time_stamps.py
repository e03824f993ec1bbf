"""Values with time stamps, as ``@timeStamps true`` of a ``.ts`` file announces them.

A channel is pairs of a time and a value, such as ``(0,1.2),(1,1.3)``. A time is a number or a date
of ISO 8601, such as ``2024-03-01 12:00:00``. A sequence has no place for times, so they must be
evenly spaced; the step itself is not read.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import numpy as np

from focus_core.errors import UserError, require
from sweeps.commands.command_line import shown

PAIR = re.compile(r"\s*\(([^()]*),([^(),]*)\)\s*")
PAIRS = re.compile(rf"{PAIR.pattern}(?:,{PAIR.pattern})*")
BETWEEN_CHANNELS = re.compile(r":(?![^()]*\))")
"""A colon that stands in no pair: times of day have colons too."""
LARGEST_SHIFT = 0.01
"""How much a step may differ from the usual one, as a share: times are written with few digits."""
START, MICROSECOND = datetime(2000, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
MOST_DIGITS = 100
Time = tuple[str, Decimal]
"""What kind of word a time stamp is, and the time."""


def split_stamped(line: str) -> list[str]:
    """The channels of a line, and its class behind them."""
    return BETWEEN_CHANNELS.split(line)


def without_stamps(parts: list[str], where: str) -> list[str]:
    """The channels of one line with their values alone, with commas between them.

    Raises:
        UserError: they are no such pairs, or the times are not evenly spaced or not the same in
            every channel.
    """
    found: list[str] = []
    first: list[Time] | None = None
    for place, part in enumerate(parts, 1):
        here = f"{where}, channel {place}"
        blank = not part.strip()
        require(
            blank or PAIRS.fullmatch(part) is not None,
            f"{here} must be pairs such as (0,1.5),(1,1.7): @timeStamps is true",
        )
        pairs = [] if blank else PAIR.findall(part)
        times = _evenly([time.strip() for time, _ in pairs], here)
        first = times if first is None else first
        require(
            len(times) != len(first) or times == first,
            f"{where} has other time stamps in channel {place} than in channel 1: give all the "
            "same",
        )
        found.append(",".join(value for _, value in pairs))
    return found


def _evenly(words: list[str], where: str) -> list[Time]:
    """The times.

    Raises:
        UserError: a word is no time, or the times are not evenly spaced.
    """
    read = [_time(word, where) for word in words]
    kinds = sorted({kind for kind, _ in read})
    require(
        len(kinds) < 2, f"{where} mixes {' and '.join(kinds)} as time stamps: use one of the two"
    )
    steps = np.diff([float(time - read[0][1]) for _, time in read])
    require(bool(np.all(steps > 0)), f"{where} has time stamps that do not rise: sort it by time")
    usual = float(np.percentile(steps, 50, method="lower")) if len(steps) else 0.0
    uneven = np.flatnonzero(np.abs(steps - usual) > LARGEST_SHIFT * usual)
    if len(uneven):
        place = int(uneven[0])
        raise UserError(
            f"{where} has uneven time stamps: {shown(words[place + 1])} comes {steps[place]:g} "
            f"after {shown(words[place])}, not {usual:g}; resample it evenly"
        )
    return read


def _time(word: str, where: str) -> Time:
    """The time that a word gives; that of a date is in seconds."""
    with suppress(InvalidOperation):
        number = Decimal(word)
        if number.is_finite() and abs(number.adjusted()) < MOST_DIGITS:
            return "numbers", number
    with suppress(ValueError):
        date = datetime.fromisoformat(word)
        kind = "dates with a zone" if date.tzinfo else "dates"
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return kind, Decimal((date - START) // MICROSECOND) / 1_000_000
    raise UserError(
        f"{where} has the time stamp {shown(word)}: use numbers, or dates such as "
        "2024-03-01 12:00:00"
    )
