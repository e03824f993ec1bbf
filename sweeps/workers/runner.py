"""How the trials of a sweep are run. There are two ways: inline, and on Ray."""

from __future__ import annotations

from typing import Protocol

from sweeps.driving.driver import Driver
from sweeps.driving.stopping import StopFlag


class Runner(Protocol):
    """One way to run trials."""

    def run(self, driver: Driver, stopping: StopFlag) -> None:
        """Run every trial to its end, or until a stop is asked for.

        Args:
            driver: hands out trials, and takes their reports and their ends.
            stopping: checked before each trial and after each report.
        """
