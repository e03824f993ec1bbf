"""What is asked: a space, after the settings of a command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from focus_core.config import Scalar, TrialConfig, check_key, check_names, read_value
from focus_core.errors import require
from search_spaces import load, names
from search_spaces.space import VARIANT, Space
from search_spaces.vary import question_of, read_base, varied
from sweeps.commands.command_line import shown
from sweeps.planning.equal_size import Size, match_sizes
from sweeps.planning.own_data import OwnData, bring


class Question(NamedTuple):
    """A space and its base after settings, which fix axes or change the base.

    Attributes:
        space: without the axes that the settings fix.
        base: with the other settings.
        sizes: the sizes of the arms, where the space asks for equal sizes.
        cautions: what is to be said of the sizes.
        data: a person's own data; None where the task reads none, or where they are not read.
    """

    space: Space
    base: TrialConfig
    sizes: tuple[Size, ...]
    cautions: tuple[str, ...]
    data: OwnData | None


def asked_space(word: str | None, base: str | None, vary: Sequence[str]) -> Space:
    """The space of a command line: one that is there, changed by ``vary``, or made by it.

    Args:
        word: ``--space``: a name, a file or a module; None: ``vary`` makes the question.
        base: ``--base``, for a question that ``vary`` makes; see ``search_spaces.vary.read_base``.
        vary: the words of ``--vary``.

    Raises:
        UserError: there is no such space, base or option, or the question is none.
    """
    if word is None:
        known = ", ".join(names())
        require(bool(vary), f"--space is missing: one of {known}; or ask with --vary KEY=VALUES")
        return question_of(read_base(base), vary)
    require(base is None, f"--base is for --vary without --space: --set changes the base of {word}")
    return varied(load(word), vary)


def question(space: Space, settings: Mapping[str, Scalar], *, reads_data: bool = True) -> Question:
    """The question that ``space`` asks after ``settings``.

    Args:
        space: the space as loaded.
        settings: values by dotted key.
        reads_data: whether a person's own data are read, and decide the options that follow from
            them; otherwise ``settings`` has these options.

    Raises:
        UserError: there is no such option, or a value cannot be had.
    """
    data = bring(space, settings) if reads_data else None
    if data is not None:
        settings = {**settings, **data.options}
    found, sizes, cautions = match_sizes(space, settings)
    pins = {k: v for k, v in settings.items() if k in {axis.key for axis in found.axes}}
    others = {k: v for k, v in settings.items() if k not in pins}
    found = found.pinned(pins)
    for key in others:
        check_key(key)
    return Question(found, found.base().override(others), sizes, cautions, data)


def parse_settings(pairs: list[str]) -> dict[str, Scalar]:
    """``["model.order=3"]`` as a dict; each word is read as its field declares.

    Raises:
        UserError: an unknown key, a word that its field cannot have, or a key given twice.
    """
    check_names(dict(pair.partition("=")[::2] for pair in pairs))
    found: dict[str, Scalar] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        require(bool(equals), f"--set {shown(pair)} must be KEY=VALUE, such as model.order=3")
        require(key not in found, f"--set {shown(key)} is given twice: keep one of the two values")
        found[key] = text if key == VARIANT else read_value(key, text)
    return found
