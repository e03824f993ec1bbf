"""The identity of the code that a trial's own training executes, however that code is formatted.

The identity covers every module that ``training.loop``, the trial's own system or its own task
reaches by imports. For a system or task from outside, it covers the modules of its package; of a
plugin's file, the text counts, and neither its name nor its place.
Nothing else changes the identity: not another system or task, the registries that name them, a
comment, a docstring, the layout, or a tool that training never imports. All these may be edited
while sweeps run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from focus_core.tools.executed_code import PACKAGE, ROOT, executed, identity

TRAINING = f"{PACKAGE}.training.loop"


def trial_code(config: Mapping[str, object], root: Path = ROOT) -> str:
    """A hash of the code that a trial's training executes.

    Equal hashes mean that the same config gives the same numbers. A process reads each file once:
    it trains with the code that it imported, not with a later edit.

    Args:
        config: the flat config; ``model.mixer`` and ``task.name`` decide what is executed.
        root: the folder that holds ``focus_core``.

    Raises:
        UserError: a module of the system or the task has no file.
    """
    return _hash(_named(str(config.get("model.mixer")), str(config.get("task.name"))), root)


def code_hash(root: Path = ROOT) -> str:
    """One hash of the code that all trainings execute, of every system with every task."""
    digest = hashlib.sha256()
    for mixer in sorted(SYSTEMS):
        for task in sorted(TASKS):
            digest.update(_hash(_named(mixer, task), root).encode())
    return digest.hexdigest()[:12]


@cache
def _hash(named: tuple[str, ...], root: Path) -> str:
    return identity(executed(named, root))


def _named(mixer: str, task: str) -> tuple[str, ...]:
    """The modules from which the search for the code of such a training starts.

    A system or task that is not registered here, such as one of a later version, adds no module.
    """
    found = [TRAINING]
    if mixer in SYSTEMS:
        system = SYSTEMS[mixer]
        found += [system.config.__module__, system.mixer.partition(":")[0], system.numbers]
    if task in TASKS:
        found += [TASKS[task].config.__module__, TASKS[task].module]
    return tuple(filter(None, found))
