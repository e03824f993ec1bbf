"""The page: one HTML file that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from analysis import page_evidence, page_origins, page_trials
from analysis.gallery import Picture, compares_variants
from analysis.markup import NONE, Html, chip, fixed, quiet, table, tag
from analysis.style import CSS

Data = Mapping[str, Any]


def render(summary: Data, pictures: Mapping[str, Picture]) -> str:
    """The whole document.

    Args:
        summary: what ``summary.summarise`` returned.
        pictures: figures by name; a section without its figure or numbers is left out.
    """
    sweep = summary["sweep"]
    parts = [
        _header(summary),
        _answer(summary),
        _section("Trials by state", page_trials.counts(summary)),
        _best(summary),
        _trials(summary),
        _effects(summary, pictures.get("effects")),
        _heat(summary, pictures.get("heat_map")),
        _curves(pictures.get("curves")),
        _importances(summary, pictures.get("importances")),
        page_section(
            "Against the reference, seed by seed",
            page_evidence.comparisons(summary),
            pictures.get("differences"),
        ),
        page_section("Ours or published", page_origins.origins(summary)),
        page_section("Certificates", page_evidence.certificates(summary)),
        page_section("Budgets", page_evidence.budgets(summary)),
        _section("Where it comes from", page_evidence.provenance(summary)),
    ]
    return document(f"{sweep['name']} · Focus Sweeps", parts)


def document(title: str, parts: Sequence[Html]) -> str:
    """A page with these parts below one another."""
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        Html(f"<style>{CSS}</style>"),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", tag("main", *parts)), lang="en")


def page_section(title: str, body: Html, picture: Picture | None = None) -> Html:
    """A section, or nothing where it has neither words nor a figure."""
    if not body and picture is None:
        return Html("")
    return _section(title, picture_of(picture) if picture else Html(""), body)


def picture_of(picture: Picture, caption: str = "") -> Html:
    """The figure, embedded."""
    data = base64.b64encode(picture.svg).decode()
    image = Html(f'<img alt="{picture.alt}" src="data:image/svg+xml;base64,{data}">')
    return tag("figure", image, *([tag("figcaption", caption)] if caption else []))


def _section(title: str, *body: object) -> Html:
    return tag("section", tag("h2", title), *body)


def _lead(text: str) -> Html:
    return tag("p", text, class_="lead")


def _header(summary: Data) -> Html:
    sweep, counts = summary["sweep"], summary["counts"]
    state = chip("finished", "complete") if counts["finished"] else chip("in progress", "running")
    kicker = tag("div", tag("b", sweep["name"]), f" · space {sweep['space']} · ", state,
                 class_="kicker")  # fmt: skip
    return tag("header", kicker, tag("h1", sweep["question"]))


def _answer(summary: Data) -> Html:
    first, *rest = summary["answer"]
    alarms = [
        tag("div", tag("b", f"Alarm, {row['name']}: "), alarm, class_="alarm-box")
        for row in summary["certificates"]
        for alarm in row["alarms"]
    ]
    words = [tag("p", first, class_="first"), *(tag("p", sentence) for sentence in rest)]
    paper = [tag("p", tag("b", "In the paper. "), summary["paper"], class_="note")]
    noted = paper if summary["paper"] else []
    return tag("section", *words, *alarms, *noted, class_="answer")


def _best(summary: Data) -> Html:
    best = summary["best"]
    if best is None:
        return Html("")
    rows = [["selected on", "validation", *_numbers(best["validation"])]]
    rows += [["reported on", "test", *_numbers(best["test"])]]
    head = ["", "split", "mean", "95 % interval", "n"]
    config = [[key, value] for key, value in best["config"].items()]
    return _section(
        "Best configuration",
        _lead(f"{best['label']} · trial {best['number']}, id {best['trial_id']}"),
        table(head, rows, label="Best configuration"),
        *_again(best["command"]),
        tag(
            "details",
            tag("summary", "Every setting it was trained with"),
            table(["setting", "value"], config, label="Settings"),
        ),
    )


def _again(command: str) -> list[Html]:
    """Nothing for a sweep of another tool."""
    shown = tag("pre", _folded(command), class_="command")
    return [tag("p", "Train it again, alone:"), shown] if command else []


def _folded(command: str) -> str:
    """A setting a line, as a shell reads it; quoted values are left in peace."""
    return command if "'" in command else command.replace(" --set", " \\\n    --set")


def _numbers(interval: Data | None) -> list[object]:
    if interval is None:
        return [NONE] * 3
    low, high = fixed(interval["low"]), fixed(interval["high"])
    bounds = quiet("one seed has none") if interval["low"] is None else f"{low} to {high}"
    return [tag("b", fixed(interval["mean"])), bounds, interval["n"]]


def _trials(summary: Data) -> Html:
    if not summary["trials"]:
        return Html("")
    lead = (
        f"Mean {summary['sweep']['metric'].removeprefix('validation ')} over all seeds with its "
        "95 % interval (Student's t). A trial without its full budget or with a diverged seed has "
        "no mean. Dots are seeds, the orange mark their mean, the dashed line chance."
    )
    return _section("All trials", _lead(lead), page_trials.trials(summary))


def _effects(summary: Data, picture: Picture | None) -> Html:
    if picture is None:
        return Html("")
    body = page_evidence.effects(summary)
    if compares_variants(summary):
        caption = "Dots: each seed. Orange: their mean with its 95 % interval. Hollow: leaky."
        caption += f" {summary['tuned']}"
        return _section("Every arm", picture_of(picture, caption), body)
    caption = (
        "Dots: every seed of every trial trained in full, a column of dots a trial. Orange: the "
        "mean over the level's trials, with the 95 % interval over seeds."
    )
    if summary["sweep"]["sampler"] != "grid":
        caption += " The trials of two levels differ in other settings too: read with care."
    return _section("Effect of each axis", picture_of(picture, caption), body)


def _heat(summary: Data, picture: Picture | None) -> Html:
    heat = summary["heat_map"]
    if heat is None or picture is None:
        return Html("")
    most = max(max(row) for row in heat["trials"])
    caption = "Mean test score" + (f" over up to {most} trials a cell." if most > 1 else ".")
    if "bin_length" in (heat["rows"], heat["columns"]):
        caption += " A bin of R tokens in a sequence of L makes L / R bins."
    title = f"{heat['rows']} × {heat['columns']}"  # noqa: RUF001
    return _section(title, picture_of(picture, caption))


def _curves(picture: Picture | None) -> Html:
    if picture is None:
        return Html("")
    caption = "Thin: each seed. Thick: their mean. Dashed: chance. Dotted: what a window can reach."
    return _section("Learning curves", picture_of(picture, caption))


def _importances(summary: Data, picture: Picture | None) -> Html:
    body = page_evidence.importances(summary)
    return _section("Importance of the axes", *([picture_of(picture)] if picture else []), body)
