"""Whatever happened to damaged checkpoints, a trial's losses are those of an untouched run."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sweeps.driving.assignment import Assignment, Means
from sweeps.provenance.code_identity import trial_code
from sweeps.workers.checkpoints import file_name
from sweeps.workers.worker import TrialStopped, train_trial
from tests.sweeps.conftest import small_base

CONFIG = small_base().override({"train.steps": 6})
SEEDS = [0, 1]
TIMES = ("seconds", "seconds_per_step", "peak_bytes")
Reports = list[dict[str, float]]


def work(root: Path, *, until: int = 99, **changes: Any) -> tuple[Reports, list[str]]:
    """One attempt at the trial, ended when it reports step ``until``; what it reported and said."""
    assignment = Assignment(
        **{
            "trial_id": "abc",
            "code": trial_code(CONFIG.canonical()),
            "token": "t0ken",
            "reported": 4,
            "config": CONFIG.canonical(),
            "seeds": SEEDS,
            **changes,
        }
    )
    payload = assignment.payload(Means(checkpoints=str(root)))
    reports: Reports = []
    said: list[str] = []

    def send(report: dict[str, float]) -> None:
        reports.append({k: v for k, v in report.items() if k not in TIMES})
        if report["step"] == until:
            raise TrialStopped

    with suppress(TrialStopped):
        train_trial({**payload, "checkpoint_seconds": 0.0}, send, said.append)
    return reports, said


@pytest.fixture(scope="module")
def halfway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoints of a trial that was killed when it reported its end."""
    root = tmp_path_factory.mktemp("states")
    work(root, until=6)
    work(root, until=6, seeds=[0])
    work(root, until=6, seeds=[1, 2])
    work(root, until=6, token="0ther", trial_id="other")
    return root


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    reports, said = work(tmp_path_factory.mktemp("whole"))
    assert ([r["step"] for r in reports], said) == ([2, 4, 6], [])
    return reports


def flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def zero_a_page(path: Path, draw: random.Random) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * draw.randrange(path.stat().st_size // 4096))
        file.write(b"\1" * 4096)


def cut(path: Path, draw: random.Random) -> None:
    os.truncate(path, draw.randrange(path.stat().st_size))


def append(path: Path, draw: random.Random) -> None:
    with path.open("ab") as file:
        file.write(draw.randbytes(100))


def swap_for(name: str) -> Callable[[Path, random.Random], object]:
    return lambda path, _: shutil.copy(path.parent.parent / name, path)


def pipe(path: Path, _: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path, _: random.Random) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path, random.Random], object]] = {
    **{"flip": flip, "page": zero_a_page, "cut": cut, "append": append},
    **{"pipe": pipe, "folder": folder},
    "another trial's": swap_for(f"other/{file_name(SEEDS)}"),
    "other seeds'": swap_for(f"abc/{file_name([1, 2])}"),
    "some of its seeds'": swap_for(f"abc/{file_name([0])}"),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("damage", DAMAGES)
def test_training_over_damaged_checkpoints_gives_the_same_losses(
    halfway: Path, tmp_path: Path, whole: Reports, damage: str
) -> None:
    draw = random.Random(damage)
    for attempt in range(2):
        root = shutil.copytree(halfway, tmp_path / str(attempt))
        DAMAGES[damage](root / "abc" / file_name(SEEDS), draw)
        reports, said = work(root)
        assert reports == whole
        assert len(said) == 1
        assert work(root, handed="")[1] == []  # what it has kept since is whole


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"token": "another"}, "an earlier start of this trial"),
        ({"reported": 2}, "is ahead of the ledger, which ends at step 2"),
        ({"reported": 0}, "is ahead of the ledger, which ends at step 0"),
    ],
)
def test_old_states_that_another_asks_for_are_not_trained_from(
    halfway: Path, tmp_path: Path, whole: Reports, changes: dict[str, Any], why: str
) -> None:
    root = shutil.copytree(halfway, tmp_path / "states")
    reports, (said,) = work(root, **changes)
    assert reports == whole
    assert why in said


def test_an_untouched_state_is_gone_on_from(halfway: Path, tmp_path: Path, whole: Reports) -> None:
    """Negative control: the end was saved, but not reported."""
    assert work(shutil.copytree(halfway, tmp_path / "states")) == (whole[-1:], [])


def test_a_restart_by_ray_goes_on_though_the_hand_out_knew_of_no_report(
    tmp_path: Path, whole: Reports
) -> None:
    """The payload is as old as the hand-out; the state says that it was made since."""
    begun: dict[str, Any] = {"reported": 0, "handed": "once"}
    assert work(tmp_path, until=4, **begun)[0] == whole[:2]
    assert work(tmp_path, **begun) == (whole[1:], [])  # step 4 was not saved: told to end
    assert work(tmp_path, reported=0, handed="twice")[0] == whole


def test_what_a_killed_worker_began_to_write_is_cleared(tmp_path: Path) -> None:
    """Negative control: what was begun for other seeds stays, since their worker may be alive."""
    work(tmp_path, until=4)
    folder = tmp_path / "abc"
    for name in ("seeds-0-1.pt.0123.new", "seeds-0-1.pt.4567.new", "seeds-2.pt.89ab.new"):
        (folder / name).write_bytes(b"half a fi")
    work(tmp_path)
    assert sorted(p.name for p in folder.iterdir()) == ["seeds-0-1.pt", "seeds-2.pt.89ab.new"]
