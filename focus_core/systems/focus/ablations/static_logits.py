"""Focus-H: learned filters, without a hypernetwork.

D width, N bins, F filters, P order.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from focus_core.errors import UserError
from focus_core.systems.focus.config import FocusConfig


class StaticLogits(nn.Module):
    """Focus-H: learned logits, the same for all bins and sequences."""

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.logits_DFP = nn.Parameter(torch.empty(model.width, model.filters, model.order))

    def forward(self, e_BNDO: Tensor | None, bins: int) -> Tensor:  # noqa: ARG002
        """Logits (1, 1, D, F, P); they broadcast over batch and bins."""
        return self.logits_DFP[None, None]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """N(0, 0.5^2), so that the filters of a bank start at different values."""
        return 0.5 * torch.randn(self.logits_DFP.shape, generator=generator)


class StaticBinLogits(nn.Module):
    """Focus-H with learned logits for each bin number, the same for all sequences."""

    def __init__(self, model: FocusConfig, bins: int) -> None:
        super().__init__()
        bank = (model.filters, model.order)
        self.logits_NDFP = nn.Parameter(torch.empty(bins, model.width, *bank))

    def forward(self, e_BNDO: Tensor | None, bins: int) -> Tensor:  # noqa: ARG002
        """Logits (1, N, D, F, P) of the first ``bins`` bins; they broadcast over the batch.

        Raises:
            UserError: more bins than there are logits for.
        """
        known = len(self.logits_NDFP)
        if bins > known:
            asked = f"model.static_per=bin has filters for {known} bins, not for {bins}"
            raise UserError(f"{asked}: shorten the sequence, or train on longer ones")
        return self.logits_NDFP[None, :bins]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """N(0, 0.5^2), equal in every bin: it starts as Focus-H; training may separate the bins."""
        _, *bank = self.logits_NDFP.shape
        return 0.5 * torch.randn(bank, generator=generator).expand(self.logits_NDFP.shape)
