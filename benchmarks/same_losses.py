"""Do two checkouts train the same numbers? ``python benchmarks/same_losses.py --before DIR``.

Every variant on far recall and every mixer on every task, tiny, for a few steps and two seeds. What
a trial reports is compared to the last digit, but for leaks that are rounding; times and memory are
left out. Data sets that are not there are left out, and named. ``--before`` is a checkout of the
other commit, and ``--renamed`` says what has another name there: ``now=before,...``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

MEASURED = ("seconds", "bytes", "per_step")
"""In the names of what differs from run to run."""
ROUNDING = 1e-9
"""A leak below it is that of a causal network in float64, which depends on the tokens changed."""
TINY = {
    "train.steps": 3,
    "train.warmup_steps": 1,
    "train.batch_size": 2,
    "train.eval_every": 2,
    "task.eval_sequences": 4,
    "task.test_sequences": 4,
    "model.width": 8,
}
OF_TASKS = {
    "mqar": {"task.keys": 16, "task.values": 16},
    "digits": {"task.length": 64},
    "smnist": {"task.length": 784, "model.layers": 1},
    "pmnist": {"task.length": 784, "model.layers": 1},
    "enwik8": {"task.prefix": 100_000},
    "text8": {"task.prefix": 100_000},
}


def main() -> None:
    """Compare, or with ``--run`` as the only word print what this checkout's trials report."""
    if sys.argv[1:] == ["--run"]:
        print(json.dumps(dict(trials())))
        return
    from result import publish, read_command  # not above: the other checkout has other modules

    args = read_command(__doc__, before="", renamed="")
    here = Path(__file__).resolve().parents[1]
    now, before = reported(here), reported(Path(args.before).resolve()) if args.before else None
    renamed = dict(pair.split("=") for pair in args.renamed.split(",") if pair)
    there = {name: before_of(name, renamed) for name in now}
    different = [] if before is None else [n for n in now if now[n] != before.get(there[n])]
    missing = set() if before is None else set(there.values()) - before.keys()
    failed = [name for name, found in now.items() if isinstance(found, str)]
    numbers = sum(len(report) for f in now.values() if isinstance(f, list) for report in f)
    rows = [
        {
            "trials": len(now) - len(failed),
            "numbers": numbers,
            "differ": "nothing to compare with" if before is None else len(different),
            "not in the other checkout": 0 if before is None else len(missing),
        }
    ]
    notes = [
        f"a trial: {', '.join(f'{key}={value}' for key, value in TINY.items())}, seeds 0 and 1",
        f"without data here: {', '.join(failed) or 'none'}",
        f"different: {', '.join(different) or 'none'}",
    ]
    publish("The same losses", rows, notes, args.out)
    sys.exit(bool(different))


def before_of(name: str, renamed: Mapping[str, str]) -> str:
    """The name in the other checkout, word by word."""
    return " ".join(renamed.get(word, word) for word in name.split(" "))


def reported(tree: Path) -> dict[str, list[dict[str, str]] | str]:
    """Name of a trial to its reports, or to why it could not be trained."""
    script = Path(__file__).resolve()
    done = subprocess.run(
        [sys.executable, str(script), "--run"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, list[dict[str, str]] | str] = json.loads(done.stdout)
    return found


def trials() -> Iterator[tuple[str, list[dict[str, str]] | str]]:
    """Train every trial of this process's checkout."""
    from focus_core.config import TrialConfig
    from focus_core.errors import UserError
    from focus_core.tasks import TASKS

    loop = "loop" if (Path.cwd() / "focus_core/training/loop.py").is_file() else None
    fit = import_module(".".join(filter(None, ("focus_core", "training", loop)))).fit
    from search_spaces.variants import VARIANTS

    mixers = {str(v.changes.get("model.mixer", "focus")) for v in VARIANTS.values()}
    asked = {f"variant {name}": v.changes for name, v in VARIANTS.items()}
    asked |= {
        f"{mixer} on {task}": {"model.mixer": mixer, "task.name": task, **OF_TASKS.get(task, {})}
        for mixer in sorted(mixers)
        for task in sorted(TASKS)
    }
    for name, changes in asked.items():
        found: list[dict[str, float]] = []
        try:
            trial = TrialConfig().override(TINY | dict(changes))
            fit(trial, [0, 1], found.append)
        except UserError as error:
            yield name, str(error)
            continue
        yield name, [dict(_compared(report)) for report in found]


def _compared(report: dict[str, float]) -> Iterator[tuple[str, str]]:
    for name, value in report.items():
        if not any(word in name for word in MEASURED):
            yield name, "rounding" if _is_rounding(name, value) else repr(value)


def _is_rounding(name: str, value: float) -> bool:
    return name.partition("/")[0] == "leak" and abs(value) < ROUNDING


if __name__ == "__main__":
    main()
