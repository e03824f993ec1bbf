"""The author's mixer in the frame of ours. B batch, L length, D width."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn

from focus_core.errors import require
from focus_core.layers.mixer import Mixer
from focus_core.outside.system import OutsideModel


class Framed(Mixer):
    """x + dropout(mixer(norm(x)))."""

    def __init__(self, model: OutsideModel, max_length: int) -> None:
        super().__init__()
        self.model, self.max_length = model, max_length
        self.norm = nn.LayerNorm(model.width)
        self.inner = model.made(max_length)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """(B, L, D) to (B, L, D).

        Raises:
            UserError: the author's mixer returns something of another shape or type.
        """
        normed_BLD = self.norm(x_BLD)
        out_BLD: Tensor = x_BLD + self.dropout(self._checked(self.inner(normed_BLD), normed_BLD))
        return out_BLD

    def initial_state(self, batch: int) -> Any:
        """The author's state before the first token."""
        return self._own.initial_state(batch)

    def step(self, x_BD: Tensor, e_BNDO: Tensor | None, state: Any) -> tuple[Tensor, Any]:  # noqa: ARG002
        """The next token's output (B, D), and the author's new state."""
        normed_BD = self.norm(x_BD)
        y_BD, state = self._own.step(normed_BD, state)
        return x_BD + self._checked(y_BD, normed_BD), state

    def initial_values(self, generator: torch.Generator) -> dict[str, Tensor]:
        """By name, the parameters and buffers that the author's constructor draws."""
        seed = int(torch.randint(2**62, (), generator=generator))
        with torch.random.fork_rng(devices=[]), torch.device("cpu"):
            torch.default_generator.manual_seed(seed)
            drawn = self.model.made(self.max_length)
        tensors = itertools.chain(drawn.named_parameters(), drawn.named_buffers())
        return {f"inner.{name}": value.detach() for name, value in tensors}

    @property
    def _own(self) -> Any:
        return self.inner

    def _checked(self, y: Any, x: Tensor) -> Tensor:
        """Return the author's output ``y`` for the input ``x`` unchanged."""
        is_tensor = isinstance(y, Tensor)
        found = f"{tuple(y.shape)} of {y.dtype}" if is_tensor else f"a {type(y).__name__}"
        require(
            is_tensor and y.shape == x.shape and y.dtype == x.dtype,
            f"model.mixer={self.model.mixer} must return {tuple(x.shape)} of {x.dtype}, as it was "
            f"given, and not {found}",
        )
        return y  # type: ignore[no-any-return]
