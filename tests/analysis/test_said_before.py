"""What was said before the first trial, and every change of the plan since."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path

from analysis.findings import Findings
from analysis.reading.ledger import read_sweep
from analysis.reading.plan import said_plan
from analysis.reading.study import study
from analysis.sections import provenance, verdict
from sweeps.record.plan_history import AskedAt
from tests.analysis.makers import MakeSweep

Write = Callable[..., Path]


def hour(n: int) -> dt.datetime:
    return dt.datetime(2024, 5, 1, n, tzinfo=dt.UTC)


def test_a_hypothesis_counts_as_said_before_by_its_hour_alone() -> None:
    first = {"seeds": 3, "trials": 12, "sampler": "grid", "code": "a", "hypothesis": "one"}
    other = first | {"hypothesis": "two", "code": "b", "margin": 0.02}
    rows = [
        AskedAt(hour(1), first),
        AskedAt(hour(3), other),
        AskedAt(hour(4), other | {"seeds": 5}),
    ]
    early, late = said_plan(rows[:1], hour(2)), said_plan(rows, hour(2))
    assert (early.hypothesis, early.hypothesis_before, early.deviations) == ("one", True, ())
    assert (late.hypothesis, late.hypothesis_before) == ("two", False)
    assert (late.margin, late.margin_before) == (0.02, False)
    assert [(d.at, d.words) for d in late.deviations] == [
        (hour(3), "trained by other code: a -> b"),
        (hour(3), "the hypothesis 'two', not 'one'"),
        (hour(3), "a margin of 0.02"),
        (hour(4), "5 seeds a trial, not 3"),
    ]
    assert all(d.late for d in late.deviations)
    before_any = said_plan(rows, None)
    assert before_any.hypothesis_before
    assert before_any.margin_before
    assert not any(d.late for d in before_any.deviations)
    back = said_plan([*rows, AskedAt(hour(5), first)], hour(2))
    assert (back.hypothesis, back.hypothesis_before) == ("one", False)  # it was given up between
    assert said_plan([], hour(2)).hypothesis == ""


def test_the_margin_that_was_said_is_the_reports_unless_it_is_told_another(
    ledger: Write, grid: MakeSweep, tmp_path: Path
) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    own = study(data).metric.margin
    said = dataclasses.replace(data, asked=(AskedAt(hour(1), {"margin": 0.031}),))
    assert study(said).metric.margin == 0.031 != own
    assert study(said, margin=0.5).metric.margin == 0.5


def test_what_was_said_and_every_change_of_the_plan_is_on_the_page(
    ledger: Write, grid: MakeSweep, tmp_path: Path
) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    early, began = data.about["created"] - dt.timedelta(hours=1), data.about["finished"]
    said = {"seeds": 2, "hypothesis": "Long bins fail.", "margin": 0.04}
    rows = (AskedAt(early, said), AskedAt(began, said | {"seeds": 3, "margin": 0.05}))
    about = data.about | {"asked": [row.said | {"at": row.at} for row in rows]}
    findings = Findings(study(dataclasses.replace(data, about=about, asked=rows)))
    words = " ".join(verdict.card(findings).words)
    assert "Hypothesis, said before the first trial: “Long bins fail.”" in words
    assert "A margin of 0.05 was said after the first trial had begun" in words
    assert "2 changes of the plan, after the first trial" in words
    told = provenance.card(findings).tables[0].rows
    assert [row[0] for row in told] == ["hypothesis", "margin", "change", "change"]
    assert told[2][1] == "3 seeds a trial, not 2"
    assert findings.comparisons.look == 2  # seeds were added: the intervals pay for it
    nothing = Findings(study(data))
    assert not any("Hypothesis" in w or "margin" in w for w in verdict.card(nothing).words)
    assert provenance.card(nothing).tables[0].rows[0][1] == "none was said"
