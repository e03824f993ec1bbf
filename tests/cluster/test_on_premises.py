"""cluster/on_premises.yaml for real: three hosts over ssh that share nothing, and a laptop.

The tests share one cluster, because ``ray up`` takes a minute. Each has sweeps of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.cluster.conftest import need
from tests.cluster.on_premises import OnPremises, on_premises, wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
TRIALS = 6
RUNNING = "SELECT 1 FROM trials t JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}' AND t.step"
ENDS = (
    "SELECT l.exit_code, l.reason FROM launches l JOIN sweeps s ON s.id = l.sweep_id "
    "WHERE s.name = '{}' ORDER BY l.id"
)
STATES = "SELECT t.state FROM trials t JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}'"
HOSTS = (
    "SELECT DISTINCT a.host FROM attempts a JOIN trials t ON t.id = a.trial_row "
    "JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}' ORDER BY a.host"
)
SECONDS = (
    "SELECT min(t.seconds) FROM trials t JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}'"
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnPremises]:
    need("sshd", "ssh", "rsync", package="openssh-server openssh-client rsync")
    need("ip", "unshare", "nsenter", "setpriv", package="iproute2 util-linux")
    with on_premises(tmp_path_factory.mktemp("lab")) as found:
        yield found
        found.at_laptop("ray down -y ~/cluster.yaml")
        alive = [host for host in found.lab.hosts if host.is_on]
        wait_for(lambda: not any(map(found.ray_processes, alive)), 90, "end of ray down")


def started(cluster: OnPremises, query: str) -> bool:
    """Whether the head's ledger has a row for ``query``; it has no tables at first."""
    return cluster.ledger_is_there() and bool(cluster.rows(cluster.runs_on_head, query))


def test_a_host_that_dies_and_one_that_is_cut_off_cost_no_trial(cluster: OnPremises) -> None:
    """No checkpoint is shared: what a lost host had trained is trained anew, and never taken over
    from another place.
    """
    words = cluster.launcher("storm", TRIALS, 3000, "--max-concurrent", "3")
    with cluster.exec(words, "storm") as launcher:
        wait_for(lambda: started(cluster, HOSTS.format("storm")), 120, "first attempt")
        dies, cut_off = cluster.workers
        wait_for(
            lambda: len(cluster.rows(cluster.runs_on_head, HOSTS.format("storm"))) == 3,
            60,
            "attempt on each host",
        )
        cluster.lab.unplug(cut_off)
        time.sleep(5)
        dies.power_cut()
        time.sleep(25)
        cluster.lab.plug_in(cut_off)
        assert launcher.wait(300) == 0, cluster.said("storm")
    copy = cluster.down_to_laptop()
    assert cluster.rows(copy, STATES.format("storm")) == [["complete"]] * TRIALS
    assert cluster.rows(copy, ENDS.format("storm")) == [[0, "done"]]
    lost = cluster.rows(copy, "SELECT sum(retries) FROM trials")[0][0]
    assert lost >= 1
    fastest = cluster.rows(copy, SECONDS.format("storm"))[0][0]
    assert fastest > 1, "a trial was not trained"
    cluster.lab.start_host(dies)


def test_after_an_edit_of_the_model_nothing_of_the_old_code_is_used(cluster: OnPremises) -> None:
    words = cluster.launcher("edited", 3, 600)
    with cluster.exec(words, "before") as launcher:
        assert launcher.wait(300) == 0, cluster.said("before")
    loop = cluster.project / "focus_core" / "training" / "loop.py"
    loop.write_text(loop.read_text() + "\n\nEDITED = True\n")
    cluster.at_laptop("ray up -y ~/cluster.yaml")
    with cluster.exec(f"{words} --rerun", "after") as launcher:
        assert launcher.wait(300) == 0, cluster.said("after")
    copy = cluster.down_to_laptop()
    assert cluster.rows(copy, STATES.format("edited")) == [["complete"]] * 3
    assert cluster.rows(copy, SECONDS.format("edited"))[0][0] > 0.2
    codes = cluster.rows(
        copy,
        "SELECT DISTINCT l.code FROM launches l JOIN sweeps s ON s.id = l.sweep_id "
        "WHERE s.name = 'edited'",
    )
    assert len(codes) == 2


def test_a_job_survives_a_closed_laptop(cluster: OnPremises) -> None:
    line = cluster.launcher("job", 2, 1000)
    job = f'bash -lc "cd ~/focus-sweeps && {line}"'
    submit = f"ray job submit --no-wait --submission-id sweep -- {job}"
    cluster.at_laptop(f"ray exec ~/cluster.yaml '{submit}'")
    cluster.lab.close_laptop()
    wait_for(
        lambda: "succeeded" in cluster.lab.ssh(cluster.head, "ray job status sweep").stdout,
        240,
        "end of the job",
    )
    assert cluster.rows(cluster.runs_on_head, ENDS.format("job")) == [[0, "done"]]
    assert cluster.rows(cluster.runs_on_head, STATES.format("job")) == [["complete"]] * 2


@pytest.mark.parametrize("when", ["at its start", "while it trains"])
def test_ray_exec_ends_with_the_laptop_and_the_record_says_why(
    cluster: OnPremises, when: str
) -> None:
    """Negative control of the job; and the same command goes on."""
    name = when.replace(" ", "-")
    words = cluster.launcher(name, 2, 1500 if when == "at its start" else 1600)
    with cluster.exec(words, name) as launcher:
        if when == "at its start":
            wait_for(lambda: started(cluster, ENDS.format(name)), 90, "start")
        else:
            wait_for(lambda: started(cluster, RUNNING.format(name) + " > 20"), 120, "training")
        cluster.lab.close_laptop()
        launcher.wait()
    ended = ENDS.format(name).replace("WHERE", "WHERE l.ended IS NOT NULL AND")
    wait_for(lambda: started(cluster, ended), 60, "end")
    assert cluster.rows(cluster.runs_on_head, ENDS.format(name)) == [[129, "stopped by SIGHUP"]]
    with cluster.exec(words, name) as launcher:
        assert launcher.wait(300) == 0, cluster.said(name)
    assert cluster.rows(cluster.runs_on_head, STATES.format(name)) == [["complete"]] * 2


def test_a_driver_outside_the_cluster_is_told_where_to_run(cluster: OnPremises) -> None:
    address = f"{cluster.head.address}:6379"
    line = cluster.launcher("outside", 1, 10).replace("--address auto", f"--address {address}")
    done = cluster.lab.run("bash", "-c", f"cd ~/project && {line} --home ~/outside")
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert "but none on this machine: launch there: ray exec" in said
