"""``from sweeps import sweep``: what the command does, from a script or a notebook."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from focus_core.errors import UserError
from sweeps import audit, sweep
from sweeps.launching.from_python import SweepFailedError, command_line
from sweeps.planning.flags import build_parser
from tests.streams import ROOT
from tests.sweeps.local_launches import LONG, has_reported, rows, run_here, wait_until

TINY: dict[str, Any] = {
    "model.width": 8,
    "model.layers": 1,
    "train.warmup_steps": 1,
    "train.batch_size": 4,
    "train.steps": 4,
    "train.eval_every": 2,
    "task.eval_sequences": 16,
    "task.test_sequences": 16,
}


def test_these_are_the_words_of_a_command() -> None:
    words = command_line(
        "order",
        {
            "seeds": 5,
            "set": {"model.carry": True, "model.ffn_width": None, "train.learning_rate": 1e-3},
            "vary": {"model.order": [1, 2], "model.dropout": "0..0.3"},
            "local": True,
            "dry_run": False,
            "name": None,
            "only": ["a", "b"],
            "time_budget": "10m",
        },
    )
    assert words == [
        *["--space", "order", "--seeds", "5", "--set", "model.carry=true", "model.ffn_width=none"],
        *["train.learning_rate=0.001", "--vary", "model.order=1,2", "model.dropout=0..0.3"],
        *["--local", "--only", "a", "b", "--time-budget", "10m"],
    ]
    build_parser().read(words)


def test_the_record_is_the_command_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the command itself, in another home."""
    words = ["--vary", "model.order=1,2", "--seeds", "2", "--local", "--set"]
    words += [f"{key}={value}" for key, value in TINY.items()]
    assert run_here(tmp_path / "by hand", words)[0] == 0
    capsys.readouterr()
    asked: dict[str, Any] = {"vary": {"model.order": [1, 2]}, "seeds": 2, "local": True}
    done = sweep(**asked, set=TINY, home=tmp_path / "here")
    assert (done.name, done.home, done.finished) == ("order", tmp_path / "here", True)
    assert "#1" in capsys.readouterr().out  # progress
    expected = rows(tmp_path / "by hand" / "ledger.db", "order")[1]
    trials = rows(done.home / "ledger.db", "order")[1]
    assert [t.trial_id for t in trials] == [t.trial_id for t in expected]
    assert [t.value for t in trials] == [t.value for t in expected]
    assert sweep(**asked, set=TINY, home=tmp_path / "here") == done
    assert [t.token for t in rows(done.home / "ledger.db", "order")[1]] == [t.token for t in trials]


@pytest.mark.parametrize(
    ("space", "flags", "says"),
    [
        ("nfft_bin", {}, "did you mean 'nfft_bins'"),
        ("order", {"seedz": 2}, "did you mean --seeds"),
        ("order", {"seeds": "two"}, "--seeds"),
        ("order", {"set": {"model.ordr": 1}}, "did you mean 'model.order'"),
        ("order", {"list": True}, "sweeps nothing"),
        ("order", {"help": True}, "sweeps nothing"),
        ("order", {"save_space": "a.py"}, "sweeps nothing"),
        (None, {}, "--space is missing"),
    ],
)
def test_a_wrong_call_says_what_is_right(
    tmp_path: Path, space: str | None, flags: dict[str, Any], says: str
) -> None:
    with pytest.raises(UserError, match=says):
        sweep(space, **flags, home=tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_sweep_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the network broke")

    monkeypatch.setattr("focus_core.training.replicate.build_model", broken)
    with pytest.raises(SweepFailedError, match="'order' failed"):
        sweep(vary={"model.order": [1, 2]}, set=TINY, home=tmp_path, local=True)


CELL = """
import sys
from sweeps import sweep
asked = dict(set=dict(word.split("=") for word in sys.argv[3:]), home=sys.argv[1], seeds=1)
try:
    sweep("nfft_bins", trials=2, local=sys.argv[2] == "local", **asked)
except KeyboardInterrupt:
    print("the cell was interrupted", flush=True)
"""


@pytest.mark.parametrize(
    "where",
    ["local", pytest.param("Ray", marks=[pytest.mark.slow, pytest.mark.timeout(300)])],
)
def test_an_interrupted_cell_goes_on(tmp_path: Path, where: str) -> None:
    settings = [word for word in LONG if "=" in word]
    with subprocess.Popen(
        [sys.executable, "-c", CELL, str(tmp_path), where, *settings],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as cell:
        try:
            wait_until(has_reported(tmp_path / "ledger.db"), "it trains", seconds=200)
            cell.send_signal(signal.SIGINT)
            said = cell.communicate(timeout=60)[0]
        finally:
            cell.kill()
    assert said.splitlines()[-1] == "the cell was interrupted", said
    assert {t.state for t in rows(tmp_path / "ledger.db")[1]} <= {"killed", "waiting"}
    assert audit.main(["--home", str(tmp_path)]) == 0
    (first, *_) = rows(tmp_path / "ledger.db")[1]
    again = sweep(
        "nfft_bins",
        trials=2,
        local=True,
        seeds=1,
        time_budget="6s",
        home=tmp_path,
        set=dict(word.split("=") for word in settings),
    )
    assert not again.finished
    later = rows(tmp_path / "ledger.db")[1][0]
    assert later.token == first.token
    assert later.step > first.step


def test_a_plan_alone_finishes_nothing(tmp_path: Path) -> None:
    done = sweep("order", dry_run=True, home=tmp_path / "home", vary={}, set=TINY)
    assert not done.finished
    assert list(tmp_path.iterdir()) == []
