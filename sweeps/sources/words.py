"""The words for a record of sources: ``commit``, ``dirty`` and ``diff`` of a sweep or a launch.

A stored diff is a patch as ``git apply`` takes it. Lines that begin with ``#`` may stand before
it, which ``git apply`` skips: they say what is unknown and what was left out. For ``analysis``
too, hence nothing here but the standard library.
"""

from __future__ import annotations

from collections.abc import Iterable

NOTE = "# "


def joined(notes: Iterable[str], patch: str) -> str:
    """A diff to be stored."""
    return "".join(f"{NOTE}{note}\n" for note in notes) + patch


def notes(diff: str) -> list[str]:
    """What a stored diff says is missing from the record; nothing where it is whole."""
    found = []
    for line in diff.split("\n"):
        if not line.startswith(NOTE):
            break
        found.append(line.removeprefix(NOTE))
    return found


def has_patch(diff: str) -> bool:
    """Whether there is anything to apply."""
    return len(joined(notes(diff), "")) < len(diff)


def in_words(commit: str, dirty: bool, diff: str) -> str:
    """Which sources ran, in one line. Without a commit nothing is called clean."""
    said = notes(diff)
    if not commit:
        return "; ".join(said) or "commit unknown"
    changed = " with uncommitted changes" if has_patch(diff) or (dirty and not said) else ""
    return f"{commit}{changed}" + (f" ({'; '.join(said)})" if said else "")


def tag(commit: str, dirty: bool) -> str:
    """The same in one word."""
    return f"{commit}{'+dirty' if dirty else ''}" if commit else "unknown"
