"""The listeners of a launch: what shows a sweep to people while it runs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from focus_core.output import tell
from sweeps.commands.command_line import one_line
from sweeps.commands.doors import door
from sweeps.driving.events import Listener
from sweeps.planning.plan import Plan
from sweeps.record.errors import LeaseLostError
from sweeps.record.ledger import Ledger
from sweeps.showing.display import Display
from sweeps.showing.tracking import MlflowTracker
from sweeps.showing.tracking.messages import Settings
from sweeps.showing.tracking.own_process import TrackerProcess

MLFLOW_SECONDS = 60
"""MLflow may take so long for what is still queued when the sweep is over."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What a listener may need to know of the launch that it shows."""

    plan: Plan
    ledger: Ledger
    hung_up: Callable[[OSError], None]
    """Called when the terminal cannot be written to."""


@contextmanager
def mlflow(launch: Watched) -> Iterator[Listener]:
    """MLflow; at the end, a line says what MLflow missed."""
    ledger = launch.ledger
    tracker = _tracker(launch)
    try:
        yield tracker
    finally:
        if not isinstance(ledger.failure, LeaseLostError):
            summary = tracker.close(timeout=MLFLOW_SECONDS)
            missed = bool(summary.dropped or summary.last_error)
            # The ledger is asked again: where the lease is lost, MLflow refused these points.
            if missed and ledger.is_ours() and ledger.failure is None:
                tell(f"launch.py: {one_line(str(summary))}", error=True)
        elif isinstance(tracker, TrackerProcess):
            tracker.end()  # the runs are another launcher's


def _tracker(launch: Watched) -> MlflowTracker | TrackerProcess:
    """On Ray a process of its own; with ``--local`` a thread, as everything is in one process."""
    home, ledger = launch.plan.home, launch.ledger
    if launch.plan.local:
        return MlflowTracker(home.tracking_uri, home.artifacts, may_write=ledger.is_ours)
    assert ledger.held is not None
    settings = Settings(
        uri=home.tracking_uri,
        artifacts=home.artifacts,
        ledger_url=home.ledger_url,
        held=ledger.held,
        plugins=launch.plan.plugins,
    )
    return TrackerProcess(settings)


@contextmanager
def terminal(launch: Watched) -> Iterator[Listener]:
    """The terminal, or plain lines; at the end, the terminal is given back."""
    display = Display(places=_places(launch.plan), hung_up=launch.hung_up)
    try:
        yield display
    finally:
        display.close()


def _places(plan: Plan) -> dict[str, str]:
    """The commands with which a person looks at the sweep next."""
    home = [] if plan.home.folder == Path("runs").absolute() else ["--home", str(plan.home.folder)]
    name = plan.confirms or plan.name  # the confirmed sweep's report shows its confirmation
    where = shlex.join(["--sweep", name, *home])
    return {
        "report": f"{door('analysis/report.py')} {where}",
        "MLflow": f"python -m sweeps.ui {where}",
    }


LISTENERS: tuple[Callable[[Watched], AbstractContextManager[Listener]], ...] = (
    mlflow,
    terminal,
)
"""Each makes a listener for a launch, and closes it when no trial runs any more. The driver calls
them in this order; the last is closed first."""
