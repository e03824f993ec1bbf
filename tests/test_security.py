"""What must not be possible: code from data, open ports, secrets in what is shown."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("focus_core", "search_spaces", "sweeps", "analysis")
RUN_WHAT_THEY_READ = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "jsonpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "os.system", "os.popen", "yaml.load"} | {
    "pandas.read_pickle",
    "pd.read_pickle",
    "yaml.unsafe_load",
    "yaml.full_load",
    "tempfile.mktemp",
}
NEEDED = {"torch.load": ("weights_only", True)}
NEVER = {"allow_pickle": True, "shell": True}


def dangers(code: str) -> list[str]:
    """What in a source would run what it reads, or hand it to a shell."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.partition(".")[0] in RUN_WHAT_THEY_READ]
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            names = {f"{module}.{alias.name}" for alias in node.names}
            forbidden = FORBIDDEN_CALLS | set(NEEDED)
            found += [module] if module.partition(".")[0] in RUN_WHAT_THEY_READ else []
            found += sorted(names & forbidden)
        elif isinstance(node, ast.Call):
            found += _dangers_of_call(node)
    return found


def _dangers_of_call(node: ast.Call) -> list[str]:
    name = ast.unparse(node.func)
    given = {
        k.arg: k.value.value for k in node.keywords if k.arg and isinstance(k.value, ast.Constant)
    }
    found = [name] if name in FORBIDDEN_CALLS else []
    found += [f"{k}={v}" for k, v in NEVER.items() if given.get(k) == v]
    if name in NEEDED and given.get(NEEDED[name][0]) is not NEEDED[name][1]:
        found.append(name)
    return found


PLUGINS = "focus_core/outside/loading.py"
"""Runs the file that a user gives with ``--plugin``: tests/sweeps/test_consent.py has the law."""


def test_nothing_we_read_is_run() -> None:
    files = [p for name in OURS for p in sorted((ROOT / name).rglob("*.py"))]
    assert len(files) > 50
    found = {str(p.relative_to(ROOT)): d for p in files if (d := dangers(p.read_text()))}
    assert found.pop(PLUGINS) == ["compile", "exec"]
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "def late():\n    from cloudpickle import loads",
        "import torch\ntorch.load(f)",
        "torch.load(f, weights_only=False)",
        "torch.load(f, weights_only=maybe)",
        "from torch import load",
        "yaml.load(text, Loader=yaml.Loader)",
        "np.load(f, allow_pickle=True)",
        "x = eval('1')",
        "exec(code, {})",
        "subprocess.run(words, shell=True)",
        "os.system(words)",
    ],
)
def test_what_would_run_it_is_seen(code: str) -> None:
    """Negative control."""
    assert dangers(code)


def test_what_is_harmless_passes() -> None:
    """Negative control of the control."""
    assert not dangers("torch.load(f, weights_only=True)\nyaml.safe_load(t)\nmodel.eval()")


LOCAL_RAY = """
import logging, os, re, subprocess, sys
from sweeps.workers.on_ray.privacy import keep_private

keep_private()
import ray

ray.init(address="local", include_dashboard=False, num_cpus=1, log_to_driver=False,
         logging_level=logging.CRITICAL)
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.readline()
ray.shutdown()
"""
JOIN = """
import sys
from ray._raylet import GcsClient

GcsClient(address=sys.argv[1]).internal_kv_put(b"whoever", b"was here", True, None, timeout=5)
print("joined", flush=True)
"""


def own_environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    return kept | {"HOME": str(home), "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def local_ray(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Ray as the launcher starts it on this machine, and the address of its head."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCAL_RAY],
        env=own_environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    with process:
        address = process.stdout.readline().strip()
        yield process, address
        process.communicate("\n", timeout=60)


def parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        found[int(stat.parent.name)] = int(fields[1])
    return found


def descendants(ancestor: int) -> set[int]:
    parent = parents()
    found = {ancestor}
    while more := {pid for pid, above in parent.items() if above in found} - found:
        found |= more
    return found


def listening(pids: set[int]) -> set[str]:
    """The addresses, in the kernel's hexadecimal, on which one of these processes listens."""
    sockets = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                sockets |= set(re.findall(r"socket:\[(\d+)\]", str(handle.readlink())))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = words = line.split()
            if state == "0A" and words[9] in sockets:
                found.add(local.partition(":")[0])
    return found


LOOPBACK = {
    "0100007F",
    "0000000000000000FFFF00000100007F",
    "00000000000000000000000001000000",
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_ray_of_this_machine_is_reached_from_here_and_with_its_token_only(
    local_ray: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    process, address = local_ray
    addresses = listening(descendants(process.pid))
    assert addresses
    assert addresses <= LOOPBACK
    assert address.startswith("127.0.0.1:")
    assert not (tmp_path / ".ray" / "auth_token").exists()

    own = dict(
        line.split("=", 1)
        for line in Path(f"/proc/{process.pid}/environ").read_text().split("\0")
        if "=" in line
    )
    assert "RAY_AUTH_TOKEN" not in own  # it was made by the launcher, not handed to it
    some = next(p for p in descendants(process.pid) if "raylet" in _command(p))
    handed = Path(f"/proc/{some}/environ")
    token = re.search(r"RAY_AUTH_TOKEN=([0-9a-f]{64})", handed.read_text())
    assert token is not None
    assert handed.stat().st_mode & 0o077 == 0
    assert not any(token[1] in _command(pid) for pid in parents())

    tokens = {"its own": token[1], "another": "0" * 64}
    joined = {name: _join(address, tmp_path, token) for name, token in tokens.items()}
    assert joined == {"its own": True, "another": False}


def _join(address: str, home: Path, token: str) -> bool:
    try:
        done = subprocess.run(
            [sys.executable, "-c", JOIN, address],
            env=own_environment(home) | {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return "joined" in done.stdout


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
