"""The page: what a browser would make of it, for sweeps of every kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from analysis.markup import fixed, signed, small
from analysis.report import main
from focus_core.config import TrialConfig
from sweeps.schema import Trial

Make = Callable[..., Any]
Capture = pytest.CaptureFixture[str]
VOID = {"meta", "img"}


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.importance.RESAMPLES", 10)


class Page(HTMLParser):
    """What a browser would fetch or run, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for key, value in attrs if key in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def read(folder: Path) -> tuple[dict[str, Any], Page]:
    summary = json.loads((folder / "summary.json").read_text())
    return summary, Page((folder / "index.html").read_text())


def test_it_needs_nothing_but_itself(tmp_path: Path, ledger: Make, grid: Make) -> None:
    assert main(["--home", str(ledger(tmp_path, grid()))]) == 0
    folder = tmp_path / "reports" / "nfft_bins"
    summary, page = read(folder)
    assert page.open == []
    assert page.tags.count("img") == 5
    assert all(link.startswith("data:image/svg+xml;base64,") for link in page.links)
    assert "script" not in page.tags
    assert re.search(r"@import|url\(", (folder / "index.html").read_text()) is None
    assert summary["best"]["trial_id"] in page.text
    assert "leaves this question open" in page.text
    headings = ["Trials by state", "Best configuration", "All trials", "Effect of each axis"]
    headings += ["bin_length", "Learning curves", "Importance of the axes", "Against the reference"]
    places = [page.text.index(h) for h in [*headings, "Certificates", "Budgets", "Where it comes"]]
    assert places[0] < places[1] < places[2] < places[3]
    assert places[5:] == sorted(places[5:])


def test_trials_of_every_fate(tmp_path: Path, ledger: Make, ablation: Make) -> None:
    assert main(["--home", str(ledger(tmp_path, ablation()))]) == 0
    _, page = read(tmp_path / "reports" / "ablation")
    for words in ("in progress", "LEAKY", "diverged: seed 2", "MemoryError: 8 GiB", "pruned"):
        assert words in page.text
    assert "The sweep has not ended" in page.text


def _empty(trial_of: Make) -> list[Trial]:
    return []


def _running(trial_of: Make) -> list[Trial]:
    point = {"model.order": 1}
    return [trial_of(0, TrialConfig(), point, [0.3, 0.3, 0.4], state="running", step=50)]


def _waiting(trial_of: Make) -> list[Trial]:
    trial = trial_of(0, TrialConfig(), {"model.order": 1}, [0.3], state="waiting", step=0)
    trial.replicates, trial.reports, trial.value = [], [], None
    return [trial]


def _failed(trial_of: Make) -> list[Trial]:
    point, seeds = {"model.order": 1}, [None, None, None]
    return [trial_of(0, TrialConfig(), point, seeds, state="failed", reason="diverged: 3 of 3")]


def _single(trial_of: Make) -> list[Trial]:
    return [trial_of(0, TrialConfig(), {"model.order": 1}, [0.3])]


@pytest.mark.parametrize(
    "case",
    [
        (_empty, "No answer yet: no trial has ended"),
        (_waiting, "No answer yet: no trial has ended"),
        (_running, "No answer yet: no trial has ended"),
        (_failed, "No answer: of 1 trial that ended none completed its budget (1 failed"),
        (_failed, "diverged: seeds 0, 1, 2"),
        (_single, "Best on validation of 1 configuration trained in full"),
    ],
)
def test_sweeps_with_little_in_them(
    tmp_path: Path, ledger: Make, sweep_of: Make, trial_of: Make, case: tuple[Make, str]
) -> None:
    trials, answer = case
    axes = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]
    sweep = sweep_of("s", "order", trials(trial_of), axes=axes, finished=None, planned=6)
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    _, page = read(tmp_path / "reports" / "s")
    assert answer in page.text
    assert page.open == []


COUNTED = r"(seed|trial|configuration|comparison|replicate|report|bin|CPU|point|step)"


def test_one_of_a_kind_has_no_plural(
    tmp_path: Path, ledger: Make, sweep_of: Make, trial_of: Make, capsys: Capture
) -> None:
    """Two arms of one seed each, so that seeds and comparisons are told and are one."""
    trials = [
        trial_of(k, TrialConfig().override({"model.order": k + 1}), {"model.order": k + 1}, [score])
        for k, score in enumerate([0.3, 0.5])
    ]
    axes = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]
    sweep = sweep_of("s", "order", trials, axes=axes, seeds=1)
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    _, page = read(tmp_path / "reports" / "s")
    for said in (page.text, capsys.readouterr().out):
        assert re.search(r"n = 1 seed\.", said)
        assert re.search(r"1 undecided with 1 seed \(6 needed for 1 comparison\)", said)
        assert not re.search(rf"(?<![\d.])1 {COUNTED}s\b", said)


def test_no_markup_is_shown_as_words(tmp_path: Path, ledger: Make, ablation: Make) -> None:
    """No floor of the loss makes a dash, as it does where the answer alone is trained."""
    sweep = ablation()
    for trial in sweep.trials:
        for report in trial.reports:
            report.metrics = report.metrics | {"loss_floor": 0.0}
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    _, page = read(tmp_path / "reports" / "ablation")
    assert "<" not in page.text.replace("n = 3 < 5", "").replace("< 0.001", "")
    assert "-0.000" not in page.text


def test_numbers_are_never_minus_nothing() -> None:
    assert (fixed(-1e-9), signed(-1e-9), signed(-0.01)) == ("0.000", "0.000", "-0.010")
    assert (small(0.0), small(0.03)) == ("< 0.001", "0.030")


def test_the_page_escapes_everything(tmp_path: Path, ledger: Make, ablation: Make) -> None:
    evil = "<script>alert('x')</script>\"&$x_1$"
    sweep = ablation(evil, question=evil, diff=evil, dirty=True, commit=evil, versions={evil: evil})
    sweep.space = evil
    for trial in sweep.trials:
        trial.reason = trial.error = evil
        trial.point = {"variant": evil + str(trial.number)}
    sweep.command = f"python sweeps/launch.py --set 'x={evil.replace(chr(39), '')}'"
    assert main(["--home", str(ledger(tmp_path, sweep))]) == 0
    (folder,) = (tmp_path / "reports").iterdir()
    _, page = read(folder)
    assert "script" not in page.tags
    assert evil in page.text  # it is there, as words
    assert page.open == []
