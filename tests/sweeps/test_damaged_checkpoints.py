"""Damaged checkpoints, and other things in their place: never trained from, and always said."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from sweeps.workers import checkpoints, state_file
from sweeps.workers.checkpoints import TrialCheckpoints, file_name
from tests.narrowing import known

SEEDS = (0, 1)
OWN = {"code": "c0de", "token": "t0ken"}
PAGE = 4096


def store(root: Path, said: list[str], **changes: Any) -> TrialCheckpoints:
    named = {"trial_id": "abc", "seeds": SEEDS, **OWN, **changes}
    return TrialCheckpoints(str(root), **named, say=said.append)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A whole checkpoint of some 40 kB."""
    torch.manual_seed(0)
    store(tmp_path, []).save({"step": 4, "weights": torch.randn(10_000)})
    return tmp_path / "abc" / file_name(SEEDS)


def flip(content: bytes, draw: random.Random) -> bytes:
    at, changed = draw.randrange(len(content)), bytearray(content)
    changed[at] ^= 1 << draw.randrange(8)
    return bytes(changed)


def flip_in_the_head(content: bytes, draw: random.Random) -> bytes:
    return flip(content[:400], draw) + content[400:]


def cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content))]


def zero_a_page(content: bytes, draw: random.Random) -> bytes:
    at = PAGE * draw.randrange(len(content) // PAGE)
    return content[:at] + bytes(PAGE) + content[at + PAGE :]


def append(content: bytes, draw: random.Random) -> bytes:
    return content + draw.randbytes(draw.choice([1, 7, PAGE]))


def lose_some(content: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(content) - 9)
    return content[:at] + content[at + draw.randrange(1, 9) :]


def noise(content: bytes, draw: random.Random) -> bytes:
    return draw.randbytes(len(content))


DAMAGES = [flip, flip_in_the_head, cut, zero_a_page, append, lose_some, noise]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_checkpoints_are_refused_aloud(
    path: Path, damage: Callable[[bytes, random.Random], bytes]
) -> None:
    whole, draw = path.read_bytes(), random.Random(damage.__name__)
    for _ in range(100):
        path.write_bytes(damage(whole, draw))
        said: list[str] = []
        assert store(path.parent.parent, said).load() is None
        (line,) = said
        assert "it starts over" in line
        assert "\n" not in line
    path.write_bytes(whole)
    assert store(path.parent.parent, said).load() is not None
    assert len(said) == 1


@pytest.mark.parametrize("damage", [flip, zero_a_page], ids=lambda damage: damage.__name__)
def test_without_the_digest_damaged_checkpoints_would_be_read(
    path: Path,
    damage: Callable[[bytes, random.Random], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control."""
    monkeypatch.setattr(state_file, "_check_digest", lambda *_: None)
    whole, draw = path.read_bytes(), random.Random(damage.__name__)
    right = known(store(path.parent.parent, []).load())
    wrong = 0
    for _ in range(100):
        path.write_bytes(damage(whole, draw))
        found = store(path.parent.parent, []).load()
        wrong += found is not None and not torch.equal(found["weights"], right["weights"])
    assert wrong > 50


OTHERS = {
    "trial_id": ("xyz", "another trial"),
    "code": ("0ther", "another focus_core"),
    "token": ("0ther", "another sweep"),
    "seeds": ((0, 2), "other seeds"),
}


def put_another_in_its_place(path: Path, field: str) -> None:
    value = OTHERS[field][0]
    other: dict[str, Any] = {"trial_id": "abc", "seeds": SEEDS, field: value}
    store(path.parent.parent, [], **other).save({"step": 4})
    (path.parent.parent / other["trial_id"] / file_name(other["seeds"])).replace(path)


@pytest.mark.parametrize("field", OTHERS)
def test_a_checkpoint_of_another_put_in_its_place_is_refused_aloud(path: Path, field: str) -> None:
    root = path.parent.parent
    put_another_in_its_place(path, field)
    said: list[str] = []
    assert store(root, said).load() is None
    assert OTHERS[field][1] in said[0]
    store(root, said).save({"step": 1})
    assert store(root, said).load() == {"step": 1}


@pytest.mark.parametrize("field", OTHERS)
def test_without_its_check_a_checkpoint_of_another_would_be_read(
    path: Path, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: each field is needed."""
    check = checkpoints._check_owner

    def others_only(said: Mapping[str, Any], own: Mapping[str, Any]) -> None:
        check(said, {name: value for name, value in own.items() if name != field})

    monkeypatch.setattr(checkpoints, "_check_owner", others_only)
    put_another_in_its_place(path, field)
    assert store(path.parent.parent, []).load() == {"step": 4}


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "something").write_text("in it")


def a_socket(path: Path) -> None:
    here = os.open(".", os.O_RDONLY)
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind(path.name)
    finally:
        os.chdir(here)
        os.close(here)


def a_huge_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


def its_own_head_and_no_end(path: Path) -> None:
    store(path.parent.parent, []).save({"step": 1})
    with path.open("r+b") as file:
        file.truncate(2**40)


def unreadable(path: Path) -> None:
    path.write_bytes(b"x")
    path.chmod(0)


IN_ITS_PLACE: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": a_folder,
    "a socket": a_socket,
    "an endless file": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to a folder": lambda path: path.symlink_to("."),
    "an empty file": lambda path: path.touch(),
    "a huge file": a_huge_file,
    "a huge file that begins well": its_own_head_and_no_end,
    "a file that cannot be read": unreadable,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("what", IN_ITS_PLACE)
def test_what_lies_in_the_place_of_a_checkpoint_never_hangs_and_is_replaced(
    path: Path, what: str
) -> None:
    path.unlink()
    IN_ITS_PLACE[what](path)
    said: list[str] = []
    assert store(path.parent.parent, said).load() is None
    assert len(said) == 1
    store(path.parent.parent, said).save({"step": 2})
    assert store(path.parent.parent, said).load() == {"step": 2}
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert len(said) == 1


@pytest.mark.parametrize("what", ["a pipe", "a file", "a link to nowhere"])
def test_what_lies_in_the_place_of_the_folder_is_replaced(tmp_path: Path, what: str) -> None:
    place = tmp_path / "abc"
    makes: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo,
        "a file": lambda path: path.touch(),
        "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    }
    makes[what](place)
    assert store(tmp_path, []).load() is None
    store(tmp_path, []).save({"step": 2})
    assert store(tmp_path, []).load() == {"step": 2}


def test_the_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def told(name: str, act: Callable[..., None]) -> None:
        def acts(*given: Any) -> None:
            done.append(name)
            act(*given)

        monkeypatch.setattr(os, name, acts)

    told("fsync", os.fsync)
    told("replace", os.replace)
    store(tmp_path, []).save({"step": 2})
    assert done == ["fsync", "replace", "fsync"]
