"""The audit's rules for a trial's seeds: all are trained to the budget, and all are in the mean."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

from sweeps.commands.command_line import counted
from sweeps.record.reader import Disagreement, ReplicateRow, TrialRow
from sweeps.record.schema import STATES, TERMINAL

REPLICATE_STATES = (*STATES, "diverged")
TOLERANCE = 1e-9


def check_replicates(trial: TrialRow, seeds: range, *, over: bool) -> Iterator[Disagreement]:
    """Every rule about the seeds of one trial.

    Args:
        trial: the row.
        seeds: the seeds that the trial is trained with now.
        over: whether the sweep is finished; then the seeds added to it have been trained.
    """
    yield from _check_which(trial, seeds, over=over)
    for replicate in trial.replicates:
        yield from _check_one(trial, replicate)
    if trial.state == "complete":
        yield from _check_mean(trial, "value", trial.value, [r.value for r in trial.replicates])
        yield from _check_mean(trial, "test", trial.test, [r.test for r in trial.replicates])
    yield from _check_diverged(trial)


def _check_which(trial: TrialRow, seeds: range, *, over: bool) -> Iterator[Disagreement]:
    present = [r.seed for r in trial.replicates]
    first = seeds.start
    if present != list(range(first, first + len(present))):
        expected = f"{first}, {first + 1}, {first + 2} ... once each"
        yield _wrong(trial, f"seeds {present}", expected)
    # Pruned and failed trials are not trained with seeds that were added later.
    fewest = 1 if trial.state in TERMINAL else 0
    if trial.state == "complete" and over:
        fewest = len(seeds)
    if not fewest <= len(present) <= len(seeds):
        yield _wrong(trial, counted(len(present), "seed"), f"the sweep's {len(seeds)}")


def _check_one(trial: TrialRow, seed: ReplicateRow) -> Iterator[Disagreement]:
    name, numbers = f"seed {seed.seed}", (seed.value, seed.test)
    if seed.state not in REPLICATE_STATES:
        yield _wrong(trial, f"{name} is {seed.state!r}", f"one of {', '.join(REPLICATE_STATES)}")
    if trial.state == "complete" and seed.state != "complete":
        yield _wrong(trial, f"complete, yet {name} is {seed.state}", "every seed complete")
    if trial.state in TERMINAL and seed.state in ("waiting", "running"):
        yield _wrong(trial, f"{trial.state}, yet {name} is {seed.state}", "no seed open")
    if seed.state == "complete" and (seed.step != trial.steps or None in numbers):
        what = f"{name} is complete at step {seed.step}, value {seed.value}, test {seed.test}"
        yield _wrong(trial, what, f"step {trial.steps}, with value and test")
    if seed.state == "diverged" and numbers != (None, None):
        yield _wrong(trial, f"{name} diverged, yet has a value", "none")
    if seed.state not in ("complete", "diverged") and seed.test is not None:
        yield _wrong(trial, f"{name} is {seed.state}, yet has a test value", "only at the end")
    if not 0 <= seed.step <= trial.steps:
        yield _wrong(trial, f"{name} is at step {seed.step}", f"at most {trial.steps}")


def _check_mean(
    trial: TrialRow, name: str, told: float | None, values: list[float | None]
) -> Iterator[Disagreement]:
    known = [value for value in values if value is not None]
    mean = statistics.fmean(known) if known and len(known) == len(values) else None
    if told is None or not math.isfinite(told):
        yield _wrong(trial, f"complete, with {name} {told}", "a number")
    elif mean is None or not close(told, mean):
        yield _wrong(trial, f"{name} {told:.6g}", f"the mean of all its seeds: {shown(mean)}")


def _check_diverged(trial: TrialRow) -> Iterator[Disagreement]:
    if trial.state not in TERMINAL or all(r.state != "diverged" for r in trial.replicates):
        return
    if trial.state != "failed":
        yield _wrong(trial, f"{trial.state}, yet a seed diverged", "failed")
    if trial.value is not None:
        yield _wrong(trial, f"value {trial.value:.6g}, yet a seed diverged", "none")


def close(one: float, other: float) -> bool:
    """Whether two numbers are equal but for the rounding of a sum in another order."""
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def shown(value: float | None) -> str:
    """A number for the table."""
    return "none" if value is None else f"{value:.6g}"


def _wrong(trial: TrialRow, what: str, expected: str) -> Disagreement:
    return Disagreement(trial.trial_id, "ledger", what, expected)
