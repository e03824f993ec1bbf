"""What runs in a worker: one trial, from plain data to flat reports."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from focus_core.config import from_flat
from sweeps.checkpoints import TrialCheckpoints

Send = Callable[[dict[str, float]], None]
FAILED = "failed"
ERROR = "error"


class TrialStopped(BaseException):
    """The driver wants no more of this trial. Not an Exception: no handler may swallow it."""


def train_trial(payload: dict[str, Any], send: Send) -> None:
    """Train the seeds of one trial.

    Args:
        payload: ``trial_id``, ``config`` (flat), ``seeds``, ``checkpoints`` (an address every
            worker reaches), ``threads``.
        send: takes each report.
    """
    import torch

    from focus_core.training import fit

    torch.set_num_threads(payload["threads"])
    store = TrialCheckpoints(payload["checkpoints"], payload["trial_id"], payload["seeds"])
    fit(from_flat(payload["config"]), payload["seeds"], send, checkpoints=store)


def describe_failure(error: Exception) -> tuple[str, str]:
    """One line for people, and the traceback."""
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0] if first else ''}", traceback.format_exc()


def ray_trainable(config: dict[str, Any]) -> None:
    """The function Ray Tune runs. A trial's own exception is a result, not a lost worker."""
    from ray import tune

    try:
        train_trial(config["payload"], lambda report: tune.report({"report": report}))
    except Exception as error:  # noqa: BLE001  whatever a trial raises fails that trial alone
        reason, text = describe_failure(error)
        tune.report({FAILED: reason, ERROR: text})
