"""Writes all files of a study's report: the contents of ``reports/NAME``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.findings import Findings
from analysis.page.as_markdown import markdown
from analysis.page.assemble import Page, render
from analysis.page.files import as_csv, as_latex
from analysis.page.heading import head
from analysis.page.pictures import draw_all
from analysis.page.runs import mlflow_runs
from analysis.page.summary import as_json, summary
from analysis.sections import cards
from analysis.sections.card import Card
from analysis.sections.digits import Format, study_format
from sweeps.provenance.sources.recorded import has_patch

CHANGES = "changes.diff"
"""A patch for ``git apply``: the changes that were not committed when the sweep began."""
IN_PAPERS = "comparisons"
"""The card whose first table is also written as LaTeX."""
DOWNLOADS = {
    "summary.json": "everything the page says, as data",
    "report.md": "the page as Markdown",
    "trials.parquet": "one row a trial",
    "curves.parquet": "everything that was reported",
    "comparisons.tex": "the comparisons for a paper (booktabs)",
    CHANGES: "the changes that were not committed",
}


@dataclass(frozen=True, kw_only=True)
class Written:
    """A report that was written.

    Attributes:
        cards: the cards in the order of reading.
        scores: how scores are printed.
    """

    cards: Sequence[Card]
    scores: Format


def write(
    folder: Path, findings: Findings, trials: pa.Table, *, refresh: int | None = None
) -> Written:
    """Write the report into an empty folder.

    Args:
        folder: the empty folder.
        findings: the study's findings.
        trials: the rows of ``trials.parquet``.
        refresh: seconds after which a browser reloads the page; None for never.
    """
    study = findings.study
    found, scores, above = cards(findings), study_format(study), head(findings)
    pq.write_table(trials, folder / "trials.parquet")
    pq.write_table(study.curves, folder / "curves.parquet")
    _put(folder / "summary.json", as_json(summary(study, found)))
    _put(folder / "report.md", markdown(above, found, scores))
    _tables(folder, found, scores)
    if has_patch(study.about["diff"]):
        (folder / CHANGES).write_bytes(study.about["diff"].encode())
    page = Page(
        head=above,
        cards=found,
        pictures=draw_all(found, folder / "figures"),
        scores=scores,
        runs=mlflow_runs(study.about),
        downloads=[(what, name) for name, what in DOWNLOADS.items() if (folder / name).exists()],
        refresh=refresh,
    )
    _put(folder / "index.html", render(page))
    return Written(cards=found, scores=scores)


def _tables(folder: Path, found: Sequence[Card], scores: Format) -> None:
    (folder / "tables").mkdir()
    for card in found:
        for table in card.tables:
            _put(folder / "tables" / f"{table.name}.csv", as_csv(table))
        if card.name == IN_PAPERS and card.tables:
            _put(folder / "comparisons.tex", as_latex(card.tables[0], scores))


def _put(path: Path, text: Any) -> None:
    """Write the text as UTF-8; a character that UTF-8 cannot encode becomes an escape."""
    path.write_bytes(str(text).encode("utf-8", "backslashreplace"))
