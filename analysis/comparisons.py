"""Each arm against one reference, paired by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.evidence import Bounds, Paired, holm, paired, verdict
from analysis.origins import origin
from analysis.reading.arms import Arm, Row
from sweeps.command_line import counted


def reference_arm(
    found: Sequence[Arm], base: Mapping[str, Any], tuned: Sequence[str] = ()
) -> tuple[Arm, str] | tuple[None, str]:
    """What the others are compared with, and what it is: never chosen by its score.

    The trial of the sweep's own base; else the variant ``base``; else the first that may be
    ranked. Comparing with the best of many calls differences where there are none.

    Args:
        found: the arms in the order of asking.
        base: the sweep's base config, canonical.
        tuned: keys in which an arm may differ from it.
    """

    def is_base(arm: Arm) -> bool:
        both = (arm.config, base)
        one, other = ({k: v for k, v in c.items() if k not in tuned} for c in both)
        return one == other

    ranked = [arm for arm in found if arm.ranked]
    for arm in ranked:
        if is_base(arm):
            return arm, "the sweep's base"
    for arm in ranked:
        if arm.variant == "base":
            return arm, "the variant base"
    if not ranked:
        return None, ""
    missing = any(is_base(arm) or arm.variant == "base" for arm in found)
    why = "the base was not trained in full" if missing else "no trial is the sweep's base"
    return ranked[0], f"the first trial trained in full: {why}"


def comparisons(
    found: Sequence[Arm], reference: Arm, *, maximize: bool, bounds: Bounds | None
) -> list[Row]:
    """Each other arm minus ``reference`` on the test split, paired by seed.

    Holm corrects over the ranked arms. The others stand in the table with the reason why they
    are not compared.
    """
    others = [arm for arm in found if arm is not reference]
    results = {
        arm.number: result
        for arm in others
        if arm.ranked and (result := _against(arm, reference, bounds))
    }
    adjusted = dict(zip(results, holm([r.p for r in results.values()]), strict=True))
    rows = []
    for arm in others:
        row: Row = {"number": arm.number, "name": arm.name, "label": arm.label}
        row |= {"leaky": arm.leaky, "origin": origin(arm.config)}
        result = results.get(arm.number)
        if result is None:
            row |= {"verdict": f"not compared: {why_not_ranked(arm)}"}
        else:
            p_holm = adjusted[arm.number]
            row |= _difference(result) | {"p_holm": p_holm}
            row["verdict"] = verdict(result, p_holm, comparisons=len(results), maximize=maximize)
        rows.append(row)
    return rows


def _against(arm: Arm, reference: Arm, bounds: Bounds | None) -> Paired | None:
    counts = [a.sequences("test", bounds) for a in (arm, reference)]
    return paired(
        arm.scores("test"),
        reference.scores("test"),
        bounds=(bounds[0] - bounds[1], bounds[1] - bounds[0]) if bounds else None,
        sequences=min((count for count in counts if count), default=None),
    )


def why_not_ranked(arm: Arm) -> str:
    """The reason an arm has no place in a ranking."""
    if arm.diverged:
        return f"diverged ({counted(len(arm.diverged), 'seed')})"
    if arm.leaky and arm.whole:
        return "LEAKY (sees the future)"
    if arm.state == "complete" and arm.unscored:
        return f"no finite score of seed {', '.join(map(str, arm.unscored))}"
    return arm.state if arm.state != "complete" else "no test score"


def _difference(result: Paired) -> Row:
    d = result.difference
    return {
        "difference": d.mean,
        "low": d.low,
        "high": d.high,
        "n": d.n,
        "effect_size": result.effect_size,
        "p": result.p,
        "by_seed": {str(seed): value for seed, value in result.by_seed.items()},
    }
