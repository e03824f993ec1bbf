"""Ask git within a time limit, whatever git's settings and this process's environment are."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from sweeps.machine.foreign_text import ask, text_of

SECONDS = 20.0
"""The time limit for all questions to git together."""
KEPT = (
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"),  # where settings are
    "GIT_TEST_ASSUME_DIFFERENT_OWNER",  # makes git refuse, for tests
)
"""The variables of git that are kept. The others could name another repository, or change what git
prints."""


class UnknownError(Exception):
    """Git does not answer the question; the message says why, in one line."""


class Git:
    """Asks git about the repository at ``root``.

    Args:
        root: the folder of the checkout, or of the repository itself.
        own: whether ``root`` is a repository that this program made; no user's settings apply.
        until: the time by which the last answer must be there, by the monotonic clock. None:
            ``SECONDS`` from now.
    """

    def __init__(self, root: Path, *, own: bool = False, until: float | None = None) -> None:
        self.until = time.monotonic() + SECONDS if until is None else until
        self._words = ["git", "-C", str(root), "-c", "core.fsmonitor=false"]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in KEPT}
        self._environment = kept | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        if own:
            here = str(root)
            self._environment |= {"GIT_DIR": here, "HOME": here, "XDG_CONFIG_HOME": here}
            self._environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
            self._environment |= {"GIT_ATTR_NOSYSTEM": "1"}

    def __call__(self, *words: str, given: bytes = b"") -> bytes:
        """Run git with ``words`` and the input ``given``; returns what git answers.

        Raises:
            UnknownError: git refuses, or cannot be started.
            TimeoutError: the time is over.
        """
        try:
            answer = ask(
                [*self._words, *words],
                given=given,
                environment=self._environment,
                seconds=self.until - time.monotonic(),
            )
        except TimeoutError:
            raise TimeoutError(f"git did not answer within {SECONDS:g} s") from None
        except FileNotFoundError:
            raise UnknownError("git is not installed") from None
        except OSError as error:
            raise UnknownError(f"git cannot be started: {error.strerror}") from None
        if answer.code != 0:
            lines = text_of(answer.err).strip().splitlines()
            raise UnknownError(lines[0] if lines else f"git ended with exit code {answer.code}")
        return answer.out


class Head(NamedTuple):
    """What is checked out."""

    commit: str
    objects: bytes
    """The folder of the repository's objects."""


def find_head(git: Git, root: Path) -> Head:
    """The commit of the checkout at ``root``.

    Raises:
        UnknownError: there is no commit, or the repository is one around ``root``.
    """
    try:
        said = git("rev-parse", "--show-toplevel", "--git-path", "objects", "HEAD^{commit}")
    except UnknownError as error:
        raise UnknownError(_explained(str(error), root)) from None
    lines = said.removesuffix(b"\n").split(b"\n")
    if len(lines) != 3 or not re.fullmatch(rb"[0-9a-f]{40}([0-9a-f]{24})?", lines[2]):
        raise UnknownError(f"git names no commit, but says {text_of(said)[:80]!r}")
    if not os.path.samefile(lines[0], root):
        raise UnknownError(
            f"this program lies in another repository, {text_of(lines[0])}, and is no checkout "
            "of its own"
        )
    return Head(lines[2].decode(), os.path.join(os.fsencode(root), lines[1]))


def _explained(said: str, root: Path) -> str:
    """What git's refusal means here."""
    if "dubious ownership" in said or "unsafe repository" in said:
        allow = f"git config --global --add safe.directory {root}"
        return f"the checkout is another user's, and git refuses it; this allows it: {allow}"
    if "not a git repository" in said:
        return "this copy of the program has no repository"
    if "HEAD^{commit}" in said:
        return "HEAD names no commit of the repository"
    return said[:200]
