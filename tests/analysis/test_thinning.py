"""Dots that a figure leaves out are said in its caption."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.sections.thinning import thinned, thinned_words
from tests.analysis.test_axes_card import card_of, flat


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100])
def test_no_more_than_asked_for_and_all_where_there_is_room(count: int) -> None:
    kept = thinned(np.arange(count), 8)
    assert len(kept) <= 8
    assert len(kept) == count or len(kept) > 4
    assert list(kept) == list(thinned(list(range(count)), 8))
    assert bool(thinned_words(len(kept), count)) == (count > 8)


@pytest.mark.parametrize(("trials", "said"), [(40, False), (900, True)])
def test_a_caption_says_what_is_left_out(trials: int, said: bool) -> None:
    figures = card_of(flat(trials, 1)).figures
    captions = [figure.caption for figure in figures if figure.name.startswith("axis_")]
    assert len(captions) == 2
    assert all(("dots are drawn" in caption) == said for caption in captions)
