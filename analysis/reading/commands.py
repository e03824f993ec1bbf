"""The commands that a report offers: the sweep's own, with other flags."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

CARRIED = ("--set", "--home", "--cpus-per-trial", "--gpus-per-trial")  # threads change rounding


def given(command: str) -> dict[str, list[str]]:
    """What followed the flags that decide what a trial is and where it is kept."""
    found: dict[str, list[str]] = {flag: [] for flag in CARRIED}
    current = ""
    for word in shlex.split(command):
        if word.startswith("--"):
            current, equals, value = word.partition("=")
            words = [value] if equals else []
        else:
            words = [word]
        if current in found:
            found[current] += words
    return found


def confirm_command(about: Mapping[str, Any], seeds: int = 5) -> str:
    """Trains the winner and the reference on so many fresh seeds.

    Args:
        about: the columns of the sweep's row.
        seeds: a trial.
    """
    return _launch(about, ["--confirm", str(seeds)])


def seeds_command(about: Mapping[str, Any], seeds: int, only: Sequence[str] = ()) -> str:
    """Trains the seeds that are missing up to ``seeds``.

    Args:
        about: the columns of the sweep's row.
        seeds: a trial, with those that it has.
        only: the ids of the trials that get them; empty: every complete trial.
    """
    trials = [] if only else ["--trials", str(about["planned"])]
    return _launch(about, ["--seeds", str(seeds), *trials, *(["--only", *only] if only else [])])


def _launch(about: Mapping[str, Any], words: Sequence[str]) -> str:
    carried = given(about["command"])
    command = ["python", "sweeps/launch.py", "--space", about["space"], "--name", about["name"]]
    command += words
    for flag in CARRIED[1:]:
        command += [word for value in carried[flag][-1:] for word in (flag, value)]
    return shlex.join([*command, *(["--set", *carried["--set"]] if carried["--set"] else [])])
