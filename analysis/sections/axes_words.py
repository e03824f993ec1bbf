"""Sentences on the effect of each axis."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.findings.axis_results import AxisFindings, AxisResult, Counted, Gap
from analysis.findings.tuning import KINDS
from analysis.sections.axes_figures import strongest
from analysis.sections.digits import Format

NAMED = 4


def sentences(found: AxisFindings, scores: Format) -> list[str]:
    """The sentences on all axes, the most important one first."""
    words = [what_matters(found, scores)]
    words += [
        text
        for text in (
            _not_told(found, scores),
            _inseparable(found.axes),
            _open(found.axes),
            *(_widen(axis) for axis in found.told_apart),
            _survivors(found.counted),
            _search(found),
        )
        if text
    ]
    return words


def method(found: AxisFindings) -> str:
    """How the axes were tested."""
    kinds = {axis.analysis for axis in found.axes}
    parts = []
    if "grid" in kinds:
        parts.append(
            "On a balanced grid: repeated measures over seeds with the Greenhouse-Geisser "
            "correction, the other axes averaged within each seed."
        )
    if "mixed" in kinds:
        parts.append(
            "Where settings were drawn: a mixed model of trials and of level by seed with "
            "Satterthwaite's degrees of freedom, the other axes adjusted for; a level's own noise "
            "counts where it is larger. Intervals include the spread between configurations."
        )
    return " ".join([*parts, "p-values are Holm's over the axes."] if parts else parts)


def what_matters(found: AxisFindings, scores: Format) -> str:
    """The axes that are shown to matter, and the size of their effects."""
    differ = found.told_apart
    if all(axis.verdict in ("open", "inseparable") for axis in found.axes):
        return "No axis could be tested."
    if not differ:
        return "No axis is shown to matter: nothing could be told apart."
    told = [_difference(axis, scores) for axis in differ[:NAMED]]
    more = max(0, len(differ) - NAMED)
    rest = f" So do {more} other axes." if more > 1 else " So does another axis." if more else ""
    # Pruning keeps the lucky trials of a noisy level. The rest may differ without an axis effect.
    left = "Among the trials that pruning left: " if found.counted.pruned else ""
    return left + " ".join(told) + rest


def _difference(axis: AxisResult, scores: Format) -> str:
    """The best level against the worst; if these are open, the furthest pair that is told apart."""
    told = _told_apart(axis)
    if told is None:
        gap = axis.gap
        rest = f", {gap.best} the best and {gap.worst} the worst" if gap else ""
        return f"{axis.name} matters{rest}, though no two levels are told apart."
    low, high = sorted(abs(x) for x in (told.low or 0.0, told.high or 0.0))
    return (
        f"{axis.name} matters: {told.best} is {scores.score(abs(told.difference))} better than "
        f"{told.worst} (95 %: {scores.score(low)} to {scores.score(high)})."
    )


def _told_apart(axis: AxisResult) -> Gap | None:
    gap = axis.gap
    if gap is None or not (gap.low is None or gap.high is None or gap.low <= 0 <= gap.high):
        return gap
    apart = [pair for pair in axis.pairs if pair.apart and pair.difference is not None]
    if not apart:
        return None
    pair = max(apart, key=lambda p: abs(p.difference or 0.0))
    difference = float(pair.difference or 0.0)
    labels = [axis.levels[i].label for i in (pair.first, pair.second)]
    best, worst = labels if difference * gap.difference > 0 else reversed(labels)
    return Gap(best=best, worst=worst, difference=difference, low=pair.low, high=pair.high)


def _not_told(found: AxisFindings, scores: Format) -> str:
    open_ones = [a for a in strongest(found.axes) if a.verdict == "not told apart"]
    if not open_ones:
        return ""
    told = [
        f"{a.name} (at most {scores.score(a.at_most)})" if a.at_most is not None else a.name
        for a in open_ones
    ]
    return (
        f"Levels not told apart: {_list(told)}. The numbers say how far apart two levels could "
        "still be."
    )


def _inseparable(axes: Sequence[AxisResult]) -> str:
    told = [f"{a.name} ({a.why})" for a in axes if a.verdict == "inseparable"]
    return f"Inseparable from other axes: {_list(told)}." if told else ""


def _open(axes: Sequence[AxisResult]) -> str:
    told = [f"{a.name} ({a.why})" for a in axes if a.verdict == "open"]
    return f"Not tested: {_list(told)}." if told else ""


def _widen(axis: AxisResult) -> str:
    border = axis.border
    if border is None:
        return ""
    last = "largest" if border.side == "above" else "smallest"
    doubt = "" if border.decided else ", though it is not told apart from the values beside it"
    return (
        f"The best {axis.name}, {border.label}, is the {last} that the sweep allows{doubt}: widen "
        f"it {'upwards' if border.side == 'above' else 'downwards'}."
    )


def _survivors(count: Counted) -> str:
    if count.used == count.trials:
        return ""
    reasons = [
        f"{number} {word}"
        for number, word in (
            (count.pruned, "pruned"),
            (count.failed, "failed or diverged"),
            (count.leaky, "leaky"),
        )
        if number
    ]
    why = f" ({', '.join(reasons)})" if reasons else ""
    return (
        f"Survivors only: {count.used} of {count.trials} trials count, those trained in full{why}."
        + (" What was pruned would mostly have scored worse." if count.pruned else "")
    )


def _search(found: AxisFindings) -> str:
    if found.sampler in KINDS or not any(axis.analysis == "mixed" for axis in found.axes):
        return ""
    if found.sampler == "tpe":
        return (
            "TPE chose where to look by the scores so far, so levels that began badly were tried "
            "less: their means lean towards worse."
        )
    return (
        "The sampler may have chosen where to look by the scores so far. If it did, levels that "
        "began badly were tried less, and their means lean towards worse."
    )


def _list(names: Sequence[str]) -> str:
    shown = names[: 2 * NAMED]
    more = [f"{len(names) - len(shown)} more"] if len(names) > len(shown) else []
    return ", ".join([*shown, *more])
