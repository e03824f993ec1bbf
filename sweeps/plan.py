"""From a command line to a plan: everything checked, nothing written."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from focus_core.config import Scalar, TrialConfig, check_key, read_value
from focus_core.config.checks import require
from focus_core.tasks import TASKS, check_data
from search_spaces import load
from search_spaces.soundness import different_trials
from search_spaces.space import VARIANT, Space
from sweeps.addresses import sqlite_url
from sweeps.command_line import counted, home_folder, shown
from sweeps.provenance import usable_cpus, visible_gpus
from sweeps.redact import hide_secrets, shown_url

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
LONGEST = 1_000_000
MOST_NAMED = 8
"""Values of an axis that a plan names."""
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sweep about to be launched."""

    name: str
    space: Space
    base: TrialConfig
    sampler: str
    trials: int
    seeds: int
    cpus: float
    gpus: float | None
    max_concurrent: int | None
    seconds: float | None
    address: str | None
    home: Path
    ledger_url: str
    tracking_uri: str
    local: bool
    cautions: tuple[str, ...]

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    @property
    def checkpoints(self) -> Path:
        """Of this sweep alone: a trial of another may have been trained by other code."""
        return self.home / "checkpoints" / self.name

    def warmup(self) -> int | None:
        """Steps before a trial may be pruned; None where none is."""
        return self.base.train.steps // 3 if self.space.prune else None

    def lines(self) -> list[tuple[str, str]]:
        """The plan for people: label and text; of an axis with many values, the first few."""
        task, train = self.base.task, self.base.train
        size = f"{self.trials} ({self.sampler}) x {counted(self.seeds, 'seed')}"
        size += f" x {counted(train.steps, 'step')}"
        pruning = f"pruned from step {self.warmup()} on" if self.space.prune else "never pruned"
        limit = f"; at most {timedelta(seconds=self.seconds)} in all" if self.seconds else ""
        where = "in this process" if self.local else f"Ray at {self.address or 'this machine'}"
        found = [
            ("sweep", self.name),
            ("question", " ".join(self.space.question.split())),
            ("base", _describe_base(self.base)),
            ("task", f"{task.name}, {task.length} tokens"),
            (
                "decides",
                f"{TASKS[task.name].metric} on validation; the test split is only reported",
            ),
        ]
        found += [
            ("tuned" if "tuned" in a else "axis", describe_axis(a, self.space.name))
            for a in self.space.describe_axes()
        ]
        return [
            *found,
            ("trials", f"{size}, {pruning}"),
            ("runs", f"{where}; {counted(self.cpus, 'CPU')}, {_gpus(self.gpus)} a trial{limit}"),
            ("ledger", shown_url(self.ledger_url)),
            ("mlflow", hide_secrets(self.tracking_uri)),
            ("home", str(self.home)),
            *(("caution", text) for text in self.cautions),
        ]


def make_plan(args: Namespace) -> Plan:
    """Check the command line against the space and this machine.

    Raises:
        UserError: one line that says what is wrong and what would be right.
    """
    settings = parse_settings(args.set or [])
    space = load(args.space)
    pins = {k: v for k, v in settings.items() if k in {a.key for a in space.axes}}
    space = space.pinned(pins)
    for key in settings:
        if key not in pins:
            check_key(key)
    base = space.base().override({k: v for k, v in settings.items() if k not in pins})
    cautions = list(space.check(base))
    check_data(base.task)
    sampler = args.sampler or space.sampler
    trials = _number_of_trials(args.trials, space, sampler)
    different = different_trials(space, base)
    if different is not None and different < trials:
        cautions.append(
            f"{trials} trials were asked for, this space has {different} different ones"
        )
        trials = different
    require(args.seeds is None or args.seeds >= 1, f"--seeds must be 1 or more, not {args.seeds}")
    _check_resources(args)
    name = args.space if args.name is None else args.name
    require(
        NAME.fullmatch(name) is not None,
        f"--name {name[:40]!r} must be 1 to 80 letters, digits, '.', '_' or '-', starting with "
        "a letter or digit",
    )
    home = home_folder(args.home)
    return Plan(
        name=name,
        space=space,
        base=base,
        sampler=sampler,
        trials=trials,
        seeds=args.seeds or space.seeds,
        cpus=args.cpus_per_trial,
        gpus=args.gpus_per_trial,
        max_concurrent=args.max_concurrent,
        seconds=parse_duration(args.time_budget),
        address=args.address,
        home=home,
        ledger_url=os.environ.get("FOCUS_LEDGER_URL") or sqlite_url(home / "ledger.db"),
        tracking_uri=args.tracking_uri
        or os.environ.get("MLFLOW_TRACKING_URI")
        or sqlite_url(home / "mlflow.db"),
        local=args.local,
        cautions=tuple(cautions),
    )


def parse_settings(pairs: list[str]) -> dict[str, Scalar]:
    """``["model.order=3"]`` as a dict; each word is read as its field declares.

    Raises:
        UserError: an unknown key, a word that its field cannot have, or a key given twice.
    """
    found: dict[str, Scalar] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        require(bool(equals), f"--set {shown(pair)} must be KEY=VALUE, such as model.order=3")
        require(key not in found, f"--set {shown(key)} is given twice: keep one of the two values")
        found[key] = text if key == VARIANT else read_value(key, text)
    return found


def parse_duration(text: str | None) -> float | None:
    """``90``, ``90s``, ``10m``, ``2h``, ``1d`` in seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text, re.ASCII)
    require(
        match is not None and 0 < float(match[1]) <= LONGEST,
        f"--time-budget {shown(text)} must be a time such as 90s, 10m, 2h or 1d",
    )
    assert match is not None
    return float(match[1]) * UNITS[match[2]]


def _number_of_trials(asked: int | None, space: Space, sampler: str) -> int:
    require(asked is None or asked >= 1, f"--trials must be 1 or more, not {asked}")
    if sampler != "grid":
        return asked or space.trials or len(space.grid())
    points = len(space.grid())
    require(
        asked is None or asked <= points,
        f"--trials {asked}: the grid of {space.name} has {counted(points, 'point')}; use at "
        f"most {points}",
    )
    return asked or points


def _check_resources(args: Namespace) -> None:
    cpus, gpus, at_once = args.cpus_per_trial, args.gpus_per_trial, args.max_concurrent
    require(cpus > 0, f"--cpus-per-trial must be above 0, not {cpus:g}")
    require(gpus is None or gpus >= 0, f"--gpus-per-trial must be 0 or more, not {gpus}")
    require(at_once is None or at_once >= 1, f"--max-concurrent must be 1 or more, not {at_once}")
    here = usable_cpus()
    require(
        args.address is not None or cpus <= here,
        f"--cpus-per-trial {cpus:g} is more than the {counted(here, 'CPU')} of this machine: "
        f"use at most {here}, or --address of a cluster",
    )
    devices = visible_gpus()
    require(
        not gpus or args.address is not None or devices is None or gpus <= devices,
        f"--gpus-per-trial {gpus or 0:g} is more than the {counted(devices or 0, 'GPU')} of this "
        f"machine: use at most {devices}, or --address of a cluster",
    )
    require(not (args.local and args.address), "--local runs without Ray: leave out --address")


def _describe_base(base: TrialConfig) -> str:
    usual = TrialConfig().canonical()
    model = base.model
    head = f"{model.mixer} D={model.width} layers={model.layers}"
    other = {k: v for k, v in base.canonical().items() if usual.get(k, object()) != v}
    return ", ".join([head, *(f"{k}={v}" for k, v in other.items())])


def describe_axis(axis: dict[str, Any], short_for: str | None = None) -> str:
    """Its key and its values.

    Args:
        axis: as the ledger has it.
        short_for: the space whose full list is then named instead of most values; None: all.
    """
    scale = " (log)" if axis.get("log") else ""
    if "choices" in axis:
        named = axis["choices"][: MOST_NAMED if short_for else None]
        values, more = ", ".join(map(str, named)), len(axis["choices"]) - len(named)
        values += f" and {more} more: --list --space {short_for}" if more else ""
    else:
        values = f"{axis['low']:g} to {axis['high']:g}{scale}"
    chosen = ", each arm's own best on validation" if "tuned" in axis else ""
    return f"{axis['key']}: {values}{chosen}"


def _gpus(asked: float | None) -> str:
    return "1 GPU (where there is one)" if asked is None else counted(asked, "GPU")
