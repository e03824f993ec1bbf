"""What a bad input is, and those in flags, names and values."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sweeps.record.ledger import Ledger

SECRET = "hunter2"
LONG = "n" * 300


class Case(NamedTuple):
    """One bad input: the command, its words, what its line says, and what is there before."""

    command: str
    words: list[str]
    says: list[str]
    there: Callable[[Path], None] = lambda _: None
    environment: dict[str, str] = {}  # noqa: RUF012  never changed


def space(*words: str) -> list[str]:
    return ["--space", "nfft_bins", *words]


def setting(word: str) -> list[str]:
    return space("--set", word)


# What lies where the home should be, or in it.


def a_file(name: str, content: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return make


def a_folder(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).mkdir(parents=True)


def a_database(name: str, *statements: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(folder / name)) as database, database:
            for statement in statements:
                database.execute(statement)

    return make


def a_ledger(*statements: str, cut: int | None = None) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        path = folder / "home" / "ledger.db"
        path.parent.mkdir()
        Ledger(f"sqlite:///{path}").close()
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA journal_mode=DELETE")
            for statement in statements:
                database.execute(statement)
        if cut is not None:
            path.write_bytes(path.read_bytes()[:cut])

    return make


def a_space(content: str) -> Callable[[Path], None]:
    return a_file("spaces/odd.py", content.encode())


FLAGS = {
    "no space": Case("launch", [], ["--space is missing: one of ablation"]),
    "a flag misspelt": Case("launch", space("--seed", "3"), ["'--seed'", "did you mean --seeds?"]),
    "an abbreviation": Case("launch", space("--dry"), ["'--dry'", "did you mean --dry-run?"]),
    "a flag of nobody's": Case("launch", space("--zzz"), ["'--zzz'", "the flags are"]),
    "a loose word": Case("launch", space("loose"), ["unknown word 'loose'"]),
    "a flag without its value": Case("launch", ["--space"], ["--space", "write a value behind"]),
    "--set alone": Case("launch", space("--set"), ["--set", "one or more values"]),
    "a switch with a value": Case("launch", space("--local=yes"), ["--local", "stands alone"]),
    "a sampler misspelt": Case("launch", space("--sampler", "gird"), ["did you mean grid?"]),
    "a sampler of nobody's": Case("launch", space("--sampler", ""), ["one of grid, random, tpe"]),
    "trials in words": Case("launch", space("--trials", "two"), ["--trials", "a whole number"]),
    "zero trials": Case("launch", space("--trials", "0"), ["--trials must be 1 or more, not 0"]),
    "negative trials": Case("launch", space("--trials", "-3"), ["must be 1 or more, not -3"]),
    "more than the grid": Case("launch", space("--trials", "13"), ["has 12 points", "at most 12"]),
    "trials without end": Case(
        "launch", space("--sampler", "tpe", "--trials", "9" * 30), ["--trials", "at most 1000000"]
    ),
    "half a seed": Case("launch", space("--seeds", "1.5"), ["--seeds", "a whole number"]),
    "zero seeds": Case("launch", space("--seeds", "0"), ["--seeds must be 1 or more, not 0"]),
    "no CPUs": Case("launch", space("--cpus-per-trial", "0"), ["must be above 0"]),
    "CPUs that are no number": Case("launch", space("--cpus-per-trial", "nan"), ["a number"]),
    "endless CPUs": Case(
        "launch", space("--cpus-per-trial", "inf", "--address", "auto"), ["such as 1 or 0.5"]
    ),
    "more CPUs than exist": Case("launch", space("--cpus-per-trial", "4096"), ["is more than the"]),
    "negative GPUs": Case("launch", space("--gpus-per-trial", "-1"), ["must be 0 or more"]),
    "more GPUs than exist": Case(
        "launch", space("--gpus-per-trial", "64"), ["--gpus-per-trial 64 is more than the"]
    ),
    "no concurrency": Case("launch", space("--max-concurrent", "0"), ["must be 1 or more"]),
    "a time that is none": Case("launch", space("--time-budget", "soon"), ["90s, 10m"]),
    "no time": Case("launch", space("--time-budget", "0s"), ["must be a time such as"]),
    "endless time": Case("launch", space("--time-budget", "9" * 400), ["must be a time such as"]),
    "local and a cluster": Case(
        "launch", space("--local", "--address", "auto"), ["--local runs without Ray"]
    ),
    "an address that is none": Case(
        "launch", space("--address", "over there"), ["--address", "auto or HOST:PORT"]
    ),
    "an empty address": Case("launch", space("--address", ""), ["auto or HOST:PORT"]),
    "report: an unknown flag": Case("report", ["--swep", "a"], ["did you mean --sweep?"]),
    "audit: an unknown flag": Case("audit", ["--repiar"], ["did you mean --repair?"]),
    "ui: an unknown flag": Case("ui", ["--prot", "1"], ["did you mean --port?"]),
    "look: an unknown flag": Case("look", ["0a", "--ot", "x"], ["did you mean --out?"]),
    "look: no trial": Case("look", [], ["TRIAL_ID"]),
    "look: a seed in words": Case("look", ["0a", "--seed", "one"], ["'one' is no seed"]),
    "trial: an unknown flag": Case("trial", ["0a", "--frehs"], ["did you mean --fresh?"]),
    "trial: no trial": Case("trial", [], ["TRIAL_ID"]),
    "trial: a trial of nothing": Case("trial", [" "], ["must be not empty"]),
    "ui: a port in words": Case("ui", ["--port", "http"], ["--port", "a whole number"]),
}

NAMED = {
    "a name that is a path": Case(
        "launch", space("--name", "../../etc/passwd"), ["--name '../../etc/passwd' must be"]
    ),
    "a name of blanks": Case("launch", space("--name", " "), ["--name ' ' must be 1 to 80"]),
    "an empty name": Case("launch", space("--name", ""), ["--name '' must be 1 to 80"]),
    "a long name": Case("launch", space("--name", LONG), ["must be 1 to 80"]),
    "a name with control characters": Case(
        "launch", space("--name", "a\x1b[2Jb\n"), [r"'a\x1b[2Jb\n' must be 1 to 80"]
    ),
    "a name in another script": Case("launch", space("--name", "поиск"), ["letters, digits"]),
    "a hidden name": Case("launch", space("--name", ".a"), ["starting with a letter or digit"]),
    "a space misspelt": Case("launch", ["--space", "nfft_bin"], ["did you mean 'nfft_bins'?"]),
    "an empty space": Case("launch", ["--space", ""], ["unknown space ''; the spaces are"]),
    "a space that is a path": Case(
        "launch", ["--space", "../sweeps/launch"], ["unknown space '../sweeps/launch'"]
    ),
    "a long space": Case("launch", ["--space", LONG], ["unknown space 'nnn"]),
    "a space with a line break": Case("launch", ["--space", "a\nb"], [r"unknown space 'a\nb'"]),
    "a module that is no space": Case("launch", ["--space", "bases"], ["unknown space 'bases'"]),
    "report: no such sweep": Case(
        "report", ["--sweep", "a\nb"], ["the ledger holds no sweep yet"], a_ledger()
    ),
    "look: no such trial": Case("look", ["0a"], ["no trial '0a'"], a_ledger()),
    "trial: no such trial": Case("trial", ["0a"], ["no trial '0a'"], a_ledger()),
    "trial: a path": Case("trial", ["../a"], ["no trial '../a'"], a_ledger()),
    "audit: no such sweep": Case("audit", ["--sweep", "x"], ["no sweep yet"], a_ledger()),
}

VALUES = {
    "no value": Case("launch", setting("model.width"), ["must be KEY=VALUE"]),
    "no key": Case("launch", setting("=8"), ["unknown config key ''"]),
    "an unknown key": Case("launch", setting("model.widht=8"), ["did you mean 'model.width'?"]),
    "no such section": Case("launch", setting("modle.width=8"), ["unknown config key"]),
    "the wrong kind": Case("launch", setting("model.layers=two"), ["must be an integer, not"]),
    "a fraction for an integer": Case("launch", setting("train.steps=1.5"), ["an integer"]),
    "not a number": Case("launch", setting("train.learning_rate=nan"), ["train.learning_rate"]),
    "endless": Case("launch", setting("train.learning_rate=inf"), ["train.learning_rate"]),
    "none where there must be one": Case("launch", setting("model.width=none"), ["model.width"]),
    "out of range": Case("launch", setting("model.dropout=1"), ["must be in [0, 1), not 1.0"]),
    "not a word of the list": Case(
        "launch",
        setting("model.filter=adaptiv"),
        ["must be one of adaptive, static, ", ", not 'adaptiv'"],
    ),
    "an unknown task": Case("launch", setting("task.name=recal"), ["did you mean 'recall'?"]),
    "a task whose data are absent": Case(
        "launch",
        setting("task.name=enwik8"),
        ["data set 'enwik8' is not there", "python -m focus_core.data fetch enwik8"],
        environment={"FOCUS_DATA": "/no/such/folder"},
    ),
    "data in a relative folder": Case(
        "launch",
        setting("task.name=text8"),
        ["FOCUS_DATA 'data' must be a path from the root"],
        environment={"FOCUS_DATA": "data"},
    ),
    "images of another size": Case(
        "launch", setting("task.name=smnist"), ["has 784 pixels; use task.length=784"]
    ),
    "an NFFT shorter than the bin": Case("launch", setting("model.nfft=8"), ["is shorter than"]),
    "a chunk that does not divide": Case(
        "launch", setting("model.chunk_length=24"), ["does not divide task.length = 64: use one of"]
    ),
    "a pinned bin that does not divide": Case(
        "launch", setting("model.bin_length=5"), ["does not divide"]
    ),
    "an order that is not stable": Case(
        "launch", setting("model.order=3"), ["model.parameterisation=lattice"]
    ),
    "a leak in strict mode": Case(
        "launch", setting("model.realisation=literal"), ["study it with model.mode=paper"]
    ),
    "a dead axis": Case("launch", setting("model.realisation=recurrence"), ["model.nfft_factor"]),
}
