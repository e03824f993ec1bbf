"""Attention against a masked softmax written out, and the rival EMA against its recurrence."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from focus_core.layers.attention import causal_attention, chunked_attention, rotate, to_bins
from focus_core.layers.ema import DampedEMA
from focus_core.training.start import init_weights
from tests.focus_core.arrays import Bools, Floats
from tests.narrowing import known


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def turned(x_LZ: Tensor, positions: NDArray[np.int64]) -> Floats:
    """Rotary positions with complex numbers, one step after another."""
    Z = x_LZ.shape[-1]
    rows = []
    for row, t in zip(x_LZ.numpy(), positions, strict=True):
        pairs = (row[0::2] + 1j * row[1::2]) * np.exp(1j * t * 10000 ** (-np.arange(0, Z, 2) / Z))
        rows.append(np.stack((pairs.real, pairs.imag), axis=-1).flatten())
    return np.stack(rows)


def masked_softmax(q: Floats, k: Floats, v: Tensor, mask: Bools) -> Floats:
    scores = np.where(mask, q @ k.T / math.sqrt(q.shape[-1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)) @ v.numpy())


@pytest.mark.parametrize("chunk", [1, 3, 4, 12, 20])
def test_chunked_attention_is_full_attention_with_a_block_mask(chunk: int) -> None:
    L = 12
    q, k, v = draw(2, L, 4), draw(2, L, 4, seed=1), draw(2, L, 6, seed=2)
    steps = np.arange(L)
    mask = (steps[:, None] >= steps) & (steps[:, None] // chunk == steps // chunk)
    y = chunked_attention(q, k, v, chunk)
    for b in range(2):
        expected = masked_softmax(
            turned(q[b], steps % chunk), turned(k[b], steps % chunk), v[b], mask
        )
        np.testing.assert_allclose(y[b], expected, atol=1e-12)


def test_causal_attention_of_several_heads() -> None:
    q, k, v = (draw(2, 3, 9, 4, seed=s) for s in range(3))
    steps = np.arange(9)
    y = causal_attention(q, k, v)
    for b, h in np.ndindex(2, 3):
        expected = masked_softmax(
            turned(q[b, h], steps), turned(k[b, h], steps), v[b, h], steps[:, None] >= steps
        )
        np.testing.assert_allclose(y[b, h], expected, atol=1e-12)


def test_rotation_knows_only_distances() -> None:
    q, k = draw(1, 4), draw(1, 4, seed=1)
    scores = rotate(q.expand(10, 4)) @ rotate(k.expand(10, 4)).T
    torch.testing.assert_close(scores[3:, 3:], scores[:-3, :-3])
    assert not torch.allclose(scores[0], scores[0, 0].expand(10))


def test_a_length_is_filled_up_at_its_end() -> None:
    bins = to_bins(torch.ones(2, 7, 3), 4)
    assert bins.shape == (2, 2, 4, 3)
    assert bins.flatten(1, 2)[:, 7:].abs().max() == 0
    assert bins.sum() == 2 * 7 * 3


def test_ema_is_megas_recurrence() -> None:
    ema = DampedEMA(3, 4)
    init_weights(ema, 0)
    ema = ema.double()
    x = draw(1, 30, 3)
    delta, alpha, beta, gamma, omega = (p.detach().numpy() for p in ema.parameters())
    keep = 1 / (1 + np.exp(-delta))
    decay = 1 - keep / (1 + np.exp(-alpha))
    state, rows = np.zeros((3, 4)), []
    for x_D in x[0].numpy():
        state = keep * beta * x_D[:, None] + decay * state
        y = (gamma * state).sum(axis=1) / 2 + omega * x_D
        rows.append(y / (1 + np.exp(-y)))
    np.testing.assert_allclose(ema(x, None)[0].detach(), rows, atol=1e-12)


def test_an_average_that_forgets_at_once_is_still_a_number() -> None:
    """Saturated, q is 0 in float32: the kernel is its first tap, as the step has it."""
    ema = DampedEMA(3, 2)
    init_weights(ema, 0)
    with torch.no_grad():
        ema.delta_DS.fill_(30)
        ema.alpha_DS.fill_(30)
    x = draw(1, 5, 3).float()
    y = ema(x, None)
    y.sum().backward()
    assert all(torch.isfinite(known(parameter.grad)).all() for parameter in ema.parameters())
    state = ema.initial_state(1)
    for t in range(5):
        one, state = ema.step(x[:, t], None, state)
        torch.testing.assert_close(y[:, t], one)
