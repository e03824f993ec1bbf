"""How good each tuned arm is after k tries, and where luck in tuning is not accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.reading.arms import Arm, short
from analysis.reading.study import Study
from analysis.reading.tuned import tuned_keys
from analysis.statistics.tuning_curves import (
    FEWEST,
    LEVEL,
    TuningCurve,
    decided_budgets,
    tuning_curve,
)

Kind = Literal["none", "fixed", "random", "adaptive"]
TRIED = ("complete", "pruned", "failed")
MOST_EXACT_SIZES = 6  # with more distinct numbers of tries, all take the wider, instant band

KINDS: dict[str, Kind] = {"grid": "fixed", "random": "random"}
"""By sampler; any other one may look at earlier scores."""


@dataclass(frozen=True, kw_only=True)
class TunedArm:
    """One arm and its tries.

    Attributes:
        number: of the trial that stands for the arm.
        name: name of that trial.
        tries: number of the arm's trials that completed, were pruned or failed.
        whole: number of these trials that were trained in full and may be ranked.
        curve: the best of k tries, on validation; None unless the tries are random and at least
            ``FEWEST``, and one of them may be ranked.
        holds: numbers of tries at which the bands of arm and reference do not overlap; empty where
            the bands always overlap, None for the reference and without curves.
        better: whether the arm is better than the reference there; None where ``holds`` is empty
            or None.
    """

    number: int
    name: str
    tries: int
    whole: int
    curve: TuningCurve | None
    holds: tuple[int, ...] | None
    better: bool | None


@dataclass(frozen=True, kw_only=True)
class TuningFindings:
    """What tuning does to the comparison.

    Attributes:
        kind: ``none``: nothing is tuned; ``fixed``: fixed values were tried (a grid); ``random``:
            random values; ``adaptive``: values that a sampler chose by earlier scores.
        names: names of the tuned axes for readers.
        arms: the arms in the order of asking; empty for ``none``.
        reference: number of the reference's trial; None without a reference.
        level: probability that all bands hold simultaneously.
    """

    kind: Kind
    names: tuple[str, ...]
    arms: tuple[TunedArm, ...]
    reference: int | None
    level: float = LEVEL


def tuning_findings(study: Study) -> TuningFindings:
    """Each arm's tuning curve against the reference's, where tries were drawn at random.

    A try that was pruned, failed or diverged counts as the worst score that any arm had, because
    this try would not have been chosen.
    """
    keys = tuned_keys(study.axes)
    reference = study.reference.number if study.reference else None
    if not keys:
        return TuningFindings(kind="none", names=(), arms=(), reference=reference)
    kind = KINDS.get(str(study.about["sampler"]), "adaptive")
    groups = _groups(study, keys)
    curves = _curves(study, groups) if kind == "random" else {}
    against = curves.get(reference) if reference is not None else None
    return TuningFindings(
        kind=kind,
        names=tuple(short(key) for key in keys),
        arms=tuple(
            _tuned_arm(arm, groups[arm.number], curves.get(arm.number), against, study)
            for arm in study.arms
        ),
        reference=reference,
    )


def _groups(study: Study, keys: Sequence[str]) -> dict[int, list[Arm]]:
    """The tries of each arm, by the number of the trial that stands for the arm."""

    def rest(arm: Arm) -> str:
        return repr(sorted((k, v) for k, v in arm.point.items() if k not in keys))

    by_rest: dict[str, list[Arm]] = {}
    for arm in study.trials:
        if arm.state in TRIED:
            by_rest.setdefault(rest(arm), []).append(arm)
    return {arm.number: by_rest.get(rest(arm), []) for arm in study.arms}


def _curves(study: Study, groups: dict[int, list[Arm]]) -> dict[int, TuningCurve]:
    """The curves by number of the arm's trial; all bands hold simultaneously (Bonferroni)."""
    enough = {
        number: tries
        for number, tries in groups.items()
        if len(tries) >= FEWEST and any(arm.ranked for arm in tries)
    }
    sign = study.metric.sign
    seen = [arm.value for arm in study.trials if arm.ranked and arm.value is not None]
    worst = sign * min((sign * value for value in seen), default=0.0)
    exact = len({len(tries) for tries in enough.values()}) <= MOST_EXACT_SIZES
    return {
        number: tuning_curve(
            [arm.value if arm.ranked and arm.value is not None else worst for arm in tries],
            maximize=study.metric.maximize,
            bounds=study.metric.bounds,
            level=1 - (1 - LEVEL) / len(enough),
            exact=exact,
        )
        for number, tries in enough.items()
    }


def _tuned_arm(
    arm: Arm,
    tries: Sequence[Arm],
    curve: TuningCurve | None,
    reference: TuningCurve | None,
    study: Study,
) -> TunedArm:
    holds, better = None, None
    if curve is not None and reference is not None and curve is not reference:
        holds = tuple(decided_budgets(curve, reference))
        if holds:
            k = holds[0] - 1
            better = (curve.middle[k] > reference.middle[k]) == study.metric.maximize
    return TunedArm(
        number=arm.number,
        name=arm.name,
        tries=len(tries),
        whole=sum(other.ranked for other in tries),
        curve=curve,
        holds=holds,
        better=better,
    )
