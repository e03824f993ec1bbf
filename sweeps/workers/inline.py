"""Run a sweep in this process, one trial at a time, without Ray: for a debugger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sweeps.driving.assignment import Means
from sweeps.driving.driver import Driver
from sweeps.driving.stopping import StopFlag
from sweeps.workers.worker import TrialStopped, describe_failure, is_outside, train_trial


@dataclass(frozen=True, kw_only=True)
class Inline:
    """A ``Runner``: one trial after the other.

    Attributes:
        means: what every trial gets.
    """

    means: Means

    def run(self, driver: Driver, stopping: StopFlag) -> None:
        """See ``Runner``."""
        with _torch_as_found():
            while not stopping.requested and (assignment := driver.next_trial()) is not None:
                payload = assignment.payload(self.means)
                _run_one(driver, assignment.trial_id, payload, stopping)


@contextmanager
def _torch_as_found() -> Iterator[None]:
    """Afterwards, restore torch's threads and random numbers as the calling program had them."""
    import torch

    threads = torch.get_num_threads()
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield
    finally:
        torch.set_num_threads(threads)


def _run_one(driver: Driver, trial_id: str, payload: dict[str, Any], stopping: StopFlag) -> None:
    def send(report: dict[str, float]) -> None:
        if not driver.report(trial_id, report) or stopping.requested:
            raise TrialStopped

    try:
        train_trial(
            payload,
            send,
            lambda note: driver.started_over(trial_id, note),
            lambda place, step: driver.began(trial_id, place, step),
        )
    except TrialStopped:
        return  # pruned, as the driver recorded; or stopped, as ``Driver.stop`` will record
    except Exception as error:  # noqa: BLE001  whatever a trial raises fails that trial alone
        end = driver.lost if is_outside(error) else driver.failed
        end(trial_id, *describe_failure(error))
        return
    driver.finished(trial_id)
