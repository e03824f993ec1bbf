"""Plugins for tests: the files of docs/your_layer.md, and others made from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from focus_core.outside.plugin import Plugin
from sweeps.planning.plugins import with_names
from sweeps.provenance.plugins import beside_ours

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/your_layer.md").read_text()
BLOCKS = re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES: dict[str, str] = dict(BLOCKS)
MIXER, TASK = FILES["my_mixer.py"], FILES["my_task.py"]
STEP = """
    def initial_state(self, batch):
        weight = self.out.weight
        return weight.new_zeros(batch, weight.shape[0])

    def step(self, x, state):
        state = self.remains * state + x
        return self.out(state), state
"""
DECODER = MIXER + STEP
LEAKY = MIXER.replace("weights.tril()", "weights")


PACKAGE = {
    "decay_package/__init__.py": "",
    "decay_package/mixers.py": MIXER.replace(
        "import torch\n", "import torch\nfrom decay_package.parts import SIGN\n", 1
    ).replace("self.out(", "SIGN * self.out(", 1),
    "decay_package/parts.py": "SIGN = 1.0\n",
    "decay_package-1.5.dist-info/METADATA": "Name: decay-package\nVersion: 1.5\n",
    "decay_package-1.5.dist-info/entry_points.txt": (
        "[focus_sweeps.systems]\nfade = decay_package.mixers:Decay\n"
        "odd = decay_package.parts:SIGN\n"
    ),
}


def write_package(folder: Path) -> None:
    """Put an installed package with entry points into ``folder``, for ``sys.path``."""
    for name, content in PACKAGE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)


def write(folder: Path, name: str = "my_mixer.py", source: str = MIXER) -> Path:
    """A file with ``source`` in ``folder``."""
    path = folder / name
    path.write_text(source)
    return path


def plugin(source: str = MIXER, name: str = "my_mixer.py") -> Plugin:
    """The same as data, with the names of what it adds."""
    return with_names(Plugin(name=name, source=source))


@contextmanager
def given(*sources: str) -> Iterator[list[Plugin]]:
    """Register plugins, as a launch does."""
    plugins = [plugin(source, f"file{number}.py") for number, source in enumerate(sources)]
    with beside_ours(plugins):
        yield plugins
