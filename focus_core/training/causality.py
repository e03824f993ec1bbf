"""A probe that measures whether a network sees the future."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor

from focus_core.layers.evaluation import evaluation
from focus_core.training.network import SequenceModel

PROBE_TOKENS = 2**16
"""Tokens in one batch of a probe. The limit bounds memory and changes no number."""
USUAL_EDGE = 16
"""The edge to probe if a system names no edge of its own."""
LEAST_CHANGE = 1e-10
"""As a fraction of the largest logit. A smaller change is too close to float64 rounding."""


def causality_leak(net: SequenceModel, vocab_size: int | None, length: int, seed: int) -> float:
    """The largest change of a logit before a changed token, over the largest change anywhere.

    The probe changes one token at a time: at both ends and the middle of the sequence, and at the
    edges of bins and chunks. It computes a copy of the network in float64: where tokens change the
    logits little, float32 rounding can be a hundredth of the largest change. The ratio is below
    1e-4 for a causal network (mostly 1e-14) and near 1 for a leaky one. The probe compares the
    logits of every position, before any mean over time.

    Args:
        net: the network to probe; it is not changed.
        vocab_size: number of different tokens, 2 or more; None for a network of real numbers.
        length: tokens in a sequence, 2 or more.
        seed: seed of the random sequence.

    Returns:
        The ratio; 0 if no change of a token changes any logit, NaN if a logit is NaN.
    """
    exact = copy.deepcopy(net).double()
    device = next(exact.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    inputs_L = _random_inputs(net, vocab_size, length, generator).to(device)
    positions = _positions(net, length)
    before: list[Tensor] = []
    anywhere: list[Tensor] = []
    for some in _parts(positions, max(1, PROBE_TOKENS // length - 1)):
        inputs_BL = torch.stack([inputs_L] * (1 + len(some)))
        for row, position in enumerate(some, start=1):
            inputs_BL[row, position] = _another(inputs_L[position], vocab_size)
        with evaluation(exact):
            logits = exact.each_position(inputs_BL)
        change_BL = (logits[1:] - logits[:1]).abs().amax(dim=-1)
        before += [change_BL[row, :position].max() for row, position in enumerate(some)]
        anywhere += [change_BL.max(), LEAST_CHANGE * logits.abs().max()]
    largest = float(torch.stack(anywhere).max())  # torch's maximum keeps a NaN, Python's does not
    return float(torch.stack(before).max()) / largest if largest else 0.0


def _random_inputs(
    net: SequenceModel, vocab_size: int | None, length: int, generator: torch.Generator
) -> Tensor:
    """A sequence of tokens (L,), or of real numbers (L, channels)."""
    if vocab_size is None:
        channels = net.embedding.weight.shape[1]
        return torch.randn((length, channels), generator=generator, dtype=torch.float64)
    return torch.randint(vocab_size, (length,), generator=generator)


def _another(value: Tensor, vocab_size: int | None) -> Tensor:
    """An input that differs from ``value``."""
    return value + 1 if vocab_size is None else (value + 1) % vocab_size


def _parts(positions: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


def _positions(net: SequenceModel, length: int) -> list[int]:
    edges = net.config.edges() or (USUAL_EDGE,)
    beside = {edge + by for edge in edges for by in (-1, 0, 1)}
    wanted = beside | {1, length // 2, length - 2, length - 1}
    return sorted(position for position in wanted if 1 <= position < length)
