"""The answer in a sentence or two, no firmer than the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.arms import VARIANT
from analysis.certificates import BEATS_WINDOW
from analysis.evidence import ALPHA, MIN_SEEDS, seeds_needed

Data = Mapping[str, Any]

ROWS = 5


def answer(summary: Data) -> list[str]:
    """Sentences, the most important one first."""
    best = summary["best"]
    if best is None:
        return [_nothing_yet(summary["counts"])]
    split = "validation" if best["test"] is None else "test"
    scored = best["test"] or best["validation"]
    metric = summary["sweep"]["metric"].removeprefix("validation ")
    sentences = [
        f"Best of {_ranked(summary)}: {best['label']}, with a {split} {metric} of "
        f"{_with_interval(scored)}, n = {scored['n']} seeds."
    ]
    detectable = {row["key"]: row["p_holm"] for row in summary["importances"]["axes"]}
    axes = [effect for effect in summary["effects"] if effect["key"] != VARIANT]
    sentences += [_effect(effect, detectable) for effect in _firmest_first(axes, detectable)[:3]]
    sentences += _against_others(summary)
    sentences += _crossing(summary)
    if not summary["counts"]["finished"]:
        sentences.append("The sweep has not ended: these numbers will move.")
    return sentences


def short_table(summary: Data) -> list[str]:
    """The first few of the ranking (on validation) with their test scores, as plain lines."""
    maximize = summary["sweep"]["direction"] == "maximize"
    ranked = [t for t in summary["trials"] if t["ranked"] and t["test"]]
    ranked.sort(key=lambda t: t["validation"]["mean"], reverse=maximize)
    if not ranked:
        return []
    width = max(18, *(len(t["label"]) for t in ranked[:ROWS]))
    rows = [
        f"{t['label']:<{width}}  {_with_interval(t['test']):<22}  {t['test']['n']}"
        for t in ranked[:ROWS]
    ]
    return [f"{'best on validation':<{width}}  {'test, 95 % interval':<22}  seeds", *rows]


def _nothing_yet(counts: Data) -> str:
    done = counts["complete"] + counts["pruned"] + counts["failed"] + counts["killed"]
    if counts["complete"]:
        return "No answer: no trial that completed may be ranked (leaky ones never are)."
    if done:
        return (
            f"No answer: of {done} trials that ended none completed its budget "
            f"({counts['failed']} failed, {counts['pruned']} pruned, {counts['killed']} killed)."
        )
    return f"No answer yet: no trial has ended, of {counts['planned']} planned."


def _ranked(summary: Data) -> str:
    ranked = sum(trial["ranked"] for trial in summary["trials"])
    return f"{ranked} configuration{'s' * (ranked != 1)} trained in full"


def _firmest_first(effects: list[Data], detectable: Mapping[str, float]) -> list[Data]:
    def order(effect: Data) -> tuple[bool, float]:
        return detectable.get(effect["key"], 1.0) > ALPHA, -(effect["difference"] or 0.0)

    return sorted(effects, key=order)


def _effect(effect: Data, detectable: Mapping[str, float]) -> str:
    means = {level["level"]: level["mean"] for level in effect["levels"]}
    low, high = effect["lowest"], effect["highest"]
    if low == high:
        return f"{effect['name']} moves nothing: {means[low]:.2f} at every level."
    text = (
        f"{effect['name']} moves the mean by {effect['difference'] or 0.0:.2f}: "
        f"from {means[low]:.2f} at {low} to {means[high]:.2f} at {high}"
    )
    told = []
    if effect["low"] is not None:
        told.append(f"95 % interval {effect['low']:.2f} to {effect['high']:.2f}")
    few = ": this pair of levels alone undecided" if effect["n"] < MIN_SEEDS else ""
    told.append(f"n = {effect['n']} seeds{few}")
    if effect["key"] in detectable:
        p = detectable[effect["key"]]
        found = "detectable" if p <= ALPHA else "not detectable"
        told.append(f"the axis as a whole {found}, permutation p = {p:.3f}")
    return f"{text} ({'; '.join(told)})."


def _against_others(summary: Data) -> list[str]:
    compared = [row for row in summary["comparisons"] if "difference" in row]
    if not compared:
        return []
    words = {
        "better": "better",
        "worse": "worse",
        "no detectable": "without a detectable difference",
    }
    told = [
        f"{count} {text}"
        for start, text in words.items()
        if (count := sum(row["verdict"].startswith(start) for row in compared))
    ]
    undecided = [row for row in compared if row["verdict"].startswith("undecided")]
    if undecided:
        apart = sum(row["low"] is not None and row["low"] * row["high"] > 0 for row in undecided)
        told.append(
            f"{len(undecided)} undecided (the 95 % interval excludes 0 for "
            f"{apart or 'none'} of them; {len(compared)} comparisons need "
            f"{seeds_needed(len(compared))} seeds to be decided)"
        )
    return [f"Against {summary['reference']}, seed by seed: {', '.join(told)}."]


def _crossing(summary: Data) -> list[str]:
    best = summary["best"]
    for row in summary["certificates"]:
        if row["number"] == best["number"] and row["window"] == BEATS_WINDOW:
            return [
                f"An attention window alone could reach {row['window_ceiling']:.2f}: the best "
                "configuration beats its window, so information crossed bins."
            ]
    return []


def _with_interval(interval: Data) -> str:
    if interval["low"] is None:
        return f"{interval['mean']:.3f}"
    return f"{interval['mean']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"
