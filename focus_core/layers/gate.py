"""A gated sum."""

from __future__ import annotations

import torch
from torch import Tensor


def towards(x_BLD: Tensor, z_BLD: Tensor, phi_BLD: Tensor) -> Tensor:
    """The sum x + phi (z - x), in the type of x: autocast computes z and phi in a half type."""
    return torch.lerp(x_BLD, z_BLD.to(x_BLD.dtype), phi_BLD.to(x_BLD.dtype))
