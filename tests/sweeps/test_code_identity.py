"""The code identity of a trial: what training executes, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from focus_core.tools.executed_code import REGISTRIES, ROOT, executed
from sweeps.provenance.code_identity import _named as named
from sweeps.provenance.code_identity import code_hash, trial_code

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


def mixer_folder(mixer: str) -> str:
    return SYSTEMS[mixer].config.__module__.split(".")[2]


def new_system(root: Path) -> None:
    (root / "focus_core/systems/mamba").mkdir()
    added("systems/mamba/__init__.py", "MAMBA = 1\n")(root)
    longer("systems/registry.py")(root)


FOCUS = {"model.mixer": "focus", "task.name": "recall"}
SAME: dict[str, Edit] = {
    "a comment": edited(NETWORK, lambda text: "# why\n" + text + "\n# so\n"),
    "every docstring": edited(NETWORK, without_docstrings),
    "no docstring": replaced("systems/focus/filters.py", '"""', 'r"""'),
    "the layout": replaced(NETWORK, "x_BLD = self.dropout(", "x_BLD = self.dropout (  "),
    "a tool": longer("tools/decoding.py"),
    "a command": longer("data/__main__.py"),
    "cost figures": longer("tools/cost.py"),
    "a system's cost": longer("systems/focus/cost.py"),
    "a system's figures": longer("systems/focus/views/filter_views.py"),
    "a new tool": added("tools/another_tool.py", "import focus_core.training.network\n"),
    "a new probe": added("another_probe.py", "MORE = 1\n"),
    "words about rivals": longer("systems/hyena/origin.py"),
    "another system": longer("systems/mega/mixer.py"),
    "another system's options": longer("systems/mega/__init__.py"),
    "a new system": new_system,
    "another task": longer("tasks/mqar/data.py"),
    "another task's options": longer("tasks/mqar/__init__.py"),
    "a new task": longer("tasks/registry.py"),
    "a new data set": longer("data/sets.py"),
    "a new number of trials": longer("metrics.py"),
    "a folder that a module has left": lambda root: (
        root / "focus_core/training/loop/__pycache__"
    ).mkdir(parents=True),
}
OTHER: dict[str, Edit] = {
    "a number": replaced("training/limits.py", "LEAK_TOLERANCE = 1e-4", "LEAK_TOLERANCE = 1e-3"),
    "a sign": replaced("systems/focus/mixer.py", " + ", " - "),
    "its system": longer("systems/focus/mixer.py"),
    "its system's options": longer("systems/focus/config.py"),
    "its system's rules": longer("systems/focus/rules.py"),
    "what its system reports": longer("systems/focus/views/numbers.py"),
    "a filter": longer("systems/focus/filters.py"),
    "kernels of torch": longer("kernels/loops.py"),
    "kernels imported late": longer("kernels/compiled.py"),
    "kernels of a bank": longer("kernels/compiled_bank.py"),
    "kernels of a GPU": longer("kernels/fused.py"),
    "who chooses the kernels": longer("kernels/setting.py"),
    "their trial": longer("kernels/trial_run.py"),
    "its task": longer("tasks/recall/data.py"),
    "its task's options": longer("tasks/recall/__init__.py"),
    "a helper of its task": longer("tasks/drawn.py"),
    "a probe in the loop": longer("training/causality.py"),
    "what a config resolves to": longer("options/model.py"),
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
    assert trial_code(FOCUS, root) == trial_code(FOCUS)


@pytest.mark.parametrize("what", OTHER)
def test_what_training_executes_does(root: Path, what: str) -> None:
    """Negative control."""
    OTHER[what](root)
    assert trial_code(FOCUS, root) != trial_code(FOCUS)
    assert code_hash(root) != code_hash()


@pytest.mark.parametrize(
    "folder", sorted({s.config.__module__.split(".")[2] for s in SYSTEMS.values()})
)
def test_a_system_changes_the_trials_that_use_it_and_no_others(root: Path, folder: str) -> None:
    longer(f"systems/{folder}/mixer.py")(root)
    for mixer in SYSTEMS:
        config = FOCUS | {"model.mixer": mixer}
        own = mixer_folder(mixer) == folder
        assert (trial_code(config, root) != trial_code(config)) == own, mixer


@pytest.mark.parametrize("folder", sorted({t.module.split(".")[2] for t in TASKS.values()}))
def test_a_task_changes_the_trials_that_use_it_and_no_others(root: Path, folder: str) -> None:
    """But for far recall, which is made of recall."""
    longer(f"tasks/{folder}/data.py")(root)
    for name, task in TASKS.items():
        config = FOCUS | {"task.name": name}
        own = task.module.split(".")[2] == folder or (name, folder) == ("far_recall", "recall")
        assert (trial_code(config, root) != trial_code(config)) == own, name


OUTSIDE = {
    "__init__.py": "",
    "mixer.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import outside.never\n"
    "else:\n    from . import beside\n\n\ndef f():\n    from .inner.deep import x\n",
    "beside.py": "",
    "never.py": "",
    "inner/__init__.py": "",
    "inner/deep.py": "from ..above import y\n",
    "above.py": "",
}


def test_of_a_package_from_outside_relative_imports_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in OUTSIDE.items():
        path = tmp_path / "outside" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = executed(["focus_core.training.loop", "outside.mixer"])
    own = {name for name in found if name.startswith("outside")}
    wanted = {"mixer", "beside", "inner", "inner.deep", "above"}
    assert own == {"outside"} | {f"outside.{name}" for name in wanted}
    with pytest.raises(UserError, match=r"no file of the module 'outside\.mixr' is found"):
        executed(["outside.mixr"])


def test_what_is_registered_nowhere_here_has_a_code_too() -> None:
    """A ledger may know systems of a later version."""
    codes = {trial_code(FOCUS | {"model.mixer": name}) for name in ("focus", "mamba")}
    assert len(codes) == 2


TRAINS = """
import sys, torch
from focus_core.config import TrialConfig
from focus_core.training.loop import fit
small = {"train.steps": 2, "train.warmup_steps": 0, "train.eval_every": 1, "train.batch_size": 2,
         "task.eval_sequences": 4, "task.test_sequences": 4, "model.width": 8, "model.layers": 1}
named = dict(zip(("model.mixer", "task.name"), sys.argv[1:]))
fit(TrialConfig().override(small | named), [0], lambda report: None, device=torch.device("cpu"))
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "focus_core"))
"""
PAIRS = [(mixer, "recall") for mixer in SYSTEMS]
PAIRS += [("focus", name) for name in ("far_recall", "mqar", "noisy_tones", "pydoc_text", "digits")]


def bare(name: str, mixer: str, task: str) -> bool:
    """Options and records of other systems and tasks, which the registries import."""
    own = {mixer_folder(mixer), TASKS[task].module.split(".")[2]}
    parts = name.split(".")
    records = {"__init__", "config", "options", "activity", "promises", "rules", "orders"}
    inside = len(parts) > 2 and parts[1] in ("systems", "tasks") and parts[2] not in own
    return inside and (len(parts) == 3 or parts[3] in records)


@pytest.mark.slow
@pytest.mark.parametrize(("mixer", "task"), PAIRS)
def test_whatever_training_imports_counts(mixer: str, task: str) -> None:
    """Against Python itself: what a process has imported that has trained such a trial."""
    words = [sys.executable, "-c", TRAINS, mixer, task]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert len(imported) > 40
    counted = executed(named(mixer, task))
    left_out = {name for name in imported - counted.keys() if not bare(name, mixer, task)}
    assert left_out <= set(REGISTRIES)
