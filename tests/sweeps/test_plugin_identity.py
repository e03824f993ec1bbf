"""The text of a plugin is in the code identity of the trials that need it, and of no others."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from focus_core.tools.executed_code import executed
from sweeps.provenance.code_identity import _named as named
from sweeps.provenance.code_identity import code_hash, trial_code
from tests.plugin_files import MIXER, TASK, given

DECAY = {"model.mixer": "decay", "task.name": "far_recall"}
OURS = {"model.mixer": "mega", "task.name": "far_recall"}
ECHO = {"model.mixer": "mega", "task.name": "echo"}
BOTH = {"model.mixer": "decay", "task.name": "echo"}


def code(source: str, config: Mapping[str, object] = DECAY, *others: str) -> str:
    with given(source, *others):
        return trial_code(config)


SAME = {
    "a comment": "# why\n" + MIXER,
    "the layout": MIXER.replace("\n\n", "\n\n\n"),
    "a docstring": MIXER.replace("fades at", "goes at"),
    "blanks": MIXER.replace("0.5)", "0.5 )"),
}
OTHER = {
    "a number": MIXER.replace("min=0", "min=1"),
    "a default": MIXER.replace("0.5", "0.25"),
    "a range": MIXER.replace("FRACTION", "POSITIVE"),
    "an import": "import math\n" + MIXER,
    "another mixer beside it": MIXER + "\n\nclass Other(Decay):\n    pass\n",
}


@pytest.mark.parametrize("what", SAME)
def test_what_is_no_code_is_no_change(what: str) -> None:
    assert SAME[what] != MIXER
    assert code(SAME[what]) == code(MIXER)


@pytest.mark.parametrize("what", OTHER)
def test_what_training_executes_is_a_change(what: str) -> None:
    """Negative control."""
    assert OTHER[what] != MIXER
    assert code(OTHER[what]) != code(MIXER)


def test_the_trials_of_others_do_not_change() -> None:
    ours, every = trial_code(OURS), code_hash()
    assert code(MIXER, OURS) == code(OTHER["a number"], OURS) == ours
    assert code(MIXER, ECHO, TASK) == code(OTHER["a number"], ECHO, TASK)
    assert code(MIXER, BOTH, TASK) != code(OTHER["a number"], BOTH, TASK)
    assert code(MIXER, BOTH, TASK) != code(MIXER, BOTH, TASK.replace("min=0", "min=1") + "A = 1\n")
    with given(MIXER):
        assert code_hash() != every
    assert code_hash() == every


def test_what_it_takes_from_this_project_counts() -> None:
    using = MIXER.replace("import torch\n", "import torch\nfrom focus_core.layers import ema\n", 1)
    with given(using):
        counted = executed(named("decay", "far_recall"))
    assert {"focus_core.layers.ema", "focus_core.outside.framed", "focus_core.plugin"} <= set(
        counted
    )
    assert not [name for name in counted if name.startswith("focus_core.tools")]
    assert "focus_core.outside.cost" not in counted
    with given(MIXER):  # negative control
        assert "focus_core.layers.ema" not in executed(named("decay", "far_recall"))
