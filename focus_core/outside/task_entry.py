"""The config and the registry's record of a task from outside. No torch before one is built."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.task import TaskConfig
from focus_core.outside.signature import complaint, made_config, own_name, signature
from focus_core.tasks.entry import TaskEntry

GIVEN = {field.name for field in dataclasses.fields(TaskConfig)}
METRICS = ("accuracy", "bits per byte", "bits per character")
READOUTS = ("each", "mean")


@dataclass(frozen=True, kw_only=True)
class OutsideTask(TaskConfig):
    """The options of a task from outside: those of every task, and its constructor's."""

    outside: ClassVar[type[Any]]
    """The author's class."""
    takes: ClassVar[tuple[str, ...]] = ()
    """The arguments of its constructor."""

    def check(self) -> None:
        """Require that the author's constructor takes these options."""
        super().check()
        wrong = _refusal(self)
        require(not wrong, f"task.name={self.name} cannot be built: {wrong}")

    def made(self) -> Any:
        """The author's task, without its seed."""
        return self.outside(**self.arguments())

    def arguments(self) -> dict[str, Any]:
        """The arguments of the author's constructor."""
        return {name: getattr(self, name) for name in self.takes}


def entry_of(cls: type[Any], module: str, name: str = "") -> tuple[str, TaskEntry]:
    """The name and the registry's record of the author's class.

    Args:
        cls: a ``task.Task``.
        module: the module whose code counts in the identity of the trials.
        name: the name; empty for the class's own.

    Raises:
        UserError: a name, an option, a metric or a read-out that cannot be had.
    """
    where, name = cls.__name__, own_name(cls, name)
    for what, value, known in (
        ("metric", cls.metric, METRICS),
        ("readout", cls.readout, READOUTS),
    ):
        require(
            value in known, f"{where}: {what} {str(value)[:60]!r} must be one of {', '.join(known)}"
        )
    field = ("name", str, option(name, one_of([name])))
    of = signature(cls, GIVEN)
    if "length" in of.defaults:
        of.options.append(("length", int, option(of.defaults["length"], POSITIVE)))
    config = made_config(OutsideTask, field, of, cls, module)
    config.classifies = cls.readout == "mean"
    return name, TaskEntry(config=config, module="focus_core.outside.task", metric=cls.metric)


@lru_cache(maxsize=1024)
def _refusal(task: OutsideTask) -> str:
    """Why the author's constructor refuses the options, in a line; empty where it takes them."""
    try:
        built = task.made()
        vocabulary, outputs = built.vocab_size, built.num_outputs
    except Exception as error:  # noqa: BLE001  the constructor is the user's: it may raise anything
        return complaint(error, task.arguments())
    if not (vocabulary is None or (isinstance(vocabulary, int) and vocabulary >= 2)):
        return f"vocab_size must be 2 or more, or None for real numbers, not {vocabulary!r}"
    if not (isinstance(outputs, int) and outputs >= 2):
        return f"num_outputs must be 2 or more, not {outputs!r}"
    return ""
