"""Every comparison says which start, frame, optimiser and protocol a rival had."""

import html
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from analysis.findings.origins import KEYS, origin_note, origin_rows
from analysis.reading.arms import Arm, Row
from analysis.report import main
from focus_core.config import TrialConfig
from search_spaces.variants import VARIANTS
from sweeps.provenance.code_identity import trial_code
from sweeps.record.schema import Sweep
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial
from tests.analysis.pages import sketched
from tests.analysis.summary_types import wrong_of


@pytest.fixture(autouse=True)
def _sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.page.pictures.draw", sketched)


RIVALS = ("flash_transformer", "transformer_xl", "gpt2", "mega", "s4", "s4d", "s4_bare", "hyena")


def sweep(
    sweep_of: MakeSweep, trial_of: MakeTrial, variants: Sequence[str], **changes: Any
) -> Sweep:
    base = TrialConfig()
    trials = [
        trial_of(number, base, {"variant": name}, [0.5, 0.6, 0.55], variant=name)
        for number, name in enumerate(variants)
    ]
    axes = [{"key": "variant", "kind": "categorical", "choices": list(variants)}]
    return sweep_of("rivals", "baselines", trials, axes=axes, base=base.canonical(), **changes)


def report(home: Path) -> tuple[Any, str]:
    assert main(["--home", str(home)]) == 0
    folder = next(path.parent for path in home.rglob("summary.json"))
    page = html.unescape(next(folder.glob("*.html")).read_text())
    found = json.loads((folder / "summary.json").read_text())
    assert wrong_of(found) == []
    return found["cards"]["trust"]["data"]["origins"], page


def test_the_report_tells_what_is_ours_or_published(
    ledger: MakeHome,
    sweep_of: MakeSweep,
    trial_of: MakeTrial,
    tmp_path: Path,
) -> None:
    home = ledger(tmp_path, sweep(sweep_of, trial_of, ("base", *RIVALS)))
    found, page = report(home)
    told = {arm for row in found for arm in row["arms"]}
    assert told == {"base", *RIVALS}
    for row in found:
        assert all(row[key] in page for key in KEYS)
        assert row in origin_rows_of(RIVALS)
    assert "Ours or published" in page
    names: list[list[str]] = [row["arms"] for row in found]
    longest = ", ".join(max(names, key=lambda arms: len([*arms])))
    assert longest in page


class Named:
    """What is asked of an arm: its name and its config."""

    def __init__(self, name: str) -> None:
        self.name = self.variant = name
        self.config = TrialConfig().override(VARIANTS[name].changes).canonical()


def rows_of(names: Iterable[str]) -> list[Row]:
    return origin_rows([cast(Arm, Named(name)) for name in names])


def origin_rows_of(names: Sequence[str]) -> list[Row]:
    return rows_of(["base", *names])


def test_negative_control_a_sweep_without_rivals_has_no_such_table(
    ledger: MakeHome,
    sweep_of: MakeSweep,
    trial_of: MakeTrial,
    tmp_path: Path,
) -> None:
    home = ledger(tmp_path, sweep(sweep_of, trial_of, ("base", "focus_h", "ema")))
    found, page = report(home)
    assert found == []
    assert "Ours or published" not in page


def test_words_of_another_code_are_marked() -> None:
    config = TrialConfig().override({"model.mixer": "mega"}).canonical()

    def trained_by(*codes: str) -> list[Any]:
        return [SimpleNamespace(name=f"arm {code}", config=config, code=code) for code in codes]

    assert origin_note(trained_by("", trial_code(config))) == ""
    assert "another focus_core trained arm 0th," in origin_note(trained_by("", "0th"))
    assert "trained arm 0th and 1 more" in origin_note(trained_by("0th", "0ther"))


def test_arms_with_the_same_words_share_a_row() -> None:
    rows = rows_of(["base", "ema", "s4_bare", "s4"])
    assert [row["arms"] for row in rows] == [["s4_bare"], ["s4"], ["base", "ema"]]
    assert [row["rival"] for row in rows] == [True, True, False]
