"""Control characters in data never reach a terminal: what steers it is shown escaped."""

from __future__ import annotations

import dataclasses
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from rich.console import Console

import search_spaces
from analysis import report
from search_spaces.space import choices
from sweeps import audit, generate, launch, look
from sweeps.commands.command_line import escaped, one_line
from sweeps.showing.display import Display
from tests.analysis.conftest import grid_sweep, write_ledger
from tests.sweeps.listener_rows import ended, make_sweep, make_trial

STEERING = ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\r", "\x08", "\x7f", "\u202e", "\u2028"]
STEERING += ["\x00", "\x1b[?1049h", "\ud800", "\u200b", "\n\x1b[A", "\t"]
SEEDS = range(4)


def hostile(seed: int, text: str = "which") -> str:
    draws = random.Random(seed)
    parts = [letter + draws.choice(STEERING) for letter in text]
    return "".join(parts).replace("\ud800", "\x1b").replace("\x00", "\x01")  # as databases hold


def steers(shown: str) -> list[str]:
    """What in ``shown`` would steer a terminal: everything but printable lines."""
    return [c for c in shown if c != "\n" and not c.isprintable()]


def test_every_character_is_escaped_or_printable() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert escaped(everything).isprintable()
    assert one_line(everything[:0x3000]).isprintable()
    assert escaped("é 漢 ~") == "é 漢 ~"
    assert steers("\x1b[2J"), "negative control"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_space_steers_no_terminal(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    space = search_spaces.load("order")
    odd = dataclasses.replace(
        space,
        question=hostile(seed),
        axes=(*space.axes, choices("task.name", "recall", hostile(seed))),
    )
    monkeypatch.setattr(search_spaces, "load", lambda name: odd)
    monkeypatch.setattr("sweeps.planning.question.load", lambda name: odd)
    monkeypatch.setattr("sweeps.planning.plan.check", lambda *_: (hostile(seed, "caution"),))
    monkeypatch.setattr("sweeps.planning.plan.check_tasks", lambda *_: None)  # no task is odd
    monkeypatch.setattr("sweeps.planning.plan.different_trials", lambda *_: None)
    home = ["--home", str(tmp_path)]
    assert launch.main(["--list"]) == 0
    assert launch.main(["--space", "order", "--dry-run", *home]) == 0
    said = capsys.readouterr()
    assert "question  w" in said.out
    assert steers(said.out + said.err) == []


def foreign_ledger(home: Path, seed: int) -> None:
    sweep = grid_sweep(hostile(seed, "grid"), question=hostile(seed), metric=hostile(seed, "acc"))
    del sweep.trials[4:]  # a report on more takes seconds
    write_ledger(home, sweep)
    engine = sa.create_engine(f"sqlite:///{home / 'ledger.db'}")
    with engine.begin() as connection:
        for column in ("reason", "state", "variant", "error"):
            rows = sa.text(f"update trials set {column} = :text where number % 3 = 1")
            connection.execute(rows, {"text": hostile(seed, column)})
        names = sa.text("update trials set point = json_set(point, '$.\"model.order\"', :text)")
        connection.execute(names, {"text": hostile(seed, "value")})
    engine.dispose()


ASKED: list[tuple[Callable[[list[str]], int], list[str]]] = [
    (report.main, []),
    (report.main, ["--sweep", "nobody's"]),
    (report.main, ["--ask", "trial 0 > trial 2"]),
    (report.main, ["--ask", "trial 0 > trial 2", "--where", "model.width=64", "--json"]),
    (report.main, ["--ask", "nobody > trial 2"]),
    (audit.main, []),
    (audit.main, ["--sweep", "nobody's"]),
    (generate.main, ["0", "x"]),
    (look.main, ["0"]),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: f"{asked[0].__module__} {asked[1]}")
def test_a_foreign_ledger_steers_no_terminal(
    asked: tuple[Callable[[list[str]], int], list[str]],
    seed: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("analysis.page.report_files.draw_all", lambda *_: {})  # takes seconds
    monkeypatch.setattr("analysis.page.report_files.render", lambda *_: "")
    foreign_ledger(tmp_path, seed)
    main, words = asked
    main([*words, "--home", str(tmp_path)])
    said = capsys.readouterr()
    assert said.out + said.err
    assert steers(said.out + said.err) == []


def show(console: Console, seed: int) -> None:
    display = Display(console, {"report": hostile(seed, "report")})
    sweep = make_sweep(planned=2, name=hostile(seed, "name"), question=hostile(seed))
    sweep.metric = hostile(seed, "metric")
    trials = [make_trial(0), ended(1, value=0.5)]
    display.sweep_started(sweep, [], {})
    for row in trials:
        row.point = {hostile(seed, "key"): hostile(seed, "point")}
        row.variant, row.reason = hostile(seed, "variant"), hostile(seed, "reason")
        display.trial_started(sweep, row)
    display.trial_ended(sweep, trials[1])
    console.print(display.render())
    display.sweep_ended(sweep, trials)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ledger_steers_no_terminal_through_the_display(seed: int) -> None:
    out = io.StringIO()
    show(Console(file=out, width=200), seed)
    assert steers(out.getvalue()) == []


def test_what_steers_through_the_display_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""

    def as_it_is(text: Any) -> str:
        return str(text)

    monkeypatch.setattr("sweeps.showing.display.escaped", as_it_is)
    monkeypatch.setattr("sweeps.showing.display.one_line", as_it_is)
    out = io.StringIO()
    show(Console(file=out, width=200), 0)
    assert steers(out.getvalue())
