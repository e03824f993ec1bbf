"""A trial's figures, from a sweep to the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.analysis.test_trial import FILES
from tests.sweeps.local_launches import ROOT, SMALL, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture


def test_from_a_sweep_to_the_page(tmp_path: Path, blank_database: Path) -> None:  # noqa: F811
    """Through the command lines alone."""
    shutil.copy(blank_database, tmp_path / "mlflow.db")
    words = ["--space", "ablation", "--local", "--seeds", "1", "--set", *SMALL, "variant=base"]
    words += ["train.steps=4", "train.eval_every=4", "task.length=32", "task.gap=16"]
    code, _, said = run_here(tmp_path, [*words, "--name", "one"])
    assert code == 0, said
    trial_id = rows(tmp_path / "ledger.db", "one")[1][0].trial_id
    done = subprocess.run(
        [sys.executable, "analysis/trial.py", trial_id[:6], "--home", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    folder = tmp_path / "reports/trials" / trial_id
    assert (done.stdout, done.stderr) == (f"Trial: {folder / 'index.html'}\n", "")
    assert {path.name for path in folder.iterdir()} == FILES
    assert (tmp_path / "looks" / f"{trial_id}-seed0.json").is_file()
