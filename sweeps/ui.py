"""Open MLflow on the comparison of a sweep's trials: ``python -m sweeps.ui``."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from collections.abc import Callable, Sequence
from typing import IO, Any

from focus_core.output import tell
from sweeps.addresses import sqlite_url
from sweeps.command_line import CommandLine, UsageError, answer, home_folder, whole
from sweeps.places import check_tracking
from sweeps.redact import hide_secrets
from sweeps.tracking.moves import follow_home
from sweeps.tracking.rows import KIND_TAG, SWEEP_TAG

HOST = "127.0.0.1"
START_SECONDS = 90.0
MAX_COMPARED = 100  # the page asks for each run by itself
NAME = "sweeps.ui"


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
    return answer(NAME, lambda: _open(words))


def _open(argv: list[str]) -> int:
    args = build_parser().read(argv)
    home = home_folder(args.home)
    uri = os.environ.get("MLFLOW_TRACKING_URI") or sqlite_url(home / "mlflow.db")
    check_database(uri)
    if is_server(uri):
        url = compare_url(uri, args.sweep, base=without_credentials(uri))
        _show(url, browser=not args.no_browser)
        return 0
    check_port(args.port)
    follow_home(uri, home / "artifacts")
    base = f"http://{HOST}:{args.port}"
    try:
        return serve(uri, compare_url(uri, args.sweep, base), browser=not args.no_browser)
    except KeyboardInterrupt:
        return 0


def is_server(uri: str) -> bool:
    """Whether a tracking URI names a server that runs already."""
    return uri.startswith(("http:", "https:"))


def without_credentials(uri: str) -> str:
    """An address that a browser, and the screen, may be given."""
    parts = urllib.parse.urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def check_database(uri: str) -> None:
    """Raise a UsageError when no MLflow database is there; MLflow would make an empty one."""
    path = check_tracking(uri, "MLFLOW_TRACKING_URI")
    if path is not None and not (path.is_file() and path.stat().st_size):
        raise UsageError(
            f"no MLflow database at {path}: launch a sweep first "
            "(python sweeps/launch.py --space nfft_bins), or name its --home"
        )


def check_port(port: int) -> None:
    """Raise a UsageError when nothing can listen on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise UsageError(
                f"cannot listen on port {port} of {HOST}: choose a free one with --port"
            ) from None


def compare_url(uri: str, sweep: str | None, base: str) -> str:
    """The address of the page that compares a sweep's trials.

    Args:
        uri: MLflow's tracking URI.
        sweep: its name; None: the sweep made last.
        base: where the UI answers, such as ``http://127.0.0.1:5000``.

    Raises:
        UsageError: MLflow has no such sweep, or none of its trials.
    """
    from sweeps.tracking import connect

    client = _ask(uri, lambda: connect(uri))
    parent = _ask(uri, lambda: _find_sweep(client, sweep))
    child = f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"
    experiments = [parent.info.experiment_id]
    runs = list(client.search_runs(experiments, child, order_by=["attributes.start_time ASC"]))
    if not runs:
        raise UsageError(f"no trial of sweep {parent.info.run_name!r} has started yet")
    # Stable: complete ones first, and those in the order of asking.
    runs.sort(key=lambda run: run.info.status != "FINISHED")
    ids = [run.info.run_id for run in runs[:MAX_COMPARED]]
    lists = {"runs": ids, "experiments": experiments}
    query = urllib.parse.urlencode(
        {key: json.dumps(value, separators=(",", ":")) for key, value in lists.items()}
    )
    return f"{base.rstrip('/')}/#/compare-runs?{query}"


def _ask(uri: str, question: Callable[[], Any]) -> Any:
    """What MLflow answers; what it raises instead, in one line."""
    try:
        return question()
    except UsageError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or ["no message"]
        raise UsageError(
            f"MLflow at {hide_secrets(uri)} does not answer as it should "
            f"({type(error).__name__}: {lines[0][:200]}): see MLFLOW_TRACKING_URI or --home"
        ) from error


def _find_sweep(client: Any, name: str | None) -> Any:
    experiments = [
        experiment.experiment_id
        for experiment in client.search_experiments(filter_string="name LIKE 'focus-sweeps/%'")
    ]
    if not experiments:
        raise UsageError("MLflow has no sweep yet: launch one first")
    sweeps = client.search_runs(
        experiments, f"tags.`{KIND_TAG}` = 'sweep'", order_by=["attributes.start_time DESC"]
    )
    found = [run for run in sweeps if name is None or run.data.tags.get(SWEEP_TAG) == name]
    if not found:
        names = sorted({run.data.tags.get(SWEEP_TAG, "") for run in sweeps})
        raise UsageError(f"MLflow has no sweep {name!r}: it has {', '.join(names)}")
    return found[0]


def serve(uri: str, url: str, *, browser: bool) -> int:
    """Run MLflow's server until interrupted, and show ``url`` once it answers.

    Raises:
        UsageError: the server does not start.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = urllib.parse.urlsplit(url)
    with tempfile.TemporaryFile("w+") as log:
        server = _start(uri, parts.port or 0, log)
        try:
            _wait_until_it_answers(f"{parts.scheme}://{parts.netloc}/health", server, log)
            _show(url, browser=browser)
            tell("Ctrl-C stops it")
            server.wait()
        finally:
            _stop(server)
            signal.signal(signal.SIGTERM, before)
    return 1  # it ended by itself


def _start(uri: str, port: int, log: IO[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlflow", "server", "--no-serve-artifacts"]
    command += ["--host", HOST, "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    quiet["MLFLOW_BACKEND_STORE_URI"] = uri  # not as a flag: everybody may read those
    # A session of its own: Ctrl-C reaches us alone, and we end it with everything it started.
    return subprocess.Popen(
        command,
        env=os.environ | quiet,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], log: IO[str]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with direct.open(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    log.seek(0)
    said = [line.strip() for line in log if line.strip()]
    raise UsageError(f"MLflow's server did not start: {said[-1] if said else 'it said nothing'}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, kind)
            server.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _show(url: str, *, browser: bool) -> None:
    tell(url)
    if browser:
        webbrowser.open(url)


if __name__ == "__main__":
    sys.exit(main())
