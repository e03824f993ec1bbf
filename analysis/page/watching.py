"""Keeps a report up to date: writes it again whenever the ledger has something new."""

from __future__ import annotations

import time
from collections.abc import Callable

from analysis.reading.ledger import SweepData

SECONDS = 5.0
"""Shortest wait between two reads of the ledger, in seconds."""
SHARE = 4
"""The wait lasts at least this many times as long as writing: the sweep needs the cores."""
REFRESH = 10
"""Seconds after which a browser reloads the page."""


def watch(
    read: Callable[[str | None], SweepData],
    write: Callable[[SweepData, int | None], None],
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Keep the report up to date until the sweep ends or the user presses Ctrl-C.

    Args:
        read: reads the sweep of this name; for None, the sweep that the user asked for.
        write: writes a report that a browser reloads after so many seconds; None for never.
        sleep: waits so many seconds.
        clock: the current time in seconds.

    Returns:
        0, also after Ctrl-C: this is the normal way to stop.
    """
    name, before = None, None
    try:
        while True:
            data = read(name)
            name, began = data.about["name"], clock()
            ended = data.about["finished"] is not None
            if before is None or ended or is_new(before, data):
                write(data, None if ended else REFRESH)
                before = data
            if ended:
                return 0
            sleep(max(SECONDS, SHARE * (clock() - began)))
    except KeyboardInterrupt:
        if before is not None:
            write(before, None)  # nobody will write the page again: it must not reload
        return 0


def is_new(before: SweepData, now: SweepData) -> bool:
    """Whether the ledger differs from the last read."""
    if before.curves.num_rows != now.curves.num_rows:
        return True
    return not before.trials.equals(now.trials)
