"""The picture of a running sweep: its parts and their places in the terminal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweeps.commands.command_line import counted, escaped, one_line
from sweeps.record.schema import Trial
from sweeps.showing.pace import duration, span
from sweeps.showing.progress import Progress, score_name, short_name
from sweeps.showing.sparkline import sparkline

# Only the terminal's own colours, which its theme makes readable on light and on dark.
STYLES = {
    "waiting": "dim",
    "running": "cyan",
    "complete": "green",
    "pruned": "magenta",
    "failed": "bold red",
    "killed": "red",
}
FRAME_LINES = 10  # everything but the running trials and the alarms
MOST_ALARMS = 3
BESIDE_NAME = 56  # columns for everything but the name in a running trial's line
NARROW = 80  # columns; a narrower terminal has no room for bars


def draw(progress: Progress, places: Mapping[str, str], console: Console) -> RenderableType:
    """The current picture.

    Args:
        progress: what is known of the sweep.
        places: where to look next, shown at the foot.
        console: the terminal; it knows its size, and whether it can show more than ASCII.
    """
    sweep = progress.sweep
    if sweep is None:
        return Text("")
    title = Text.assemble((escaped(sweep.name), "bold"), "  ", one_line(sweep.question))
    warnings = list(alarm_lines(progress))
    return Group(
        _cut(title),
        *_summary(progress),
        _running(progress, console, max(3, console.height - FRAME_LINES - len(warnings))),
        *(_cut(Text(line, "bold red")) for line in warnings),
        *(_cut(line) for line in _best(progress)),
        *(Text.assemble((f"{name}: ", "dim"), escaped(place)) for name, place in places.items()),
    )


def best_words(progress: Progress) -> tuple[str, str] | None:
    """The best score, and the median of all scores beside it; None while no trial is best.

    ``("best validation accuracy 0.75", "(median of 5 trials 0.43)")``
    """
    best, sweep = progress.best(), progress.sweep
    if best is None or sweep is None:
        return None
    values = progress.ranked_values()
    middle = statistics.median(values)
    beside = f"(median of {counted(len(values), 'trial')} {middle:.4g})" if len(values) > 1 else ""
    return f"best {score_name(sweep)} {best.value:.4g}", beside


def alarm_lines(progress: Progress) -> Iterator[str]:
    """One line for each trial that a person should look at, the newest trials first."""
    found = []
    for trial in sorted(progress.trials.values(), key=lambda trial: -trial.number):
        suspect = [*progress.alarms.get(trial.id, {}).values()]
        if trial.retries and trial.state in ("waiting", "running"):
            suspect.append(f"{counted(trial.retries, 'worker')} lost, tried again")
        if suspect:
            name = f"#{trial.number} {short_name(trial)}"
            found.append(escaped(f"alarm {name}: {'; '.join(suspect)}"))
    yield from found[:MOST_ALARMS]
    if len(found) > MOST_ALARMS:
        yield f"and alarms in {counted(len(found) - MOST_ALARMS, 'more trial')}"


def _summary(progress: Progress) -> Iterator[RenderableType]:
    ended, planned = progress.ended(), progress.planned()
    table = Table.grid(padding=(0, 2))
    table.add_row(_bar(ended, planned, width=16), f"{ended}/{planned} trials", _time(progress))
    yield table
    yield Text("  ").join(
        Text(f"{count} {state}", STYLES[state])
        for state, count in progress.counts().items()
        if count
    )


def _time(progress: Progress) -> str:
    words, left = [duration(progress.seconds())], progress.remaining()
    if left is not None:
        words.append(span(left))
    return ", ".join(words)


def _running(progress: Progress, console: Console, most: int) -> RenderableType:
    running = progress.running()
    shown, narrow = running[:most], console.width < NARROW
    low, high = _ends(progress, shown)
    table = Table.grid(padding=(0, 1), expand=True)
    for justify in ("right", "left", "left", "right", "right", "right")[narrow:]:
        table.add_column(justify=justify, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    table.columns[1].ratio = 1
    longest = max((_name(progress, trial).cell_len for trial in shown), default=0)
    table.width = min(console.width, longest + BESIDE_NAME)  # the curve stands next to the name
    for trial in shown:
        step, curve = progress.step(trial), progress.curves.get(trial.id, {})
        values = [curve[at] for at in sorted(curve)]
        last = next((value for value in reversed(values) if value is not None), None)
        ascii_only = console.options.ascii_only
        line = sparkline(values, low, high, width=8 if narrow else 12, ascii_only=ascii_only)
        cells: list[RenderableType] = [Text(f"#{trial.number}", "dim"), _name(progress, trial)]
        cells += [Text(line, "cyan"), f"{step}/{trial.steps}", _value(last)]
        if not narrow:
            cells.insert(3, _bar(step, trial.steps, width=12))
        table.add_row(*cells)
    more = len(running) - len(shown)
    return Group(table, Text(f"and {more} more running", "dim")) if more else table


def _ends(progress: Progress, trials: list[Trial]) -> tuple[float, float]:
    """The lowest and highest score that is drawn: all curves have one scale."""
    found = [
        value
        for trial in trials
        for value in progress.curves.get(trial.id, {}).values()
        if value is not None and math.isfinite(value)
    ]
    return min(found, default=0.0), max(found, default=1.0)


def _best(progress: Progress) -> list[Text]:
    best, words = progress.best(), best_words(progress)
    if best is None or words is None:
        return []
    first = Text(escaped(words[0]), "bold green")
    return [
        first.append(escaped(f"  #{best.number} {short_name(best)}"), "default"),
        Text(f"  {words[1]} {best.trial_id}".rstrip(), "dim"),
    ]


def _cut(text: Text) -> Text:
    """Make ``text`` one line: the terminal cuts what does not fit."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _bar(done: int, total: int, width: int) -> ProgressBar:
    return ProgressBar(
        total=max(1, total),
        completed=done,
        width=width,
        style="dim",
        complete_style="cyan",
        finished_style="green",
    )


def _name(progress: Progress, trial: Trial) -> Text:
    name = Text(escaped(short_name(trial)))
    return name.append(" leaky", "magenta") if progress.is_leaky(trial) else name


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
