"""Carry out a plan: open the records, drive the trials, close everything."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress

from focus_core.data.own import read_own
from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import EXIT_DONE, EXIT_FAILED, counted, one_line
from sweeps.driving.assignment import Means, checkpoint_seconds
from sweeps.driving.driver import Driver
from sweeps.driving.own_process import OwnProcess
from sweeps.driving.stopping import StopFlag
from sweeps.driving.study import Study
from sweeps.launching import kept_checkpoints
from sweeps.launching.kept_plugins import keep_plugins
from sweeps.launching.plan_changes import asked
from sweeps.launching.sweep_row import find_or_add, go_on
from sweeps.machine.temporary import clear_what_the_dead_left
from sweeps.planning.plan import Plan
from sweeps.provenance import launch_origin
from sweeps.provenance.consent import remember
from sweeps.provenance.sources.recorded import notes
from sweeps.record.checkpoint_address import FLAG as CHECKPOINTS
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.errors import LedgerError
from sweeps.record.home import Home, prepare_home, private_files
from sweeps.record.launches import begin_launch, end_launch
from sweeps.record.lease import hold
from sweeps.record.ledger import Ledger
from sweeps.record.plan_history import seeds_of
from sweeps.record.schema import Launch, Sweep
from sweeps.workers.guard import Limits
from sweeps.workers.runner import Runner

REASONS = {EXIT_DONE: "done", EXIT_FAILED: "not one trial succeeded"}


def run_sweep(
    plan: Plan, argv: Sequence[str], *, retry_failed: bool, rerun: bool, called: bool = False
) -> int:
    """Run ``plan`` to its end, or until it is stopped; returns the exit code.

    Args:
        plan: what to do.
        argv: the command line that asked for it.
        retry_failed: try failed trials again.
        rerun: train again what has been trained.
        called: whether another program called this, and owns this process.

    Raises:
        UserError: the home, the ledger or the cluster cannot be used as asked.
    """
    limits = Limits.from_environment(on_cluster=plan.address is not None)
    checkpoint_seconds()  # refuse a wrong setting now, not when the first trial is handed out
    kept_checkpoints.rule()
    stopping = StopFlag(plan.seconds)
    process = OwnProcess(stopping, called=called)
    if called:
        process.closing.callback(process.release_signals)
    with private_files():
        prepare_home(plan.home)
        clear_what_the_dead_left()
        ledger = Ledger(plan.home.ledger_url)
        process.closing.callback(ledger.close)
        options = {"retry_failed": retry_failed, "rerun": rerun}
        with process.closing:
            code = _launch(plan, ledger, argv, limits, process, **options)
    if stopping.failure is not None:
        tell(f"launch.py: {one_line(stopping.failure)}", error=True)
    if process.lost is not None:
        process.leave(code)
    return code


def _launch(
    plan: Plan,
    ledger: Ledger,
    argv: Sequence[str],
    limits: Limits,
    process: OwnProcess,
    **options: bool,
) -> int:
    stopping = process.stopping
    found = launch_origin.everything(argv)
    sweep = find_or_add(ledger, plan, found)
    process.closing.enter_context(hold(ledger, sweep))
    folder = _open_folder(plan.home, sweep)
    sweep = go_on(ledger, plan, found, forget=folder.forget, **options)
    keep_plugins(ledger, sweep, plan.plugins)
    remember(plan.plugins)
    launch = begin_launch(ledger, sweep, found)
    if gaps := notes(found["diff"]):
        said = "; ".join(gaps)
        tell(f"launch.py: warning: the sources are not fully recorded: {said}", error=True)
    process.closing.callback(_end_abandoned, ledger, launch, process)
    ledger.on_failure = lambda error: stopping.give_up(str(error))
    try:
        code = _drive(plan, ledger, sweep, limits, process, folder=folder, **options)
        asked = None if code == EXIT_DONE else stopping.reason
        reason = asked or REASONS[code]
    except Exception as error:
        if ledger.failure is None:
            end_launch(ledger, launch, EXIT_FAILED, f"{type(error).__name__}: {error}")
            raise
        return EXIT_FAILED  # the ledger's failure caused the error
    if ledger.failure is not None:
        return EXIT_FAILED
    end_launch(ledger, launch, code, reason)
    return code


def _end_abandoned(ledger: Ledger, launch: Launch, process: OwnProcess) -> None:
    if process.abandoned and ledger.failure is None:
        stopping = process.stopping
        end_launch(ledger, launch, stopping.exit_code(done=False), stopping.reason or "")


def _drive(
    plan: Plan,
    ledger: Ledger,
    sweep: Sweep,
    limits: Limits,
    process: OwnProcess,
    *,
    folder: SweepFolder,
    retry_failed: bool,
    rerun: bool,
) -> int:
    from sweeps.showing.listeners import LISTENERS, Watched

    stopping = process.stopping
    process.catch_signals()
    closing = process.closing.enter_context(ExitStack())
    watched = Watched(plan=plan, ledger=ledger, hung_up=process.hung_up)
    listeners = [closing.enter_context(listening(watched)) for listening in LISTENERS]
    study = Study(
        plan.space,
        sampler=plan.sampler,
        seed=sweep.sampler_seed,
        direction="minimize" if sweep.direction == "minimize" else "maximize",
        warmup=plan.warmup(),
        first=plan.first,
    )
    driver = Driver(
        ledger,
        sweep,
        study,
        lambda point: plan.space.configure(point, plan.base),
        seeds=seeds_of(sweep, asked(ledger, sweep)),
        listeners=listeners,
        retry_failed=retry_failed,
        rerun=rerun,
        forget=folder.forget,
        most_lost=limits.most_lost,
    )
    closing.callback(_close, driver, stopping)
    with closing:
        if not driver.done:
            runner_for(plan, plan.home.checkpoints(sweep.name, sweep.created), limits, process).run(
                driver, stopping
            )
        if driver.broken is not None:
            stopping.give_up(
                f"the sweep stops: {driver.broken}; once that is mended, the same command with "
                "--retry-failed goes on"
            )
    if driver.done and kept_checkpoints.rule() == kept_checkpoints.BEST:
        kept_checkpoints.remove_others(plan.home, sweep.name, folder)
    if driver.sweep.planned < sweep.planned:
        tell(
            f"launch.py: {sweep.planned} trials were asked for, but no point is left that would be "
            f"another one: {counted(driver.sweep.planned, 'trial')} planned",
            error=True,
        )
    return exit_code(driver, stopping)


def _close(driver: Driver, stopping: StopFlag) -> None:
    """Close the driver, when no trial runs any more; the listeners hear of it."""
    with suppress(LedgerError):  # ``run_sweep`` prints the failure
        driver.stop(stopping.reason or "the sweep ended")
        driver.close()


def _open_folder(home: Home, sweep: Sweep) -> SweepFolder:
    """The folder of the sweep's checkpoints; outside the home it is marked, for workers to see.

    Raises:
        UserError: it cannot be written.
    """
    address = home.checkpoints(sweep.name, sweep.created)
    if home.states is None:
        return SweepFolder(address)
    try:
        folder = SweepFolder(address)
        folder.mark(
            f"Checkpoints of the sweep {sweep.name}, begun {sweep.created:%Y-%m-%d %H:%M}\n"
        )
    except (OSError, ValueError) as error:  # pyarrow: an option of the address
        said = one_line(str(error))
        raise UserError(
            f"cannot keep checkpoints in {address} ({said}): make it writable, or name another "
            f"place with {CHECKPOINTS}"
        ) from None
    return folder


def runner_for(plan: Plan, checkpoints: str, limits: Limits, process: OwnProcess) -> Runner:
    """The way in which the plan's trials are run, with their states at ``checkpoints``."""
    means = Means(
        checkpoints=checkpoints,
        shared=plan.home.states is not None,
        threads=max(1, int(plan.cpus)),
        cpus=plan.cpus,
        gpus=plan.gpus or 0.0,
        plugins=plan.plugins,
    )
    if plan.local:
        from sweeps.workers.inline import Inline

        return Inline(means=means)
    from sweeps.workers.on_ray.run import OnRay

    return OnRay(
        process=process,
        address=plan.address,
        means=means,
        gpus=plan.gpus,
        max_concurrent=plan.max_concurrent,
        limits=limits,
        own_data=read_own(plan.data.digest) if plan.data else None,
    )


def exit_code(driver: Driver, stopping: StopFlag) -> int:
    """The exit code of a sweep whose trials have ended or were stopped."""
    states = [trial.state for trial in driver.trials.values()]
    worked = not states or any(state != "failed" for state in states)
    return stopping.exit_code(done=driver.done, worked=worked)
