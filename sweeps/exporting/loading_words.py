"""How a card says that its network is loaded, and which code from outside that runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeps.commands.command_line import escaped

if TYPE_CHECKING:
    from focus_core.tools.exported_plugin import Needed


def how_to_load(plugins: Sequence[Needed]) -> str:
    """The call that loads the network, what it needs, and what it runs, in Markdown.

    Args:
        plugins: the mixers and tasks from outside.
    """
    of_mixer = next((each for each in plugins if each.mixer), None)
    lines = [_call(of_mixer)]
    if of_mixer is None:
        lines.append("It needs torch and safetensors alone.")
    else:
        what = f"`{of_mixer.file}`" if of_mixer.file else escaped(of_mixer.version)
        lines.append(
            f"**Loading runs code that is not of Focus Sweeps: {what}, the mixer "
            f"{of_mixer.mixer}.** Read it first. Other code is refused. It needs torch, "
            "safetensors and what that code imports."
        )
    lines += [f"- {_origin(each)}" for each in plugins]
    return "\n\n".join(lines)


def _call(needed: Needed | None) -> str:
    words = '"FOLDER"'
    if needed is not None:
        words += f', plugin="{f"FOLDER/{needed.file}" if needed.file else needed.name}"'
    return f"```python\nimport focus_core\n\nnet = focus_core.load({words})\n```"


def _origin(needed: Needed) -> str:
    """Where a plugin comes from, and whether loading needs it."""
    adds = " and ".join(
        f"the {kind} {name}"
        for kind, name in (("mixer", needed.mixer), ("task", needed.task))
        if name is not None
    )
    if needed.file:
        origin = f"`{needed.file}` ({escaped(needed.name)}, SHA-256 {needed.sha256})"
    else:
        origin = f"the entry point {escaped(needed.name)} of {escaped(needed.version)}"
    rest = "" if needed.mixer else "; loading does not need it"
    return f"{adds}: {origin}, code identity {needed.code}{rest}"
