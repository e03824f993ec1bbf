"""Impulse responses of a Focus layer's filters: how long they remember, how much they amplify.

The Theta of one sequence is held fixed, and each layer's filter (with its short convolution and
skip) reads a single 1. B batch, L length, D width, N places (bins or tokens of that sequence),
S steps, K frequencies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from focus_core.layers.evaluation import evaluation
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.filters import FilterBank
from focus_core.systems.focus.mixer import FocusMixer
from focus_core.systems.focus.views.theta import fixed, recorded

if TYPE_CHECKING:
    from focus_core.training.network import SequenceModel

MOST_PLACES = 16
MOST_STEPS = 512
FREQUENCIES = 512
"""Least number of FFT points for a gain that is drawn."""
FINER = 8
"""FFT points per step for the peak of a gain; the result is less than a hundredth too low."""


Choose = Callable[[int], list[int]]
"""Maps the number of a layer's places to the list of places to examine."""


class Responses(NamedTuple):
    """One layer's impulse responses h_NSD, and the bin or token of each of the N responses."""

    places: list[int]
    h_NSD: Tensor  # noqa: N815


def evenly(count: int) -> list[int]:
    """All places, or ``MOST_PLACES`` of them at even distances."""
    shown = min(MOST_PLACES, count)
    return [place * count // shown for place in range(shown)]


def impulse_responses(net: SequenceModel, inputs_BL: Tensor, steps: int) -> list[Tensor]:
    """h_NSD of every Focus layer that filters; N is 1 if all places share their filters.

    A bidirectional layer gives two: one of its mixer, and one of the reversed mixer, whose places
    are counted from the end of the sequence.

    Args:
        net: runs in evaluation mode; its mode is restored afterwards.
        inputs_BL: sequences; the first one decides Theta.
        steps: number of steps, from the impulse on. If a bin's end resets the state, it also ends
            the response.
    """
    return [found.h_NSD for found in responses_at(net, inputs_BL, steps, evenly)]


def responses_at(
    net: SequenceModel, inputs_BL: Tensor, steps: int, choose: Choose
) -> list[Responses]:
    """The same as ``impulse_responses``, at the places that ``choose`` returns."""
    mixers = [module for module in net.modules() if isinstance(module, FocusMixer)]
    with evaluation(net), recorded(net) as thetas:
        net.each_position(inputs_BL[:1])
    of_layer = iter(thetas)
    found = []
    for mixer in mixers:
        if mixer.model.filter == "none":
            continue
        with evaluation(net):
            if mixer.model.filter not in ("adaptive", "static", "coupled"):
                found.append(Responses([0], _response(mixer, 1, steps, None)))
                continue
            theta = next(of_layer)
            places = choose(theta.num_places)
            with fixed(mixer.filter, theta.at(places)):
                h_NSD = _response(mixer, len(places), steps, net.hyper_embedding)
                found.append(Responses(places, h_NSD))
    return found


def gains(h_NSD: Tensor) -> Tensor:
    """|H| at K frequencies from 0 to half a turn per token, (N, K, D)."""
    points = max(FREQUENCIES, h_NSD.shape[1])
    gain_NKD: Tensor = torch.fft.rfft(h_NSD.float(), n=points, dim=1).abs()
    return gain_NKD


def peak_gains(h_NSD: Tensor) -> Tensor:
    """The largest |H| over all frequencies and channels, (N,).

    It uses ``FINER`` FFT points per step: a long response has peaks between the frequencies of
    ``gains``.
    """
    points = max(FREQUENCIES, FINER * h_NSD.shape[1])
    peaks = [torch.fft.rfft(h_SD.float(), n=points, dim=0).abs().amax() for h_SD in h_NSD]
    return torch.stack(peaks)


def memory(h_NSD: Tensor) -> Tensor:
    """Tokens until the response stays below 1 % of its peak, (N, D); 0 for a zero response."""
    size_NSD = h_NSD.abs()
    heard_NSD = size_NSD > 0.01 * size_NSD.amax(dim=1, keepdim=True)
    steps_S = torch.arange(1, h_NSD.shape[1] + 1, device=h_NSD.device)
    last_ND: Tensor = (heard_NSD * steps_S[:, None]).amax(dim=1)
    return last_ND


def filter_numbers(net: SequenceModel, inputs_BL: Tensor) -> dict[str, float]:
    """Effective memory (median, in tokens) and peak gain: overall, by layer, and by bin.

    Returns:
        ``effective_memory`` and ``peak_gain``, both again per layer with ``.layer0`` ... appended,
        and ``peak_gain.bin0`` ... for up to 16 bins if a layer has several; an empty dict for a
        network without such filters.
    """
    steps = min(inputs_BL.shape[1], MOST_STEPS)
    responses = impulse_responses(net, inputs_BL, steps)
    if not responses:
        return {}
    memories = [memory(h_NSD).float() for h_NSD in responses]
    peaks = [peak_gains(h_NSD) for h_NSD in responses]
    found = {
        "effective_memory": float(torch.cat([m.flatten() for m in memories]).median()),
        "peak_gain": float(torch.cat(peaks).max()),
    }
    for layer, (memory_ND, peak_N) in enumerate(zip(memories, peaks, strict=True)):
        found[f"effective_memory.layer{layer}"] = float(memory_ND.median())
        found[f"peak_gain.layer{layer}"] = float(peak_N.max())
    has_bins = isinstance(net.config, FocusConfig) and net.config.filter != "coupled"
    if has_bins and len(peaks[0]) > 1:
        for place, peak in enumerate(torch.stack(peaks).amax(dim=0)):
            found[f"peak_gain.bin{place}"] = float(peak)
    return found


def _response(mixer: FocusMixer, places: int, steps: int, embedding: nn.Module | None) -> Tensor:
    """The impulse response of the mixer's filter (Eq. 4-8), (N, S, D)."""
    # Eq. 6 as written is anti-causal: the 1 is then the last step, and time runs backwards.
    backwards = mixer.model.realisation == "literal" and isinstance(mixer.filter, FilterBank)
    steps = min(steps, mixer.model.bin_length) if backwards else steps
    length = mixer.model.bin_length if backwards else steps
    x_NSD = mixer.update_gate.weight.new_zeros(places, length, mixer.model.width)
    x_NSD[:, -1 if backwards else 0] = 1
    # the embedding is only computed for its shape: ``fixed`` replaces the logits
    h_NSD = mixer.filtered(x_NSD, None if embedding is None else embedding(x_NSD))
    return h_NSD.flip(1)[:, :steps] if backwards else h_NSD
