"""A system and a task that were added as CONTRIBUTING says are as good as any other.

``test_adding_together`` takes them, with one of everything else, from a launch to an audit.
"""

from __future__ import annotations

import pytest

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from focus_core.tools.cost import cost_of
from focus_core.tools.executed_code import executed
from focus_core.training.causality import causality_leak
from focus_core.training.network import build_model
from sweeps.provenance.code_identity import _named as named
from tests.toys.decay import DECAY
from tests.toys.delay import DELAY

TOYS: dict[str, Scalar] = {"model.mixer": "decay", "task.name": "delay", "task.length": 16}


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYSTEMS, "decay", DECAY)
    monkeypatch.setitem(TASKS, "delay", DELAY)


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
