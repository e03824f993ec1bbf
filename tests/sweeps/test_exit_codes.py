"""What the exit code of a launch says: done, failed, out of time, or stopped with work left."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sweeps import launch
from sweeps.driving.driver import Driver
from sweeps.driving.own_process import OwnProcess
from sweeps.driving.stopping import StopFlag
from sweeps.record.launches import launches
from sweeps.record.ledger import Ledger
from tests.sweeps.local_launches import TINY, rows, run_here
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def asked(
    *, number: int | None = None, failure: str = "", seconds: float | None = None
) -> StopFlag:
    stopping = StopFlag(seconds)
    if number is not None:
        OwnProcess(stopping, called=True).on_signal(number)
    if failure:
        stopping.give_up(failure)
    assert stopping.requested == (number is not None or bool(failure) or seconds == 0)
    return stopping


@pytest.mark.parametrize(
    ("stopping", "done", "worked", "code"),
    [
        (asked(), True, True, 0),
        (asked(seconds=0), True, True, 0),
        (asked(seconds=0), False, True, 75),
        (asked(seconds=3600), False, True, 1),  # nothing asked for a stop, yet work is left
        (asked(), True, False, 1),
        (asked(seconds=0), False, False, 1),
        (asked(failure="Ray is gone"), False, True, 1),
        (asked(failure="Ray is gone", seconds=0), False, True, 1),
        *((asked(number=number), False, True, code) for number, code in SIGNALS.items()),
        *((asked(number=number), True, True, 0) for number in SIGNALS),
        (asked(number=signal.SIGTERM), True, False, 1),
        (asked(number=signal.SIGTERM, failure="Ray is gone"), False, True, 143),
    ],
)
def test_one_rule(stopping: StopFlag, done: bool, worked: bool, code: int) -> None:
    assert stopping.exit_code(done=done, worked=worked) == code


def with_a_signal(after: str, patch: pytest.MonkeyPatch) -> None:
    """Send SIGTERM to this process once, when the driver's method ``after`` returns."""
    method: Callable[..., Any] = getattr(Driver, after)
    sent: list[str] = []

    def told(driver: Driver, trial_id: str, *details: Any) -> Any:
        said = method(driver, trial_id, *details)
        if driver.done or after != "finished":
            if not sent:
                signal.raise_signal(signal.SIGTERM)
            sent.append(trial_id)
        return said

    patch.setattr(Driver, after, told)


def ended(home: Path) -> tuple[int | None, str | None]:
    with closing(Ledger(f"sqlite:///{home / 'ledger.db'}")) as ledger:
        row = launches(ledger, rows(home / "ledger.db")[0])[-1]
    return row.exit_code, row.reason


def test_a_signal_after_the_last_trial_changes_nothing(tmp_path: Path, mlflow: Mlflow) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with_a_signal("finished", patch)
        assert run_here(tmp_path, TINY)[0] == 0
    assert ended(tmp_path) == (0, "done")


def test_a_signal_before_that_leaves_work(tmp_path: Path, mlflow: Mlflow) -> None:
    with pytest.MonkeyPatch.context() as patch:
        with_a_signal("began", patch)
        assert run_here(tmp_path, TINY)[0] == 143
    assert ended(tmp_path) == (143, "stopped by SIGTERM")
    assert run_here(tmp_path, TINY)[0] == 0


def test_a_used_up_time_budget_has_a_code_of_its_own(tmp_path: Path, mlflow: Mlflow) -> None:
    assert run_here(tmp_path, [*TINY, "--time-budget", "0.001s"])[0] == 75
    assert ended(tmp_path) == (75, "time budget used up")
    assert run_here(tmp_path, TINY)[0] == 0


def test_the_help_says_every_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        launch.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for code in ("0 every trial", "1 failed", "2 the command", "75 the time", "130 Ctrl-C", "143"):
        assert code in said
