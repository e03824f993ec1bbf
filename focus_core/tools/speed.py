"""Measures time against length, for Figure 3 of the paper: several networks in one run.

Each network is built again, untrained, at each length, because the kernel of a global convolution
is as long as the longest sequence. B batch (1), L length.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

import torch

from focus_core.layers.evaluation import evaluation
from focus_core.options.model import ModelConfig
from focus_core.tasks.base import nats
from focus_core.training.memory import peak_bytes, reset_peak
from focus_core.training.network import build_model

LENGTHS = tuple(64 * 2**doubling for doubling in range(8))  # to 8192
LEAST, MOST = 3, 9
"""Fewest and most measurements of each network, after one to warm up."""
QUICK = 0.15
"""Seconds: measurements continue, up to ``MOST``, until they took so long in total."""
GROWTH = 4
"""Factor of time and memory at twice the length, at most: the growth of attention."""
MOST_BYTES = 4 * 2**30
CPU = torch.device("cpu")

Work = Callable[[], object]
Build = Callable[[int], tuple[Work, Work]]
"""From a length to a forward and a training step."""
Clock = Callable[[], float]


class Timing(NamedTuple):
    """Median milliseconds at one length in tokens, batch size 1."""

    length: int
    forward_ms: float
    step_ms: float
    """Forward and backward pass, without the optimiser."""


class Shape(NamedTuple):
    """The inputs and outputs of a network; see ``build_model``."""

    vocab_size: int | None
    num_outputs: int
    readout: Literal["each", "mean"]
    channels: int = 1


def time_lengths(
    builds: Mapping[str, Build],
    lengths: Sequence[int],
    *,
    seconds: float,
    clock: Clock = time.perf_counter,
    peak: Callable[[], int] = lambda: peak_bytes(CPU),
) -> dict[str, list[Timing]]:
    """Timings of each network by name, at each length in turn.

    Every network is measured at the first length. A network stops before a length where it would
    run past ``seconds`` or need over ``MOST_BYTES``, if it took ``GROWTH`` times as much as before.
    """
    end = clock() + seconds
    reset_peak(CPU)
    before = peak()
    found: dict[str, list[Timing]] = {name: [] for name in builds}
    needs = dict.fromkeys(builds, (0.0, 0.0))  # seconds and bytes
    running = list(builds)
    for length in lengths:
        for name in running[:]:
            began = clock()
            if found[name] and (began + needs[name][0] > end or needs[name][1] > MOST_BYTES):
                running.remove(name)
                continue
            reset_peak(CPU)
            forward, step = builds[name](length)
            timing = Timing(length, median_ms(forward, clock), median_ms(step, clock))
            found[name].append(timing)
            needs[name] = (GROWTH * (clock() - began), GROWTH * (peak() - before))
    return found


def median_ms(work: Work, clock: Clock = time.perf_counter) -> float:
    """Median milliseconds of ``work``, after one run to warm up."""
    work()
    took: list[float] = []
    while len(took) < LEAST or (len(took) < MOST and sum(took) < QUICK):
        began = clock()
        work()
        took.append(clock() - began)
    return 1000 * statistics.median(took)


def build_work(model: ModelConfig, shape: Shape, length: int) -> tuple[Work, Work]:
    """A forward and a training step of an untrained network on one random sequence.

    Raises:
        UserError: the network cannot be built at that length.
    """
    net = build_model(
        model,
        vocab_size=shape.vocab_size,
        num_outputs=shape.num_outputs,
        max_length=length,
        readout=shape.readout,
        channels=shape.channels,
    )
    random = torch.Generator().manual_seed(0)
    if shape.vocab_size is None:
        inputs_BL = torch.randn(1, length, shape.channels, generator=random)
    else:
        inputs_BL = torch.randint(shape.vocab_size, (1, length), generator=random)
    scored = length if shape.readout == "each" else 1
    targets_BL = torch.randint(shape.num_outputs, (1, scored), generator=random)

    def forward() -> None:
        with evaluation(net):
            net(inputs_BL)

    def step() -> None:
        net.zero_grad()
        loss = nats(net(inputs_BL), targets_BL, reduction="mean")
        loss.backward()  # type: ignore[no-untyped-call]

    return forward, step


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread in the block, and restore the number of threads after."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
