"""The command, from a ledger to a folder: whole sweeps, partial ones, bad input."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from analysis.report import folder_name, main
from tests.analysis.makers import MakeHome, MakeSweep
from tests.analysis.pages import sketched


@pytest.fixture
def _sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.page.pictures.draw", sketched)


def test_a_whole_sweep(reported: tuple[Path, str, str]) -> None:
    home, out, err = reported
    folder = home / "reports" / "nfft_bins"
    assert str(folder / "index.html") in out
    assert err == ""
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["version"] == 4
    assert summary["answer"] == summary["cards"]["verdict"]["data"]["answer"]  # MLflow shows it
    assert summary["cards"]["trust"]["data"]["counts"]["complete"] == 12
    names = {name for card in summary["cards"].values() for name in card["figures"]}
    assert {"curves", "noise"} <= names
    files = {p.name for p in (folder / "figures").iterdir()}
    assert files == {f"{name}.{kind}" for name in names for kind in ("png", "svg", "pdf")}
    assert pq.read_table(folder / "trials.parquet").num_rows == 12
    tables = {name for card in summary["cards"].values() for name in card["tables"]} | {"trials"}
    assert {p.stem for p in (folder / "tables").iterdir()} == tables
    assert (folder / "report.md").read_text().startswith("# How do bin length and NFFT")


def test_another_process_writes_the_same_files(
    tmp_path: Path, reported: tuple[Path, str, str]
) -> None:
    """Byte for byte: another order of sets, another state of whatever is drawn at random."""
    home = shutil.copytree(reported[0], tmp_path / "home")
    folder = home / "reports" / "nfft_bins"

    def contents() -> dict[str, bytes]:
        files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
        return {str(p.relative_to(folder)): p.read_bytes() for p in files}

    first = contents()
    (folder / "left_over").write_text("from an older report")
    code = (
        "import sys; from analysis.report import main; end = main(sys.argv[1:])\n"
        "slow = {'scipy.stats', 'seaborn'} & set(sys.modules)\n"
        "assert not slow, f'a grid needs none of {slow}, which take a second to load'\n"
        "sys.exit(end)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--home", str(home)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    again = contents()
    assert [name for name in first if again.get(name) != first[name]] == []
    assert again.keys() == first.keys()  # and the older report is gone as a whole
    assert [p.name for p in (home / "reports").iterdir()] == ["nfft_bins"]


@pytest.mark.usefixtures("_sketches")
def test_a_margin_is_above_zero(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(ledger(tmp_path, grid()))]
    for word in ("0", "-0.1", "much", "nan"):
        _fails(capsys, [*home, "--margin", word], "--margin", "such as")
    assert main([*home, "--margin", "0.2"]) == 0
    summary = json.loads((tmp_path / "reports/nfft_bins/summary.json").read_text())
    assert summary["metric"]["margin"] == 0.2


def test_folder_names_stay_inside() -> None:
    assert folder_name("nfft_bins-2.a") == "nfft_bins-2.a"
    for name in ("..", ".", "a/b", "../x", "/etc", "a b", "", ".hidden"):
        folder = folder_name(name)
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", folder)
        assert Path("r", folder).resolve().parent == Path("r").resolve()
    assert folder_name("a/b") != folder_name("a b")
    assert folder_name("trials") not in ("trials", folder_name("trials/"))


def _fails(capsys: pytest.CaptureFixture[str], argv: list[str], *words: str) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    for word in words:
        assert word in captured.err


def test_no_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "none"
    _fails(capsys, ["--home", str(home)], str(home / "ledger.db"), "--space nfft_bins")
    assert list(tmp_path.iterdir()) == []


def test_unknown_sweep(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger(tmp_path, grid())
    _fails(capsys, ["--home", str(tmp_path), "--sweep", "nfft_bin"], "did you mean 'nfft_bins'")
    _fails(capsys, ["--home", str(tmp_path), "--sweep", "zzz"], "the sweeps are nfft_bins")
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.db"]


def test_an_empty_ledger_and_a_file_that_is_none(
    tmp_path: Path, ledger: MakeHome, capsys: pytest.CaptureFixture[str]
) -> None:
    _fails(capsys, ["--home", str(ledger(tmp_path / "empty"))], "no sweep yet")
    for name, content in (("blank", b""), ("text", b"not a database at all, but long enough" * 9)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.db").write_bytes(content)
        _fails(capsys, ["--home", str(tmp_path / name)], "ledger.db")
        assert [p.name for p in (tmp_path / name).iterdir()] == ["ledger.db"]


def test_a_home_that_cannot_be_written(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger(tmp_path, grid())
    (tmp_path / "reports").write_text("a file where the folder should be")
    _fails(capsys, ["--home", str(tmp_path)], "cannot write to", "--home")
    assert (tmp_path / "reports").read_text() == "a file where the folder should be"


def test_a_bad_address(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FOCUS_LEDGER_URL", "nonsense")
    _fails(capsys, [], "FOCUS_LEDGER_URL", "sqlite:///")


@pytest.mark.usefixtures("_sketches")
def test_the_environment_names_home_and_ledger(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ledger(tmp_path / "elsewhere", grid())
    monkeypatch.setenv("FOCUS_LEDGER_URL", f"sqlite:///{elsewhere / 'ledger.db'}")
    monkeypatch.setenv("FOCUS_HOME", str(tmp_path / "home"))
    assert main([]) == 0
    assert (tmp_path / "home" / "reports" / "nfft_bins" / "index.html").exists()


def test_a_report_that_breaks_leaves_the_old_one(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger(tmp_path, grid())
    old = tmp_path / "reports" / "nfft_bins" / "index.html"
    old.parent.mkdir(parents=True)
    old.write_text("the old one")

    def broken(*_: object) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr("analysis.page.report_files.draw_all", broken)
    assert main(["--home", str(tmp_path)]) == 1
    assert old.read_text() == "the old one"
    assert [p.name for p in (tmp_path / "reports").iterdir()] == ["nfft_bins"]


def test_digits_do_not_go_by_the_number_of_processors(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads add up in another order: an importance differs in its fourth digit then."""
    seen: list[int] = []

    def look(*_: object) -> None:
        seen.extend(p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas")
        raise RuntimeError("seen enough")

    monkeypatch.setattr("analysis.page.report_files.cards", look)
    with threadpool_limits(2, user_api="blas"):
        assert main(["--home", str(ledger(tmp_path, grid()))]) == 1
    assert set(seen) == {1}


def test_it_runs_as_a_script_and_imports_no_other_floor(tmp_path: Path, ledger: MakeHome) -> None:
    """As a script its own folder comes first on the path: no file there may hide a library."""
    script = Path(__file__).parents[2] / "analysis" / "report.py"
    home = ledger(tmp_path / "home")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FOCUS_")}
    code = (
        "import runpy, sys; sys.argv = ['report.py', '--home', sys.argv[1]]\n"
        f"sys.path.insert(0, {str(script.parent)!r})\n"
        "import analysis.page.report_files, analysis.findings.importances, analysis.findings.axes\n"
        f"try: runpy.run_path({str(script)!r}, run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 2, end.code\n"
        "found = {'torch', 'ray', 'mlflow'} & set(sys.modules)\n"
        "assert not found, found"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "no sweep yet" in done.stderr
