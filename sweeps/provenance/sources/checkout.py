"""The record of the sources that run: ``commit``, ``dirty`` and ``diff`` of a checkout."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sweeps.commands.command_line import one_line
from sweeps.machine.foreign_text import text_of
from sweeps.provenance.sources.patch import pieces
from sweeps.provenance.sources.recorded import joined
from sweeps.provenance.sources.repository import Git, Head, UnknownError, find_head
from sweeps.provenance.sources.worktree import Entry, compare, without_homes

PACKAGES = ("focus_core", "search_spaces", "sweeps", "analysis")
OURS = {b"sweeps/launch.py", b"focus_core/__init__.py"}
"""A commit without these files is another program's."""
LONGEST = 1_000_000
"""The most characters of a patch."""
MOST_NEW = 200
"""The most new files outside the packages that are recorded. More files are data, not an edit."""
MOST_NAMED = 10
SECRET = re.compile(
    rb"\.env(\..*)?|\.netrc|\.pgpass|id_(rsa|dsa|ecdsa|ed25519)|.*\.(pem|key|p12|pfx|jks|keystore)"
    rb"|.*(credential|secret|passw).*",
    re.IGNORECASE | re.DOTALL,
)


def record(root: Path) -> dict[str, Any]:
    """``commit``, ``dirty`` and ``diff`` of the checkout at ``root``; see ``words``.

    What cannot be found out is named in ``diff``, and ``dirty`` is then True. Raises nothing.
    """
    git = Git(root)
    commit, asked = "", "commit"
    try:
        head = find_head(git, root)
        before = _files(git, head)
        commit, asked = head.commit, "changes"
        notes, patch = _changes(git, root, head, before)
    except Exception as error:  # noqa: BLE001  a launch does not end because of git
        known = isinstance(error, UnknownError | TimeoutError)
        why = str(error) if known else f"{type(error).__name__}: {error}"
        notes, patch = [f"{asked} unknown: {one_line(why)}"], ""
    return {"commit": commit, "dirty": bool(notes or patch), "diff": joined(notes, patch)}


def _files(git: Git, head: Head) -> dict[bytes, Entry]:
    """Every file of the commit.

    Raises:
        UnknownError: git does not answer, or the commit is another program's.
    """
    found = {}
    for row in _records(git("ls-tree", "-r", "-z", "--full-tree", head.commit)):
        about, _, path = row.partition(b"\t")
        mode, _, name = about.split()
        found[path] = Entry(mode, name)
    if not found.keys() >= OURS:
        raise UnknownError("the repository here does not track this program")
    return found


def _changes(
    git: Git, root: Path, head: Head, before: Mapping[bytes, Entry]
) -> tuple[list[str], str]:
    """Lines for people that say what the patch lacks; and the patch."""
    listed = _records(git("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    new = without_homes(root, set(listed) - before.keys()) | (_python(root) - before.keys())
    outside = {path for path in new if not _in_packages(path)}
    left = {path: "its name is that of a secret" for path in outside if _is_secret(path)}
    if len(outside) > MOST_NEW:
        left = dict.fromkeys(outside, f"one of {len(outside)} new files outside the packages")
    seen = compare(root, before, sorted((before.keys() | new) - left.keys()), git.until)
    found = pieces(head, seen.changed, git.until) if seen.changed else {}
    patch = ""
    for name in sorted(found, key=lambda name: not _in_packages(name)):  # the packages first
        if len(patch) + len(found[name]) <= LONGEST:
            patch += found[name]
        else:
            left[name] = f"the patch would be longer than {LONGEST:,} characters"
    return _told(left | seen.left), patch


def _records(raw: bytes) -> list[bytes]:
    return [record for record in raw.split(b"\0") if record]


def _python(root: Path) -> set[bytes]:
    """The Python files of the packages, which may run even where git ignores them."""
    return {
        os.fsencode(path.relative_to(root))
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
    }


def _in_packages(path: bytes) -> bool:
    return any(path.startswith(f"{package}/".encode()) for package in PACKAGES)


def _is_secret(path: bytes) -> bool:
    return SECRET.fullmatch(os.path.basename(path)) is not None


def _told(left: Mapping[bytes, str]) -> list[str]:
    """One line that names what was left out; no line when nothing was left out."""
    if not left:
        return []
    names = sorted(left, key=lambda path: (not _in_packages(path), path))
    said = [f"{text_of(name)} ({left[name]})" for name in names[:MOST_NAMED]]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [one_line(f"left out: {', '.join(said)}{more}")]
