"""A benchmark's result as people read it: a Markdown table, and what it takes to measure it again.

Printed, and written where ``--out FILE`` says.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sweeps.provenance.launch_origin import commit, hardware, versions
from sweeps.provenance.sources.recorded import in_words


def read_command(what: str | None, **defaults: int | str) -> argparse.Namespace:
    """The command line: ``--out FILE``, and a number or a word for each of ``defaults``."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the result there, too")
    for name, value in defaults.items():
        parser.add_argument(
            f"--{name}", type=type(value), default=value, help=f"default: {value or None}"
        )
    return parser.parse_args()


def publish(
    title: str, rows: Sequence[Mapping[str, object]], notes: Sequence[str], out: Path | None
) -> None:
    """Print the result; write it to ``out`` as well.

    Args:
        title: what was measured.
        rows: of the table, all with the same keys.
        notes: how to read it, a line each.
        out: the file.
    """
    write([f"# {title}", "", *table(rows), "", *(f"- {note}" for note in notes)], out)


def write(lines: Sequence[str], out: Path | None) -> None:
    """Print a result, and what it takes to measure it again; write both to ``out`` as well."""
    words = ["python", *_without_out(sys.argv)]
    facts = {
        "command": f"`{shlex.join(words)}`",
        "commit": in_words(**commit()),
        "hardware": ", ".join(f"{k} {v}" for k, v in hardware().items()),
        "load": ", ".join(f"{load:.1f}" for load in os.getloadavg()) + " (1, 5, 15 minutes)",
        "versions": ", ".join(f"{k} {v}" for k, v in versions().items()),
    }
    text = "\n".join([*lines, *(f"- {key}: {words}" for key, words in facts.items())]) + "\n"
    print(text, end="")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text)


def table(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """The lines of a Markdown table."""
    heads = list(rows[0])
    body = [[str(row[head]) for head in heads] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *body)]


def _without_out(words: Sequence[str]) -> list[str]:
    if "--out" not in words:
        return list(words)
    at = list(words).index("--out")
    return [*words[:at], *words[at + 2 :]]
