"""Every comparison says which start, frame, optimiser and protocol a rival had."""

import html
import json
from types import SimpleNamespace

import pytest

from analysis.findings.origins import KEYS, in_short, origin, origin_note, origin_rows
from analysis.report import main
from focus_core.config import TrialConfig
from search_spaces.variants import VARIANTS
from sweeps.code_identity import trial_code
from tests.analysis.pages import sketched


@pytest.fixture(autouse=True)
def _sketches(monkeypatch):
    monkeypatch.setattr("analysis.page.pictures.draw", sketched)


RIVALS = ("flash_transformer", "transformer_xl", "gpt2", "mega", "s4", "s4d", "s4_bare", "hyena")


def sweep(sweep_of, trial_of, variants, **changes):
    base = TrialConfig()
    trials = [
        trial_of(number, base, {"variant": name}, [0.5, 0.6, 0.55], variant=name)
        for number, name in enumerate(variants)
    ]
    axes = [{"key": "variant", "kind": "categorical", "choices": list(variants)}]
    return sweep_of("rivals", "baselines", trials, axes=axes, base=base.canonical(), **changes)


def report(home):
    assert main(["--home", str(home)]) == 0
    folder = next(path.parent for path in home.rglob("summary.json"))
    page = html.unescape(next(folder.glob("*.html")).read_text())
    found = json.loads((folder / "summary.json").read_text())
    return found["cards"]["trust"]["data"]["origins"], page


def test_the_report_tells_what_is_ours_or_published(ledger, sweep_of, trial_of, tmp_path):
    home = ledger(tmp_path, sweep(sweep_of, trial_of, ("base", *RIVALS)))
    found, page = report(home)
    told = {arm for row in found for arm in row["arms"]}
    assert told == {"base", *RIVALS}
    for row in found:
        assert all(row[key] in page for key in KEYS)
        assert row in origin_rows_of(RIVALS)
    assert "Ours or published" in page
    longest = ", ".join(max((row["arms"] for row in found), key=len))
    assert longest in page


def origin_rows_of(names):
    class Named:
        def __init__(self, name):
            self.name = self.variant = name
            self.config = TrialConfig().override(VARIANTS[name].changes).canonical()

    return origin_rows([Named(name) for name in ("base", *names)])


def test_negative_control_a_sweep_without_rivals_has_no_such_table(
    ledger, sweep_of, trial_of, tmp_path
):
    home = ledger(tmp_path, sweep(sweep_of, trial_of, ("base", "focus_h", "ema")))
    found, page = report(home)
    assert found == []
    assert "Ours or published" not in page


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_short_words_of_origin_name_each_key_once(variant):
    words = in_short(origin(TrialConfig().override(VARIANTS[variant].changes).canonical()))
    assert words == "all ours" or all(words.count(key) == 1 for key in KEYS)


def test_words_of_another_code_are_marked():
    config = TrialConfig().override({"model.mixer": "mega"}).canonical()

    def trained_by(*codes):
        return [SimpleNamespace(name=f"arm {code}", config=config, code=code) for code in codes]

    assert origin_note(trained_by("", trial_code(config))) == ""
    assert "another focus_core trained arm 0th," in origin_note(trained_by("", "0th"))
    assert "trained arm 0th and 1 more" in origin_note(trained_by("0th", "0ther"))


def test_arms_with_the_same_words_share_a_row():
    class Named:
        def __init__(self, name):
            self.name = self.variant = name
            self.config = TrialConfig().override(VARIANTS[name].changes).canonical()

    rows = origin_rows([Named(name) for name in ("base", "ema", "s4_bare", "s4")])
    assert [row["arms"] for row in rows] == [["s4_bare"], ["s4"], ["base", "ema"]]
    assert [row["rival"] for row in rows] == [True, True, False]
