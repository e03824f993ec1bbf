"""The initial value of every parameter: a function of the seed and the parameter's name only."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor, nn


def init_weights(net: nn.Module, seed: int) -> None:
    """Give every parameter its initial value, each from its own random generator.

    The generator depends only on ``seed`` and the parameter's name. With the same seed, parameters
    that two networks share start from the same values, so comparisons are paired. A parameter with
    two names (a tied head) gets the value of its first name. A parameter on the meta device gets
    no value. A module with ``initial_values(generator)`` gives values to all its parts, by name.
    """
    done: set[int] = set()
    for path, module in net.named_modules():
        done |= _start_as_a_whole(module, _generator(f"{seed}/{path}"), done)
        for name, parameter in module.named_parameters(recurse=False):
            if parameter.is_meta or id(parameter) in done:
                continue
            done.add(id(parameter))
            generator = _generator(f"{seed}/{path}.{name}")
            with torch.no_grad():
                parameter.copy_(_initial_value(module, name, parameter, generator))


def _generator(name: str) -> torch.Generator:
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))


def _start_as_a_whole(module: nn.Module, generator: torch.Generator, done: set[int]) -> set[int]:
    """Start a module that gives its own parts their values; returns the parts' ids."""
    values_of = getattr(module, "initial_values", None)
    parts = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    if values_of is None or any(tensor.is_meta for tensor in parts.values()):
        return set()
    values: dict[str, Tensor] = values_of(generator)
    with torch.no_grad():
        for name, value in values.items():
            if id(parts[name]) not in done:
                parts[name].copy_(value)
    return {id(parts[name]) for name in values}


def _initial_value(
    module: nn.Module, name: str, parameter: Tensor, generator: torch.Generator
) -> Tensor:
    own = getattr(module, "initial_value", None)
    if own is not None:
        value: Tensor = own(name, generator)
        return value
    if isinstance(module, nn.LayerNorm):
        return torch.full(parameter.shape, float(name == "weight"))
    if isinstance(module, nn.Linear):
        scale = module.in_features**-0.5 if name == "weight" else 0.0  # keeps the variance
        return scale * torch.randn(parameter.shape, generator=generator)
    raise TypeError(f"{type(module).__name__}.{name} has no initial value: give it initial_value")
