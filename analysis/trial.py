"""``python analysis/trial.py TRIAL_ID``: the paper's Figures 2-4 for one trained trial."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.page.folders import replace_folder
from analysis.reading.look import read_look
from focus_core.errors import UserError
from sweeps.commands.command_line import (
    CommandLine,
    answer,
    escaped,
    filled,
    home_folder,
    seed_number,
    tell,
)

NAME = "trial.py"


def build_parser() -> CommandLine:
    """The parser of the command's flags."""
    parser = CommandLine(NAME, "Draw a trained trial's filters, and its time against length.")
    add = parser.add_argument
    add("trial", type=filled, metavar="TRIAL_ID", help="its id, or how it begins")
    add("--seed", type=seed_number, default=0, help="whose weights (default: 0)")
    add("--fresh", action="store_true", help="compute and time again what is there already")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Draw and print the page's address; 0 done, 2 no such trial or no place to write."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _draw(words))


def _draw(argv: list[str]) -> int:
    options = build_parser().read(argv)
    home = home_folder(options.home)
    path = home / "looks" / f"{options.trial}-seed{options.seed}.json"
    whole_id = re.fullmatch("[0-9a-f]{12}", options.trial)
    if options.fresh or not whole_id or not path.is_file():
        path = _look(options.trial, options.seed, home)
    look = read_look(path)
    from analysis.page.trial_page import fill

    folder = home / "reports" / "trials" / look["trial_id"]
    replace_folder(folder, lambda fresh: fill(fresh, look))
    tell(escaped(f"Trial: {folder / 'index.html'}"))
    return 0


def _look(trial: str, seed: int, home: Path) -> Path:
    """Compute the numbers in a process that imports torch, and return the path of their file.

    Raises:
        UserError: the process reports a mistake of the user, such as an unknown trial.
        RuntimeError: the process failed otherwise.
    """
    words = [trial, "--seed", str(seed), "--home", str(home)]
    if sys.stdout is not None and sys.stdout.isatty():
        tell("Looking into the trial: about half a minute")
    command = [sys.executable, "-m", "sweeps.look"]
    done = subprocess.run(
        [*command, *words], capture_output=True, text=True, errors="surrogateescape", check=False
    )
    if done.returncode == 0:
        return Path(done.stdout.splitlines()[-1])
    said = done.stderr.strip().removeprefix("sweeps.look: ")
    if done.returncode == 2:
        raise UserError(said)
    raise RuntimeError(f"sweeps.look ended with {done.returncode}: {said}")


if __name__ == "__main__":
    sys.exit(main())
