"""``--check``: claims of a file against a ledger, and which of them came too late."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from analysis.report import main
from sweeps.record.schema import Asked
from tests.analysis.conftest import START
from tests.analysis.makers import MakeHome, MakeSweep

DAY = dt.timedelta(days=1)
CLAIMS = """
[[claim]]
says = "base > focus_h by 0.3"
why = "without adaptive filters far recall falls"

[[claim]]
says = "ema > base"
"""
REFUTED = '\n[[claim]]\nsays = "focus_h > base"\n'


@pytest.fixture
def home(tmp_path: Path, ledger: MakeHome, ablation: MakeSweep) -> Path:
    return ledger(tmp_path / "home", ablation())


def claims(folder: Path, text: str = CLAIMS, *, at: dt.datetime = START - DAY) -> Path:
    path = folder / "claims.toml"
    path.write_text(text)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def asked(home: Path, *rows: tuple[dt.timedelta, dict[str, Any]]) -> None:
    """What the ledger says was asked of its first sweep, and when after the first trial."""
    engine = create_engine(f"sqlite:///{home / 'ledger.db'}")
    with Session(engine) as session, session.begin():
        session.add_all([Asked(sweep_id=1, at=START + after, said=said) for after, said in rows])
    engine.dispose()


def checked(
    capsys: pytest.CaptureFixture[str], home: Path, path: Path, *words: str
) -> tuple[int, list[str]]:
    code = main(["--home", str(home), "--check", str(path), *words])
    said = capsys.readouterr()
    assert said.err == ""
    *lines, counts = said.out.splitlines()
    return code, [*(line.split(":")[0] for line in lines), counts]


def test_each_claim_is_judged(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = checked(capsys, home, claims(tmp_path))
    assert (code, said) == (0, ["confirmed", "undecided", "1 confirmed, 1 undecided"])
    code, said = checked(capsys, home, claims(tmp_path, CLAIMS + REFUTED))
    assert (code, said[2]) == (1, "refuted")


@pytest.mark.parametrize("minutes", [0, 1, 600])
def test_a_claim_that_came_after_the_first_trial_is_inadmissible(
    minutes: int, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = claims(tmp_path, CLAIMS + REFUTED, at=START + dt.timedelta(minutes=minutes))
    assert main(["--home", str(home), "--check", str(path)]) == 0  # nothing is refuted by it
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "3 inadmissible"
    assert "by the file system: it is not committed, after the first trial began at" in said[0]
    assert "the trials say yes: base > focus_h by 0.3" in said[0]


def test_a_part_of_the_trials_is_no_younger(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    """The trials that are left began three minutes after the sweep."""
    home = ledger(tmp_path / "home", grid())
    text = '[[claim]]\nsays = "nfft_factor=1 > nfft_factor=2"'
    for seconds, verdict in ((-10, "undecided"), (10, "inadmissible")):
        path = claims(tmp_path, text, at=START + dt.timedelta(seconds=seconds))
        words = ["--where", "model.bin_length=8"]
        assert checked(capsys, home, path, *words)[1][0] == verdict


def test_the_last_commit_is_a_files_age(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = claims(tmp_path, at=START + DAY)
    committed = (START - DAY).isoformat()
    environment = os.environ | {"GIT_AUTHOR_DATE": committed, "GIT_COMMITTER_DATE": committed}
    settings = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    for words in (["init", "-q"], ["add", path.name], [*settings, "commit", "-qm", "claims"]):
        subprocess.run(["git", *words], cwd=tmp_path, env=environment, check=True)
    assert checked(capsys, home, path)[1][0] == "confirmed"
    claims(tmp_path, CLAIMS + REFUTED, at=START + DAY)  # changed since
    assert checked(capsys, home, path)[1][0] == "inadmissible"


FIRST = (-DAY, {"seeds": 6, "trials": 10, "sampler": "grid", "code": "a"})


@pytest.mark.parametrize(
    ("after", "change", "words"),
    [
        (1, {"code": "b"}, "trained by other code: a -> b"),
        (1, {"trials": 12}, "12 trials, not 10"),
        (1, {"sampler": "tpe"}, "sampler tpe, not grid"),
        (1, {"margin": 0.3}, "a margin of 0.3"),
        (1, {"hypothesis": "focus_h wins"}, "the hypothesis 'focus_h wins'"),
        (1, {"seeds": 5}, "5 seeds a trial, not 6"),
        (1, {"again": "--rerun"}, "--rerun"),
        (-1, {"again": "--rerun"}, "--rerun"),  # its trials began anew, after that
        (1, {"seeds": 7}, ""),
        (1, {"more": {"abc": 9}}, ""),
        (-1, {"code": "b"}, ""),
    ],
)
def test_a_sweep_that_left_its_plan_judges_nothing(  # noqa: PLR0917
    after: int,
    change: dict[str, Any],
    words: str,
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """More seeds are paid for by wider intervals."""
    asked(home, FIRST, (after * dt.timedelta(hours=1), FIRST[1] | change))
    main(["--home", str(home), "--check", str(claims(tmp_path))])
    said = capsys.readouterr().out.splitlines()[0]
    assert said.startswith("inadmissible: the sweep deviated" if words else "confirmed: ")
    assert words in said


def test_trials_of_unknown_age_judge_nothing(
    tmp_path: Path, ledger: MakeHome, ablation: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = ablation()
    sweep.trials[3].started = None
    home = ledger(tmp_path / "home", sweep)
    assert checked(capsys, home, claims(tmp_path))[1][0] == "inadmissible"


def test_a_claim_may_name_its_sweep(
    tmp_path: Path,
    ledger: MakeHome,
    ablation: MakeSweep,
    grid: MakeSweep,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = ledger(tmp_path / "home", ablation(), grid())
    text = CLAIMS + '\n[[claim]]\nsays = "bin_length=16 > bin_length=64"\nsweep = "nfft_bins"\n'
    path = claims(tmp_path, text)
    code, said = checked(capsys, home, path, "--sweep", "ablation")
    assert (code, said[:3]) == (0, ["confirmed", "undecided", "confirmed"])
    assert main(["--home", str(home), "--check", str(path), "--sweep", "ablation", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    document = (Path(__file__).parents[2] / "docs" / "asking.md").read_text(encoding="utf-8")
    names = [*data, *data["claims"][0]]
    assert [name for name in names if f"`{name}`" not in document] == []
    assert [one["judgement"]["sweep"] for one in data["claims"]] == [
        *("ablation", "ablation", "nfft_bins")
    ]
    assert data["claims"][0]["why"] == "without adaptive filters far recall falls"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no claims"),
        ("claim = 3", "has no claims"),
        ("[[claim", "is no TOML file"),
        ("[[claim]]\nsay = 'a > b'", "claim 1: unknown field 'say'"),
        ("[[claim]]\nwhy = 'a > b'", "claim 1: 'says' must be there"),
        ("[[claim]]\nsays = 3", "a text in quotes"),
        (CLAIMS + "[[claim]]\nsays = 'a b'", "claim 3: 'a b' is no question"),
        (CLAIMS + "[[claim]]\nsays = 'emma > base'", "claim 3: no arm is called 'emma'; did you"),
        (CLAIMS + "[[claim]]\nsays = 'a > b'\nsweep = 'x'", "claim 3: no sweep called 'x'"),
        ("[[claim]]\nsays = '\x00'", "is no TOML file"),
        ("[[claim]]\nsays = '''ema > \x1b[2J'''", "is no TOML file"),
    ],
)
def test_a_file_that_says_nothing_gets_one_line(
    text: str, said: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(home), "--check", str(claims(tmp_path, text))]) == 3
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert said in captured.err
    assert "\x1b" not in captured.err


def test_a_file_that_is_not_there(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        assert main(["--home", str(home), "--check", str(path)]) == 3
        said = capsys.readouterr().err
        assert said.startswith(f"report.py: cannot read {path}: ")
        assert said.count("\n") == 1


def test_seeds_that_the_ledger_says_were_added_are_looks(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of several sweeps the one that was looked at most often counts."""
    home = ledger(tmp_path / "home", grid("a"), grid("b"))
    hour = dt.timedelta(hours=1)
    asked(home, (-hour, {"seeds": 1}), (hour, {"seeds": 2}), (2 * hour, {"seeds": 3}))
    looks = []
    for words in (["--sweep", "a"], ["--sweep", "b"], ["--compare", "b", "a"]):
        main(["--home", str(home), *words, "--ask", "base > trial 0", "--json"])
        looks.append(json.loads(capsys.readouterr().out)["look"])
    assert looks == [3, 1, 3]
