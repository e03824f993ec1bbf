"""Table 5 and Figure 3 of the paper: ``python benchmarks/efficiency.py [--out FILE]``.

Time and peak memory of every system against length, for inference (a forward pass) and training (a
forward and a backward pass). The networks are those of the recall task (two layers of width 64,
chunks and bins of up to 128 tokens), untrained, with one sequence and one thread. Each measurement
has a process of its own, because a process does not give memory back. Systems go by turns through
the lengths. A system stops before a length that would need more than ``MOST_SECONDS`` or
``MOST_BYTES``, judged by its growth so far.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from result import read_command, table, write

from analysis.statistics.power_law import power_law
from focus_core.tools.executed_code import ROOT
from focus_core.tools.speed import CPU, Shape, build_work, median_ms
from focus_core.training.memory import peak_bytes, reset_peak
from search_spaces import load
from search_spaces.bases import recall

SYSTEMS = (
    *("base", "focus_h", "no_filter", "coupled", "coupled_real", "ema", "mega"),
    *("s4", "s4d", "hyena", "short_conv", "flash_transformer", "transformer", "transformer_xl"),
)
LENGTHS = (256, 1024, 4096, 16_384, 65_536, 2**20)
MOST_SECONDS, MOST_BYTES = 10.0, 6e9
"""Of a training step and of its memory."""
PAPER = {
    "transformer": ("x1", "x1"),
    "s4": ("x1.58", "x0.43"),
    "mega": ("x1.49", "x0.57"),
    "base": ("x1.75", "x0.38"),
}
"""The paper's Table 5: inference time and memory at 1K tokens, beside a written-out Transformer."""


class Cost(NamedTuple):
    """Of one sequence; bytes beyond those of the network itself."""

    inference_ms: float
    training_ms: float
    inference_bytes: float
    training_bytes: float


def main() -> None:
    """Measure and publish, or measure one system at one length in this process."""
    args = read_command(__doc__, rounds=2, longest=LENGTHS[-1], system="", length=0)
    if args.system:
        print(json.dumps(measure(args.system, args.length)))
        return
    lengths = [length for length in LENGTHS if length <= args.longest]
    found: dict[str, dict[int, Cost]] = {name: {} for name in SYSTEMS}
    for length in lengths:
        for _ in range(args.rounds):
            for name in SYSTEMS:
                _again(found[name], name, length)
    long = lengths[1:]
    sections = [
        _section("Milliseconds of inference", found, lengths, lambda c: c.inference_ms),
        _section("Milliseconds of a training step", found, lengths, lambda c: c.training_ms),
        _section("Megabytes of inference", found, long, lambda c: c.inference_bytes / 1e6),
        _section("Megabytes of a training step", found, long, lambda c: c.training_bytes / 1e6),
    ]
    notes = [
        f"- one sequence, one thread; the best of {args.rounds} rounds, by turns",
        "- memory: the peak of the process beyond its size with the network built, after a first "
        f"run at {LENGTHS[0]} tokens (so that length has no figure)",
        f"- n/m: not measured, because it would need over {MOST_SECONDS:.0f} s or "
        f"{MOST_BYTES / 1e9:.0f} GB a training step",
        "- exponent: of the power law through 1K tokens and more, with its 95 % interval",
    ]
    lines = ["# Time and memory against length (Table 5, Figure 3)", "", *_table_5(found)]
    for section in sections:
        lines += ["", *section]
    write([*lines, "", *notes], args.out)


def measure(name: str, length: int) -> Cost:
    """Time and memory of one system at one length, in this process."""
    torch.set_num_threads(1)
    base = recall(length)
    model = load("ablation").configure({"variant": name}, base).resolved_model()
    shape = Shape(vocab_size=32, num_outputs=32, readout="each")
    for warm_up in build_work(model, shape, LENGTHS[0]):
        warm_up()  # what a first run imports and compiles is no part of its memory
    forward, step = build_work(model, shape, length)
    bytes_of: list[float] = []
    times: list[float] = []
    reset_peak(CPU)
    before = peak_bytes(CPU)
    for work in (forward, step):
        reset_peak(CPU)
        work()
        bytes_of.append(float(max(0, peak_bytes(CPU) - before)))
        times.append(median_ms(work))
    return Cost(*times, *bytes_of)


def _again(costs: dict[int, Cost], name: str, length: int) -> None:
    """Measure once more, and keep the best of each number."""
    if length not in costs and not _affordable(costs, length):
        return
    words = [sys.executable, __file__, "--system", name, "--length", str(length)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{name} at {length}: {done.stderr[-300:]}", file=sys.stderr)
        return
    cost = Cost(*json.loads(done.stdout))
    before = costs.get(length, cost)
    costs[length] = Cost(*map(min, cost, before))
    print(f"{name} at {length}: {costs[length]}", file=sys.stderr, flush=True)


def _affordable(costs: dict[int, Cost], length: int) -> bool:
    """Judge by the growth between the last two lengths; square growth after only one."""
    if not costs:
        return length == LENGTHS[0]
    *_, last = sorted(costs)
    if LENGTHS[LENGTHS.index(last) + 1] != length:
        return False  # it stopped earlier
    factor = length / last
    for number, most in ((1, 1000 * MOST_SECONDS), (3, MOST_BYTES)):
        power = 2.0
        if len(costs) > 1:
            first = sorted(costs)[-2]
            ratio = max(1.0, costs[last][number]) / max(1.0, costs[first][number])
            power = max(1.0, float(np.log(ratio) / np.log(last / first)))
        if costs[last][number] * factor**power > most:
            return False
    return True


def _section(
    title: str,
    found: dict[str, dict[int, Cost]],
    lengths: list[int],
    read: Callable[[Cost], float],
) -> list[str]:
    rows = []
    for name, costs in found.items():
        cells = {f"{n:,}": f"{read(costs[n]):.4g}" if n in costs else "n/m" for n in lengths}
        long = [n for n in costs if n >= LENGTHS[1]]
        law = power_law(np.array(long), np.array([max(1e-3, read(costs[n])) for n in long]))
        said = "" if law is None else f"{law.exponent:.2f}"
        if law is not None and law.low is not None:
            said += f" [{law.low:.2f}, {law.high:.2f}]"
        rows.append({"system": name, **cells, "exponent": said})
    return [f"## {title}", "", *table(rows)]


def _table_5(found: dict[str, dict[int, Cost]]) -> list[str]:
    """Ratios to the written-out Transformer at 1K tokens, and the paper's."""
    at = LENGTHS[1]
    rival = found["transformer"].get(at)
    if rival is None:
        return []
    rows = []
    for name, costs in found.items():
        paper = PAPER.get(name, ("", ""))
        ratios = [a / b for a, b in zip(costs[at], rival, strict=True)]
        rows.append(
            {
                "system": name,
                "inference time": f"x{ratios[0]:.2f}",
                "the paper's": paper[0],
                "inference memory": f"x{ratios[2]:.2f}",
                "its": paper[1],
                "training time": f"x{ratios[1]:.2f}",
                "training memory": f"x{ratios[3]:.2f}",
            }
        )
    return [f"## Beside a written-out Transformer at {at:,} tokens", "", *table(rows)]


if __name__ == "__main__":
    main()
