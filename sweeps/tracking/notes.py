"""What stands at the top of the sweep's run: the question, how it ended, the report's answer.

A person may write something else there; then it stays.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Mapping, Sequence

from sweeps.progress import count_states, score_name, short_name
from sweeps.schema import Sweep, Trial

NOTE = "mlflow.note.content"  # MLflow's own
WRITTEN_TAG = "focus.note"  # a hash of what we wrote there
ANSWER_TAG = "focus.answer"  # what the report says, and when it was written
MAX_TEXT = 5000  # characters
OUTCOME = "\n\n**"  # what comes after the question begins like this


def note(sweep: Sweep, trials: Sequence[Trial], best: Trial | None, ranked: Sequence[float]) -> str:
    """The question, and once the sweep is finished how it went.

    It crowns no winner: whether the best trial is better than the others, the report says.

    Args:
        sweep: its row.
        trials: all of them.
        best: the one with the best validation score; None where there is none.
        ranked: the scores of all that may be best.
    """
    if sweep.finished is None:
        return sweep.question
    counts = count_states(sweep, trials)
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    lines = [f"{sweep.question}{OUTCOME}Finished:** {told}."]
    if best is not None and best.value is not None:
        test = "" if best.test is None else f", test {best.test:.4g}"
        lines.append(
            f"Best {score_name(sweep)}: {best.value:.4g}{test} ({short_name(best)}); the median of "
            f"all is {statistics.median(ranked):.4g}. Whether it is better than the others, the "
            "report says."
        )
    return "\n\n".join(lines)


def note_tags(text: str, before: Mapping[str, str]) -> dict[str, str]:
    """The tags that put ``text`` where people read it; once there is one, the report's answer.

    Args:
        text: see ``note``.
        before: the run's tags; where a person has written a note of their own, it stays.
    """
    now = before.get(NOTE, "")
    if now and before.get(WRITTEN_TAG) != _hash(now):
        return {}
    if ANSWER_TAG in before:
        text = text.partition(OUTCOME)[0] + OUTCOME + before[ANSWER_TAG]
    text = text[:MAX_TEXT]
    return {NOTE: text, WRITTEN_TAG: _hash(text)}


def answer_text(sentences: Sequence[str], when: str) -> str:
    """What follows the question, once there is a report."""
    return f"The report of {when} says:** {' '.join(sentences)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
