"""The config of a trial: the options of its system, its task and its training, and its identity.

No torch here: ``--list`` and ``--dry-run`` read configs and must answer at once.

A config that exists is valid: its construction checks every option and every rule between options.
Therefore no worker receives an impossible configuration.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from focus_core.config.keys import (
    Scalar,
    changed,
    check_key,
    check_names,
    check_unread,
    counts,
    kind_of,
    known_keys,
    read_value,
)
from focus_core.errors import require
from focus_core.options.checks import check_options, check_size
from focus_core.options.fields import COUNT, LATER, SPELLS, WHEN
from focus_core.options.model import ModelConfig
from focus_core.options.task import TaskConfig
from focus_core.options.train import TrainConfig
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS

__all__ = [
    "FlatConfig",
    "ModelConfig",
    "Scalar",
    "TaskConfig",
    "TrainConfig",
    "TrialConfig",
    "check_key",
    "check_names",
    "check_size",
    "from_flat",
    "kind_of",
    "known_keys",
    "read_value",
]

FlatConfig = dict[str, Scalar]
SECTIONS = ("model", "task", "train")


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """Everything that decides a trial's numbers, except the seed.

    Attributes:
        model: the options of the system.
        task: the options of the task.
        train: the options of the training.
        unread: by dotted key, the given options that only other systems or tasks have. They have
            no effect and are no part of the identity. An arm that overrides ``model.mixer`` or
            ``task.name`` uses those that the new system or task has.
    """

    model: ModelConfig = dataclasses.field(default_factory=SYSTEMS["focus"].config)
    task: TaskConfig = dataclasses.field(default_factory=TASKS["far_recall"].config)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)
    unread: FlatConfig = dataclasses.field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for section in SECTIONS:
            check_options(section, getattr(self, section))
        object.__setattr__(self, "unread", check_unread(self.unread))
        model = self.resolved_model()
        for name, value in vars(model).items():  # some sizes are products of options
            check_size(f"model.{name}", value)
        self.task.check()
        self.train.check()
        self._check_direction()
        self._check_counts()
        model.check(self.model, self.task)

    def override(self, changes: Mapping[str, Scalar]) -> TrialConfig:
        """Return a copy with the options at these keys replaced: ``override({"model.order": 3})``.

        Raises:
            UserError: an unknown key (naming the nearest right one), a value of the wrong kind,
                or a combination that cannot be built.
        """
        check_names(changes)
        for key in changes:
            check_key(key)
        found: dict[str, Any] = {}
        unread: FlatConfig = {}
        for section in SECTIONS:
            before, to = _of(section, self.unread), _of(section, changes)
            found[section], more = changed(section, getattr(self, section), before, to)
            unread |= {f"{section}.{name}": value for name, value in more.items()}
        return TrialConfig(**found, unread=unread)

    def resolved_model(self) -> ModelConfig:
        """The model, with every option filled in that follows from other options."""
        return self._resolved_model

    @cached_property
    def _resolved_model(self) -> ModelConfig:
        return self.model.resolved(self.task.length)

    def resolved(self) -> TrialConfig:
        """The same trial with every derived option filled in, and without unread options."""
        return dataclasses.replace(self, model=self.resolved_model(), unread={})

    def flat(self) -> FlatConfig:
        """Every option by its dotted key, as given; ``from_flat`` is the inverse."""
        return self.unread | {
            f"{section}.{name}": value
            for section in SECTIONS
            for name, value in vars(getattr(self, section)).items()
        }

    def canonical(self) -> FlatConfig:
        """The resolved options that decide this trial's numbers, without those of no effect."""
        return dict(self._canonical)

    @cached_property
    def _canonical(self) -> FlatConfig:
        model = self.resolved_model()
        sections: dict[str, Any] = {"model": model, "task": self.task, "train": self.train}
        return {
            f"{section}.{field.name}": getattr(config, field.name)
            for section, config in sections.items()
            for field in dataclasses.fields(config)
            if not field.metadata.get(SPELLS)
            and (not (when := field.metadata.get(WHEN)) or when(model, self.task))
            and not (field.metadata.get(LATER) and getattr(config, field.name) == field.default)
        }

    def cautions(self) -> tuple[str, ...]:
        """Warnings about unlikely choices in this trial, a line each; not part of its identity."""
        return self.resolved_model().cautions(self.task)

    @cached_property
    def trial_id(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the canonical form."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _check_direction(self) -> None:
        tasks = ", ".join(name for name, entry in TASKS.items() if entry.config.classifies)
        require(
            self.task.classifies or not self.model.bidirectional,
            f"task {self.task.name} predicts the next token: a bidirectional model would read it; "
            f"use model.bidirectional=false, or a task that classifies whole sequences ({tasks})",
        )

    def _check_counts(self) -> None:
        takes = any(field.metadata.get(COUNT) for field in dataclasses.fields(self.model))
        flat = self.flat() if takes else {}
        given = [key for key in counts() if flat.get(key) is not None]
        require(
            self.model.mode == "paper" or not given,
            f"{given[0] if given else ''} is a count, which moves with the length: give "
            "the length in tokens, or model.mode=paper",
        )


def _of(section: str, flat: Mapping[str, Scalar]) -> FlatConfig:
    """The options of ``section`` by their names without the section."""
    own = [key for key in flat if key.startswith(f"{section}.")]
    return {key.partition(".")[2]: flat[key] for key in own}


def from_flat(flat: Mapping[str, Scalar]) -> TrialConfig:
    """The inverse of ``flat`` and of ``canonical``: workers receive trials as such plain data."""
    return TrialConfig().override(flat)
