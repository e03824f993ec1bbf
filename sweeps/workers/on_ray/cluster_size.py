"""How many trials a cluster has room for: now, and once its autoscaler has added nodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from focus_core.errors import UserError
from sweeps.driving.stopping import StopFlag

Resources = Mapping[str, float]
"""Such as ``{"CPU": 2.0, "GPU": 1.0}``."""
AHEAD = 16
"""The most trials that wait for nodes where an autoscaler does not say its maximum size."""
LOOK_SECONDS = 1.0


class ClusterTooSmallError(UserError):
    """A trial asks for more than the cluster has or can grow to."""


@dataclass(frozen=True, kw_only=True)
class NodeKind:
    """A kind of node that an autoscaler can add."""

    resources: Resources
    """Empty where the autoscaler does not know them before such a node is there."""
    most: int


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What is known of a cluster.

    Attributes:
        head: the resources of the head's node; empty where it is not there.
        workers: the resources of every other node that is there now.
        kinds: what the autoscaler can add; empty where there is no autoscaler.
        most: the most nodes that the autoscaler keeps besides the head.
        open_end: whether an autoscaler may add nodes of which ``kinds`` says nothing.
        refused: how many requests for resources the autoscaler cannot fulfil now.
    """

    head: Resources
    workers: Sequence[Resources]
    kinds: Sequence[NodeKind] = ()
    most: int = 0
    open_end: bool = False
    refused: int = 0

    def has(self, name: str) -> bool:
        """Whether any node has, or will have, the resource ``name``."""
        there = [self.head, *self.workers, *(kind.resources for kind in self.kinds)]
        return any(resources.get(name, 0) > 0 for resources in there)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one trial takes; GPUs may be a fraction."""

    cpus: float
    gpus: float

    def fits(self, resources: Resources) -> int:
        """How many trials a node with ``resources`` has room for."""
        found = int(resources.get("CPU", 0) // self.cpus)
        return min(found, int(resources.get("GPU", 0) / self.gpus)) if self.gpus else found

    def fits_now(self, cluster: Cluster) -> int:
        """How many trials the nodes have room for that are there."""
        return sum(self.fits(node) for node in (cluster.head, *cluster.workers))

    def fits_at_most(self, cluster: Cluster) -> int:
        """How many trials fit once the autoscaler has added all nodes that it may add."""
        added, left = 0, cluster.most
        for kind in sorted(cluster.kinds, key=lambda kind: -self.fits(kind.resources)):
            count = min(left, kind.most)
            added, left = added + count * self.fits(kind.resources), left - count
        return max(self.fits_now(cluster), self.fits(cluster.head) + added)

    def may_fit(self, cluster: Cluster) -> bool:
        """Whether a trial fits now, or may fit once the autoscaler has added nodes."""
        unknown = any(not kind.resources and kind.most for kind in cluster.kinds)
        return self.fits_at_most(cluster) > 0 or unknown or cluster.open_end

    def too_large_for(self, cluster: Cluster) -> ClusterTooSmallError:
        """The error of a trial that never fits."""
        nodes = [cluster.head, *cluster.workers, *(kind.resources for kind in cluster.kinds)]
        largest = max(nodes, key=lambda node: (node.get("GPU", 0), node.get("CPU", 0)))
        return ClusterTooSmallError(
            f"a trial takes {self.cpus:g} CPUs and {self.gpus:g} GPUs, but the largest node has "
            f"{largest.get('CPU', 0):g} and {largest.get('GPU', 0):g}: lower --cpus-per-trial or "
            "--gpus-per-trial"
        )


class Room:
    """How many trials may be handed out at once; it follows the cluster's nodes.

    Args:
        look: asks what the cluster is like now.
        need: what one trial takes.
        limit: the most trials at once that a person wants; None: as many as fit.
        seen: what the cluster was like a moment ago.
    """

    def __init__(
        self, look: Callable[[], Cluster], need: Need, limit: int | None, *, seen: Cluster
    ) -> None:
        self._look = look
        self._need = need
        self._limit = limit
        self._seen = seen
        self._ahead = AHEAD
        self._next_look = time.monotonic() + LOOK_SECONDS

    def at_once(self, handed_out: int) -> int:
        """The most trials at once; at least one, so that a cluster without a node is waited for.

        Args:
            handed_out: the trials that run or wait for a node.
        """
        if time.monotonic() >= self._next_look:
            self._seen = self._look()
            self._next_look = time.monotonic() + LOOK_SECONDS
        found = self._need.fits_at_most(self._seen)
        if self._seen.open_end:
            if self._seen.refused:
                self._ahead = 1  # from now on one trial asks whether there may be another node
            wanted = handed_out - self._seen.refused if self._seen.refused else found + self._ahead
            found = max(found, wanted)
        return max(1, found if self._limit is None else min(found, self._limit))


def once_it_fits(
    look: Callable[[], Cluster],
    cpus: float,
    gpus: float | None,
    patience: float,
    stopping: StopFlag,
) -> tuple[Cluster, Need]:
    """Wait for a node that a trial fits on; returns the cluster, and what a trial takes.

    Args:
        look: asks what the cluster is like now.
        cpus: CPUs that a trial takes.
        gpus: GPUs that a trial takes; None: one where any node has a GPU.
        patience: the seconds to wait for nodes that are not announced by an autoscaler.
        stopping: ends the wait.

    Raises:
        ClusterTooSmallError: no node has room for a trial, or will have.
    """
    deadline = time.monotonic() + patience
    while True:
        cluster = look()
        need = Need(cpus=cpus, gpus=float(cluster.has("GPU")) if gpus is None else gpus)
        if need.may_fit(cluster) or stopping.requested:
            return cluster, need
        if time.monotonic() >= deadline:
            raise need.too_large_for(cluster)
        time.sleep(0.5)
