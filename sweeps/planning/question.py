"""What is asked: a space, after the settings of a command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from focus_core.config import Scalar, TrialConfig, check_key, read_value
from focus_core.errors import require
from search_spaces import load
from search_spaces.space import VARIANT, Space
from sweeps.commands.command_line import shown
from sweeps.planning.equal_size import Size, match_sizes


class Question(NamedTuple):
    """A space and its base after settings, which fix axes or change the base.

    Attributes:
        space: without the axes that the settings fix.
        base: with the other settings.
        sizes: the sizes of the arms, where the space asks for equal sizes.
        cautions: what is to be said of the sizes.
    """

    space: Space
    base: TrialConfig
    sizes: tuple[Size, ...]
    cautions: tuple[str, ...]


def question(name: str, settings: Mapping[str, Scalar]) -> Question:
    """The question that the space with this name asks after ``settings``.

    Raises:
        UserError: there is no such space or option, or a value cannot be had.
    """
    found, sizes, cautions = match_sizes(load(name), settings)
    pins = {k: v for k, v in settings.items() if k in {axis.key for axis in found.axes}}
    others = {k: v for k, v in settings.items() if k not in pins}
    found = found.pinned(pins)
    for key in others:
        check_key(key)
    return Question(found, found.base().override(others), sizes, cautions)


def parse_settings(pairs: list[str]) -> dict[str, Scalar]:
    """``["model.order=3"]`` as a dict; each word is read as its field declares.

    Raises:
        UserError: an unknown key, a word that its field cannot have, or a key given twice.
    """
    found: dict[str, Scalar] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        require(bool(equals), f"--set {shown(pair)} must be KEY=VALUE, such as model.order=3")
        require(key not in found, f"--set {shown(key)} is given twice: keep one of the two values")
        found[key] = text if key == VARIANT else read_value(key, text)
    return found
