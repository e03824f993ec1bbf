"""The strongest interactions of two axes: ranked by a test, shown as raw cell means."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations

import numpy as np

from analysis.findings.axis_results import Interaction
from analysis.findings.axis_table import AxisTable, as_columns
from analysis.findings.axis_values import Floats
from analysis.statistics.columns import span
from analysis.statistics.correction import holm
from analysis.statistics.interactions import Joint, joint_effect

SHOWN = 2
WIDEST = 12
"""Most levels per side that a heat map can show."""
OWN_PAIR = ("model.bin_length", "model.nfft_factor")
"""The pair that the flagship sweep is about; always shown."""


def interactions(table: AxisTable, on_grid: Collection[int]) -> list[Interaction]:
    """The flagship's own pair of axes, if the sweep has it, and the strongest other pairs.

    Args:
        table: the trials that are used.
        on_grid: numbers of the axes that have a balanced grid.
    """
    small = [i for i, axis in enumerate(table.axes) if len(axis.labels) <= WIDEST]
    pairs = list(combinations(small, 2))
    if not pairs or not table.seeds:
        return []
    everything = np.arange(len(table.scores))
    blocks, _ = as_columns(table.axes, everything)
    basis = span(np.hstack([np.ones((len(everything), 1)), *blocks]))
    residual = table.scores - basis @ (basis.T @ table.scores)
    spare = len(everything) - basis.shape[1]
    found = {pair: _strength(table, pair, residual, spare, on_grid) for pair in pairs}
    tested = {pair: joint for pair, joint in found.items() if joint is not None}
    corrected = dict(zip(tested, holm([j.p for j in tested.values()]), strict=True))
    ranked = sorted(tested, key=lambda pair: (tested[pair].p, -tested[pair].spread, pair))
    own = [pair for pair in pairs if {table.axes[i].key for i in pair} == set(OWN_PAIR)]
    order = [*own, *(pair for pair in (ranked or pairs) if pair not in own)][:SHOWN]
    return [_cells(table, pair, found[pair], corrected.get(pair)) for pair in order]


def _strength(
    table: AxisTable,
    pair: tuple[int, int],
    residual: Floats,
    spare: int,
    on_grid: Collection[int],
) -> Joint | None:
    one, other = (table.axes[i] for i in pair)
    rows = np.flatnonzero(one.has & other.has)
    if not len(rows):
        return None
    grid = all(i in on_grid for i in pair)
    left = spare - (len(residual) - len(rows))
    return joint_effect(residual[rows], one.codes[rows], other.codes[rows], spare=left, grid=grid)


def _cells(
    table: AxisTable, pair: tuple[int, int], joint: Joint | None, p_holm: float | None
) -> Interaction:
    rows, columns = (table.axes[i] for i in pair)
    means = table.scores.mean(axis=1)
    cells, counts = [], []
    for row in range(len(rows.labels)):
        inside = [
            means[(rows.codes == row) & (columns.codes == column)]
            for column in range(len(columns.labels))
        ]
        cells.append(tuple(float(x.mean()) if len(x) else None for x in inside))
        counts.append(tuple(len(x) for x in inside))
    return Interaction(
        rows=rows.name,
        columns=columns.name,
        row_levels=rows.labels,
        column_levels=columns.labels,
        cells=tuple(cells),
        counts=tuple(counts),
        spread=joint.spread if joint else None,
        p_holm=p_holm,
    )
