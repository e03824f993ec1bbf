"""A system's mixer as a layer for other people's networks. The code is what a sweep trains.

B batch, L length, D width.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.errors import UserError, require
from focus_core.kernels import operators as _operators  # noqa: F401  see ``exported``
from focus_core.layers import convolution as _convolution  # noqa: F401  likewise
from focus_core.options.checks import check_options, check_size
from focus_core.options.model import ModelConfig
from focus_core.options.task import TaskConfig
from focus_core.systems import mixer_class
from focus_core.systems.counts import COUNTS
from focus_core.training.start import init_weights

NOT_OF_A_LAYER = ("mixer", "ffn_width", "feed_forward", "bidirectional")
"""Options of the network around a layer, and the name of the system."""


class LayerState(NamedTuple):
    """What ``Layer.step`` keeps of the tokens before: a value that no step changes."""

    mixer: Any
    hyper: Any


class Layer(nn.Module):
    """A sequence mixer from (B, L, D) to (B, L, D), with its norm and its residual connection.

    Sequences have any length from 1 to ``max_length``; the layer pads inside. ``torch.manual_seed``
    decides the initial weights.

    The state dict is a contract: ``mixer.*`` are the parameters of a block's mixer in the networks
    of a sweep (``blocks.0.mixer.*``), and ``hyper_embedding.*`` are those of the part that reads
    the sequence before it (``hyper_embedding.*`` there), if the system has one.
    """

    config: ClassVar[type[ModelConfig]]
    """The options of the system."""

    def __init__(self, width: int, *, max_length: int = 1024, **options: Any) -> None:
        """Build the layer.

        Args:
            width: D.
            max_length: the longest sequence, in tokens; rounded up to whole bins and chunks. A
                global convolution has as many taps.
            options: the options of the system; lengths of bins and chunks are in tokens.

        Raises:
            UserError: an unknown option, or a value or combination that cannot be built.
        """
        super().__init__()
        require(type(max_length) is int and max_length > 0, f"max_length must be 1 or more, "
                f"not {max_length!r}")  # fmt: skip
        given = _given(self.config, {"width": width, **options})
        check_options("model", given)
        self.whole = math.lcm(*given.resolved(max_length).edges())
        self.max_length = -(-max_length // self.whole) * self.whole
        self.model = checked_model(given, self.max_length)
        kind = mixer_class(self.model.mixer)
        self.mixer = kind(self.model, self.max_length)
        self.hyper_embedding = kind.read_before(self.model, self.max_length)
        kind.join([self.mixer], self.model, self.max_length)
        init_weights(self, seed=int(torch.randint(2**62, (), device="cpu")))

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D).

        Raises:
            UserError: x has another shape, or more than ``max_length`` tokens.
        """
        self._check(x_BLD, "(B, L, D)", 3)
        L = x_BLD.shape[1]
        if torch.compiler.is_compiling():  # one graph serves every length: it has whole bins
            x_BLD = functional.pad(x_BLD, (0, 0, 0, -(-L // self.whole) * self.whole - L))
        e_BNDO = None if self.hyper_embedding is None else self.hyper_embedding(x_BLD)
        out_BLD: Tensor = self.mixer(x_BLD, e_BNDO)
        return out_BLD[:, :L]

    def initial_state(self, batch: int) -> LayerState:
        """The state of ``batch`` sequences before their first token.

        Raises:
            UserError: the layer cannot be computed token by token, with the reason.
        """
        reason = self.model.why_no_step()
        require(not reason, f"this layer has no decoding step: {reason}")
        mixer, hyper = self._parts()
        like_D = next(self.parameters()).new_empty(self.model.width)
        embedded = None if hyper is None else hyper.initial_state(batch, like_D)
        return LayerState(mixer.initial_state(batch), embedded)

    def step(self, x_BD: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        """The output for the next token, (B, D), and the new state.

        In evaluation mode, the outputs are those of ``forward`` at the same positions.

        Raises:
            UserError: x has another shape, or there are more tokens than ``max_length``.
        """
        self._check(x_BD, "(B, D)", 2)
        mixer, hyper = self._parts()
        e_BNDO, embedded = None, state.hyper
        if hyper is not None:
            e_BNDO, embedded = hyper.step(x_BD, embedded)
        y_BD, mixed = mixer.step(x_BD, e_BNDO, state.mixer)
        return y_BD, LayerState(mixed, embedded)

    def exported(self, x_BLD: Tensor) -> torch.export.ExportedProgram:
        """A ``torch.export`` of the layer for any batch size and any length up to ``max_length``.

        The graph names operators of this project, which this module registers.

        Args:
            x_BLD: an example.

        Raises:
            UserError: the system's code needs to know the length.
        """
        from torch.fx.experimental import _config

        batch, length = (
            torch.export.Dim("batch", min=1),
            torch.export.Dim("length", min=1, max=self.max_length),
        )
        # By default, torch would build a graph that takes sizes of 2 or more only.
        with _config.patch(backed_size_oblivious=True):  # type: ignore[attr-defined]
            try:
                return torch.export.export(self, (x_BLD,), dynamic_shapes=({0: batch, 1: length},))
            except RuntimeError:  # torch names the sizes that the system's code looks at
                raise UserError(
                    f"{type(self).__name__} has no graph for every length: export it at one "
                    "length, with torch.export.export(layer, (x,))"
                ) from None

    def _parts(self) -> tuple[Any, Any]:
        return self.mixer, self.hyper_embedding

    def _check(self, x: Tensor, shape: str, axes: int) -> None:
        if x.dim() != axes or x.shape[-1] != self.model.width:
            raise UserError(f"x must be {shape} with D = {self.model.width}, not {tuple(x.shape)}")


def checked_model(given: ModelConfig, length: int) -> ModelConfig:
    """The resolved config for sequences of up to ``length`` tokens.

    Raises:
        UserError: a value or combination that cannot be built.
    """
    check_options("model", given)
    model = given.resolved(length)
    for name, value in vars(model).items():
        check_size(f"model.{name}", value)
    model.check(given, TaskConfig(length=length))
    return model


def _given(config: type[ModelConfig], options: dict[str, Any]) -> ModelConfig:
    known = [field.name for field in dataclasses.fields(config)]
    known = [name for name in known if name not in NOT_OF_A_LAYER]
    for name in options:
        if name in COUNTS:
            instead = COUNTS[name]
            raise UserError(f"{name} is a count: give the length in tokens, {instead}")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise UserError(f"unknown option {name[:60]!r} of this layer; {hint}")
    return config(**options)
