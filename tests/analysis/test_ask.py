"""``--ask`` from a ledger to its line and exit code, and that it never contradicts the report."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.asking.judge import judge
from analysis.asking.language import read_question
from analysis.findings import Findings
from analysis.reading.study import Study, study
from analysis.report import main
from focus_core.config import TrialConfig
from sweeps.planning.flags import build_parser
from sweeps.record.plan_history import AskedAt
from tests.analysis.conftest import START
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.analysis.test_claims import data_of

ROOT = Path(__file__).parent.parent.parent
NO, NOT_YET, NOT_JUDGED = 1, 2, 3
EQUAL = {"better": "yes", "worse": "no", "equivalent": "no", "open": "not yet"}
TURNED = {"better": "no", "worse": "yes", "equivalent": "no", "open": "not yet"}


def asked(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str]:
    """The exit code and the one line."""
    code = main(["--home", str(home), *words])
    said = capsys.readouterr()
    assert (said.out + said.err).count("\n") == 1
    assert bool(said.err) == (code == NOT_JUDGED)
    return code, said.out + said.err


@pytest.mark.parametrize(
    ("question", "code", "words"),
    [
        ("flash_transformer > base", 0, "yes: flash_transformer > base; +0.22"),
        ("base > flash_transformer", NO, "no: base > flash_transformer; -0.22"),
        ("base > focus_h by 0.3", 0, "yes: base > focus_h by 0.3; +0.5"),
        ("base > focus_h by 0.9", NO, "no: "),
        ("base > focus_h by 0.5", NOT_YET, "not yet: "),
        ("flash_transformer = base within 0.4", 0, "yes: "),
        ("focus_h = base within 0.1", NO, "no: "),
        ("ema > base", NOT_YET, "would decide it in four of five tries"),
        ("flash_transformer > focus_h", 0, "yes: "),  # neither is the reference
        ("focus_h > flash_transformer", NO, "no: "),
        ("lattice > base", NOT_YET, "lattice cannot be compared: diverged (1 seed)"),
        ("literal > base", NOT_YET, "literal cannot be compared: LEAKY"),
        ("base > carry", NOT_YET, "carry cannot be compared: pruned"),
        ("flash_transfomer > base", NOT_JUDGED, "did you mean 'flash_transformer'"),
        ("is it better", NOT_JUDGED, "is no question"),
    ],
)
def test_a_question_has_one_line_and_a_code(  # noqa: PLR0917
    question: str,
    code: int,
    words: str,
    tmp_path: Path,
    ledger: MakeHome,
    ablation: MakeSweep,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = ledger(tmp_path, ablation())
    found, said = asked(capsys, home, "--ask", question)
    assert (found, words in said) == (code, True), said
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


def test_what_would_decide_it_is_a_command_that_trains_those_two(
    tmp_path: Path, ledger: MakeHome, ablation: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ledger(tmp_path, ablation())
    assert main(["--home", str(home), "--ask", "ema > base", "--json"]) == NOT_YET
    plan = json.loads(capsys.readouterr().out)["plan"]
    words = shlex.split(plan["command"])
    assert words[:2] == ["python", "sweeps/launch.py"]
    options = build_parser().read(words[2:])
    assert (options.name, options.seeds) == ("ablation", plan["seeds"])
    found = study(data_of(ablation()))
    arms = {arm.trial_id: arm for arm in found.arms}
    chosen = [arms[trial_id] for trial_id in options.only]
    assert {arm.variant for arm in chosen} == {"base", "ema"}
    assert plan["trainings"] == 2 * (plan["seeds"] - 6)
    assert plan["seconds"] == sum((plan["seeds"] - 6) * arm.seconds / 6 for arm in chosen)
    assert asked(capsys, home, "--ask", "ema > base")[1].rstrip().endswith(plan["command"])


@pytest.mark.parametrize("plugins", [["my mixer.py", "fade"], None])
def test_the_command_names_the_plugins_of_the_sweep(
    plugins: list[str] | None,
    tmp_path: Path,
    ledger: MakeHome,
    ablation: MakeSweep,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {"set": {"model.width": 8}} | ({"plugin": plugins} if plugins else {})
    home = ledger(tmp_path, ablation(given=given))
    assert main(["--home", str(home), "--ask", "ema > base", "--json"]) == NOT_YET
    words = shlex.split(json.loads(capsys.readouterr().out)["plan"]["command"])
    options = build_parser().read(words[2:])
    assert options.plugin == plugins
    assert (options.name, options.set) == ("ablation", ["model.width=8"])


def test_the_json_is_as_documented(
    tmp_path: Path, ledger: MakeHome, ablation: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ledger(tmp_path, ablation())
    document = (ROOT / "docs" / "asking.md").read_text(encoding="utf-8")
    for question in ("ema > base", "flash_transformer > base", "lattice > base"):
        main(["--home", str(home), "--ask", question, "--json"])
        data = json.loads(capsys.readouterr().out)
        names = [*data, *data["metric"], *(data["plan"] or ())]
        assert [name for name in names if f"`{name}`" not in document] == []
        assert (data["low"] is None) == (data["difference"] is None)
        assert data["question"] == question
        assert data["answer"] in ("yes", "no", "not yet")


def agrees(found: Study) -> int:
    """Every comparison of the report, asked either way round; how many there are."""
    findings = Findings(found)
    reference = findings.comparisons.reference
    assert reference is not None
    for row in findings.comparisons.rows:
        one, other = f"trial {row.arm.number}", f"trial {reference.number}"
        asked = judge(findings, read_question(f"{one} > {other}"))
        turned = judge(findings, read_question(f"{other} > {one}"))
        assert (asked.difference, asked.low, asked.high) == (row.difference, row.low, row.high)
        assert (turned.low, turned.high) == (-(row.high or 0), -(row.low or 0))
        up, down = (EQUAL, TURNED) if row.difference else (EQUAL, EQUAL)
        assert (asked.answer, turned.answer) == (up[row.verdict], down[row.verdict])
        wish = next((w for w in findings.comparisons.wishes if w.arm is row.arm), None)
        seeds = wish.wanted.fewest if wish else None
        assert seeds == (asked.step.seeds if asked.step else None)
        alike = judge(findings, read_question(f"{one} = {other}"))
        assert (alike.answer == "yes") == row.within_margin
    return len(findings.comparisons.rows)


def test_it_says_what_the_report_says_of_every_arm(
    grid: MakeSweep, ablation: MakeSweep, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    assert agrees(study(data_of(grid()))) == 11
    assert agrees(study(data_of(ablation()))) == 4
    scores = 0.6 + np.random.default_rng(4).normal(0, 0.002, (5, 9))
    assert agrees(study(data_of(many(sweep_of, trial_of, scores)))) == 4  # as good
    low = {"metric": "bits per byte", "direction": "minimize"}
    scores[2:] += np.array([[0.1], [-0.1], [0.004]])
    assert agrees(study(data_of(many(sweep_of, trial_of, scores, **low)))) == 4


def many(sweep_of: MakeSweep, trial_of: MakeTrial, scores: Any, **about: Any) -> Any:
    """A sweep over ``model.hyper_width`` with these scores, (arms, seeds)."""
    key, base = "model.hyper_width", TrialConfig()
    widths = [8 * (number + 1) for number in range(len(scores))]
    trials = [
        trial_of(n, base, {key: width}, [float(s) for s in seeds])
        for n, (width, seeds) in enumerate(zip(widths, scores, strict=True))
    ]
    axes = [{"key": key, "kind": "categorical", "choices": widths}]
    about = {"axes": axes, "seeds": len(scores[0])} | about
    return sweep_of("many", "order", trials, **about)


def test_better_is_smaller_where_less_is_better(sweep_of: MakeSweep, trial_of: MakeTrial) -> None:
    scores = np.array([[1.0], [0.7]]) + np.random.default_rng(0).normal(0, 0.01, (2, 5))
    found = data_of(many(sweep_of, trial_of, scores, metric="loss", direction="minimize"))
    findings = Findings(study(found))
    told = judge(findings, read_question("16 > 8 by 0.2"))
    assert (told.answer, round(told.difference or 0, 1)) == ("yes", -0.3)
    assert judge(findings, read_question("16 < 8")).answer == "no"


def test_levels_are_told_as_the_axis_section_tells_them(grid: MakeSweep) -> None:
    findings = Findings(study(data_of(grid())))
    for axis in findings.axes.axes:
        for pair in axis.pairs:
            one, other = (axis.levels[i].label for i in (pair.first, pair.second))
            told = judge(findings, read_question(f"{axis.name}={one} > {axis.name}={other}"))
            assert (told.difference, told.low, told.high) == (pair.difference, pair.low, pair.high)
            apart = axis.differs and pair.apart
            better = (pair.difference or 0) > 0
            assert told.answer == (("yes" if better else "no") if apart else "not yet")
            assert (told.step is None) == apart or told.step is None
    assert findings.axes.axes[0].differs  # else nothing was told apart


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_or_two_seeds_never_decide(
    seeds: int, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    scores = np.array([[0.2] * seeds, [0.9] * seeds, [0.5] * seeds, [0.4] * seeds])
    scores += 0.001 * np.arange(seeds)
    findings = Findings(study(data_of(many(sweep_of, trial_of, scores))))
    for question in ("16 > 8", "16 > 24", "16 = 8 within 0.9"):
        told = judge(findings, read_question(question))
        assert told.answer == "not yet"
        assert "3 are the fewest" in told.why


def test_a_margin_that_nobody_said_must_be_said(sweep_of: MakeSweep, trial_of: MakeTrial) -> None:
    from focus_core.errors import UserError

    data = data_of(many(sweep_of, trial_of, np.eye(4) + 3.0, metric="reward"))
    with pytest.raises(UserError, match="within what"):
        judge(Findings(study(data)), read_question("8 = 16"))
    findings = Findings(study(data, margin=0.1))
    assert judge(findings, read_question("8 = 16")).question.amount == 0.1


def test_looks_are_paid_for(sweep_of: MakeSweep, trial_of: MakeTrial) -> None:
    """The ledger says how often seeds were added."""
    scores = 0.5 + np.random.default_rng(1).normal(0, 0.02, (4, 6))
    widths: list[float] = []
    for plans in ([6], [3, 6], [3, 4, 5, 6]):
        asked = [AskedAt(START, {"seeds": count}) for count in plans]
        data = data_of(many(sweep_of, trial_of, scores))
        data = replace(data, about=data.about | {"asked": [row.said for row in asked]})
        findings = Findings(study(replace(data, asked=tuple(asked))))
        assert findings.comparisons.look == len(plans)
        for question in ("16 > 8", "24 > 16"):
            told = judge(findings, read_question(question))
            widths.append((told.high or 0) - (told.low or 0))
    assert widths[0] < widths[2] < widths[4]
    assert widths[1] < widths[3] < widths[5]


def test_numbers_are_no_finer_than_their_noise(
    tmp_path: Path, ledger: MakeHome, ablation: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    said = asked(capsys, ledger(tmp_path, ablation()), "--ask", "flash_transformer > base")[1]
    assert re.search(r"\+0\.\d{3} test accuracy \(95 %: \+0\.\d{3} to \+0\.\d{3}; 6 seeds\)", said)


def test_no_noise_decides_nothing(sweep_of: MakeSweep, trial_of: MakeTrial) -> None:
    """As the report has it: an interval without an end."""
    scores = np.array([[0.2], [0.9]]) + 0.125 * np.arange(4)
    findings = Findings(study(data_of(many(sweep_of, trial_of, scores, metric="reward"))))
    told = judge(findings, read_question("16 > 8"))
    assert (told.answer, told.low, told.step) == ("not yet", None, None)
    assert "no noise is known" in told.why
