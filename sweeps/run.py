"""Carry out a plan: open the records, drive the trials, close everything."""

from __future__ import annotations

import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from focus_core.tasks import TASKS
from sweeps import provenance
from sweeps.checkpoints import forget
from sweeps.driver import Driver
from sweeps.events import Listener
from sweeps.ledger import Ledger
from sweeps.plan import Plan, same_question
from sweeps.schema import Sweep
from sweeps.stopping import StopFlag
from sweeps.study import Study

if TYPE_CHECKING:
    from sweeps.tracking import MlflowTracker

SAMPLER_SEED = 0
EXIT_DONE, EXIT_FAILED = 0, 1


def run_sweep(plan: Plan, argv: Sequence[str], *, retry_failed: bool, rerun: bool) -> int:
    """Run ``plan`` to its end, or until it is stopped; returns the exit code.

    Raises:
        ValueError: the home, the ledger or the cluster cannot be used as asked.
    """
    prepare_home(plan)
    ledger = Ledger(plan.ledger_url)
    try:
        sweep = open_sweep(ledger, plan, argv)
        return _drive(plan, ledger, sweep, retry_failed=retry_failed, rerun=rerun)
    finally:
        ledger.close()


def prepare_home(plan: Plan) -> None:
    """Make the folders; a home that cannot be written is found out before anything starts."""
    try:
        for folder in (plan.home, plan.artifacts, plan.checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=plan.home):
            pass
    except OSError as error:
        raise ValueError(
            f"cannot write to the home {plan.home} ({error.strerror}): name another with --home"
        ) from None


def open_sweep(ledger: Ledger, plan: Plan, argv: Sequence[str]) -> Sweep:
    """The sweep's row: a new one, or the one to go on with.

    Raises:
        ValueError: a sweep of that name asks something else.
    """
    sweep = ledger.find_sweep(plan.name)
    if sweep is None:
        task = TASKS[plan.base.task.name]
        return ledger.add_sweep(
            Sweep(
                name=plan.name,
                space=plan.space.name,
                question=plan.space.question,
                metric=task.metric,
                direction=task.direction,
                sampler=plan.sampler,
                sampler_seed=SAMPLER_SEED,
                seeds=plan.seeds,
                planned=plan.trials,
                base=plan.base.canonical(),
                axes=plan.space.describe_axes(),
                command=provenance.command_line(argv),
                code=provenance.code_hash(),
                versions=provenance.versions(),
                hardware=provenance.hardware(),
                **provenance.commit(),
            )
        )
    differs = same_question(plan, {"space": sweep.space, "axes": sweep.axes, **sweep.base})
    if differs:
        raise ValueError(
            f"the sweep {plan.name!r} asks something else ({differs}): choose another --name"
        )
    if plan.seeds < sweep.seeds:
        raise ValueError(
            f"the sweep {plan.name!r} has {sweep.seeds} seeds: seeds can be added, not taken "
            f"away; use --seeds {sweep.seeds} or more, or another --name"
        )
    planned = max(plan.trials, len(ledger.trials(sweep)))
    return ledger.update_sweep(sweep, planned=planned, seeds=plan.seeds, sampler=plan.sampler)


def _drive(plan: Plan, ledger: Ledger, sweep: Sweep, *, retry_failed: bool, rerun: bool) -> int:
    from sweeps.display import Display
    from sweeps.tracking import MlflowTracker

    stopping = StopFlag(plan.seconds)
    stopping.catch_signals()
    tracker = MlflowTracker(plan.tracking_uri, artifacts=plan.artifacts)
    display = Display(places=_places(plan))
    listeners: list[Listener] = [tracker, display]
    study = Study(
        plan.space,
        sampler=plan.sampler,
        seed=sweep.sampler_seed,
        direction="minimize" if sweep.direction == "minimize" else "maximize",
        warmup=plan.warmup(),
    )
    driver = Driver(
        ledger,
        sweep,
        study,
        lambda point: plan.space.configure(point, plan.base),
        listeners=listeners,
        retry_failed=retry_failed,
        rerun=rerun,
        forget=lambda trial_id: forget(plan.checkpoints, trial_id),
    )
    try:
        if not driver.done:
            _train(plan, driver, stopping)
    finally:
        driver.stop(stopping.reason or "the sweep ended")
        driver.close()
        display.close()
        _close_tracker(tracker)
    return exit_code(driver, stopping)


def _places(plan: Plan) -> dict[str, str]:
    """Where a person looks next, as commands."""
    home = [] if plan.home == Path("runs").absolute() else ["--home", str(plan.home)]
    where = shlex.join(["--sweep", plan.name, *home])
    return {
        "report": f"python analysis/report.py {where}",
        "MLflow": f"python -m sweeps.ui {where}",
    }


def _train(plan: Plan, driver: Driver, stopping: StopFlag) -> None:
    checkpoints = str(plan.checkpoints)
    if plan.local:
        from sweeps.inline import run_inline

        run_inline(
            driver, checkpoints=checkpoints, threads=max(1, int(plan.cpus)), stopping=stopping
        )
        return
    from sweeps.ray_run import run_on_ray, start_ray

    start_ray(plan.address)
    stopping.catch_signals()  # Ray has put its own handlers in
    run_on_ray(
        driver,
        checkpoints=checkpoints,
        cpus=plan.cpus,
        gpus=plan.gpus,
        max_concurrent=plan.max_concurrent,
        stopping=stopping,
    )


def _close_tracker(tracker: MlflowTracker) -> None:
    summary = tracker.close(timeout=60)
    if summary.dropped or summary.last_error:
        print(
            f"MLflow missed {summary.dropped} points ({summary.last_error}); the ledger has them, "
            "the same command brings them in",
            file=sys.stderr,
        )


def exit_code(driver: Driver, stopping: StopFlag) -> int:
    """0 done or out of time, 1 every trial failed, 128 + n stopped by signal n."""
    if stopping.signal is not None:
        return 128 + int(signal.Signals(stopping.signal))
    states = [trial.state for trial in driver.trials.values()]
    if states and all(state == "failed" for state in states):
        return EXIT_FAILED
    return EXIT_DONE if driver.done or stopping.reason else EXIT_FAILED
