"""Which file systems several hosts share over a network."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from sweeps.machine.foreign_text import read_text

MOUNTS = Path("/proc/self/mountinfo")
NETWORKED = frozenset(
    [
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb3",
        "smbfs",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
        "wekafs",
    ]
)
FUSE = "fuse"
"""The beginning of the types that a program serves: sshfs, Lustre's clients, object stores."""
LOCAL = ("fuseblk", "fuse.fuse-overlayfs")
"""FUSE's own for disks of this machine, and for containers."""
OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path) -> str | None:
    """The type of the network file system that holds ``path``, such as ``nfs4``.

    None: the path is on a disk of this machine, or the system does not say what it is on.
    """
    kind = _file_system(path)
    is_served = kind.startswith(FUSE) and kind not in LOCAL
    return kind if kind in NETWORKED or is_served else None


def _file_system(path: Path) -> str:
    """The type of the file system that is mounted nearest above ``path``; it need not exist."""
    place = path.resolve()
    nearest, kind = -1, ""
    with suppress(OSError):
        for line in read_text(MOUNTS).splitlines():
            mount, _, source = line.partition(" - ")
            folder = Path(OCTAL.sub(lambda found: chr(int(found[1], 8)), mount.split()[4]))
            if place.is_relative_to(folder) and len(folder.parts) >= nearest:
                nearest, kind = len(folder.parts), source.split()[0]  # a later mount hides earlier
    return kind
