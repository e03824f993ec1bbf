"""``analysis.load``: the report's own tables as frames, with the columns that the words name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis import Loaded, load
from analysis.reading.curves import CONSTANTS
from focus_core.errors import UserError
from tests.analysis.conftest import ablation_sweep, grid_sweep, make_sweep, write_ledger
from tests.analysis.drawn_sweeps import length_sweep, random_sweep

FRAMES = ("trials", "seeds", "reports", "comparisons", "importances")


@pytest.fixture(scope="module")
def grid(reported: tuple[Path, str, str]) -> Loaded:
    return load("nfft_bins", reported[0])


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a sweep has few comparisons, one has no shares, and one has no trials."""
    folder = tmp_path_factory.mktemp("others")
    empty = make_sweep("empty", "order", [])
    return write_ledger(folder, ablation_sweep(), random_sweep(), length_sweep(), empty)


def named(frame: str) -> list[str]:
    """The columns that the words of a frame name."""
    words = getattr(Loaded, frame).__doc__
    return re.findall(r"^ +([\w.]+): ", words.split("Columns:")[1], re.MULTILINE)


def sweeps(grid: Loaded, others: Path) -> Iterator[Loaded]:
    yield grid
    yield from (load(name, others) for name in ("ablation", "random", "lengths", "empty"))


def unnamed(frame: str, found: pd.DataFrame) -> set[str]:
    """The columns that a frame has without a word of them, or of which it has only the words."""
    further = set(CONSTANTS) if frame == "trials" else set()
    axes = {name for name in found.columns if name.startswith("point.")}
    own = {"point.KEY" if name in axes else str(name) for name in found.columns}
    words = set(named(frame)) - (set() if axes else {"point.KEY"})
    return (own - further) ^ words | (further - own)


@pytest.mark.parametrize("frame", FRAMES)
def test_the_columns_are_those_that_the_words_name(frame: str, grid: Loaded, others: Path) -> None:
    kinds = set[tuple[str, ...]]()
    for loaded in sweeps(grid, others):
        found = getattr(loaded, frame)
        assert unnamed(frame, found) == set()
        assert getattr(loaded, frame) is found  # made once
        if len(found):
            kinds.add(tuple(map(str, found[[n for n in named(frame) if n in found]].dtypes)))
    assert len(kinds) == 1 or frame == "trials"  # words that all are missing have no type there


@pytest.mark.parametrize("frame", FRAMES)
def test_a_column_without_words_is_seen(frame: str, grid: Loaded) -> None:
    """Negative control."""
    found = getattr(grid, frame)
    assert unnamed(frame, found.assign(other=1)) == {"other"}
    assert unnamed(frame, found.drop(columns=found.columns[0])) == {found.columns[0]}


def test_the_frames_are_the_reports_own(grid: Loaded, reported: tuple[Path, str, str]) -> None:
    """Against the files that the command wrote."""
    folder = reported[0] / "reports" / "nfft_bins"
    trials = pq.read_table(folder / "trials.parquet").to_pandas()
    pd.testing.assert_frame_equal(grid.trials, trials)
    curves = pq.read_table(folder / "curves.parquet").to_pandas()
    pd.testing.assert_series_equal(grid.reports["amount"], curves["amount"])
    assert grid.reports["seed"].isna().sum() == curves["seed"].isna().sum() > 0
    said = json.loads((folder / "summary.json").read_text())["cards"]
    assert grid.comparisons.to_dict("records") == said["comparisons"]["data"]["rows"]
    shares = grid.importances.astype(object).where(grid.importances.notna(), None)
    assert shares.to_dict("records") == said["importances"]["data"]["axes"]
    assert len(grid.comparisons) == 11
    assert len(grid.importances) == 2


def test_a_seed_is_a_row(grid: Loaded) -> None:
    """Against the numbers that the ledger was filled with."""
    truth = {
        (trial.number, one.seed): (one.test, trial.point["model.bin_length"])
        for trial in grid_sweep().trials
        for one in trial.replicates
    }
    rows = grid.seeds.itertuples(index=False)
    found = {(r.number, r.seed): (r.test, r[7]) for r in rows}
    assert found == truth
    means = grid.seeds.groupby("number")["test"].mean()
    assert means.tolist() == pytest.approx(grid.trials["test"].tolist())


def test_which_sweep_it_is(others: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = SimpleNamespace(name="random", home=others)
    assert load(swept).name == "random"
    with pytest.raises(UserError, match="nowhere"):
        load(swept, home="nowhere")
    monkeypatch.setenv("FOCUS_HOME", str(others))
    assert repr(load("lengths")) == "<sweep 'lengths': 3 trials>"
    assert load().name == load(home=str(others)).name != "empty"
    some = load("lengths", where="task.length=64")
    assert some.trials["point.task.length"].tolist() == [64]
    assert load("lengths", where=["task.length=64"]).trials.equals(some.trials)
    both = load(compare=["ablation", "random"])
    assert len(both.trials) == len(load("ablation").trials) + len(load("random").trials)


def test_a_margin_of_ones_own(others: Path) -> None:
    wide, narrow = (load("ablation", others, margin=m).comparisons["verdict"] for m in (0.9, 1e-6))
    assert "equivalent" in set(wide)
    assert "equivalent" not in set(narrow)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sweep": "rndom"}, "did you mean 'random'?"),
        ({"sweep": "random", "compare": ["random", "lengths"]}, "leave sweep out"),
        ({"sweep": "random", "margin": 0.0}, "must be above 0"),
        ({"sweep": "random", "margin": float("nan")}, "must be above 0"),
        ({"sweep": "random", "where": "model.nfft_factor=3"}, "nfft_factor"),
        ({"compare": ["random"]}, "needs two sweeps"),
    ],
)
def test_wrong_words_are_answered(others: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as refused:
        load(home=others, **options)
    assert "\n" not in str(refused.value)


def test_importing_analysis_loads_nothing_and_load_loads_no_trainer(others: Path) -> None:
    code = (
        "import sys, analysis\n"
        "early = {'pandas', 'pyarrow', 'matplotlib', 'numpy'} & set(sys.modules)\n"
        "assert not early, early\n"
        "assert not hasattr(analysis, 'lod')\n"
        "from analysis import load\n"
        "loaded = load('random', sys.argv[1])\n"
        "loaded.trials, loaded.comparisons, loaded.importances\n"
        "late = {'ray', 'mlflow', 'torch'} & set(sys.modules)\n"
        "assert not late, late\n"
        "assert 'pandas' in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, str(others)],
        cwd=root,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
