"""A state kept that is not of this trial: training starts over, says so, and gives the same."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

from focus_core.training.loop import fit
from focus_core.training.replicate import Replicate
from tests.focus_core.test_training import CPU, SMALL, Memory, break_at, run

State = dict[str, Any]


@pytest.fixture(scope="module")
def whole() -> list[dict[str, float]]:
    return run(SMALL, [0, 1])


@pytest.fixture(scope="module")
def middle() -> State:
    """The state at step 6 of 12."""
    store = Memory()

    def stop(report: dict[str, float]) -> None:
        if report["step"] == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(SMALL, [0, 1], stop, checkpoints=store, checkpoint_seconds=0, device=CPU)
    assert store.kept is not None
    assert store.kept["step"] == 6
    return store.kept


def resumed(state: Any) -> tuple[list[dict[str, float]], list[str]]:
    """What is reported, and what is said."""
    store, said = Memory(), list[str]()
    store.kept = state
    return run(SMALL, [0, 1], checkpoints=store, say=said.append), said


def tensors(found: Any) -> list[tuple[dict[Any, Any], Any]]:
    """Where each tensor of a state stands."""
    if not isinstance(found, dict):
        return [place for item in found for place in tensors(item)] if type(found) is list else []
    own = [(found, key) for key, value in found.items() if isinstance(value, torch.Tensor)]
    return own + [place for value in found.values() for place in tensors(value)]


def lose_one(state: State, draw: random.Random) -> None:
    where, key = draw.choice([*((state, name) for name in state), (state["execution"], "1")])
    del where[key]


def wrong_shape(state: State, draw: random.Random) -> None:
    where, key = draw.choice([p for p in tensors(state) if p[0][p[1]].numel() > 1])
    where[key] = where[key].flatten()[:-1]


FOREIGN: dict[str, Callable[[State, random.Random], object]] = {
    "a step beyond the budget": lambda s, d: s.update(step=d.choice([13, 99, 10**18])),
    "a step before the first": lambda s, d: s.update(step=d.choice([0, -3, -(10**18)])),
    "a step between evaluations": lambda s, d: s.update(step=d.choice([1, 2, 4, 5, 7, 11])),
    "a step that was not trained": lambda s, d: s.update(step=d.choice([3, 9, 12])),
    "a step that is no number": lambda s, d: s.update(step=d.choice(["6", None, math.nan, [6]])),
    "something is missing": lose_one,
    "a tensor of another shape": wrong_shape,
    "the states of other seeds": lambda s, d: s.update(execution={"7": s["execution"]["0"]}),
    "no state at all": lambda s, d: s.update(execution=d.choice([None, [], "x", {"0": 1}])),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_old_states_that_are_foreign_are_not_trained_from(
    kind: str, middle: State, whole: list[dict[str, float]]
) -> None:
    draw = random.Random(kind)
    for _ in range(3):
        state = copy.deepcopy(middle)
        FOREIGN[kind](state, draw)
        found, said = resumed(state)
        assert found == whole
        assert len(said) == 1
        assert "does not fit" in said[0]


def test_the_state_of_another_network_is_not_trained_from(whole: list[dict[str, float]]) -> None:
    for change in ({"model.width": 24}, {"model.layers": 2}, {"model.mixer": "flash_transformer"}):
        store, said = Memory(), list[str]()
        run(SMALL.override(change), [0, 1], checkpoints=store)
        assert run(SMALL, [0, 1], checkpoints=store, say=said.append) == whole
        assert len(said) == 1


def test_its_own_state_is_gone_on_from(middle: State, whole: list[dict[str, float]]) -> None:
    """Negative control."""
    assert resumed(copy.deepcopy(middle)) == (whole[2:], [])


def test_an_end_at_which_every_seed_diverged_is_reported_again_at_its_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Memory()
    with monkeypatch.context() as patched:
        break_at(patched, {0, 1}, 5)
        before = run(SMALL, [0, 1], checkpoints=store)
    monkeypatch.setattr(Replicate, "train_step", None)  # nothing is trained
    assert run(SMALL, [0, 1], checkpoints=store) == before[-1:]
    assert before[-1]["step"] == 5
