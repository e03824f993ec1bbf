"""Which lost workers count against a trial; no Ray runs here."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sweeps.workers.on_ray.losses import (
    DYING_SECONDS,
    HOST_LOSSES,
    PROCESS_LOSSES,
    Loss,
    Losses,
    error_of,
    loss_of,
    text_of_errors,
)

PROCESS, HOST = Loss(host=False, node="a", at=100.0), Loss(host=True, node="a", at=100.0)


def losses(died: float | None = None) -> Losses:
    return Losses(lambda _node: died)


def test_a_process_that_dies_alone_is_replaced_three_times() -> None:
    found = losses()
    assert [found.try_again(PROCESS, 10 * n) for n in range(4)] == [True, True, True, False]
    assert found.in_words(PROCESS) == f"its worker was lost {PROCESS_LOSSES + 1} times"


def test_hosts_that_go_away_use_up_no_retry_while_the_trial_gets_on() -> None:
    found = losses()
    assert all(found.try_again(HOST, step) for step in range(1000))
    assert [found.try_again(PROCESS, 1000) for _ in range(4)] == [True, True, True, False]


def test_a_trial_that_takes_its_hosts_down_is_not_tried_for_ever() -> None:
    found = losses()
    tried = [found.try_again(HOST, 7) for _ in range(HOST_LOSSES + 1)]
    assert tried == [True] * HOST_LOSSES + [False]
    assert "without progress" in found.in_words(HOST)


def test_every_trial_ends_or_gets_on() -> None:
    """Whatever is lost: between two steps of progress there is a bound."""
    rng = random.Random(0)
    for _ in range(50):
        found, tries = losses(), 0
        while found.try_again(rng.choice([PROCESS, HOST]), 3):
            tries += 1
        assert tries <= HOST_LOSSES + PROCESS_LOSSES


@pytest.mark.parametrize(
    ("died", "goes_on"),
    [(None, False), (100 + DYING_SECONDS - 1, True), (100 + DYING_SECONDS + 1, False)],
)
def test_a_process_that_ended_while_its_host_went_down_is_a_lost_host(
    died: float | None, goes_on: bool
) -> None:
    found = losses(died)
    for step in range(4):
        again = found.try_again(PROCESS, step)
    assert again is goes_on


def test_a_loss_is_counted_once_for_each_worker() -> None:
    found = losses()
    first = Loss(host=False, worker="w")
    assert not found.knows(first)
    found.try_again(first, 0)
    assert found.knows(Loss(host=True, worker="w"))
    assert not found.knows(Loss(host=False, worker="another"))
    found.try_again(Loss(host=False), 0)
    assert not found.knows(Loss(host=False))  # Ray does not say whose loss it is


def test_an_error_is_read_from_where_tune_writes_it_and_read_once(tmp_path: Path) -> None:
    trial: Any = SimpleNamespace(pickled_error_file=None, error_file=None)
    assert error_of(trial) is None
    assert text_of_errors(trial) == ""
    trial.pickled_error_file = str(tmp_path / "error.pkl")
    trial.error_file = str(tmp_path / "error.txt")
    (tmp_path / "error.pkl").write_bytes(pickle.dumps(ValueError("gone")))
    (tmp_path / "error.txt").write_text("Failure # 1")
    assert repr(error_of(trial)) == "ValueError('gone')"
    assert error_of(trial) is None
    assert text_of_errors(trial) == "Failure # 1"


def test_an_error_of_the_trial_itself_is_no_lost_host() -> None:
    assert not loss_of(None).host
    assert not loss_of(ValueError("of the trial")).host


def test_a_worker_that_cannot_be_reached_is_a_lost_host(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.exceptions import ActorUnavailableError, RayActorError

    from sweeps.workers.on_ray import losses as module

    monkeypatch.setattr(module, "_of_actor", lambda _: (False, "a"))
    assert loss_of(ActorUnavailableError("connection reset", None)).host
    assert loss_of(RayActorError(preempted=True)).host
    assert not loss_of(RayActorError()).host  # control
