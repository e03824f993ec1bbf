"""How a person starts a command here: by its file in a checkout, by its module elsewhere."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def words(file: str, root: Path = ROOT) -> list[str]:
    """The first words of a command.

    Args:
        file: the command's file in a checkout, such as ``sweeps/launch.py``.
        root: the folder that holds ``sweeps``; a checkout has a ``pyproject.toml`` there.
    """
    if (root / "pyproject.toml").is_file():
        return ["python", file]
    return ["python", "-m", file.removesuffix(".py").replace("/", ".")]


def door(file: str) -> str:
    """The same in one string."""
    return " ".join(words(file))
