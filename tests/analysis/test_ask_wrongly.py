"""What is no question to the report's command line: one line, and a code that is no answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.report import main
from tests.analysis.makers import MakeHome, MakeSweep

NOT_JUDGED = 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ask", "a > b", "--check", "c.toml"], "give one of the two"),
        (["--json"], "--json goes with --ask or --check"),
        (["--ask", "a > b", "--watch"], "leave --watch out"),
        (["--ask", "a > b", "--sweep", "a", "--compare", "a", "b"], "leave --sweep out"),
        (["--ask", "a > b", "--compare", "a"], "two sweeps or more"),
        (["--ask", ""], "not empty"),
        (["--ask"], "expected one argument"),
        (["--ask", "a > b", "--ask", "c > d"], "given twice"),
        (["--ask", "a > b", "--sweep", "zzz"], "no sweep called 'zzz'"),
        (["--ask", "a > b", "--where", "model.ordr=1"], "did you mean 'model.order'"),
        (["--ask", "a > b", "--import", "table"], "--source is missing"),
        (["--ask", "a > b", "--sweep", "a", "--import", "table"], "leave --sweep and --compare"),
        (["--import", "table", "--name", "--ask"], "expected one argument"),
    ],
)
def test_wrong_words_are_no_answer(  # noqa: PLR0917
    words: Sequence[str],
    said: str,
    tmp_path: Path,
    ledger: MakeHome,
    ablation: MakeSweep,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """3 where a question was asked: 1 is no, 2 is not yet."""
    code = main(["--home", str(ledger(tmp_path, ablation())), *words])
    captured = capsys.readouterr()
    asks = words[0] in ("--ask", "--check")
    assert (code, captured.out, captured.err.count("\n")) == (NOT_JUDGED if asks else 2, "", 1)
    assert said in captured.err


def test_what_was_not_foreseen_is_no_answer_either(
    tmp_path: Path,
    ledger: MakeHome,
    ablation: MakeSweep,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("of a library")

    monkeypatch.setattr("analysis.asking.command.judge", broken)
    assert main(["--home", str(ledger(tmp_path, ablation())), "--ask", "ema > base"]) == NOT_JUDGED
    assert "unexpected ValueError" in capsys.readouterr().err
