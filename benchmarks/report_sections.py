"""Seconds of each part of a report: ``python benchmarks/report_sections.py [--out FILE]``.

Reading, the study, every section's card and every figure in turn, in one process; a result that
several sections share is counted where it is asked for first. ``--trials`` says how many a
generated sweep has; ``--home DIR`` takes the latest sweep of a home in its place.
"""

from __future__ import annotations

import importlib
import pkgutil
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from result import publish, read_command
from synthetic_ledger import write_sweep


def main() -> None:
    """Measure and print."""
    args = read_command(__doc__, trials=1000, home="")
    with tempfile.TemporaryDirectory(prefix="focus-scale-") as folder:
        if not args.home:
            write_sweep(Path(folder), args.trials)
        rows = list(parts(Path(args.home or folder)))
    total = sum(float(row["CPU, s"]) for row in rows)
    notes = [f"{total:.1f} s of CPU in all; figures in the light theme, as SVG alone"]
    publish("Seconds of each part of a report", rows, notes, args.out)


def parts(home: Path) -> Iterator[dict[str, Any]]:
    """One row a part, in the order in which a report is made."""
    from analysis.findings import Findings
    from analysis.reading.ledger import read_sweep
    from analysis.reading.study import study

    data, row = timed("reading", lambda: read_sweep(home, None))
    yield row
    found, row = timed("study", lambda: study(data))
    yield row
    findings = Findings(found)
    for name, make in sections():
        card, row = timed(name, partial(make, findings))
        yield row
        for figure in card.figures if card else ():
            _, row = timed(f"{name}: figure {figure.name}", partial(drawn, figure))
            yield row


def sections() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Every module of ``analysis.sections`` that has a card, in their order on the page."""
    package = importlib.import_module("analysis.sections")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    order = list(getattr(package, "SECTIONS", ()))
    names.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    for name in names:
        make = getattr(importlib.import_module(f"analysis.sections.{name}"), "card", None)
        if callable(make):
            yield name, make


def drawn(figure: Any) -> None:
    """Draw a figure in the light theme and save it as a page embeds it."""
    import io

    figure.draw("light").savefig(io.BytesIO(), format="svg")


def timed(part: str, work: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """What ``work`` returns, and its row."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    row = {"part": part, "wall, s": f"{time.perf_counter() - wall:.2f}"}
    row |= {"CPU, s": f"{time.process_time() - cpu:.2f}", "peak memory so far, MB": f"{peak:.0f}"}
    return result, row


if __name__ == "__main__":
    main()
