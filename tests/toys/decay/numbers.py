"""The number that it reports: after how many tokens half of one is left."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

from torch import Tensor, nn

from tests.toys.decay.mixer import Fading


def each_report(net: nn.Module, inputs_BL: Tensor) -> dict[str, float]:
    """The numbers of every report."""
    fading = [module.remains for module in net.modules() if isinstance(module, Fading)]
    return {"half_life": statistics.fmean(math.log(0.5) / math.log(left) for left in fading)}


def at_the_end(net: nn.Module, inputs_BL: Tensor, score: Callable[[], float]) -> dict[str, float]:
    """The numbers of the last report alone: none."""
    return {}
