from __future__ import annotations

import pickle
import threading
from pathlib import Path

import pytest
import torch

from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.workers.checkpoints import TrialCheckpoints


def store(root: Path, seeds: tuple[int, ...] = (0, 1)) -> TrialCheckpoints:
    return TrialCheckpoints(str(root), "abc", seeds)


def test_what_was_saved_last_is_loaded(tmp_path: Path) -> None:
    assert store(tmp_path).load() is None
    for step in (1, 2):
        store(tmp_path).save({"step": step, "weights": torch.full((3,), float(step))})
    loaded = store(tmp_path).load()
    assert loaded is not None
    assert loaded["step"] == 2
    assert torch.equal(loaded["weights"], torch.full((3,), 2.0))
    assert [p.name for p in (tmp_path / "abc").iterdir()] == ["seeds-0-1.pt"]


def test_other_seeds_have_a_checkpoint_of_their_own(tmp_path: Path) -> None:
    store(tmp_path).save({"step": 1})
    assert store(tmp_path, (2,)).load() is None


def test_a_worker_that_outlived_its_driver_disturbs_nobody(tmp_path: Path) -> None:
    """Two processes save the same trial at the same time: neither fails, the file stays whole."""
    errors: list[BaseException] = []

    def save_often(name: float) -> None:
        try:
            for step in range(40):
                store(tmp_path).save({"step": step, "weights": torch.full((5000,), name)})
        except Exception as error:  # noqa: BLE001  any is a failure of this test
            errors.append(error)

    threads = [threading.Thread(target=save_often, args=(float(n),)) for n in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        loaded = store(tmp_path).load()
        assert loaded is None or len(loaded["weights"].unique()) == 1
    for thread in threads:
        thread.join()
    assert errors == []
    assert store(tmp_path).load() is not None


@pytest.mark.parametrize("content", [b"", b"half a fi", pickle.dumps({"step": 1}, protocol=2)[:-3]])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    store(tmp_path).save({"step": 1})
    (tmp_path / "abc" / "seeds-0-1.pt").write_bytes(content)
    assert store(tmp_path).load() is None


def test_half_a_checkpoint_is_as_good_as_none(tmp_path: Path) -> None:
    store(tmp_path).save({"step": 1, "weights": torch.ones(1000)})
    path = tmp_path / "abc" / "seeds-0-1.pt"
    path.write_bytes(path.read_bytes()[:-100])
    assert store(tmp_path).load() is None


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run by a checkpoint",)


def test_a_checkpoint_runs_no_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "abc").mkdir()
    torch.save({"step": Harmful()}, tmp_path / "abc" / "seeds-0-1.pt")
    assert store(tmp_path).load() is None
    assert capsys.readouterr().out == ""


def test_a_forgotten_trial_has_no_checkpoint(tmp_path: Path) -> None:
    store(tmp_path).save({"step": 1})
    SweepFolder(str(tmp_path)).forget("abc")
    assert store(tmp_path).load() is None
    SweepFolder(str(tmp_path)).forget("abc")
