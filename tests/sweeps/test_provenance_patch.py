"""Provenance: the stored commit and diff, applied to a clean checkout, give the tree that ran."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from sweeps.provenance.sources import checkout
from sweeps.provenance.sources.checkout import record
from sweeps.provenance.sources.recorded import has_patch, in_words, notes, tag
from tests.sweeps.checkouts import (
    LATIN,
    applied,
    edit_at_random,
    git,
    make_checkout,
    set_up_at_random,
    tree,
    write,
)


def prepared(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = random.Random(seed)
    root = make_checkout(folder / "checkout")
    variables = set_up_at_random(rng, root)
    edit_at_random(rng, root)
    # what makes the checkout this program's is still there: it runs
    for name in ("sweeps/launch.py", "focus_core/__init__.py"):
        if not (root / name).exists() and not (root / name).parent.is_symlink():
            write(root / name, b"")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return root


@pytest.mark.parametrize("seed", range(60))
def test_provenance_commit_and_diff_give_the_tree_that_ran(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = prepared(seed, tmp_path, monkeypatch)
    before = tree(root / ".git")
    found = record(root)
    assert notes(found["diff"]) == []
    assert found["commit"] == git(root, "rev-parse", "HEAD").decode().strip()
    assert found["dirty"] == bool(found["diff"])
    assert found["diff"].isascii() or found["diff"].encode().decode() == found["diff"]
    assert not {"\0", "\r"} & set(found["diff"])
    assert applied(root, found["commit"], found["diff"], tmp_path / "clean") == tree(root)
    assert tree(root / ".git") == before  # nothing of the user's is written to


def test_negative_control_what_git_diff_prints_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was recorded before: the property above is not kept by chance."""
    kept = 0
    for seed in range(10):
        with monkeypatch.context() as patch:
            root = prepared(seed, tmp_path / str(seed), patch)
            words = ["git", "-C", str(root), "diff", "HEAD"]
            said = subprocess.run(words, capture_output=True, check=False).stdout
            try:
                diff = said.decode(errors="replace")
                kept += applied(root, "HEAD", diff, tmp_path / f"{seed}c") == tree(root)
            except (subprocess.CalledProcessError, ValueError):
                continue
    assert kept < 5


@pytest.mark.parametrize("kind", ["worktree", "shallow", "detached", "shared", "sha256", "packed"])
def test_provenance_of_every_kind_of_checkout(kind: str, tmp_path: Path) -> None:
    first = make_checkout(tmp_path / "first")
    root = tmp_path / "checkout"
    write(first / "sweeps/more.py", b"1\n")
    git(first, "add", "-A")
    git(first, "commit", "-qm", "the second")
    if kind == "worktree":
        git(first, "worktree", "add", "-q", str(root))
    elif kind == "sha256":
        make_checkout(root)
        files = tree(root)
        subprocess.run(["rm", "-rf", str(root / ".git")], check=True)
        git(root, "init", "-q", "--object-format=sha256")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "the first")
        assert tree(root) == files
    else:
        more = {"shallow": ["--depth=1"], "shared": ["--shared"]}.get(kind, [])
        git(
            first,
            "clone",
            "-q",
            *more,
            first.as_uri() if kind == "shallow" else str(first),
            str(root),
        )
        if kind == "detached":
            git(root, "checkout", "-q", "HEAD~1")
        if kind == "packed":
            git(root, "gc", "-q")
    assert record(root)["dirty"] is False
    write(root / "search_spaces/my.py", LATIN)
    write(root / "README.md", LATIN * 2)
    (root / "data.bin").unlink()
    found = record(root)
    assert notes(found["diff"]) == []
    assert applied(root, found["commit"], found["diff"], tmp_path / "clean") == tree(root)


def test_provenance_has_python_in_the_packages_that_git_ignores(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    write(root / ".git/info/exclude", b"my.py\n")
    write(root / "search_spaces/my.py", b"SPACE = 1\n")
    write(root / "ignored.py", b"nobody imports this\n")
    found = record(root)
    assert "SPACE = 1" in found["diff"]
    assert "nobody" not in found["diff"]


def test_provenance_says_what_it_leaves_out(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    write(root / ".env", b"KEY=planted-word\n")
    write(root / "deploy.pem", b"planted-word\n")
    write(root / "focus_core/huge.bin", b"\0" * 3_000_000)
    write(root / "edited.py", b"x = 1\n")
    write(root / "big.txt", os.urandom(600_000))
    os.mkfifo(root / "pipe")
    (root / "sweeps/mine.py").symlink_to(tmp_path / "elsewhere.py")
    git(root, "init", "-q", "inner")
    write(root / "inner/file", b"planted-word\n")
    found = record(root)
    [note] = notes(found["diff"])
    for name in (
        ".env",
        "deploy.pem",
        "focus_core/huge.bin (3.0 MB, more than 0.5)",
        "big.txt",
        "inner/",
    ):
        assert name in note
    assert "sweeps/mine.py (what this link points to is outside the checkout)" in note
    assert "planted-word" not in found["diff"]
    assert "+x = 1" in found["diff"]
    assert len(found["diff"]) < 2000
    assert "with uncommitted changes (left out: " in in_words(**found)
    tree_of = applied(root, found["commit"], found["diff"], tmp_path / "clean")
    assert tree_of["edited.py"] == ("file", b"x = 1\n")  # what is there can be applied


def test_a_patch_that_is_too_long_is_left_out_file_by_file_and_said(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    for name in ("a.txt", "b.txt", "search_spaces/z.py", "c.txt"):
        write(root / name, b"long line of text\n" * 25_000)
    found = record(root)
    assert len(found["diff"]) <= checkout.LONGEST + 500
    [note] = notes(found["diff"])
    assert "b.txt (the patch would be longer than 1,000,000 characters), c.txt (" in note
    ran = applied(root, found["commit"], found["diff"], tmp_path / "clean")
    assert {"search_spaces/z.py", "a.txt"} <= ran.keys()
    assert {"b.txt", "c.txt"} & ran.keys() == set()


def test_a_home_and_a_virtual_environment_in_the_checkout_are_no_sources(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    for name in ("mine/ledger.db", "mine/checkpoints/s/x.pt", "venv/pyvenv.cfg", "venv/lib/a/b.py"):
        write(root / name, b"x")
    assert record(root)["dirty"] is False
    for number in range(checkout.MOST_NEW + 1):
        write(root / f"data/{number}", b"x")
    [note] = notes(record(root)["diff"])
    assert "left out: data/0 (one of 201 new files outside the packages)" in note
    assert note.endswith(" and 191 more")


def test_words_without_a_commit_never_say_clean() -> None:
    assert in_words("", False, "") == "commit unknown"
    assert in_words("", True, "# commit unknown: why\n") == "commit unknown: why"
    assert in_words("c0", False, "") == "c0"
    assert in_words("c0", True, "diff --git a/x b/x\n") == "c0 with uncommitted changes"
    assert in_words("c0", True, "# changes unknown: why\n") == "c0 (changes unknown: why)"
    assert [tag("", False), tag("", True), tag("c0", False), tag("c0", True)] == [
        *("unknown", "unknown", "c0", "c0+dirty")
    ]
    assert not has_patch("# left out: x\n")
    assert has_patch("# left out: x\ndiff --git a/x b/x\n")
