"""A toy section: how long a token lives in each trial, beside the trial's score."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure as Drawing

from analysis.findings import Findings
from analysis.reading.arms import Arm
from analysis.sections.card import Card, Column, Figure, Table, Theme
from analysis.sections.reported import cell, column, label
from analysis.sections.theme import PALETTES


def card(findings: Findings) -> Card | None:
    """The card; None where no trial has a half-life."""
    arms = [arm for arm in findings.study.trials if "half_life" in arm.constants]
    if not arms:
        return None
    lives = [cell("half_life", arm.constants["half_life"]) for arm in arms]
    return Card(
        name="half_lives",
        title="Half-lives",
        words=["A token may live long."],
        tables=[
            Table(
                name="lives",
                title="Half-life of a token",
                columns=[Column(title="trial"), column("half_life")],
                rows=[[arm.name, life] for arm, life in zip(arms, lives, strict=True)],
            )
        ],
        figures=[
            Figure(
                name="lives",
                draw=lambda theme: _drawn(arms, theme),
                alt="score against half-life",
                caption="One dot is one trial.",
            )
        ],
        data={"longest": max(arm.constants["half_life"] for arm in arms)},
    )


def _drawn(arms: Sequence[Arm], theme: Theme) -> Drawing:
    drawing = Drawing(figsize=(4.2, 2.6), layout="constrained")
    ax = drawing.subplots()
    known = [(arm.constants["half_life"], arm.value) for arm in arms if arm.value is not None]
    ax.scatter(*zip(*known, strict=True), color=PALETTES[theme].accent)
    ax.set_xlabel(label("half_life"))
    return drawing
