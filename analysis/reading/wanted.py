"""Which trials a command is about: one sweep or several, all of their trials or some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.reading.ledger import SweepData, read_sweep


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for.

    Attributes:
        home: folder of the ledger.
        sweep: name of the sweep; None for the most recently active one.
        compare: names of several sweeps in place of ``sweep``; None for one sweep.
        where: conditions ``KEY=VALUE`` that the trials must meet.
    """

    home: Path
    sweep: str | None
    compare: Sequence[str] | None
    where: Sequence[str]

    def read(self, name: str | None = None) -> SweepData:
        """Read the trials in the ledger's current state.

        Args:
            name: name of a sweep to read in place of the one that was asked for.

        Raises:
            UserError: there is no such sweep, or no such trial.
        """
        if self.compare is not None and name is None:
            from analysis.reading.compare import read_sweeps

            data = read_sweeps(self.home, self.compare)
        else:
            data = read_sweep(self.home, name or self.sweep)
        if not self.where:
            return data
        from analysis.reading.where import where

        return where(data, self.where)
