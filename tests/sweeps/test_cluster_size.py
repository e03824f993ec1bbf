"""How many trials run at once, on clusters of every shape; no Ray runs here."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sweeps.driving.stopping import StopFlag
from sweeps.workers.on_ray import cluster_size
from sweeps.workers.on_ray.cluster_nodes import configuration, growth
from sweeps.workers.on_ray.cluster_size import (
    AHEAD,
    Cluster,
    ClusterTooSmallError,
    Need,
    NodeKind,
    Room,
    once_it_fits,
)
from tests.sweeps.local_launches import ROOT

ONE = Need(cpus=1, gpus=0)
HEAD = {"CPU": 0.0}
FOUR = [NodeKind(resources={"CPU": 1.0}, most=4)]


@pytest.fixture(autouse=True)
def every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_size, "LOOK_SECONDS", 0.0)


def cluster(count: int, **more: Any) -> Cluster:
    return Cluster(head=HEAD, workers=[{"CPU": 1.0}] * count, **more)


@pytest.mark.parametrize(
    ("nodes", "need", "fits"),
    [
        ([{"CPU": 8.0}], (1, 0), 8),
        ([{"CPU": 8.0}], (3, 0), 2),
        ([{"CPU": 8.0, "GPU": 2.0}], (1, 1), 2),
        ([{"CPU": 8.0, "GPU": 2.0}], (1, 0.25), 8),
        ([{"CPU": 2.0, "GPU": 2.0}], (1, 0.25), 2),
        ([{"CPU": 2.0}, {"CPU": 2.0}], (1, 0), 4),
        ([{"CPU": 1.0}, {"CPU": 1.0}], (2, 0), 0),  # no trial runs on two nodes
        ([{"CPU": 1.0, "GPU": 1.0}, {"CPU": 9.0}], (1, 1), 1),
    ],
)
def test_as_many_trials_as_fit_node_by_node(
    nodes: list[dict[str, float]], need: tuple[float, float], fits: int
) -> None:
    found = Need(cpus=need[0], gpus=need[1])
    assert found.fits_now(Cluster(head={}, workers=nodes)) == fits


@pytest.mark.parametrize("present", range(5))
def test_an_autoscaler_is_asked_for_all_that_its_config_allows(present: int) -> None:
    """Also with no worker, or with one of four: these were taken for the whole cluster."""
    found = cluster(present, kinds=FOUR, most=4)
    assert ONE.fits_at_most(found) == 4
    assert Room(lambda: found, ONE, None, seen=found).at_once(0) == 4
    assert ONE.fits_at_most(cluster(present)) == present  # control: no autoscaler


def test_the_limit_of_the_whole_cluster_counts_nodes_of_all_kinds() -> None:
    kinds = [NodeKind(resources={"CPU": n}, most=3) for n in (1.0, 4.0, 2.0)]
    for most, fits in ((0, 0), (1, 4), (3, 12), (4, 14), (9, 21), (99, 21)):
        assert ONE.fits_at_most(Cluster(head=HEAD, workers=[], kinds=kinds, most=most)) == fits


def test_room_follows_nodes_that_join_and_leave() -> None:
    now = cluster(1)
    room = Room(lambda: now, ONE, None, seen=now)
    seen = []
    for count in (1, 3, 5, 2, 0):
        now = cluster(count)
        seen.append(room.at_once(0))
    assert seen == [1, 3, 5, 2, 1]  # one is handed out to wait for a node


def test_room_never_exceeds_what_a_person_allows_or_the_config() -> None:
    rng = random.Random(0)
    for _ in range(300):
        most, present = rng.randrange(9), rng.randrange(9)
        limit = rng.choice([None, 1, 3])
        kinds = [NodeKind(resources={"CPU": 1.0}, most=most)]
        found = cluster(present, kinds=kinds, most=most)
        room = Room(partial(cluster, present, kinds=kinds, most=most), ONE, limit, seen=found)
        assert room.at_once(0) == max(1, min(max(most, present), limit or 99))


def test_where_the_autoscaler_hides_its_maximum_its_refusals_are_the_limit() -> None:
    """A simulated autoscaler that refuses what is beyond four nodes."""
    nodes, handed_out = 0, 0
    now = cluster(0, open_end=True)
    room = Room(lambda: now, ONE, None, seen=now)
    counts = []
    for _ in range(40):
        waits = max(0, handed_out - nodes)
        nodes = min(4, nodes + waits)
        now = cluster(nodes, open_end=True, refused=max(0, handed_out - 4))
        handed_out = max(handed_out, room.at_once(handed_out))
        handed_out -= min(nodes, 1)  # one ends
        counts.append(handed_out)
    assert max(counts) <= AHEAD
    assert set(counts[25:]) <= {3, 4, 5}


@pytest.mark.parametrize(("cpus", "gpus"), [(4, 0), (1, 1)])
def test_a_trial_that_never_fits_is_refused(cpus: float, gpus: float) -> None:
    found = Cluster(head=HEAD, workers=[{"CPU": 2.0}], kinds=FOUR, most=4)
    with pytest.raises(ClusterTooSmallError, match="lower --cpus-per-trial or --gpus-per-trial"):
        once_it_fits(lambda: found, cpus, gpus, 0, StopFlag())


@pytest.mark.parametrize(
    "found",
    [
        Cluster(head=HEAD, workers=[], kinds=FOUR, most=4),
        Cluster(head=HEAD, workers=[], kinds=[NodeKind(resources={}, most=2)], most=2),
        Cluster(head=HEAD, workers=[], open_end=True),
    ],
    ids=["that the config names", "of unknown size", "of an autoscaler elsewhere"],
)
def test_a_head_without_workers_yet_is_not_refused(found: Cluster) -> None:
    assert once_it_fits(lambda: found, 1, None, 0, StopFlag()) == (found, ONE)


def test_a_first_node_that_joins_late_is_waited_for() -> None:
    looks = [cluster(0), cluster(1)]
    found, need = once_it_fits(lambda: looks.pop(0), 1, None, 5, StopFlag())
    assert (len(found.workers), need.gpus) == (1, 0)


def test_a_stop_ends_the_wait_for_a_node() -> None:
    stopping = StopFlag()
    stopping.give_up("enough")
    once_it_fits(lambda: cluster(0), 1, None, 1e9, stopping)


def test_gpus_are_used_where_any_node_has_or_will_have_them() -> None:
    kinds = [NodeKind(resources={"CPU": 4.0, "GPU": 1.0}, most=1)]
    _, need = once_it_fits(lambda: cluster(1, kinds=kinds, most=1), 1, None, 0, StopFlag())
    assert need.gpus == 1


def test_what_an_autoscaler_may_add_is_what_its_config_says() -> None:
    kinds, most = growth(
        {
            "max_workers": 5,
            "available_node_types": {
                "head": {"resources": {"CPU": 0}, "max_workers": 0},
                "small": {"resources": {"CPU": 2}, "max_workers": 3},
                "any": {"resources": {"CPU": 4, "GPU": 1}},
            },
        }
    )
    assert most == 5
    assert kinds == [
        NodeKind(resources={"CPU": 2.0}, most=3),
        NodeKind(resources={"CPU": 4.0, "GPU": 1.0}, most=5),
    ]
    assert growth(configuration(["python", "monitor.py"])) == ([], 0)  # it only reports


def test_hosts_of_ones_own_are_of_unknown_size_until_they_are_there(tmp_path: Path) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text((ROOT / "cluster" / "on_premises.yaml").read_text())
    kinds, most = growth(configuration(["python", "monitor.py", f"--autoscaling-config={path}"]))
    assert (kinds, most) == ([NodeKind(resources={}, most=2)], 2)
