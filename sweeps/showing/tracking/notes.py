"""The note on the sweep's run: the question, how the sweep ended, the report's answer.

A person may write another note there; then that note stays.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Mapping, Sequence

from sweeps.record.schema import Sweep, Trial
from sweeps.showing.progress import count_states, score_name, short_name

NOTE = "mlflow.note.content"  # MLflow's own
WRITTEN_TAG = "focus.note"  # a hash of what we wrote there
ANSWER_TAG = "focus.answer"  # what the report says, and when it was written
MAX_TEXT = 5000  # characters
OUTCOME = "\n\n**"  # the text after the question begins like this


def note(sweep: Sweep, trials: Sequence[Trial], best: Trial | None, ranked: Sequence[float]) -> str:
    """The question, and the outcome once the sweep is finished.

    The note does not claim that the best trial is better than the others: the report says whether
    it is.

    Args:
        sweep: the sweep's row.
        trials: all trials of the sweep.
        best: the trial with the best validation score; None where there is none.
        ranked: the scores of all trials that may be best.
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
    """The tags that set the note to ``text``, with the report's answer as its outcome if any.

    Args:
        text: see ``note``.
        before: the run's tags; where a person has written a note, it stays: no tags are returned.
    """
    now = before.get(NOTE, "")
    if now and before.get(WRITTEN_TAG) != _hash(now):
        return {}
    if ANSWER_TAG in before:
        text = text.partition(OUTCOME)[0] + OUTCOME + before[ANSWER_TAG]
    text = text[:MAX_TEXT]
    return {NOTE: text, WRITTEN_TAG: _hash(text)}


def answer_text(sentences: Sequence[str], when: str) -> str:
    """The text after the question, once there is a report."""
    return f"The report of {when} says:** {' '.join(sentences)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
