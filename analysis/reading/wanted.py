"""Which trials a command is about: one sweep or several, all of them or some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.reading.ledger import SweepData, read_sweep


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for.

    Attributes:
        home: where the ledger is.
        sweep: by name; None for the one last worked on.
        compare: several in its place; None for one.
        where: ``KEY=VALUE`` that the trials must have.
    """

    home: Path
    sweep: str | None
    compare: Sequence[str] | None
    where: Sequence[str]

    def read(self, name: str | None = None) -> SweepData:
        """As the ledger stands now.

        Args:
            name: another sweep in place of the one that was asked for.

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
