"""Runs a network token by token, with the outputs of a whole sequence at a state's cost a token.

B batch, D width, V outputs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from focus_core.errors import UserError
from focus_core.layers.embedding import LearnedPositions, RealEncoder
from focus_core.training.network import SequenceModel


class DecoderState(NamedTuple):
    """The state after some tokens: their number, and the states of the mixers and hypernetwork."""

    position: int
    mixers: tuple[Any, ...]
    hyper: Any


class Decoder:
    """Steps a network in evaluation mode; a step returns a new state and never changes one."""

    def __init__(self, net: SequenceModel) -> None:
        """Take a network whose mixers have ``initial_state`` and ``step``.

        Raises:
            UserError: the network cannot be computed token by token, with the reason.
        """
        reason = why_not(net)
        if reason:
            raise UserError(f"this network has no decoding step: {reason}")
        self.net = net.eval()
        modules: list[Any] = [m for m in net.modules() if hasattr(m, "most_tokens")]
        self.most_tokens: int | None = min((m.most_tokens for m in modules), default=None)
        """The longest sequence; None where there is no such end."""
        self.blocks: list[Any] = list(net.blocks)

    def initial_state(self, batch: int) -> DecoderState:
        """The state of ``batch`` sequences before the first token."""
        states = tuple(block.mixer.initial_state(batch) for block in self.blocks)
        hyper: Any = self.net.hyper_embedding
        like_D = self.net.embedding.weight[0]
        embedded = None if hyper is None else hyper.initial_state(batch, like_D)
        return DecoderState(0, states, embedded)

    @torch.no_grad()
    def step(self, tokens_B: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Logits (B, V) after one more token of every sequence, and the new state.

        Raises:
            UserError: there are more tokens than ``most_tokens``.
        """
        x_BD = self.net.embedding(tokens_B)
        if isinstance(self.net.positions, LearnedPositions):
            x_BD = self.net.positions(x_BD[:, None], start=state.position)[:, 0]
        e_BNDO, hyper = None, state.hyper
        read: Any = self.net.hyper_embedding
        if read is not None:
            e_BNDO, hyper = read.step(x_BD, hyper)
        states = []
        for block, before in zip(self.blocks, state.mixers, strict=True):
            x_BD, after = block.mixer.step(x_BD, e_BNDO, before)
            x_BD = block.feed_forward(x_BD)
            states.append(after)
        logits_BV: Tensor = self.net.head(self.net.norm(x_BD))
        return logits_BV, DecoderState(state.position + 1, tuple(states), hyper)


def why_not(net: SequenceModel) -> str:
    """Why a network cannot be stepped, in a line; empty where this is possible."""
    model = net.config
    if isinstance(net.embedding, RealEncoder) or net.readout == "mean":
        return "it reads a whole sequence of numbers, or answers for a whole one"
    if model.bidirectional:
        return "it is bidirectional: every answer needs what comes later"
    return model.why_no_step()
