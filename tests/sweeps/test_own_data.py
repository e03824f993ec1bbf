"""A person's own data from the file to the report: read once, known by their content."""

from __future__ import annotations

import json
import lzma
import math
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analysis import report
from focus_core.config import from_flat
from focus_core.data import DataCorruptError, DataMissingError, own
from focus_core.errors import UserError
from sweeps import audit, generate, launch
from sweeps.planning.flags import build_parser
from sweeps.planning.own_data import files
from sweeps.planning.own_data.series import read_series
from sweeps.planning.plan import Plan, make_plan
from sweeps.workers import worker
from sweeps.workers.on_ray import trainable
from tests.analysis.summary_types import wrong_of
from tests.own_files import arrays, as_npz, as_ts, made
from tests.test_bad_input import contents

SEQUENCES = made(8)
SMALL = ["model.width=8", "model.layers=1", "train.warmup_steps=1", "train.batch_size=4"]
SMALL += ["train.steps=4", "train.eval_every=2", "model.chunk_length=4", "model.bin_length=4"]


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "kept"))
    monkeypatch.setattr(own, "_HELD", {})


def words(path: str, *more: str, task: str = "series") -> list[str]:
    asked = [f"task.name={task}", f"task.path={path}", *SMALL, *more]
    return ["--space", "order", "--local", "--seeds", "1", "--home", "home", "--set", *asked,
            "model.order=1", "model.parameterisation=sigmoid"]  # fmt: skip


def plan(path: str, *more: str, task: str = "series") -> Plan:
    return make_plan(build_parser().read(words(path, *more, task=task)))


def test_a_moved_file_is_the_same_data_and_a_changed_file_is_other_data() -> None:
    Path("a.ts").write_bytes(as_ts(SEQUENCES))
    first = plan("a.ts")
    Path("elsewhere").mkdir()
    shutil.move("a.ts", "elsewhere/b.ts")
    moved = plan("elsewhere/b.ts")
    assert moved.base.trial_id == first.base.trial_id
    assert "task.path" not in moved.base.canonical()
    Path("a.ts").write_bytes(as_ts(made(8, seed=1)))
    assert plan("a.ts").base.trial_id != first.base.trial_id


def test_a_text_s_digest_is_the_hash_of_its_file() -> None:
    Path("a.txt").write_bytes(b"ab\r\n" * 900)
    found = plan("a.txt", task="text_file")
    assert found.data is not None
    assert found.data.files == [
        {"name": "a.txt", "bytes": 3600, "sha256": own.digest_of(b"ab\r\n" * 900)}
    ]
    assert found.base.canonical()["task.digest"] == own.digest_of(b"ab\r\n" * 900)


def test_the_length_fits_the_longest_sequence_and_the_model() -> None:
    Path("a.ts").write_bytes(as_ts(SEQUENCES))  # the longest has 8 positions
    assert plan("a.ts").base.task.length == 8
    assert plan("a.ts", "task.length=12").base.task.length == 12
    wider = build_parser().read([*words("a.ts")])
    wider.set = ["model.chunk_length=5" if w == "model.chunk_length=4" else w for w in wider.set]
    wider.set = ["model.bin_length=5" if w == "model.bin_length=4" else w for w in wider.set]
    assert make_plan(wider).base.task.length == 10


def test_every_length_of_an_axis_must_fit() -> None:
    Path("a.ts").write_bytes(as_ts(SEQUENCES))
    Path("a.txt").write_bytes(b"some words\n" * 9)
    line = ["--space", "length", "--local", "--home", "home", "--set", "task.name=series"]
    line += ["task.path=a.ts", "train.batch_size=4", "task.gap=18"]
    assert make_plan(build_parser().read(line)).data is not None  # every length is above 8
    Path("a.ts").write_bytes(as_ts([made(1)[0]._replace(rows=[[0.0, 1.0]] * 70), *SEQUENCES]))
    with pytest.raises(UserError, match=r"'a.ts': task\.length = 64: the longest .* 70 positions"):
        make_plan(build_parser().read(line))
    line[-3:-1] = ["task.path=a.txt", "train.batch_size=4"]
    line[line.index("task.name=series")] = "task.name=text_file"
    with pytest.raises(UserError, match=r"'a.txt': 99 bytes are too few: task\.length=256 with"):
        make_plan(build_parser().read(line))


def test_a_plan_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It builds the tasks with torch: what the data cannot do is said before a launch."""
    Path("a.npz").write_bytes(as_npz(**arrays(SEQUENCES)))
    Path("a.txt").write_bytes(b"some words\n" * 900)
    before = contents(tmp_path)
    for path, task in (("a.npz", "series"), ("a.txt", "text_file")):
        assert launch.main([*words(path, task=task), "--dry-run"]) == 0
        assert f"data  {path} (" in capsys.readouterr().out
    assert contents(tmp_path) == before


def test_a_file_of_any_size_is_refused_above_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    Path("a.txt").write_bytes(b"a" * 1001)
    with pytest.raises(UserError, match=r"'a.txt' has 1,001 bytes: at most 1,000 are read"):
        plan("a.txt", task="text_file")
    Path("a.ts.xz").write_bytes(lzma.compress(b"a" * 5000))
    with pytest.raises(UserError, match=r"'a.ts.xz' holds more than 1000 bytes"):
        plan("a.ts.xz")


def test_from_the_file_to_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Trained, moved and gone on with; refused when changed; audited after the file is gone."""
    Path("a.ts").write_bytes(as_ts(SEQUENCES))
    assert launch.main(words("a.ts")) == 0
    digest = own.digest_of(read_series(tmp_path / "a.ts")[0])
    assert [p.name for p in (tmp_path / "kept" / "own").iterdir()] == [digest]
    shutil.move("a.ts", "b.ts")
    assert launch.main(grown(words("b.ts"))) == 0
    Path("a.ts").write_bytes(as_ts(made(8, seed=1)))
    capsys.readouterr()
    assert launch.main(words("a.ts")) == 2
    said = capsys.readouterr().err
    assert said.startswith("launch.py: the sweep 'order' asks something else (task.digest was ")
    assert said.count("\n") == 1
    assert [p.name for p in (tmp_path / "kept" / "own").iterdir()] == [digest]
    Path("a.ts").unlink()
    Path("b.ts").unlink()
    assert audit.main(["--home", "home"]) == 0
    assert report.main(["--home", "home"]) == 0
    folder = Path("home/reports/order")
    summary = json.loads((folder / "summary.json").read_text())
    assert wrong_of(summary) == []
    assert summary["cards"]["provenance"]["data"]["own_data"]["files"] == [
        {"name": "a.ts", "bytes": len(as_ts(SEQUENCES)), "sha256": own.digest_of(as_ts(SEQUENCES))}
    ]
    assert own.digest_of(as_ts(SEQUENCES)) in (folder / "report.md").read_text()


def grown(line: list[str]) -> list[str]:
    """The same command with two seeds."""
    return [
        "2" if before == "--seeds" else word
        for before, word in zip(["", *line], line, strict=False)
    ]


def test_a_text_is_learned_and_written(capsys: pytest.CaptureFixture[str]) -> None:
    text = "Äpfel und Öl.\n" * 100
    Path("a.txt").write_text(text, encoding="utf-8")
    asked = ("task.unit=characters", "task.length=16", "model.global_conv=none")
    line = words("a.txt", *asked, task="text_file")
    assert launch.main(line) == 0
    with closing(sqlite3.connect("home/ledger.db")) as ledger:
        ((metric, trial, value),) = ledger.execute(
            "SELECT metric, trial_id, value FROM sweeps JOIN trials ON sweep_id = sweeps.id"
        ).fetchall()
    assert metric == "bits per character"
    assert 0 < value < 2 * math.log2(len(set(text)))
    Path("a.txt").unlink()  # the kept copy is enough
    capsys.readouterr()
    assert generate.main([trial, "Ö", "--home", "home", "--length", "30"]) == 0
    written = capsys.readouterr().out
    assert len(written.rstrip("\n")) >= 28
    assert set(written) <= set(text)
    assert generate.main([trial, "Qx", "--home", "home"]) == 2
    assert "has no 'Q'" in capsys.readouterr().err


def payload() -> dict[str, Any]:
    return {"gpus": 0, "shared": False, "data": None}


def test_a_worker_with_other_bytes_does_not_train(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.ts").write_bytes(as_ts(SEQUENCES))
    found = plan("a.ts")
    assert found.data is not None
    own.keep(found.data.digest)
    trial = from_flat(found.base.canonical())
    monkeypatch.setattr(own, "_HELD", {})  # another process
    worker.check_host(trial, payload())
    kept = own.own_file(found.data.digest)
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(worker.UnfitHostError, match=r"expected sha256 .*, found .*: remove it"):
        worker.check_host(trial, payload())
    with pytest.raises(DataCorruptError):
        own.read_own(found.data.digest)
    kept.unlink()
    with pytest.raises(worker.UnfitHostError, match=r"are not there .* give their file"):
        worker.check_host(trial, payload())
    with pytest.raises(DataMissingError):
        own.read_own(found.data.digest)


def test_data_travel_to_a_worker_that_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainable, "_train_guarded", lambda *_: None)
    config = {trainable.PAYLOAD: json.dumps({"limits": {"share": False}})}
    content = b"travelled"
    trainable.ray_trainable(config, own_data=content)
    assert own.read_own(own.digest_of(content)) == content
    assert not own.own_file(own.digest_of(content)).exists()


def test_data_that_cannot_be_kept_are_one_line_and_leave_nothing(tmp_path: Path) -> None:
    digest = own.hold(b"some")
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(UserError, match=r"cannot keep your data in .*: let FOCUS_DATA name"):
        own.keep(digest)
    (tmp_path / "kept").unlink()
    own.keep(digest)
    own.keep(digest)
    assert own.own_file(digest).read_bytes() == b"some"
    assert len(list((tmp_path / "kept" / "own").iterdir())) == 1


def test_a_damaged_copy_is_replaced_by_the_next_launch() -> None:
    digest = own.hold(b"some")
    own.keep(digest)
    own.own_file(digest).write_bytes(b"other")
    own.keep(digest)
    assert own.own_file(digest).read_bytes() == b"some"


def test_the_digest_alone_names_kept_data() -> None:
    Path("a.ts").write_bytes(as_ts(SEQUENCES))
    first = plan("a.ts")
    assert first.data is not None
    own.keep(first.data.digest)
    line = [w for w in words("a.ts", f"task.digest={first.data.digest}") if "path" not in w]
    again = make_plan(build_parser().read(line))
    assert again.base.trial_id == first.base.trial_id
