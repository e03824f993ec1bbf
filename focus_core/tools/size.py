"""The number of parameters of a trial's network, and the feed-forward width that gives a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from focus_core.config import TrialConfig
from focus_core.tasks.base import Task
from focus_core.training.network import SequenceModel

FFN_WIDTH = "model.ffn_width"


def parameters(trial: TrialConfig, task: Task) -> int:
    """The number of parameters; the network is built without memory for its weights.

    Args:
        trial: the config.
        task: the data of ``trial.task``, for any seed.
    """
    with torch.device("meta"), _WithoutInitialValues():
        net = SequenceModel(
            trial.resolved_model(),
            vocab_size=task.vocab_size,
            num_outputs=task.num_outputs,
            max_length=trial.task.length,
            readout=task.readout,
            channels=task.channels,
        )
    return sum(p.numel() for p in net.parameters())


def matching_width(trial: TrialConfig, task: Task, wanted: int) -> int | None:
    """The feed-forward width whose number of parameters is nearest to ``wanted``.

    Of two widths that are equally near, this is the smaller. Two networks are enough: the number
    of parameters is linear in the width.

    Args:
        trial: the config; its own feed-forward width does not matter.
        task: the data of ``trial.task``, for any seed.
        wanted: the number of parameters.

    Returns:
        None for a network without feed-forward networks.
    """
    if not trial.model.feed_forward:
        return None
    one, two = (parameters(trial.override({FFN_WIDTH: width}), task) for width in (1, 2))
    lower = max(1, 1 + (wanted - one) // (two - one))
    return min(lower, lower + 1, key=lambda w: abs(one + (w - 1) * (two - one) - wanted))


class _WithoutInitialValues(TorchFunctionMode):
    """Leaves out ``torch.nn.init``: on the meta device it imports torch's compiler, for seconds."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        named = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return named["tensor"] if "tensor" in named else args[0]
        return func(*args, **named)
