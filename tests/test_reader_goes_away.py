"""The reader of the output goes away: commands that print end quietly, whatever their streams are.

The kind: every stream of a program, closed, full, or left by who was at the other end.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
from pathlib import Path

import pytest

from focus_core import output
from sweeps.commands.command_line import EXIT_DONE, answer
from tests.streams import CLOSED, STREAMS, ask, stream

LIST = ["sweeps/launch.py", "--list"]
QUICK = ("list", "wrong flag")
PRINTING = {
    "list": (LIST, 0),
    "help": (["sweeps/launch.py", "--help"], 0),
    "dry run": (["sweeps/launch.py", "--space", "nfft_bins", "--dry-run"], 0),
    "wrong flag": (["sweeps/launch.py", "--no-such-flag"], 2),
    "data": (["-m", "focus_core.data", "fetch"], 2),
}


@pytest.mark.parametrize(("command", "found"), list(itertools.product(PRINTING, STREAMS)))
def test_the_reader_of_stdout_goes_away(command: str, found: str) -> None:
    words, code = PRINTING[command]
    with stream(found) as number:
        said = ask(words, streams={"stdout": number})
    lines = said.err.splitlines()
    if found == "a full disk" and command in ("list", "dry run"):  # what was asked for is lost
        assert said.code == 1
        (line,) = lines
        assert line.startswith("launch.py: cannot write the output: ")
    else:
        assert (said.code, len(lines)) == (code, int(code != 0)), said.err


@pytest.mark.parametrize(("command", "found"), list(itertools.product(QUICK, STREAMS)))
def test_the_reader_of_stderr_goes_away(command: str, found: str) -> None:
    words, code = PRINTING[command]
    with stream(found) as number:
        said = ask(words, streams={"stderr": number})
    assert said.code == code
    assert bool(said.out) == (code == 0)


@pytest.mark.parametrize(
    "closed", [c for n in (1, 2, 3) for c in itertools.combinations(CLOSED, n)]
)
@pytest.mark.parametrize("command", QUICK)
def test_streams_closed_at_the_start(command: str, closed: tuple[str, ...]) -> None:
    words, code = PRINTING[command]
    said = ask(words, closed=closed)
    assert said.code == code
    assert "Traceback" not in said.err
    assert bool(said.out) == ("stdout" not in closed and code == 0)
    assert bool(said.err) == ("stderr" not in closed and code != 0)


def test_nothing_else_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """Negative control: without ``standard_streams`` a database could become standard output."""
    program = (
        "import os, sys\n"
        "from sweeps.commands.command_line import answer\n"
        "def opens():\n"
        f"    numbers.append(os.open({str(tmp_path / 'x')!r}, os.O_CREAT | os.O_RDWR))\n"
        "    return 0\n"
        "numbers = []\n"
        "code = opens() if sys.argv[1] == 'alone' else answer('x.py', opens)\n"
        "sys.exit(numbers[0])\n"
    )
    for closed in ("stdin", "stdout", "stderr"):
        assert ask(["-c", program, "answer"], closed=(closed,)).code > 2
        assert ask(["-c", program, "alone"], closed=(closed,)).code <= 2


WORDS = ["plain", "\u00e9 \u2192 \U0001f600", "\udcff", "x" * 100_000, ""]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
@pytest.mark.parametrize("text", WORDS, ids=range(len(WORDS)))
def test_no_letter_is_too_much_for_a_terminal(encoding: str, text: str) -> None:
    raw = io.BytesIO()
    found = io.TextIOWrapper(raw, encoding=encoding, newline="")
    assert output.put(found, text) is None
    said = raw.getvalue().decode(encoding)
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    assert said == shown
    drawn = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    output.Output(drawn).write(text)
    assert len(drawn.buffer.getvalue().decode(encoding)) == len(text)


class Broken(io.StringIO):
    """A stream of another program's: it has no descriptor."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_lost_line_is_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tells() -> int:
        output.tell("a line")
        return EXIT_DONE

    monkeypatch.setattr(sys, "stdout", Broken())
    assert answer("x.py", tells) == 0
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert answer("x.py", tells) == 1
        before = os.fstat(full.fileno())
        assert os.path.samestat(
            before, os.stat("/dev/full")
        )  # the caller's stream leads where it did
        assert answer("x.py", lambda: EXIT_DONE) == 0  # of the command before
    monkeypatch.setattr(sys, "stdout", full)  # closed
    assert answer("x.py", tells) == 0
    monkeypatch.setattr(sys, "stdout", None)
    assert answer("x.py", tells) == 0
    assert capsys.readouterr().err == "x.py: cannot write the output: No space left on device\n"
