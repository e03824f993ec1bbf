"""The page docs/your_layer.md is run: its files are written, and its commands do what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from analysis import report
from focus_core.errors import UserError
from sweeps import audit, export
from tests.plugin_files import FILES, MIXER, PAGE
from tests.sweeps.local_launches import SMALL, last_win, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.test_documents import commands

MOST_LINES = 10
TINY = [*SMALL, "train.steps=4", "train.eval_every=2", "train.learning_rate=0.003"]


def test_the_mixer_of_the_page_is_short() -> None:
    body = [line for line in MIXER.split("class ")[1].splitlines() if line.strip()]
    assert len(body) <= MOST_LINES
    assert set(FILES) == {"my_mixer.py", "my_task.py"}


def test_the_commands_of_the_page_are_run(
    tmp_path: Path,
    blank_database: Path,  # noqa: F811  the fixture
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "runs"
    home.mkdir()
    shutil.copy(blank_database, home / "mlflow.db")
    for name, source in FILES.items():
        (tmp_path / name).write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    said = []
    for _, program, *words in commands(PAGE):
        if program == "sweeps/launch.py":
            small = ["--seeds", "1", "--local", "--set", *(w for w in TINY if w not in words)]
            code, out, complained = run_here(home, last_win([*words, *small]))
        else:
            main = {"analysis/report.py": report.main, "sweeps/audit.py": audit.main}[program]
            code, complained = main([*words, "--home", str(home)]), ""
            out = capsys.readouterr().out
        assert code == 0, (words, complained)
        said.append(out)
    assert "decay: remains=0.5" in said[0]
    assert "parameters of each arm, within 1% of the base" in said[1]
    assert "nothing disagrees: 2 sweeps, 6 trials (6 complete)" in said[-2]
    _, (trial,), _ = rows(home / "ledger.db", "echo")
    wanted = {"model.mixer": "decay", "model.remains": 0.9, "task.name": "echo", "task.delay": 3}
    assert wanted.items() <= trial.config.items()


def test_the_network_is_taken_along_as_the_page_says(
    tmp_path: Path,
    blank_database: Path,  # noqa: F811  the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(blank_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    Path("my_mixer.py").write_text(MIXER)
    words = ["--plugin", "my_mixer.py", "--space", "baselines", "--local", "--seeds", "1"]
    words += ["--trials", "1", "--set", "variant=decay", *TINY]
    code, _, complained = run_here(tmp_path, words)
    assert code == 0, complained
    assert export.main(["--best", "baselines", "network", "--home", str(tmp_path)]) == 0
    assert Path("network/plugin_decay.py").read_text() == MIXER
    (snippet,) = re.findall(r"^```python\n(import focus_core\n.*?)^```", PAGE, re.M | re.S)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert not names["net"].training
    Path("my_mixer.py").write_text(MIXER.replace("min=0", "min=1"))
    with pytest.raises(UserError, match="has other code"):  # negative control
        exec(snippet, names)


def test_every_promise_of_the_page_is_a_name_that_a_plugin_can_import() -> None:
    import focus_core.plugin

    for name in ("POSITIVE", "NOT_NEGATIVE", "FRACTION", "one_of", "IGNORED", "Batch"):
        assert name in focus_core.plugin.__all__
        assert name in PAGE
