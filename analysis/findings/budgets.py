"""The budget and the cost of each arm, and where budgets were not equal."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.reading.tuned import tuned_keys

TOLERANCE = 0.1  # relative difference from the reference


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The budget and the cost of one arm.

    Attributes:
        number: number of the arm's trial.
        trial_id: id of the trial, the same in every sweep.
        name: name for readers.
        parameters: number of parameters; None where the trial did not report it.
        flops: FLOPs per token of a forward pass, with FFTs and recurrences; None where unknown.
        decoder_bytes: bytes that a decoder keeps at the end of a sequence; None where unknown.
        tried: number of trials that the values of the tuned axes were chosen from.
        step: steps trained.
        steps: steps of the full budget.
        tokens: tokens that each seed saw; None where unknown.
        seconds: seconds of training, over all attempts.
        seconds_per_step: the last reported value; None where unknown.
        peak_bytes: peak memory, the largest over seeds; None where unknown.
        reused_from: the sweep that trained the trial; None where this sweep did.
        unequal: what differs from the reference by more than ``TOLERANCE``, with the change, such
            as ``parameters +40 %``; also any smaller number of tries.
    """

    number: int
    trial_id: str
    name: str
    parameters: float | None
    flops: float | None
    decoder_bytes: float | None
    tried: int
    step: int
    steps: int
    tokens: int | None
    seconds: float
    seconds_per_step: float | None
    peak_bytes: float | None
    reused_from: str | None
    unequal: tuple[str, ...]


def budgets(study: Study) -> tuple[Budget, ...]:
    """One row per arm, in the order of asking.

    Parameters, steps, tokens and tries should be equal and are marked where they are not. Seconds
    and memory are results of the arm and are only reported.
    """
    reference = study.reference
    return tuple(_budget(arm, reference, study) for arm in study.arms)


def _budget(arm: Arm, reference: Arm | None, study: Study) -> Budget:
    tried = study.tuned.tried
    more = tried[arm.number] - tried[reference.number] if reference else 0
    return Budget(
        number=arm.number,
        trial_id=arm.trial_id,
        name=arm.name,
        parameters=arm.constants.get("parameters"),
        flops=arm.constants.get("flops_per_token"),
        decoder_bytes=arm.constants.get("decoder_bytes"),
        tried=tried[arm.number],
        step=arm.step,
        steps=arm.steps,
        tokens=_tokens(arm, arm.step),
        seconds=arm.seconds,
        seconds_per_step=arm.constants.get("seconds_per_step"),
        peak_bytes=arm.constants.get("peak_bytes"),
        reused_from=arm.reused_from,
        unequal=_unequal(arm, reference, more if tuned_keys(study.axes) else 0)
        if reference
        else (),
    )


def _unequal(arm: Arm, reference: Arm, more_tries: int) -> tuple[str, ...]:
    pairs = (
        ("parameters", arm.constants.get("parameters"), reference.constants.get("parameters")),
        ("steps", arm.steps, reference.steps),
        ("tokens", _tokens(arm, arm.steps), _tokens(reference, reference.steps)),
    )
    marks = [
        f"{name} {own / norm - 1:+.0%}".replace("%", " %")
        for name, own, norm in pairs
        if own and norm and abs(own / norm - 1) > TOLERANCE
    ]
    if more_tries < 0:
        marks.append(f"{-more_tries} fewer {'try' if more_tries == -1 else 'tries'}")
    return tuple(marks)


def _tokens(arm: Arm, steps: int) -> int | None:
    """Tokens that one seed sees in this number of steps; None where unknown."""
    batch, length = arm.config.get("train.batch_size"), arm.config.get("task.length")
    return steps * batch * length if batch and length else None
