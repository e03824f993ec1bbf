"""Checkpoints outside the home: FOCUS_CHECKPOINTS names a folder or a bucket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from focus_core.errors import UserError
from sweeps import audit, launch
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import make_plan
from sweeps.planning.plan_in_words import plan_lines
from sweeps.record.checkpoint_address import below, check_address
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.home import Home, find_home
from sweeps.workers.checkpoints import TrialCheckpoints
from sweeps.workers.trained_network import find_trained
from tests.sweeps.local_launches import TINY
from tests.sweeps.s3_server import bucket  # noqa: F401  a fixture

TRIAL = "0123456789ab"
Patch = pytest.MonkeyPatch


@pytest.fixture(params=["a folder", "a bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, bucket: str) -> str:  # noqa: F811
    return str(tmp_path / "shared") if request.param == "a folder" else below(bucket, tmp_path.name)


@pytest.mark.parametrize("address", ["/shared/states", "s3://bucket", "gs://bucket/a?x=1"])
def test_an_address_is_taken_as_it_is(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("states", "is no path from the root"),
        ("ftp://host/states", "is no place that pyarrow knows"),
        ("s3://", "is no place that pyarrow knows"),
        ("s3://[bucket", "is no address"),
        ("s3://key:s3cret@bucket/states", "holds credentials"),
    ],
)
def test_another_is_refused_in_one_line(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        check_address(address)
    assert "FOCUS_CHECKPOINTS=" in str(refused.value)
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_below_an_address() -> None:
    assert below("/a b", "c") == "/a b/c"
    assert below("/odd?name", "c") == "/odd?name/c"
    assert below("s3://bucket/a/?region=x", "c") == "s3://bucket/a/c?region=x"


def test_the_same_name_in_two_homes_is_two_folders(tmp_path: Path) -> None:
    shared = Home(tmp_path, "", "", states="s3://bucket")
    times = [datetime(2026, 11, 30, 12, 0, 0, micro, UTC) for micro in (1, 2)]
    first, second = (shared.checkpoints("focus", at) for at in times)
    assert first == "s3://bucket/focus-20261130T120000000001"
    assert first != second
    own = Home(tmp_path, "", "")  # negative control: a home's own folder has one sweep of a name
    assert own.checkpoints("focus", times[0]) == own.checkpoints("focus", times[1])


def test_a_state_is_kept_listed_and_forgotten(place: str) -> None:
    folder, steps = SweepFolder(place), list[int | None]()
    store = TrialCheckpoints(place, TRIAL, [0, 1], loaded=steps.append)
    assert store.load() is None
    assert folder.trials() == []
    for step in (1, 2):
        store.save({"step": step})
    assert store.load() == {"step": 2}
    assert folder.trials() == [TRIAL]
    assert [info.base_name for info in folder.kept(TRIAL)] == ["seeds-0-1.pt"]
    assert folder.leftovers(TRIAL) == []
    folder.forget(TRIAL)
    assert store.load() is None
    assert steps == [None, 2, None]
    assert folder.trials() == []


def test_one_flipped_bit_is_refused(place: str) -> None:
    """Negative control: the same file with its own bits is loaded."""
    said, steps = list[str](), list[int | None]()
    store = TrialCheckpoints(place, TRIAL, [0], say=said.append, loaded=steps.append)
    store.save({"step": 7})
    assert store.load() == {"step": 7}
    folder = SweepFolder(place)
    (info,) = folder.kept(TRIAL)
    with folder.files.open_input_stream(info.path) as stream:
        content = bytearray(stream.read())
    content[-9] ^= 1
    with folder.files.open_output_stream(info.path) as stream:
        stream.write(bytes(content))
    assert store.load() is None
    assert said == ["its checkpoint is damaged: its digest is another: it starts over"]
    assert steps == [7, 0]


def test_a_folder_is_known_by_its_mark(place: str) -> None:
    folder = SweepFolder(place)
    assert not folder.is_marked
    folder.mark("of the sweep focus")
    assert SweepFolder(place).is_marked
    assert folder.trials() == []


def test_a_bucket_that_is_not_there_stops_the_launch(
    bucket: str,  # noqa: F811
    tmp_path: Path,
    monkeypatch: Patch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FOCUS_CHECKPOINTS", bucket.replace("sweeps/", "nobucket/"))
    assert launch.main([*TINY, "--home", str(tmp_path / "home")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot keep checkpoints in s3://nobucket/focus" in said
    assert "Bucket 'nobucket' not found" in said


def test_a_sweep_keeps_its_states_there(
    place: str, tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trained, audited, loaded again; a leftover is seen and removed there."""
    home = tmp_path / "home"
    words = ["--home", str(home)]
    monkeypatch.setenv("FOCUS_CHECKPOINTS", place)
    assert launch.main([*TINY, *words]) == 0
    assert f"keeps  checkpoints in {place}\n" in capsys.readouterr().out
    assert not (home / "checkpoints").exists()
    assert audit.main(words) == 0
    assert capsys.readouterr().out.startswith("nothing disagrees")
    (name,) = (Path(i.path).name for i in SweepFolder(place)._entries(SweepFolder(place).path))
    folder = SweepFolder(below(place, name))
    first, second = folder.trials()
    assert find_trained(find_home(str(home)), first, 0).weights
    with pytest.raises(UserError, match="has no checkpoint with seed 1 below"):
        find_trained(find_home(str(home)), first, 1)
    with folder.files.open_output_stream(f"{folder.path}/{first}/seeds-0.pt.x.new") as stream:
        stream.write(b"half a fi")
    folder.forget(second)
    assert audit.main(words) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "1 half-written files" in said
    assert "nfft_bins: 1 complete trial without a checkpoint here" in said
    assert audit.main([*words, "--repair"]) == 0


def test_the_home_has_its_own_where_nothing_is_said(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.delenv("FOCUS_CHECKPOINTS", raising=False)
    assert find_home(str(tmp_path)).states is None


def said_of(*words: str) -> str:
    plan = make_plan(build_parser().read(["--space", "order", *words]))
    return " ".join(text for _, text in plan_lines(plan))


def test_a_plan_says_what_a_lost_host_costs_where_checkpoints_may_not_be_shared(
    monkeypatch: Patch,
) -> None:
    """Negative controls: on this machine, and where a place for all hosts is named."""
    monkeypatch.delenv("FOCUS_CHECKPOINTS", raising=False)
    words = "where it is lost its trials start anew"
    assert words in said_of("--address", "127.0.0.1:6379")
    assert words not in said_of()
    monkeypatch.setenv("FOCUS_CHECKPOINTS", "s3://bucket/states")
    said = said_of("--address", "127.0.0.1:6379")
    assert words not in said
    assert "checkpoints in s3://bucket/states" in said
