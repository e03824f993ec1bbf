"""Make a patch from a commit to other files, as text that every database accepts.

The patch is made in a temporary repository, which borrows the objects of the checkout's repository.
Nothing is written to the checkout's repository, and its settings and attributes do not apply.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sweeps.provenance.sources.repository import Git, Head
from sweeps.provenance.sources.worktree import Content

START = re.compile(rb"^(?=diff --git )", re.MULTILINE)
"""The start of one file's piece. No line of a file's content matches: such a line begins with
a sign or, in base85, holds no space."""


def pieces(head: Head, changed: Mapping[bytes, Content | None], until: float) -> dict[bytes, str]:
    """The piece of the patch for each file, by name; a file that became a link has two, joined.

    A piece that is not plain UTF-8 text is in git's binary form, which is ASCII.

    Raises:
        UnknownError: git refuses.
        TimeoutError: git takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="focus-sources-") as folder:
        git, own = Git(Path(folder), own=True, until=until), Path(folder)
        kind = ["--object-format=sha256"] if len(head.commit) == 64 else []
        git("init", "--quiet", "--bare", "--template=", *kind)
        (own / "objects" / "info").mkdir(exist_ok=True)
        (own / "objects" / "info" / "alternates").write_bytes(head.objects + b"\n")
        git("fast-import", "--quiet", given=_commands(head, changed))
        as_text, as_binary = (_diff(git, own, head, how) for how in ("diff", "-diff"))
    chosen = [
        text if _is_plain(text) else other for text, other in zip(as_text, as_binary, strict=True)
    ]
    found: dict[bytes, str] = {}
    for piece in chosen:
        name = _name(piece)
        found[name] = found.get(name, "") + piece.decode()
    return found


def _commands(head: Head, changed: Mapping[bytes, Content | None]) -> bytes:
    """The input of ``git fast-import`` for a commit with the present files."""
    lines = [b"commit refs/heads/ran", b"committer nobody <nobody@localhost> 0 +0000", b"data 0"]
    lines.append(b"from " + head.commit.encode())
    lines += [b"D " + _quoted(path) for path, content in changed.items() if content is None]
    for path, content in changed.items():
        if content is not None:
            lines.append(b"M %s inline %s" % (content.mode, _quoted(path)))
            lines += [b"data %d" % len(content.raw), content.raw]
    return b"\n".join(lines) + b"\n"


def _quoted(path: bytes) -> bytes:
    for sign, escaped in ((b"\\", b"\\\\"), (b'"', b'\\"'), (b"\n", b"\\n")):
        path = path.replace(sign, escaped)
    return b'"' + path + b'"'


def _diff(git: Git, own: Path, head: Head, how: str) -> list[bytes]:
    """Every file's piece, all as text or all in the binary form."""
    (own / "info").mkdir(exist_ok=True)
    (own / "info" / "attributes").write_text(f"* {how}\n")
    words = ("--binary", "--full-index", "--no-renames", "--no-color", "--no-ext-diff")
    said = git("diff-tree", "-p", *words, "--no-textconv", head.commit, "refs/heads/ran")
    return [piece for piece in START.split(said) if piece]


def _is_plain(piece: bytes) -> bool:
    """Whether a text column and ``git apply`` keep the piece unchanged.

    Text columns do not accept NUL. Some settings of git strip or add a carriage return.
    """
    if b"\0" in piece or b"\r" in piece:
        return False
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _name(piece: bytes) -> bytes:
    """The file's name as git quotes it, from ``diff --git a/NAME b/NAME``."""
    names = piece.partition(b"\n")[0].removeprefix(b"diff --git ")
    return names[: len(names) // 2].strip(b'"').removeprefix(b"a/")
