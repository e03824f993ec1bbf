"""The filters and what the hypernetwork reads, token by token: bases of the layer's own parts.

A step gives for one token what ``forward`` gives for it in a sequence. B batch, D width, N bins,
R bin length, O pooling windows a bin, F filters, P order, S order of a section.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from focus_core.systems.focus.config import FocusConfig


class BankState(NamedTuple):
    """A decoder's position in the bin, the past outputs of every filter, and the bin's filters."""

    position: int
    past_BDFP: Tensor  # noqa: N815
    a_BDFP: Tensor  # noqa: N815
    gain_BDF: Tensor  # noqa: N815


class EmbeddingState(NamedTuple):
    """A decoder's state: of the global convolution, of the present bin, and of the bins before."""

    conv: Any
    bin_BRD: Tensor  # noqa: N815
    pooled: tuple[Tensor, ...]  # e_B1DO of the last ``theta_shift`` bins, oldest first


class SteppedBank(nn.Module, ABC):
    """A bank of filters that has a step; ``to_filters`` gives coefficients and gains."""

    carry = False
    """Whether past outputs cross the edge of a bin."""

    def __init__(self, model: FocusConfig, logits: nn.Module) -> None:
        """Take the network that computes the filters' logits."""
        super().__init__()
        self.model = model
        self.logits = logits
        self.section = model.order

    @abstractmethod
    def to_filters(self, s_BNDFP: Tensor) -> tuple[Tensor, Tensor | None]:
        """Coefficients and gains of logits; None is a gain of 1."""

    def initial_state(self, batch: int) -> BankState:
        """The state before the first bin: past outputs and filters are 0."""
        D, F, P = self.model.width, self.model.filters, self.model.order
        parameter = next(self.parameters())
        past_BDFP = parameter.new_zeros(batch, D, F, P)
        return BankState(0, past_BDFP, past_BDFP, parameter.new_zeros(batch, D, F))

    def step(
        self, x_BD: Tensor, e_BNDO: Tensor | None, state: BankState
    ) -> tuple[Tensor, BankState]:
        """x_f of the next token, (B, D), and the new state.

        Args:
            x_BD: the token.
            e_BNDO: what the hypernetwork reads for the filters of this token's bin (N = 1), or
                empty (N = 0) for the first bins, which have no bin to read.
            state: the present bin's filters, and the past P outputs of each filter.
        """
        if state.position == 0:
            bins = 1 if e_BNDO is None else self.model.theta_shift + e_BNDO.shape[1]
            s_BNDFP = self.logits(e_BNDO, bins)[:, -1:].to(x_BD.dtype)
            a_BNDFP, gain_BNDF = self.to_filters(s_BNDFP)
            like_BDF = state.gain_BDF
            gain_BDF = torch.ones_like(like_BDF) if gain_BNDF is None else gain_BNDF[:, 0]
            a_BDFP = a_BNDFP[:, 0].expand_as(state.a_BDFP)
            past = state.past_BDFP if self.carry else torch.zeros_like(state.past_BDFP)
            state = BankState(0, past, a_BDFP, gain_BDF.expand_as(like_BDF))
        y_BDF, kept = state.gain_BDF * x_BD[..., None], []
        sections = (torch.split(t, self.section, dim=-1) for t in (state.a_BDFP, state.past_BDFP))
        for a_BDFS, past_BDFS in zip(*sections, strict=True):
            y_BDF = y_BDF - (a_BDFS * past_BDFS).sum(dim=-1)
            kept.append(torch.cat((y_BDF[..., None], past_BDFS[..., :-1]), dim=-1))
        position = (state.position + 1) % self.model.bin_length
        return y_BDF.sum(dim=-1), state._replace(position=position, past_BDFP=torch.cat(kept, -1))


class SteppedEmbedding(nn.Module, ABC):
    """What the hypernetwork reads, with a step; ``pooled`` reduces bins to windows."""

    global_conv: Any
    bin_length: int
    shift: int
    windows: int

    @abstractmethod
    def pooled(self, y_BLD: Tensor, bins: int) -> Tensor:
        """e_BNDO of the first ``bins`` bins."""

    def initial_state(self, batch: int, like: Tensor) -> EmbeddingState:
        """The state before the first token, in the type and on the device of ``like``, (D,)."""
        conv = self.global_conv
        before = None if isinstance(conv, nn.Identity) else conv.initial_state(batch)
        return EmbeddingState(before, like.new_empty(batch, 0, len(like)), ())

    def step(self, x_BD: Tensor, state: EmbeddingState) -> tuple[Tensor, EmbeddingState]:
        """e_BNDO for the filters of this token's bin, and the new state.

        N is 0 in the first bins, which have no bin to read.

        Raises:
            UserError: more tokens than the global convolution's kernel has taps.
        """
        conv, bin_BRD, pooled = state
        if bin_BRD.shape[1] == self.bin_length:
            pooled = (*pooled, self.pooled(bin_BRD, 1))[-self.shift :]
            bin_BRD = bin_BRD[:, :0]
        y_BD = x_BD
        if conv is not None:
            y_BD, conv = self.global_conv.step(x_BD, None, conv)
        state = EmbeddingState(conv, torch.cat((bin_BRD, y_BD[:, None]), dim=1), pooled)
        none_B0DO = x_BD.new_empty(len(x_BD), 0, x_BD.shape[1], self.windows)
        return (pooled[0] if len(pooled) == self.shift else none_B0DO), state
