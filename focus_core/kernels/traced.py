"""The kernels of a recurrence: by ``choice``, or as operators while a compiler traces."""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.kernels import operators
from focus_core.kernels.choice import Kernels, kernels_for


def kernels(*tensors: Tensor) -> Kernels:
    """What ``kernels_for`` returns; in torch.compile and torch.export, its operators.

    Raises:
        UserError: FOCUS_KERNELS is wrong, or names a package that cannot be imported.
    """
    return operators if torch.compiler.is_compiling() else kernels_for(*tensors)
