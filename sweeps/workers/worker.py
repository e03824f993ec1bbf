"""The code of a worker: it trains one trial, given as plain data, and sends flat reports."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from focus_core.config import TrialConfig, from_flat
from sweeps.provenance.code_identity import trial_code
from sweeps.workers.checkpoints import CheckpointError, TrialCheckpoints

if TYPE_CHECKING:
    from focus_core.training.network import SequenceModel

Send = Callable[[dict[str, float]], None]
Say = Callable[[str], None]
NOTE = "note"
"""In a result: why a worker does not continue from the checkpoint that it found."""
FAILED = "failed"
ERROR = "error"
OUTSIDE = "outside"
"""In a failed trial's result: whether the trial's surroundings failed (such as a disk)."""

OF_THE_MACHINE = {
    *(errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE),  # its disks
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENODEV, errno.ENXIO),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH),
}


class OtherCodeError(Exception):
    """The worker's focus_core is not the sweep's, so the numbers could not be compared."""


class TrialStopped(BaseException):
    """The driver wants no more of this trial. Not an Exception: no handler may swallow it."""


def train_trial(payload: dict[str, Any], send: Send, say: Say = lambda _: None) -> None:
    """Train the seeds of one trial.

    Args:
        payload: see ``Assignment.payload``.
        send: takes each report.
        say: takes one line when a checkpoint was found but training does not continue from it.

    Raises:
        OtherCodeError: this process has another focus_core than the sweep.
    """
    import torch

    from focus_core.training.loop import fit

    here = trial_code(payload["config"])
    if here != payload["code"]:
        raise OtherCodeError(
            f"focus_core is {here} here and {payload['code']} in the sweep: it was edited "
            "meanwhile, or is another one on this machine"
        )
    torch.set_num_threads(payload["threads"])
    names = ("code", "token", "handed", "reported")
    store = TrialCheckpoints(
        payload["checkpoints"],
        payload["trial_id"],
        payload["seeds"],
        **{name: payload[name] for name in names},
        say=say,
    )
    trial = from_flat(payload["config"])
    fit(
        trial,
        payload["seeds"],
        send,
        checkpoints=store,
        checkpoint_seconds=payload["checkpoint_seconds"],
        say=say,
        measure=lambda net: costs(net, trial),
    )


def costs(net: SequenceModel, trial: TrialConfig) -> dict[str, float]:
    """FLOPs per token of a forward pass, and bytes that a decoder keeps at a sequence's end.

    The result is empty where the cost of a part of the network is not written down.
    """
    from focus_core.layers.module_cost import NoRowError
    from focus_core.tools.cost import cost_of

    try:
        found = cost_of(net, trial.task.length, trial.train.batch_size)
    except NoRowError:
        return {}
    return {"flops_per_token": found.forward + found.unseen, "decoder_bytes": found.state_bytes}


def describe_failure(error: Exception) -> tuple[str, str]:
    """One line for people, and the traceback."""
    lines = str(error).strip().splitlines()
    kind = "out of memory" if is_out_of_memory(error) else type(error).__name__
    return f"{kind}: {lines[0] if lines else ''}", traceback.format_exc()


def is_out_of_memory(error: Exception) -> bool:
    """Whether the memory of this machine or of the device is used up."""
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError)


def is_outside(error: Exception) -> bool:
    """Whether the trial's surroundings failed: the next trial would fail there too.

    A file that is missing, or that the trial may not read, is the trial's own fault.
    """
    if isinstance(error, OtherCodeError | CheckpointError | ConnectionError | TimeoutError):
        return True
    return isinstance(error, OSError) and error.errno in OF_THE_MACHINE


def ray_trainable(config: dict[str, Any], credentials: Mapping[str, str] | None = None) -> None:
    """The function that Ray Tune runs. A trial's exception is a result, not a lost worker."""
    from ray import tune

    os.environ.update(credentials or {})
    failure = _train_guarded(config["payload"], tune.report)
    if failure is not None:
        _free_device()  # for the next trial of this process
        tune.report(failure)


def _train_guarded(
    payload: dict[str, Any], report: Callable[[dict[str, Any]], None]
) -> dict[str, Any] | None:
    """Train under the guard. Returns a result that says how the trial failed, or None."""
    from sweeps.workers.guard import guarding

    try:
        with guarding(payload) as guard:

            def send(found: dict[str, float]) -> None:
                with guard.paused():
                    report({"report": found})

            def say(note: str) -> None:
                with guard.paused():
                    report({NOTE: note})

            train_trial(payload, send, say)
    except Exception as error:  # noqa: BLE001  whatever a trial raises fails that trial alone
        reason, text = describe_failure(error)
        return {FAILED: reason, ERROR: text, OUTSIDE: is_outside(error)}
    return None


def _free_device() -> None:
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
