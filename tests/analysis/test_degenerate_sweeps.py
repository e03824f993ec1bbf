"""Sweeps with little or nothing in them: every form is written, and no word claims too much."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.page.pictures import Picture
from analysis.report import main
from focus_core.config import TrialConfig
from sweeps.record.schema import Sweep
from tests.analysis.conftest import make_sweep, make_trial, write_ledger
from tests.analysis.pages import read

Scores = Sequence[Sequence[float | None]]
Case = tuple[Callable[[], Sweep], tuple[str, ...]]

NAN, INF = float("nan"), float("inf")
RATE = "train.learning_rate"
PRUNED = {"state": "pruned", "step": 100, "reason": "below the median"}
FAILED = {"state": "failed", "reason": "MemoryError"}
KILLED = {"state": "killed", "reason": "interrupted"}
RUNNING = {"state": "running", "step": 50}
UNICODE = ("漢字", "🦊🔥", "עברית", "e\u0301", "a\u202eb")
FORMS = {"index.html", "report.md", "summary.json", "trials.parquet", "curves.parquet", "tables"}

NOTHING_APART = "Nothing is told apart from"
NOT_COMPARED = "No winner: nothing could be compared."
NOT_NAMED = "No winner is named: nothing here is told apart"


def noisy(arms: int, seeds: int = 3, mean: float = 0.5, sd: float = 0.02) -> list[list[float]]:
    """Equal arms."""
    found: list[list[float]] = np.random.default_rng(arms).normal(mean, sd, (arms, seeds)).tolist()
    return found


def rising(size: float) -> list[list[float]]:
    """Three arms that differ."""
    return [[size * (1 + 0.3 * i + d) for d in row] for i, row in enumerate(noisy(3, 3, 0, 0.01))]


def choice(key: str, values: Sequence[Any]) -> dict[str, Any]:
    return {"key": key, "kind": "categorical", "choices": list(values)}


def number(key: str) -> dict[str, Any]:
    return {"key": key, "kind": "float", "low": 0.0, "high": 1.0, "log": False, "step": None}


def sweep(
    scores: Scores,
    *,
    points: Sequence[dict[str, Any]] = (),
    axes: Sequence[dict[str, Any]] = (),
    fates: Sequence[dict[str, Any]] = (),
    **changes: Any,
) -> Sweep:
    """A row of scores a trial; without points one axis whose values all differ."""
    points = points or [{RATE: 0.001 * (i + 1)} for i in range(len(scores))]
    axes = axes or [choice(RATE, [0.001 * (i + 1) for i in range(max(2, len(scores)))])]
    fates = fates or [{}] * len(scores)
    trials = []
    for i, (point, row, fate) in enumerate(zip(points, scores, fates, strict=True)):
        trials.append(make_trial(i, TrialConfig(), {RATE: 0.0001 * (i + 1)}, row, **fate))
        trials[-1].point = point
    seeds = max((len(row) for row in scores), default=3)
    return make_sweep("few", "few", trials, **({"axes": axes, "seeds": seeds} | changes))


def forty_axes() -> Sweep:
    """Drawn at random, choices and numbers by turns; none of them does anything."""
    draws = np.random.default_rng(0)
    axes = [number(f"model.k{i}") if i % 2 else choice(f"model.k{i}", [0, 1]) for i in range(40)]
    points = [
        {a["key"]: draws.integers(2).item() if "choices" in a else draws.random() for a in axes}
        for _ in range(16)
    ]
    return sweep(noisy(16), points=points, axes=axes, sampler="random")


def searched(left: int) -> Sweep:
    """A TPE sweep of 24 trials, all but ``left`` of them pruned; the last level is the best."""
    draws = np.random.default_rng(1)
    points = [{"model.a": i % 3, RATE: draws.random()} for i in range(24)]
    scores = [draws.normal(0.3 + 0.2 * p["model.a"], 0.02, 3).tolist() for p in points]
    fates = [{} if i < left else PRUNED for i in range(24)]
    axes = [choice("model.a", range(3)), number(RATE)]
    return sweep(scores, points=points, axes=axes, fates=fates, sampler="tpe")


def grid(score: float) -> Sweep:
    points = [{"model.a": i % 4, "model.b": i // 4} for i in range(12)]
    axes = [choice("model.a", range(4)), choice("model.b", range(3))]
    return sweep([[score] * 3] * 12, points=points, axes=axes)


def kinds() -> Sweep:
    """None, truth values and words among the choices."""
    lists: list[list[Any]] = [[None, True, "a"], [True, False], [None, 4, 16, "all"]]
    names = ("model.x", "model.y", "model.z")
    points = [{k: v[i % len(v)] for k, v in zip(names, lists, strict=True)} for i in range(12)]
    return sweep(noisy(12), points=points, axes=list(map(choice, names, lists)))


CASES: dict[str, Case] = {
    "empty": (lambda: sweep([], planned=12, finished=None), ("no trial has ended, of 12",)),
    "one trial": (lambda: sweep([[0.5, 0.6, 0.7]]), ("nothing to compare it with", NOT_COMPARED)),
    "one trial, one seed": (lambda: sweep([[0.5]]), ("nothing to compare it with", NOT_COMPARED)),
    "one seed": (
        lambda: sweep(noisy(5, 1)),
        ("a difference of up to 1.0000 is possible", "With 1 seed nothing is decided", NOT_NAMED)
        + ("Too little is known of the noise", "one seed shows no noise"),
    ),
    "two seeds, one not a number": (
        lambda: sweep([[0.5, NAN], [0.6, 0.61], [0.4, 0.41]]),
        ("no finite score of seed 1", "1 seed without a finite score", NOT_NAMED)
        + ("With 2 seeds nothing is decided", "Too little is known of the noise"),
    ),
    "a seed of each not a number": (
        lambda: sweep([[0.5, 0.6, NAN], [0.6, NAN, 0.61], [NAN, 0.4, 0.41]]),
        ("no finite score", "3 seeds without a finite score", NOT_COMPARED),
    ),
    "infinite": (
        lambda: sweep([[INF] * 3] * 3),
        ("no finite score of seed 0, 1, 2", "9 seeds without a finite score", NOT_COMPARED),
    ),
    "endlessly good": (
        lambda: sweep([[1.5, 1.6, 1.4], [-INF, 1.0, 1.0], [1.2, 1.3, 1.4]],
                      metric="validation loss", direction="minimize"),
        ("no finite score of seed 0", NOTHING_APART, NOT_NAMED),
    ),
    "a seed of each diverged": (
        lambda: sweep([[0.5, None, 0.6], [None, 0.4, 0.4], [0.5, 0.5, None]]),
        ("diverged (1 seed)", NOT_COMPARED),
    ),
    "all failed": (lambda: sweep([[None] * 3] * 3, fates=[FAILED] * 3), ("3 failed", NOT_COMPARED)),
    "all pruned": (lambda: sweep(noisy(3), fates=[PRUNED] * 3), ("3 pruned", NOT_COMPARED)),
    "all killed": (lambda: sweep(noisy(3), fates=[KILLED] * 3), ("3 killed", NOT_COMPARED)),
    "all running": (
        lambda: sweep(noisy(2), fates=[RUNNING] * 2, finished=None, planned=9),
        ("no trial has ended, of 9", "The sweep has not ended", NOT_COMPARED),
    ),
    "every fate": (
        lambda: sweep(noisy(6), fates=[{}, {}, PRUNED, FAILED, KILLED, RUNNING],
                      finished=None, planned=8),
        (NOTHING_APART, NOT_NAMED, "Survivors only: 2 of 6", "The sweep has not ended"),
    ),
    "the first failed": (
        lambda: sweep([[None] * 3, *noisy(3)], fates=[FAILED, {}, {}, {}]),
        (NOTHING_APART, NOT_NAMED, "3 seeds diverged"),
    ),
    "all equal": (
        lambda: grid(0.7),
        ("within ±0.0500", NOT_NAMED, "No axis is shown to matter", "no spread to explain"),
    ),
    "all equal, no test set to count": (
        lambda: sweep([[0.7] * 3] * 4, metric="validation loss", direction="minimize"),
        (NOTHING_APART, "nothing is known of how far apart", NOT_NAMED),
    ),
    "constant knob": (
        lambda: sweep(noisy(6), points=[{"model.a": 8, "model.b": i} for i in range(6)],
                      axes=[choice("model.a", [8]), choice("model.b", range(6))]),
        (NOTHING_APART, NOT_NAMED, "fewer than two varied"),
    ),
    "unicode": (
        lambda: sweep(noisy(5), points=[{"model.名前": u} for u in UNICODE],
                      axes=[choice("model.名前", UNICODE)], question="どちら? مرحبا 🦊"),
        (NOTHING_APART, *UNICODE[:3], "どちら? مرحبا 🦊"),
    ),
    "None, truth and words": (kinds, (NOTHING_APART, NOT_NAMED, "it moved only together with")),
    "sixty arms": (lambda: sweep(noisy(60)), (NOTHING_APART, NOT_NAMED)),
    "forty axes": (forty_axes, (NOTHING_APART, "No axis is shown to matter", "none is given")),
    "nearly all pruned": (
        lambda: searched(3),
        ("Survivors only: 3 of 24", "21 pruned", "No axis could be tested.", "Fewer than 8 trials"),
    ),
    "half pruned": (
        lambda: searched(12), ("Among the trials that pruning left: a matters", "survivors only"),
    ),
    "tiny errors, fewer is better": (
        lambda: sweep(rising(1e-5), metric="mse", direction="minimize"),
        ("are worse: mse 0.2", "e-5 above learning_rate=0.001", "learning_rate=0.001 is better"),
    ),
    "bits, more is better": (
        lambda: sweep(rising(2.0), metric="bits", direction="maximize"),
        ("are better: bits 0.5", "learning_rate=0.003 is better than every other arm"),
    ),
}  # fmt: skip


@pytest.fixture
def _without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take seconds; those of such sweeps are drawn in ``test_verdict_cards``."""
    picture = Picture(inline='<svg role="img"></svg>', width=100, height=100)
    monkeypatch.setattr("analysis.page.pictures.draw", lambda *_, **__: picture)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("_without_pictures")
def test_it_says_what_it_cannot_say(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, must_say = CASES[case]
    assert main(["--home", str(write_ledger(tmp_path, make()))]) == 0
    assert capsys.readouterr().err == ""
    folder = tmp_path / "reports" / "few"
    assert {path.name for path in folder.iterdir()} >= FORMS
    summary, page = read(folder)
    said = prose(summary)
    for words in must_say:
        assert words in said or words in page.text, words
    assert not re.search(r"(?<![\w.])[-+]?(nan|inf|infinity)\b", said, re.IGNORECASE), said
    assert not re.search(r"-0\.?0*(?![\d.e])", said)
    assert not re.search(r"\d\.\d{7,}", said)  # no digits that nobody knows
    json.dumps(summary, allow_nan=False)
    no_best_among_equals(summary, said)


def prose(summary: dict[str, Any]) -> str:
    """All sentences, and why arms are left out."""
    cards = summary["cards"].values()
    return "\n".join(words for card in cards for words in card["words"])


def no_best_among_equals(summary: dict[str, Any], said: str) -> None:
    """Nobody is called best before something differs, and no verdict outruns its interval."""
    data = {name: card["data"] for name, card in summary["cards"].items()}
    gate, margin = data["verdict"]["gate"], summary["metric"]["margin"]
    if gate is None or not gate["rejected"]:
        assert data["winner"] == {"winner": None, "may_be_best": [], "confirmed": None}
        assert not re.search(r"[Bb]est (on|among)|is better|are better|matters", said)
    rows = data["comparisons"]["rows"]
    for row in rows:
        low, high, verdict = row["low"], row["high"], row["verdict"]
        if row["n"] < 3 or low is None:
            assert verdict == "open"
        elif verdict == "equivalent":
            assert margin is not None
            assert -margin <= low <= high <= margin
        else:
            assert (verdict == "open") == (low <= 0 <= high)
    if data["winner"]["winner"] and data["winner"]["winner"] == summary.get("reference"):
        assert all(row["verdict"] == "worse" for row in rows)
