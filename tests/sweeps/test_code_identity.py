"""The code identity of a trial: what training executes, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeps.code_identity import ROOT, code_hash, executed

Edit = Callable[[Path], object]
NETWORK = "training/network.py"


def edited(name: str, change: Callable[[str], str]) -> Edit:
    def edit(root: Path) -> None:
        path = root / "focus_core" / name
        before = path.read_text()
        path.write_text(change(before))
        assert path.read_text() != before

    return edit


def longer(name: str) -> Edit:
    return edited(name, lambda text: text + "\nMORE = 1\n")


def replaced(name: str, old: str, new: str) -> Edit:
    return edited(name, lambda text: text.replace(old, new, 1))


def added(name: str, text: str) -> Edit:
    return lambda root: (root / "focus_core" / name).write_text(text)


def without_docstrings(text: str) -> str:
    return re.sub(r'"""[^"]*"""', '"""Other words."""', text)


SAME: dict[str, Edit] = {
    "a comment": edited(NETWORK, lambda text: "# why\n" + text + "\n# so\n"),
    "every docstring": edited(NETWORK, without_docstrings),
    "no docstring": replaced("systems/focus/filters.py", '"""', 'r"""'),
    "the layout": replaced(NETWORK, "x_BLD = self.dropout(", "x_BLD = self.dropout (  "),
    "a tool": longer("tools/decoding.py"),
    "a command": longer("data/__main__.py"),
    "cost figures": longer("tools/cost.py"),
    "a system's cost": longer("systems/hyena/cost.py"),
    "a system's figures": longer("systems/focus/filter_views.py"),
    "a new tool": added("tools/another_tool.py", "import focus_core.training.network\n"),
    "a new probe": added("another_probe.py", "MORE = 1\n"),
    "words about rivals": longer("systems/hyena/origin.py"),
}
OTHER: dict[str, Edit] = {
    "a number": replaced("training/limits.py", "LEAK_TOLERANCE = 1e-4", "LEAK_TOLERANCE = 1e-3"),
    "a sign": replaced("systems/focus/mixer.py", " + ", " - "),
    "a rival": longer("systems/mega/mixer.py"),
    "what a system reports": longer("systems/focus/numbers.py"),
    "a filter": longer("systems/focus/filters.py"),
    "a task": longer("tasks/recall.py"),
    "a helper of a task": longer("tasks/drawn.py"),
    "a probe in the loop": longer("training/causality.py"),
    "a new module in the loop": lambda root: [
        added("another.py", "MORE = 1\n")(root),
        edited(NETWORK, lambda text: text + "\nimport focus_core.another\n")(root),
    ],
    "imported late": lambda root: [
        added("another.py", "MORE = 1\n")(root),
        edited(NETWORK, lambda t: t + "\ndef f():\n    from focus_core import another\n")(root),
    ],
    "a package": longer("systems/__init__.py"),
    "a text": replaced(NETWORK, '"tanh"', '"none"'),
    "truth for a number": replaced(
        "training/loop.py", "last_report = time", "last_report = 1 or time"
    ),
    "what is no program": edited(NETWORK, lambda text: text + "\ndef (\n"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "focus_core",
        tmp_path / "focus_core",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


@pytest.mark.parametrize("what", SAME)
def test_what_training_does_not_execute_changes_no_identity(root: Path, what: str) -> None:
    SAME[what](root)
    assert code_hash(root) == code_hash()


@pytest.mark.parametrize("what", OTHER)
def test_what_training_executes_does(root: Path, what: str) -> None:
    """Negative control."""
    OTHER[what](root)
    assert code_hash(root) != code_hash()


TRAINS = """
import sys, torch
from focus_core.config import TrialConfig
from focus_core.training.loop import fit
small = {"train.steps": 2, "train.warmup_steps": 0, "train.eval_every": 1, "train.batch_size": 2,
         "task.eval_sequences": 4, "task.test_sequences": 4, "model.width": 8, "model.layers": 1}
from focus_core.systems import SYSTEMS
for mixer in SYSTEMS:
    for name in ("recall", "far_recall", "mqar", "noisy_tones", "pydoc_text", "digits"):
        trial = TrialConfig().override({**small, "model.mixer": mixer, "task.name": name})
        fit(trial, [0], lambda report: None, device=torch.device("cpu"))
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "focus_core"))
"""


@pytest.mark.slow
def test_whatever_training_imports_counts() -> None:
    """Against Python itself: what a process has imported that has trained every system."""
    words = [sys.executable, "-c", TRAINS]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert len(imported) > 50
    assert imported <= set(executed())
