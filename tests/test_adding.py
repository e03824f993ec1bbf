"""What CONTRIBUTING says about adding a system and a task is true: nothing else is written.

The system and the task of ``tests.toys`` get their lines in the registries, and go all the way.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import search_spaces
from analysis import report
from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from focus_core.tools.cost import cost_of
from focus_core.training.causality import causality_leak
from focus_core.training.network import build_model
from sweeps import audit, launch
from sweeps.provenance.code_identity import _named as named
from sweeps.provenance.code_identity import executed
from tests import toys
from tests.sweeps.local_launches import rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures
from tests.toys.decay import DECAY
from tests.toys.delay import DELAY

QUESTIONS = Path(toys.__file__).parent / "questions"
TOYS: dict[str, Scalar] = {"model.mixer": "decay", "task.name": "delay", "task.length": 16}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYSTEMS, "decay", DECAY)
    monkeypatch.setitem(TASKS, "delay", DELAY)
    monkeypatch.setattr(search_spaces, "__path__", [*search_spaces.__path__, str(QUESTIONS)])
    monkeypatch.delitem(sys.modules, "search_spaces.toys", raising=False)


def test_their_options_are_options_like_any_other() -> None:
    trial = TrialConfig().override({**TOYS, "model.remains": 0.25, "task.delay": 3})
    assert {"model.remains": 0.25, "task.delay": 3}.items() <= trial.canonical().items()
    assert "model.order" not in trial.flat()
    with pytest.raises(UserError, match=r"'model.remain'; did you mean 'model.remains'"):
        trial.override({"model.remain": 0.5})
    with pytest.raises(UserError, match=r"model.remains = 1.0: use less than 1"):
        trial.override({"model.remains": 1})
    with pytest.raises(UserError, match=r"unknown model.mixer 'decays'; did you mean 'decay'"):
        trial.override({"model.mixer": "decays"})


def test_it_is_causal_and_its_cost_is_known() -> None:
    model = TrialConfig().override({**TOYS, "model.width": 8}).resolved_model()
    net = build_model(model, vocab_size=4, num_outputs=4, max_length=16).double().eval()
    assert causality_leak(net, vocab_size=4, length=16, seed=0) < 1e-9
    found, other = (cost_of(net, length, 1).forward for length in (16, 32))
    assert 0 < found < other


def test_its_code_is_that_of_its_own_files() -> None:
    counted = executed(named("decay", "delay"))
    assert {"tests.toys.decay.mixer", "tests.toys.delay.data"} <= counted.keys()
    assert "tests.toys.decay.cost" not in counted
    assert not [name for name in counted if name.startswith("focus_core.systems.focus")]


def test_it_goes_from_a_launch_to_a_report_and_an_audit(
    tmp_path: Path, mlflow: Mlflow, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "toys", "--local", "--home", str(tmp_path)]
    assert launch.main(words) == 0
    assert report.main(["--home", str(tmp_path)]) == 0
    capsys.readouterr()
    assert audit.main(["--home", str(tmp_path)]) == 0, capsys.readouterr()
    _, trials, _ = rows(tmp_path / "ledger.db", "toys")
    assert [trial.state for trial in trials] == ["complete"] * 2
    page = (tmp_path / "reports" / "toys" / "index.html").read_text()
    assert "remains" in page
