"""Ledgers filled by hand, with scores whose truth is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import search_spaces
from analysis.report import main
from focus_core.config import TrialConfig
from search_spaces.variants import VARIANTS
from sweeps.record.schema import SCHEMA_VERSION, Base, Replicate, Report, SchemaInfo, Sweep, Trial

START = dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)
STEPS = 400
BIN_SCORE = {64: 0.25, 32: 0.81, 16: 0.78, 8: 0.50}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOCUS_HOME", raising=False)
    monkeypatch.delenv("FOCUS_LEDGER_URL", raising=False)


def make_trial(
    number: int,
    base: TrialConfig,
    point: dict[str, Any],
    scores: Sequence[float | None],
    *,
    state: str = "complete",
    variant: str | None = None,
    causal: bool = True,
    step: int = STEPS,
    leak: float = 2e-8,
    reason: str | None = None,
    error: str | None = None,
) -> Trial:
    """A trial whose seed ``k`` ends at ``scores[k]``; None is a seed that diverged."""
    changes = VARIANTS[variant].changes if variant else point
    config = base.override(changes)
    alive = state == "complete" and None not in scores
    known = [s for s in scores if s is not None]
    mean = sum(known) / len(known) if alive or state in ("pruned", "running", "killed") else None
    return Trial(
        number=number,
        trial_id=config.trial_id,
        point=point,
        config=config.canonical(),
        variant=variant,
        causal=causal,
        state=state,
        reason=reason,
        error=error,
        value=mean,
        test=mean if alive else None,
        step=step,
        steps=STEPS,
        started=START + dt.timedelta(seconds=20 * number),
        finished=None if state == "running" else START + dt.timedelta(seconds=20 * number + 19),
        seconds=18.5 + number % 3,
        replicates=[
            Replicate(
                seed=seed,
                state="diverged" if score is None else state,
                step=150 if score is None else step,
                value=score,
                test=score if alive else None,
            )
            for seed, score in enumerate(scores)
        ],
        reports=[_report(at, step, scores, leak) for at in range(50, step + 1, 50)],
    )


def _report(at: int, last: int, scores: Sequence[float | None], leak: float) -> Report:
    metrics: dict[str, Any] = {
        "chance": 0.25,
        "window_ceiling": 0.31,
        "loss_floor": 1.2,
        "parameters": 52_431.0,
        "seconds_per_step": 0.015,
        "peak_bytes": 6.1e8,
        "pole_radius_max": 0.71 + at / 4000,
        "pole_radius_median": 0.70,
        "leak": leak,
    }
    share = 1 / (1 + np.exp(-(at - 180) / 40))
    for seed, score in enumerate(scores):
        if score is not None:
            metrics[f"value/{seed}"] = 0.25 + (score - 0.25) * float(share)
            metrics[f"train_loss/{seed}"] = 2.0 - 0.4 * float(share)
        elif at < 150:
            metrics[f"value/{seed}"] = 0.25
    value = None
    if None not in scores:
        value = sum(metrics[f"value/{seed}"] for seed in range(len(scores))) / len(scores)
    return Report(step=at, value=value, metrics=metrics, at=START + dt.timedelta(seconds=at))


def make_sweep(name: str, space: str, trials: Sequence[Trial], **changes: Any) -> Sweep:
    about: dict[str, Any] = {
        "name": name,
        "space": space,
        "question": "How do bin length and NFFT change what can be recalled from afar?",
        "metric": "accuracy",
        "direction": "maximize",
        "sampler": "grid",
        "sampler_seed": 0,
        "seeds": 3,
        "planned": len(trials),
        "base": TrialConfig().canonical(),
        "axes": [],
        "command": f"python sweeps/launch.py --space {space}",
        "given": {"set": {}},
        "commit": "0f3c" * 10,
        "versions": {"python": "3.11.9", "torch": "2.13.0"},
        "hardware": {"cpus": 2, "processor": "x86_64"},
        "created": START,
        "finished": START + dt.timedelta(minutes=5),
    }
    return Sweep(**(about | changes), trials=list(trials))


GRID_AXES = [
    {"key": "model.bin_length", "kind": "categorical", "choices": [64, 32, 16, 8]},
    {"key": "model.nfft_factor", "kind": "categorical", "choices": [1, 2, 4]},
]


def grid_sweep(name: str = "nfft_bins", **changes: Any) -> Sweep:
    """Twelve trials of three seeds: bin length matters much, the NFFT factor next to nothing."""
    rng = np.random.default_rng(7)
    base = search_spaces.load("nfft_bins").base()
    trials: list[Trial] = []
    for bin_length, score in BIN_SCORE.items():
        for factor in (1, 2, 4):
            spread = 0.01 if bin_length == 64 else 0.05
            seeds = score + 0.01 * np.log2(factor) + spread * rng.standard_normal(3)
            point = {"model.bin_length": bin_length, "model.nfft_factor": factor}
            trials.append(make_trial(len(trials), base, point, [float(s) for s in seeds]))
    options = {"axes": GRID_AXES, "base": base.canonical()} | changes
    return make_sweep(name, "nfft_bins", trials, **options)


VARIANT_SCORE = {
    "base": 0.77,
    "focus_h": 0.24,
    "no_filter": 0.24,
    "ema": 0.80,
    "flash_transformer": 0.98,
    "carry": 0.79,
    "lattice": 0.70,
    "no_global_conv": 0.46,
    "one_window": 0.74,
    "literal": 0.99,
}


def ablation_sweep(name: str = "ablation", **changes: Any) -> Sweep:
    """Ten variants of six seeds: one leaky, one diverged, one killed, one pruned."""
    rng = np.random.default_rng(3)
    fate: dict[str, dict[str, Any]] = {
        "lattice": {"state": "failed", "reason": "diverged: 1 of 6 seeds, the first at step 150"},
        "one_window": {"state": "killed", "step": 250, "reason": "interrupted"},
        "carry": {"state": "pruned", "step": 150, "reason": "below the median at step 150"},
        "literal": {"causal": False, "leak": 0.7},
        "no_global_conv": {
            "state": "failed",
            "step": 100,
            "reason": "MemoryError: 8 GiB",
            "error": "Traceback (most recent call last):\nMemoryError: 8 GiB",
        },
    }
    trials: list[Trial] = []
    for variant, score in VARIANT_SCORE.items():
        seeds: list[float | None] = [
            float(min(1.0, s)) for s in score + 0.03 * rng.standard_normal(6)
        ]
        if variant == "lattice":
            seeds[2] = None
        options = fate.get(variant, {})
        trials.append(
            make_trial(
                len(trials), TrialConfig(), {"variant": variant}, seeds, variant=variant, **options
            )
        )
    axes = [{"key": "variant", "kind": "categorical", "choices": list(VARIANT_SCORE)}]
    question = "Which part of the Focus layer does the work?"
    options = {"axes": axes, "seeds": 6, "question": question, "finished": None} | changes
    return make_sweep(name, "ablation", trials, **options)


def write_ledger(home: Path, *sweeps: Sweep) -> Path:
    """A ledger in ``home`` that holds ``sweeps``."""
    home.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(home / "ledger.db")))
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add(SchemaInfo(version=SCHEMA_VERSION))
        session.add_all(sweeps)
    engine.dispose()
    return home


@pytest.fixture
def ledger() -> Callable[..., Path]:
    return write_ledger


@pytest.fixture
def grid() -> Callable[..., Sweep]:
    return grid_sweep


@pytest.fixture
def ablation() -> Callable[..., Sweep]:
    return ablation_sweep


@pytest.fixture
def sweep_of() -> Callable[..., Sweep]:
    return make_sweep


@pytest.fixture
def trial_of() -> Callable[..., Trial]:
    return make_trial


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A home with the grid's report, drawn in full, and what the command said; only to be read."""
    home = write_ledger(tmp_path_factory.mktemp("reported"), grid_sweep())
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        patch.delenv("FOCUS_LEDGER_URL", raising=False)
        with redirect_stderr(StringIO()) as err:
            assert main(["--home", str(home)]) == 0
    return home, out.getvalue(), err.getvalue()
