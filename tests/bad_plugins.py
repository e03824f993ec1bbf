"""Bad input in plugins: their paths, their text, and what their classes do."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bad_input import LONG, Case, a_file, a_folder
from tests.plugin_files import LEAKY, MIXER, TASK

FILE = "my_mixer.py"
RETURN = "return self.out(weights.tril() @ x)"


def asked(*words: str) -> list[str]:
    return ["--plugin", *words, "--space", "order", "--dry-run"]


def text(source: str, *says: str, words: list[str] | None = None) -> Case:
    """A file with this text."""
    return Case("launch", words or asked(FILE), list(says), a_file(FILE, source.encode()))


def returning(value: str, *says: str) -> Case:
    """A mixer whose forward returns something else."""
    return text(MIXER.replace(RETURN, f"return {value}"), "plugin my_mixer.py: decay", *says)


def setting(*words: str) -> list[str]:
    return ["--plugin", FILE, "--space", "nfft_bins", "--dry-run", "--set", *words]


def two(folder: Path) -> None:
    a_file(FILE, MIXER.encode())(folder)
    a_file("other.py", MIXER.replace("0.5", "0.25").encode())(folder)


def a_loop(folder: Path) -> None:
    os.symlink(FILE, folder / FILE)


def a_pipe(folder: Path) -> None:
    os.mkfifo(folder / FILE)


def raising(line: str) -> str:
    return f"{MIXER}\n\n{line}\n"


EXITS = {
    "a mixer that exits": returning("exit(0)", "SystemExit"),
    "a constructor that exits": text(
        MIXER.replace("super().__init__()", "super().__init__()\n        raise SystemExit(0)"),
        "SystemExit",
    ),
}
PLACES = {
    "no such plugin": Case("launch", asked(FILE), ["'my_mixer.py' cannot be read: No such file"]),
    "a plugin of nobody's": Case(
        "launch", asked("nobody"), ["no such file, and no entry point of that name in focus_sweeps"]
    ),
    "a plugin that is a folder": Case(
        "launch", asked(FILE), ["is no file: it must be a file of Python"], a_folder(FILE)
    ),
    "a plugin that is a loop": Case("launch", asked(FILE), ["--plugin 'my_mixer.py'"], a_loop),
    "a plugin that is a pipe": Case("launch", asked(FILE), ["must be a file of Python"], a_pipe),
    "a plugin of another kind": Case(
        "launch", asked("a.txt"), ["must be a file of Python"], a_file("a.txt", b"x")
    ),
    "a plugin of a long name": Case("launch", asked(f"{LONG}.py"), ["may have at most 255"]),
    "a plugin with control characters": Case(
        "launch", asked("a\x1b[2J.py"), [r"'a\x1b[2J.py'", "printable"]
    ),
    "no plugin": Case("launch", ["--plugin"], ["--plugin", "one or more values"]),
    "an empty word": Case("launch", asked(""), ["--plugin ''"]),
    "two plugins of one name": Case(
        "launch", asked(FILE, "other.py"), ["another plugin both add", "decay"], two
    ),
}
TEXTS: dict[str, Case] = {
    "an empty plugin": text(" \n", "is empty: write a mixer"),
    "a plugin that is no text": Case(
        "launch", asked(FILE), ["is no text in UTF-8 (byte 2)"], a_file(FILE, b"ab\xff")
    ),
    "a plugin with a zero": text("a = 1\0", "a byte of zero"),
    "a huge plugin": text("#" * 1_000_001, "1,000,001 bytes: at most 1,000,000"),
    "a plugin with a syntax error": text("a = 1\nb = =\n", "my_mixer.py: line 2 is no Python"),
    "a plugin that raises": text("a = 1\nb = 1 / 0\n", "ZeroDivisionError", "(line 2)"),
    "a plugin that leaves": text("import sys\nsys.exit(3)\n", "SystemExit: 3 (line 2)"),
    "a plugin without its package": text("import nowhere_to_be_had\n", "'nowhere_to_be_had', whi"),
    "a plugin without a mixer": text("import math\n", "has no mixer and no task"),
    "a plugin that only imports one": text(
        "from focus_core.plugin import Mixer, Task\n", "has no mixer and no task"
    ),
    "a plugin with our mixer's name": text(
        MIXER.replace("class Decay", "class Hyena"), "mixer 'hyena' exists already"
    ),
    "a plugin with our task's name": text(
        TASK.replace("class Echo", "class Recall"), "task 'recall' exists already"
    ),
    "a plugin with a hostile name": text(
        MIXER.replace("    ranges", '    name = "a\\x1b[2J/../b"\n    ranges'), "must be 1 to 40"
    ),
    "an option without a type": text(
        MIXER.replace("remains: float", "remains"), "'remains' needs a type and a default"
    ),
    "an option without a default": text(
        MIXER.replace("float = 0.5", "float"), "'remains' needs a type and a default"
    ),
}
PROMISES: dict[str, Case] = {
    "another shape": returning("x[:, :, :1]", "must return (2, 64, 64) of torch.float32", "64, 1)"),
    "another type": returning("x.double()", "and not (2, 64, 64) of torch.float64"),
    "no tensor": returning("None", "and not a NoneType"),
    "NaN": returning("x / 0 * 0", "outputs are NaN or infinite"),
    "a gradient of NaN": returning(
        "self.out(x) + 0 * (self.out(x) * 0).sqrt()", "gradients are NaN or infinite"
    ),
    "a leak": text(LEAKY, "decay: it sees the future", "model.mode=paper"),
    "an error in forward": returning("x + nothing", "raised NameError", "(line 18)"),
    "one length alone": returning(
        "self.out(x) + torch.ones(64, 1, dtype=x.dtype)", "fails for a sequence shorter than"
    ),
    "float32 alone": returning("self.out(x.float())", "fails for float64"),
    "steps of another layer": text(
        MIXER + "\n    def initial_state(self, batch):\n        return 0\n"
        "\n    def step(self, x, state):\n        return self.out(x), state\n",
        "step gives other outputs than forward",
    ),
    "an unknown option of a plugin": text(
        MIXER, "'model.remain'; did you mean 'model.remains'", words=setting("model.remain=1")
    ),
    "an option of a plugin out of range": text(
        MIXER,
        "model.remains must be in [0, 1), not 1.0",
        words=setting("model.mixer=decay", "model.remains=1"),
    ),
    "a mixer of a plugin misspelt": text(
        MIXER, "did you mean 'decay'?", words=setting("model.mixer=decai")
    ),
    "an option without its plugin": Case(
        "launch",
        ["--space", "nfft_bins", "--set", "model.mixer=decay"],
        ["unknown model.mixer 'decay'"],
    ),
    "an option before a mixer without its plugin": Case(
        "launch",
        ["--vary", "model.remains=0.1,0.5", "--set", "model.remains=0.1", "model.mixer=decay"],
        ["unknown model.mixer 'decay'", "or give its plugin"],
    ),
}
PLUGINS: dict[str, Case] = {**PLACES, **TEXTS, **PROMISES, **EXITS}
