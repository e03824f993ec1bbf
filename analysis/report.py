"""``python analysis/report.py [--sweep NAME] [--home DIR]``: a sweep's report, from the ledger."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.folders import replace_folder
from analysis.reading.ledger import SweepData, read_sweep
from sweeps.command_line import CommandLine, answer, escaped, home_folder, tell
from sweeps.sources.words import has_patch

NAME = "report.py"
TRIALS = "trials"
CHANGES = "changes.diff"
"""What ``git apply`` takes: what was not committed when the sweep began."""


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine(NAME, "Write a sweep's report from the ledger.")
    parser.add_argument("--sweep", metavar="NAME", help="default: the one last worked on")
    parser.add_argument("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and say where it is; 0 done, 2 nothing to report on or nowhere to write."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _report(words))


def _report(argv: list[str]) -> int:
    options = build_parser().read(argv)
    home = home_folder(options.home)
    data = read_sweep(home, options.sweep)
    folder = home / "reports" / folder_name(data.about["name"])
    said = replace_folder(folder, lambda fresh: _fill(fresh, data))
    for line in [*said, f"Report: {folder / 'index.html'}"]:
        tell(escaped(line))
    return 0


def folder_name(sweep: str) -> str:
    """The sweep's name where it is fit for a folder, else one like it with a hash behind.

    ``trials`` is not: the pages of single trials are there.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", sweep).strip(".")
    if plain and plain == sweep != TRIALS:
        return plain
    return f"{plain[:60]}-{hashlib.sha256(sweep.encode()).hexdigest()[:6]}"


def _fill(folder: Path, data: SweepData) -> list[str]:
    import pyarrow.parquet as pq

    from analysis.answer import short_table
    from analysis.gallery import draw_all
    from analysis.page import render
    from analysis.summary import summarise

    pq.write_table(data.trials, folder / "trials.parquet")
    pq.write_table(data.curves, folder / "curves.parquet")
    summary = summarise(data)
    text = json.dumps(summary, indent=2, sort_keys=True, allow_nan=False) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
    if has_patch(data.about["diff"]):
        (folder / CHANGES).write_bytes(data.about["diff"].encode())
    pictures = draw_all(summary, data.curves, folder / "figures")
    (folder / "index.html").write_text(render(summary, pictures), encoding="utf-8")
    return [*summary["answer"], "", *short_table(summary), ""]


if __name__ == "__main__":
    sys.exit(main())
