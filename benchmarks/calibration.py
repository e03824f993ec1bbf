"""What the report's statistics say of sweeps whose truth is known.

``python benchmarks/calibration.py --out benchmarks/results/calibration.md``

All that point 9 of the design asks for, in one run, the rivals beside: arms, arms that were sampled
and pruned, looks, plans, axes, importances. The first table has every limit and the worst row
against it. A number of 0 leaves a part out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from calibration_arms import arms_part, sweeps_part
from calibration_axes import axes_part
from calibration_importances import importances_part
from calibration_plans import plans_part
from looking_early import races_part
from result import read_command, table, write
from shares import ERRORS, Part, limits

TITLE = "Calibration: what the statistics say of sweeps whose truth is known"
NUMBERS = {
    "tables": 400,
    "sampled": 80,
    "races": 80,
    "plans": 400,
    "axes": 240,
    "searches": 80,
    "importances": 12,
}


def main() -> None:
    """Simulate, print, write."""
    args = read_command(__doc__, **NUMBERS)
    makers: dict[str, Callable[[], Part]] = {
        "tables": lambda: arms_part(args.tables),
        "sampled": lambda: sweeps_part(args.sampled),
        "races": lambda: races_part(args.races),
        "plans": lambda: plans_part(args.plans),
        "axes": lambda: axes_part(args.axes, args.searches),
        "importances": lambda: importances_part(args.importances),
    }
    began, parts = time.process_time(), []
    for name, make in makers.items():
        if getattr(args, name):
            parts.append(make())
            seconds = time.process_time() - began
            print(f"{name}: done after {seconds:.0f} s of CPU", file=sys.stderr)
            print(*table(limits(parts[-1:])), sep="\n", file=sys.stderr, flush=True)
    seconds = time.process_time() - began
    write([*_lines(parts), f"- CPU: {seconds:.0f} s, one process"], args.out)


def _lines(parts: list[Part]) -> list[str]:
    lines = [f"# {TITLE}", "", *table(limits(parts)), ""]
    lines += [
        "- every share stands with its Monte Carlo standard error; bold: beyond its limit by more "
        f"than {ERRORS:g} of these; of 40 rows exactly at a limit one is bold by chance"
    ]
    for part in parts:
        lines += ["", f"## {part.title}", "", *table(part.rows), ""]
        lines += [f"- {note}" for note in part.notes]
    return [*lines, "", "## To run it again", ""]


if __name__ == "__main__":
    main()
