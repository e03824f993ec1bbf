"""Bytes from outside that are not UTF-8: process names, ps, /proc, host names, workers' notes."""

from __future__ import annotations

import ast
import json
import os
import platform
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from focus_core.training import memory
from sweeps.machine import foreign_text, process_identity
from sweeps.provenance import launch_origin
from sweeps.record import lease
from sweeps.record.ledger import Ledger
from sweeps.workers import guard
from sweeps.workers.on_ray import processes
from tests.narrowing import known
from tests.sweeps.conftest import HERE, add_sweep, make_driver
from tests.sweeps.odd_names import NAMES, named, program, random_names

ROOT = Path(launch_origin.__file__).parent.parent
OURS = ("focus_core", "search_spaces", "sweeps", "analysis")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="names are set by Linux' prctl")


def no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that has none."""
    real = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: str(path)[:5] != "/proc" and real(path))


@on_linux
@pytest.mark.parametrize("names", [NAMES, *(random_names(seed, 16) for seed in range(4))])
def test_process_names_of_any_bytes_from_outside_are_read(names: list[bytes]) -> None:
    with named(names) as started:
        found = processes.below(os.getpid())
        for pid, name in started.items():
            assert found[pid] == (os.getpid(), name.decode(errors="replace"), False)
            assert process_identity.began(pid) == own_start(pid)
        assert started.keys() <= processes.descendants()
    assert not started.keys() & processes.descendants()
    assert [process_identity.began(pid) for pid in started] == [None] * len(started)


def own_start(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19].decode()


@on_linux
def test_negative_control_such_names_are_no_text() -> None:
    with named(NAMES) as started:
        raised = 0
        for pid in started:
            try:
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
            except UnicodeDecodeError:
                raised += 1
    assert raised > 4


@on_linux
def test_a_process_with_an_odd_name_knows_its_own_memory() -> None:
    code = (
        "import ctypes, torch; from focus_core.training import memory\n"
        "from sweeps.workers import guard\n"
        r"assert ctypes.CDLL(None).prctl(15, b'caf\xc3', 0, 0, 0) == 0"
        "\n"
        "assert memory.peak_bytes(torch.device('cpu')) > 2**20 < guard.resident_bytes()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert memory._STATUS.exists()
    assert guard.resident_bytes() > 2**20


def test_rows_of_ps_from_outside_may_hold_any_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_proc(monkeypatch)
    rng = random.Random(0)
    for turn in range(30):
        names = [bytes(rng.choices(range(1, 256), k=9)) for _ in range(5)]
        rows = [b"%5d %5d %s %s" % (n, n - 1, b"Z+" if n % 2 else b"Ss", b"/bin/x" + name)
                for n, name in enumerate(names, 2)]  # fmt: skip
        rows += [b"", b"caf\xe9", b"9 8", b"x y z caf\xe9", b"   7     1 S    "]
        monkeypatch.setenv("PATH", program(tmp_path / str(turn), "ps", b"\n".join(rows)))
        found = processes.processes()
        assert {2, 3, 4, 5, 6} <= found.keys()
        for number in range(2, 7):
            assert (found[number].parent, found[number].ended) == (number - 1, number % 2 == 1)


def test_ps_that_prints_latin_1_tells_when_a_process_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_proc(monkeypatch)
    monkeypatch.setenv("PATH", program(tmp_path, "ps", b"mer. 1 d\xe9c. 12:00\n"))
    assert process_identity.began(1) == "mer. 1 d\ufffdc. 12:00"


def test_without_ps_nothing_is_known_and_nothing_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    no_proc(monkeypatch)
    monkeypatch.setenv("PATH", "/nowhere")
    found = processes.RayProcesses()
    with pytest.raises(OSError, match="ps"):
        found.lost()
    monkeypatch.undo()
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("whose was it?"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE):
        assert found.lost() is None
        found.kill()


@pytest.mark.parametrize("name", ["caf\udcc3", "caf\u00e9", "\ud800", "a\n\x1b"])
def test_host_names_and_systems_of_any_bytes_can_be_stored(
    name: str, monkeypatch: pytest.MonkeyPatch, ledger: Ledger
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    monkeypatch.setattr(platform, "platform", lambda: name)
    sweep = add_sweep(ledger, hardware=launch_origin.hardware(), diff="")
    with lease.hold(ledger, sweep):
        held = lease.holder(ledger, sweep)
        assert held is not None
        assert held.host.encode().decode() == held.host
    json.dumps(known(ledger.find_sweep("s")).hardware, ensure_ascii=False).encode()


def test_what_uname_prints_from_outside_may_be_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks_uname() -> str:
        return b"caf\xe9".decode()

    monkeypatch.setattr(platform, "platform", asks_uname)
    assert launch_origin.hardware()["system"] == sys.platform


def test_cpuinfo_of_any_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "cpuinfo"
    info.write_bytes(b"flags\t: \xff\xfe\nmodel name\t: Caf\xe9 9000\n")
    monkeypatch.setattr(launch_origin, "CPU_INFO", info)
    assert launch_origin.hardware()["cpu"] == "Caf\ufffd 9000"


def test_notes_of_workers_and_their_errors_may_hold_any_bytes(
    tmp_path: Path, ledger: Ledger
) -> None:
    notes = guard.Notes(tmp_path.as_uri(), "t")
    notes.write("reason")
    (tmp_path / "t" / guard.REASON).write_bytes(b"caf\xc3 (")
    (tmp_path / "t" / guard.STACK).write_bytes(b"\xff\x00")
    assert notes.take() == ("caf\ufffd (", "\ufffd\x00")


def test_an_error_with_bytes_from_outside_is_recorded(ledger: Ledger) -> None:
    driver = make_driver(ledger, add_sweep(ledger))
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.failed(assignment.trial_id, "no file caf\udcc3", "Traceback: caf\udcc3 \ud800 \0")
    trial = driver.trials[assignment.trial_id]
    assert (trial.reason, trial.error) == ("no file caf\ufffd", "Traceback: caf? ? \ufffd")


@pytest.mark.parametrize("seed", range(5))
def test_text_from_outside_can_always_be_stored(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(200):
        raw = bytes(rng.choices(range(256), k=rng.randint(0, 20)))
        kept = foreign_text.text_of(raw)
        stored = kept.replace("\0", "\ufffd")
        assert foreign_text.storable(kept) == stored == foreign_text.storable(os.fsdecode(raw))
        text = "".join(map(chr, rng.choices([*range(0xD7F0, 0xE010), *range(200)], k=9)))
        foreign_text.storable(text).encode()


def careless(source: str) -> list[str]:
    """Calls in a source that decode what is outside, and raise for what is no UTF-8."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            text, name = ast.unparse(node), ast.unparse(node.func)
            keys = {keyword.arg for keyword in node.keywords}
            strict = keys & {"text", "encoding"} and "errors" not in keys
            if (
                ("/proc" in text and name.endswith(").read_text"))
                or (name.startswith("subprocess.") and strict)
                or name in ("socket.gethostname", "platform.node")
            ):
                found.append(text)
    return found


def test_one_helper_reads_all_bytes_from_outside() -> None:
    files = [path for name in OURS for path in sorted((ROOT / name).rglob("*.py"))]
    wrong = {
        str(path.relative_to(ROOT)): calls
        for path in files
        if (calls := careless(path.read_text(encoding="utf-8"))) and path.name != "outside.py"
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "source",
    [
        "Path('/proc/cpuinfo').read_text()",
        "subprocess.run(['ps'], capture_output=True, text=True)",
        "subprocess.Popen(words, encoding='utf-8')",
        "f(socket.gethostname())",
    ],
)
def test_negative_control_careless_readers_are_seen(source: str) -> None:
    assert careless(source)
