"""The words of a question: ``A > B``, ``A > B by 0.2``, ``A = B within 0.05``.

``>`` means better in the direction of the metric: for bits per byte, the smaller number is better.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from focus_core.errors import UserError

Relation = Literal[">", "="]

EXAMPLES = "'A > B', 'A > B by 0.2' or 'A = B within 0.05'"
_QUESTION = re.compile(
    r"(?P<left>.+?)\s*(?P<relation>[<>]|(?<=\s)=(?=\s))\s*(?P<right>.+?)"
    r"(?:\s+(?P<word>by|within)\s+(?P<amount>\S+))?\s*"
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question about two sides.

    Attributes:
        left: an arm, or a setting that several arms share, as the user wrote it.
        right: the side that ``left`` is compared with, written in the same way.
        relation: ``>`` better than, ``=`` as good as.
        amount: for ``>``: better by more than this; for ``=``: no difference larger than this,
            None for the metric's own margin.
    """

    left: str
    right: str
    relation: Relation
    amount: float | None

    def __str__(self) -> str:
        """The question in the words of a user."""
        word = "by" if self.relation == ">" else "within"
        amount = f" {word} {self.amount:g}" if self.amount else ""
        return f"{self.left} {self.relation} {self.right}{amount}"


def read_question(words: str) -> Question:
    """The question that ``words`` ask; ``A < B`` is read as ``B > A``.

    Raises:
        UserError: ``words`` are no question, the amount is no number of 0 or more, or the amount
            of ``=`` is 0.
    """
    found = _QUESTION.fullmatch(words.strip())
    if found is None:
        raise UserError(f"{words!r} is no question: ask {EXAMPLES}")
    left, right, relation = (found[name].strip() for name in ("left", "right", "relation"))
    _check_word(words, found["word"], relation)
    amount = _amount(words, found["amount"])
    if relation == "=":
        if amount == 0:
            raise UserError(f"{words!r}: no seeds show that two arms are equal to the last digit")
        return Question(left=left, right=right, relation="=", amount=amount)
    if relation == "<":
        left, right = right, left
    return Question(left=left, right=right, relation=">", amount=amount or 0.0)


def _check_word(words: str, word: str | None, relation: str) -> None:
    fits = {"by": "<>", "within": "="}
    if word is not None and relation not in fits[word]:
        raise UserError(f"{words!r}: 'by' goes with > and <, 'within' with =: ask {EXAMPLES}")


def _amount(words: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not (math.isfinite(amount) and amount >= 0):
        raise UserError(f"{words!r}: {text!r} is no number of 0 or more: ask {EXAMPLES}")
    return amount
