"""The config and the registry's record of a mixer from outside. No torch before one is built."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from focus_core.errors import require
from focus_core.options.fields import one_of, option
from focus_core.options.model import ModelConfig
from focus_core.outside.signature import complaint, made_config, own_name, signature
from focus_core.systems.rules import check_mode
from focus_core.systems.system import System

if TYPE_CHECKING:
    from torch import nn

    from focus_core.options.task import TaskConfig

GIVEN = {field.name for field in dataclasses.fields(ModelConfig)} | {"length"}
"""What a constructor may ask for: the options of every model, and the longest sequence."""


@dataclass(frozen=True, kw_only=True)
class OutsideModel(ModelConfig):
    """The options of a mixer from outside: those of every model, and its constructor's."""

    outside: ClassVar[type[Any]]
    """The author's class."""
    takes: ClassVar[tuple[str, ...]] = ()
    """The arguments of its constructor."""

    def check(self, given: Self, task: TaskConfig) -> None:
        """Require that the author's constructor takes these options."""
        check_mode(given)
        wrong = _refusal(self, task.length)
        require(not wrong, f"model.mixer={self.mixer} cannot be built: {wrong}")

    def leaks(self) -> tuple[str, ...]:
        """The author's own words, if the class says that it sees the future."""
        said = str(getattr(self.outside, "leaks", "") or "")
        return (f"{self.mixer} ({said})",) if said else ()

    def why_no_step(self) -> str:
        """A mixer from outside may leave the decoding step out."""
        if self.leaks():
            return f"what comes later is needed: {self.leaks()[0]}"
        has = hasattr(self.outside, "step")
        return "" if has else f"{self.mixer} has no step: write initial_state(batch) and step"

    def arguments(self, length: int) -> dict[str, Any]:
        """The arguments of the author's constructor for sequences of up to ``length`` tokens."""
        return {name: length if name == "length" else getattr(self, name) for name in self.takes}

    def made(self, length: int) -> nn.Module:
        """The author's module, for sequences of up to ``length`` tokens."""
        arguments = self.arguments(length)
        import torch

        try:
            built: nn.Module = self.outside(**arguments)
        except (NotImplementedError, RuntimeError):
            if torch.get_default_device().type != "meta":
                raise
            with torch.device("cpu"):  # the constructor reads numbers, which meta tensors lack
                built = self.outside(**arguments).to("meta")
        return built


def system_of(cls: type[Any], module: str, name: str = "") -> tuple[str, System]:
    """The name and the registry's record of the author's class.

    Args:
        cls: a ``mixer.Mixer``.
        module: the module whose code counts in the identity of the trials.
        name: the name; empty for the class's own.

    Raises:
        UserError: a name or an option that cannot be had, or a decoding step without its state.
    """
    name = own_name(cls, name)
    require(
        hasattr(cls, "step") == hasattr(cls, "initial_state"),
        f"{cls.__name__}: a decoding step is initial_state(batch) and step(x_BD, state): write "
        "both, or neither",
    )
    field = ("mixer", str, option(name, one_of([name])))
    config = made_config(OutsideModel, field, signature(cls, GIVEN), cls, module)
    return name, System(
        config=config,
        mixer="focus_core.outside.framed:Framed",
        origin="focus_core.systems.origin:YOURS",
        cost="focus_core.outside.cost",
        is_rival=False,
    )


@lru_cache(maxsize=1024)
def _refusal(model: OutsideModel, length: int) -> str:
    """Why the author's constructor refuses the options, in a line; empty where it takes them."""
    import torch

    try:
        with torch.device("meta"):
            model.made(length)
    except (Exception, SystemExit) as error:  # noqa: BLE001  the constructor is the user's: it may raise anything
        return complaint(error, model.arguments(length))
    return ""
