"""Ray Tune holds no trial that has ended: the memory of a driver does not grow with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.streams import ask
from tests.sweeps.local_launches import TINY
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

TRIALS = 6
PROGRAM = """
import sys
from pathlib import Path
from sweeps import launch
from sweeps.workers.on_ray.run import OnRay

kind, file, *words = sys.argv[1:]
tune = OnRay._tune

def looked_at(self, *of_sweep):
    from sweeps.workers.on_ray import adapters

    begin = adapters.Watches.on_step_begin

    def look(self, iteration, trials, **info):
        begin(self, iteration, trials, **info)
        with Path(file).open("a") as lines:
            print(sum(trial.is_finished() for trial in trials), file=lines)

    adapters.Watches.on_step_begin = look
    if kind == "mutated":
        adapters.Records.let_go = lambda self, trial: None
    tune(self, *of_sweep)

OnRay._tune = looked_at
sys.exit(launch.main(words, own_process=True))
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["as it is", "mutated"])
def test_tune_forgets_a_trial_that_has_ended(tmp_path: Path, mlflow: Mlflow, kind: str) -> None:
    words = [word for word in TINY if word != "--local"]
    words[words.index("--trials") + 1] = str(TRIALS)
    file = tmp_path / "held.txt"
    program = ["-c", PROGRAM, kind, str(file), *words, "--home", str(tmp_path / "home")]
    said = ask(program, timeout=400)
    assert said.code == 0, said.err
    held = max(map(int, file.read_text().split()))
    assert held == 0 if kind == "as it is" else held >= TRIALS - 2
