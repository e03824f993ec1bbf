"""The mode in which a network is scored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluation(net: nn.Module) -> Iterator[None]:
    """Turn off dropout and gradients in this context; restore the network's mode afterwards."""
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        net.train(was_training)
