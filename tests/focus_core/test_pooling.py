"""Pooling windows, against loops over their definition."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from focus_core.systems.focus.ablations.pooling import pool

REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "max": lambda window: window.amax(dim=1),
    "avg": lambda window: window.mean(dim=1),
    "last": lambda window: window[:, -1],
    "lse": lambda window: torch.log(torch.exp(window).mean(dim=1)),
}


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("how", REDUCTIONS)
@pytest.mark.parametrize(
    ("bin_length", "windows"), [(8, 4), (8, 3), (5, 5), (7, 1), (1, 1), (5, 3)]
)
def test_pooling_windows(bin_length: int, windows: int, how: str) -> None:
    bins = 3
    x = draw(2, bins * bin_length, 6)
    pooled = pool(x, bins, bin_length, windows, how)
    assert pooled.shape == (2, bins, 6, windows)
    for n in range(bins):
        for o in range(windows):
            start = n * bin_length + o * bin_length // windows
            stop = n * bin_length + math.ceil((o + 1) * bin_length / windows)
            torch.testing.assert_close(pooled[:, n, :, o], REDUCTIONS[how](x[:, start:stop]))


@pytest.mark.parametrize("how", REDUCTIONS)
def test_windows_without_a_token_are_zero(how: str) -> None:
    pooled = pool(draw(1, 10, 6), 2, 8, 4, how)  # tokens 8 and 9 fill one window of the second bin
    assert (pooled[:, 1, :, 1:] == 0).all()
    assert (pooled[:, 1, :, 0] != 0).all()


@pytest.mark.parametrize("how", REDUCTIONS)
def test_gradients(how: str) -> None:
    x = draw(1, 12, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pool(x, 2, 6, 4, how), (x,))


def test_large_numbers_do_not_overflow() -> None:
    x = 1000 * draw(1, 12, 2)
    pooled = pool(x, 2, 6, 3, "lse")
    assert torch.isfinite(pooled).all()
    assert (pooled <= pool(x, 2, 6, 3, "max")).all()
    assert (pooled >= pool(x, 2, 6, 3, "avg")).all()
