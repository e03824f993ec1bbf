"""Write and read a record of sources: ``commit``, ``dirty`` and ``diff`` of a sweep or a launch.

A stored diff is a patch for ``git apply``. Lines that begin with ``#`` may come before the patch.
``git apply`` skips these lines: they say what is unknown and what was left out. This module imports
only the standard library, because ``analysis`` uses it too.
"""

from __future__ import annotations

from collections.abc import Iterable

NOTE = "# "


def joined(notes: Iterable[str], patch: str) -> str:
    """The diff to store: the notes as ``#`` lines, then the patch."""
    return "".join(f"{NOTE}{note}\n" for note in notes) + patch


def notes(diff: str) -> list[str]:
    """What a stored diff says is missing from the record; empty where the record is complete."""
    found = []
    for line in diff.split("\n"):
        if not line.startswith(NOTE):
            break
        found.append(line.removeprefix(NOTE))
    return found


def has_patch(diff: str) -> bool:
    """Whether a stored diff has a patch to apply."""
    return len(joined(notes(diff), "")) < len(diff)


def in_words(commit: str, dirty: bool, diff: str) -> str:
    """Which sources ran, in one line. Sources without a known commit are never called clean."""
    said = notes(diff)
    if not commit:
        return "; ".join(said) or "commit unknown"
    changed = " with uncommitted changes" if has_patch(diff) or (dirty and not said) else ""
    return f"{commit}{changed}" + (f" ({'; '.join(said)})" if said else "")


def tag(commit: str, dirty: bool) -> str:
    """Which sources ran, in one word."""
    return f"{commit}{'+dirty' if dirty else ''}" if commit else "unknown"
