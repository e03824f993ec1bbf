"""``--ask`` and ``--check``: the printed answers and the exit codes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from analysis.asking import check, told
from analysis.asking.evidence import Answer
from analysis.asking.judge import judge
from analysis.asking.language import read_question
from analysis.findings import Findings
from analysis.page.summary import as_json as written
from analysis.reading.study import study
from analysis.reading.wanted import Wanted
from sweeps.commands.command_line import escaped, tell

EXITS: dict[Answer, int] = {"yes": 0, "no": 1, "not yet": 2}


def answered(words: str, wanted: Wanted, margin: float | None, *, as_json: bool) -> int:
    """Answer one question and return the exit code: 0 yes, 1 no, 2 not yet.

    Args:
        words: the question.
        wanted: the trials that answer the question.
        margin: as in ``study``.
        as_json: print one JSON object in place of a line.

    Raises:
        UserError: ``words`` is no question about these trials.
    """
    question = read_question(words)
    findings = Findings(study(wanted.read(), margin=margin))
    found = judge(findings, question)
    if as_json:
        tell(written(told.as_data(found, findings)), end="")
    else:
        tell(escaped(told.line(found, findings)))
    return EXITS[found.answer]


def checked(file: str, wanted: Wanted, margin: float | None, *, as_json: bool) -> int:
    """Judge a file of claims and return the exit code: 1 if a claim is refuted, else 0.

    Raises:
        UserError: the file cannot be read, or a claim does not fit these trials.
    """
    path = Path(file).expanduser()
    found = check.check(path, lambda name: Findings(study(wanted.read(name), margin=margin)))
    if as_json:
        tell(written(check.as_data(path, found)), end="")
    else:
        for line in check.lines(found):
            tell(escaped(line))
        counts = Counter(one.verdict for one in found)
        tell(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return int(any(one.verdict == "refuted" for one in found))
