"""Write the reference from the code: ``python docs/write_reference.py [FOLDER]``.

Pages: the options of a trial, the flags of every command, the environment variables, the tables of
the ledger, and the keys of ``summary.json``. A test compares the pages in ``docs/reference/`` with
what this writes.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import inspect
import itertools
import sys
import textwrap
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from analysis.page.summary_fields import DATA, SUMMARY_VERSION, Summary  # noqa: E402
from analysis.page.summary_fields import parts as parts_of  # noqa: E402
from analysis.sections.card import KINDS as CELLS  # noqa: E402
from focus_core.options.fields import RANGE, WHEN  # noqa: E402
from focus_core.options.model import ModelConfig  # noqa: E402
from focus_core.options.task import TaskConfig  # noqa: E402
from focus_core.options.train import TrainConfig  # noqa: E402
from focus_core.options.words import parts  # noqa: E402
from focus_core.systems import SYSTEMS  # noqa: E402
from focus_core.tasks import TASKS  # noqa: E402
from sweeps.commands.settings import VARIABLES  # noqa: E402
from sweeps.record import schema  # noqa: E402

COMMANDS = {
    "python sweeps/launch.py": "sweeps.planning.flags",
    "python analysis/report.py": "analysis.report",
    "python analysis/trial.py": "analysis.trial",
    "python sweeps/audit.py": "sweeps.audit",
    "python -m sweeps.ui": "sweeps.ui",
    "python -m sweeps.look": "sweeps.look",
    "python -m sweeps.generate": "sweeps.generate",
    "python -m sweeps.export": "sweeps.export",
    "python -m sweeps.importer": "sweeps.importer",
    "python -m sweeps.backup": "sweeps.backup",
    "python -m sweeps.migrate": "sweeps.migrate",
}
KINDS = {bool: "true, false", int: "integer", float: "number", str: "word", types.NoneType: "none"}
TAGS = ("mixer", "name")
GENERATED = "<!-- Written by docs/write_reference.py: change the code, then run `make docs`. -->"


def options() -> str:
    """Every option of a trial."""
    head = (
        "Every option has a dotted key for `--set` and `--vary`. An option without effect in a "
        "trial is no part of the trial's identity. `model.mixer` chooses the system, `task.name` "
        "the task."
    )
    found = [head, "## Every model", *_options("model", ModelConfig, [])]
    for name, system in sorted(SYSTEMS.items()):
        found += [f"## model.mixer={name}", *_options("model", system.config, [ModelConfig])]
    found += ["## Every task", *_options("task", TaskConfig, [])]
    for name, task in sorted(TASKS.items()):
        found += [f"## task.name={name}", *_options("task", task.config, [TaskConfig])]
    found += ["## The training", *_options("train", TrainConfig, [])]
    return _page("Options", found)


def flags() -> str:
    """Every flag of every command."""
    found = []
    for command, module in COMMANDS.items():
        parser = importlib.import_module(module).build_parser()
        rows = [_flag(action) for action in parser._actions if action.dest != "help"]
        found += [f"## {command}", parser.description, _table(["flag", "what it does"], rows)]
        found += [parser.epilog] if parser.epilog else []
    return _page("Commands and flags", found)


def variables() -> str:
    """Every environment variable."""
    head = (
        "In a variable that limits a run (hang, trial, RSS, lost, free), 0 switches the limit off. "
        "In the other times, 0 means no wait."
    )
    rows = [[f"`{name}`", one.default, one.words] for name, one in VARIABLES.items()]
    return _page("Environment variables", [head, _table(["variable", "default", "what"], rows)])


def ledger() -> str:
    """Every table of the ledger."""
    head = (
        f"The ledger is a database with these tables; its schema has version "
        f"{schema.SCHEMA_VERSION}. Only the driver writes them. Any program may read them."
    )
    found = [head]
    for kind in sorted(schema.Base.__subclasses__(), key=lambda kind: kind.__tablename__):
        said, columns = _said(kind), schema.Base.metadata.tables[kind.__tablename__].columns
        rows = [[f"`{c.name}`", str(c.type).lower(), said.get(c.name, "")] for c in columns]
        found += [f"## {kind.__tablename__}", inspect.getdoc(kind) or ""]
        found += [_table(["column", "type", "what it is"], rows)]
    return _page("The ledger", found)


def summary() -> str:
    """Every key of summary.json."""
    head = (
        "`summary.json` has the content of a report as data: the same cards that the page shows. "
        "The same ledger gives the same bytes. A number that is not finite is `null`. A later "
        "version of the program may add keys. It changes `version` if a key goes or gets another "
        "meaning."
    )
    found = [head, *_keys(Summary)]
    kinds = [[f"`{kind}`", said] for kind, said in CELLS.items()]
    found += ["## The kind of a column", _table(["kind", "what a cell holds"], kinds)]
    foot = (
        "`summary.json` does not repeat the table of all trials: `trials.parquet` holds that "
        "table, and `curves.parquet` holds the numbers that the trials reported. Every table is "
        "also a CSV file, `tables/NAME.csv`, where an interval has two columns. If a spreadsheet "
        "would calculate a cell of words, the CSV file puts an apostrophe in front of them."
    )
    found += [
        "## What is elsewhere",
        foot,
        *(block for one in DATA.values() for block in _keys(one)),
    ]
    return _page(f"`summary.json`, version {SUMMARY_VERSION}", found)


PAGES = {
    "options": options,
    "flags": flags,
    "variables": variables,
    "ledger": ledger,
    "summary": summary,
}


def meanings(kind: type[Any]) -> dict[str, str]:
    """What every option of a config means, by name."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__[:-1]):
        found |= _said(base)
    return found


def _keys(whole: Any) -> list[str]:
    """A heading and a table for each object that an object of summary.json leads to."""
    blocks = []
    for part in parts_of(whole):
        deeper = part is not whole and whole is not Summary
        rows = [[f"`{key}`", said] for key, said in _said(part).items()]
        blocks += [f"{'#' * (2 + deeper)} {str(part.__doc__).rstrip('.')}"]
        blocks += [_table(["key", "what it is"], rows)]
    return blocks


def _options(section: str, kind: type[Any], without: list[type[Any]]) -> list[str]:
    """The class's words, and a table of the options that ``without`` do not declare."""
    known = {name for each in without for name in each.__annotations__}
    said, hints = meanings(kind), typing.get_type_hints(kind)
    rows = [
        [f"`{section}.{field.name}`", _default(field.default), _values(field, hints[field.name])]
        + [said.get(field.name, ""), _where(field)]
        for field in dataclasses.fields(kind)
        if field.name not in known and field.name not in TAGS
    ]
    words = textwrap.dedent(inspect.getdoc(kind) or "")
    if not rows:
        return [words, "It has no option of its own."]
    head = ["option", "default", "values", "what it is", "where it acts"]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    return [words, _table(head, rows)]


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | None) else f"{value}"


def _values(field: dataclasses.Field[Any], hint: Any) -> str:
    kinds = [
        ", ".join(typing.get_args(kind)) if typing.get_origin(kind) is Literal else KINDS[kind]
        for kind in parts(hint)
    ]
    span = field.metadata.get(RANGE)
    return " or ".join(kinds) + (f", {span.words}" if span else "")


def _where(field: dataclasses.Field[Any]) -> str:
    """Where the option has an effect, from the words of its condition."""
    condition = field.metadata.get(WHEN)
    return (inspect.getdoc(condition) or "") if condition else ""


def _flag(action: argparse.Action) -> list[str]:
    name = ", ".join(action.option_strings) or action.dest
    value = "" if action.nargs == 0 else action.metavar or action.dest.upper()
    text = f"{name} {value}".strip() if action.option_strings else str(action.metavar or name)
    return [f"`{text}`", (action.help or "").replace("%%", "%")]


def _said(kind: type[Any]) -> dict[str, str]:
    """The text under each field of a class, by the field's name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, after in itertools.pairwise(tree.body):
        text = after.value if isinstance(after, ast.Expr) else None
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Constant):
            assert isinstance(field.target, ast.Name)
            found[field.target.id] = " ".join(str(text.value).split())
    return found


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in r] for r in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(title: str, blocks: Iterable[str]) -> str:
    return "\n\n".join([f"# {title}", GENERATED, *filter(None, blocks)]) + "\n"


def write(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs" / "reference")
