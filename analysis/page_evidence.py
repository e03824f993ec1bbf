"""The tables of evidence: effects, importances, differences, certificates, budgets, origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.evidence import few
from analysis.markup import NONE, Html, chip, fixed, join, quiet, signed, small, table, tag
from analysis.origins import in_short
from sweeps.sources.words import has_patch

Data = Mapping[str, Any]


def effects(summary: Data) -> Html:
    """How far the best and the worst level of each axis lie apart."""
    rows = [
        [
            e["name"],
            f"{e['lowest']} → {e['highest']}",
            _signed(e["difference"]),
            quiet(_between(e)),
            e["n"],
            small(e["p"]),
            small(e["p_holm"]),
            e["verdict"],
        ]
        for e in summary["effects"]
    ]
    if not rows:
        return Html("")
    head = ["axis", "lowest → highest level", "difference", "95 % interval", "seeds"]
    head += ["p", "p (Holm)", "verdict"]
    text = (
        "The pair was chosen after the fact, as the furthest apart, so its interval describes and "
        "decides nothing. p: how often dealing the levels out again within each seed puts any two "
        "as far apart (where the levels were not tried beside the same settings, over trials as "
        "well); Holm corrects over the axes. Fewer than five seeds decide nothing."
    )
    return join([table(head, rows, label="Effect of each axis"), tag("p", text, class_="note")])


def importances(summary: Data) -> Html:
    """Shares with their intervals, and which order may be claimed."""
    found = summary["importances"]
    if not found["axes"]:
        return tag("p", found["note"])
    rows = [
        [
            row["name"] + (" (conditional)" if row["conditional"] else ""),
            _share(row["fanova"]),
            _share(row["ped_anova"]),
            small(row["p_holm"]),
            row["verdict"],
        ]
        for row in found["axes"]
    ]
    claims = [
        f"{c['upper']} matters more than {c['lower']} ({c['kept']:.0%} of resamples agree)"
        for c in found["order"]
    ]
    none = "No order of the axes is claimed: "
    none += few(found["seeds"]) or "none survives resampling"
    order = ("; ".join(claims) if claims else none) + "."
    text = (
        f"Over {found['trials']} trials trained in full, trials and seeds resampled. Both methods "
        "hand out 100 % even where there is only noise, so two permutation tests (over trials, "
        "with the other axes' share taken out, and within seeds; the larger p, Holm-corrected) "
        "decide whether an axis is detectable. Fewer than five seeds decide nothing."
    )
    head = ["axis", "fANOVA", "PED-ANOVA", "p (Holm)", ""]
    notes = [tag("p", found["note"], class_="quiet")] if found["note"] else []
    shares = table(head, rows, label="Importances")
    return join([tag("p", tag("b", order)), shares, tag("p", text, class_="note"), *notes])


def comparisons(summary: Data) -> Html:
    """Each arm minus the reference, paired by seed, with its verdict."""
    if not summary["comparisons"]:
        return Html("")
    rows = [
        [
            row["name"],
            _signed(row.get("difference")),
            _between(row) if "difference" in row else NONE,
            row.get("n", NONE),
            fixed(row.get("effect_size"), 1),
            small(row.get("p")),
            small(row.get("p_holm")),
            tag("span", in_short(row["origin"]), class_="wrap"),
            chip("LEAKY") if row["leaky"] else tag("span", row["verdict"], class_="wrap"),
        ]
        for row in summary["comparisons"]
    ]
    head = ["arm", "difference", "95 % interval", "n", "effect size", "p", "p (Holm)"]
    head += ["ours or published", "verdict"]
    lead = (
        f"Test score minus that of {summary['reference']}, {summary['reference_why']}: a reference "
        "is never chosen by its score. p: exact sign-flip permutation over seeds, which n seeds "
        "cannot bring below 2 / 2ⁿ; Holm corrects over the table. Effect size: mean over standard "
        "deviation of the differences. No interval is narrower than the test set can resolve. "
        "Fewer than five seeds decide nothing."
    )
    lead += f" {summary['tuned']}"
    return join([table(head, rows, label="Paired differences"), tag("p", lead, class_="note")])


COMPARED = {
    "score / Theta its mean": ("value", "theta_mean"),
    "bits, future seen / masked": ("future_seen", "future_masked"),
}
"""Columns that only some sweeps have: two numbers of a trial, side by side."""


def certificates(summary: Data) -> Html:
    """May the scores be believed."""
    found = summary["certificates"]
    pairs = {
        head: keys
        for head, keys in COMPARED.items()
        if any(row[keys[1]] is not None for row in found)
    }
    rows = [
        [
            row["name"],
            chip(row["promised"]),
            _tiny(row["leak"]),
            _poles(row),
            fixed(row["chance"]),
            fixed(row["window_ceiling"]),
            tag("span", row["window"], class_="wrap"),
            _beside(row["train_loss"], row["loss_floor"], 2),
            *(_beside(row[one] if row[other] is not None else None, row[other], 3)
              for one, other in pairs.values()),
            join([chip(alarm, "alarm") for alarm in row["alarms"]]) or quiet("none"),
        ]
        for row in found
    ]  # fmt: skip
    if not rows:
        return Html("")
    head = ["trial", "promised", "leak", "pole radius", "chance", "ceiling"]
    head += ["score against its window", "loss / floor", *pairs, "alarms"]
    text = (
        "Leak: largest relative change before a perturbed position. Pole radius: the largest; both "
        "are the worst over seeds and training. Below 1 a filter is stable as long as its "
        "coefficients stay as they are. Ceiling: what the attention window alone could score; "
        "each seed is compared with the ceiling of its own test set where it is known (Student's "
        "t, Holm-corrected over the trials; fewer than five seeds decide nothing). Loss: nats on "
        "the last training batches; no causal model gets below the floor, and where the answer "
        "alone is trained there is none. Alarms are single measurements against a fixed bound and "
        "need no seeds to stand."
    )
    return join([table(head, rows, label="Certificates"), tag("p", text, class_="note")])


def _beside(one: float | None, other: float | None, digits: int) -> object:
    return NONE if one is None else join([fixed(one, digits), " / ", fixed(other, digits)])


def budgets(summary: Data) -> Html:
    """What each trial was given and took."""
    rows = [
        [
            row["name"],
            _count(row["parameters"], row["unequal"]),
            *([_count(row["tried"], row["tuned_less"])] if summary["tuned"] else []),
            f"{row['step']} of {row['steps']}",
            _count(row["tokens_per_seed"]),
            fixed(row["seconds"], 1),
            NONE if row["seconds_per_step"] is None
            else fixed(1000 * row["seconds_per_step"], 1),
            NONE if row["peak_bytes"] is None else fixed(row["peak_bytes"] / 2**20, 0),
            row["reused_from"] or "",
        ]
        for row in summary["budgets"]
    ]  # fmt: skip
    if not rows:
        return Html("")
    tuning = ["tuning trials"] if summary["tuned"] else []
    head = ["trial", "parameters", *tuning, "steps", "tokens a seed", "seconds", "ms a step"]
    head += ["peak MiB"]
    text = "Marked: parameters more than 10 % away from the reference's"
    text += ", fewer trials to tune with." if tuning else "."
    return join(
        [table([*head, "reused from"], rows, label="Budgets"), tag("p", text, class_="note")]
    )


def provenance(summary: Data) -> Html:
    """Enough to do it again."""
    origin, sweep = summary["provenance"], summary["sweep"]
    entries = {
        "command": tag("code", origin["command"]),
        "commit": origin["sources"],
        "sampler": f"{sweep['sampler']}, seed {origin['sampler_seed']}",
        "seeds a trial": sweep["seeds"],
        "versions": _listed(origin["versions"]),
        "hardware": _listed(origin["hardware"]),
        "started": origin["created"],
        "finished": origin["finished"] or "not yet",
    }
    pairs = [part for key, value in entries.items() for part in (tag("dt", key), tag("dd", value))]
    diff = []
    if has_patch(origin["diff"]):
        head = "The uncommitted changes: on the commit, git apply changes.diff makes them"
        diff = [tag("details", tag("summary", head), tag("pre", origin["diff"]))]
    return join([tag("dl", *pairs), *diff])


def _listed(values: Data) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items()) or "unknown"


def _poles(row: Data) -> object:
    radius = row["pole_radius_max"]
    # what is stable must not look as if it stood on the circle
    shown = "> 0.999" if radius is not None and 0.9995 <= radius < 1 else fixed(radius)
    if row["stability"] in ("", "stable", "unstable"):
        return shown
    return tag("span", f"{shown}: ", quiet(row["stability"]), class_="wrap")


def _signed(value: float | None) -> object:
    return NONE if value is None else tag("b", signed(value))


def _between(row: Data) -> object:
    if row["low"] is None:
        return NONE
    return f"{signed(row['low'])} to {signed(row['high'])}"


def _share(share: Data | None) -> object:
    if share is None:
        return NONE
    bounds = quiet(f" [{share['low']:.0%}, {share['high']:.0%}]")
    return join([tag("b", f"{share['share']:.0%}"), bounds])


def _tiny(value: float | None) -> str:
    return NONE if value is None else "0" if value == 0 else f"{value:.1e}"


def _count(value: float | None, mark: bool = False) -> object:
    if value is None:
        return NONE
    text = f"{value:,.0f}"
    return join([text, " ", chip("unequal", "alarm")]) if mark else text
