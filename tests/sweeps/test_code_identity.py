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


def edited(name: str, change: Callable[[str], str]) -> Edit:
    def edit(root: Path) -> None:
        path = root / "focus_core" / name
        before = path.read_text()
        path.write_text(change(before))
        assert path.read_text() != before

    return edit


def replaced(name: str, old: str, new: str) -> Edit:
    return edited(name, lambda text: text.replace(old, new, 1))


def added(name: str, text: str) -> Edit:
    return lambda root: (root / "focus_core" / name).write_text(text)


def without_docstrings(text: str) -> str:
    return re.sub(r'"""[^"]*"""', '"""Other words."""', text)


SAME: dict[str, Edit] = {
    "a comment": edited("model.py", lambda text: "# why\n" + text + "\n# so\n"),
    "every docstring": edited("model.py", without_docstrings),
    "no docstring": replaced("filters.py", '"""', 'r"""'),
    "the layout": replaced("model.py", "x_BLD = self.dropout(", "x_BLD = self.dropout (  "),
    "a tool": edited("decoding.py", lambda text: text + "\nMORE = 1\n"),
    "a command": edited("data/__main__.py", lambda text: text + "\nMORE = 1\n"),
    "cost figures": edited("cost.py", lambda text: text + "\nMORE = 1\n"),
    "a new tool": added("another_tool.py", "from focus_core.model import build_model\n"),
    "a new probe": added("another_probe.py", "MORE = 1\n"),
    "words about rivals": edited("config/origins.py", lambda text: text + "\nMORE = 1\n"),
}
OTHER: dict[str, Edit] = {
    "a number": replaced("training.py", "LEAK_TOLERANCE = 1e-4", "LEAK_TOLERANCE = 1e-3"),
    "a sign": replaced("mixers/focus.py", " + ", " - "),
    "a filter": edited("filters.py", lambda text: text + "\nMORE = 1\n"),
    "a task": edited("tasks/recall.py", lambda text: text + "\nMORE = 1\n"),
    "a helper of a task": edited("tasks/drawn.py", lambda text: text + "\nMORE = 1\n"),
    "a probe in the loop": edited("probes.py", lambda text: text + "\nMORE = 1\n"),
    "a new module in the loop": lambda root: [
        added("another.py", "MORE = 1\n")(root),
        edited("model.py", lambda text: text + "\nimport focus_core.another\n")(root),
    ],
    "imported late": lambda root: [
        added("another.py", "MORE = 1\n")(root),
        edited("model.py", lambda t: t + "\ndef f():\n    from focus_core import another\n")(root),
    ],
    "a package": edited("mixers/__init__.py", lambda text: text + "\nMORE = 1\n"),
    "a text": replaced("model.py", '"tanh"', '"none"'),
    "truth for a number": replaced("training.py", "last_report = time", "last_report = 1 or time"),
    "what is no program": edited("model.py", lambda text: text + "\ndef (\n"),
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
from focus_core.training import fit
small = {"train.steps": 2, "train.warmup_steps": 0, "train.eval_every": 1, "train.batch_size": 2,
         "task.eval_sequences": 4, "task.test_sequences": 4, "model.width": 8, "model.layers": 1}
from focus_core.mixers import MIXERS
for mixer in MIXERS:
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
