"""An export of a trial that needs code from outside: the text goes along, and is run by name alone.

The other ways to name wrong code are in tests/focus_core/test_exported_plugin.py.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import focus_core
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from search_spaces.vary import read_base
from sweeps import export
from sweeps.provenance import consent
from sweeps.provenance.plugins import beside_ours
from sweeps.record.home import find_home
from sweeps.workers.trained_network import find_trained
from tests.plugin_files import MIXER, ROOT, TASK, given, write, write_package
from tests.sweeps.local_launches import SMALL, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.plugin_home import (
    NAME,
    copied_home,  # noqa: F401  a fixture
    launch,
    trained_home,  # noqa: F401  a fixture
)

FORGETFUL = MIXER.replace(
    "        self.remains",
    "        self.register_buffer('noise', torch.randn(width), persistent=False)\n"
    "        self.remains",
).replace("return self.out(", "return self.noise * self.out(")


def trial_of(home: Path, sweep: str = NAME) -> str:
    return rows(home / "ledger.db", sweep)[1][0].trial_id


def sweep(home: Path, name: str, source: str, *words: str) -> None:
    """Train another mixer of the same name, with another option: its trials have ids of theirs."""
    asked = ["--name", name, "--plugin", str(write(home, source=source)), *words]
    code, _, complained = launch(home, *asked, "--set", "model.remains=0.75")
    assert code == 0, complained


def ask(home: Path, *words: str, sweep: str = NAME) -> int:
    return export.main([trial_of(home, sweep), str(home / "out"), "--home", str(home), *words])


def logits(net: Any, vocabulary: int = 8, length: int = 32) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        found: torch.Tensor = net(torch.randint(vocabulary, (2, length), generator=random))
    return found


def trained_logits(home: Path, sweep: str = NAME, seed: int = 0) -> torch.Tensor:
    found = find_trained(find_home(str(home)), trial_of(home, sweep), seed)
    with beside_ours(found.plugins):
        return logits(found.build())


def said(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((home / "out/config.json").read_text())["plugins"]
    return found


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What the command complained of."""
    found = capsys.readouterr().err
    assert found.startswith("sweeps.export: ")
    assert found.count("\n") == 1
    return found


def test_the_folder_has_the_text_and_the_network_to_the_bit(home: Path) -> None:
    assert ask(home) == 0
    assert sorted(path.name for path in (home / "out").iterdir()) == [
        *("README.md", "config.json", "model.safetensors", "plugin_decay.py")
    ]
    text = (home / "out/plugin_decay.py").read_bytes()
    assert text == MIXER.encode()
    (needed,) = said(home)
    assert needed["sha256"] == hashlib.sha256(text).hexdigest()
    assert (needed["name"], needed["mixer"], needed["task"]) == ("my_mixer.py", "decay", None)
    for file in (home / "out/plugin_decay.py", str(write(home))):
        loaded = focus_core.load(home / "out", plugin=file)
        assert torch.equal(logits(loaded), trained_logits(home))
        assert not loaded.training
    assert "decay" not in SYSTEMS
    torch.nn.init.normal_(next(loaded.parameters()))  # negative control
    assert not torch.equal(logits(loaded), trained_logits(home))


def test_its_config_is_a_base_with_its_plugin(home: Path) -> None:
    assert ask(home) == 0
    config = str(home / "out/config.json")
    with given(MIXER):
        assert read_base(config).trial_id == trial_of(home)
    with pytest.raises(UserError, match=r"unknown model.mixer 'decay'; .*, or give its plugin$"):
        read_base(config)


def test_the_card_names_the_text_and_says_that_it_is_run(home: Path) -> None:
    assert ask(home) == 0
    card = (home / "out/README.md").read_text()
    assert 'focus_core.load("FOLDER", plugin="FOLDER/plugin_decay.py")' in card
    assert "Loading runs code that is not of Focus Sweeps: `plugin_decay.py`" in card
    assert hashlib.sha256(MIXER.encode()).hexdigest() in card
    assert "torch and safetensors alone" not in card


def test_without_its_name_the_text_is_not_run(home: Path, tmp_path: Path) -> None:
    proof = tmp_path / "it was run"
    sweep(home, "told", telling(proof))
    assert ask(home, sweep="told") == 0
    proof.unlink()
    assert in_bare_process(home, "").endswith(
        "runs no code that you do not name: read plugin_decay.py in the folder, and load with "
        "plugin='FOLDER/plugin_decay.py'\n"
    )
    assert not proof.exists()
    (home / "my_mixer.py").unlink()
    assert in_bare_process(home, str(home / "out/plugin_decay.py")) == "(2, 32, 10)\n"
    assert proof.exists()  # negative control


def telling(proof: Path) -> str:
    return f"open({str(proof)!r}, 'w').close()\n{MIXER}"


def in_bare_process(home: Path, plugin: str) -> str:
    """What a process with torch and safetensors alone says of the folder."""
    code = (
        "import sys, torch, focus_core\n"
        "from focus_core.errors import UserError\n"
        "try:\n"
        "    net = focus_core.load(sys.argv[1], plugin=sys.argv[2] or None)\n"
        "    print(tuple(net(torch.zeros(2, 32, dtype=torch.long)).shape))\n"
        "except UserError as error:\n"
        "    print(error)\n"
        "heavy = {'ray', 'mlflow', 'optuna', 'sqlalchemy', 'sweeps', 'search_spaces'}\n"
        "assert not heavy & sys.modules.keys()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home / "out"), plugin],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_text_that_was_never_given_here_is_not_exported(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(consent, "_GIVEN", set())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    assert ask(home) == 2
    assert "was never given here" in one_line(capsys)
    assert not (home / "out").exists()
    assert ask(home, "--plugin", str(write(tmp_path))) == 0  # negative control
    assert (home / "out/plugin_decay.py").exists()


def test_a_task_from_outside_is_kept_and_the_network_does_without(home: Path) -> None:
    task = write(home, "my_task.py", TASK)
    code, _, complained = run_here(
        home,
        [
            *("--space", "order", "--name", "echo", "--local", "--seeds", "2", "--trials", "1"),
            *("--plugin", str(task), "--set", "task.name=echo", *SMALL),
            *("train.steps=4", "train.eval_every=2", "task.length=32"),
        ],
    )
    assert code == 0, complained
    assert ask(home, "--seed", "1", sweep="echo") == 0
    (needed,) = said(home)
    assert (needed["file"], needed["mixer"], needed["task"]) == ("plugin_echo.py", None, "echo")
    assert (home / "out/plugin_echo.py").read_text() == TASK
    loaded = logits(focus_core.load(home / "out"), vocabulary=4)
    found = find_trained(find_home(str(home)), trial_of(home, "echo"), 1)
    with beside_ours(found.plugins):
        assert torch.equal(loaded, logits(found.build(), vocabulary=4))
    card = (home / "out/README.md").read_text()
    assert "the task echo: `plugin_echo.py`" in card
    assert "loading does not need it" in card
    assert "torch and safetensors alone" in card
    assert "echo" not in TASKS
    with pytest.raises(UserError, match="needs no plugin: leave it out"):
        focus_core.load(home / "out", plugin=task)


def test_an_installed_package_is_named_by_its_entry_point(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(tmp_path)
    with monkeypatch.context() as here:
        here.syspath_prepend(tmp_path)
        words = ["--name", "package", "--set", "variant=fade"]
        code, _, complained = launch(home, "--plugin", "fade", *words)
        assert code == 0, complained
        assert ask(home, sweep="package") == 0
        assert [path.name for path in (home / "out").glob("plugin_*")] == []
        with pytest.raises(UserError, match=r"install decay-package 1\.5, and load with plugin="):
            focus_core.load(home / "out")
        loaded = focus_core.load(home / "out", plugin="fade")
        assert torch.equal(logits(loaded), trained_logits(home, "package"))
        assert 'plugin="fade"' in (home / "out/README.md").read_text()
    with pytest.raises(UserError, match=r"no entry point of that name .*\(no package has one\)"):
        focus_core.load(home / "out", plugin="fade")


def test_a_mixer_whose_weights_are_not_all_of_it_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(home, "forgetful", FORGETFUL, "--seeds", "2")
    assert ask(home, "--seed", "1", sweep="forgetful") == 2
    assert "the weights of decay alone do not give the trained network" in one_line(capsys)
    assert not (home / "out").exists()
    monkeypatch.setattr("sweeps.exporting.whole.check_whole", lambda *_: None)
    assert ask(home, "--seed", "1", sweep="forgetful") == 0  # negative control
    loaded = focus_core.load(home / "out", plugin=home / "out/plugin_decay.py")
    assert not torch.equal(logits(loaded), trained_logits(home, "forgetful", 1))


def test_a_network_that_the_file_cannot_hold_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = "self.register_buffer('odd', torch.ones(1, dtype=torch.complex128))"
    source = MIXER.replace("        self.remains", f"        {odd}\n        self.remains")
    sweep(home, "odd", source)
    assert ask(home, sweep="odd") == 2
    assert "decay has a state that safetensors cannot hold (KeyError" in one_line(capsys)
    assert not (home / "out").exists()
