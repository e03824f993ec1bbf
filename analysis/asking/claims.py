"""A file of claims, ``claims.toml``: what a paper will claim, and when the claims were written.

::

    [[claim]]
    says = "base > focus_h by 0.2"
    sweep = "adaptivity"  # optional: else the sweep that the report is about
    why = "without adaptive filters far recall falls"  # optional
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.asking.language import Question, read_question
from focus_core.errors import UserError
from sweeps.provenance.sources.repository import Git, UnknownError

FIELDS = {"says", "sweep", "why"}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim.

    Attributes:
        question: the claim as a question.
        sweep: name of the sweep whose trials judge the claim; None for the report's sweep.
        why: the author's reason, in the author's words.
    """

    question: Question
    sweep: str | None
    why: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """When a file of claims was last changed, and the source of this time."""

    at: dt.datetime
    source: str


def read_claims(path: Path) -> list[Claim]:
    """The claims of a file, in the order of the file.

    Raises:
        UserError: the file cannot be read, is no TOML or has no claims, or a claim is malformed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML file: {error}") from None
    claims = raw.get("claim")
    if not isinstance(claims, list) or not claims or not all(isinstance(c, dict) for c in claims):
        raise UserError(
            f'{path} has no claims: begin each with a line [[claim]], then says = "..."'
        )
    return [_claim(path, number, claim) for number, claim in enumerate(claims, 1)]


def _claim(path: Path, number: int, raw: dict[str, Any]) -> Claim:
    where = f"{path}, claim {number}"
    unknown = raw.keys() - FIELDS
    if unknown:
        raise UserError(f"{where}: unknown field {min(unknown)!r}; there are says, sweep, why")
    if "says" not in raw or not all(isinstance(value, str) for value in raw.values()):
        raise UserError(f"{where}: 'says' must be there, and every field a text in quotes")
    try:
        question = read_question(raw["says"])
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    return Claim(question=question, sweep=raw.get("sweep"), why=raw.get("why", ""))


def written(path: Path) -> Written:
    """When the file was last changed.

    If the file is committed without later changes, the time of its last commit counts. Otherwise
    the file system's time counts. Anybody can set that time, so the result names its source.
    """
    git = Git(path.absolute().parent)
    try:
        changed = git("status", "--porcelain", "--", path.name)
        stamp = git("log", "-1", "--format=%cI", "--", path.name).decode().strip()
    except (UnknownError, TimeoutError):
        changed, stamp = b"", ""
    if stamp and not changed:
        return Written(at=dt.datetime.fromisoformat(stamp), source="its last commit")
    modified = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return Written(at=modified, source="the file system: it is not committed")
