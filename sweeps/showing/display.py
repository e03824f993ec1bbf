"""What a person sees while a sweep runs: a live picture in a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, cast

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from focus_core.output import Output
from sweeps.commands.command_line import escaped, one_line
from sweeps.driving.events import Listener
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.picture import best_words, draw
from sweeps.showing.progress import Progress, short_name


class Display(Listener):
    """A ``Listener`` for people.

    Args:
        console: where to write; default: stdout.
        places: where to look next, shown at the foot: ``{"report": "python analysis/report.py"}``.
        clock: returns seconds, for the pace and the time left.
        hung_up: called when stdout is a terminal that cannot be written to any more.
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
        self._alarmed: set[tuple[int, str]] = set()

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
            suspect = dict(self._progress.alarms[trial.id])
        for kind, alarm in suspect.items():  # once: its numbers change in every report
            if (trial.id, kind) not in self._alarmed:
                self._alarmed.add((trial.id, kind))
                self._line(self._place(trial), f"alarm: {alarm}")

    def trial_ended(self, sweep: Sweep, trial: Trial) -> None:
        with self._lock:
            self._progress.update(sweep, trial)
        word = "to be retried" if trial.state == "waiting" else trial.state
        words = [self._place(trial), word, short_name(trial)]
        if trial.value is not None:
            words.append(f"value {trial.value:.4g} at step {trial.step}/{trial.steps}")
        words.append("(leaky: not ranked)" if self._progress.is_leaky(trial) else "")
        words.append(f"({trial.reason})" if trial.reason else "")
        self._line(*words, f"[{self._tally()}]")

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        with self._lock:
            for trial in trials:
                self._progress.update(sweep, trial)
        best, words = self._progress.best(), best_words(self._progress)
        if best is not None and words is not None:
            self._line(words[0], short_name(best), best.trial_id, words[1])
        for name, place in self._places.items():
            self._line(f"{name}: {place}")
        self.close()

    def close(self) -> None:
        """Give the terminal back, leaving the last picture on it. May be called twice."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def snapshot(self, width: int = 100) -> str:
        """The current picture as an SVG that loads nothing from elsewhere."""
        console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
        console.print(self.render(), Text(""))  # the blank line keeps descenders inside
        title = self._progress.sweep.name if self._progress.sweep else ""
        return re.sub(r"@font-face \{.*?\}", "", console.export_svg(title=title), flags=re.DOTALL)

    def render(self) -> RenderableType:
        """The current picture; the thread that refreshes the terminal calls this."""
        with self._lock:
            return draw(self._progress, self._places, self._console)

    def _place(self, trial: Trial) -> str:
        return f"#{trial.number} {trial.trial_id}"

    def _tally(self) -> str:
        counts = self._progress.counts()
        return ", ".join(f"{count} {state}" for state, count in counts.items() if count)

    def _line(self, *words: str) -> None:
        if not self._console.is_terminal:
            self._say(*words)

    def _say(self, *words: str) -> None:
        """Print a line that stays: above the picture, where there is a picture."""
        text = escaped(" ".join(word for word in words if word))
        if self._console.is_terminal:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:  # rich takes half a millisecond for a plain line
            print(text, file=self._console.file, flush=True)


def _console(hung_up: Callable[[OSError], object]) -> Console:
    """A console on stdout that never raises: rich would end the program when stdout is lost."""
    file = Output(sys.stdout, hung_up)
    # A notebook claims to be a terminal but cannot move a cursor: it does not count as one.
    is_terminal = sys.stdout is sys.__stdout__ and file.isatty()
    return Console(file=cast("IO[str]", file), force_jupyter=False, force_terminal=is_terminal)
