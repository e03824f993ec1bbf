"""Open MLflow on the comparison of a sweep's trials: ``python -m sweeps.ui``.

The sweep's newest report is put into MLflow first, because people look there.
"""

from __future__ import annotations

import signal
import socket
import sys
import urllib.parse
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import CommandLine, answer, escaped, one_line, whole
from sweeps.commands.doors import door
from sweeps.commands.reasons import first_line
from sweeps.commands.redact import hide_secrets
from sweeps.driving.own_process import SIGNALS
from sweeps.planning.destinations import check_schema, check_tracking
from sweeps.record.home import find_home, private_files
from sweeps.showing.mlflow_server import HOST, serving
from sweeps.showing.tracking.finding import Run, all_experiments, tagged_runs
from sweeps.showing.tracking.moved_homes import check_place, place_of
from sweeps.showing.tracking.reports import attach_report
from sweeps.showing.tracking.run_fields import CREATED_TAG, KIND_TAG, PARENT_TAG, SWEEP_TAG
from sweeps.showing.tracking.views import (
    VIEW_TAG,
    report_url,
    search_url,
    trials_filter,
    view_key,
    view_url,
)

NAME = "sweeps.ui"


@dataclass(frozen=True)
class Pages:
    """The addresses of a sweep's pages."""

    trials: str
    report: str | None
    """None: there is no report, or it could not be put into MLflow."""


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine(
        "python -m sweeps.ui", "Open MLflow on the comparison of a sweep's trials; Ctrl-C stops it."
    )
    parser.add_argument("--home", help="where the sweep is kept (default: FOCUS_HOME, or runs/)")
    parser.add_argument("--sweep", help="the sweep's name (default: the latest)")
    parser.add_argument("--port", type=whole, default=5000, help="default: 5000")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    with _interrupted_once():
        return answer(NAME, lambda: _open(words))


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """The first signal interrupts; later signals are ignored while the command ends."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open(argv: list[str]) -> int:
    try:
        return _show_sweep(argv)
    except KeyboardInterrupt:
        return 0


def _show_sweep(argv: list[str]) -> int:
    args = build_parser().read(argv)
    home = find_home(args.home)
    uri = home.tracking_uri
    check_database(uri)
    if is_server(uri):
        found = find_pages(uri, args.sweep, without_credentials(uri), home.reports)
        _show(found, browser=not args.no_browser)
        return 0
    check_port(args.port)
    with private_files():
        found = find_pages(uri, args.sweep, f"http://{HOST}:{args.port}", home.reports)
    return serve(uri, found, browser=not args.no_browser)


def serve(uri: str, pages: Pages, *, browser: bool) -> int:
    """Run MLflow's server until interrupted, and show ``pages`` once it answers.

    Raises:
        UserError: the server does not start.
    """
    with serving(uri, urllib.parse.urlsplit(pages.trials).port or 0) as server:
        _show(pages, browser=browser)
        tell("Ctrl-C stops it")
        server.wait()
    return 1  # the server ended by itself


def is_server(uri: str) -> bool:
    """Whether a tracking URI names a server that runs already."""
    return uri.startswith(("http:", "https:"))


def without_credentials(uri: str) -> str:
    """``uri`` without user, password and query: a browser and the screen may show it."""
    parts = urllib.parse.urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def check_database(uri: str) -> None:
    """Raise a UserError when MLflow's database is missing or of another MLflow version.

    MLflow itself would make an empty database, or upgrade the old one.
    """
    path = check_tracking(uri, "MLFLOW_TRACKING_URI")
    check_schema(uri, "MLFLOW_TRACKING_URI")
    if path is not None and not (path.is_file() and path.stat().st_size):
        raise UserError(
            f"no MLflow database at {path}: launch a sweep first "
            f"({door('sweeps/launch.py')} --space nfft_bins), or name its --home"
        )


def check_port(port: int) -> None:
    """Raise a UserError when nothing can listen on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise UserError(
                f"cannot listen on port {port} of {HOST}: choose a free one with --port"
            ) from None


def find_pages(uri: str, sweep: str | None, base: str, reports: Path) -> Pages:
    """The addresses of a sweep's pages in MLflow; the sweep's newest report is put there first.

    Args:
        uri: MLflow's tracking URI.
        sweep: the sweep's name; None: the sweep made last.
        base: where the UI answers, such as ``http://127.0.0.1:5000``.
        reports: the folder of the home's reports, with one folder for each sweep.

    Raises:
        UserError: MLflow has no such sweep, or no trial of the sweep.
    """
    from sweeps.showing.tracking import connect

    client = _ask(uri, lambda: connect(uri))
    parent, experiments = _ask(uri, lambda: _find_sweep(client, sweep))
    name, created = parent.tags[SWEEP_TAG], parent.tags.get(CREATED_TAG, "")
    trials = tagged_runs(client, experiments, PARENT_TAG, parent.id, deleted=False)
    if _ask(uri, lambda: next(trials, None)) is None:
        raise UserError(f"no trial of sweep {name!r} has started yet")
    key = view_key(name, created)
    experiment = _ask(uri, lambda: client.get_experiment(parent.experiment))
    try:
        check_place(experiment.artifact_location, place_of(uri, reports.parent / "artifacts"))
        attached = attach_report(client, parent, reports / name)
    except Exception as error:  # noqa: BLE001  the pages work without the report
        tell(
            f"{NAME}: the report could not be put there: {one_line(first_line(error))}", error=True
        )
        attached = False
    return Pages(
        trials=view_url(base, parent.experiment, key)
        if f"{VIEW_TAG}{key}" in experiment.tags
        else search_url(base, parent.experiment, trials_filter(name, created)),
        report=report_url(base, parent.experiment, parent.id) if attached else None,
    )


def _ask(uri: str, question: Callable[[], Any]) -> Any:
    """MLflow's answer to ``question``; an exception becomes a UserError of one line."""
    try:
        return question()
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"MLflow at {hide_secrets(uri)} does not answer as it should "
            f"({first_line(error)}): see MLFLOW_TRACKING_URI or --home"
        ) from error


def _find_sweep(client: Any, name: str | None) -> tuple[Run, list[str]]:
    """The sweep's run, and the ids of all experiments: an experiment may have any name."""
    ids = [each.experiment_id for each in all_experiments(client, deleted=True)]
    sweeps = list(tagged_runs(client, ids, KIND_TAG, "sweep", deleted=True))
    if not sweeps:
        raise UserError("MLflow has no sweep yet: launch one first")
    named = [run for run in sweeps if name in (None, run.tags.get(SWEEP_TAG))]
    if not named:
        names = sorted({run.tags.get(SWEEP_TAG, "") for run in sweeps if not run.is_deleted})
        raise UserError(f"MLflow has no sweep {name!r}: it has {', '.join(names)}")
    found = [run for run in named if not run.is_deleted]
    if not found:
        what = "every sweep" if name is None else f"sweep {name!r}"
        raise UserError(
            f"{what} was deleted in MLflow: launch it again, or run sweeps/audit.py --repair"
        )
    return max(found, key=lambda run: run.started), ids


def _show(pages: Pages, *, browser: bool) -> None:
    tell(escaped(pages.trials))
    if pages.report is not None:
        tell(f"report: {escaped(pages.report)}")
    if browser:
        webbrowser.open(pages.trials)


if __name__ == "__main__":
    code = main()
    for number in SIGNALS:  # no signal may disturb the end
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)
