"""Commands that a reader may want to run next, as the sweep itself was launched."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reading.arms import Arm
from analysis.reading.compare import own_sweep
from analysis.reading.study import Study
from sweeps.commands import doors

CARRIED = ("home", "cpus_per_trial", "gpus_per_trial")  # the number of threads changes rounding
SIZED = ("trials", "sampler")  # these also make it the same sweep


def can_launch(study: Study) -> bool:
    """Whether the launcher can continue the sweep: not one of another tool, not several sweeps."""
    return not study.imported and not study.about.get("sweeps") and study.about["given"] is not None


def train_again(arm: Arm, about: Mapping[str, Any]) -> str:
    """The command that trains this trial again, alone: its axes fixed, the rest as launched."""
    about, point = own_sweep(about, arm.point)
    given = about["given"]
    words = _launch(about, f"{about['name']}-best-{arm.trial_id[:6]}")
    words += ["--trials", "1", "--rerun", "--seeds", str(about["seeds"])]
    words += _flags(given, CARRIED)
    return shlex.join(words + _settings(given["set"] | point))


def train_more(study: Study, arms: Sequence[Arm], seeds: int) -> str:
    """The command that gives these arms ``seeds`` seeds in total; one part for each sweep.

    Empty where the launcher cannot train them.
    """
    if study.imported:
        return ""
    wanted = {arm.number for arm in arms}
    abouts: dict[str, Mapping[str, Any]] = {}
    ids: dict[str, list[str]] = {}
    whole: Counter[str] = Counter()
    for arm in study.trials:
        about = own_sweep(study.about, arm.point)[0]
        abouts[about["name"]] = about
        whole[about["name"]] += arm.state == "complete"
        if arm.number in wanted:
            ids.setdefault(about["name"], []).append(arm.trial_id)
    restricted = study.restriction is not None
    return " && ".join(
        more_seeds(abouts[name], seeds, [] if len(some) == whole[name] and not restricted else some)
        for name, some in ids.items()
        if abouts[name]["given"] is not None
    )


def more_seeds(about: Mapping[str, Any], seeds: int, only: Sequence[str] = ()) -> str:
    """The command that continues the sweep with more seeds.

    Args:
        about: the sweep's row.
        seeds: total number of seeds per trial.
        only: ids of the trials that get these seeds; empty for every trial.
    """
    words = [*_same_sweep(about), "--seeds", str(seeds)]
    return shlex.join([*words, *(["--only", *only] if only else [])])


def confirm(about: Mapping[str, Any], seeds: int) -> str:
    """The command that trains the winner and the reference on ``seeds`` fresh seeds."""
    return shlex.join([*_same_sweep(about), "--confirm", str(seeds)])


def _same_sweep(about: Mapping[str, Any]) -> list[str]:
    given = about["given"]
    words = [*_launch(about, about["name"]), *_flags(given, SIZED)]
    return [*words, *_settings(given["set"]), *_flags(given, CARRIED)]


def _launch(about: Mapping[str, Any], name: str) -> list[str]:
    given = about["given"]
    own = "vary" in given or "space" in given  # a question from outside this project
    words = doors.words("sweeps/launch.py")
    words += _flags(given if own else about, ["space", "base"] if own else ["space"])
    for flag in ("vary", "plugin"):
        words += [f"--{flag}", *given[flag]] if flag in given else []
    return [*words, "--name", name]


def _flags(given: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    flags = [(f"--{name.replace('_', '-')}", given[name]) for name in names if name in given]
    return [word for flag, value in flags for word in (flag, _word(value))]


def _settings(given: Mapping[str, Any]) -> list[str]:
    return [word for key, value in given.items() for word in ("--set", f"{key}={_word(value)}")]


def _word(value: Any) -> str:
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
