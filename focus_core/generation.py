"""Text from a trained language model, token by token. B batch (1), V symbols."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from focus_core.decoding import Decoder
from focus_core.errors import UserError
from focus_core.model import SequenceModel


def generate(
    net: SequenceModel, prompt_T: Tensor, *, temperature: float, seed: int
) -> Iterator[int]:
    """Token after token behind a prompt, without end; memory does not grow with their number.

    Args:
        net: a trained network that can be stepped (see ``decoding.why_not``).
        prompt_T: the tokens to begin with, (T,), one at least.
        temperature: divides the logits; 0 always takes the most probable token.
        seed: of the draws.

    Raises:
        UserError: the network cannot be stepped, or the prompt is empty.
    """
    if not len(prompt_T):
        raise UserError("the prompt is empty: begin with a character at least")
    decoder = Decoder(net)
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
        logits_BV, state = decoder.step(token[None], state)


def _draw(logits_V: Tensor, temperature: float, random: torch.Generator) -> Tensor:
    if temperature == 0:
        return logits_V.argmax()
    probability_V = torch.softmax(logits_V.double() / temperature, dim=-1)
    return torch.multinomial(probability_V, 1, generator=random)[0]
