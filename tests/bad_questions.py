"""Bad questions from outside the project: files, modules, and questions in one line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from focus_core.config.of_export import KEYS, sealed
from tests.bad_input import LONG, Case, a_file, a_folder

GOOD = """
from search_spaces.bases import far_recall
from search_spaces.space import Space, choices

SPACE = Space(question="?", base=far_recall, axes=(choices("model.order", 1, 2),), seeds=1,
              trials=None, sampler="grid", pruner=None)
"""


def own(says: list[str], text: str | bytes = GOOD, name: str = "mine.py") -> Case:
    """A file of one's own, and what the launcher says of it."""
    content = text if isinstance(text, bytes) else text.encode()
    return Case("launch", ["--space", f"./{name}"], says, a_file(name, content))


def vary(word: str, *says: str) -> Case:
    return Case("launch", ["--vary", word], list(says))


def unreadable(folder: Path) -> None:
    a_file("mine.py", GOOD.encode())(folder)
    os.symlink("mine.py", folder / "one.py")
    (folder / "mine.py").unlink()
    os.symlink("one.py", folder / "mine.py")  # a circle: root reads every file


def of_json(text: str) -> Callable[[Path], None]:
    return a_file("base.json", text.encode())


def based(word: str, says: list[str], there: Callable[[Path], None] = lambda _: None) -> Case:
    return Case("launch", ["--vary", "model.order=1,2", "--base", word], says, there)


QUESTIONS = {
    "no such file": Case(
        "launch", ["--space", "./none.py"], ["--space ./none.py", "No such file", "--list"]
    ),
    "a file without its ending": Case(
        "launch", ["--space", "mine"], ["--space mine.py"], a_file("mine.py", GOOD.encode())
    ),
    "a folder for a question": Case(
        "launch", ["--space", "./mine.py"], ["./mine.py is no file"], a_folder("mine.py")
    ),
    "a path of another kind": Case(
        "launch", ["--space", "./mine.txt"], [".py"], a_file("mine.txt", GOOD.encode())
    ),
    "links in a circle": Case("launch", ["--space", "./mine.py"], ["mine.py"], unreadable),
    "a name of 300 letters": Case(
        "launch", ["--space", f"./{LONG}.py"], ["./nnn", "File name too long"]
    ),
    "an empty file": own(["./mine.py has no search space"], ""),
    "bytes that are no text": own(["./mine.py cannot be used", "SyntaxError"], b"\xff\xfe\x00"),
    "a zero byte": own(["./mine.py cannot be used"], "a = 1\x00"),
    "a syntax error in it": own(["SyntaxError", "line 2"], "a = 1\nb = =\n"),
    "an import it lacks": own(["no_such_library", "line 1"], "import no_such_library"),
    "it ends Python": own(["SystemExit", "line 2"], "import sys\nsys.exit(3)"),
    "it is too large": own(["1,048,577 bytes"], "#" * (2**20 + 1)),
    "a name with blanks": own(["cannot name a space"], name="my question.py"),
    "the importers' name": own(["cannot name a space", "imported"], name="imported.py"),
    "an own axis of nothing": own(
        ["did you mean 'model.order'"], GOOD.replace("model.order", "model.odrer")
    ),
    "an own sampler": own(["./mine.py names the sampler 'best'"], GOOD.replace("grid", "best")),
    "no such module": Case(
        "launch", ["--space", "no_such.question"], ["'no_such.question'", "no module has this name"]
    ),
    "a module without its part": Case(
        "launch", ["--space", "json.no_such"], ["json.no_such", "ModuleNotFoundError"]
    ),
    "a dot": Case("launch", ["--space", "."], ["unknown space '.'", "ends with .py"]),
    "a text as a question": Case(
        "launch", ["--space", "corpus.txt"], ["a question's file ends with .py"]
    ),
    "a module without a space": Case("launch", ["--space", "os.path"], ["has no search space"]),
    "no space and nothing to vary": Case("launch", ["--dry-run"], ["--space is missing", "--vary"]),
    "a word without values": vary("model.order", "KEY=VALUES"),
    "values of nothing": vary("model.order=", "KEY=VALUES"),
    "an unknown key": vary("model.odrer=1,2", "did you mean 'model.order'"),
    "a value of another kind": vary("model.order=1,two", "model.order must be an integer", "two"),
    "a value out of range": vary(
        "model.width=0,8", "model.width must be above 0", "at model.width=0"
    ),
    "one value": vary("model.order=2", "varies nothing", "--set model.order=2"),
    "an empty value": vary("model.order=1,,2", "empty value"),
    "a value twice": vary("model.order=1,1", "names 1 twice"),
    "a range that goes down": vary("model.order=4..1", "from the smaller to the larger"),
    "a range of words": vary("task.name=1..2", "only numbers have a range"),
    "a range of variants": vary("variant=1..2", "variants are listed"),
    "a logarithm of zero": vary("train.learning_rate=0..1:log", "must begin above 0"),
    "a logarithm of a list": vary("train.learning_rate=1,2:log", "log belongs to a range"),
    "an unknown variant": vary("variant=base,no_filtre", "did you mean 'no_filter'"),
    "a key twice": Case(
        "launch", ["--vary", "model.order=1,2", "model.order=1,3"], ["model.order is given twice"]
    ),
    "a range without a sampler": Case(
        "launch",
        ["--space", "order", "--vary", "train.learning_rate=1e-3..1e-2"],
        ["is continuous", "tpe or random"],
    ),
    "an axis without effect beside others": Case(
        "launch",
        ["--vary", "model.order=1,2", "model.nfft_factor=1,2"],
        ["'model.nfft_factor' has no effect"],
    ),
    "a base beside a space": Case(
        "launch", ["--space", "order", "--base", "far_recall"], ["--base is for --vary"]
    ),
    "an unknown base": based("far_recal", ["unknown --base", "did you mean 'far_recall'"]),
    "no file of a base": based("none.json", ["--base none.json cannot be read: No such file"]),
    "a base that is no JSON": based("base.json", ["--base base.json is no JSON"], of_json("{")),
    "a base that is a list": based("base.json", ["has no options by key"], of_json("[1]")),
    "a base of unknown options": based("base.json", ["model.ordr"], of_json('{"model.ordr": 1}')),
    "a base with a list in it": based(
        "base.json", ["model.order must be an integer"], of_json('{"model.order": [1]}')
    ),
    "a file that is there": Case(
        "launch",
        ["--space", "order", "--save-space", "mine.py"],
        ["mine.py is there"],
        a_file("mine.py", b"precious"),
    ),
    "a dry run that saves": Case(
        "launch", ["--space", "order", "--save-space", "a.py", "--dry-run"], ["leave out --dry-run"]
    ),
    "a range beyond numbers": vary("model.order=1..999999999999999999999", "model.order must be"),
    "an export of another format": based(
        "base.json",
        ["base.json has format 7, this program reads"],
        of_json('{"format": 7, "model": 1, "network": 1, "trial": 1}'),
    ),
    "an export of no trial": based(
        "base.json",
        ["has no options by key"],
        of_json(sealed(dict.fromkeys(KEYS - {"format", "sha256"}, 1))),
    ),
    "a deep base": based("base.json", ["--base base.json is no JSON"], of_json("[" * 100_000)),
    "a saved file of another kind": Case(
        "launch", ["--space", "order", "--save-space", "mine.txt"], ["end it with .py"]
    ),
    "a saved file in no folder": Case(
        "launch", ["--space", "order", "--save-space", "none/mine.py"], ["cannot write"]
    ),
}
