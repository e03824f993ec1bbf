"""Beside a number of ours stands the paper's, where it has one on the same task."""

from __future__ import annotations

import pytest

from analysis.reading.paper import paper_note

OF_FOCUS = {"recall": "100.0", "enwik8": "0.94", "text8": "0.98", "smnist": "99.7"}


@pytest.mark.parametrize("task", OF_FOCUS)
def test_numbers_on_the_same_task_come_with_what_differs(task: str) -> None:
    note = paper_note("baselines", {"task.name": task})
    assert f"Focus {OF_FOCUS[task]}" in note
    assert "Sizes, budgets and data differ here" in note
    assert "arXiv 2305.14952" in note


def test_negative_control_another_task_has_none() -> None:
    note = paper_note("nfft_bins", {"task.name": "far_recall"})
    assert "It has no number on this task." in note
    assert "it leaves this question open" in note
    assert not any(f"Focus {number}" in note for number in OF_FOCUS.values())


def test_a_question_of_ones_own_is_not_the_papers() -> None:
    assert paper_note("mine", {}).startswith("This program knows no statement")
