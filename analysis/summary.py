"""Everything the page says, as plain data: the content of ``summary.json``."""

from __future__ import annotations

import dataclasses
import math
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.answer import answer
from analysis.certificates import budgets, certificates
from analysis.comparisons import comparisons, reference_arm
from analysis.effects import heat_map, main_effects
from analysis.evidence import Bounds, Interval
from analysis.importance import importances
from analysis.origins import origin_note, origin_rows
from analysis.paper import paper_note
from analysis.reading.arms import (
    VARIANT,
    Arm,
    Row,
    arms,
    best_arm,
    metric_bounds,
)
from analysis.reading.compare import own_sweep
from analysis.reading.ledger import SweepData
from analysis.reading.tuned import compared_axes, tune, tuned_keys, tuned_note
from sweeps.sources.words import in_words

SUMMARY_VERSION = 3
STATES = ("complete", "pruned", "failed", "killed", "running", "waiting")
CARRIED = ("--set", "--home", "--cpus-per-trial", "--gpus-per-trial")  # threads change rounding


def summarise(data: SweepData) -> Row:
    """The numbers of a sweep; the same ledger gives the same summary."""
    about = data.about
    maximize = about["direction"] == "maximize"
    bounds = metric_bounds(about["metric"])
    found = arms(data.trials, about["axes"])
    best = best_arm(found, maximize=maximize)
    axes = compared_axes(about["axes"])
    tuned = tune(found, about["axes"], maximize=maximize)
    reference, why = reference_arm(tuned.arms, about["base"], tuned_keys(about["axes"]))
    compared = (
        comparisons(tuned.arms, reference, maximize=maximize, bounds=bounds) if reference else []
    )
    chosen = {arm.number for arm in tuned.arms}
    summary: Row = {
        "version": SUMMARY_VERSION,
        "sweep": _about(about),
        "counts": _counts(found, about),
        "counts_by_arm": _counts_by_axis(found, about["axes"]),
        "best": _best(best, about, bounds) if best else None,
        "reference": reference.name if reference else None,
        "reference_why": why,
        "tuned": tuned_note(about["axes"]),
        "trials": [_trial(arm, bounds, best) | {"chosen": arm.number in chosen} for arm in found],
        "effects": main_effects(axes, tuned.arms, bounds),
        "heat_map": heat_map(about["axes"], found, about["base"].get("task.length")),
        "importances": importances(axes, tuned.arms, maximize=maximize),
        "comparisons": compared,
        "origins": origin_rows(tuned.arms),
        "origin_note": origin_note(about["code"]),
        "certificates": certificates(found, data.curves, bounds),
        "budgets": budgets(found, reference, tuned.tried),
        "provenance": _provenance(about),
        "paper": paper_note(about["space"], about["base"]),
    }
    summary["answer"] = answer(summary)
    plain: Row = _plain(summary)
    return plain


def _about(about: Mapping[str, Any]) -> Row:
    names = ("name", "space", "question", "metric", "direction", "sampler", "seeds", "planned")
    return {name: about[name] for name in names} | {"axes": about["axes"]}


def _counts(found: Sequence[Arm], about: Mapping[str, Any]) -> Row:
    by_state = Counter(arm.state for arm in found)
    return {
        "planned": about["planned"],
        **{state: by_state.get(state, 0) for state in STATES},
        "not_started": max(0, about["planned"] - len(found)),
        "diverged_seeds": sum(len(arm.diverged) for arm in found),
        "leaky": sum(arm.leaky for arm in found),
        "reused": sum(arm.reused_from is not None for arm in found),
        "finished": about["finished"] is not None,
    }


def _counts_by_axis(found: Sequence[Arm], axes: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Counts for each choice of each categorical axis, where some trial did not complete."""
    rows = []
    for axis in axes:
        key = str(axis["key"])
        if axis["kind"] != "categorical" or key == VARIANT:  # a variant is a trial of its own
            continue
        for choice in axis["choices"]:
            of_choice = [arm for arm in found if key in arm.point and arm.point[key] == choice]
            by_state = Counter(arm.state for arm in of_choice)
            rows.append(
                {
                    "axis": key,
                    "choice": str(choice),
                    **{state: by_state.get(state, 0) for state in STATES},
                    "diverged_seeds": sum(len(arm.diverged) for arm in of_choice),
                }
            )
    return rows


def _best(arm: Arm, about: Mapping[str, Any], bounds: Bounds | None) -> Row:
    return {
        "number": arm.number,
        "trial_id": arm.trial_id,
        "label": arm.label,
        "point": arm.point,
        "config": arm.config,
        "validation": _interval(arm.interval("value", bounds)),
        "test": _interval(arm.interval("test", bounds)),
        "command": rerun_command(arm, about),
    }


def rerun_command(arm: Arm, about: Mapping[str, Any]) -> str:
    """The command that trains this trial again, alone: its axes pinned, the rest as launched."""
    about, point = own_sweep(about, arm.point)
    given = _given(about["command"])
    settings = [pair for pair in given["--set"] if pair.partition("=")[0] not in point]
    settings += [f"{key}={value}" for key, value in point.items()]
    words = ["python", "sweeps/launch.py", "--space", about["space"]]
    words += ["--name", f"{about['name']}-best-{arm.trial_id[:6]}", "--trials", "1", "--rerun"]
    words += ["--seeds", str(about["seeds"])]
    for flag in CARRIED[1:]:
        words += [word for value in given[flag][-1:] for word in (flag, value)]
    for pair in settings:
        words += ["--set", pair]
    return shlex.join(words)


def _given(command: str) -> dict[str, list[str]]:
    """What followed the flags that decide what a trial is and where it is kept."""
    found: dict[str, list[str]] = {flag: [] for flag in CARRIED}
    current = ""
    for word in shlex.split(command):
        if word.startswith("--"):
            current, equals, value = word.partition("=")
            words = [value] if equals else []
        else:
            words = [word]
        if current in found:
            found[current] += words
    return found


def _trial(arm: Arm, bounds: Bounds | None, best: Arm | None) -> Row:
    return {
        "number": arm.number,
        "trial_id": arm.trial_id,
        "name": arm.name,
        "label": arm.label,
        "point": arm.point,
        "variant": arm.variant,
        "state": arm.state,
        "reason": arm.reason,
        "error": arm.error,
        "step": arm.step,
        "steps": arm.steps,
        "leaky": arm.leaky,
        "ranked": arm.ranked,
        "best": arm is best,
        "validation": _interval(arm.interval("value", bounds)),
        "test": _interval(arm.interval("test", bounds)),
        "values": {str(seed): v for seed, v in arm.values.items()},
        "tests": {str(seed): v for seed, v in arm.tests.items()},
        "diverged": {str(seed): step for seed, step in arm.diverged.items()},
    }


def _provenance(about: Mapping[str, Any]) -> Row:
    names = ("command", "commit", "dirty", "diff", "code", "versions", "hardware", "sampler_seed")
    return {
        **{name: about[name] for name in names},
        "sources": in_words(about["commit"], about["dirty"], about["diff"] or ""),
        "created": about["created"].isoformat(timespec="seconds"),
        "finished": about["finished"].isoformat(timespec="seconds") if about["finished"] else None,
    }


def _interval(interval: Interval | None) -> Row | None:
    return dataclasses.asdict(interval) if interval else None


def _plain(value: Any) -> Any:
    """JSON without NaN or infinity."""
    if isinstance(value, Mapping):
        return {str(key): _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
