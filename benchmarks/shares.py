"""Shares of simulated sweeps, with their Monte Carlo error and the limit that they have to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

ERRORS = 2.0
"""Monte Carlo standard errors that a share must be beyond its limit to break it."""

Row = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A mean over independent sweeps; in bold where it breaks its limit.

    Attributes:
        mean: of numbers from 0 to 1.
        error: its Monte Carlo standard error.
        most: the limit from above; None for none.
        least: from below.
    """

    mean: float
    error: float
    most: float | None = None
    least: float | None = None

    @property
    def excess(self) -> float:
        """How far beyond the limit it is; below 0 within it."""
        over = self.mean - self.most if self.most is not None else -1.0
        return over if self.least is None else max(over, self.least - self.mean)

    @property
    def breaks(self) -> bool:
        """Whether it is beyond its limit by more than chance."""
        return self.excess > ERRORS * self.error

    def __str__(self) -> str:
        """As a table shows it."""
        words = f"{100 * self.mean:.1f} ± {100 * self.error:.1f} %"
        return f"**{words}**" if self.breaks else words


def share(
    found: Sequence[float] | Sequence[bool],
    *,
    most: float | None = None,
    least: float | None = None,
) -> Share:
    """The mean of what independent sweeps gave, each from 0 to 1.

    The error is that of the sample with a 0 and a 1 added (Agresti and Coull 1998, Amer. Statist.
    52), so that it is not 0 where all agree.
    """
    padded = np.array([*found, 0.0, 1.0], dtype=float)
    error = float(padded.std() / np.sqrt(len(padded)))
    return Share(mean=float(np.mean(found)), error=error, most=most, least=least)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One table of a result.

    Attributes:
        title: what was measured.
        rows: all with the same keys; the first ``names`` of them say which one it is.
        names: how many.
        notes: how to read it, a line each.
    """

    title: str
    rows: Sequence[Row]
    names: int
    notes: Sequence[str]


def limits(parts: Sequence[Part]) -> list[Row]:
    """One line for each column that has a limit: the worst cell, and how many are beyond it."""
    found = []
    for part in parts:
        for column in part.rows[0]:
            cells = [
                (cell, row)
                for row in part.rows
                if isinstance(cell := row[column], Share) and cell.excess > -1.0
            ]
            if cells:
                found.append(_limit(part, column, cells))
    return found


def _limit(part: Part, column: str, cells: Sequence[tuple[Share, Row]]) -> Row:
    worst, row = max(cells, key=lambda pair: pair[0].excess)
    limit = f"<= {100 * worst.most:g} %" if worst.most is not None else f">= {_percent(worst)}"
    return {
        "of": part.title,
        "what": column,
        "limit": limit,
        "worst": str(worst),
        "where": ", ".join(str(row[key]) for key in list(row)[: part.names]),
        "beyond it": f"{sum(cell.breaks for cell, _ in cells)} of {len(cells)} rows",
    }


def _percent(cell: Share) -> str:
    return f"{100 * (cell.least or 0.0):g} %"
