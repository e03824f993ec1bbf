"""Small networks around a mixer from outside."""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.training.network import SequenceModel, build_model

LENGTH = 12


def net_of(mixer: str = "decay", max_length: int = LENGTH, **changes: Scalar) -> SequenceModel:
    options: dict[str, Scalar] = {"model.mixer": mixer, "model.width": 8, "model.layers": 1}
    options |= {f"model.{name}": value for name, value in changes.items()}
    model = TrialConfig().override(options).resolved_model()
    return build_model(model, vocab_size=4, num_outputs=4, max_length=max_length)


def tokens(length: int = LENGTH) -> Tensor:
    return torch.randint(4, (3, length), generator=torch.Generator().manual_seed(1))
