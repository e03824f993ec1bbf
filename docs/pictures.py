"""Make the README's pictures from a sweep that was run: ``python docs/pictures.py [HOME]``.

The terminal is the program's own display, fed with the ledger's rows up to the middle of the sweep;
the report is the page itself in headless Chromium, which must be installed.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from sweeps.record.ledger import Ledger
from sweeps.showing.display import Display

DOCS = Path(__file__).parent
SWEEP = "nfft_bins"
SHOWN = 0.55  # of the sweep's time
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


def terminal(home: Path) -> None:
    """Replay the sweep through the display, and stop in the middle."""
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep(SWEEP)
    assert sweep is not None
    trials = ledger.trials(sweep)
    reports = ledger.reports(trials)
    ledger.close()
    moments = [(t.started, "started", t, None) for t in trials]
    moments += [(r.at, "reported", t, r) for t in trials for r in reports[t.id]]
    moments += [(t.finished, "ended", t, None) for t in trials]
    moments.sort(key=lambda moment: moment[0])
    begin, end = moments[0][0], moments[-1][0]
    now = [0.0]
    final = {t.id: (t.state, t.step, t.value) for t in trials}
    for trial in trials:
        trial.state, trial.step, trial.value = "waiting", 0, None
    places = {"report": "python analysis/report.py", "MLflow": "make ui"}
    display = Display(Console(file=io.StringIO()), places, clock=lambda: now[0])
    display.sweep_started(sweep, trials, {})
    for at, kind, trial, report in moments:
        now[0] = (at - begin).total_seconds()
        if now[0] > SHOWN * (end - begin).total_seconds():
            break
        if kind == "started":
            trial.state = "running"
            display.trial_started(sweep, trial)
        elif kind == "reported":
            display.reported(sweep, trial, report)
        else:
            trial.state, trial.step, trial.value = final[trial.id]
            display.trial_ended(sweep, trial)
    (DOCS / "terminal.svg").write_text(display.snapshot(width=96))


def report(home: Path) -> None:
    """Photograph the top of the page."""
    page = home / "reports" / SWEEP / "index.html"
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                *CHROMIUM,
                f"--user-data-dir={profile}",
                f"--screenshot={DOCS / 'report.png'}",
                "--window-size=1280,1150",
                page.absolute().as_uri(),
            ],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs")
    terminal(folder)
    report(folder)
