"""What CONTRIBUTING.md says of rooms, and of a point's way, is what there is."""

import ast
import re
from itertools import pairwise

import pytest

from tests.imported import OURS, ROOT, imports

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
MOST_FILES = 8
"""As many files as a reader follows in one sitting."""


def rooms() -> set[str]:
    """The folders at the top of each package."""
    return {
        f"{package}/{path.parent.name}/"
        for package in OURS
        for path in (ROOT / package).glob("*/__init__.py")
    }


def named_rooms(text: str) -> set[str]:
    """The rooms that the table names; a second one in a row is beside the first."""
    found: set[str] = set()
    section = text.split("## Rooms")[1].split("\n## ", maxsplit=1)[0]
    for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", row)
        found |= {n if "/" in n[:-1] else f"{names[0].split('/')[0]}/{n}" for n in names}
    return found


def steps(text: str) -> list[tuple[str, str]]:
    """The file and the function of each step of a point's way."""
    section = text.split("## One trial's way")[1].split("\n## ", maxsplit=1)[0]
    return re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", section, re.MULTILINE)


def defines(file: str, function: str) -> bool:
    tree = ast.parse((ROOT / file).read_text())
    return function in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}


def hands_over(file: str, other: str) -> bool:
    """Whether one of two files imports the other."""
    return any(
        name.startswith(f"{two.removesuffix('.py').replace('/', '.')}.")
        for one, two in ((file, other), (other, file))
        for name in imports((ROOT / one).read_text())
    )


def test_every_room_is_named_and_every_name_is_a_room() -> None:
    assert named_rooms(TEXT) == rooms()
    assert len(rooms()) > 20


def test_the_way_of_a_point_goes_through_few_files_that_hand_it_over() -> None:
    way = steps(TEXT)
    assert 5 < len({file for file, _ in way}) <= MOST_FILES
    assert [step for step in way if not defines(*step)] == []
    files = [file for file, _ in way]
    report = files.pop()  # it reads what the ledger wrote, and imports no part of a launch
    assert report == "analysis/report.py"
    ledger = files.pop()
    assert hands_over("sweeps/driving/driver.py", ledger)
    broken = [(a, b) for a, b in pairwise(files) if not hands_over(a, b)]
    assert broken == []


def test_what_the_document_invents_is_seen() -> None:
    """Negative control."""
    assert "sweeps/attic/" in named_rooms(TEXT.replace("`sweeps/record/`", "`sweeps/attic/`"))
    assert not defines("sweeps/launch.py", "fit")
    assert not hands_over("sweeps/launch.py", "focus_core/training/loop.py")


@pytest.mark.parametrize("package", ["sweeps", "analysis"])
def test_what_is_at_the_top_is_a_command(package: str) -> None:
    """A file at the top of these packages can be run; what is shared is in a room."""
    tops = [p for p in (ROOT / package).glob("*.py") if p.name != "__init__.py"]
    assert len(tops) > 1
    assert [p.name for p in tops if "__main__" not in p.read_text()] == []
