"""One seed of one trial: its data, network and optimiser."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from focus_core.config import TrainConfig, TrialConfig
from focus_core.systems import SYSTEMS
from focus_core.tasks import build_task
from focus_core.tasks.base import Batch
from focus_core.training.causality import causality_leak
from focus_core.training.network import build_model
from focus_core.training.optimiser import parameter_groups
from focus_core.training.precision import logits_of
from focus_core.training.start import init_weights

EVAL_TOKENS = 8192
EVAL_LOGITS = 2**23
"""Tokens, and logits, in one evaluation batch. Both limits bound memory and change no number.

Larger batches leave a CPU's cache: with 32,768 tokens a score took 1.2 to 1.6 times as long.
"""
PROBE_SEQUENCES = 8


class Replicate:
    """Trains and scores one seed. ``diverged_at`` is the step of the first non-finite loss."""

    def __init__(self, trial: TrialConfig, seed: int, device: torch.device) -> None:
        self.seed = seed
        self.device = device
        self.train = trial.train
        self.config = trial.task
        self.task = build_task(trial.task, seed)
        model = trial.resolved_model()
        self.net = build_model(
            model,
            vocab_size=self.task.vocab_size,
            num_outputs=self.task.num_outputs,
            max_length=trial.task.length,
            readout=self.task.readout,
            channels=self.task.channels,
        )
        init_weights(self.net, seed)
        self.net.to(device)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.net, self.train), betas=(0.9, 0.98), fused=True
        )
        self.base_lrs = [group["lr"] for group in self.optimizer.param_groups]
        numbers = SYSTEMS[model.mixer].numbers
        self.numbers: Any = import_module(numbers) if numbers else None
        self.window_ceiling = self.task.window_ceiling(model.first_seen)
        self.diverged_at: int | None = None
        self.train_loss = math.nan
        self.step = 0

    def train_step(self, step: int) -> None:
        """Make one optimiser step; ``step`` (from 1) sets the data, dropout and learning rate."""
        self.step = step
        torch.manual_seed(self.seed * 1_000_003 + step)  # makes dropout a function of (seed, step)
        scale = rate(self.train, step)
        for group, base in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["lr"] = base * scale
        batch = self.task.train_batch(step, self.train.batch_size)
        self.net.train()
        logits_BLV = self._logits(batch.inputs_BL, batch.lengths_B)
        targets_BL = batch.targets_BL.to(self.device)
        loss = self.task.loss(logits_BLV, targets_BL, reduction="mean")
        self.train_loss = loss.item()
        if not math.isfinite(self.train_loss):
            self.diverged_at = step
            return
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.train.clip)
        self.optimizer.step()

    def evaluate(self, *, final: bool) -> dict[str, float]:
        """Validation score, loss and probes; the test score and leak only if ``final``."""
        if self.diverged_at is not None:
            return {"diverged": float(self.diverged_at)}
        self.net.eval()
        value, loss = self._score(self.task.validation, self.config.eval_sequences)
        if not math.isfinite(loss):
            self.diverged_at = self.step
            return {"diverged": float(self.diverged_at)}
        found = {"value": value, "loss": loss, "train_loss": self.train_loss}
        if self.window_ceiling is not None:
            found["window_ceiling"] = self.window_ceiling
        few = self.task.validation(slice(PROBE_SEQUENCES))
        if self.numbers is not None:
            found |= self.numbers.each_report(self.net, few.inputs_BL.to(self.device))
        if final:
            tested = self.task.test_count or self.config.test_sequences
            found["test"] = self._score(self.task.test, tested)[0]
            found["leak"] = self.leak()
            found |= self.task.closing_scores(self._predict)
            if self.numbers is not None:
                found |= self.numbers.at_the_end(
                    self.net,
                    few.inputs_BL.to(self.device),
                    lambda: self._score(self.task.validation, self.config.eval_sequences)[0],
                )
        return found

    def leak(self) -> float:
        """Largest relative change of an output before a perturbed position."""
        return causality_leak(self.net, self.task.vocab_size, self.config.length, seed=self.seed)

    def _logits(self, inputs_BL: Tensor, lengths_B: Tensor | None) -> Tensor:
        own_B = None if lengths_B is None else lengths_B.to(self.device)
        inputs = (inputs_BL.to(self.device), own_B)
        return logits_of(self.net, inputs, self.device, self.train.precision)

    @torch.no_grad()
    def _predict(self, inputs_BL: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        return self._logits(inputs_BL, lengths_B).cpu()

    @torch.no_grad()
    def _score(self, split: Callable[[slice], Batch], count: int) -> tuple[float, float]:
        """The metric and the mean loss of a scored target over a whole split."""
        at_once = min(EVAL_TOKENS, EVAL_LOGITS // self.task.num_outputs)
        rows = max(1, at_once // self.config.length)
        total = counted = loss = scored = 0.0
        for start in range(0, count, rows):
            batch = split(slice(start, start + rows))
            wanted_BL = batch.targets_BL.to(self.device)
            logits_BLV = self._logits(batch.inputs_BL, batch.lengths_B)
            found, of = self.task.score(logits_BLV, wanted_BL)
            total, counted = total + found, counted + of
            loss += self.task.loss(logits_BLV, wanted_BL).item()
            scored += self.task.counted(wanted_BL)
        return total / counted, loss / scored

    def state(self) -> dict[str, Any]:
        """The state that training changes."""
        return {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "diverged_at": self.diverged_at,
            "step": self.step,
            "train_loss": self.train_loss,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a value that ``state`` returned.

        Raises:
            Exception: ``state`` belongs to another network, or is no state.
        """
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        for parameter, moments in self.optimizer.state.items():  # torch does not check these
            if any(m.shape not in ((), parameter.shape) for m in moments.values()):
                raise ValueError("an optimiser's state of other shapes")
        self.diverged_at = state["diverged_at"]
        self.step = state["step"]
        self.train_loss = state["train_loss"]


def rate(train: TrainConfig, step: int) -> float:
    """The learning rate's factor at ``step`` (from 1): linear warm-up, then cosine or constant."""
    if step <= train.warmup_steps:
        return step / train.warmup_steps
    if train.schedule == "constant":
        return 1.0
    done = (step - train.warmup_steps) / (train.steps - train.warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * done))
