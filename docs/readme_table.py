"""Write README's table of speed from ``benchmarks/results``: ``python docs/readme_table.py``."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README, MEASURED = ROOT / "README.md", ROOT / "benchmarks/results/efficiency.md"
BEGIN = "<!-- Written by docs/readme_table.py from benchmarks/results/efficiency.md -->"
TABLE = re.compile(rf"{re.escape(BEGIN)}\n(?:\|.*\n)*")
TIMES = "## Milliseconds of a training step"
NAMES = {
    "base": "Focus",
    "coupled": "Focus, filters of each token (`coupled`)",
    "ema": "the same layer with a moving average (`ema`)",
    "mega": "Mega",
    "s4": "S4",
    "hyena": "Hyena",
    "flash_transformer": "Transformer, fused attention",
    "transformer": "Transformer, attention written out",
}


def written(measured: str) -> str:
    """README's table of what the benchmark says."""
    rows = _rows(measured.partition(f"{TIMES}\n\n")[2].partition("\n\n")[0])
    head, _, *body = [row[:-1] for row in rows]  # without the exponent
    times = {row[0]: row[1:] for row in body}
    lines = [["tokens", *head[1:]], ["---", *["---:"] * len(head[1:])]]
    lines += [[NAMES[system], *times[system]] for system in NAMES]
    return "\n".join([BEGIN, *(f"| {' | '.join(line)} |" for line in lines), ""])


def _rows(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines()]


def renewed(readme: str, measured: str) -> str:
    """README with the table of what the benchmark says.

    Raises:
        ValueError: README has not exactly one place for it.
    """
    found, count = TABLE.subn(lambda _: written(measured), readme)
    if count != 1:
        raise ValueError(f"{README} has {count} lines {BEGIN!r}: it must have one")
    return found


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(), MEASURED.read_text()))
