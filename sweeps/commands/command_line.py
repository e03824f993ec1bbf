"""What all commands share: one line for an error, the exit codes, and the types of flags.

``analysis`` imports this module too, so it imports only the standard library, ``redact``,
``surroundings`` and the parts of ``focus_core`` that need no torch.
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
from sweeps.commands.redact import hide_secrets
from sweeps.commands.surroundings import as_found

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
"""What would be right, by a part of argparse's message."""


class CommandLine(argparse.ArgumentParser):
    """A parser that takes no abbreviated flags and raises a ``UserError`` for wrong ones."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def read(self, argv: list[str] | None) -> argparse.Namespace:
        """The options in ``argv``; unlike ``parse_args``, an error names the nearest flag.

        Raises:
            UserError: the command line is wrong; the message is one line.
        """
        words = sys.argv[1:] if argv is None else argv
        self._check_once(words)
        options, unknown = self.parse_known_args(words)
        if unknown:
            self.error(self._not_known(unknown[0]))
        return options

    def error(self, message: str) -> NoReturn:
        """Raise argparse's ``message``, with what would be right; ``answer`` prints it."""
        message = message.removeprefix("argument ")
        right = next((right for said, right in RIGHT.items() if said in message), "")
        raise UserError(message + right)

    def _check_once(self, words: list[str]) -> None:
        """Refuse a flag that is given twice: argparse would silently take the last value."""
        flags = itertools.takewhile(lambda word: word != "--", words)
        given = Counter(word.partition("=")[0] for word in flags)
        single = (action for action in self._actions if action.nargs is None)
        for flag in (flag for action in single for flag in action.option_strings):
            if given[flag] > 1:
                self.error(f"{flag} is given twice: keep one of the values")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the help at once: argparse would leave it in a buffer until Python ends."""
        tell(message, end="", error=file is sys.stderr)

    def _not_known(self, word: str) -> str:
        name = word.partition("=")[0]
        flags = [flag for action in self._actions for flag in action.option_strings]
        longer = [flag for flag in flags if flag.startswith(name) and len(name) > 2]
        near = longer or difflib.get_close_matches(name, flags, n=1)
        hint = f"did you mean {near[0]}?" if near else f"the flags are {', '.join(sorted(flags))}"
        return f"unknown {'flag' if word.startswith('-') else 'word'} {shown(name)}; {hint}"


@contextmanager
def as_a_guest() -> Iterator[None]:
    """Keep the standard streams usable during a command; then restore the caller's settings."""
    output.lost_output()  # forget what an earlier command lost
    with as_found(), output.standard_streams():
        yield


@as_a_guest()
def answer(name: str, command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit code; an exception becomes one line.

    Args:
        name: the program's name, for the line.
        command: does the work. A ``UserError`` is its answer to a person: exit code 2. Any other
            exception was not foreseen, also a ``ValueError`` of a library: exit code 1. In both
            cases ``FOCUS_DEBUG=1`` shows the traceback.
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
    """``code``, or the code of a failure where a part of the output could not be written."""
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
    """``text`` in one line, without secrets and without characters that control a terminal."""
    return escaped(" ".join(hide_secrets(text).split()))


def escaped(text: str) -> str:
    """``text`` with every character that could control a terminal escaped, as ``repr`` does.

    Commands print text from a file, a database or the environment in this form.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shown(word: str) -> str:
    """``word`` in quotes, cut after ``MOST_SHOWN`` characters."""
    return repr(word if len(word) <= MOST_SHOWN else f"{word[:MOST_SHOWN]}...")


def counted(count: float, noun: str) -> str:
    """``1 seed``, ``3 seeds``; a fraction is written without needless zeros."""
    number = str(count) if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun}{'s' * (count != 1)}"


# Types of values: argparse calls them to read a word, and puts the flag before their errors.


def whole(word: str) -> int:
    """A whole number of at most ``MOST_COUNTED``; the caller checks its own range."""
    if not re.fullmatch(r"[+-]?\d+(_\d+)*", word, re.ASCII):
        raise _wrong(word, "a whole number, such as 3")
    if len(word) > MOST_DIGITS or abs(int(word)) > MOST_COUNTED:
        raise _wrong(word, f"at most {MOST_COUNTED}")
    return int(word)


def amount(word: str) -> float:
    """A finite number of at most ``MOST_COUNTED``."""
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
    """The number of a seed: 0 or more, at most 9 digits.

    Raises:
        ArgumentTypeError: the word is no such number.
    """
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        raise argparse.ArgumentTypeError(f"{word!r} is no seed: 0, 1, 2 ...")
    return int(word)


def one_of(*words: str) -> Callable[[str], str]:
    """A type for one of ``words``; argparse's ``choices`` would not name the nearest word."""

    def read(word: str) -> str:
        if word in words:
            return word
        near = difflib.get_close_matches(word, words, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise _wrong(word, f"one of {', '.join(words)}{hint}")

    return read


def filled(word: str) -> str:
    """A word that is not empty: an empty one is mostly a shell variable that is not set."""
    if not word.strip():
        raise _wrong(word, "not empty")
    if not word.isprintable():
        raise _wrong(word, "printable, without control characters")
    return word


def cluster_address(word: str) -> str:
    """The address of a Ray cluster: ``auto`` or HOST:PORT, also behind ``ray://``."""
    if word != "auto" and not re.fullmatch(r"(ray://)?[^\s:/@]+:\d{1,5}", word):
        raise _wrong(hide_secrets(word), "auto or HOST:PORT, such as 10.0.0.5:6379")
    return word


def home_folder(given: str | None) -> Path:
    """``--home``, else ``FOCUS_HOME``, else ``runs``.

    Raises:
        UserError: no folder can have this name here.
    """
    name = "FOCUS_HOME" if given is None else "--home"
    return usable_path(name, os.environ.get("FOCUS_HOME") or "runs" if given is None else given)


def usable_path(name: str, word: str, kind: str = "folder") -> Path:
    """The absolute path of the ``kind`` that the flag or variable ``name`` gives as ``word``.

    Raises:
        UserError: no file or folder can have this name here.
    """
    if not word.strip() or not word.isprintable():
        without = f"a {kind} with a name of printable characters, in UTF-8 like the locale"
        raise UserError(f"{name} {shown(word)} must be {without}")
    try:
        return check_path(name, Path(word).expanduser().absolute())
    except RuntimeError:  # such as ~nobody
        raise UserError(f"{name} {shown(word)} names a user that is not known here") from None


def _wrong(word: str, right: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{shown(word)} must be {right}")
