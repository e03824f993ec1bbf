"""The code of a worker: it trains one trial, given as plain data, and sends flat reports."""

from __future__ import annotations

import errno
import os
import socket
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from focus_core.config import TrialConfig, from_flat
from focus_core.errors import UserError
from focus_core.outside.loading import plugged
from focus_core.outside.plugin import Plugin
from focus_core.tools.needed_data import check_data
from sweeps.driving.assignment import DATA
from sweeps.provenance.code_identity import trial_code
from sweeps.record.attempts import Place
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.workers.checkpoints import CheckpointError, TrialCheckpoints

if TYPE_CHECKING:
    from focus_core.training.network import SequenceModel

Send = Callable[[dict[str, float]], None]
Say = Callable[[str], None]
Began = Callable[[Place, int | None], None]

OF_THE_MACHINE = {
    *(errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE),  # its disks
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENODEV, errno.ENXIO),
    *(errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH),
}


class OtherCodeError(Exception):
    """The worker's focus_core is not the sweep's, so the numbers could not be compared."""


class UnfitHostError(Exception):
    """The worker's host lacks what the trial needs: a GPU, data, or the checkpoints' folder."""


class TrialStopped(BaseException):
    """The driver wants no more of this trial. Not an Exception: no handler may swallow it."""


def train_trial(
    payload: dict[str, Any],
    send: Send,
    say: Say = lambda _: None,
    began: Began = lambda *_: None,
) -> None:
    """Train the seeds of one trial.

    Args:
        payload: see ``Assignment.payload``.
        send: takes each report.
        say: takes one line when a checkpoint was found but training does not continue from it.
        began: takes where this process is, and the step of the checkpoint; see ``Driver.began``.

    Raises:
        OtherCodeError: this process has another focus_core than the sweep.
        UnfitHostError: this host lacks what the trial needs.
    """
    try:
        plugins = ExitStack()
        plugins.enter_context(plugged([Plugin.from_data(each) for each in payload["plugins"]]))
    except UserError as error:
        raise UnfitHostError(f"{socket.gethostname()}: {error}") from None
    with plugins:
        _train(payload, send, say, began)


def _train(payload: dict[str, Any], send: Send, say: Say, began: Began) -> None:
    import torch

    from focus_core.training.loop import fit

    here = trial_code(payload["config"])
    if here != payload["code"]:
        raise OtherCodeError(
            f"focus_core is {here} here and {payload['code']} in the sweep: it was edited "
            "meanwhile, or is another one on this machine"
        )
    trial = from_flat(payload["config"])
    place = check_host(trial, payload)
    torch.set_num_threads(payload["threads"])
    names = ("code", "token", "handed", "reported")
    store = TrialCheckpoints(
        payload["checkpoints"],
        payload["trial_id"],
        payload["seeds"],
        **{name: payload[name] for name in names},
        say=say,
        loaded=lambda step: began(place, step),
    )
    store.clear_leftovers()
    fit(
        trial,
        payload["seeds"],
        send,
        checkpoints=store,
        checkpoint_seconds=payload["checkpoint_seconds"],
        say=say,
        measure=lambda net: costs(net, trial),
    )


def check_host(trial: TrialConfig, payload: Mapping[str, Any]) -> Place:
    """Where this process is, if it has what the trial needs.

    Raises:
        UnfitHostError: torch finds no GPU although the trial was given one, or data or the folder
            of the checkpoints are missing.
    """
    import torch

    host, has_gpu = socket.gethostname(), torch.cuda.is_available()
    if payload["gpus"] and not has_gpu:
        raise UnfitHostError(
            f"{host}: the trial was given a GPU, but torch {torch.__version__} finds none that it "
            "can use: install the torch that fits the GPU's driver, or --gpus-per-trial 0"
        )
    if payload["shared"] and not SweepFolder(payload["checkpoints"]).is_marked:
        raise UnfitHostError(
            f"{host} does not see the checkpoints in {payload['checkpoints']}: FOCUS_CHECKPOINTS "
            "must name a place that every host reaches"
        )
    if payload["data"]:
        os.environ.setdefault(DATA, payload["data"])
    try:
        check_data(trial.task)
    except UserError as error:
        raise UnfitHostError(f"{host}: {error}") from None
    device = torch.cuda.get_device_name() if has_gpu else "cpu"
    version = str(torch.__version__)  # torch's own type would make the driver import torch
    return Place(host=host, device=device, torch=version)


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


OUTSIDE_ERRORS = (
    OtherCodeError,
    UnfitHostError,
    CheckpointError,
    ConnectionError,
    TimeoutError,
)


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
    if isinstance(error, OUTSIDE_ERRORS):
        return True
    return isinstance(error, OSError) and error.errno in OF_THE_MACHINE
