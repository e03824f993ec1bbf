"""The numbers behind the paper's Figures 2-4, for a trained trial: ``python -m sweeps.look ID``.

One JSON file, written whole; ``analysis/trial.py`` draws it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import (
    CommandLine,
    answer,
    escaped,
    filled,
    seed_number,
    shown,
    usable_path,
)
from sweeps.planning.plugins import add_plugin_flag, read_plugins
from sweeps.provenance.launch_origin import hardware, versions
from sweeps.provenance.plugins import beside_ours
from sweeps.record.home import find_home

if TYPE_CHECKING:
    from focus_core.config import TrialConfig
    from focus_core.tasks.base import Task
    from sweeps.workers.trained_network import Trained

NAME = "sweeps.look"
FORMAT = 1
CHANNELS = 3
SECONDS = 20.0
"""How long the timings take."""


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine("python -m sweeps.look", "Look into a trained trial's filters and speed.")
    add = parser.add_argument
    add_plugin_flag(parser)
    add("trial", type=filled, metavar="TRIAL_ID", help="its id, or how it begins")
    add(
        "--seed",
        type=seed_number,
        default=0,
        help="whose weights, and of the channels (default: 0)",
    )
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    add("--out", type=filled, metavar="FILE", help="default: HOME/looks/TRIAL_ID-seedK.json")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _look(words))


def _look(argv: list[str]) -> int:
    args = build_parser().read(argv)
    home = find_home(args.home)
    out = None if args.out is None else _out_file(args.out)
    read_plugins(args.plugin or [])
    from sweeps.workers.trained_network import find_trained

    found = find_trained(home, args.trial, args.seed)
    with beside_ours(found.plugins):
        seen = look(found)
    out = out or home.folder / "looks" / f"{found.trial.trial_id}-seed{found.seed}.json"
    if not seen["layers"]:
        tell("This network has no Focus filters: only time against length (Figure 3).")
    _write(out, json.dumps(seen, allow_nan=False, separators=(",", ":")) + "\n")
    tell(escaped(str(out)))
    return 0


def look(found: Trained, seconds: float = SECONDS) -> dict[str, Any]:
    """All numbers, as plain data; the timings take about ``seconds``."""
    from focus_core.systems.focus.views.filter_views import described, filter_views, random_channels
    from focus_core.tasks import build_task
    from focus_core.tools.speed import one_thread

    trial = found.trial
    model = trial.resolved_model()
    channels = random_channels(model.width, CHANNELS, found.seed)
    with one_thread():
        task = build_task(trial.task, found.seed)
        layers = filter_views(
            found.build(),
            task.test(slice(0, 1)).inputs_BL,
            channels=channels,
            key=task.key_place(0),
        )
        timings = _timings(trial.resolved(), task, seconds)
    return {
        "format": FORMAT,
        "trial_id": trial.trial_id,
        "seed": found.seed,
        "task": trial.task.name,
        "length": trial.task.length,
        "mixer": model.mixer,
        **described(model),
        "leaks": list(model.leaks()),
        "key_place": task.key_place(0),
        "channels": channels,
        "layers": layers,
        "timings": timings,
        "hardware": hardware(),
        "versions": {name: versions()[name] for name in ("python", "torch")},
    }


def _timings(trial: TrialConfig, task: Task, seconds: float) -> dict[str, list[dict[str, float]]]:
    """Time such a network, and full attention with the same width, layers and FFN."""
    from focus_core.tools.speed import LENGTHS, Build, Shape, build_work, time_lengths

    shape = Shape(task.vocab_size, task.num_outputs, task.readout, task.channels)
    rival = trial.override({"model.mixer": "flash_transformer", "model.mode": "strict"})
    models = {each.model.mixer: each.model for each in (trial, rival.resolved())}
    builds: dict[str, Build] = {name: partial(build_work, of, shape) for name, of in models.items()}
    timed = time_lengths(builds, LENGTHS, seconds=seconds)
    return {name: [timing._asdict() for timing in rows] for name, rows in timed.items()}


def _out_file(word: str) -> Path:
    path = usable_path("--out", word)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UserError(f"--out {shown(word)} must be a file in a folder that can be written to")
    return path


def _write(path: Path, text: str) -> None:
    """Write under another name, then move: nobody reads half a file."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise UserError(
            f"cannot write {path}: {error.strerror}; name another file with --out"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
