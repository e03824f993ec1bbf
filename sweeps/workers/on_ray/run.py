"""Run a sweep on Ray Tune: on this machine, or on the cluster at an address.

Ray places trials and restarts them. Ray keeps no record of the sweep (see DECISIONS).
"""

from __future__ import annotations

import gc
import signal
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sweeps.commands.command_line import one_line, tell
from sweeps.driving.assignment import Means
from sweeps.driving.driver import Driver
from sweeps.driving.own_process import OwnProcess
from sweeps.driving.stopping import StopFlag
from sweeps.machine.temporary import OF_TUNE, OwnFolder, choose
from sweeps.workers.guard import Limits
from sweeps.workers.on_ray.cluster_nodes import Looking
from sweeps.workers.on_ray.cluster_size import Room, once_it_fits
from sweeps.workers.on_ray.privacy import by_way_of_the_store
from sweeps.workers.on_ray.processes import RayProcesses
from sweeps.workers.on_ray.starting import leave_mlflow_out, start_ray

JOIN_SECONDS = 10.0
"""How long a launch waits for the first node of a cluster that a trial fits on."""


def with_ray(address: str | None, process: OwnProcess, work: Callable[[Path], object]) -> None:
    """Start Ray and do ``work`` with a temporary folder.

    Afterwards no process of this Ray and no temporary file is left on this machine. If Ray dies
    during the work, the work ends there and ``process.stopping`` holds the reason.
    """
    base = choose()[0] if address is None else Path(tempfile.gettempdir())
    with OwnFolder(base) as folder:
        _with_ray(address, process, work, folder)


def _with_ray(
    address: str | None,
    process: OwnProcess,
    work: Callable[[Path], object],
    folder: OwnFolder,
) -> None:
    from sweeps.workers.on_ray.ray_watch import Answering, RayLostError, Watchdog, places_of_ray

    processes = RayProcesses()

    def leave(code: int) -> None:
        processes.kill()  # first, because these processes write into the folder
        folder.remove()
        processes.leave(code)

    process.leave = leave
    try:
        with ExitStack() as watched:
            if address is None:
                watched.enter_context(Watchdog(processes.lost, process.abandon, patience=0))
            process.stopping.wake = _leave_the_start
            start_ray(address, folder.path)
            if address is not None:
                cluster = Answering(places_of_ray())
                watched.enter_context(Watchdog(cluster.lost, process.abandon))
            work(folder.path / OF_TUNE)
    except RayLostError as lost:
        if process.stopping.signal is None:
            process.stopping.give_up(str(lost))
        process.lost = lost
        gc.freeze()  # what is garbage by now is not finalised either
        processes.kill()
    finally:
        if process.lost is None:
            _close(processes)


def _close(processes: RayProcesses) -> None:
    """Shut Ray down; an error is only a warning, because the sweep's record is complete by now."""
    try:
        processes.shut_down()
    except Exception as error:  # noqa: BLE001
        said = one_line(f"{type(error).__name__}: {error}")
        tell(f"launch.py: warning: Ray may not be closed ({said})", error=True)


def _leave_the_start() -> None:
    """End Ray's start on a signal: the start may take a minute on a busy machine."""
    from sweeps.workers.on_ray.ray_watch import RayLostError

    raise RayLostError("stopped while it started")


@dataclass(frozen=True, kw_only=True)
class OnRay:
    """A ``Runner``: Ray places the trials on this machine, or on the cluster at an address.

    Attributes:
        process: this process, which Ray may have to leave.
        address: of a running cluster; None: start Ray here, and end it afterwards.
        means: what every trial gets; its GPUs are those of ``gpus``.
        gpus: GPUs that a trial takes; may be a fraction. None: one where the cluster has any.
        max_concurrent: the most trials at once; None: as many as fit.
        limits: what a trial may take.
        own_data: a person's own data, which travel to every worker; None where there are none.
    """

    process: OwnProcess
    address: str | None
    means: Means
    gpus: float | None
    max_concurrent: int | None
    limits: Limits
    own_data: bytes | None = None

    def run(self, driver: Driver, stopping: StopFlag) -> None:
        """See ``Runner``."""
        with_ray(self.address, self.process, lambda scratch: self._tune(driver, stopping, scratch))

    def _tune(self, driver: Driver, stopping: StopFlag, scratch: Path) -> None:
        """Run the trials on the Ray that this process is connected to.

        Args:
            driver: the sweep.
            stopping: asks for a stop.
            scratch: a folder for Tune's snapshot, which nobody reads.
        """
        from ray import tune

        from sweeps.workers.on_ray import adapters
        from sweeps.workers.on_ray.trainable import ray_trainable

        leave_mlflow_out()
        look = Looking()
        patience = 0.0 if self.address is None else JOIN_SECONDS
        cluster, need = once_it_fits(look, self.means.cpus, self.gpus, patience, stopping)
        room = Room(look, need, self.max_concurrent, seen=cluster)
        records = adapters.Records(driver)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until Tune listens for it
        stopping.wake = adapters.interrupt_tune
        trainable = by_way_of_the_store(ray_trainable, self.own_data)
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": need.cpus, "gpu": need.gpus}),
            tune_config=tune.TuneConfig(
                search_alg=adapters.HandsOut(
                    driver,
                    records=records,
                    means=replace(self.means, gpus=need.gpus),
                    room=room,
                    limits=self.limits,
                    stopping=stopping,
                ),
                scheduler=records,
                num_samples=-1,
                reuse_actors=True,  # a new worker needs seconds to import torch
                trial_name_creator=_our_id,
                trial_dirname_creator=_our_id,
            ),
            run_config=tune.RunConfig(
                name=driver.sweep.name,
                storage_path=str(scratch),
                failure_config=tune.FailureConfig(max_failures=-1),  # see ``Watches``
                callbacks=[adapters.Watches(driver, stopping, records), adapters.Silent()],
                verbose=0,
            ),
        )
        if not stopping.requested:
            tuner.fit()


def _our_id(trial: Any) -> str:
    return str(trial.config["trial_id"])
