"""Looks up, reads and changes options by their dotted keys, over all systems and tasks."""

from __future__ import annotations

import dataclasses
import difflib
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from focus_core.errors import UserError, require
from focus_core.options.checks import check_range, of_kind, read_field, shown
from focus_core.options.fields import COUNT, SPELLS
from focus_core.options.train import TrainConfig
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS

Scalar = bool | int | float | str | None

TAGS = {"model": "mixer", "task": "name"}
"""By section, the option that selects the kind of config: the system or the task."""


Options = dict[str, tuple[type[Any], dataclasses.Field[Any]]]


def known_keys() -> list[str]:
    """Every dotted key that an override may name: the options of all systems and tasks."""
    return list(_options())


def spellings() -> dict[str, str]:
    """Map each key that is only another spelling to the key that it spells."""
    spelt = {key: field.metadata.get(SPELLS) for key, (_, field) in _options().items()}
    return {key: f"{key.partition('.')[0]}.{name}" for key, name in spelt.items() if name}


def counts() -> list[str]:
    """The keys of counts: the length that a count gives depends on the length of a sequence."""
    return [key for key, (_, field) in _options().items() if field.metadata.get(COUNT)]


def defaults() -> dict[str, Scalar]:
    """Every key with its default in the first config that has the option."""
    found: dict[str, Any] = {key: field.default for key, (_, field) in _options().items()}
    return found


def read_value(key: str, word: str) -> Scalar:
    """Return the value that ``word`` gives the option ``key``; see ``words`` for ``none``.

    Raises:
        UserError: an unknown key (naming the nearest right one), or a word of the wrong kind.
    """
    check_key(key)
    value: Scalar = read_field(key, _options()[key][0], word)
    return value


def kind_of(key: str) -> Any:
    """The kind of the option ``key``, in the first config that has it."""
    return typing.get_type_hints(_options()[key][0])[key.partition(".")[2]]


def check_key(key: str) -> None:
    """Raise a UserError that names the nearest right key when ``key`` is not one."""
    keys = known_keys()
    if key in _options():
        return
    by_field = {k.split(".")[1]: k for k in keys}
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
    if not near:
        near = [
            by_field[m] for m in difflib.get_close_matches(key.rsplit(".", 1)[-1], by_field, n=1)
        ]
    hint = f"; did you mean {near[0]!r}?" if near else f"; the keys are {', '.join(keys)}"
    raise UserError(f"unknown config key {key[:60]!r}{hint}")


def check_names(changes: Mapping[str, Scalar]) -> None:
    """Refuse a system or task that is not there: its options would be unknown keys.

    Raises:
        UserError: an unknown system or task (naming the nearest right one).
    """
    for section, tag in TAGS.items():
        key = f"{section}.{tag}"
        if key in changes:
            _kind(section, tag, changes[key])


def changed(
    section: str, config: Any, unread: Mapping[str, Scalar], to: Mapping[str, Scalar]
) -> tuple[Any, dict[str, Scalar]]:
    """Return a section's config with new values, and the given options that the config lacks.

    A new system or task takes over every value that differs from its default, where the new config
    has that option.

    Args:
        section: the name of the section.
        config: the section's config before the change.
        unread: by name, the section's options that were given before and that ``config`` lacks.
        to: the values to set, by name.

    Raises:
        UserError: there is no such system or task.
    """
    tag = TAGS.get(section, "")
    own = getattr(config, tag, None)
    if to.get(tag, own) == own:
        kind, new = type(config), dict(to)
        known = {**unread, **to}
    else:
        kind = _kind(section, tag, to[tag])
        fields = dataclasses.fields(config)
        values = {field.name: getattr(config, field.name) for field in fields}
        were = {field.name: values[field.name] for field in fields if _is_set(field, values)}
        known = new = {k: v for k, v in {**unread, **were, **to}.items() if k != tag}
    names = {field.name for field in dataclasses.fields(kind)}
    given: dict[str, Any] = {name: value for name, value in new.items() if name in names}
    made = dataclasses.replace(config, **given) if kind is type(config) else kind(**given)
    return made, {name: value for name, value in known.items() if name not in names}


def check_unread(unread: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Check options that a trial lacks by the rules of the first config that has the option.

    Raises:
        UserError: a value of the wrong kind, or outside its range.
    """
    found: dict[str, Scalar] = {}
    for key, value in unread.items():
        kind, field = _options()[key]
        found[key] = of_kind(key, kind, value)
        check_range(key, field, found[key])
    return found


def _is_set(field: dataclasses.Field[Any], values: Mapping[str, Scalar]) -> bool:
    return bool(values[field.name] != field.default)


def _kind(section: str, tag: str, name: Scalar) -> type[Any]:
    require(isinstance(name, str), f"{section}.{tag} must be a word, not {shown(name)}")
    kinds = _kinds()[section]
    if name in kinds:
        return kinds[str(name)]
    near = difflib.get_close_matches(str(name), kinds, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(kinds)}"
    raise UserError(f"unknown {section}.{tag} {shown(name)}; {hint}, or give its plugin")


def _kinds() -> dict[str, dict[str, type[Any]]]:
    """By section and name, the config of every system, of every task, and of the training."""
    return {
        "model": {name: system.config for name, system in SYSTEMS.items()},
        "task": {name: task.config for name, task in TASKS.items()},
        "train": {"": TrainConfig},
    }


def _options() -> Options:
    """By key, the first config that has the option, and the option's field."""
    return _found(
        tuple((section, kind) for section, kinds in _kinds().items() for kind in kinds.values())
    )


@lru_cache(maxsize=8)
def _found(kinds: tuple[tuple[str, type[Any]], ...]) -> Options:
    found: Options = {}
    for section, kind in kinds:
        for field in dataclasses.fields(kind):
            found.setdefault(f"{section}.{field.name}", (kind, field))
    return found
