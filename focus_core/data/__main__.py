"""Get data sets: ``python -m focus_core.data fetch mnist enwik8 text8 [--to DIR]``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from focus_core.data import DATA_SETS, data_folder
from focus_core.data.download import FetchError, fetch_file
from focus_core.errors import UserError
from focus_core.output import Output, standard_streams, tell
from focus_core.paths import check_path

NAME = "focus_core.data"
EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130
SECONDS_BETWEEN = 0.5  # between two updates of the progress line at a terminal


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message.removeprefix('argument ')}; use: fetch NAME ... [--to DIR]")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    with standard_streams():
        return _answer(argv)


def _answer(argv: Sequence[str] | None) -> int:
    try:
        return _fetch(list(sys.argv[1:] if argv is None else argv))
    except UserError as error:
        return _say(str(error), EXIT_USAGE)
    except (FetchError, OSError) as error:
        return _say(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; the same command goes on from here", EXIT_INTERRUPTED)
    except Exception as error:  # noqa: BLE001  a person at a terminal gets a line, not a page
        if os.environ.get("FOCUS_DEBUG", "") not in ("", "0"):
            traceback.print_exc()
        said = f"unexpected {type(error).__name__}: {error} (FOCUS_DEBUG=1 shows where)"
        return _say(said, EXIT_FAILED)


def _fetch(argv: list[str]) -> int:
    parser = Parser(prog=NAME, description="Get data sets and check them.", allow_abbrev=False)
    parser.add_argument("command", metavar="fetch", help="the one thing it does")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(DATA_SETS))
    parser.add_argument("--to", help="the folder (default: FOCUS_DATA, or the user's cache)")
    if sum(word.partition("=")[0] == "--to" for word in argv) > 1:
        parser.error("--to is given twice")
    options = parser.parse_args(argv)
    if options.command != "fetch":
        raise UserError(f"unknown command {options.command[:40]!r}; the only one is fetch")
    folder = _folder(options.to)
    for name in options.names:
        _check_name(name)
    if not options.names:
        raise UserError(f"fetch what? one or more of {', '.join(DATA_SETS)}")
    for name in options.names:
        files = DATA_SETS[name]
        new = [fetch_file(file, folder, Terminal()) for file in files]
        tell(f"{name}: {'fetched into' if any(new) else 'already in'} {folder}, checked")
    return EXIT_DONE


def _check_name(name: str) -> None:
    if name in DATA_SETS:
        return
    near = difflib.get_close_matches(name, DATA_SETS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the data sets are {', '.join(DATA_SETS)}"
    raise UserError(f"unknown data set {name[:40]!r}; {hint}")


def _folder(given: str | None) -> Path:
    if given is not None and not (given.strip() and given.isprintable()):
        raise UserError(f"--to {given[:40]!r} must be a folder")
    try:
        folder = data_folder() if given is None else Path(given).expanduser().absolute()
    except RuntimeError:  # ~nobody
        raise UserError(f"--to {given!r} names a user that is not known here") from None
    check_path("--to", folder)
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    if not nearest.is_dir():
        raise UserError(f"--to: {folder} cannot be a folder, since {nearest} is a file")
    return folder


class Terminal:
    """Shows progress on standard error, in one line that is overwritten; at a terminal only."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, name: str, done: int, size: int) -> None:
        now = time.monotonic()
        if not Output(sys.stderr).isatty() or (now - self._said < SECONDS_BETWEEN and done < size):
            return
        self._said = now
        end = "\n" if done >= size else ""
        tell(f"\r{name}: {done / 2**20:.1f} of {size / 2**20:.1f} MiB", end=end, error=True)


def _say(text: str, code: int) -> int:
    line = " ".join(text.split())
    tell(f"{NAME}: {''.join(c if c.isprintable() else '?' for c in line)}", error=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
