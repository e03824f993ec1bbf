"""The one training loop: it trains every seed of a trial in step, each on its own data.

In every arm, seed k sees the same data in the same order and starts from the same initial
values, so differences between arms are taken seed by seed. All randomness is a pure function of
(seed, step): a resumed run continues bit for bit on CPU without saved generator states.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch

from focus_core.config import TrialConfig
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.memory import peak_bytes, reset_peak
from focus_core.training.network import SequenceModel
from focus_core.training.over_seeds import merge
from focus_core.training.precision import float32_products
from focus_core.training.replicate import Replicate

Report = dict[str, float]


class Checkpoints(Protocol):
    """A store that keeps a run's state between attempts."""

    def load(self) -> dict[str, Any] | None:
        """Return the last saved state, or None."""

    def save(self, state: dict[str, Any]) -> None:
        """Replace the stored state; the store never holds half a state."""


class OneAfterAnother:
    """Every replicate has its own network and optimiser; the replicates step in turn."""

    def __init__(self, trial: TrialConfig, seeds: Sequence[int], device: torch.device) -> None:
        self.precision = trial.train.precision
        self.replicates = [Replicate(trial, seed, device) for seed in seeds]

    def train_step(self, step: int) -> None:
        """Make one optimiser step (1-based) of every replicate that has not diverged."""
        with float32_products(self.precision):
            for replicate in self.replicates:
                if replicate.diverged_at is None:
                    replicate.train_step(step)

    def evaluate(self, *, final: bool) -> Report:
        """Scores per seed, ``value/0`` ...; the test split only at the end of the budget."""
        with float32_products(self.precision):
            scores = {r.seed: r.evaluate(final=final) for r in self.replicates}
        found = {f"{name}/{k}": score for k, each in scores.items() for name, score in each.items()}
        found |= merge(found, [replicate.seed for replicate in self.replicates])
        return found

    def state(self) -> dict[str, Any]:
        """Return the state that ``restore`` needs to continue."""
        return {str(r.seed): r.state() for r in self.replicates}

    def restore(self, state: dict[str, Any]) -> None:
        for replicate in self.replicates:
            replicate.restore(state[str(replicate.seed)])

    def all_diverged(self) -> bool:
        """True if no replicate is left to train."""
        return all(r.diverged_at is not None for r in self.replicates)


def fit(
    trial: TrialConfig,
    seeds: Sequence[int],
    report: Callable[[Report], None],
    *,
    checkpoints: Checkpoints | None = None,
    checkpoint_seconds: float = 10.0,
    device: torch.device | None = None,
    say: Callable[[str], None] = lambda _: None,
    measure: Callable[[SequenceModel], Report] = lambda _: {},
) -> None:
    """Train every seed of ``trial`` to its budget, and report at each evaluation.

    Args:
        trial: the trial to train.
        seeds: one seed per replicate.
        report: called with a flat dict of floats; an exception that it raises ends the run.
        checkpoints: the store to resume from and save to; None for neither.
        checkpoint_seconds: least time between two saves; a save happens at an evaluation.
        device: the device to train on; None takes a GPU if there is one.
        say: called with one line of text if the saved state does not fit this trial.
        measure: further numbers on the network for every report, such as its cost.

    Raises:
        RuntimeError: the model sees the future and its config does not declare it.
    """
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    reset_peak(device)
    execution = OneAfterAnother(trial, seeds, device)
    first = execution.replicates[0]
    constants = _constants(trial, first) | measure(first.net)
    step, reported, steps = 0, 0, trial.train.steps
    spent: Report = {}
    saved = checkpoints.load() if checkpoints else None
    if saved is not None:
        try:
            step, reported, spent = _restore(execution, saved, trial)
        except Exception as error:  # noqa: BLE001  torch raises many types on a foreign state
            say(f"its checkpoint does not fit it ({type(error).__name__}): it starts over")
            execution = OneAfterAnother(trial, seeds, device)
    last_save = last_report = time.monotonic()
    ended = step == steps or reported < step  # the saved state is the end of the run
    final = False
    while not final:
        if not ended:
            step += 1
            execution.train_step(step)
        final = ended or step == steps or execution.all_diverged()
        if step % trial.train.eval_every and not final:
            continue
        if not ended:
            seconds = time.monotonic() - last_report
            spent = {
                "seconds": seconds,
                "seconds_per_step": seconds / (step - reported),
                "peak_bytes": float(peak_bytes(device)),
            }
        found = {
            "step": float(step),
            **spent,
            **constants,
            **execution.evaluate(final=final),
        }
        # The final state is saved before its report: a finished run is never trained again.
        # Any other state is saved after its report: a resumed run does not repeat that report,
        # so the report must have arrived.
        if checkpoints and final:
            checkpoints.save(_state(step, reported, spent, execution))
        report(found)
        if checkpoints and not final and time.monotonic() - last_save >= checkpoint_seconds:
            checkpoints.save(_state(step, step, spent, execution))
            last_save = time.monotonic()
        last_report, reported = time.monotonic(), step


def _state(step: int, reported: int, spent: Report, execution: OneAfterAnother) -> dict[str, Any]:
    """The state that a checkpoint holds.

    Args:
        step: the last trained step.
        reported: the last step whose report had arrived before this save.
        spent: time and memory of the last report; a repeated report gives the same numbers.
        execution: the networks and optimisers of all seeds.
    """
    return {"step": step, "reported": reported, "spent": spent, "execution": execution.state()}


def _restore(
    execution: OneAfterAnother, saved: dict[str, Any], trial: TrialConfig
) -> tuple[int, int, Report]:
    """Load a state; return its step, the last reported step, and the time and memory spent.

    Raises:
        Exception: the state does not fit this trial; ``execution`` may be half changed.
    """
    step, train = saved["step"], trial.train
    execution.restore(saved["execution"])
    ends = step == train.steps or execution.all_diverged()
    due = 0 < step <= train.steps and (ends or step % train.eval_every == 0)
    if not due or any(r.step != step for r in execution.replicates if r.diverged_at is None):
        raise ValueError(f"a state of step {step}")
    return int(step), int(saved["reported"]), dict(saved["spent"])


def _constants(trial: TrialConfig, replicate: Replicate) -> Report:
    """Numbers that training does not change, measured once before the first step.

    Raises:
        RuntimeError: the model sees the future and its config does not declare it.
    """
    task = replicate.task
    leak = replicate.leak()
    if leak > LEAK_TOLERANCE and trial.resolved_model().promises_causality():
        raise RuntimeError(
            f"this model promises to be causal but position t changes by {leak:.2g} (relative) "
            "when a later token does: mend the layer, or declare it in ModelConfig.leaks"
        )
    return {
        "leak": leak,
        "parameters": float(sum(p.numel() for p in replicate.net.parameters())),
        "chance": task.chance,
        "loss_floor": task.loss_floor(),
        **task.constants(),
    }
