"""What the terminal shows while a sweep runs: a live picture, or plain lines where it is none."""

from __future__ import annotations

import io
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from focus_core.output import Output
from sweeps.command_line import escaped, one_line
from sweeps.progress import Progress, short_name
from sweeps.schema import Report, Sweep, Trial

# Only the terminal's own colours, which its theme makes readable on light and on dark.
STYLES = {
    "waiting": "dim",
    "running": "cyan",
    "complete": "green",
    "pruned": "magenta",
    "failed": "bold red",
    "killed": "red",
}
FRAME_LINES = 9  # everything but the running trials


class Display:
    """A ``Listener`` for people.

    Args:
        console: where to write; default: stdout.
        places: what is where, shown at the foot: ``{"report": "runs/reports/nfft_bins"}``.
        clock: seconds, for pace and time left.
        hung_up: told when the terminal, where stdout is one, cannot be written to any more.
    """

    def __init__(
        self,
        console: Console | None = None,
        places: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        hung_up: Callable[[OSError], object] = lambda _: None,
    ) -> None:
        self._console = console or _console(hung_up)
        self._places = dict(places or {})
        self._progress = Progress(clock)
        self._lock = threading.Lock()
        self._live: Live | None = None

    def sweep_started(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        with self._lock:
            self._progress.start(sweep, trials, reports)
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self.render, refresh_per_second=2
            )
            self._live.start()
        else:
            self._line(f"{sweep.name}: {one_line(sweep.question)}", f"({self._tally()})")

    def trial_started(self, sweep: Sweep, trial: Trial) -> None:
        with self._lock:
            self._progress.update(sweep, trial)
        self._line(self._place(trial), "started", short_name(trial))

    def started_over(self, sweep: Sweep, trial: Trial) -> None:  # noqa: ARG002
        self._say(self._place(trial), trial.note or "")

    def reported(self, sweep: Sweep, trial: Trial, report: Report) -> None:
        with self._lock:
            self._progress.report(sweep, trial, report)

    def trial_ended(self, sweep: Sweep, trial: Trial) -> None:
        with self._lock:
            self._progress.update(sweep, trial)
        word = "to be retried" if trial.state == "waiting" else trial.state
        words = [self._place(trial), word, short_name(trial)]
        if trial.value is not None:
            words.append(f"value {trial.value:.4g} at step {trial.step}/{trial.steps}")
        words.append("" if trial.causal else "(leaky: not ranked)")
        words.append(f"({trial.reason})" if trial.reason else "")
        self._line(*words, f"[{self._tally()}]")

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        with self._lock:
            for trial in trials:
                self._progress.update(sweep, trial)
        best = self._progress.best()
        if best is not None:
            self._line(f"best {sweep.metric} {best.value:.4g}", short_name(best), best.trial_id)
        for name, place in self._places.items():
            self._line(f"{name}: {place}")
        self.close()

    def close(self) -> None:
        """Give the terminal back, leaving the last picture on it. May be called twice."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def snapshot(self, width: int = 100) -> str:
        """The present picture as an SVG that loads nothing from elsewhere."""
        console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
        console.print(self.render(), Text(""))  # the blank line keeps descenders inside
        title = self._progress.sweep.name if self._progress.sweep else ""
        return re.sub(r"@font-face \{.*?\}", "", console.export_svg(title=title), flags=re.DOTALL)

    def render(self) -> RenderableType:
        """The present picture. Called by the refreshing thread."""
        with self._lock:
            sweep = self._progress.sweep
            if sweep is None:
                return Text("")
            title = Text.assemble((escaped(sweep.name), "bold"), "  ", one_line(sweep.question))
            return Group(
                title, self._summary(), self._running(), *self._best(sweep), *self._footer()
            )

    def _summary(self) -> RenderableType:
        ended, planned = self._progress.ended(), self._progress.planned()
        counts = Text("  ").join(
            Text(f"{count} {state}", STYLES[state])
            for state, count in self._progress.counts().items()
            if count
        )
        table = Table.grid(padding=(0, 2))
        bar = _bar(ended, planned, width=24)
        table.add_row(bar, f"{ended}/{planned} trials", _pace(self._progress))
        return Group(table, counts)

    def _running(self) -> RenderableType:
        running = self._progress.running()
        shown = running[: max(3, self._console.height - FRAME_LINES)]
        table = Table.grid(padding=(0, 1), expand=True)
        for justify in ("right", "left", "left", "right", "right"):
            table.add_column(justify=justify, no_wrap=True, overflow="ellipsis")
        table.columns[1].ratio = 1
        for trial in shown:
            step, value = self._progress.last.get(trial.id, (trial.step, None))
            bar = _bar(step, trial.steps, width=16)
            number = Text(f"#{trial.number}", "dim")
            table.add_row(number, _name(trial), bar, f"{step}/{trial.steps}", _value(value))
        more = len(running) - len(shown)
        return Group(table, Text(f"and {more} more running", "dim")) if more else table

    def _best(self, sweep: Sweep) -> list[RenderableType]:
        best = self._progress.best()
        if best is None:
            return []
        value = (f"{best.value:.4g}", "bold green")
        name = escaped(f"  #{best.number} {short_name(best)}  ")
        metric, trial_id = escaped(sweep.metric), escaped(best.trial_id)
        return [Text.assemble(f"best {metric} ", value, name, (trial_id, "dim"))]

    def _footer(self) -> list[RenderableType]:
        return [
            Text.assemble((f"{n}: ", "dim"), escaped(place)) for n, place in self._places.items()
        ]

    def _place(self, trial: Trial) -> str:
        return f"#{trial.number} {trial.trial_id}"

    def _tally(self) -> str:
        counts = self._progress.counts()
        return ", ".join(f"{count} {state}" for state, count in counts.items() if count)

    def _line(self, *words: str) -> None:
        if not self._console.is_terminal:
            self._say(*words)

    def _say(self, *words: str) -> None:
        """A line that stays: above the picture, where there is one."""
        text = escaped(" ".join(word for word in words if word))
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _console(hung_up: Callable[[OSError], object]) -> Console:
    """On stdout. Whatever becomes of that, the sweep goes on: rich would end the program."""
    file = Output(sys.stdout, hung_up)
    # Not so a notebook, which says that it is a terminal, and cannot move a cursor.
    is_terminal = sys.stdout is sys.__stdout__ and file.isatty()
    return Console(file=cast("IO[str]", file), force_jupyter=False, force_terminal=is_terminal)


def _bar(done: int, total: int, width: int) -> ProgressBar:
    return ProgressBar(
        total=max(1, total),
        completed=done,
        width=width,
        style="dim",
        complete_style="cyan",
        finished_style="green",
    )


def _name(trial: Trial) -> Text:
    name = Text(escaped(short_name(trial)))
    return name if trial.causal else name.append(" leaky", "magenta")


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _pace(progress: Progress) -> str:
    pace, left = progress.trials_per_minute(), progress.seconds_left()
    words = [] if pace is None else [f"{pace:.1f} trials/min"]
    if left:
        words.append(f"about {duration(left)} left")
    return ", ".join(words)


def duration(seconds: float) -> str:
    """``75`` as ``1 min 15 s``; two units at most."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
