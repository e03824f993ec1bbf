"""The answer in a sentence or two, no firmer than the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.effects import DIFFER
from analysis.evidence import seeds_needed
from analysis.windows import BEATS_WINDOW
from sweeps.command_line import counted

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
        f"Best on validation of {_ranked(summary)}: {best['label']}, with a {split} {metric} of "
        f"{_with_interval(scored)}, n = {counted(scored['n'], 'seed')}."
    ]
    sentences += [summary["tuned"]] if summary["tuned"] else []
    sentences += [_effect(effect) for effect in _firmest_first(summary["effects"])[:3]]
    sentences += _against_others(summary)
    sentences += _crossing(summary)
    if not summary["counts"]["finished"]:
        sentences.append("The sweep has not ended: these numbers will move.")
    return sentences


def short_table(summary: Data) -> list[str]:
    """The first few of the ranking (on validation) with their test scores, as plain lines."""
    maximize = summary["sweep"]["direction"] == "maximize"
    ranked = [t for t in summary["trials"] if t["chosen"] and t["ranked"] and t["test"]]
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
            f"No answer: of {counted(done, 'trial')} that ended none completed its budget "
            f"({counts['failed']} failed, {counts['pruned']} pruned, {counts['killed']} killed)."
        )
    return f"No answer yet: no trial has ended, of {counts['planned']} planned."


def _ranked(summary: Data) -> str:
    ranked = sum(trial["ranked"] for trial in summary["trials"])
    return f"{counted(ranked, 'configuration')} trained in full"


def _firmest_first(effects: list[Data]) -> list[Data]:
    return sorted(effects, key=lambda e: (e["verdict"] != DIFFER, -(e["difference"] or 0.0)))


def _effect(effect: Data) -> str:
    """The interval of the extreme pair stays in the table: in a sentence it reads as a verdict."""
    means = {level["level"]: level["mean"] for level in effect["levels"]}
    low, high = effect["lowest"], effect["highest"]
    if low == high:
        return f"Over {effect['name']} the mean is {means[low]:.2f} at every level."
    p = effect["p_holm"]
    told = "permutation p < 0.001" if p < 0.001 else f"permutation p = {p:.3f}"
    if effect["verdict"] == DIFFER:
        told = f"the levels differ, {told}"
    elif not effect["verdict"].startswith("undecided"):
        told = f"the levels do not detectably differ, {told}"
    else:
        told = f"undecided with {counted(effect['n'], 'seed')}, {told}"
    return (
        f"Over {effect['name']} the mean goes from {means[low]:.2f} at {low} to "
        f"{means[high]:.2f} at {high} ({told})."
    )


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
        seeds = max(row["n"] for row in undecided)
        told.append(
            f"{len(undecided)} undecided with {counted(seeds, 'seed')} "
            f"({seeds_needed(len(compared))} needed for {counted(len(compared), 'comparison')})"
        )
    reference = f"{summary['reference']} ({summary['reference_why']})"
    return [f"Against {reference}, seed by seed: {', '.join(told)}."]


def _crossing(summary: Data) -> list[str]:
    best = summary["best"]
    for row in summary["certificates"]:
        if row["number"] == best["number"] and row["window"] == BEATS_WINDOW:
            return [
                f"An attention window alone could reach {row['window_ceiling']:.2f}: the best "
                "configuration beats its window, so information crossed chunks."
            ]
    return []


def _with_interval(interval: Data) -> str:
    if interval["low"] is None:
        return f"{interval['mean']:.3f}"
    return f"{interval['mean']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"
