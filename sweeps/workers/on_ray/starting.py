"""Start Ray on this machine, or connect to a cluster, without Ray's files and handlers here."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sweeps.machine.temporary import OF_RAY, OF_WORKERS
from sweeps.workers.on_ray.privacy import keep_private

QUIET = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # JSON, CSV and TensorBoard files: not our record
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # our handler marks open trials, then stops Tune
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # a lost worker is in the ledger, not a page of text
    "TUNE_WARN_THRESHOLD_S": "60",
    # How many trials wait for a node is for ``HandsOut`` to say. Otherwise Tune keeps one waiting,
    # and an autoscaler adds one node at a time.
    "TUNE_MAX_PENDING_TRIALS_PG": "1000000",
    "TUNE_GLOBAL_CHECKPOINT_S": "inf",  # no snapshots: nobody reads them
    # A kill by Ray's memory monitor raises out of fit() and would end the whole sweep.
    "RAY_memory_monitor_refresh_ms": "0",
}


def start_ray(address: str | None, folder: Path) -> None:
    """Connect to the cluster at ``address``, or start Ray here, with its files in ``folder``."""
    os.environ.update({k: v for k, v in QUIET.items() if k not in os.environ})
    # Ray's own processes emit warnings. Where a warning is an error, they end, and so does the
    # raylet.
    os.environ.pop("PYTHONWARNINGS", None)
    if address is None:
        keep_private()
        # Ray ends this process when the GCS is gone for this long (Ray's default: 60 s). It helps
        # where the watchdog is stuck. It is not set for a cluster, whose GCS may come back.
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "25")
        # While Ray waits for the GCS to start (Ray's default: 30 s), no other thread of this
        # process runs.
        os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "20")
    import ray

    ours = {} if address else {"include_dashboard": False, "_temp_dir": str(folder / OF_RAY)}
    with _temporary_files_in(folder / OF_WORKERS), _own_signal_handlers():
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            **ours,
        )
    for name in ("ray", "ray.tune", "ray.data", "ray.train"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def leave_mlflow_out() -> None:
    """Import Ray's logger for MLflow without MLflow, unless this process has MLflow already.

    Tune imports that logger only to count its uses for Ray's usage statistics, which are off.
    MLflow would cost a second of CPU and 40 MB here.
    """
    modules: dict[str, Any] = sys.modules
    if "mlflow" in modules:
        return
    modules["mlflow"] = None  # its import raises ImportError, as where it is not installed
    try:
        with suppress(ImportError):
            importlib.import_module("ray.air.integrations.mlflow")
    finally:
        del modules["mlflow"]


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let processes started inside this block put their temporary files into ``folder``."""
    tempfile.gettempdir()  # cached: this process itself keeps its temporary folder
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["TMPDIR"]
        if before is not None:
            os.environ["TMPDIR"] = before


@contextmanager
def _own_signal_handlers() -> Iterator[None]:
    """Keep our SIGTERM handler while Ray starts: undo Ray's handlers and the alarm they set.

    Ray's Python handler raises SystemExit anywhere in this process, also later. Ray's C++ handler
    prints a stack, calls our handler, and sets an alarm that aborts this process three seconds
    after the signal.
    """
    from ray._private import utils

    before = utils.set_sigterm_handler
    utils.set_sigterm_handler = lambda _handler: None
    try:
        yield
    finally:
        utils.set_sigterm_handler = before
        # Install Python's handler again, in place of Ray's C++ handler.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        signal.alarm(0)
