"""How every command answers: one line when something is wrong, and what its exit code means.

``analysis`` uses it too, hence it imports nothing but the standard library, ``redact``,
``surroundings`` and the little of ``focus_core`` that needs no torch.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import math
import os
import re
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from focus_core import output
from focus_core.errors import UserError
from focus_core.paths import check_path
from sweeps.redact import hide_secrets
from sweeps.surroundings import as_found

tell = output.tell
EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130
MOST_SHOWN = 60
MOST_COUNTED = 1_000_000
MOST_DIGITS = 20  # Python reads no number of more than 4,300 digits
RIGHT = {
    "expected one argument": ": write a value behind it",
    "expected at least one argument": ": write one or more values behind it",
    "ignored explicit argument": ": it stands alone, without a value",
}
"""By a part of what argparse says."""


class CommandLine(argparse.ArgumentParser):
    """Flags that are written in full; what is wrong with them is a ``UserError``."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def read(self, argv: list[str] | None) -> argparse.Namespace:
        """The options in ``argv``; like ``parse_args``, which names no near flag.

        Raises:
            UserError: one line.
        """
        words = sys.argv[1:] if argv is None else argv
        self._check_once(words)
        options, unknown = self.parse_known_args(words)
        if unknown:
            self.error(self._not_known(unknown[0]))
        return options

    def error(self, message: str) -> NoReturn:
        """Said by ``answer``, in one line; argparse's own words do not say what would be right."""
        message = message.removeprefix("argument ")
        right = next((right for said, right in RIGHT.items() if said in message), "")
        raise UserError(message + right)

    def _check_once(self, words: list[str]) -> None:
        """Argparse takes the last of two values without a word."""
        flags = itertools.takewhile(lambda word: word != "--", words)
        given = Counter(word.partition("=")[0] for word in flags)
        single = (action for action in self._actions if action.nargs is None)
        for flag in (flag for action in single for flag in action.option_strings):
            if given[flag] > 1:
                self.error(f"{flag} is given twice: keep one of the values")

    def _print_message(self, message: str, file: Any = None) -> None:
        """The help: argparse would leave it in a buffer, for Python to write when it ends."""
        tell(message, end="", error=file is sys.stderr)

    def _not_known(self, word: str) -> str:
        name = word.partition("=")[0]
        flags = [flag for action in self._actions for flag in action.option_strings]
        near = difflib.get_close_matches(name, flags, n=1)
        kind = "flag" if word.startswith("-") else "word"
        hint = f"did you mean {near[0]}?" if near else f"the flags are {', '.join(sorted(flags))}"
        return f"unknown {kind} {shown(name)}; {hint}"


@contextmanager
def _as_a_guest() -> Iterator[None]:
    """Around a command: it may be called by another program, and its reader may go away."""
    output.lost_output()  # of an earlier command
    with as_found(), output.standard_streams():
        yield


@_as_a_guest()
def answer(name: str, command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit code; whatever it raises becomes one line.

    Args:
        name: of the program, for the line.
        command: does the work. A ``UserError`` is its answer to a person: exit 2. Anything else
            that it raises was not foreseen, also a ``ValueError`` of a library: exit 1.
            ``FOCUS_DEBUG=1`` shows where, in either case.
    """
    try:
        return _heard(name, command())
    except UserError as error:
        return _say(name, str(error), EXIT_USAGE)
    except KeyboardInterrupt:
        return _say(name, "interrupted", EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001  a person at a terminal gets a line, not a page
        said = f"unexpected {type(error).__name__}: {error} (FOCUS_DEBUG=1 shows where)"
        return _say(name, said, EXIT_FAILED)


def _heard(name: str, code: int) -> int:
    """``code``, or a failure where what was to be read could not be written."""
    lost = output.lost_output()
    return (
        code
        if lost is None
        else _say(name, f"cannot write the output: {lost}", code or EXIT_FAILED)
    )


def _say(name: str, text: str, code: int) -> int:
    if os.environ.get("FOCUS_DEBUG", "") not in ("", "0"):
        tell(hide_secrets(traceback.format_exc()), end="", error=True)
    tell(f"{name}: {one_line(text)}", error=True)
    return code


def one_line(text: str) -> str:
    """``text`` without secrets, line breaks and what else could steer a terminal."""
    return escaped(" ".join(hide_secrets(text).split()))


def escaped(text: str) -> str:
    """``text`` with every character that could steer a terminal written out, as ``repr`` does.

    Whatever comes from a file, a database or the environment is printed so.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shown(word: str) -> str:
    """What somebody wrote, in quotes and not too long."""
    return repr(word if len(word) <= MOST_SHOWN else f"{word[:MOST_SHOWN]}...")


def counted(count: float, noun: str) -> str:
    """``1 seed``, ``3 seeds``; a fraction is written without needless zeros."""
    number = str(count) if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun}{'s' * (count != 1)}"


# Kinds of values: what argparse calls to read a word, its errors prefixed with the flag.


def whole(word: str) -> int:
    """A whole number; its range is checked where its meaning is known."""
    if not re.fullmatch(r"[+-]?\d+(_\d+)*", word, re.ASCII):
        raise _wrong(word, "a whole number, such as 3")
    if len(word) > MOST_DIGITS or abs(int(word)) > MOST_COUNTED:
        raise _wrong(word, f"at most {MOST_COUNTED}")
    return int(word)


def amount(word: str) -> float:
    """A finite number."""
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _wrong(word, "a number, such as 1 or 0.5")
    if abs(number) > MOST_COUNTED:
        raise _wrong(word, f"at most {MOST_COUNTED}")
    return number


def seed_number(word: str) -> int:
    """The number of a seed, from 0.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        raise argparse.ArgumentTypeError(f"{word!r} is no seed: 0, 1, 2 ...")
    return int(word)


def one_of(*words: str) -> Callable[[str], str]:
    """A word of a list; ``choices`` of argparse names no near one."""

    def read(word: str) -> str:
        if word in words:
            return word
        near = difflib.get_close_matches(word, words, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise _wrong(word, f"one of {', '.join(words)}{hint}")

    return read


def filled(word: str) -> str:
    """Something: an empty word is mostly a variable of the shell that is not set."""
    if not word.strip():
        raise _wrong(word, "not empty")
    if not word.isprintable():
        raise _wrong(word, "printable, without control characters")
    return word


def cluster_address(word: str) -> str:
    """Where a Ray cluster answers."""
    if word != "auto" and not re.fullmatch(r"(ray://)?[^\s:/@]+:\d{2,5}", word):
        raise _wrong(hide_secrets(word), "auto or HOST:PORT, such as 10.0.0.5:6379")
    return word


def home_folder(given: str | None) -> Path:
    """``--home``, else ``FOCUS_HOME``, else ``runs``.

    Raises:
        UserError: no folder can be called so here.
    """
    name = "FOCUS_HOME" if given is None else "--home"
    return usable_path(name, os.environ.get("FOCUS_HOME") or "runs" if given is None else given)


def usable_path(name: str, word: str) -> Path:
    """The path that ``word`` says, from the root; ``name`` is the flag or variable it is from.

    Raises:
        UserError: nothing can be called so here.
    """
    if not word.strip() or not word.isprintable():
        without = "a folder with a name of printable characters, in UTF-8 like the locale"
        raise UserError(f"{name} {shown(word)} must be {without}")
    try:
        return check_path(name, Path(word).expanduser().absolute())
    except RuntimeError:  # ~nobody
        raise UserError(f"{name} {shown(word)} names a user that is not known here") from None


def _wrong(word: str, right: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{shown(word)} must be {right}")
