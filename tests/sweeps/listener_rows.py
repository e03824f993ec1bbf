"""Ledger rows made by hand, for the tests of what only listens."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sweeps.record.schema import Report, Sweep, Trial

START = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def make_sweep(**changes: Any) -> Sweep:
    columns: dict[str, Any] = {
        "id": 1,
        "name": "nfft_bins",
        "space": "nfft_bins",
        "question": "Does the bin's length matter, or NFFT?",
        "metric": "validation accuracy",
        "direction": "maximize",
        "sampler": "grid",
        "sampler_seed": 0,
        "seeds": 2,
        "planned": 3,
        "base": {},
        "axes": [],
        "command": "",
        "commit": "abc123",
        "dirty": False,
        "created": START,
        "finished": None,
    }
    return Sweep(**columns | changes)


def make_trial(number: int = 0, **changes: Any) -> Trial:
    point = {"model.bin_length": 2**number, "model.nfft_factor": 2}
    columns: dict[str, Any] = {
        "id": number + 1,
        "sweep_id": 1,
        "number": number,
        "trial_id": f"{number:012x}",
        "point": point,
        "config": {"model.bin_length": 2**number, "model.nfft": 2 * 2**number, "task.gap": 18},
        "variant": None,
        "causal": True,
        "state": "running",
        "reason": None,
        "error": None,
        "value": None,
        "test": None,
        "step": 0,
        "steps": 400,
        "retries": 0,
        "reused_from": None,
        "started": START + timedelta(seconds=number),
        "finished": None,
        "seconds": 0.0,
    }
    return Trial(**columns | changes)


def ended(number: int = 0, state: str = "complete", **changes: Any) -> Trial:
    finished = START + timedelta(seconds=100 + number)
    return make_trial(number, **{"state": state, "step": 400, "finished": finished} | changes)


def make_report(
    trial: Trial,
    step: int,
    value: float | None = 0.5,
    *,
    seeds: int = 2,
    at: datetime | None = None,
    said: Mapping[str, float | None] | None = None,
    **metrics: float | None,
) -> Report:
    """``said`` are metrics too, of any name."""
    per_seed = {f"value/{seed}": value for seed in range(seeds)}
    return Report(
        trial_row=trial.id,
        step=step,
        value=value,
        metrics={**per_seed, **(said or {}), **metrics},
        at=at or START + timedelta(seconds=step),
    )


def make_reports(
    trial: Trial,
    steps: Sequence[int] = (50, 100, 150, 200),
    said: Mapping[str, float | None] | None = None,
) -> list[Report]:
    return [make_report(trial, step, value=step / 1000, said=said) for step in steps]
