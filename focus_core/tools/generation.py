"""Text from a trained language model, token by token. B batch (1), V symbols."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import torch
from torch import Tensor

from focus_core.errors import UserError
from focus_core.tools.decoding import Decoder
from focus_core.training.network import SequenceModel

COLDEST = sys.float_info.min
"""Dividing by a smaller temperature loses precision."""


def generate(
    net: SequenceModel, prompt_T: Tensor, *, temperature: float, seed: int
) -> Iterator[int]:
    """Yield tokens after a prompt, until the network's longest sequence ends, if it has one.

    Args:
        net: a trained network that can be stepped (see ``decoding.why_not``).
        prompt_T: the tokens to begin with, (T,), at least one.
        temperature: divides the logits. 0, like any temperature below the smallest normal number
            (2.2e-308), always takes the most probable token.
        seed: the seed of the draws.

    Raises:
        UserError: the network cannot be stepped, or the prompt is empty or too long.
    """
    if not len(prompt_T):
        raise UserError("the prompt is empty: begin with a character at least")
    decoder = Decoder(net)
    most = decoder.most_tokens
    if most is not None and len(prompt_T) > most:
        raise UserError(f"the prompt has {len(prompt_T)} tokens: this network reads at most {most}")
    return _continue(decoder, prompt_T, temperature, torch.Generator().manual_seed(seed))


def _continue(
    decoder: Decoder, prompt_T: Tensor, temperature: float, random: torch.Generator
) -> Iterator[int]:
    state = decoder.initial_state(batch=1)
    for token in prompt_T.long():
        logits_BV, state = decoder.step(token[None], state)
    while True:
        token = _draw(logits_BV[0], temperature, random)
        yield int(token)
        if state.position == decoder.most_tokens:
            return
        logits_BV, state = decoder.step(token[None], state)


def _draw(logits_V: Tensor, temperature: float, random: torch.Generator) -> Tensor:
    if not logits_V.isfinite().all():
        raise UserError("this network's output is no number: choose a --seed that did not diverge")
    if temperature < COLDEST:
        return logits_V.argmax()
    below_V = logits_V.double() - logits_V.double().max()
    probability_V = torch.softmax(below_V / temperature, dim=-1)
    return torch.multinomial(probability_V, 1, generator=random)[0]
