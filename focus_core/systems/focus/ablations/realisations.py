"""Other ways to run a bank of filters: with gains, in series, carried over bins, or by an FFT.

B batch, N bins, R bin length, D channels, F filters, P order, K frequencies.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from focus_core.layers.convolution import convolve
from focus_core.systems.focus.ablations.few_taps import convolve_bins, sums_tap_by_tap
from focus_core.systems.focus.filters import Rows, recur_in_bins, sum_of_bank
from focus_core.systems.focus.recurrence import recur

REALISATIONS = ("recurrence", "sampled", "literal", "circular")


def filter_bins(
    x_BNRD: Tensor,
    a_BNDFP: Tensor,
    gain_BNDF: Tensor | None = None,
    *,
    realisation: str,
    nfft: int | None = None,
    carry: bool = False,
    section: int | None = None,
) -> Tensor:
    """The sum over F of gain * x / A, where A(z) = 1 + a_1 z^-1 + ... + a_P z^-P (Eq. 4-8).

    Args:
        x_BNRD: the input, cut into bins.
        a_BNDFP: coefficients of each bin's filters.
        gain_BNDF: gains of the filters; None is 1.
        realisation: ``"recurrence"`` (y[t] = gain x[t] - sum_p a_p y[t-p]: exact and causal),
            ``"sampled"`` (1/A sampled at ``nfft`` points, cut to R taps, linear convolution:
            causal; few points alias in time), ``"literal"`` (the paper's FFT product with the
            conjugate: anti-causal and circular) or ``"circular"`` (that product without the
            conjugate: a response longer than ``nfft`` points wraps to the bin's start).
        nfft: number of points, R or more, for all but ``"recurrence"``; default 2 R.
        carry: keep the past P outputs across the edge of a bin (recurrence only).
        section: the order of each filter in a series of filters, whose coefficients follow each
            other along P; None is one filter of order P.

    Returns:
        y_BNRD.

    Raises:
        ValueError: an unknown realisation, ``nfft`` below R, or ``carry`` without recurrence.
    """
    nfft = _check(x_BNRD.shape[2], realisation, nfft, carry)
    section = section or a_BNDFP.shape[-1]
    if realisation == "recurrence":
        return _by_recurrence(x_BNRD, a_BNDFP, gain_BNDF, carry, section)
    H_BNDK = _response(a_BNDFP, gain_BNDF, nfft, section)
    if realisation == "sampled":
        return _by_sampled_taps(x_BNRD, H_BNDK, nfft)
    return _by_product(x_BNRD, H_BNDK.conj() if realisation == "literal" else H_BNDK, nfft)


def _check(bin_length: int, realisation: str, nfft: int | None, carry: bool) -> int:
    if realisation not in REALISATIONS:
        raise ValueError(
            f"unknown realisation {realisation!r}; there are {', '.join(REALISATIONS)}"
        )
    if carry and realisation != "recurrence":
        raise ValueError(
            f"carry needs realisation='recurrence': {realisation} filters each bin on its own"
        )
    nfft = 2 * bin_length if nfft is None else nfft
    if realisation != "recurrence" and nfft < bin_length:
        raise ValueError(
            f"nfft = {nfft} is shorter than the bin ({bin_length} tokens): use {bin_length} or more"
        )
    return nfft


def _by_recurrence(
    x_BNRD: Tensor, a_BNDFP: Tensor, gain_BNDF: Tensor | None, carry: bool, section: int
) -> Tensor:
    F = a_BNDFP.shape[3]
    w_FBNRD = x_BNRD.expand(F, *x_BNRD.shape)
    if gain_BNDF is not None:
        _, B, N, _, D = w_FBNRD.shape
        w_FBNRD = w_FBNRD * gain_BNDF.expand(B, N, D, F).permute(3, 0, 1, 2).unsqueeze(3)
    run = functools.partial(_in_series, section=section)
    return sum_of_bank((_recur_through_bins if carry else recur_in_bins)(w_FBNRD, a_BNDFP, run))


def _in_series(y_NRG: Tensor, a_PNG: Tensor, section: int) -> Tensor:
    for a_SNG in torch.split(a_PNG, section):
        y_NRG = recur(y_NRG, a_SNG)
    return y_NRG


def _recur_through_bins(w_FBNRD: Tensor, a_BNDFP: Tensor, run: Rows) -> Tensor:
    """Time runs through all bins of a row; the filter changes from bin to bin."""
    F, B, N, R, D = w_FBNRD.shape
    P = a_BNDFP.shape[4]
    w_NRG = w_FBNRD.permute(2, 3, 0, 1, 4).reshape(N, R, F * B * D)
    a_PNG = a_BNDFP.expand(B, N, D, F, P).permute(4, 1, 3, 0, 2).reshape(P, N, F * B * D)
    return run(w_NRG, a_PNG).view(N, R, F, B, D).permute(2, 3, 0, 1, 4)


def _response(a_BNDFP: Tensor, gain_BNDF: Tensor | None, nfft: int, section: int) -> Tensor:
    """The bank's response H_BNDK = sum_F gain / A at the non-negative frequencies."""
    sections = [_denominator(a_BNDFS, nfft) for a_BNDFS in torch.split(a_BNDFP, section, dim=-1)]
    A_BNDFK = functools.reduce(torch.mul, sections)
    H_BNDFK = A_BNDFK.reciprocal()  # Eq. 5
    if gain_BNDF is not None:
        H_BNDFK = H_BNDFK * gain_BNDF.unsqueeze(-1)
    # Summing over F here instead of after the product (Eq. 7) gives the same result, cheaper.
    return H_BNDFK.sum(dim=3) if H_BNDFK.shape[3] > 1 else H_BNDFK.squeeze(3)


def _denominator(a_BNDFP: Tensor, nfft: int) -> Tensor:
    """A at the non-negative frequencies, A_BNDFK, complex."""
    P, K = a_BNDFP.shape[-1], nfft // 2 + 1
    lags = torch.arange(1, P + 1, device=a_BNDFP.device, dtype=a_BNDFP.dtype)
    turns = torch.arange(K, device=a_BNDFP.device, dtype=a_BNDFP.dtype) / nfft
    delay_PK = torch.exp(-2j * torch.pi * lags[:, None] * turns)  # e^{-j 2 pi f p}
    # A real product of (real, imaginary) pairs: several times cheaper than real times complex.
    pairs = a_BNDFP.reshape(-1, P) @ torch.view_as_real(delay_PK).flatten(1)
    return 1 + torch.view_as_complex(pairs.view(*a_BNDFP.shape[:-1], K, 2))


def _by_sampled_taps(x_BNRD: Tensor, H_BNDK: Tensor, nfft: int) -> Tensor:
    h_BNDR = torch.fft.irfft(H_BNDK, n=nfft)[..., : x_BNRD.shape[2]]
    if sums_tap_by_tap(x_BNRD, h_BNDR):
        return convolve_bins(x_BNRD, h_BNDR)
    return convolve(x_BNRD.transpose(2, 3), h_BNDR).transpose(2, 3)


def _by_product(x_BNRD: Tensor, H_BNDK: Tensor, nfft: int) -> Tensor:
    X_BNDK = torch.fft.rfft(x_BNRD.transpose(2, 3), n=nfft)  # Eq. 4
    y_BNDR: Tensor = torch.fft.irfft(X_BNDK * H_BNDK, n=nfft)  # Eq. 6 (conj(H) in the paper), 8
    return y_BNDR[..., : x_BNRD.shape[2]].transpose(2, 3)
