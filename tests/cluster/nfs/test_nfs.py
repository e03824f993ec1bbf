"""A home on a real NFS: two hosts use a ledger at once, and a sweep on Ray survives ``kill -9``.

The NFS is the one of a user-mode Linux (UML): this machine's own kernel may have none.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import need
from tests.cluster.nfs.use import ROWS, WRITERS
from tests.sweeps.local_launches import ROOT, SMALL

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BOOT = Path(__file__).with_name("boot.sh")
LEDGER = "/run/home/ledger.db"
WORK = """
exec >>{out} 2>&1
cd {root}
export PYTHONPATH={root} {more}
use="env -C {root} {python} -m tests.cluster.nfs.use"
grep " /run/home " /proc/self/mountinfo
$use write {ledger} & writer=$!
on_b $use write {ledger} & other=$!
on_b $use read {ledger} & reader=$!
wait $writer $other $reader
$use whole {ledger}
"""

SWEEP = """
exec >>{out} 2>&1
cd {root}
export PYTHONPATH={root} HOME=/run RAY_worker_niceness=0 OMP_NUM_THREADS=1
grep " /run/home " /proc/self/mountinfo
sweep() {{
    {python} sweeps/launch.py --space nfft_bins --trials {trials} --seeds 1 --home /run/home \\
        --set {small} train.steps=40 train.eval_every=10
    echo "exit code $?"
}}
sweep & first=$!
{python} -m tests.cluster.nfs.use ended {ledger}
pkill -KILL -P $first
wait $first
sweep
on_b env -C {root} PYTHONPATH={root} HOME=/run {python} -m sweeps.audit --home /run/home
"""
TRIALS = 4
MAPPINGS = Path("/proc/sys/vm/max_map_count")
ENOUGH = 1_000_000
"""UML keeps each page of a process as a mapping of its own, and Ray has more than Linux allows."""


@pytest.fixture
def many_mappings() -> Iterator[None]:
    """Allow as many mappings as UML needs for Ray; the machine's own number comes back."""
    need("linux.uml", package="user-mode-linux")
    before = MAPPINGS.read_text()
    MAPPINGS.write_text(str(max(ENOUGH, int(before))))
    yield
    MAPPINGS.write_text(before)


@pytest.fixture
def out() -> Iterator[Path]:
    """A file that is not in /tmp, which is another one within UML."""
    folder = Path(tempfile.mkdtemp(prefix="nfs-", dir="/var/tmp"))
    yield folder / "out"
    shutil.rmtree(folder)


def two_hosts(out: Path, **variables: str) -> str:
    """What the hosts say that use one ledger at once."""
    more = " ".join(f"{name}={value}" for name, value in variables.items())
    return boot(out, WORK, more=more)


def boot(out: Path, work: str, *, memory: str = "1G", **given: object) -> str:
    """What the script ``work`` says on hosts that share a home."""
    need("linux.uml", package="user-mode-linux")
    need("rpc.nfsd", "exportfs", package="nfs-kernel-server")
    need("modprobe", package="kmod")
    assert Path("/tmp") not in ROOT.parents, "UML has a /tmp of its own: run from elsewhere"
    job = out.with_name("job.sh")
    job.write_text(work.format(python=sys.executable, root=ROOT, out=out, ledger=LEDGER, **given))
    root = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw", "quiet"]
    console = out.with_name("console")
    with console.open("wb") as shown:
        subprocess.run(
            ["linux.uml", f"mem={memory}", *root, f"init={BOOT}", "con=null", "con0=null,fd:1"]
            + [f"JOB={job}"],
            env={**os.environ, "TMPDIR": "/dev/shm", **_wide(out)},  # its memory is a file
            stdin=subprocess.DEVNULL,
            stdout=shown,
            stderr=subprocess.STDOUT,
            timeout=500,
            check=False,
        )
    assert out.exists(), console.read_text(errors="replace")
    said = out.read_text()
    assert re.search(r" /run/home .* - nfs4 ", said), said
    return said


def _wide(out: Path) -> dict[str, str]:
    """Variables that make UML run on a processor with registers that it does not know."""
    if "amx_tile" not in Path("/proc/cpuinfo").read_text():
        return {}
    need("gcc", package="gcc")
    library = str(out.with_name("wide_registers.so"))
    source = str(Path(__file__).with_name("wide_registers.c"))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": library}


def test_two_hosts_write_and_read_one_ledger(out: Path) -> None:
    said = two_hosts(out)
    for host in ("a", "b"):
        assert f"{host} write: wrote {ROWS} by delete" in said
    found = re.search(r"b read: saw (\d+) at last, (\d+) different", said)
    assert found is not None, said
    assert int(found[1]) == ROWS * WRITERS
    assert int(found[2]) > 5, "it has seen the ledger grow"
    assert f"a whole: {ROWS * WRITERS} rows, ok" in said


def test_with_wal_they_do_not_see_each_other(out: Path) -> None:
    """Negative control: the same hosts, told that the home is on a disk."""
    said = two_hosts(out, WAL="1")
    both = all(f"{host} write: wrote {ROWS} by wal" in said for host in ("a", "b"))
    assert not both or f"a whole: {ROWS * WRITERS} rows, ok" not in said, said


def test_a_sweep_on_ray_survives_a_kill_of_its_launcher(out: Path, many_mappings: None) -> None:
    """The home is on NFS; another host reads it in the end."""
    del many_mappings
    said = boot(out, SWEEP, memory="4G", trials=TRIALS, small=" ".join(SMALL))
    assert re.findall(r"exit code (\d+)", said) == ["137", "0"], said
    assert f"nothing disagrees: {TRIALS} trials ({TRIALS} complete)" in said, said
