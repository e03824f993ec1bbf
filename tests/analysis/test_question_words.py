"""The words of a question, and what its two sides name; whatever they are, one line answers."""

from __future__ import annotations

import pytest

from analysis.asking.language import read_question
from analysis.asking.sides import Arms, Levels, find_sides
from analysis.reading.study import Study, study
from focus_core.errors import UserError
from tests.analysis.makers import MakeSweep, MakeTrial
from tests.analysis.test_claims import data_of


@pytest.fixture
def grid_study(grid: MakeSweep) -> Study:
    return study(data_of(grid()))


@pytest.fixture
def variants(ablation: MakeSweep) -> Study:
    return study(data_of(ablation()))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("A > B", "A > B"),
        ("A<B", "B > A"),
        (" A  >  B  by  0.2 ", "A > B by 0.2"),
        ("A < B by 2e-1", "B > A by 0.2"),
        ("A = B within .05", "A = B within 0.05"),
        ("A = B", "A = B"),
        ("x=1 > x=2", "x=1 > x=2"),
        ("x=1 y=2 = x=2 y=2 within 1", "x=1 y=2 = x=2 y=2 within 1"),
    ],
)
def test_a_question_is_read(words: str, told: str) -> None:
    question = read_question(words)
    assert str(question) == told
    assert read_question(str(question)) == question


@pytest.mark.parametrize(
    "words",
    [
        *("", ">", "A >", "> B", "A B", "A == B", "A >= B", "A > B within 0.1", "A = B by 0.1"),
        *("A > B by much", "A > B by -1", "A > B by nan", "A > B by inf", "A = B within 0"),
    ],
)
def test_other_words_are_no_question(words: str, grid_study: Study) -> None:
    """Some are read as a question about names that there are not."""
    with pytest.raises(UserError) as caught:
        _read(grid_study, words)
    assert "\n" not in str(caught.value)


def _read(found: Study, words: str) -> None:
    question = read_question(words)
    find_sides(found, question.left, question.right)


def test_an_arm_goes_by_many_names(grid_study: Study) -> None:
    arm = grid_study.arms[7]
    names = [arm.label, "trial 7", arm.trial_id, "base", "bin_length=16,nfft_factor=2"]
    names += ["model.nfft_factor=2 bin_length=16.0"]
    for name in names:
        found = find_sides(grid_study, name, "trial 0")
        assert isinstance(found, Arms)
        assert (found.left, found.right) == (arm, grid_study.arms[0])


def test_what_several_arms_have_is_a_level(grid_study: Study) -> None:
    found = find_sides(grid_study, "bin_length=16", "model.bin_length=6.4e1")
    assert found == Levels(key="model.bin_length", left=16, right=64)
    assert find_sides(grid_study, "16", "64") == found


def test_a_value_alone_is_an_arm_where_one_has_it(variants: Study) -> None:
    found = find_sides(variants, "flash_transformer", "variant=base")
    assert isinstance(found, Arms)
    assert [found.left.variant, found.right.variant] == ["flash_transformer", "base"]


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("flash_transfomer", "base", "did you mean 'flash_transformer'"),
        ("zzz", "base", "the arms are base, focus_h"),
        ("variannt=ema", "base", "did you mean 'variant'"),
        ("variant=zzz", "base", "no arm has 'variant=zzz'"),
        ("base", "variant=base", "name the same"),
        ("\x1b[31m", "base", "no arm is called '\\x1b[31m'"),
        ("'; drop table trials; --", "base", "no arm is called"),
        ("x" * 500, "base", "..."),
    ],
)
def test_names_that_there_are_not(left: str, right: str, said: str, variants: Study) -> None:
    with pytest.raises(UserError) as caught:
        find_sides(variants, left, right)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("bin_length=16", "base", "'bin_length=16' fits 3 arms"),
        ("base", "64", "'64' fits 3 arms"),
        ("bin_length=16", "nfft_factor=2", "one value of the same axis"),
        ("bin_length=16", "bin_length=16.0", "name the same"),
        ("8", "4", "'8' fits 3 arms"),
    ],
)
def test_sides_that_do_not_go_together(left: str, right: str, said: str, grid_study: Study) -> None:
    with pytest.raises(UserError, match=said):
        find_sides(grid_study, left, right)


def test_a_value_of_two_axes_must_be_told_with_its_axis(
    sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    from focus_core.config import TrialConfig

    points = [{"model.order": a, "model.layers": b} for a in (1, 2) for b in (1, 2)]
    trials = [trial_of(n, TrialConfig(), point, [0.5] * 3) for n, point in enumerate(points)]
    axes = [{"key": key, "kind": "categorical", "choices": [1, 2]} for key in points[0]]
    found = study(data_of(sweep_of("s", "order", trials, axes=axes)))
    with pytest.raises(UserError, match="write order=1"):
        find_sides(found, "1", "2")
