"""The reference that the arms of a sweep are compared with, and why an arm is not ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reading.arms import Arm
from sweeps.commands.command_line import counted


def reference_arm(
    found: Sequence[Arm], base: Mapping[str, Any], tuned: Sequence[str] = ()
) -> tuple[Arm, str] | tuple[None, str]:
    """The arm that the others are compared with, and what it is; never chosen by its score.

    The reference is the trial of the sweep's own base; else the variant ``base``; else the first
    trial that may be ranked. A comparison with the best of many arms would show differences where
    there are none.

    Args:
        found: the arms in the order of asking.
        base: the sweep's base config, canonical.
        tuned: keys in which the reference may differ from the base.
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


def why_not_ranked(arm: Arm) -> str:
    """The reason why an arm is not ranked, in words."""
    if arm.diverged:
        return f"diverged ({counted(len(arm.diverged), 'seed')})"
    if arm.leaky and arm.whole:
        return "LEAKY (sees the future)"
    if arm.state == "complete" and arm.unscored:
        return f"no finite score of seed {', '.join(map(str, arm.unscored))}"
    return arm.state if arm.state != "complete" else "no test score"
