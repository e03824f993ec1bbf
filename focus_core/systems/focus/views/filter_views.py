"""A trained network's filters as plain numbers, for Figures 2 and 4 of the paper.

The filters are those that the Theta of one sequence gives. The numbers are the impulse response of
a few channels, and |H| in decibels over frequency, for those few channels and as the mean over all
channels. B batch, L length, N places (bins or tokens), S steps, K frequencies, D width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.views.responses import (
    MOST_STEPS,
    Responses,
    evenly,
    gains,
    responses_at,
)

if TYPE_CHECKING:
    from focus_core.options.model import ModelConfig
    from focus_core.training.network import SequenceModel

QUIETEST = 1e-6
"""The smallest gain shown: -120 dB."""


def random_channels(width: int, count: int, seed: int) -> list[int]:
    """Draw ``count`` different channels out of ``width`` with ``seed``, in ascending order."""
    drawn = torch.randperm(width, generator=torch.Generator().manual_seed(seed))
    return sorted(drawn[:count].tolist())


def filter_views(
    net: SequenceModel, inputs_BL: Tensor, *, channels: list[int], key: int | None
) -> list[dict[str, Any]]:
    """One record per layer; an empty list if the network has no such filters.

    A bidirectional layer has two records. The second is ``reversed``: its places are counted from
    the end of the sequence.

    Args:
        net: a network on the CPU.
        inputs_BL: sequences; the first one decides Theta.
        channels: the channels that are shown one by one.
        key: position, in tokens, of the sequence's most important token; None if there is none.

    Returns:
        Per record: ``unit`` (a place is a bin or a token, or a sequence if all places share their
        filters), ``places`` (those shown), ``important`` (the place of ``key``, or None),
        ``impulse`` [channel][place][step], ``mean_db`` [place][frequency] and ``channel_db``
        [channel][place][frequency], with even frequencies from 0 to half a turn per token,
        ``layer`` and ``reversed``. A number that is not finite in float32 is None.
    """
    model = net.config
    if not isinstance(model, FocusConfig):
        return []
    tokens = _tokens_a_place(model)
    place = None if key is None else key // tokens

    def choose(count: int) -> list[int]:
        important = [] if place is None or count == 1 else [place]
        return sorted({*evenly(count), *important})

    steps = min(inputs_BL.shape[1], MOST_STEPS)
    layers = responses_at(net, inputs_BL, steps, choose)
    unit = "token" if tokens == 1 else "bin"
    ways = 2 if model.bidirectional else 1
    return [
        _view(found, channels)
        | ({"unit": unit, "important": place} if _varies(model, found) else {})
        | {"layer": index // ways, "reversed": index % ways == 1}
        for index, found in enumerate(layers)
    ]


def described(model: ModelConfig) -> dict[str, Any]:
    """What a reader of the views must know of a resolved model; filter "none" if it has none."""
    if not isinstance(model, FocusConfig):
        return {"filter": "none", "bin_length": None, "resets": False, "backwards": False}
    has_bank = model.filter in ("adaptive", "static")
    return {
        "filter": model.filter,
        "bin_length": model.bin_length,
        "resets": has_bank and not model.carry,
        "backwards": has_bank and model.realisation == "literal",
    }


def _varies(model: FocusConfig, found: Responses) -> bool:
    """True if different places have different filters."""
    own = {
        "adaptive": True,
        "static": model.static_per == "bin",
        "coupled": model.theta != "static",
    }
    return own.get(model.filter, False) and len(found.places) > 1


def _tokens_a_place(model: FocusConfig) -> int:
    by_token = model.filter == "coupled" and model.theta == "token"
    return 1 if by_token else model.bin_length


def _view(found: Responses, channels: list[int]) -> dict[str, Any]:
    gain_NKD = gains(found.h_NSD)
    return {
        "unit": "sequence",
        "important": None,
        "places": found.places,
        "impulse": _plain(found.h_NSD[..., channels].permute(2, 0, 1), 5),
        "mean_db": _plain(decibels(gain_NKD.mean(dim=-1)), 4),
        "channel_db": _plain(decibels(gain_NKD[..., channels]).permute(2, 0, 1), 4),
    }


def decibels(gain: Tensor) -> Tensor:
    """20 log10 of a gain, at least -120 dB."""
    return 20 * gain.clamp(min=QUIETEST).log10()


def _plain(numbers: Tensor, digits: int) -> list[Any]:
    """Nested lists of numbers with ``digits`` significant digits; a non-finite number is None."""
    if numbers.ndim > 1:
        return [_plain(part, digits) for part in numbers]
    finite = numbers.isfinite().tolist()
    pairs = zip(numbers.tolist(), finite, strict=True)
    return [float(f"{number:.{digits}g}") if good else None for number, good in pairs]
