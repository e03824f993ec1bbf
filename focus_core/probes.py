"""Certificates of a network: that it does not see the future, and that its filters are stable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from focus_core.model import SequenceModel
from focus_core.theta import recorded_radii


def causality_leak(net: SequenceModel, vocab_size: int, length: int, seed: int) -> float:
    """The largest change of a logit before a changed token, over the largest change anywhere.

    One token is changed at a time, at the ends of the sequence and at the edges of bins and
    chunks. About 1e-6 in float32 for a causal network (rounding); near 1 for a leaky one.

    Args:
        net: put into evaluation mode for the probe, and back.
        vocab_size: number of different tokens, 2 or more.
        length: tokens in a sequence, 2 or more.
        seed: of the random sequence.

    Returns:
        The ratio; 0 where no change of a token changes any logit.
    """
    device = next(net.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    tokens_L = torch.randint(vocab_size, (length,), generator=generator).to(device)
    positions = _positions(net, length)
    tokens_BL = tokens_L.repeat(1 + len(positions), 1)
    for row, position in enumerate(positions, start=1):
        tokens_BL[row, position] = (tokens_L[position] + 1) % vocab_size
    with _evaluation(net):
        logits = net(tokens_BL)
    change_BL = (logits[1:] - logits[:1]).abs().amax(dim=-1)
    before = [float(change_BL[row, :position].max()) for row, position in enumerate(positions)]
    largest = float(change_BL.max())
    return max(before) / largest if largest else 0.0


def pole_radii(net: SequenceModel, tokens_BL: Tensor) -> tuple[float, float] | None:
    """The largest and the median pole radius over layers, bins, channels and filters.

    Args:
        net: put into evaluation mode for the probe, and back.
        tokens_BL: a few sequences.

    Returns:
        (maximum, median), or None for a network without a filter bank.
    """
    with _evaluation(net), recorded_radii(net) as radii:
        net(tokens_BL)
    if not radii:
        return None
    together = torch.cat([radius.flatten() for radius in radii])
    return float(together.max()), float(together.median())


def _positions(net: SequenceModel, length: int) -> list[int]:
    R, M = net.config.bin_length, net.config.chunk_length
    wanted = {1, R - 1, R, R + 1, M - 1, M, M + 1, length // 2, length - 2, length - 1}
    return sorted(position for position in wanted if 1 <= position < length)


@contextmanager
def _evaluation(net: nn.Module) -> Iterator[None]:
    was_training = net.training
    net.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        net.train(was_training)
