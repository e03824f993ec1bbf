"""Every realisation against an implementation that is not ours: scipy's, or plain numpy's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import signal
from torch import Tensor

from focus_core.systems.focus.ablations.coefficients import to_coefficients
from focus_core.systems.focus.ablations.realisations import REALISATIONS, filter_bins
from tests.focus_core.arrays import Complexes, Floats

ORDERS = [1, 2, 3, 4, 6, 8]
B, N, R, D, F = 2, 3, 5, 2, 2
OneBin = Callable[[Floats, Complexes], Floats]
"""One bin of the input, (R,), and the bank's response, (nfft,), to the output, (R,)."""


def draw(
    order: int, *, bin_length: int = R, bins: int = N, filters: int = F, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Input x_BNRD, stable coefficients a_BNDFP and gains, float64."""
    generator = torch.Generator().manual_seed(seed)
    options: dict[str, Any] = {"generator": generator, "dtype": torch.float64}
    x = torch.randn(B, bins, bin_length, D, **options)
    s = 0.7 * torch.randn(B, bins, D, filters, order, **options)
    gain = torch.rand(B, bins, D, filters, **options) + 0.5
    return x, to_coefficients(s, "lattice"), gain


def by_lfilter(x: Tensor, a: Tensor, gain: Tensor, *, carry: bool) -> Floats:
    """The sum over F of scipy's lfilter, bin by bin; past outputs set the state under carry."""
    x_, a_, gain_ = x.numpy(), a.numpy(), gain.numpy()
    y = np.zeros_like(x_)
    batch, bins, _, width = x.shape
    for b, d, f in np.ndindex(batch, width, a.shape[3]):
        past: list[float] = []  # latest first
        for n in range(bins):
            numerator, denominator = [gain_[b, n, d, f]], [1.0, *a_[b, n, d, f]]
            state = signal.lfiltic(numerator, denominator, past if carry else [])
            out, _ = signal.lfilter(numerator, denominator, x_[b, n, :, d], zi=state)
            past = [*out[::-1], *past]
            y[b, n, :, d] += out
    return y


def relative_error(y: Tensor, expected: Floats) -> float:
    return float(np.abs(y.numpy() - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_recurrence_is_lfilter(order: int, carry: bool) -> None:
    x, a, gain = draw(order)
    y = filter_bins(x, a, gain, realisation="recurrence", carry=carry)
    assert relative_error(y, by_lfilter(x, a, gain, carry=carry)) < 1e-12


@pytest.mark.parametrize("order", ORDERS)
def test_bins_of_one_token_with_carry(order: int) -> None:
    x, a, gain = draw(order, bin_length=1, bins=12)
    y = filter_bins(x, a, gain, realisation="recurrence", carry=True)
    assert relative_error(y, by_lfilter(x, a, gain, carry=True)) < 1e-12


@pytest.mark.parametrize("order", ORDERS)
def test_carry_of_one_filter_is_one_long_lfilter(order: int) -> None:
    x, a, _ = draw(order, filters=1)
    a = a[:, :1].expand_as(a)
    y = filter_bins(x, a, realisation="recurrence", carry=True)
    for b, d in np.ndindex(B, D):
        long = signal.lfilter([1.0], [1.0, *a[b, 0, d, 0].tolist()], x[b, :, :, d].flatten())
        np.testing.assert_allclose(y[b, :, :, d].flatten(), long, rtol=0, atol=1e-12)


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("order", [4, 6])
def test_a_cascade_is_lfilter_of_the_product(order: int, carry: bool) -> None:
    x, _, gain = draw(order, filters=1)
    generator = torch.Generator().manual_seed(1)
    s = torch.randn(1, 1, D, 1, order, generator=generator, dtype=torch.float64)
    a = to_coefficients(s, "cascade").expand(B, N, D, 1, order)
    gain = gain[:, :1].expand(B, N, D, 1)
    y = filter_bins(x, a, gain, realisation="recurrence", carry=carry, section=2)
    product = a.clone()
    for d in range(D):
        A = np.ones(1)
        for i in range(0, order, 2):
            A = np.convolve(A, [1.0, *a[0, 0, d, 0, i : i + 2].tolist()])
        product[:, :, d, 0] = torch.tensor(A[1:])
    assert relative_error(y, by_lfilter(x, product, gain, carry=carry)) < 1e-11
    if not carry:
        sampled = filter_bins(x, a, gain, realisation="sampled", nfft=20000, section=2)
        assert relative_error(sampled, y.numpy()) < 1e-9
        direct = filter_bins(x, a, gain, realisation="recurrence")  # control: not in series
        assert relative_error(direct, y.numpy()) > 1e-3


def test_negative_control_reset_is_not_carry() -> None:
    x, a, gain = draw(2)
    y = filter_bins(x, a, gain, realisation="recurrence")
    assert relative_error(y, by_lfilter(x, a, gain, carry=True)) > 1e-2


def test_float32_is_near_float64() -> None:
    x, a, gain = draw(2, bin_length=64)
    y = filter_bins(x.float(), a.float(), gain.float(), realisation="recurrence", carry=True)
    assert y.dtype == torch.float32
    assert relative_error(y, by_lfilter(x, a, gain, carry=True)) < 1e-5


def response(a_row: Floats, gain: float, nfft: int) -> Complexes:
    """Eq. 5 at nfft points of the circle."""
    turns = np.arange(nfft) / nfft
    lags = np.arange(1, len(a_row) + 1)
    return np.asarray(gain / (1 + np.exp(-2j * np.pi * np.outer(turns, lags)) @ a_row))


def by_numpy(x: Tensor, a: Tensor, gain: Tensor, nfft: int, one_bin: OneBin) -> Floats:
    """One bin after another: ``one_bin(x_R, H)`` with the bank's summed response."""
    x_, a_, gain_ = x.numpy(), a.numpy(), gain.numpy()
    y = np.zeros_like(x_)
    for b, n, d in np.ndindex(x.shape[0], x.shape[1], x.shape[3]):
        bank = [response(a_[b, n, d, f], gain_[b, n, d, f], nfft) for f in range(a.shape[3])]
        y[b, n, :, d] = one_bin(x_[b, n, :, d], np.sum(bank, axis=0))
    return y


@pytest.mark.parametrize("nfft", [5, 8, 10, 21])
@pytest.mark.parametrize("order", ORDERS)
def test_sampled_convolves_with_the_sampled_taps(order: int, nfft: int) -> None:
    def one_bin(x_R: Floats, H: Complexes) -> Floats:
        taps = np.fft.ifft(H).real[: len(x_R)]
        return np.convolve(x_R, taps)[: len(x_R)]

    x, a, gain = draw(order)
    y = filter_bins(x, a, gain, realisation="sampled", nfft=nfft)
    assert relative_error(y, by_numpy(x, a, gain, nfft, one_bin)) < 1e-12


@pytest.mark.parametrize("nfft", [5, 8, 10, 21])
@pytest.mark.parametrize("order", ORDERS)
def test_literal_is_the_papers_equations(order: int, nfft: int) -> None:
    def one_bin(x_R: Floats, H: Complexes) -> Floats:
        X = np.fft.fft(x_R, nfft)  # Eq. 4
        return np.fft.ifft(X * np.conj(H)).real[: len(x_R)]  # Eq. 6, 8

    x, a, gain = draw(order)
    y = filter_bins(x, a, gain, realisation="literal", nfft=nfft)
    assert relative_error(y, by_numpy(x, a, gain, nfft, one_bin)) < 1e-12


@pytest.mark.parametrize("nfft", [5, 8, 10, 21])
def test_circular_is_the_product_without_the_conjugate(nfft: int) -> None:
    def one_bin(x_R: Floats, H: Complexes) -> Floats:
        return np.fft.ifft(np.fft.fft(x_R, nfft) * H).real[: len(x_R)]

    x, a, gain = draw(2)
    y = filter_bins(x, a, gain, realisation="circular", nfft=nfft)
    assert relative_error(y, by_numpy(x, a, gain, nfft, one_bin)) < 1e-12


def test_circular_comes_to_the_recurrence_as_points_are_added() -> None:
    x, a, gain = draw(2)
    exact = filter_bins(x, a, gain, realisation="recurrence").numpy()
    near = filter_bins(x, a, gain, realisation="circular", nfft=2000)
    assert relative_error(near, exact) < 1e-12


def test_sampled_comes_to_the_recurrence_as_points_are_added() -> None:
    x, a, gain = draw(2)
    exact = filter_bins(x, a, gain, realisation="recurrence").numpy()
    errors = [
        relative_error(filter_bins(x, a, gain, realisation="sampled", nfft=nfft), exact)
        for nfft in (5, 10, 40, 2000)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 1e-3
    assert errors[-1] < 1e-12


def test_two_bins_of_points_are_the_default() -> None:
    x, a, gain = draw(2)
    torch.testing.assert_close(
        filter_bins(x, a, gain, realisation="sampled"),
        filter_bins(x, a, gain, realisation="sampled", nfft=2 * R),
    )


@pytest.mark.parametrize(
    "how",
    [
        {"realisation": "recurrence"},
        {"realisation": "recurrence", "carry": True},
        {"realisation": "sampled", "nfft": 7},
        {"realisation": "literal", "nfft": 7},
    ],
    ids=lambda how: "-".join(map(str, how.values())),
)
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("bin_length", [1, 4])
def test_gradients(how: dict[str, Any], order: int, bin_length: int) -> None:
    x, a, gain = (t[:1].clone() for t in draw(order, bin_length=bin_length))
    inputs = tuple(t.requires_grad_() for t in (x, a, gain))
    assert torch.autograd.gradcheck(lambda x, a, gain: filter_bins(x, a, gain, **how), inputs)


def test_gradients_of_filters_shared_over_batch_and_bins() -> None:
    x, a, _ = draw(2)
    a = a[:1, :1].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda a: filter_bins(x, a, realisation="recurrence"), (a,))


def test_nothing_given_is_changed() -> None:
    x, a, gain = draw(2)
    before = [t.clone() for t in (x, a, gain)]
    for realisation in REALISATIONS:
        filter_bins(x, a, gain, realisation=realisation)
    assert all(torch.equal(t, was) for t, was in zip((x, a, gain), before, strict=True))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"realisation": "fft"}, "unknown realisation 'fft'"),
        ({"realisation": "sampled", "nfft": R - 1}, f"nfft = {R - 1} is shorter than the bin"),
        ({"realisation": "literal", "nfft": R - 1}, f"nfft = {R - 1} is shorter than the bin"),
        ({"realisation": "sampled", "carry": True}, "carry needs realisation='recurrence'"),
    ],
)
def test_errors_say_what_would_be_right(how: dict[str, Any], message: str) -> None:
    x, a, gain = draw(2)
    with pytest.raises(ValueError, match=message):
        filter_bins(x, a, gain, **how)
