"""A trial's page: its three figures with captions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure as Drawing

from analysis.page import trial_figures
from analysis.page.assemble import document
from analysis.page.pictures import Picture, draw
from analysis.sections.card import Figure, Theme
from sweeps.commands.command_line import counted

Data = Mapping[str, Any]

LONGEST = 8192
"""Length in tokens of the longest sequence that is timed."""


def fill(folder: Path, look: Data) -> None:
    """Draw the figures into ``folder`` as SVG, PNG and PDF, and write its ``index.html``."""
    pictures = {figure.name: draw(figure, folder / figure.name) for figure in figures(look)}
    (folder / "index.html").write_text(render(look, pictures), encoding="utf-8")


def figures(look: Data) -> list[Figure]:
    """The figures that have numbers: without Focus filters, only time against length."""
    painters: list[tuple[str, str, str, Callable[[Data, Theme], Drawing]]] = [
        (
            "impulse_responses",
            "Impulse responses by layer and channel",
            _impulses(look),
            trial_figures.impulses,
        ),
        (
            "time_against_length",
            "Milliseconds against length",
            _speeds(look),
            trial_figures.speeds,
        ),
        (
            "filter_response",
            "Gain over frequency by layer and bin",
            _filters(look),
            trial_figures.filters,
        ),
    ]
    if not look["layers"]:
        painters = painters[1:2]
    return [
        Figure(name=name, draw=partial(paint, look), alt=alt, caption=caption)
        for name, alt, caption, paint in painters
    ]


def render(look: Data, pictures: Mapping[str, Picture]) -> str:
    """The page as HTML."""
    titles = {
        "impulse_responses": "Impulse responses",
        "time_against_length": "Time against length",
        "filter_response": "Filter response",
    }
    kind = f"filter {look['filter']}" if look["layers"] else f"mixer {look['mixer']}"
    notes = []
    if look["leaks"]:
        notes.append("It sees the future: " + "; ".join(look["leaks"]) + ".")
    if not look["layers"]:
        notes.append("This network has no Focus filters: only time against length is shown.")
    return document(
        "trial.html",
        title=f"Trial {look['trial_id']} · Focus Sweeps",
        kicker=f"{look['task']}, {look['length']} tokens · {kind} · seed {look['seed']}",
        heading=f"Trial {look['trial_id']}: its filters and its speed",
        is_leaky=bool(look["leaks"]),
        notes=notes,
        figures=[
            (titles[figure.name], figure, pictures[figure.name])
            for figure in figures(look)
            if figure.name in pictures
        ],
    )


def _impulses(look: Data) -> str:
    return (
        "Figure 2 of the paper. What a layer's filter answers to a single 1, t tokens later, in "
        f"channels drawn at random (with the trial's seed). {_lines_are(look)} Drawn until all "
        f"stay below 1 % of the largest value. {_theta(look)}"
    )


def _filters(look: Data) -> str:
    return (
        "Figure 4 of the paper. Gain of a layer's filter in decibels (20 log10 |H|) over frequency "
        "in cycles a token, 0 to one half; first that of the mean of |H| over all channels, then "
        f"single channels. {_lines_are(look)} {_theta(look)}"
    )


def _speeds(look: Data) -> str:
    timings, hardware, versions = look["timings"], look["hardware"], look["versions"]
    words = [
        "Figure 3 of the paper. Median milliseconds for one sequence, on one thread, of this "
        "trial's network."
    ]
    if len(timings) > 1:
        words.append("Beside it: full attention of the same width, layers and feed-forward width.")
    words.append(
        "Networks are built anew, untrained, at each length, since a global convolution's kernel "
        "is as long as the sequence. A training step is forward and backward, without the "
        "optimiser. Both axes are logarithmic."
    )
    ends = [rows[-1]["length"] for rows in timings.values()]
    if min(ends) < LONGEST:
        words.append("A line ends where a longer sequence could take too much time or memory.")
    words.append(f"{hardware['cpu']}, {counted(hardware['cpus'], 'CPU')};")
    words.append(f"Python {versions['python']}, torch {versions['torch']}.")
    return " ".join(words)


def _lines_are(look: Data) -> str:
    layer = look["layers"][0] if look["layers"] else None
    if layer is None or layer["unit"] == "sequence":
        return "These filters are the same all along the sequence."
    unit = layer["unit"]
    size = f" of {look['bin_length']} tokens" if unit == "bin" else ""
    words = (
        f"A line a {unit}{size}, from light (first, number 0) to dark (last); where there are more "
        "than 16, evenly spaced ones."
    )
    if layer["important"] is None:
        return words
    return (
        f"{words} Orange: the {unit} with the queried key (where it last stood before the last "
        f"query: token {look['key_place']})."
    )


def _theta(look: Data) -> str:
    """Sentences on Theta and on what changes the responses: direction and resets."""
    words = "Theta is that of one sequence, the first of the test set, held fixed."
    if any(layer["reversed"] for layer in look["layers"]):
        words += " Reversed: reads the sequence from its end, and counts from there."
    if look["resets"]:
        words += " The filter's state is reset at a bin's end, and with it ends the response."
    if look["backwards"]:
        words += " Time runs backwards here: Eq. 6 as written answers before it is asked."
    return words
