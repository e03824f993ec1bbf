"""What a Focus layer's filters do to an impulse: how long they remember, how much they amplify.

At the Theta of one sequence, held fixed, each layer's filter (with its short convolution and skip)
is given a single 1. B batch, L length, D width, N places (bins or tokens of that sequence),
S steps, K frequencies.
"""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.filter_bank import FilterBank
from focus_core.mixers.focus import FocusMixer
from focus_core.model import SequenceModel
from focus_core.probes import evaluation
from focus_core.theta import fixed, recorded

MOST_PLACES = 16
MOST_STEPS = 512
FREQUENCIES = 512
"""Points on the unit circle at which a gain is taken."""


def impulse_responses(net: SequenceModel, inputs_BL: Tensor, steps: int) -> list[Tensor]:
    """h_NSD of every Focus layer that filters; N is 1 for filters that do not adapt.

    A bidirectional layer gives two: of its mixer and of the reversed one, whose bins are
    counted from the end.

    Args:
        net: put into evaluation mode meanwhile, and back.
        inputs_BL: the first of these sequences decides Theta.
        steps: from the impulse on. Where the state is reset at a bin's end, so is the response.
    """
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
                found.append(mixer.filtered(_impulse(mixer, 1, steps), None))
                continue
            theta = next(of_layer)
            logits = theta.places(MOST_PLACES)
            places = logits.shape[0] if isinstance(mixer.filter, FilterBank) else logits.shape[1]
            with fixed(mixer.filter, logits):
                x_NSD = _impulse(mixer, places, steps)
                # asked in the right shape; its answer is replaced
                e_NNDO = net.hyper_embedding(x_NSD) if net.hyper_embedding else None
                found.append(mixer.filtered(x_NSD, e_NNDO))
    return found


def gains(h_NSD: Tensor) -> Tensor:
    """|H| at K frequencies from 0 to half a turn a token, (N, K, D)."""
    points = max(FREQUENCIES, h_NSD.shape[1])
    gain_NKD: Tensor = torch.fft.rfft(h_NSD.float(), n=points, dim=1).abs()
    return gain_NKD


def memory(h_NSD: Tensor) -> Tensor:
    """Tokens until the response stays below 1 % of its peak, (N, D); 0 where there is none."""
    size_NSD = h_NSD.abs()
    heard_NSD = size_NSD > 0.01 * size_NSD.amax(dim=1, keepdim=True)
    steps_S = torch.arange(1, h_NSD.shape[1] + 1, device=h_NSD.device)
    last_ND: Tensor = (heard_NSD * steps_S[:, None]).amax(dim=1)
    return last_ND


def filter_numbers(net: SequenceModel, inputs_BL: Tensor) -> dict[str, float]:
    """Effective memory (median, in tokens) and peak gain, in all, by layer, and by bin.

    Returns:
        ``effective_memory`` and ``peak_gain``, each again with ``.layer0`` ... behind it, and
        ``peak_gain.bin0`` ... where a layer has several bins, 16 at the most; nothing for a
        network without such filters.
    """
    steps = min(inputs_BL.shape[1], MOST_STEPS)
    responses = impulse_responses(net, inputs_BL, steps)
    if not responses:
        return {}
    memories = [memory(h_NSD).float() for h_NSD in responses]
    peaks = [gains(h_NSD).amax(dim=(1, 2)) for h_NSD in responses]
    found = {
        "effective_memory": float(torch.cat([m.flatten() for m in memories]).median()),
        "peak_gain": float(torch.cat(peaks).max()),
    }
    for layer, (memory_ND, peak_N) in enumerate(zip(memories, peaks, strict=True)):
        found[f"effective_memory.layer{layer}"] = float(memory_ND.median())
        found[f"peak_gain.layer{layer}"] = float(peak_N.max())
    if net.config.filter == "adaptive":
        for place, peak in enumerate(torch.stack(peaks).amax(dim=0)):
            found[f"peak_gain.bin{place}"] = float(peak)
    return found


def _impulse(mixer: FocusMixer, places: int, steps: int) -> Tensor:
    x_NSD = mixer.update_gate.weight.new_zeros(places, steps, mixer.model.width)
    x_NSD[:, 0] = 1
    return x_NSD
