"""Documents are run: relative links exist, and the README's commands can be followed."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


OTHERS = [
    *(".", "aws", "cd", "docker", "export", "gcloud", "git", "kubectl", "mkdir", "pip", "ray"),
    *("sbatch", "scancel", "source", "squeue"),
]
"""Programs of others: only the files of this project that a command names are looked for."""


def links(text: str) -> list[str]:
    return [
        target.split("#")[0]
        for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)
        for target in target
        if target and not re.match(r"https?:|mailto:|#", target)
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_exist(document: Path) -> None:
    missing = [t for t in links(document.read_text()) if not (document.parent / t).exists()]
    assert missing == []


def test_links_are_seen() -> None:
    text = '[a](b.md#c) ![d](e.png) <img src="f.svg"> [g](https://h) [i](#j)'
    assert links(text) == ["b.md", "e.png", "f.svg"]


def commands(text: str) -> list[list[str]]:
    """The lines of every ```sh block, prompts and comments taken off."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [line for line in words if line]


def complaint(words: list[str]) -> str | None:
    """What is wrong with a command of the README; None when it can be run."""
    from sweeps.planning.flags import build_parser

    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    program, *rest = words
    if program == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        unknown = [t for t in rest if "=" not in t and t not in targets]
        return f"no target {unknown}" if unknown else None
    if program in OTHERS:
        files = [word for word in rest if word.endswith((".yaml", ".txt", ".sbatch"))]
        missing = [f for f in files if not (ROOT / f).exists()]
        return f"no file {missing}" if missing else None
    if not program.endswith("python"):
        return f"unknown program {program}"
    if rest[0] == "sweeps/launch.py":
        try:
            build_parser().parse_args(rest[1:])
        except (SystemExit, ValueError):
            return "launch.py does not take these flags"
        return None
    path = rest[1].replace(".", "/") if rest[0] == "-m" else rest[0]
    asked = [path, f"{path}.py", f"{path}/__main__.py"]
    return None if any((ROOT / p).is_file() for p in asked) else f"no file {path}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_can_be_run(document: Path) -> None:
    wrong = [(c, why) for c in commands(document.read_text()) if (why := complaint(c))]
    assert wrong == []


@pytest.mark.parametrize(
    "line",
    [
        "make swep",
        "python sweeps/launch.py --spaces x",
        "python sweep.py",
        "ray up other.yaml",
        "sbatch cluster/other.sbatch",
        "rm x",
    ],
)
def test_wrong_commands_are_seen(line: str) -> None:
    """Negative control."""
    (words,) = commands(f"```sh\n$ {line}\n```\n")
    assert complaint(words)


def test_the_readme_opens_with_commands() -> None:
    found = commands((ROOT / "README.md").read_text())
    assert ["make", "sweep"] in found


def named_tests(text: str) -> list[tuple[str, str]]:
    """File and function of every test that a document names; the function may be empty."""
    return re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)


def is_there(file: str, function: str) -> bool:
    path = ROOT / file
    return path.is_file() and (not function or f"\ndef {function}(" in path.read_text())


def test_every_test_that_a_document_names_is_there() -> None:
    named = [test for document in DOCUMENTS for test in named_tests(document.read_text())]
    assert len(named) > 30
    assert [test for test in named if not is_there(*test)] == []


def test_a_test_that_is_not_there_is_seen() -> None:
    """Negative control."""
    own = "tests/test_documents.py"
    text = f"`{own}::test_links_are_seen`, `{own}::test_other`, `tests/test_other.py`"
    assert [is_there(*test) for test in named_tests(text)] == [True, False, False]
