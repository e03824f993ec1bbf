"""The page in a real browser: no error, no request, tables that sort, filter and unfold."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from analysis.page.assemble import Head, Page, render
from analysis.sections.card import Block, Column, Table
from analysis.sections.digits import Format
from tests.analysis.pages import EVIL, card_of, row_of, table_of

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(NAMES)} is installed")

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--dump-dom"]
FLAGS += ["--virtual-time-budget=4000"]

WATCH = """
window.wrong = [];
addEventListener("error", (e) => wrong.push("error " + e.message), true);
addEventListener("unhandledrejection", (e) => wrong.push("rejected " + e.reason));
document.addEventListener("securitypolicyviolation", (e) => wrong.push("asked " + e.blockedURI));
console.error = console.warn = (text) => wrong.push("console " + text);
window.alert = () => wrong.push("alert");
window.tell = (found) => {
  const told = document.createElement("pre");
  told.id = "told"; told.textContent = JSON.stringify(found);
  document.body.append(told);
};
"""
DRIVE = """
addEventListener("load", () => {
  const box = document.querySelector("[data-name=trials]"), found = {};
  const column = (at) => [...box.querySelectorAll("tbody tr")].map((r) => r.cells[at].textContent);
  const head = (at) => box.querySelectorAll("th")[at];
  const filter = box.querySelector("input");
  const type = (text) => { filter.value = text; filter.dispatchEvent(new Event("input")); };
  found.first = column(0);
  head(1).click(); found.up = column(1); found.sort = head(1).getAttribute("aria-sort");
  head(1).click(); found.down = column(1);
  head(0).click(); found.names = column(0);
  type("WORSE arm"); found.filtered = column(0);
  found.count = box.querySelector(".count").textContent;
  type("nowhere"); found.none = column(0);
  type(""); box.querySelector("button.all").click(); found.all = column(0).length;
  found.links = [...box.querySelectorAll("tbody a")].map((a) => a.getAttribute("href"));
  found.chips = [...box.querySelectorAll(".chip")].map((c) => c.dataset.word);
  location.hash = "#t-id11"; dispatchEvent(new HashChangeEvent("hashchange"));
  found.reached = document.getElementById("t-id11") !== null;
  dispatchEvent(new Event("beforeprint"));
  found.open = [...document.querySelectorAll("details")].every((d) => d.open);
  found.copies = [...document.querySelectorAll("button.copy")].every((b) => !b.hidden);
  found.scripts = document.querySelectorAll("script").length;
  found.sideways = document.documentElement.scrollWidth > innerWidth;
  found.wrong = wrong;
  tell(found);
});
"""
GAPS = """
addEventListener("load", () => {
  const words = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getBoundingClientRect();
  };
  const rows = [...document.querySelectorAll("tr")];
  tell(rows.map((row) => words(row.cells[1]).left - words(row.cells[0]).right));
});
"""
"""Pixels between the words of the first two columns."""


def page() -> str:
    scores = [0.31, 0.9, 1e-3, 0.5, -0.2, 0.7, 0.05, 0.6, 0.8, 0.11, 0.4, 0.2]
    rows = [row_of(f"arm {at}", score, "open") for at, score in enumerate(scores)]
    rows[7][8] = ["worse", "LEAKY"]
    rows[8][0] = EVIL
    rows[9][1] = None
    trials = table_of(rows, name="trials", shown=5, links=[f"id{at}" for at in range(12)])
    other = table_of([row_of("base")], links=["id11"])
    cards = [
        card_of("verdict", tables=[other], words=[EVIL]),
        card_of("trials", tables=[trials], folded=True, blocks=[Block(title="b", text=EVIL)]),
    ]
    runs = {"id3": "http://127.0.0.1:1/#/experiments/1/runs/2"}
    head = Head(name="s", question=EVIL)
    return render(Page(head=head, cards=cards, scores=Format(digits=3), runs=runs))


def driven(text: str, folder: Path, drive: str = DRIVE, width: int = 1400) -> Any:
    """What the page did, once it was watched and driven; its policy lets these two scripts in."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
        for code in (WATCH, drive)
    )
    text = text.replace("script-src ", f"script-src {hashes} ", 1)
    text = text.replace("<title>", f"<script>{WATCH}</script><title>", 1)
    text = text.replace("</body>", f"<script>{drive}</script></body>", 1)
    (folder / "page.html").write_text(text)
    done = subprocess.run(
        [
            str(BROWSER),
            *FLAGS,
            f"--window-size={width},900",
            f"--user-data-dir={folder / 'profile'}",
            f"file://{folder}/page.html",
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout.decode(), re.DOTALL)
    assert told is not None, "the page was not driven to its end"
    return json.loads(html.unescape(told[1]))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    seen: dict[str, Any] = driven(page(), tmp_path_factory.mktemp("browser"))
    return seen


def test_nothing_goes_wrong_and_nothing_is_asked_for(found: dict[str, Any]) -> None:
    assert found["wrong"] == []
    assert found["scripts"] == 4  # ours, the rows as data, and the two of this test
    assert not found["sideways"]


def test_what_would_be_asked_for_is_seen(tmp_path: Path) -> None:
    """Negative control."""
    spoilt = page().replace("</main>", '<img src="http://127.0.0.1:1/x.png"></main>')
    spoilt = spoilt.replace("</main>", '<img src="data:," onerror="alert(1)"></main>')
    wrong = driven(spoilt, tmp_path)["wrong"]
    assert any("127.0.0.1:1/x.png" in line for line in wrong)
    assert "alert" not in wrong  # seen, and not run either


def test_tables_sort_as_numbers_and_as_words(found: dict[str, Any]) -> None:
    assert found["first"] == [f"arm {at}" for at in range(5)]
    assert [text.replace("\N{MINUS SIGN}", "-") for text in found["up"]] == [
        "-0.200",
        "0.001",
        "0.050",
        "0.200",
        "0.310",
    ]
    assert found["sort"] == "ascending"
    assert found["down"] == ["0.900", "0.800", "0.700", "0.600", "0.500"]  # what has none is last
    names = [name for name in found["names"] if name.startswith("arm")]
    assert names == [f"arm {at}" for at in range(len(names))]


def test_rows_are_filtered_and_unfolded(found: dict[str, Any]) -> None:
    assert found["filtered"] == ["arm 7"]
    assert found["count"] == "1 row"
    assert found["none"] == []
    assert found["all"] == 12
    assert "http://127.0.0.1:1/#/experiments/1/runs/2" in found["links"]
    assert {"worse", "leaky", "open"} <= set(found["chips"])


def test_a_folded_row_is_reached_and_paper_shows_what_is_folded(found: dict[str, Any]) -> None:
    assert found["reached"]
    assert found["open"]
    assert found["copies"]


def test_on_a_phone_the_first_column_s_words_end_before_the_second_s(tmp_path: Path) -> None:
    """A long key too, and the line between the columns touches neither."""
    table = Table(
        name="configuration",
        title="here",
        columns=[Column(title="field", kind="code"), Column(title="base"), Column(title="here")],
        rows=[("model.a_key_that_is_long_enough", "a_value_of_some_length", "x" * 30)],
    )
    card = card_of("winner", tables=[table])
    text = render(Page(head=Head(name="s", question="q"), cards=[card], scores=Format(digits=3)))
    assert min(driven(text, tmp_path, GAPS, 390)) >= 20
    for rule in (
        ".scroll td:first-child code { white-space: normal; }",
        ".scroll td:nth-child(2), .scroll th:nth-child(2) { padding-left: 10px; }",
    ):
        assert rule in text
        spoilt = text.replace(rule, "")  # negative control
        assert min(driven(spoilt, tmp_path, GAPS, 390)) < 11
