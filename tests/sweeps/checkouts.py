"""Small checkouts of git's, edited and set up in every odd way."""

from __future__ import annotations

import os
import random
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

LATIN = b"# caf\xe9\n"
NAMES = (
    *("notes.txt", "focus_core/new.py", "search_spaces/my.py", "deep/er/file", "with space"),
    *(
        "caf\u00e9.txt",
        'quo"te',
        "tab\there",
        "back\\slash",
        "two\nlines",
        "-dash",
        "a b/c d",
        os.fsdecode(b"latin\xe9.py"),
    ),
)
CONTENTS = (
    *(
        b"",
        b"plain\n",
        b"no end",
        LATIN,
        b"\x00\x01\xff binary",
        b"cr\r\nlf\n",
        b"\xef\xbb\xbfbom\n",
    ),
    *(
        "caf\u00e9 \u2028 \u20ac\n".encode(),
        b"diff --git a/x b/x\n@@ -1 +1 @@\n",
        b"# note\n",
        b"  \t \n\n",
    ),
    bytes(range(256)) * 40,
)
SETTINGS = (
    *("color.ui=always", "color.diff=always", "diff.external=false", "diff.noprefix=true"),
    *(
        "diff.mnemonicPrefix=true",
        "diff.renames=copies",
        "core.quotepath=false",
        "core.autocrlf=input",
    ),
    *("core.autocrlf=true", "core.safecrlf=true", "core.fileMode=false", "diff.submodule=log"),
    *("diff.context=0", "diff.interHunkContext=9", "diff.algorithm=histogram", "core.pager=false"),
    *("diff.wsErrorHighlight=all", "diff.ignoreSubmodules=all", "diff.orderFile=/nowhere"),
    *("diff.x.textconv=rev", "diff.x.command=false", "diff.x.binary=true", "filter.x.clean=rev"),
    *(
        "core.fsmonitor=false",
        "alias.diff=status",
        "core.whitespace=cr-at-eol",
        "diff.suppressBlankEmpty=true",
    ),
    *("diff.srcPrefix=x/", "diff.dstPrefix=y/", "diff.wordRegex=.", "status.showUntrackedFiles=no"),
)
ATTRIBUTES = (
    "* text=auto",
    "*.py diff=x",
    "*.txt text eol=crlf",
    "* filter=x",
    "*.py -diff",
    "* diff",
)
VARIABLES = {
    "GIT_EXTERNAL_DIFF": "false",
    "GIT_DIFF_OPTS": "-u0",
    "GIT_CONFIG_PARAMETERS": "'color.ui=always' 'diff.noprefix=true'",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "false",
    "GIT_TRACE": "1",
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/",
    "GIT_INDEX_FILE": "/nowhere/index",
    "GIT_OBJECT_DIRECTORY": "/nowhere/objects",
    "GIT_PREFIX": "deep/",
    "GIT_CEILING_DIRECTORIES": "/",
}


def git(where: Path, *words: str, given: bytes = b"") -> bytes:
    """As nobody's settings would have it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    who = ("-c", "user.name=n", "-c", "user.email=n@localhost", "-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", "-C", str(where), *who, *words],
        input=given,
        env=clean | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        check=True,
    ).stdout


def make_checkout(folder: Path) -> Path:
    """A repository that has what this program's has, and some odd files."""
    files = {"sweeps/launch.py": b"1\n", "focus_core/__init__.py": b"2\n2\n2\n", "README.md": LATIN}
    files |= {"big.txt": b"line\n" * 500, "data.bin": bytes(range(256)), "deep/one.py": b"x = 1\n"}
    files |= {
        "crlf.txt": b"a\r\nb\r\n",
        ".gitignore": b"ignored*\nruns/\n",
        "to be\nmoved": b"m\n" * 9,
    }
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    for name, content in files.items():
        write(folder / name, content)
    (folder / "link").symlink_to("README.md")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "the first")
    return folder


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def tracked(root: Path) -> list[Path]:
    """The files to be edited; what makes the checkout this program's stays."""
    names = git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD").split(b"\0")
    return [root / os.fsdecode(name) for name in names if name]


def edit_at_random(rng: random.Random, root: Path) -> None:
    """Some files new, some changed, some gone, moved, or of another kind."""
    for _ in range(rng.randint(1, 6)):
        # an edit before may have taken the file away
        with suppress(OSError, subprocess.CalledProcessError):
            edit_one(rng, root, rng.choice(tracked(root)), root / rng.choice(NAMES))


def edit_one(rng: random.Random, root: Path, old: Path, new: Path) -> None:
    content = rng.choice(CONTENTS)
    match rng.randrange(10):
        case 0 | 1:
            write(new, content)
        case 2:
            write(old, old.read_bytes() + content)
        case 3:
            write(old, content)
        case 4:
            old.unlink()
        case 5:
            old.chmod(old.stat().st_mode ^ stat.S_IXUSR)
        case 6:
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)
        case 7:
            old.unlink()
            old.symlink_to("focus_core")
        case 8:
            old.unlink()
            write(old / "below", content)
        case _:
            git(root, "add", "-A")
            git(root, "update-index", "--assume-unchanged", "README.md")


def set_up_at_random(rng: random.Random, root: Path) -> dict[str, str]:
    """Odd settings and attributes; returns odd variables of the environment."""
    for setting in rng.sample(SETTINGS, rng.randint(0, 6)):
        git(root, "config", *setting.split("=", 1))
    if rng.random() < 0.5:
        lines = "\n".join(rng.sample(ATTRIBUTES, 2)) + "\n"
        write(root / ".git" / "info" / "attributes", lines.encode())
    return {name: VARIABLES[name] for name in rng.sample(list(VARIABLES), rng.randint(0, 4))}


def tree(root: Path) -> dict[str, tuple[str, bytes]]:
    """Every file below ``root`` with its kind and content, but git's own and what is ignored."""
    found = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = ("link", os.fsencode(path.readlink()))
        elif path.is_file():
            kind = "program" if path.stat().st_mode & stat.S_IXUSR else "file"
            found[name] = (kind, path.read_bytes())
    return {k: v for k, v in found.items() if not f"{k}/".startswith((".git/", "ignored", "runs/"))}


def applied(root: Path, commit: str, diff: str, folder: Path) -> dict[str, tuple[str, bytes]]:
    """The tree of a clean checkout of ``commit`` with ``diff`` applied to it."""
    git(root, "clone", "-q", "--no-checkout", str(root), str(folder))
    git(folder, "checkout", "-q", commit)
    if diff:
        git(folder, "apply", "--whitespace=nowarn", given=diff.encode())
    return tree(folder)
