"""The page of a sweep, of every kind: what a browser would make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.report import main
from focus_core.config import TrialConfig
from sweeps.record.schema import Trial
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.analysis.pages import EVIL, read, sketched

Make = Callable[..., Any]


@pytest.fixture
def _sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.page.pictures.draw", sketched)


def test_it_needs_nothing_but_itself(reported: tuple[Path, str, str]) -> None:
    folder = reported[0] / "reports" / "nfft_bins"
    _, page = read(folder)
    text = (folder / "index.html").read_text()
    assert page.tags.count("svg") >= 3
    assert all(load.startswith("data:") for load in page.loads)
    assert not any(link.startswith(("http", "//", "javascript")) for link in page.links)
    assert re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org)", text) is None
    assert "leaves this question open" in page.text
    assert len(set(page.ids)) == len(page.ids)
    beside = [link for link in page.links if not link.startswith("#")]
    assert beside
    assert all((folder / link).is_file() for link in beside)

    figures = re.findall(r"<svg [^>]*>|<img [^>]*>", text)
    assert figures
    assert all(re.search(r'(aria-label|alt)="[^"]{20,}"', figure) for figure in figures)


@pytest.mark.usefixtures("_sketches")
def test_trials_of_every_fate(tmp_path: Path, ledger: MakeHome, ablation: MakeSweep) -> None:
    assert main(["--home", str(ledger(tmp_path, ablation()))]) == 0
    _, page = read(tmp_path / "reports" / "ablation")
    for words in ("not finished", "LEAKY", "diverged: seed 2", "MemoryError: 8 GiB", "pruned"):
        assert words in page.text
    assert "6 of 10 trials completed; 1 pruned, 2 failed, 1 killed. 1 seed diverged." in page.text
    assert "seed 2 diverged at step 150" in page.text  # beside the scores of the others


def _empty(trial_of: MakeTrial) -> list[Trial]:
    return []


def _running(trial_of: MakeTrial) -> list[Trial]:
    point = {"model.order": 1}
    return [trial_of(0, TrialConfig(), point, [0.3, 0.3, 0.4], state="running", step=50)]


def _waiting(trial_of: MakeTrial) -> list[Trial]:
    trial = trial_of(0, TrialConfig(), {"model.order": 1}, [0.3], state="waiting", step=0)
    trial.replicates, trial.reports, trial.value = [], [], None
    return [trial]


def _failed(trial_of: MakeTrial) -> list[Trial]:
    point, seeds = {"model.order": 1}, [None, None, None]
    return [trial_of(0, TrialConfig(), point, seeds, state="failed", reason="diverged: 3 of 3")]


def _single(trial_of: MakeTrial) -> list[Trial]:
    return [trial_of(0, TrialConfig(), {"model.order": 1}, [0.3])]


def _equal(trial_of: MakeTrial) -> list[Trial]:
    return [
        trial_of(
            k, TrialConfig().override({"model.order": k + 1}), {"model.order": k + 1}, [0.5] * 5
        )
        for k in range(2)
    ]


def _not_finite(trial_of: MakeTrial) -> list[Trial]:
    trials = _equal(trial_of)
    for trial in trials[:1]:
        trial.value = float("inf")
        for report in trial.reports:
            report.metrics = report.metrics | {"value/0": None, "leak": None}
    return trials


def _pruned(trial_of: MakeTrial) -> list[Trial]:
    return [
        trial_of(
            k,
            TrialConfig().override({"model.order": k + 1}),
            {"model.order": k + 1},
            [0.5, 0.4],
            state="pruned",
            step=50,
            reason="below the median",
        )
        for k in range(2)
    ]


@pytest.mark.parametrize(
    "case",
    [
        (_empty, "0 of 6 trials completed; 6 not started."),
        (_waiting, "0 of 6 trials completed; 1 waiting, 5 not started."),
        (_running, "0 of 6 trials completed; 1 running, 5 not started."),
        (_failed, "diverged: seeds 0, 1, 2"),
        (_single, "1 of 6 trials completed"),
        (_equal, "A seed strays from its arm by 0.0000"),
        (_not_finite, "2 of 6 trials complete"),
        (_pruned, "2 pruned"),
    ],
    ids=lambda case: case[0].__name__,
)
@pytest.mark.usefixtures("_sketches")
def test_sweeps_with_little_in_them(
    tmp_path: Path,
    ledger: MakeHome,
    sweep_of: MakeSweep,
    trial_of: MakeTrial,
    case: tuple[Make, str],
) -> None:
    trials, said = case
    axes = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]
    sweep = sweep_of("s", "order", trials(trial_of), axes=axes, finished=None, planned=6)
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    _, page = read(tmp_path / "reports" / "s")
    assert said in page.text
    assert "Traceback (most" not in page.text
    assert not re.search(r"-0\.0+\b(?!\d)|(?<!leaks )\bnan\b", page.text)


COUNTED = r"(seed|trial|configuration|comparison|replicate|report|bin|CPU|point|step|arm)"


@pytest.mark.usefixtures("_sketches")
def test_one_of_a_kind_has_no_plural(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    sweep = sweep_of("s", "order", _single(trial_of), axes=[], seeds=1)
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    _, page = read(tmp_path / "reports" / "s")
    assert "s · finished · nothing leaks · every filter stable" in page.text
    assert "The trial completed." in page.text
    assert not re.search(rf"(?<![\d.])1 {COUNTED}s\b", page.text)


@pytest.mark.usefixtures("_sketches")
def test_what_alarms_is_not_folded_away(
    tmp_path: Path, ledger: MakeHome, ablation: MakeSweep
) -> None:
    sweep = ablation()
    for trial in sweep.trials[:1]:
        for report in trial.reports:
            report.metrics = report.metrics | {"pole_radius_max": 1.02}
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    summary, page = read(tmp_path / "reports" / "ablation")
    assert summary["cards"]["trust"]["status"] == "alarm"
    assert "Alarm, base: unstable: pole radius 1.020." in page.text
    assert "1 alarm" in page.text


def test_hostile_words_are_words_in_every_form(
    tmp_path: Path, ledger: MakeHome, ablation: MakeSweep
) -> None:
    sweep = ablation(EVIL, question=EVIL, diff=EVIL, dirty=True, commit=EVIL, versions={EVIL: EVIL})
    sweep.space = EVIL
    for trial in sweep.trials:
        trial.reason = trial.error = EVIL
        trial.point = {"variant": EVIL + str(trial.number)}
    sweep.command = f"python sweeps/launch.py --set 'x={EVIL.replace(chr(39), '')}'"
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    (folder,) = (tmp_path / "reports").iterdir()
    _, page = read(folder)
    assert EVIL in page.text  # it is there, as words
    assert page.handlers == []
    assert "{{ 7 * 7 }}" in page.text
    assert len(page.data) == page.tags.count("script")
    for path in folder.glob("figures/*.svg"):
        assert "<script" not in path.read_text()
    assert re.search(r"(?<!\\)<script", (folder / "report.md").read_text().split("```")[0]) is None
