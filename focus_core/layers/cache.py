"""The keys and values that a decoder keeps, and how one query reads them.

B batch, H heads, J kept tokens, Z key width, V value width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from focus_core.layers.attention import rotate, written_out_attention


class Cache(NamedTuple):
    """The keys and values of the tokens that later queries may read, oldest first."""

    k_BHJZ: Tensor  # noqa: N815
    v_BHJV: Tensor  # noqa: N815

    @property
    def length(self) -> int:
        """J, the number of kept tokens."""
        return self.k_BHJZ.shape[2]

    def append(self, k_BHZ: Tensor, v_BHV: Tensor) -> Cache:
        """The cache with one more token."""
        return Cache(
            torch.cat((self.k_BHJZ, k_BHZ[:, :, None]), dim=2),
            torch.cat((self.v_BHJV, v_BHV[:, :, None]), dim=2),
        )

    def last(self, tokens: int) -> Cache:
        """The cache of the last ``tokens`` tokens, or of all if there are fewer."""
        start = max(0, self.length - tokens)
        return Cache(self.k_BHJZ[:, :, start:], self.v_BHJV[:, :, start:])


def empty(batch: int, heads: int, key_width: int, value_width: int, like: Tensor) -> Cache:
    """A cache without tokens, with the type and device of ``like``."""
    return Cache(
        like.new_empty(batch, heads, 0, key_width), like.new_empty(batch, heads, 0, value_width)
    )


def read(
    q_BHZ: Tensor, cache: Cache, *, rotary: bool = True, bias_BH1J: Tensor | None = None
) -> Tensor:
    """The output y_BHV of attention from the query of the last token in ``cache`` to all of it.

    ``bias_BH1J`` is added to the scores. Rotary positions count from the oldest kept token, because
    only distances matter.
    """
    q_BH1Z, k_BHJZ = q_BHZ[:, :, None], cache.k_BHJZ
    if rotary:
        q_BH1Z, k_BHJZ = rotate(q_BH1Z, start=cache.length - 1), rotate(k_BHJZ)
    bias = q_BHZ.new_zeros(1) if bias_BH1J is None else bias_BH1J
    return written_out_attention(q_BH1Z, k_BHJZ, cache.v_BHJV, bias)[:, :, 0]
