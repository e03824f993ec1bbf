"""The recipes of CONTRIBUTING as data: for each thing its file, and its line elsewhere."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = ("focus_core", "search_spaces", "sweeps", "analysis", "tests")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What one row of the table says to write.

    Attributes:
        file: the file of ``tests/toys`` that is added; empty where a folder stays in there.
        folder: the folder that the file is added to.
        registry: the one file that gets a line; empty where none does.
        table: the table in the registry.
        line: the line at the end of the table.
        imported: what the line needs, at the registry's top.
    """

    file: str = ""
    folder: str = ""
    registry: str = ""
    table: str = ""
    line: str = ""
    imported: str = ""

    def follow(self, root: Path) -> None:
        """Do it in the project at ``root``."""
        if self.file:
            place = root / self.folder / Path(self.file).name
            assert not place.exists()
            shutil.copy(ROOT / "tests/toys" / self.file, place)
        if self.registry:
            path = root / self.registry
            path.write_text(self.with_line(path.read_text()))

    def with_line(self, registry: str) -> str:
        """The registry's text with the line."""
        opened = re.search(rf"^{self.table}\b.*[({{]$", registry, re.MULTILINE)
        assert opened is not None, self.table
        closed = re.compile(r"^[)}]$", re.MULTILINE).search(registry, opened.end())
        assert closed is not None, self.table
        text = f"{registry[: closed.start()]}    {self.line}\n{registry[closed.start() :]}"
        top = "from __future__ import annotations\n"
        return text.replace(top, f"{top}{self.imported}\n", 1) if self.imported else text


RECIPES = {
    "a search space": Recipe(file="questions/toys.py", folder="search_spaces"),
    "an ablation": Recipe(
        registry="search_spaces/variants/wiring.py",
        table="WIRING",
        line='"shallow": Variant(question="is one layer enough?", changes={"model.layers": 1}),',
    ),
    "a sequence mixer": Recipe(
        registry="focus_core/systems/registry.py",
        table="SYSTEMS",
        line='"decay": DECAY,',
        imported="from tests.toys.decay import DECAY",
    ),
    "a task": Recipe(
        registry="focus_core/tasks/registry.py",
        table="TASKS",
        line='"delay": DELAY,',
        imported="from tests.toys.delay import DELAY",
    ),
    "a number that trials report": Recipe(
        registry="focus_core/metrics.py",
        table="REPORTED",
        line='"half_life": Reported(words="half-life", over_seeds=_mean, shown=_TRIALS),',
    ),
    "a sampler": Recipe(
        file="corners.py",
        folder="sweeps/driving",
        registry="sweeps/driving/samplers.py",
        table="SAMPLERS",
        line='"corners": Corners,',
        imported="from sweeps.driving.corners import Corners",
    ),
    "a pruner": Recipe(
        file="forgetful.py",
        folder="sweeps/driving",
        registry="sweeps/driving/pruners.py",
        table="PRUNERS",
        line='"forgetful": Pruner(make=Forgetful, why="too little remained"),',
        imported="from sweeps.driving.forgetful import Forgetful",
    ),
    "a tracker": Recipe(
        file="notes.py",
        folder="sweeps/showing",
        registry="sweeps/showing/listeners.py",
        table="LISTENERS",
        line="notes,",
        imported="from sweeps.showing.notes import notes",
    ),
    "a section of the report": Recipe(
        file="half_lives.py",
        folder="analysis/sections",
        registry="analysis/sections/__init__.py",
        table="SECTIONS",
        line='"half_lives",',
    ),
}
"""By the first words of a row in CONTRIBUTING."""


def follow_all(root: Path) -> None:
    """Copy this project to ``root``, and follow every recipe there."""
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name)
    for recipe in RECIPES.values():
        recipe.follow(root)
