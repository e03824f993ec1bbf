"""The ledger on a real NFS, used by two hosts at once: a rollback journal holds, WAL does not.

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
from tests.sweeps.local_launches import ROOT

pytestmark = pytest.mark.cluster

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


@pytest.fixture
def out() -> Iterator[Path]:
    """A file that is not in /tmp, which is another one within UML."""
    folder = Path(tempfile.mkdtemp(prefix="nfs-", dir="/var/tmp"))
    yield folder / "out"
    shutil.rmtree(folder)


def two_hosts(out: Path, **variables: str) -> str:
    """What the hosts say that use one ledger at once."""
    need("linux.uml", package="user-mode-linux")
    need("rpc.nfsd", "exportfs", package="nfs-kernel-server")
    need("modprobe", package="kmod")
    more = " ".join(f"{name}={value}" for name, value in variables.items())
    job = out.with_name("job.sh")
    given = {"python": sys.executable, "root": ROOT, "out": out, "more": more, "ledger": LEDGER}
    job.write_text(WORK.format(**given))
    root = ["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw", "quiet"]
    console = out.with_name("console")
    with console.open("wb") as shown:
        subprocess.run(
            ["linux.uml", "mem=1G", *root, f"init={BOOT}", "con=null", "con0=null,fd:1"]
            + [f"JOB={job}"],
            env={**os.environ, "TMPDIR": "/dev/shm"},  # its memory is a file
            stdin=subprocess.DEVNULL,
            stdout=shown,
            stderr=subprocess.STDOUT,
            timeout=200,
            check=False,
        )
    assert out.exists(), console.read_text(errors="replace")
    said = out.read_text()
    assert re.search(r" /run/home .* - nfs4 ", said), said
    return said


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
