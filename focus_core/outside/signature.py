"""The options of a class from outside: the arguments of its constructor. No torch here."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple

from focus_core.errors import UserError, require
from focus_core.options.fields import Range, option
from focus_core.options.words import parts

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
NAME_WORDS = "1 to 40 lower-case letters, digits or '_', starting with a letter"
KINDS = (bool, int, float, str, types.NoneType)
KIND_WORDS = "bool, int, float, str, a Literal of words, or one of these with | None"

Field = tuple[str, Any, Any]
"""Name, kind and declaration of an option, as ``dataclasses.make_dataclass`` takes them."""


class Signature(NamedTuple):
    """What a constructor takes.

    Attributes:
        takes: the names of all arguments.
        options: the arguments that are options.
        defaults: the defaults of the given arguments that have one.
    """

    takes: tuple[str, ...]
    options: list[Field]
    defaults: Mapping[str, Any]


def signature(cls: type[Any], given: Collection[str]) -> Signature:
    """The arguments of the constructor of ``cls``.

    Args:
        cls: its ``ranges`` may have the allowed values of options, by name.
        given: the names of arguments that this project gives; every other one is an option.

    Raises:
        UserError: an argument has no type, no default, or a name or type that no option can have.
    """
    own = list(inspect.signature(cls).parameters.values())
    where = cls.__name__
    for argument in own:
        require(
            argument.kind in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY),
            f"{where}: the constructor takes {str(argument)!r}: name each option, such as "
            "rate: float = 0.5",
        )
    try:
        kinds = typing.get_type_hints(cls.__init__)
    except Exception as error:
        raise UserError(
            f"{where}: the types of the constructor cannot be read ({error}): use {KIND_WORDS}"
        ) from error
    ranges = dict(getattr(cls, "ranges", {}))
    wanted = [argument for argument in own if argument.name not in given]
    _check_ranges(where, ranges, [argument.name for argument in wanted])
    options = [_option(where, argument, kinds, ranges) for argument in wanted]
    rest = [argument for argument in own if argument.name in given]
    defaults = {each.name: each.default for each in rest if each.default is not each.empty}
    return Signature(tuple(argument.name for argument in own), options, defaults)


def made_config(
    base: type[Any], name: Field, of: Signature, outside: type[Any], module: str
) -> type[Any]:
    """A config like ``base`` with the options of a class from outside.

    Args:
        base: a config of a model or of a task from outside.
        name: the field that names the mixer or the task.
        of: the constructor of ``outside``.
        outside: the class.
        module: the module whose code counts in the identity of the trials.
    """
    return dataclasses.make_dataclass(
        f"{outside.__name__}Config",
        [name, *of.options],
        bases=(base,),
        namespace={"outside": outside, "takes": of.takes, "__module__": module},
        frozen=True,
        kw_only=True,
    )


def complaint(error: BaseException, arguments: Mapping[str, Any]) -> str:
    """What a constructor raised for these arguments, in a line."""
    said = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    shown = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f"{' '.join(said.split())} ({shown})"


def snake_case(name: str) -> str:
    """Return ``MyMixer`` as ``my_mixer``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def own_name(cls: type[Any], given: str) -> str:
    """The name of a mixer or a task: ``given``, else the class's ``name``, else from its own name.

    Raises:
        UserError: it is no name that a setting can have.
    """
    where = cls.__name__
    name = given or cls.__dict__.get("name") or snake_case(where)
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise UserError(f"{where}: the name {str(name)[:60]!r} must be {NAME_WORDS}")
    return name


def _option(
    where: str, argument: inspect.Parameter, kinds: Mapping[str, Any], ranges: Mapping[str, Range]
) -> Field:
    name, shown = argument.name, inspect.formatannotation(argument.annotation)
    require(NAME.fullmatch(name) is not None, f"{where}: the option {name!r} must be {NAME_WORDS}")
    require(
        name in kinds and argument.default is not argument.empty,
        f"{where}: the option {name!r} needs a type and a default, such as {name}: float = 0.5",
    )
    require(
        all(_is_kind(kind) for kind in parts(kinds[name])),
        f"{where}: the option {name!r} has the type {shown}: use {KIND_WORDS}",
    )
    return name, kinds[name], option(argument.default, ranges.get(name))


def _is_kind(kind: Any) -> bool:
    if typing.get_origin(kind) is Literal:
        return all(isinstance(word, str) for word in typing.get_args(kind))
    return kind in KINDS


def _check_ranges(where: str, ranges: Mapping[str, Any], options: Collection[str]) -> None:
    for name, allowed in ranges.items():
        near = difflib.get_close_matches(str(name), options, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "name an option of the constructor"
        require(name in options, f"{where}: ranges names {str(name)[:60]!r}, no option: {hint}")
        require(
            isinstance(allowed, Range),
            f"{where}: the range of {name!r} must be POSITIVE, NOT_NEGATIVE, FRACTION or "
            "one_of([...]) of focus_core.plugin",
        )
