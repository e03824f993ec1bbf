"""The cost of a mixer from outside, measured: nobody has written a row for it. L length.

Torch's own counter counts the products and convolutions of one sequence. FFTs are counted beside
it. The counter does not see recurrences that are written as loops over elements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from focus_core.layers.evaluation import evaluation
from focus_core.layers.module_cost import Row, Rows, Work
from focus_core.outside.framed import Framed

SHORT, LONG = 8, 16
"""Tokens after which a decoder's state is measured, to see whether and how it grows."""


def _measured(framed: Framed, length: int) -> Work:
    try:
        with torch.device("meta"):  # shapes alone: a long sequence needs no memory
            counts = _counts(framed.model.made(framed.max_length), framed, length)
    except (NotImplementedError, RuntimeError):  # forward reads numbers, which meta tensors lack
        counts = _counts(framed.inner, framed, length)
    unseen = sum(count for kind, count in counts.items() if kind in FFTS)
    return Work(matmul=sum(counts.values()) - unseen, unseen=unseen, state=_state(framed, length))


def _counts(mixer: nn.Module, framed: Framed, length: int) -> dict[Any, int]:
    """FLOPs of the author's mixer on one sequence, by kind of operation."""
    like = next(mixer.parameters(), framed.norm.weight)
    x_BLD = torch.zeros(1, length, framed.model.width, device=like.device, dtype=like.dtype)
    # Fused kernels of attention hide their products from the counter. Torch takes the fused kernel
    # of a whole MultiheadAttention wherever gradients are off.
    plain = (evaluation(mixer), torch.enable_grad(), sdpa_kernel([SDPBackend.MATH]))
    with ExitStack() as context:
        for each in plain:
            context.enter_context(each)
        counter = context.enter_context(FlopCounterMode(display=False, custom_mapping=FFTS))
        mixer(x_BLD)
    found: dict[Any, int] = counter.get_flop_counts().get("Global", {})
    return found


def _state(framed: Framed, length: int) -> float:
    """Numbers that a decoder keeps: of the author's state, or all inputs where there is no step."""
    like = framed.norm.weight
    if framed.model.why_no_step():
        return float(length * like.shape[0])
    sizes = {0: 0}
    with evaluation(framed):
        state = framed.initial_state(1)
        for token in range(1, min(length, LONG) + 1):
            _, state = framed.step(like.new_zeros(1, like.shape[0]), None, state)
            sizes[token] = sum(tensor.numel() for tensor in _tensors(state))
    if length <= LONG:
        return float(sizes[length])
    grows = (sizes[LONG] - sizes[SHORT]) / (LONG - SHORT)
    return sizes[LONG] + grows * (length - LONG)


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    elif isinstance(state, dict):
        yield from _tensors(list(state.values()))
    elif isinstance(state, list | tuple):
        for part in state:
            yield from _tensors(part)


def _whole_fft(shape: Any, dims: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:  # noqa: ARG001
    """5 n log2 n for each transform of n complex points."""
    points: int = math.prod(shape[dim] for dim in dims)
    size: int = math.prod(shape)
    return round(5 * size * math.log2(max(2, points)))


def _half_fft(shape: Any, dims: Any, *_: Any, out_shape: Any = None, **__: Any) -> int:
    """Half as much for real points: there are as many as in the larger of input and output."""
    larger = max(shape, out_shape or shape, key=math.prod)
    return _whole_fft(larger, dims) // 2


FFTS = {
    torch.ops.aten._fft_r2c: _half_fft,
    torch.ops.aten._fft_c2r: _half_fft,
    torch.ops.aten._fft_c2c: _whole_fft,
}
ROWS: Rows = {Framed: Row(_measured, ())}
