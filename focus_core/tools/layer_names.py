"""The layer of every system, by the name of its class: ``FocusLayer`` for ``FocusConfig``."""

from __future__ import annotations

import dataclasses
from functools import cache

from focus_core.options.model import ModelConfig
from focus_core.systems import SYSTEMS
from focus_core.systems.system import System
from focus_core.tools.layer import NOT_OF_A_LAYER, Layer


def layer_names() -> dict[str, str]:
    """From the name of every layer's class to its system in the registry."""
    return {_class_name(system.config): name for name, system in SYSTEMS.items()}


def layer_class(name: str) -> type[Layer] | None:
    """The class of that name; None where no system has it."""
    system = layer_names().get(name)
    return None if system is None else _made(SYSTEMS[system])


def _class_name(config: type[ModelConfig]) -> str:
    return f"{config.__name__.removesuffix('Config')}Layer"


@cache
def _made(system: System) -> type[Layer]:
    config = system.config
    names = [field.name for field in dataclasses.fields(config)]
    options = ", ".join(option for option in names if option not in NOT_OF_A_LAYER)
    words = f"{Layer.__doc__}\n    Options of {config.__name__}: {options}.\n    "
    # A pickle finds the class where users import it from.
    attributes = {"config": config, "__doc__": words, "__module__": "focus_core"}
    return type(_class_name(config), (Layer,), attributes)
