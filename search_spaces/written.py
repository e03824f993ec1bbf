"""Write a space as the file of a question, which ``--space FILE`` loads."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from optuna.distributions import CategoricalDistribution

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError, require
from search_spaces.axes import Axis
from search_spaces.own import is_file
from search_spaces.space import Space

FILE = '''"""{title}"""

{imports}

def base() -> TrialConfig:
    """The trial that every point changes."""
    return TrialConfig().override(
        {settings}
    )


{conditions}SPACE = Space(
    question={question},
    base=base,
    axes={axes},
{options}
)
'''
PATH = "task.path"
_LIST = CategoricalDistribution.__name__
OPTIONS = ("seeds", "trials", "sampler", "pruner")
MORE = ("equal_size", "hypothesis", "margin")
"""Options that a file leaves out where they have their defaults."""


def source(
    space: Space, base: TrialConfig, settings: Mapping[str, Scalar], **changes: object
) -> str:
    """The Python source of ``space`` around ``base``.

    Args:
        space: the space; the conditions of its axes are taken from the space that ``word`` loads.
        base: its base, after all settings.
        settings: what the command line sets, by dotted key.
        changes: options of the space that differ from ``space``, such as ``seeds``.
    """
    options: dict[str, object] = {name: getattr(space, name) for name in OPTIONS}
    options |= {name: value for name in MORE if (value := getattr(space, name))}
    options |= changes
    axes = [_axis(axis) for axis in space.axes]
    return FILE.format(
        title=space.question.replace("\\", "\\\\").replace('"', "'"),
        imports=_imports(space.axes),
        settings=_block(_settings(base), "{}", 8),
        conditions=_conditions(space, settings),
        question=_text(space.question),
        axes=_block(axes, "()", 4),
        options="\n".join(
            f"    {name}={_text(value)}," for name, value in (options | changes).items()
        ),
    )


def write(path: Path, text: str) -> None:
    """Write the file of a question; a file that is there is not overwritten.

    Raises:
        UserError: its name cannot be one, it is there, or it cannot be written.
    """
    require(path.suffix == ".py", f"--save-space {path} must be a Python file: end it with .py")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"--save-space {path} is there: remove it, or name another file") from None
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            path.unlink(missing_ok=True)
        raise UserError(f"cannot write --save-space {path}: {error}") from None


def _settings(base: TrialConfig) -> list[str]:
    usual: dict[str, object] = dict(TrialConfig().flat())
    own = {k: v for k, v in base.flat().items() if usual.get(k, usual) != v}
    if own.get(PATH):  # the file is read from any folder
        own[PATH] = os.path.abspath(str(own[PATH]))
    return [f"{_text(key)}: {_text(value)}" for key, value in own.items()]


def _text(value: object) -> str:
    """A plain value as Python source, with double quotes where they need no escape."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _block(rows: list[str], brackets: str, indent: int) -> str:
    """The rows in ``brackets`` that stand ``indent`` deep, each in a line of its own."""
    inner = "".join(f"\n{' ' * (indent + 4)}{row}," for row in rows)
    return f"{brackets[0]}{inner}\n{' ' * indent}{brackets[1]}"


def _imports(axes: tuple[Axis, ...]) -> str:
    kinds = {type(axis.distribution).__name__ for axis in axes} - {_LIST}
    lists = any(isinstance(axis.distribution, CategoricalDistribution) for axis in axes)
    first = f"from optuna.distributions import {', '.join(sorted(kinds))}\n\n" if kinds else ""
    names = [*(["Axis"] if kinds else []), "Space", *(["choices"] if lists else [])]
    load = "from search_spaces import load\n" if any(axis.when for axis in axes) else ""
    own = "from focus_core.config import TrialConfig\n"
    return f"{first}{own}{load}from search_spaces.space import {', '.join(names)}\n"


def _axis(axis: Axis) -> str:
    more = (f", when=WHEN[{_text(axis.key)}]" if axis.when else "") + (", tuned=True" * axis.tuned)
    match axis.distribution:
        case CategoricalDistribution(choices=values):
            return f"choices({', '.join(map(_text, (axis.key, *values)))}{more})"
    return f"Axis(key={_text(axis.key)}, distribution={axis.distribution!r}{more})"


def _conditions(space: Space, settings: Mapping[str, Scalar]) -> str:
    """The conditions of axes, which are functions, from the space that has them."""
    if not any(axis.when for axis in space.axes):
        return ""
    word = os.path.abspath(space.word) if is_file(space.word) else space.word
    pins = f".pinned({dict(settings)!r})" if settings else ""
    return f"WHEN = {{axis.key: axis.when for axis in load({_text(word)}){pins}.axes}}\n\n"
