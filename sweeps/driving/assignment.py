"""What the driver sends to a worker: plain data."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import Any

from focus_core.outside.plugin import Plugin
from sweeps.commands.settings import number
from sweeps.record.schema import new_token

CHECKPOINT_SECONDS = 10.0
DATA = "FOCUS_DATA"


@dataclass(frozen=True, kw_only=True)
class Means:
    """What every trial of a launch gets.

    Attributes:
        checkpoints: the address of the sweep's checkpoints.
        shared: whether every worker must reach that address; otherwise a worker that does not
            share it keeps checkpoints of its own.
        threads: the number of torch threads.
        cpus: CPUs for the trial.
        gpus: GPUs for the trial; may be a fraction.
        plugins: the mixers and tasks from outside; a trial takes those that it needs along.
    """

    checkpoints: str
    shared: bool = False
    threads: int = 1
    cpus: float = 1.0
    gpus: float = 0.0
    plugins: tuple[Plugin, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a worker needs to train a trial.

    Attributes:
        code: ``Trial.code``.
        token: ``Trial.token``.
        reported: the last step up to which the ledger has every report of ``seeds``.
        handed: the unique name of this assignment.
    """

    trial_id: str
    code: str
    token: str
    reported: int
    handed: str = field(default_factory=new_token)
    config: dict[str, Any]
    seeds: list[int]

    def payload(self, means: Means) -> dict[str, Any]:
        """Everything that is sent to a worker."""
        settings = {"checkpoint_seconds": checkpoint_seconds(), "data": os.environ.get(DATA)}
        needed = [p.as_data() for p in means.plugins if p.serves(self.config)]
        return {**asdict(self), **asdict(means), **settings, "plugins": needed}


def checkpoint_seconds() -> float:
    """The least seconds between two checkpoints of a trial (``FOCUS_CHECKPOINT_SECONDS``).

    Raises:
        UserError: the setting is not a number from 0 to 1e9.
    """
    return number("FOCUS_CHECKPOINT_SECONDS", CHECKPOINT_SECONDS)
