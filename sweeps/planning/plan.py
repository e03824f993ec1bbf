"""Make a plan from a command line: everything is checked, and nothing is written."""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import require
from focus_core.outside.plugin import Plugin
from focus_core.tools.needed_data import check_data
from search_spaces.soundness import check, different_trials
from search_spaces.space import Point, Space
from sweeps.commands.command_line import counted, shown
from sweeps.driving.pruners import PRUNERS
from sweeps.driving.samplers import SAMPLERS
from sweeps.planning.equal_size import Size
from sweeps.planning.own_data import OwnData
from sweeps.planning.own_data.tasks import check_tasks
from sweeps.planning.question import asked_space, parse_settings, question
from sweeps.planning.question_as_data import as_data
from sweeps.provenance.launch_origin import usable_cpus, visible_gpus
from sweeps.record.home import Home, find_home

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
LONGEST = 1_000_000
GIVEN = ("trials", "sampler", "seeds", "home", "cpus_per_trial", "gpus_per_trial", "plugin")
"""The flags that a later command for the same sweep, or for one of its trials, repeats."""
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A sweep about to be launched.

    Attributes:
        given: what the command line gave (``Sweep.given``).
        hypothesis: what is expected; empty where no expectation was stated.
        margin: the largest difference that does not matter; None: the metric's own.
        first: points that come before the sampler's proposals; they replace the points of a grid.
        only: the beginnings of the ids of the trials that get ``seeds``; the other trials keep
            their seeds. Empty: every trial gets ``seeds``.
        confirms: the sweep whose winner this plan trains again, on fresh seeds; None: this plan
            is no confirmation.
        first_seed: the smallest seed.
        sizes: the sizes of the arms, where the space asks for equal sizes.
        plugins: the mixers and tasks from outside.
        data: a person's own data; None where the task reads none.
    """

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
    home: Home
    local: bool
    given: Mapping[str, Any]
    cautions: tuple[str, ...]
    hypothesis: str = ""
    margin: float | None = None
    first: tuple[Point, ...] = ()
    only: tuple[str, ...] = ()
    confirms: str | None = None
    first_seed: int = 0
    sizes: tuple[Size, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    data: OwnData | None = None

    def warmup(self) -> int | None:
        """Steps before a trial may be pruned; None where no trial is pruned."""
        return self.base.train.steps // 3 if self.space.pruner else None


def make_plan(args: Namespace) -> Plan:
    """Check the command line against the space and this machine.

    Raises:
        UserError: one line that says what is wrong and what would be right.
    """
    settings = parse_settings(args.set or [])
    posed = asked_space(args.space, args.base, args.vary or [])
    space, base, sizes, of_sizes, data = question(posed, settings)
    _check_name(space, "sampler", space.sampler, SAMPLERS)
    if space.pruner is not None:
        _check_name(space, "pruner", space.pruner, PRUNERS)
    cautions = [*check(space, base), *of_sizes]
    check_data(base.task)
    cautions += _not_varied(posed, space, args.vary or [])
    check_tasks(space, base, data)
    sampler = args.sampler or space.sampler
    trials = _number_of_trials(args.trials, space, sampler)
    different = different_trials(space, base)
    if different is not None and different < trials:
        cautions.append(
            f"{trials} trials were asked for, this space has {different} different ones"
        )
        trials = different
    first, said = _reference(space, base, sampler)
    cautions += said
    _check_resources(args)
    _check_words(args)
    name = space.name if args.name is None else args.name
    require(
        NAME.fullmatch(name) is not None,
        f"--name {name[:40]!r} must be 1 to 80 letters, digits, '.', '_' or '-', starting with "
        "a letter or digit",
    )
    return Plan(
        name=name,
        space=space,
        base=base,
        sampler=sampler,
        trials=trials,
        seeds=args.seeds or space.seeds,
        cpus=_cpus(args),
        gpus=args.gpus_per_trial,
        max_concurrent=args.max_concurrent,
        seconds=parse_duration(args.time_budget),
        address=args.address,
        home=find_home(args.home, args.tracking_uri),
        local=args.local,
        given=_given(args, settings, data) | _own(args, space, base),
        data=data,
        cautions=tuple(cautions),
        hypothesis=space.hypothesis if args.hypothesis is None else args.hypothesis,
        margin=space.margin if args.margin is None else args.margin,
        first=first,
        only=tuple(args.only or ()),
        sizes=sizes,
    )


def _given(args: Namespace, settings: Mapping[str, Scalar], data: OwnData | None) -> dict[str, Any]:
    found = {name: getattr(args, name) for name in GIVEN}
    found["data"] = data.as_data() if data else None
    return {"set": dict(settings)} | {k: v for k, v in found.items() if v is not None}


def _own(args: Namespace, space: Space, base: TrialConfig) -> dict[str, Any]:
    """What the ledger keeps of a question from outside ``search_spaces``."""
    if not (args.vary or space.sha256):
        return {}
    words = {"space": args.space, "sha256": space.sha256, "vary": args.vary, "base": args.base}
    return {k: v for k, v in words.items() if v} | {"resolved": as_data(space, base)}


def _not_varied(posed: Space, space: Space, vary: Sequence[str]) -> list[str]:
    """A caution for each axis of ``--vary`` that ``--set`` fixes."""
    asked = {word.partition("=")[0] for word in vary}
    left = {axis.key for axis in space.axes}
    fixed = [axis.key for axis in posed.axes if axis.key in asked - left]
    return [f"--vary {key} does not vary: --set {key} fixes it" for key in fixed]


def _check_name(space: Space, kind: str, name: str, known: Iterable[str]) -> None:
    require(
        name in known,
        f"{space.place} names the {kind} {name!r}: the {kind}s are {', '.join(known)}",
    )


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


def _reference(
    space: Space, base: TrialConfig, sampler: str
) -> tuple[tuple[Point, ...], list[str]]:
    """The base's own point, which no sampler would propose; or a caution that there is none.

    A grid gets neither.
    """
    if sampler == "grid":
        return (), []
    point, lacking = space.point_of(base)
    if not lacking:
        return (point,), []
    return (), [
        f"the base is no point of this space ({', '.join(lacking)} without its value): no trial is "
        "the reference, and the report compares with the first one trained in full"
    ]


def _check_words(args: Namespace) -> None:
    seeds, margin = args.seeds, args.margin
    require(seeds is None or seeds >= 1, f"--seeds must be 1 or more, not {seeds}")
    require(margin is None or margin > 0, f"--margin must be above 0, not {margin}")
    require(not args.only or seeds is not None, "--only needs --seeds: how many those trials get")
    if args.confirm is None:
        return
    require(args.confirm >= 1, f"--confirm must be 1 or more seeds, not {args.confirm}")
    require(not args.only, "--confirm trains winner and reference: leave out --only")


def _cpus(args: Namespace) -> float:
    return 1.0 if args.cpus_per_trial is None else float(args.cpus_per_trial)


def _check_resources(args: Namespace) -> None:
    cpus, gpus, at_once = _cpus(args), args.gpus_per_trial, args.max_concurrent
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
