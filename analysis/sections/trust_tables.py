"""The tables of the section on trust."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.findings.trust import STATES, TrustFindings
from analysis.reading.arms import Row, short
from analysis.reading.study import Study
from analysis.sections.card import Column, Table
from analysis.sections.reported import column
from analysis.sections.trials import states

MOST_NAMES = 12
Find = Callable[[Mapping[str, Any]], Any]


def tables(study: Study, trust: TrustFindings, rivals: Sequence[Row]) -> list[Table]:
    """All tables that have rows; the alarms come first."""
    found = [
        _alarms(trust),
        _not_complete(study),
        _by_choice(trust),
        _certificates(trust),
        _noise(trust),
        _origins(rivals),
    ]
    return [table for table in found if table.rows]


def _alarms(trust: TrustFindings) -> Table:
    return Table(
        name="alarms",
        title="Alarms",
        columns=[Column(title="trial"), Column(title="what is wrong")],
        rows=[[row["name"], alarm] for row, alarm in trust.alarms],
        links=[row["trial_id"] for row, _ in trust.alarms],
    )


def _not_complete(study: Study) -> Table:
    ended = [arm for arm in study.trials if arm.state in ("failed", "killed", "pruned")]
    # A pruner may stop hundreds of trials, so failed and killed trials come first.
    ended.sort(key=lambda arm: (arm.state == "pruned", arm.number))
    return Table(
        name="not_complete",
        title="Not complete",
        columns=[
            Column(title="trial"),
            Column(title="state", kind="mark"),
            Column(title="step", kind="count"),
            Column(title="of", kind="count"),
            Column(title="why"),
        ],
        rows=[[arm.name, states(arm), arm.step, arm.steps, arm.reason] for arm in ended],
        shown=10,
        links=[arm.trial_id for arm in ended],
    )


def _by_choice(trust: TrustFindings) -> Table:
    fates = [*STATES, "diverged seeds"]
    return Table(
        name="counts_by_choice",
        title="How trials ended, by choice",
        columns=[
            Column(title="axis"),
            Column(title="choice"),
            *(Column(title=fate, kind="count") for fate in fates),
        ],
        rows=[
            [short(row["axis"]), str(row["choice"]), *(row.get(fate, 0) for fate in fates)]
            for row in trust.by_choice
        ],
    )


def _beside(one: str, other: str) -> Find:
    """A getter of column ``one`` that gives None where column ``other`` is None."""
    return lambda row: row[one] if row[other] is not None else None


_CERTIFICATES: list[tuple[Column, Find]] = [
    (Column(title="trial"), lambda row: row["name"]),
    (Column(title="promised", kind="mark"), lambda row: row["promised"]),
    (column("leak"), lambda row: row["leak"]),
    (column("pole_radius_max"), lambda row: row["pole_radius_max"]),
    (Column(title="stability"), lambda row: row["stability"] or None),
    (column("chance"), lambda row: row["chance"]),
    (column("window_ceiling"), lambda row: row["window_ceiling"]),
    (Column(title="against its window", help="each seed against the ceiling of its own test set: "
     "Student's t, Holm-corrected over the trials; fewer than five seeds decide nothing"),
     lambda row: row["window"] or None),
    (column("train_loss"), lambda row: row["train_loss"]),
    (column("loss_floor"), lambda row: row["loss_floor"]),
    (column("future_masked"), lambda row: row["future_masked"]),
    (column("future_seen"), _beside("future_seen", "future_masked")),
    (column("value"), _beside("value", "theta_mean")),
    (column("theta_mean"), lambda row: row["theta_mean"]),
]  # fmt: skip


def _certificates(trust: TrustFindings) -> Table:
    """The certificates: trials with alarms first, and no column that is empty for all trials."""
    rows = sorted(trust.certificates, key=lambda row: (not row["alarms"], row["number"]))
    kept = [
        (column, find)
        for column, find in _CERTIFICATES
        if any(find(row) is not None for row in rows)
    ]
    return Table(
        name="certificates",
        title="Certificates",
        columns=[column for column, _ in kept],
        rows=[[find(row) for _, find in kept] for row in rows],
        shown=15,
        links=[row["trial_id"] for row in rows],
    )


def _noise(trust: TrustFindings) -> Table:
    return Table(
        name="noise",
        title="Noise of seeds",
        columns=[
            Column(title="arm"),
            Column(title="seeds", kind="count"),
            Column(title="mean", kind="number"),
            Column(title="sd", kind="number", help="standard deviation over seeds"),
            Column(title="times the others'", kind="number", unit="1"),
            Column(title="lowest", kind="number"),
            Column(title="highest", kind="number"),
            Column(title="", kind="mark"),
        ],
        rows=[
            [
                noise.arm.name,
                len(noise.scores),
                noise.mean,
                noise.sd,
                noise.ratio,
                min(noise.scores.values()),
                max(noise.scores.values()),
                [
                    *(["noisier"] if noise.is_noisier else []),
                    *(
                        [f"learned: {noise.learned} of {len(noise.scores)}"]
                        if noise.learned is not None
                        else []
                    ),
                ]
                or None,
            ]
            for noise in trust.noise
        ],
        shown=8,
        links=[noise.arm.trial_id for noise in trust.noise],
    )


def _origins(rivals: Sequence[Row]) -> Table:
    keys = ("start", "frame", "optimiser", "protocol")
    return Table(
        name="origins",
        title="Ours or published",
        columns=[Column(title="arms"), *(Column(title=key) for key in keys)],
        rows=[[_named(row["arms"]), *(row[key] for key in keys)] for row in rivals],
    )


def _named(arms: Sequence[str]) -> str:
    more = f" and {len(arms) - MOST_NAMES} more" if len(arms) > MOST_NAMES else ""
    return ", ".join(arms[:MOST_NAMES]) + more
