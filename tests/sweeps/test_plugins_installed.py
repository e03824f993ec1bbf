"""What a plugin imports must be installed, and an installed package may be a plugin."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from focus_core.outside import loading
from focus_core.outside.plugin import PREFIX, Plugin
from focus_core.tools.executed_code import executed
from sweeps import audit
from sweeps.provenance.code_identity import _named as named
from sweeps.provenance.plugins import beside_ours
from sweeps.workers.worker import UnfitHostError, train_trial
from tests.plugin_files import MIXER, write, write_package
from tests.sweeps.local_launches import assert_one_line, rows
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.plugin_home import (
    NAME,
    copied_home,  # noqa: F401  a fixture
    kept,
    launch,
    trained_home,  # noqa: F401  a fixture
)


def test_what_it_imports_must_be_where_it_is_used(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my_library_of_decay.py").write_text("RATE = 0.5\n")
    source = MIXER.replace(
        "import torch\n", "import torch\nfrom my_library_of_decay import RATE\n", 1
    )
    path = write(tmp_path, source=source)
    with monkeypatch.context() as here:
        here.syspath_prepend(tmp_path)
        code, _, complained = launch(home, "--plugin", str(path), "--name", "other")
        assert code == 0, complained
    for name in [each for each in sys.modules if each.startswith((PREFIX, "my_library_of_decay"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(loading, "_FOUND", {})
    missing = "plugin my_mixer.py: it imports 'my_library_of_decay', which is not installed here"
    assert audit.main(["--home", str(home), "--sweep", "other"]) == 2
    assert missing in capsys.readouterr().err
    assert audit.main(["--home", str(home), "--sweep", NAME]) == 0
    sent = {"plugins": [Plugin(name=path.name, source=source).as_data()]}
    with pytest.raises(UnfitHostError, match=missing):
        train_trial(sent, lambda _: None)


def test_an_installed_package_names_its_mixers(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    words = ["--name", "package", "--set", "variant=fade"]
    code, said, complained = launch(home, "--plugin", "fade", *words)
    assert code == 0, complained
    assert "fade (fade, decay_package.mixers:Decay of decay-package 1.5)" in said
    assert audit.main(["--home", str(home), "--sweep", "package"]) == 0
    _, (trial, _), _ = rows(home / "ledger.db", "package")
    assert trial.config["model.mixer"] == "fade"
    with beside_ours([Plugin.from_data(kept(home)[-1]["data"])]):
        counted = executed(named("fade", "far_recall"))
    assert {"decay_package.mixers", "decay_package.parts"} <= counted.keys()
    code, _, complained = launch(home, "--plugin", "odd", *words)
    assert_one_line(
        complained, "plugin odd: decay_package.parts:SIGN must be a class of focus_core"
    )
    code, _, complained = launch(home, "--plugin", "nobody", *words)
    assert_one_line(complained, "(there are fade, odd)")
