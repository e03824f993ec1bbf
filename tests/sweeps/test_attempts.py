"""Where each attempt ran, and what a host must have before a trial begins there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import torch

from sweeps.driving.assignment import Assignment, Means
from sweeps.driving.driver import Driver
from sweeps.provenance.code_identity import trial_code
from sweeps.record.attempts import Attempt, Place, machines
from sweeps.record.ledger import Ledger
from sweeps.workers.guard import Limits
from sweeps.workers.on_ray.trainable import share_of
from sweeps.workers.worker import UnfitHostError, is_outside, train_trial
from tests.sweeps.conftest import HERE, add_sweep, make_driver, small_base

THERE = Place(host="gpu-2", device="NVIDIA H200", torch="2.13.0")


def handed_out(ledger: Ledger) -> tuple[Driver, str]:
    driver = make_driver(ledger, add_sweep(ledger))
    assignment = driver.next_trial()
    assert assignment is not None
    return driver, assignment.trial_id


def attempts(ledger: Ledger) -> list[tuple[str, str, str, int]]:
    with ledger.reading() as session:
        rows = session.scalars(sa.select(Attempt).order_by(Attempt.id))
        return [(row.host, row.device, row.torch, row.step) for row in rows]


def note(driver: Driver, trial_id: str) -> str | None:
    return driver.trials[trial_id].note


def test_every_attempt_has_a_row(ledger: Ledger) -> None:
    driver, trial_id = handed_out(ledger)
    driver.began(trial_id, HERE)
    driver.report(trial_id, {"step": 2.0, "value/0": 0.1, "value/1": 0.1})
    driver.retried(trial_id, "its worker was lost")
    driver.began(trial_id, THERE, 2)
    assert attempts(ledger) == [
        ("gpu-1", "NVIDIA H200", "2.13.0", 0),
        ("gpu-2", "NVIDIA H200", "2.13.0", 2),
    ]
    assert note(driver, trial_id) is None
    with ledger.engine.connect() as connection:
        assert machines(connection, driver.sweep.id) == ["NVIDIA H200 with torch 2.13.0 (2 hosts)"]
        assert machines(connection, driver.sweep.id + 1) == []


def test_a_lost_checkpoint_is_never_silent(ledger: Ledger) -> None:
    """Negative control: nothing is said where the trial had no report."""
    driver, trial_id = handed_out(ledger)
    driver.began(trial_id, HERE)
    assert note(driver, trial_id) is None
    driver.report(trial_id, {"step": 2.0, "value/0": 0.1, "value/1": 0.1})
    driver.retried(trial_id, "its worker was lost")
    driver.began(trial_id, THERE, None)
    assert note(driver, trial_id) == (
        "no checkpoint on gpu-2, but reports up to step 2: it starts over"
    )


def test_what_a_worker_said_of_a_refused_checkpoint_stays(ledger: Ledger) -> None:
    driver, trial_id = handed_out(ledger)
    driver.began(trial_id, HERE)
    driver.report(trial_id, {"step": 2.0, "value/0": 0.1, "value/1": 0.1})
    driver.started_over(trial_id, "its checkpoint is damaged: it starts over")
    driver.began(trial_id, THERE, 0)
    assert note(driver, trial_id) == "its checkpoint is damaged: it starts over"


def train(tmp_path: Path, config: dict[str, Any] | None = None, **means: Any) -> list[Any]:
    trial = small_base().override({"train.steps": 2, **(config or {})})
    assignment = Assignment(
        trial_id="abc",
        code=trial_code(trial.canonical()),
        token="t0ken",
        reported=0,
        config=trial.canonical(),
        seeds=[0],
    )
    found: list[Any] = []
    payload = assignment.payload(Means(checkpoints=str(tmp_path / "states"), **means))
    train_trial(payload, found.append, began=lambda *said: found.append(said))
    return found


def test_a_worker_says_where_it_is_before_its_first_report(tmp_path: Path) -> None:
    (place, step), *reports = train(tmp_path)
    assert (place.device, place.torch, step) == ("cpu", torch.__version__, None)
    assert [report["step"] for report in reports] == [2.0]
    (_, step), *_ = train(tmp_path)
    assert step == 2


def test_a_trial_that_was_given_a_gpu_never_trains_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnfitHostError, match=r"was given a GPU, but torch .* finds none") as unfit:
        train(tmp_path, gpus=0.5)
    assert is_outside(unfit.value)
    assert not (tmp_path / "states").exists()


def test_missing_data_are_the_fault_of_their_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(UnfitHostError, match=r"^\S+: data set 'text8' is not there") as unfit:
        train(tmp_path, {"task.name": "text8", "task.length": 16})
    assert is_outside(unfit.value)


def test_a_worker_without_a_data_folder_of_its_own_takes_the_launchers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "of the launcher"))
    payload = Assignment(trial_id="a", code="", token="", reported=0, config={}, seeds=[]).payload(
        Means(checkpoints="/x")
    )
    assert payload["data"] == str(tmp_path / "of the launcher")


def test_a_worker_that_must_share_the_checkpoints_and_does_not_trains_nothing(
    tmp_path: Path,
) -> None:
    """Negative control: where nothing must be shared, a new folder is made."""
    with pytest.raises(UnfitHostError, match="does not see the checkpoints in"):
        train(tmp_path, shared=True)
    assert len(train(tmp_path)) == 2


def test_memory_has_a_limit_on_a_cluster_unless_the_user_sets_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Limits.from_environment(on_cluster=True).share
    assert not Limits.from_environment().share
    for said in ("0", "4"):
        monkeypatch.setenv("FOCUS_MAX_RSS_GB", said)
        limits = Limits.from_environment(on_cluster=True)
        assert (limits.share, limits.rss_gb) == (False, float(said))


@pytest.mark.parametrize(
    ("cpus", "gpus", "share"),
    [(1, 0, 25e9), (2, 0, 50e9), (1, 1, 100e9), (1, 0.25, 25e9), (9, 0, 100e9)],
)
def test_what_a_trial_may_use_of_its_host(cpus: float, gpus: float, share: float) -> None:
    assert share_of({"CPU": 4.0, "GPU": 1.0, "memory": 100e9}, cpus, gpus) == share


def test_a_host_that_does_not_say_its_memory_sets_no_limit() -> None:
    assert share_of({"CPU": 4.0}, 1, 0) == 0
