"""The data command: one line when something is wrong, and data that are checked."""

from __future__ import annotations

import hashlib
import lzma
import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

from focus_core import data
from focus_core.data.__main__ import main
from focus_core.data.images import read_digits, read_idx, read_mnist
from focus_core.data.text import as_letters, read_text
from focus_core.tasks import build_task
from focus_core.tools.needed_data import check_data
from tests.configs import task_config
from tests.data_sets import made_data
from tests.focus_core.mirror import serving
from tests.focus_core.test_data_download import CONTENT, wanted


class Case(NamedTuple):
    """One bad input: the words, what the line says, what is there before, the exit code."""

    words: list[str]
    says: list[str]
    there: Callable[[Path], object] = lambda _: None
    code: int = 2


BAD = {
    "nothing": Case([], ["fetch", "use: fetch NAME"]),
    "another command": Case(["get", "mnist"], ["unknown command 'get'", "fetch"]),
    "no name": Case(["fetch"], ["fetch what?", "mnist, enwik8, text8"]),
    "a name misspelt": Case(["fetch", "enwik9"], ["'enwik9'", "did you mean 'enwik8'?"]),
    "a name of nobody's": Case(["fetch", "zzz"], ["'zzz'", "mnist, enwik8, text8"]),
    "a wrong name after a right one": Case(["fetch", "mnist", "minst"], ["did you mean 'mnist'?"]),
    "a name with a line break": Case(["fetch", "a\nb"], [r"'a\nb'"]),
    "an unknown flag": Case(["fetch", "mnist", "--ot", "x"], ["--ot"]),
    "an abbreviation": Case(["fetch", "mnist", "--t", "x"], ["--t"]),
    "--to alone": Case(["fetch", "mnist", "--to"], ["--to", "expected one argument"]),
    "an empty folder": Case(["fetch", "mnist", "--to", ""], ["--to '' must be a folder"]),
    "a folder with a line break": Case(["fetch", "mnist", "--to", "a\nb"], [r"--to 'a\nb'"]),
    "a file for a folder": Case(
        ["fetch", "mnist", "--to", "file"], ["is a file"], lambda p: (p / "file").write_text("")
    ),
    "a folder below a file": Case(
        ["fetch", "mnist", "--to", "file/x"], ["is a file"], lambda p: (p / "file").write_text("")
    ),
    "nobody answers": Case(["fetch", "thing", "--to", "new"], ["set/thing", "refused"], code=1),
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches the network, or the user's own data."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "data"))
    monkeypatch.setitem(data.DATA_SETS, "thing", (wanted("http://127.0.0.1:9", "good"),))


@pytest.mark.parametrize("label", BAD)
def test_bad_input_is_one_line(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = BAD[label]
    case.there(tmp_path)
    before = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert main(case.words) == case.code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("focus_core.data: ")
    assert said.err.count("\n") == 1
    assert all(part in said.err for part in case.says), said.err
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == before


@pytest.mark.parametrize("given", [True, False])
def test_it_fetches_once_and_says_where(
    given: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["fetch", "thing", *(["--to", str(tmp_path / "own")] if given else [])]
    folder = tmp_path / ("own" if given else "data")
    with serving(plain=CONTENT) as (address, _):
        monkeypatch.setitem(data.DATA_SETS, "thing", (wanted(address, "good"),))
        assert main(words) == 0
        assert capsys.readouterr().out == f"thing: fetched into {folder}, checked\n"
        assert main(words) == 0
        assert capsys.readouterr().out == f"thing: already in {folder}, checked\n"
    assert (folder / "set" / "thing").read_bytes() == CONTENT


def test_progress_is_for_terminals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with serving(plain=CONTENT) as (address, _):
        monkeypatch.setitem(data.DATA_SETS, "thing", (wanted(address, "good"),))
        assert main(["fetch", "thing"]) == 0
    assert capsys.readouterr().err.endswith("\rset/thing: 0.3 of 0.3 MiB\n")


def test_the_folder_is_the_users_cache_unless_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOCUS_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/some/cache")
    assert data.data_folder() == Path("/some/cache/focus_sweeps")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data.data_folder() == Path.home() / ".cache" / "focus_sweeps"


@pytest.mark.parametrize(("task", "data_set"), [("enwik8", "enwik8"), ("pmnist", "mnist")])
def test_absent_data_name_the_command_that_gets_them(task: str, data_set: str) -> None:
    command = f"python -m focus_core.data fetch {data_set}"
    with pytest.raises(ValueError, match=command) as raised:
        check_data(task_config(name=task))
    assert "\n" not in str(raised.value)
    with pytest.raises(OSError, match=command):  # to a worker, its machine's fault
        build_task(task_config(name=task, length=784), 0)


@pytest.mark.parametrize("spoil", [lambda b: b[:-1], lambda b: b[:-1] + b"?"])
def test_a_spoiled_image_file_is_never_used(
    spoil: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_data(tmp_path, monkeypatch)
    assert len(read_mnist("train")[0]) == 240
    path = tmp_path / "mnist" / "train-labels-idx1-ubyte.gz"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(data.DataCorruptError, match=r"train-labels.*expected .*, found .*fetch mn"):
        read_mnist("train")


def test_a_short_whole_text_is_never_used_nor_is_a_prefix_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "enwik8.first5.xz").write_bytes(lzma.compress(b"short"))
    with pytest.raises(data.DataMissingError, match=r"only the first 5 bytes .* task\.prefix=5"):
        read_text("enwik8")
    (tmp_path / "data" / "enwik8").write_bytes(b"short")
    for prefix in (0, 5):
        with pytest.raises(data.DataCorruptError, match="expected 100000000 bytes, found 5"):
            read_text("enwik8", prefix)


def test_a_prefix_of_the_whole_is_the_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same trial on a machine that has the whole text and on one that has its beginning."""
    content = b"the whole text of this test"
    digest = data.Digest(len(content), "sha256", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(data.DATA_SETS, "enwik8", (data.DataFile("enwik8", digest, ()),))
    texts = []
    for name, stored in (("enwik8", content), ("enwik8.first9.xz", lzma.compress(content[:9]))):
        folder = tmp_path / f"has {name}"
        folder.mkdir()
        (folder / name).write_bytes(stored)
        monkeypatch.setenv("FOCUS_DATA", str(folder))
        texts.append(read_text("enwik8", 7))
    assert [bytes(text.tokens_T.tolist()) for text in texts] == [content[:7]] * 2
    assert [text.prefix for text in texts] == [True, True]
    with pytest.raises(
        data.DataMissingError, match=r"its first 10 bytes are asked for.*fetch enwi"
    ):
        read_text("enwik8", 10)
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "has enwik8"))
    assert not read_text("enwik8").prefix
    with pytest.raises(ValueError, match=r"task\.prefix = 99: enwik8 has 27 bytes"):
        read_text("enwik8", 99)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("enwik8.first6.xz", lzma.compress(b"short"), "expected 6 bytes, found 5"),
        ("enwik8.first5.xz", lzma.compress(b"short")[:-9], "expected 5 bytes in xz, found"),
        ("enwik8.first5.xz", b"short", "expected 5 bytes in xz, found"),
        ("enwik8.first4150000.xz", lzma.compress(bytes(4_150_000), preset=0), "expected sha256 20"),
    ],
)
def test_a_prefix_that_is_none_is_never_used(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(content)
    with pytest.raises(data.DataCorruptError, match=says):
        read_text("enwik8", 5)


def test_a_relative_folder_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_DATA", "data")
    assert main(["fetch", "thing"]) == 2
    assert "FOCUS_DATA 'data' must be a path from the root" in capsys.readouterr().err


def test_the_longest_prefix_is_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for size in (50, 300, 7):
        path = tmp_path / "data" / f"text8.first{size}.xz"
        path.write_bytes(lzma.compress(b"a" * size))
    text = read_text("text8", 300)
    assert (len(text.tokens_T), text.prefix, text.symbols) == (300, True, 27)


def test_letters_are_letters() -> None:
    assert as_letters(b" az", prefix=False).tokens_T.tolist() == [0, 1, 26]
    with pytest.raises(data.DataCorruptError, match="found byte 65"):
        as_letters(b"abA", prefix=False)


def test_idx_files_are_read_by_their_own_description() -> None:
    content = struct.pack(">HBBII", 0, 8, 2, 2, 3) + bytes(range(6))
    assert read_idx(content).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_digits_are_those_that_scikit_learn_loads() -> None:
    from sklearn.datasets import load_digits

    pixels, classes = read_digits()
    there = load_digits()
    assert torch.equal(pixels.double(), torch.from_numpy(there.data))
    assert torch.equal(classes.long(), torch.from_numpy(there.target).long())


def test_published_numbers_of_every_data_set_are_whole() -> None:
    for files in list(data.DATA_SETS.values())[:3]:
        for file in files:
            assert file.digest.size > 1000
            digest = hashlib.new(file.digest.algorithm).hexdigest()
            assert len(file.digest.hexadecimal) == len(digest)
            assert len(set(file.urls)) == len(file.urls) >= 2
