"""Provenance when git does not answer, or answers for another repository: unknown, and said so."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis import report
from sweeps import launch
from sweeps.provenance import launch_origin
from sweeps.provenance.sources import repository
from sweeps.provenance.sources.checkout import record
from sweeps.provenance.sources.recorded import in_words, notes, tag
from tests.sweeps.checkouts import applied, git, make_checkout, tree, write
from tests.sweeps.local_launches import TINY, assert_one_line, rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

Patch = pytest.MonkeyPatch


def program(folder: Path, name: str, script: str) -> str:
    """A shell script called ``name``, and a PATH on which it comes first."""
    path = folder / "programs" / name
    write(path, f"#!/bin/sh\n{script}\n".encode("latin-1"))
    path.chmod(0o755)
    return f"{path.parent}{os.pathsep}{os.environ['PATH']}"


def no_git(root: Path, patch: Patch) -> str:
    patch.setenv("PATH", str(root / "nowhere"))
    return "git is not installed"


def git_that_cannot_start(root: Path, patch: Patch) -> str:
    write(root.parent / "programs/git", b"\x7fELF nothing")
    (root.parent / "programs/git").chmod(0o755)
    patch.setenv("PATH", str(root.parent / "programs"))
    return "git cannot be started"


def git_that_says_other_things(root: Path, patch: Patch) -> str:
    patch.setenv("PATH", program(root.parent, "git", "printf 'caf\\351\\n'"))
    return "git names no commit, but says 'caf\ufffd"


def git_that_fails(root: Path, patch: Patch) -> str:
    patch.setenv("PATH", program(root.parent, "git", "echo 'fatal: caf\xe9' >&2; exit 1"))
    return "fatal: caf\ufffd"


def git_that_hangs(root: Path, patch: Patch) -> str:
    patch.setattr(repository, "SECONDS", 0.5)
    patch.setenv("PATH", program(root.parent, "git", "sleep 600"))
    return "git did not answer within 0.5 s"


def no_repository(root: Path, patch: Patch) -> str:
    shutil.rmtree(root / ".git")
    return "this copy of the program has no repository"


def no_commit(root: Path, patch: Patch) -> str:
    shutil.rmtree(root / ".git")
    git(root, "init", "-q")
    return "HEAD names no commit"


def around_us(root: Path, patch: Patch) -> str:
    """Packages copied below another repository."""
    no_repository(root, patch)
    make_checkout(root.parent / "other")
    shutil.move(root.parent / "other/.git", root.parent / ".git")
    return "this program lies in another repository"


def around_us_and_tracking_us(root: Path, patch: Patch) -> str:
    no_repository(root, patch)
    git(root.parent, "init", "-q")
    git(root.parent, "add", "-A")
    git(root.parent, "commit", "-qm", "all in one")
    return "this program lies in another repository"


def in_our_place(root: Path, patch: Patch) -> str:
    """Packages copied into another repository."""
    no_repository(root, patch)
    git(root, "init", "-q")
    git(root, "add", "README.md")
    git(root, "commit", "-qm", "another program")
    return "the repository here does not track this program"


def of_another_user(root: Path, patch: Patch) -> str:
    patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    write(root / "README.md", b"edited\n")
    return f"git config --global --add safe.directory {root}"


def really_of_another_user(root: Path, patch: Patch) -> str:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    patch.delenv("SUDO_UID", raising=False)
    for path in (root, *root.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    write(root / "README.md", b"edited\n")
    return f"git config --global --add safe.directory {root}"


def bare(root: Path, patch: Patch) -> str:
    git(root, "config", "core.bare", "true")
    return "work tree"


def damaged(root: Path, patch: Patch) -> str:
    shutil.rmtree(root / ".git/objects")
    (root / ".git/objects").mkdir()
    return "commit unknown: "


NO_COMMIT: list[Callable[[Path, Patch], str]] = [
    *(no_git, git_that_cannot_start, git_that_says_other_things, git_that_fails, git_that_hangs),
    *(no_repository, no_commit, around_us, around_us_and_tracking_us, in_our_place),
    *(of_another_user, really_of_another_user, bare, damaged),
]


@pytest.mark.parametrize("case", NO_COMMIT)
def test_provenance_without_an_answer_is_unknown(
    case: Callable[[Path, Patch], str], tmp_path: Path, monkeypatch: Patch
) -> None:
    root = make_checkout(tmp_path / "checkout")
    why = case(root, monkeypatch)
    found = record(root)
    [note] = notes(found["diff"])
    assert note.startswith("commit unknown: ")
    assert why in note
    assert (found["commit"], found["dirty"]) == ("", True)
    assert in_words(**found) == note
    assert tag(found["commit"], found["dirty"]) == "unknown"


def no_index(root: Path, patch: Patch) -> str:
    (root / ".git/index").write_bytes(b"caf\xe9")
    return "index file"


def no_content(root: Path, patch: Patch) -> str:
    """What the commit has in an edited file's place is lost."""
    name = git(root, "rev-parse", "HEAD:README.md").decode().strip()
    write(root / "README.md", b"edited\n")
    (root / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    return name


def no_place_for_temporary_files(root: Path, patch: Patch) -> str:
    write(root / "README.md", b"edited\n")
    patch.setattr("tempfile.tempdir", str(root / "nowhere"))
    return "No such file or directory"


@pytest.mark.parametrize("case", [no_index, no_content, no_place_for_temporary_files])
def test_provenance_with_a_commit_and_without_its_changes_is_not_clean(
    case: Callable[[Path, Patch], str], tmp_path: Path, monkeypatch: Patch
) -> None:
    root = make_checkout(tmp_path / "checkout")
    head = git(root, "rev-parse", "HEAD").decode().strip()
    why = case(root, monkeypatch)
    found = record(root)
    [note] = notes(found["diff"])
    assert note.startswith("changes unknown: ")
    assert why in note
    assert (found["commit"], found["dirty"]) == (head, True)
    assert in_words(**found) == f"{head} ({note})"


def test_negative_control_with_an_answer_nothing_is_unknown(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    head = git(root, "rev-parse", "HEAD").decode().strip()
    assert record(root) == {"commit": head, "dirty": False, "diff": ""}


@pytest.mark.parametrize("hook", ["GIT_DIR", "GIT_DIR GIT_WORK_TREE", "GIT_INDEX_FILE GIT_PREFIX"])
def test_provenance_in_a_hook_of_another_repository_is_of_ours(
    hook: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    root, other = make_checkout(tmp_path / "checkout"), make_checkout(tmp_path / "other")
    git(other, "commit", "-q", "--amend", "-m", "another")
    places = {"GIT_DIR": other / ".git", "GIT_WORK_TREE": other, "GIT_PREFIX": "x/"}
    for name in hook.split():
        monkeypatch.setenv(name, str(places.get(name, other / ".git/index")))
    write(root / "search_spaces/my.py", b"SPACE = 1\n")
    found = record(root)
    assert found["commit"] == git(root, "rev-parse", "HEAD").decode().strip()
    assert applied(root, found["commit"], found["diff"], tmp_path / "clean") == tree(root)


def test_unknown_provenance_is_said_at_launch_in_mlflow_and_in_the_report(
    tmp_path: Path, mlflow: Mlflow, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch_origin, "record", lambda _: record(tmp_path))
    assert launch.main([*TINY, "--home", str(tmp_path)]) == 0
    assert_one_line(capsys.readouterr().err, "warning", "commit unknown: this copy")
    sweep = rows(tmp_path / "ledger.db")[0]
    assert (sweep.commit, sweep.dirty) == ("", True)
    assert {mlflow.tags(run)["commit"] for run in mlflow.run_ids()} == {"unknown"}
    assert report.main(["--home", str(tmp_path)]) == 0
    folder = tmp_path / "reports/nfft_bins"
    assert "commit unknown: this copy of the program has no repository" in (
        (folder / "index.html").read_text(encoding="utf-8")
    )
    assert not (folder / "changes.diff").exists()


def test_the_report_writes_a_file_that_git_applies(
    tmp_path: Path, mlflow: Mlflow, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_checkout(tmp_path / "checkout")
    write(root / "search_spaces/my.py", b"# caf\xe9\n")
    write(root / "README.md", "# caf\u00e9\n".encode())
    write(root / ".env", b"KEY=planted-word\n")
    monkeypatch.setattr(launch_origin, "record", lambda _: record(root))
    assert launch.main([*TINY, "--home", str(tmp_path)]) == 0
    assert_one_line(capsys.readouterr().err, "left out: .env (its name is that of a secret)")
    assert report.main(["--home", str(tmp_path)]) == 0
    folder = tmp_path / "reports/nfft_bins"
    told = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["cards"]
    told = told["provenance"]["data"]
    patch = (folder / "changes.diff").read_bytes().decode()
    (root / ".env").unlink()
    assert applied(root, told["commit"], patch, tmp_path / "clean") == tree(root)
    assert told["sources"].startswith(f"{told['commit']} with uncommitted changes (left out: .env")
