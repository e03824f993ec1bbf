"""The answer in plain words, with no claim beyond the intervals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from analysis.findings.comparison import Comparison
from analysis.findings.comparison_results import Comparisons
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.reading.tuned import tuned_note
from analysis.sections.digits import Format
from analysis.sections.naming import are_many, by_settings, listed, name_arms
from analysis.statistics.against import MIN_SEEDS
from sweeps.commands.command_line import counted

MOST_BIMODAL = 3
SHORT = 20
"""Most characters of a reference's name that two sentences may repeat."""


def answer(study: Study, found: Comparisons, scores: Format) -> list[str]:
    """The sentences that answer the question, then notes that a reader must know."""
    if not found.rows or found.gate is None:
        return [nothing_to_compare(study, found), *notes(study, found)]
    told = _Teller(study, found, scores)
    firm, soft = told.decided(), told.undecided()
    if not firm and found.gate.rejected:
        firm = "Some arms differ from one another, but none is told from the reference."
    if not firm and found.of("open"):
        firm = _nothing_apart(found, scores)
    said = filter(None, (firm, soft, told.bimodal(), _few(found)))
    return [*(re.sub("^trial", "Trial", one) for one in said), *notes(study, found)]


def nothing_to_compare(study: Study, found: Comparisons) -> str:
    """Why there is no comparison."""
    ranked = study.ranked
    if len(ranked) == 1:
        return f"No answer: only {ranked[0].name} may be compared, with nothing to compare it with."
    if ranked and not found.rows:
        return "No answer: no two configurations have a test score of the same seed."
    states = Counter(arm.state for arm in study.trials)
    if states["complete"]:
        return (
            "No answer: no trial that completed may be ranked (one that is leaky, diverged or has "
            "no finite score never is)."
        )
    ended = [(states[s], s) for s in ("failed", "pruned", "killed") if states[s]]
    if ended:
        told = ", ".join(f"{count} {state}" for count, state in ended)
        return f"No answer: no trial completed its budget ({told})."
    return f"No answer yet: no trial has ended, of {study.about['planned']} planned."


def notes(study: Study, found: Comparisons) -> list[str]:
    """Caveats of the study, what the intervals leave out, why they are wider, and the state."""
    said: list[str] = list(getattr(study, "caveats", []))
    if tuned := tuned_note(study.about["axes"]):
        said.append(f"{tuned} The luck of that choice is in no interval.")
    if found.look > 1:
        said.append(
            f"Seeds were added to this sweep: this is look number {found.look} at it, and the "
            "intervals are wider to pay for it."
        )
    return said + _running(study)


def counts(study: Study) -> str:
    """The counts of the sweep, such as ``12 configurations x 3 seeds, all complete``."""
    states = Counter(arm.state for arm in study.trials)
    seeds = _seeds(study)
    total = counted(len(study.trials), "configuration")
    if len(study.trials) < study.about["planned"]:
        total = f"{len(study.trials)} of {study.about['planned']} configurations"
    if set(states) <= {"complete"} and states:
        ended = "all complete"
    else:
        ended = ", ".join(f"{count} {state}" for state, count in states.most_common()) or "none yet"
    diverged = sum(len(arm.diverged) for arm in study.trials)
    leaky = sum(arm.leaky for arm in study.trials)
    more = [f"{counted(diverged, 'seed')} diverged"] * bool(diverged)
    lost = sum(len(arm.unscored) for arm in study.trials)
    more += [f"{counted(lost, 'seed')} without a finite score"] * bool(lost)
    more += [f"{leaky} leaky, shown and not ranked"] * bool(leaky)
    return "; ".join([f"{total} × {seeds}, {ended}", *more]) + "."  # noqa: RUF001


def _seeds(study: Study) -> str:
    """``3 seeds``; ``3 to 5 seeds`` if the trials trained in full differ in their seeds."""
    trained = {len(arm.values) for arm in study.trials if arm.whole}
    if len(trained) > 1:
        return f"{min(trained)} to {max(trained)} seeds"
    return counted(study.about["seeds"], "seed")


class _Teller:
    def __init__(self, study: Study, found: Comparisons, scores: Format) -> None:
        self.study, self.found, self.scores = study, found, scores
        self.name = study.metric.name
        name = found.reference.name if found.reference else ""
        is_short = len(name) <= SHORT
        self.reference = name if is_short else f"the reference, {name}"
        self.again = name if is_short else "the reference"

    def decided(self) -> str:
        """One sentence on the worse arms and one on the better arms; empty if there are none."""
        found = [rows for side in ("worse", "better") if (rows := self.found.of(side))]
        names = (self.reference, self.again)
        return " ".join(self._apart(rows, to) for rows, to in zip(found, names, strict=False))

    def undecided(self) -> str:
        """The arms as good as the reference, and the arms not told apart from it."""
        alike, open_ones = self.found.of("equivalent"), self.found.of("open")
        apart = bool(self.found.of("better") or self.found.of("worse"))
        to = self.again if apart else self.reference
        said = []
        if alike:
            names = self._names(alike, beside=True)
            margin = self.scores.score(self.study.metric.margin)
            said.append(f"{names} {_are(names)} as good as {to}, within ±{margin}.")
            to = self.again
        if open_ones and (alike or apart):
            names = self._names(open_ones, beside=True)
            said.append(f"{names} {_are(names)} not told apart from {to} yet.")
        return " ".join(said)

    def bimodal(self) -> str:
        """Arms of which only some seeds learn, as a rate: the mean of two clumps says little."""
        arms = [arm for arm in self.study.ranked if self._kind(arm) == "bimodal"]
        told = [
            f"{arm.name} learned in {self.found.learned[arm.number].learned} of "
            f"{counted(self.found.learned[arm.number].seeds, 'seed')}"
            for arm in arms[:MOST_BIMODAL]
        ]
        more = [f"{len(arms) - MOST_BIMODAL} others in some"] if len(arms) > MOST_BIMODAL else []
        return f"{listed([*told, *more])}: the mean of such seeds says little." if told else ""

    def _apart(self, rows: Sequence[Comparison], reference: str) -> str:
        rows = sorted(rows, key=lambda row: (-abs(row.difference), row.arm.number))
        names = self._names(rows)
        side = "above" if rows[0].difference > 0 else "below"
        sizes = sorted(abs(row.difference) for row in rows)
        least = min(min(abs(row.low or 0.0), abs(row.high or 0.0)) for row in rows)
        most = max(max(abs(row.low or 0.0), abs(row.high or 0.0)) for row in rows)
        size = self.scores.score(sizes[0])
        if self.scores.score(sizes[-1]) != size:
            size = f"{size} to {self.scores.score(sizes[-1])}"
        if all(self._kind(row.arm) == "at chance" for row in rows):
            how = f"{'fail' if are_many(names) else 'fails'}: no seed leaves chance, {self.name}"
        else:
            how = f"{_are(names)} {rows[0].verdict}: {self.name}"
        small = ", which is less than the margin" if all(r.within_margin for r in rows) else ""
        interval = f"95 %: {self.scores.interval(least, most)}"
        return f"{names} {how} {size} {side} {reference} ({interval}){small}."

    def _names(self, rows: Sequence[Comparison], *, beside: bool = False) -> str:
        """Names of arms; ``beside``: a level may be named although it has the reference."""
        everyone = [a for a in self.study.arms if not (beside and a is self.found.reference)]
        members = [row.arm for row in rows]
        members = sorted(members, key=by_settings) if beside else members
        return name_arms(members, everyone, self.study.compared_axes)

    def _kind(self, arm: Arm) -> str:
        one = self.found.learned.get(arm.number)
        return one.kind if one else ""


def _nothing_apart(found: Comparisons, scores: Format) -> str:
    assert found.reference is not None
    assert found.gate is not None
    still = found.gate.still
    reach = ", and nothing is known of how far apart they may be"
    if still is not None:
        reach = f": a difference of up to {scores.score(still)} is possible"
    return f"Nothing is told apart from {found.reference.name} yet{reach}."


def _few(found: Comparisons) -> str:
    most = max(row.n for row in found.rows)
    if most >= MIN_SEEDS:
        return ""
    return f"With {counted(most, 'seed')} nothing is decided: {MIN_SEEDS} are the fewest."


def _running(study: Study) -> list[str]:
    return [] if study.ended else ["The sweep has not ended: these numbers will move."]


def _are(names: str) -> str:
    return "are" if are_many(names) else "is"
