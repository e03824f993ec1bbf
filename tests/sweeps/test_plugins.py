"""A sweep with a mixer from a file of one's own: its record, its identity, its next launches."""

from __future__ import annotations

import hashlib
import json
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis.findings.commands import more_seeds, train_again
from analysis.reading.arms import Arm
from focus_core.outside.plugin import Plugin
from focus_core.systems import SYSTEMS
from search_spaces.variants import every_variant
from sweeps import audit, look
from sweeps.driving.assignment import Assignment, Means
from sweeps.provenance import consent
from sweeps.provenance.plugins import beside_ours
from sweeps.record.home import find_home
from sweeps.workers.trained_network import find_trained
from tests.analysis.summary_types import wrong_of
from tests.plugin_files import MIXER, ROOT, plugin, write
from tests.sweeps.local_launches import SMALL, assert_one_line, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.plugin_home import (
    ASKED,
    NAME,
    SETTINGS,
    code_of,
    copied_home,  # noqa: F401  a fixture
    kept,
    launch,
    trained_home,  # noqa: F401  a fixture
)

CHANGED = MIXER.replace("self.remains ** (", "0.5 * self.remains ** (")
REPORT = """
import sys
from analysis import report
code = report.main(["--home", sys.argv[1]])
assert "torch" not in sys.modules
assert not [name for name in sys.modules if name.startswith("focus_plugin_")]
sys.exit(code)
"""


def test_the_ledger_keeps_the_text_and_its_hash(home: Path) -> None:
    (found,) = kept(home)
    assert found["data"]["source"] == MIXER
    assert found["sha256"] == hashlib.sha256(MIXER.encode()).hexdigest()
    assert (found["data"]["systems"], found["data"]["tasks"]) == (["decay"], [])
    sweep, trials, _ = rows(home / "ledger.db", NAME)
    assert [trial.state for trial in trials] == ["complete"] * 2
    assert {trial.config["model.remains"] for trial in trials} == {0.5}
    assert sweep.given is not None
    assert sweep.given["plugin"][0].endswith("my_mixer.py")
    assert "decay" not in SYSTEMS
    assert "decay" not in every_variant()


def test_audit_report_and_network_need_no_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--home", str(home)]
    assert audit.main(settings) == 0
    assert "nothing disagrees: 2 trials (2 complete)" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-c", REPORT, str(home)], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text = (home / "reports" / NAME / "report.md").read_text()
    assert "yours: as its constructor draws" in text
    about = {
        "name": NAME,
        "space": "baselines",
        "seeds": 1,
        "given": {"set": {}, "plugin": ["a.py"]},
    }
    arm = SimpleNamespace(trial_id="0123456", point={"variant": "decay"})
    again = train_again(cast(Arm, arm), about)
    assert " --plugin a.py --name mine-best-012345 --trials 1 " in again
    assert f"decay (my\\_mixer.py, sha256 {kept(home)[0]['sha256'][:12]})" in text
    summary = json.loads((home / "reports" / NAME / "summary.json").read_text())
    assert wrong_of(summary) == []
    assert '"systems": ["decay"]' in json.dumps(summary)
    trial = rows(home / "ledger.db", NAME)[1][0]
    found = find_trained(find_home(str(home)), trial.trial_id, 0)
    with beside_ours(found.plugins):
        inner = next(m for m in found.build().modules() if hasattr(m, "remains"))
        assert inner.remains == 0.5
        seen = look.look(found, seconds=0.1)
    assert (seen["mixer"], seen["layers"]) == ("decay", [])
    assert "decay" not in SYSTEMS


def test_negative_control_the_audit_reads_the_text_of_the_ledger(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = kept(home)
    other = row["data"] | {"source": MIXER.replace("nn.Linear(width", "nothing(width")}
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        ledger.execute("update plugins set data = ?", [json.dumps(other)])
    consent.give([Plugin.from_data(other)])
    assert audit.main(["--home", str(home)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("audit.py: plugin my_mixer.py: with its defaults, ")
    assert "name 'nothing' is not defined" in said
    assert said.count("\n") == 1


def test_the_same_sweep_goes_on_without_the_file(home: Path) -> None:
    before = code_of(home)
    code, _, complained = launch(home, "--seeds", "2")
    assert code == 0, complained
    _, trials, _ = rows(home / "ledger.db", NAME)
    assert [len(trial.replicates) for trial in trials] == [2, 2]
    assert code_of(home) == before
    assert len(kept(home)) == 1
    code, _, complained = launch(home, "--seeds", "2", "--confirm", "1")
    assert code == 0, complained
    assert [row["data"]["name"] for row in kept(home)] == ["my_mixer.py"] * 2
    assert audit.main(["--home", str(home)]) == 0
    assert_one_line(
        run_here(home, [*ASKED, *SETTINGS, "--name", "other"])[2], "unknown variant 'decay'"
    )


def test_the_command_for_more_seeds_works_where_nothing_was_given_before(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "_GIVEN", set())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    sweep = rows(home / "ledger.db", NAME)[0]
    words = [*shlex.split(more_seeds(vars(sweep), 2))[2:], "--local"]
    place = words.index("--home")  # of the home that this one is a copy of
    words = [*words[:place], *words[place + 2 :]]
    place = words.index("--plugin")
    file = Path(words[place + 1])
    assert file.name == "my_mixer.py"
    without = [*words[:place], *words[place + 2 :]]
    assert_one_line(run_here(home, without)[2], "was never given here")  # negative control
    write(file.parent)
    code, _, complained = run_here(home, words)
    file.unlink()
    assert code == 0, complained
    assert [len(t.replicates) for t in rows(home / "ledger.db", NAME)[1]] == [2, 2]


def test_a_changed_file_is_refused_until_it_is_asked_for(home: Path, tmp_path: Path) -> None:
    path = write(tmp_path, source=CHANGED)
    words = ["--plugin", str(path), "--seeds", "2"]
    before = (kept(home), code_of(home))
    code, _, complained = launch(home, *words)
    assert code == 2
    assert_one_line(
        complained,
        f"the plugin my_mixer.py changed since the sweep '{NAME}' was trained",
        "for 2 of 2 trials): choose another --name, or --rerun",
    )
    assert (kept(home), code_of(home)) == before
    code, _, complained = launch(home, *words, "--rerun")
    assert code == 0, complained
    assert [row["data"]["source"] for row in kept(home)] == [MIXER, CHANGED]
    assert not code_of(home) & before[1]
    assert audit.main(["--home", str(home)]) == 0


def test_a_changed_file_leaves_a_sweep_at_its_end_as_it_is(home: Path, tmp_path: Path) -> None:
    before = (kept(home), code_of(home))
    path = write(tmp_path, source=CHANGED)
    code, _, complained = launch(home, "--plugin", str(path))
    assert code == 0
    assert_one_line(complained, "the plugin my_mixer.py changed", "nothing is left to train")
    assert (kept(home), code_of(home)) == before
    code, _, complained = launch(home, "--seeds", "2")  # with the text that trained it
    assert (code, complained) == (0, "")
    assert audit.main(["--home", str(home)]) == 0


def test_words_layout_and_name_of_the_file_are_no_change(home: Path, tmp_path: Path) -> None:
    source = "# by me\n" + MIXER.replace("fades at a", "fades,   at a").replace("0.5)", "0.5 )")
    path = write(tmp_path, "renamed.py", source)
    code, _, complained = launch(home, "--plugin", str(path), "--seeds", "2")
    assert code == 0, complained
    assert [row["data"]["name"] for row in kept(home)] == ["my_mixer.py", "renamed.py"]
    assert len(code_of(home)) == 1
    assert audit.main(["--home", str(home)]) == 0


def test_a_plugin_that_no_trial_needs_is_said_and_sent_to_none(tmp_path: Path) -> None:
    words = [
        "--space",
        "order",
        "--dry-run",
        "--plugin",
        str(write(tmp_path)),
        *SETTINGS[:1],
        SMALL[0],
    ]
    code, said, _ = run_here(tmp_path / "home", words)
    assert code == 0
    assert "no trial needs the plugin my_mixer.py: use --set model.mixer=decay" in said
    means = Means(checkpoints="", plugins=(plugin(),))
    sent = {}
    for mixer in ("focus", "decay"):
        config = {"model.mixer": mixer, "task.name": "recall"}
        about: dict[str, Any] = {"trial_id": "a", "code": "", "token": "", "reported": 0}
        sent[mixer] = Assignment(**about, config=config, seeds=[0]).payload(means)["plugins"]
    assert sent == {"focus": [], "decay": [plugin().as_data()]}
