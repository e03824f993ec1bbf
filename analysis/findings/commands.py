"""Commands that a reader may want to run next, as the sweep itself was launched."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reading.arms import Arm
from analysis.reading.compare import own_sweep
from analysis.reading.study import Study

CARRIED = ("--set", "--home", "--cpus-per-trial", "--gpus-per-trial")  # threads change rounding
SIZED = ("--trials", "--sampler")  # these also make it the same sweep


def can_launch(study: Study) -> bool:
    """Whether the launcher can continue the sweep: not one of another tool, not several sweeps."""
    return not study.imported and not study.about.get("sweeps") and bool(study.about["command"])


def words_of(command: str) -> list[str]:
    """The words of a command line; none where the line cannot be parsed."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def train_again(arm: Arm, about: Mapping[str, Any]) -> str:
    """The command that trains this trial again, alone: its axes fixed, the rest as launched."""
    about, point = own_sweep(about, arm.point)
    given = _given(about["command"])
    settings = [pair for pair in given["--set"] if pair.partition("=")[0] not in point]
    settings += [f"{key}={value}" for key, value in point.items()]
    words = _launch(about, f"{about['name']}-best-{arm.trial_id[:6]}")
    words += ["--trials", "1", "--rerun", "--seeds", str(about["seeds"])]
    words += _flags(given, CARRIED[1:])
    for pair in settings:
        words += ["--set", pair]
    return shlex.join(words)


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
        if abouts[name]["command"]
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
    given = _given(about["command"])
    return [*_launch(about, about["name"]), *_flags(given, SIZED + CARRIED)]


def _launch(about: Mapping[str, Any], name: str) -> list[str]:
    return ["python", "sweeps/launch.py", "--space", about["space"], "--name", name]


def _flags(given: Mapping[str, list[str]], names: Sequence[str]) -> list[str]:
    words: list[str] = []
    for flag in names:
        values = given[flag] if flag == "--set" else given[flag][-1:]
        for value in values:
            words += [flag, value]
    return words


def _given(command: str) -> dict[str, list[str]]:
    """The values of each flag in ``CARRIED`` and ``SIZED``, as given in the command."""
    found: dict[str, list[str]] = {flag: [] for flag in CARRIED + SIZED}
    current = ""
    for word in words_of(command):
        if word.startswith("--"):
            current, equals, value = word.partition("=")
            words = [value] if equals else []
        else:
            words = [word]
        if current in found:
            found[current] += words
    return found
