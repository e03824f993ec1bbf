"""One set of cards in every form: nothing in a name is markup, a formula or a command."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from analysis.page.as_markdown import fenced, markdown, words
from analysis.page.assemble import Head, Page, answer, render
from analysis.page.files import as_csv, as_latex
from analysis.page.summary import as_json, plain
from analysis.page.tables import MINUS, as_data, view
from analysis.page.terminal import lines
from analysis.sections.card import Block, Card, Column, Table
from analysis.sections.digits import Format
from tests.analysis.pages import EVIL, card_of, row_of, table_of
from tests.analysis.pages import Page as Parsed

HEAD = Head(name="s", question="Which?")
SCORES = Format(digits=3)


def page_of(*cards: Card, **changes: Any) -> tuple[str, Parsed]:
    text = render(Page(head=HEAD, cards=cards, scores=SCORES, **changes))
    return text, Parsed(text)


def test_the_page_has_the_cards_in_order_with_links_to_them() -> None:
    _, page = page_of(card_of("verdict", status="open"), card_of("axes", tables=[]))
    assert page.open == []
    assert [link for link in page.links if link in ("#verdict", "#axes")] == ["#verdict", "#axes"]
    assert {"verdict", "axes"} <= set(page.ids)
    assert "Neither does model.order ." in page.text  # code in its own element
    assert f"{MINUS}0.350" in page.text
    assert f"at least {MINUS}0.450" in page.text
    assert "1,234" in page.text


def test_hostile_words_are_words_on_the_page() -> None:
    table = table_of([row_of(EVIL, verdict=[EVIL]), *[row_of(EVIL)] * 40], title=EVIL, shown=2)
    card = card_of(
        "verdict",
        title=EVIL,
        words=[EVIL],
        tables=[table],
        facts=[(EVIL, EVIL)],
        blocks=[Block(title=EVIL, text=EVIL)],
    )
    text = render(
        Page(head=Head(name=EVIL, question=EVIL, notes=[EVIL]), cards=[card], scores=SCORES)
    )
    page = Parsed(text)
    assert page.open == []
    assert page.tags.count("script") == 2  # ours, and the rows as data
    assert page.handlers == []
    assert "{{ 7 * 7 }}" in page.text
    assert "<script>alert('x')</script>" in page.text
    rows = json.loads(page.data[0])
    assert len(rows) == 39
    assert rows[0][0][0] == EVIL


def test_rows_as_data_end_no_script_element() -> None:
    data = as_data(["</script><script>", "<!--", "\u2028"])
    assert "<" not in data
    assert "\u2028" not in data
    assert json.loads(data) == ["</script><script>", "<!--", "\u2028"]


@pytest.mark.parametrize(("long", "whole"), [(0, True), (300, False)])
def test_ten_thousand_rows_take_no_more_room_than_a_page_has(long: int, whole: bool) -> None:
    rows = [row_of(f"arm {number}{'x' * long}") for number in range(10_000)]
    ids = [f"{number:012x}" for number in range(10_000)]
    text, page = page_of(card_of("trials", tables=[table_of(rows, name="trials", links=ids)]))
    assert len(text) < 3_000_000
    assert page.text.count("arm ") < 60
    held = 30 + len(json.loads(page.data[0]))
    assert (held == 10_000) == whole
    assert (f"{10_000 - held:,} more are in tables/trials.csv" in page.text) != whole


def test_a_row_leads_to_its_trial_and_a_trial_to_its_run() -> None:
    trials = table_of([row_of("0")], name="trials", links=["abc"])
    other = table_of([row_of("base")], links=["abc"])
    runs = {"abc": "https://mlflow/#/experiments/1/runs/2"}
    _, page = page_of(card_of("axes", tables=[other]), card_of("t", tables=[trials]), runs=runs)
    assert "#t-abc" in page.links
    assert "t-abc" in page.ids
    assert runs["abc"] in page.links
    _, without = page_of(card_of("t", tables=[trials]))
    assert not any(link.startswith("http") for link in without.links)


def test_only_a_page_that_is_written_again_reads_itself_again() -> None:
    assert 'http-equiv="refresh"' in page_of(card_of(), refresh=10)[0]
    assert 'http-equiv="refresh"' not in page_of(card_of())[0]


@pytest.mark.parametrize(("length", "large"), [(40, 2), (200, 1)])
def test_two_short_sentences_answer_and_long_ones_do_not_fill_the_screen(
    length: int, large: int
) -> None:
    sentences = ["a" * length, "b" * length, "Not an answer."]
    card = card_of("verdict", words=sentences, data={"answer": sentences[:2]})
    assert answer(card) == sentences[:large]
    text, page = page_of(card)
    assert all(page.text.count(words) == 1 for words in sentences)  # none is lost or told twice
    assert ('class="answer long"' in text) == (length == 200)


def test_a_folded_card_shows_its_first_words() -> None:
    _, page = page_of(card_of("trust", folded=True, tables=[]))
    assert page.tags.count("details") == 1
    assert page.text.index("Nothing differs.") < page.text.index("more")


def test_markdown_shows_hostile_words_as_they_are() -> None:
    card = card_of(words=[EVIL], tables=[table_of([row_of(EVIL)])], title=EVIL)
    text = markdown(Head(name=EVIL, question=EVIL), [card], SCORES)
    assert re.search(r"(?<!\\)<script", text) is None
    (row,) = (line for line in text.splitlines() if "0a1b" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 10  # nine cells, and no more
    assert words("1. x\n# y [a](http://b) www.c") == r"1\. x \# y \[a\](http\://b) www\.c"
    assert words("see `a_b`") == "see `a_b`"


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    text = "```\n# not a heading\n````"
    assert fenced(text).startswith("`````\n")
    assert fenced(text).endswith("\n`````")


def test_a_long_table_is_cut_in_markdown_with_the_file_named() -> None:
    rows = [row_of(f"arm {number}") for number in range(40)]
    text = markdown(HEAD, [card_of(tables=[table_of(rows)])], SCORES)
    assert "30 of 40 rows; all are in `tables/comparisons.csv`." in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_word_is_a_formula_in_a_spreadsheet(start: str) -> None:
    table = table_of([row_of(f"{start}cmd|' /C calc'!A0", -0.25)])
    (head, row) = csv.reader(io.StringIO(as_csv(table)))
    assert row[0].startswith("'")
    assert row[1] == "-0.25"  # a number stays one
    assert head[3:5] == ["95 % low", "95 % high"]
    assert row[3:5] == ["-0.95", ""]


def test_csv_keeps_every_digit() -> None:
    (_, row) = csv.reader(io.StringIO(as_csv(table_of([row_of("a", 1 / 3)]))))
    assert float(row[1]) == 1 / 3


def test_latex_has_the_rules_of_booktabs_and_no_foreign_command() -> None:
    text = as_latex(table_of([row_of(EVIL)]), SCORES)
    assert [r for r in (r"\toprule", r"\midrule", r"\bottomrule") if r in text] == [
        r"\toprule",
        r"\midrule",
        r"\bottomrule",
    ]
    assert r"\begin{tabular}{lrrrrrrll}" in text
    body = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    assert r"\end" not in body
    assert len(re.findall(r"(?<!\\)&", body)) == 8
    assert "$-$0.100" in body


def test_json_has_neither_nan_nor_what_only_numpy_knows() -> None:
    import numpy as np

    found = plain({"a": np.float64("nan"), "b": (np.int64(3), float("inf")), 4: {EVIL}})
    assert json.loads(as_json(found)) == {"a": None, "b": [3, None], "4": [EVIL]}


def test_the_terminal_gets_the_first_cards_words_and_a_short_table() -> None:
    rows = [row_of(f"arm {number}" + "x" * 60 * (number == 0)) for number in range(9)]
    said = lines([card_of("verdict", tables=[table_of(rows)]), card_of("axes")], SCORES)
    assert said[0] == "Nothing differs."
    assert sum("arm" in line for line in said) == 7  # the head, and six rows
    assert said[-2] == "... 3 more on the page"
    assert max(map(len, said)) < 120


def test_a_head_has_its_unit_and_an_empty_column_is_left_to_the_csv() -> None:
    columns = [
        Column(title="arm"),
        Column(title="training", kind="number", unit="s"),
        Column(title="df", kind="number", unit="1"),
        Column(title="note"),
    ]
    table = Table(name="t", title="t", columns=columns, rows=[["a", 1.5, 2.0, None]])
    shown = view(table, Format(), {})
    assert [head.title for head in shown.heads] == ["arm", "training (s)", "df"]
    assert shown.rows[0].cells == ["a", "1.50", "2.00"]
    assert as_csv(table).splitlines()[0] == "arm,training (s),df,note"
