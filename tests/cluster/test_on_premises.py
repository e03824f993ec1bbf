"""cluster/on_premises.yaml for real: three hosts over ssh that share nothing, and a laptop.

The tests share one cluster, because ``ray up`` takes a minute. Each has sweeps of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.cluster.conftest import need
from tests.cluster.on_premises import SMALL, OnPremises, on_premises, wait_for
from tests.plugin_files import MIXER

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
STEPS_ON = (
    "SELECT 1 FROM attempts a JOIN trials t ON t.id = a.trial_row "
    "JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}' AND a.host = '{}' "
    "AND t.state = 'running'"
)
AGAIN = (
    "SELECT a.step FROM attempts a JOIN trials t ON t.id = a.trial_row "
    "JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}' "
    "AND a.id > (SELECT min(b.id) FROM attempts b WHERE b.trial_row = t.id)"
)
SECONDS = (
    "SELECT min(t.seconds) FROM trials t JOIN sweeps s ON s.id = t.sweep_id WHERE s.name = '{}'"
)

MIXERS = "SELECT DISTINCT json_extract(t.config, '$.\"model.mixer\"') FROM attempts a " + (
    "JOIN trials t ON t.id = a.trial_row JOIN sweeps s ON s.id = t.sweep_id "
    "WHERE s.name = '{}' AND a.host <> '{}'"
)
CORPUS = b"A filter reads a sequence from its first token to its last one.\n" * 400


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


@pytest.mark.parametrize("shared", [False, True], ids=["no store", "a store"])
def test_a_host_that_dies_and_one_that_is_cut_off_cost_no_trial(
    cluster: OnPremises, shared: bool
) -> None:
    """With a store that all reach, the dead host's trial goes on elsewhere from its checkpoint.

    Without one it is trained anew, or goes on where its own host still has its checkpoint; it is
    never taken over from another place.
    """
    name, steps = ("stored", 3100) if shared else ("storm", 3000)  # no trial is the other's
    with ExitStack() as stack:
        variables = stack.enter_context(cluster.store()) if shared else {}
        words = cluster.launcher(name, TRIALS, steps, "--max-concurrent", "3")
        launcher = stack.enter_context(cluster.exec(words, name, **variables))
        dies, cut_off = cluster.workers
        on_dying = STEPS_ON.format(name, dies.name)
        wait_for(lambda: started(cluster, HOSTS.format(name)), 120, "first attempt")
        wait_for(
            lambda: (
                len(cluster.rows(cluster.runs_on_head, HOSTS.format(name))) == 3
                and started(cluster, f"{on_dying} AND t.step > 100")
            ),
            120,
            "training on each host",
        )
        cluster.lab.unplug(cut_off)
        time.sleep(5)
        dies.power_cut()
        time.sleep(25)
        cluster.lab.plug_in(cut_off)
        assert launcher.wait(300) == 0, cluster.said(name)
        copy = cluster.down_to_laptop(**variables)
    cluster.lab.start_host(dies)
    cluster.up()
    assert cluster.rows(copy, STATES.format(name)) == [["complete"]] * TRIALS
    assert cluster.rows(copy, ENDS.format(name)) == [[0, "done"]]
    fastest = cluster.rows(copy, SECONDS.format(name))[0][0]
    assert fastest > 1, "a trial was not trained"
    again = [step for (step,) in cluster.rows(copy, AGAIN.format(name))]
    assert again, "no trial was begun twice"
    if shared:
        assert max(again) > 0, again


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


def test_a_layer_and_a_corpus_that_only_the_head_has_reach_every_host(cluster: OnPremises) -> None:
    cluster.bring({"my_mixer.py": MIXER.encode(), "corpus.txt": CORPUS})
    words = [
        *("python sweeps/launch.py --address auto --home ~/own --name own --seeds 1",),
        *("--plugin ~/mine/my_mixer.py --vary model.mixer=focus,decay",),
        *("train.learning_rate=1e-3,2e-3,4e-3 --set train.steps=1200",),
        *("task.name=text_file task.path=$HOME/mine/corpus.txt", *SMALL),
    ]
    with cluster.exec(" ".join(words), "own") as launcher:
        assert launcher.wait(300) == 0, cluster.said("own")
    for host in cluster.workers:
        found = cluster.lab.ssh(host, "find ~ -name my_mixer.py -o -name corpus.txt").stdout
        assert found == "", "a worker may have read these files"
    home = cluster.head.folder / "home" / "own"
    assert cluster.rows(home, STATES.format("own")) == [["complete"]] * 6
    assert ["decay"] in cluster.rows(home, MIXERS.format("own", cluster.head.name))
    audit = "python -m sweeps.audit --home ~/own --plugin ~/mine/my_mixer.py"
    cluster.at_laptop(f"ray rsync-down ~/cluster.yaml '~/own/' ~/own/ && {audit}")


def test_a_driver_outside_the_cluster_is_told_where_to_run(cluster: OnPremises) -> None:
    address = f"{cluster.head.address}:6379"
    line = cluster.launcher("outside", 1, 10).replace("--address auto", f"--address {address}")
    done = cluster.lab.run("bash", "-c", f"cd ~/project && PYTHONPATH=. {line} --home ~/outside")
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert "but none on this machine: launch there: ray exec" in said
