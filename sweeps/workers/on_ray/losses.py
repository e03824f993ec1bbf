"""Lost workers: what was lost, a process or its whole host, and whether a trial is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.commands.command_line import counted

if TYPE_CHECKING:
    from ray.tune.experiment import Trial as RayTrial

PROCESS_LOSSES = 3
"""How often a trial is moved to a new worker before it counts as failed."""
HOST_LOSSES = 10
"""How often in a row a trial may lose its host without a step of progress between."""
DYING_SECONDS = 30.0
"""A host that goes down may end its processes one after another, so Ray sees a worker die first.
Ray sees that a node is dead 8 to 12 seconds after a power cut."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A lost worker.

    Attributes:
        host: whether the whole host was lost, as far as Ray knew.
        node: the id of the node where the worker ran; None where Ray does not say.
        worker: Ray's id of the worker; None where Ray does not say.
        at: the time of the loss, in seconds since 1970.
    """

    host: bool
    node: str | None = None
    worker: str | None = None
    at: float = field(default_factory=time.time)


@dataclass
class Losses:
    """The lost workers of one trial.

    A trial is to blame for a process that died alone, such as one that took too much memory. It is
    not to blame for a host that went away: a spot instance, a cut cable. But a trial may also be
    what brings its hosts down, so hosts lost without progress between are counted too.

    Attributes:
        node_died: when a node died, in seconds since 1970; None where it is alive.
        processes: the processes that were lost alone, as far as Ray knew at that time.
        hosts_in_a_row: the hosts lost since the last step of progress.
        step: the last step that the trial had reported at the latest loss of a host.
        workers: the ids of the workers that were lost.
    """

    node_died: Callable[[str], float | None]
    processes: list[Loss] = field(default_factory=list)
    hosts_in_a_row: int = 0
    step: int = -1
    workers: set[str] = field(default_factory=set)

    def knows(self, loss: Loss) -> bool:
        """Whether this loss was counted before: Tune may report one loss twice."""
        return loss.worker in self.workers

    def try_again(self, loss: Loss, step: int) -> bool:
        """Count a loss; whether the trial may have another worker.

        Args:
            loss: what was lost.
            step: the last step that the trial has reported.
        """
        if loss.worker is not None:
            self.workers.add(loss.worker)
        if not loss.host:
            self.processes = [found for found in self.processes if self._died_alone(found)]
            self.processes.append(loss)
            return len(self.processes) <= PROCESS_LOSSES
        self.hosts_in_a_row = 1 if step > self.step else self.hosts_in_a_row + 1
        self.step = max(self.step, step)
        return self.hosts_in_a_row <= HOST_LOSSES

    def _died_alone(self, loss: Loss) -> bool:
        died = None if loss.node is None else self.node_died(loss.node)
        return died is None or died - loss.at > DYING_SECONDS

    def in_words(self, loss: Loss) -> str:
        """How often workers were lost, for a trial that gets no other one."""
        if loss.host:
            return f"its host was lost {self.hosts_in_a_row} times in a row without progress"
        return f"its worker was lost {counted(len(self.processes), 'time')}"


def error_of(trial: RayTrial) -> BaseException | None:
    """The error with which Ray reported the latest loss; taken away, so that it is not read twice.

    Tune's own ``get_pickled_error`` reads a copy of this file, which is not yet made at that time.
    """
    from ray import cloudpickle

    path = Path(trial.pickled_error_file or "")
    if not path.is_file():
        return None
    error: BaseException = cloudpickle.loads(path.read_bytes())
    path.unlink()
    return error


def text_of_errors(trial: RayTrial) -> str:
    """What Ray reported of all losses of a trial."""
    path = Path(trial.error_file or "")
    return path.read_text() if path.is_file() else ""


def loss_of(error: BaseException | None) -> Loss:
    """What was lost, by the ``error`` with which Ray reports it."""
    from ray.exceptions import ActorUnavailableError, RayActorError

    if not isinstance(error, RayActorError):
        return Loss(host=False)
    reason_is_node, node = _of_actor(error.actor_id)
    unreachable = isinstance(error, ActorUnavailableError)  # nobody says that the worker has died
    host = reason_is_node or error.preempted or unreachable
    return Loss(host=host, node=node, worker=error.actor_id)


def _of_actor(actor_id: str | None) -> tuple[bool, str | None]:
    """Whether the actor died because its node has died, and the node's id."""
    from ray import ActorID
    from ray._private.state import state
    from ray.core.generated.common_pb2 import ActorDiedErrorContext
    from ray.core.generated.gcs_pb2 import ActorTableData

    found = None if actor_id is None else state.get_actor_info(ActorID.from_hex(actor_id))
    if found is None:
        return False, None
    actor = ActorTableData.FromString(found)
    reason = actor.death_cause.actor_died_error_context.reason
    return reason == ActorDiedErrorContext.NODE_DIED, actor.node_id.hex() or None


def node_died(node: str) -> float | None:
    """When a node of the connected cluster died, in seconds since 1970; None: it is alive."""
    from ray._private.worker import global_worker
    from ray.core.generated.gcs_pb2 import GcsNodeInfo

    for key, info in global_worker.gcs_client.get_all_node_info().items():
        if key.hex() == node and info.state == GcsNodeInfo.DEAD:
            return float(info.end_time_ms / 1000)
    return None
