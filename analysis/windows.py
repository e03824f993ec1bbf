"""Whether a score needs information from outside the attention window."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from analysis.evidence import ALPHA, Bounds, Interval, few, holm, paired, resolution, t_p
from analysis.reading.arms import Arm

BEATS_WINDOW = "beats its window: information crossed chunks"

Ceilings = Mapping[int, Mapping[int, float]]  # trial number -> seed -> ceiling


def windows(found: Sequence[Arm], curves: pa.Table, bounds: Bounds | None) -> dict[int, str]:
    """Trial number to what its score says, for the trials that have a score and a ceiling.

    Each seed's score is compared with the ceiling of the test set that this seed has; p-values
    are Student's, Holm-corrected over the trials.
    """
    ceilings = _by_seed(curves)
    said = {}
    gaps: dict[int, Interval] = {}
    for arm in found:
        ceiling = arm.constants.get("window_ceiling")
        if ceiling is None or not arm.scores("test"):
            continue
        if arm.leaky:
            said[arm.number] = "LEAKY: says nothing"
        elif bounds and ceiling >= bounds[1]:
            said[arm.number] = "its window holds every answer"
        elif (gap := _gap(arm, ceiling, ceilings.get(arm.number, {}), bounds)) is not None:
            gaps[arm.number] = gap
    adjusted = holm([t_p(gap) for gap in gaps.values()])
    verdicts = {
        number: _verdict(gap, p) for (number, gap), p in zip(gaps.items(), adjusted, strict=True)
    }
    return said | verdicts


def _gap(
    arm: Arm, ceiling: float, by_seed: Mapping[int, float], bounds: Bounds | None
) -> Interval | None:
    """Score minus ceiling with its interval."""
    scores, counted = arm.scores("test"), arm.sequences("test", bounds)
    known = scores.keys() <= by_seed.keys()
    result = paired(scores, by_seed if known else dict.fromkeys(scores, ceiling), sequences=counted)
    if result is None or result.difference.low is None or result.difference.high is None:
        return result.difference if result else None
    gap = result.difference
    if known:
        return gap
    # One number for all seeds, counted on one test set: its own error comes on top.
    error = resolution(ceiling * (1 - ceiling), counted)
    half = math.hypot((result.difference.high - result.difference.low) / 2, error)
    return Interval(mean=gap.mean, low=gap.mean - half, high=gap.mean + half, n=gap.n)


def _verdict(gap: Interval, p_holm: float) -> str:
    if few(gap.n):
        return few(gap.n)
    if p_holm <= ALPHA:
        return BEATS_WINDOW if gap.mean > 0 else "below its window"
    return "not detectably apart from its window"


def _by_seed(curves: pa.Table) -> dict[int, dict[int, float]]:
    chosen = curves.filter(
        pc.and_(pc.equal(curves["metric"], "window_ceiling"), pc.is_valid(curves["seed"]))
    )
    found: dict[int, dict[int, float]] = {}
    for row in chosen.sort_by([("step", "ascending")]).to_pylist():
        found.setdefault(row["number"], {})[row["seed"]] = row["amount"]
    return found
