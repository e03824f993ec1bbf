"""What a trial is: frozen configs, dotted overrides, and the identity derived from them.

No torch here: ``--list`` and ``--dry-run`` read configs and must answer at once.

A config that exists is valid: constructing one checks every field and every rule
between fields, so no worker ever meets an impossible configuration.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from focus_core.config import cautions
from focus_core.config.checks import check_kinds, check_ranges, check_size, read_field
from focus_core.config.fields import LATER, SPELLINGS, WHEN
from focus_core.config.model import ModelConfig
from focus_core.config.rules import check_trial
from focus_core.config.task import TaskConfig
from focus_core.config.train import TrainConfig
from focus_core.errors import UserError

__all__ = [
    "SECTIONS",
    "FlatConfig",
    "ModelConfig",
    "Scalar",
    "TaskConfig",
    "TrainConfig",
    "TrialConfig",
    "check_key",
    "from_flat",
    "known_keys",
    "read_value",
]

Scalar = bool | int | float | str | None
FlatConfig = dict[str, Scalar]


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """Everything that decides a trial's numbers, except the seed."""

    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    task: TaskConfig = dataclasses.field(default_factory=TaskConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)

    def __post_init__(self) -> None:
        for section in SECTIONS:
            check_kinds(section, getattr(self, section))
            check_ranges(section, getattr(self, section))
        model = self.resolved_model()
        for name, value in vars(model).items():  # some are products of others
            check_size(f"model.{name}", value)
        check_trial(self, model)

    def override(self, changes: Mapping[str, Scalar]) -> TrialConfig:
        """A copy with dotted keys replaced: ``override({"model.order": 3})``.

        Raises:
            UserError: an unknown key (naming the nearest right one), a value of the wrong kind,
                or a combination that cannot be built.
        """
        sections: dict[str, dict[str, Scalar]] = {name: {} for name in SECTIONS}
        for key, value in changes.items():
            check_key(key)
            section, field = key.split(".")
            sections[section][field] = value
        return TrialConfig(
            **{
                name: dataclasses.replace(getattr(self, name), **fields)
                for name, fields in sections.items()
            }
        )

    def resolved_model(self) -> ModelConfig:
        """The model with everything filled in that follows from other fields."""
        return self.model.resolved(self.task.length)

    def resolved(self) -> TrialConfig:
        """The same trial, spelled out: no derived field is left open."""
        return dataclasses.replace(self, model=self.resolved_model())

    def flat(self) -> FlatConfig:
        """Every field by its dotted key, as given; ``from_flat`` is the inverse."""
        return {
            f"{section}.{name}": value
            for section in SECTIONS
            for name, value in dataclasses.asdict(getattr(self, section)).items()
        }

    def canonical(self) -> FlatConfig:
        """The resolved fields that decide this trial's numbers: dead ones are left out."""
        trial = self.resolved()
        kept: FlatConfig = {}
        for section in SECTIONS:
            config = getattr(trial, section)
            for field in dataclasses.fields(config):
                value = getattr(config, field.name)
                when = field.metadata.get(WHEN)
                dead = when is not None and not when(trial)
                as_before = field.metadata.get(LATER) and value == field.default
                if not dead and not as_before and field.name not in SPELLINGS:
                    kept[f"{section}.{field.name}"] = value
        return kept

    def cautions(self) -> tuple[str, ...]:
        """What is hardly wanted of this trial, each in one line; no part of its identity."""
        return cautions.cautions(self)

    @property
    def trial_id(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of the canonical form."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


SECTIONS: dict[str, type] = {"model": ModelConfig, "task": TaskConfig, "train": TrainConfig}


def from_flat(flat: Mapping[str, Scalar]) -> TrialConfig:
    """The inverse of ``flat`` and of ``canonical``: what travels to a worker as plain data."""
    return TrialConfig().override(flat)


def known_keys() -> list[str]:
    """Every dotted key an override may name."""
    return [f"{s}.{f.name}" for s, kind in SECTIONS.items() for f in dataclasses.fields(kind)]


def read_value(key: str, word: str) -> Scalar:
    """What ``word`` says for the field called ``key``: ``none`` may be a word, a number may not.

    Raises:
        UserError: an unknown key (naming the nearest right one), or a word of the wrong kind.
    """
    check_key(key)
    value: Scalar = read_field(key, SECTIONS[key.partition(".")[0]], word)
    return value


def check_key(key: str) -> None:
    """Raise a UserError that names the nearest right key when ``key`` is not one."""
    keys = known_keys()
    if key in keys:
        return
    by_field = {k.split(".")[1]: k for k in keys}
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
    if not near:
        near = [
            by_field[m] for m in difflib.get_close_matches(key.rsplit(".", 1)[-1], by_field, n=1)
        ]
    hint = f"; did you mean {near[0]!r}?" if near else f"; the keys are {', '.join(keys)}"
    raise UserError(f"unknown config key {key[:60]!r}{hint}")
