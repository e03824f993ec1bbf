"""A report that keeps up with a sweep: written again whenever the ledger has something new."""

from __future__ import annotations

import time
from collections.abc import Callable

from analysis.reading.ledger import SweepData

SECONDS = 5.0
"""Between two looks into the ledger."""
SHARE = 4
"""How many times longer a report is waited for than it took to write: the sweep needs the cores."""
REFRESH = 10
"""Seconds after which a browser reads the page again."""


def watch(
    read: Callable[[str | None], SweepData],
    write: Callable[[SweepData, int | None], None],
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Until the sweep has ended, or Ctrl-C.

    Args:
        read: the sweep of this name; None: the one that was asked for.
        write: a report, which a browser reads again after so many seconds.
        sleep: waits.
        clock: seconds.

    Returns:
        0: to end it with Ctrl-C is how it is meant.
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
            write(before, None)  # a page that nobody writes again must not wait for it
        return 0


def is_new(before: SweepData, now: SweepData) -> bool:
    """Whether the ledger has more than it had."""
    if before.curves.num_rows != now.curves.num_rows:
        return True
    return not before.trials.equals(now.trials)
