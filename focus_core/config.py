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
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from focus_core import config_activity as active
from focus_core.config_activity import LATER, SPELLINGS, WHEN, option
from focus_core.config_kinds import check_kinds
from focus_core.config_rules import check_ranges, check_trial

Scalar = bool | int | float | str | None
FlatConfig = dict[str, Scalar]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """One network: an embedding, ``layers`` blocks of (mixer, FFN), a norm and a head.

    Letters in brackets are the paper's. Bins and chunks are lengths in tokens; ``mode="paper"``
    also takes their counts (``bins``, ``chunks``), as the paper prints them, and is the only mode
    that builds a model which can see the future.
    """

    mode: Literal["strict", "paper"] = "strict"
    mixer: Literal["focus", "attention"] = "focus"
    width: int = 64  # D
    layers: int = 2
    ffn_width: int | None = None  # default: 2 * width
    dropout: float = 0.0
    key_width: int | None = option(None, when=active.is_focus)  # z; default: width / 2
    value_width: int | None = option(None, when=active.is_focus)  # v; default: width
    heads: int = option(1, when=lambda t: not active.is_focus(t))
    chunk_length: int = option(16, when=active.is_focus)  # M
    chunks: int | None = option(None, when=active.is_focus)  # C, paper mode

    filter: Literal["adaptive", "static", "ema", "none"] = option("adaptive", when=active.is_focus)
    ema_size: int = option(4, when=lambda t: active.is_focus(t) and t.model.filter == "ema")
    order: int = option(2, when=active.has_bank)  # P
    filters: int = option(1, when=active.has_bank)  # F
    parameterisation: Literal["sigmoid", "lattice"] = option("sigmoid", when=active.has_bank)
    gain: Literal["none", "l2"] = option("none", when=active.has_bank)
    realisation: Literal["recurrence", "sampled", "literal"] = option(
        "recurrence", when=active.has_bank
    )
    carry: bool = option(False, when=active.has_several_bins)
    bin_length: int = option(16, when=active.has_bank)  # R
    bins: int | None = option(None, when=active.has_bank)  # Nbins, paper mode
    nfft_factor: int = option(2, when=active.is_in_frequency)  # NFFT / R
    nfft: int | None = option(None, when=active.is_in_frequency)  # NFFT; overrides nfft_factor

    oversampling: int = option(4, when=active.is_generated)  # O
    hyper_width: int = option(64, when=active.is_generated)
    theta_shift: int = option(1, when=active.is_adaptive)  # bins; 0 leaks
    global_conv: Literal["causal", "circular", "none"] = option("causal", when=active.is_generated)
    conv_squash: float = option(0.003, when=active.is_convolved)  # lambda of Fu et al. 2023
    conv_dropout: float = option(0.0, when=active.is_convolved)

    def leaks(self) -> tuple[str, ...]:
        """Why this model can see the future; empty for a causal one."""
        if self.mixer != "focus" or self.filter not in ("adaptive", "static"):
            return ()
        found = []
        if self.realisation == "literal":
            found.append("realisation=literal (Eq. 6 conjugates: time-reversed within a bin)")
        if self.filter == "adaptive" and self.theta_shift == 0:
            found.append("theta_shift=0 (a bin's filter is computed from the bin itself)")
        if self.filter == "adaptive" and self.global_conv == "circular":
            found.append("global_conv=circular (the end of the sequence wraps to its start)")
        return tuple(found)

    def resolved(self, length: int | None = None) -> ModelConfig:
        """Fill in what follows from other fields, so that one network has one spelling.

        Args:
            length: tokens in a sequence; needed only where bins or chunks are given as counts.

        Raises:
            ValueError: counts without a length.
        """
        if length is None and (self.bins is not None or self.chunks is not None):
            raise ValueError("model.bins and model.chunks are counts: resolve them with a length")
        bin_length = self.bin_length if self.bins is None else math.ceil((length or 0) / self.bins)
        chunk_length = (
            self.chunk_length if self.chunks is None else math.ceil((length or 0) / self.chunks)
        )
        if length is not None and self.filter == "static" and self.carry:
            bin_length = length  # the same filter everywhere, never reset: one bin
        bins = self.theta_shift + 2 if length is None else math.ceil(length / bin_length)
        # The first bins' filters are learned: with no bin after them the hypernetwork is not read.
        generated = self.theta_shift < bins
        filled = dataclasses.replace(
            self,
            ffn_width=self.ffn_width or 2 * self.width,
            key_width=self.key_width or max(2, self.width // 2),
            value_width=self.value_width or self.width,
            chunk_length=chunk_length,
            chunks=None,
            bin_length=bin_length,
            bins=None,
            nfft=self.nfft or self.nfft_factor * bin_length,
            carry=self.carry and bins > 1,
            theta_shift=min(self.theta_shift, bins),
            global_conv=self.global_conv if generated else "none",
            # more pooling windows than a bin has tokens only repeat values
            oversampling=min(self.oversampling, bin_length),
        )
        return dataclasses.replace(filled, mode="paper" if filled.leaks() else "strict")


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The data, the target and the score. ``length`` is the number of input tokens."""

    name: str = "far_recall"
    length: int = 64  # L
    keys: int = 4
    values: int = 4
    gap: int = option(18, when=lambda t: t.task.name == "far_recall")
    loss: Literal["all", "last"] = "all"
    train_sequences: int = 0  # 0: fresh ones at every step
    eval_sequences: int = 512
    test_sequences: int = 1024


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Budget and optimiser: AdamW with betas (0.9, 0.98)."""

    steps: int = 400
    batch_size: int = 32
    learning_rate: float = 3e-3
    conv_learning_rate: float = option(1e-2, when=active.is_convolved)
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_steps: int = 10
    weight_decay: float = 0.1
    clip: float = 1.0
    eval_every: int = 50


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """Everything that decides a trial's numbers, except the seed."""

    model: ModelConfig = ModelConfig()
    task: TaskConfig = TaskConfig()
    train: TrainConfig = TrainConfig()

    def __post_init__(self) -> None:
        for section in SECTIONS:
            check_kinds(section, getattr(self, section))
            check_ranges(section, getattr(self, section))
        check_trial(self, self.resolved_model())

    def override(self, changes: Mapping[str, Scalar]) -> TrialConfig:
        """A copy with dotted keys replaced: ``override({"model.order": 3})``.

        Raises:
            ValueError: an unknown key (naming the nearest right one), a value of the wrong kind,
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


def check_key(key: str) -> None:
    """Raise a ValueError that names the nearest right key when ``key`` is not one."""
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
    raise ValueError(f"unknown config key {key!r}{hint}")
