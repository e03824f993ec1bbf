"""Downloads from a server that stalls, truncates and lies: right content, or none."""

from __future__ import annotations

import hashlib
import http.client
import io
import random
import ssl
import zipfile
from pathlib import Path

import pytest

from focus_core.data import DataFile, Digest
from focus_core.data.download import FetchError, fetch_file
from tests.focus_core.mirror import serving

CONTENT = random.Random(0).randbytes(300_000)


def quiet(name: str, done: int, size: int) -> None:
    """No progress."""


def a_zip(content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("thing", content)
    return memory.getvalue()


def wanted(address: str, *ways: str, served: str = "plain", zipped: int | None = None) -> DataFile:
    digest = Digest(len(CONTENT), "sha256", hashlib.sha256(CONTENT).hexdigest())
    urls = tuple(f"{address}/{way}/{served}" for way in ways)
    return DataFile("set/thing", digest, urls, zipped)


def kept(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (folder / "set").glob("*")}


def ways(asked: list[tuple[str, int]]) -> list[str]:
    return list(dict.fromkeys(way for way, _ in asked))


def test_a_good_mirror_gives_the_file_and_a_second_time_nothing_is_asked(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with serving(plain=CONTENT) as (address, asked):
        file = wanted(address, "good")
        assert fetch_file(file, tmp_path, lambda *said: seen.append(said))
        assert not fetch_file(file, tmp_path, quiet)
    assert kept(tmp_path) == {"thing": CONTENT}
    assert asked == [("good", 0)]
    assert seen[-1] == ("set/thing", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


@pytest.mark.parametrize("bad", ["missing", "lie", "stall", "stop", "more"])
def test_a_bad_mirror_is_followed_by_the_next(bad: str, tmp_path: Path) -> None:
    with serving(plain=CONTENT) as (address, asked):
        assert fetch_file(wanted(address, bad, "good"), tmp_path, quiet, stalled=0.2)
    assert kept(tmp_path) == {"thing": CONTENT}
    assert ways(asked) == [bad, "good"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("missing", "HTTP 404"),
        ("lie", "expected sha256"),
        ("stall", "expected 300000 bytes, found"),
        ("truncate", "expected 300000 bytes, found"),
        ("more", "expected 300000 bytes, found 300001"),
    ],
)
def test_when_no_mirror_is_good_nothing_is_in_place(bad: str, says: str, tmp_path: Path) -> None:
    with serving(plain=CONTENT) as (address, _), pytest.raises(FetchError) as raised:
        fetch_file(wanted(address, bad), tmp_path, quiet, stalled=0.2)
    assert "set/thing" in str(raised.value)
    assert f"/{bad}/plain: " in str(raised.value)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "thing" not in kept(tmp_path)


def test_a_download_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with serving(plain=CONTENT) as (address, asked):
        with pytest.raises(FetchError):
            fetch_file(wanted(address, "truncate"), tmp_path, quiet)
        assert [start for _, start in asked] == [0, 150_000, 225_000]
        asked.clear()
        assert fetch_file(wanted(address, "good"), tmp_path, quiet)
    assert asked == [("good", 262_500)]
    assert kept(tmp_path) == {"thing": CONTENT}


def test_a_server_without_ranges_starts_again(tmp_path: Path) -> None:
    with serving(plain=CONTENT) as (address, asked):
        assert fetch_file(wanted(address, "stop", "norange"), tmp_path, quiet)
    assert asked[-1][0] == "norange"
    assert asked[-1][1] > 0  # asked for the rest, and given all
    assert kept(tmp_path) == {"thing": CONTENT}


def test_another_range_than_asked_is_not_taken(tmp_path: Path) -> None:
    with serving(plain=CONTENT) as (address, asked):
        assert fetch_file(wanted(address, "stop", "shift", "good"), tmp_path, quiet)
    assert kept(tmp_path) == {"thing": CONTENT}
    starts = dict(asked)
    assert starts["good"] == starts["shift"] > 0  # nothing of what it gave was kept


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * 300_000, b"x" * 400_000])
def test_a_wrong_beginning_from_before_is_no_mirrors_fault(left: bytes, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "thing.part").write_bytes(left)
    with serving(plain=CONTENT) as (address, _):
        assert fetch_file(wanted(address, "good"), tmp_path, quiet)
    assert kept(tmp_path) == {"thing": CONTENT}


@pytest.mark.parametrize("found", [CONTENT[:-1], CONTENT[:-1] + b"?", b""])
def test_a_corrupt_file_in_place_is_fetched_again(found: bytes, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "thing").write_bytes(found)
    with serving(plain=CONTENT) as (address, _):
        assert fetch_file(wanted(address, "good"), tmp_path, quiet)
    assert kept(tmp_path) == {"thing": CONTENT}


def test_a_zip_is_unpacked_and_its_member_is_what_is_checked(tmp_path: Path) -> None:
    packed = a_zip(CONTENT)
    other = a_zip(CONTENT[::-1])
    with serving(plain=packed, other=other) as (address, _):
        file = wanted(address, "good", zipped=len(packed))
        assert fetch_file(file, tmp_path, quiet)
        assert kept(tmp_path) == {"thing": CONTENT}
        (tmp_path / "set" / "thing").unlink()
        for name, size, says in (
            ("other", len(other), "expected sha256"),
            ("other", len(other) - 1, "found"),
        ):
            with pytest.raises(FetchError, match=says):
                fetch_file(wanted(address, "good", served=name, zipped=size), tmp_path, quiet)
            assert kept(tmp_path) == {}
        with pytest.raises(FetchError, match="expected a zip archive"):
            fetch_file(wanted(address, "lie", zipped=len(packed)), tmp_path, quiet)
    assert kept(tmp_path) == {}


def test_a_broken_encryption_is_the_mirrors_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the file, then a record that cannot be read: the next attempt goes on."""
    read1, reads = http.client.HTTPResponse.read1, []

    def broken(answer: http.client.HTTPResponse, n: int = -1) -> bytes:
        reads.append(n)
        if len(reads) == 2:
            raise ssl.SSLError("bad record mac")
        return read1(answer, min(n, 150_000))

    monkeypatch.setattr(http.client.HTTPResponse, "read1", broken)
    with serving(plain=CONTENT) as (address, asked):
        assert fetch_file(wanted(address, "good"), tmp_path, quiet)
    assert [start > 0 for _, start in asked] == [False, True]
    assert kept(tmp_path) == {"thing": CONTENT}


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="refused"):
        fetch_file(wanted("http://127.0.0.1:9", "good"), tmp_path, quiet)
    assert kept(tmp_path) == {}
