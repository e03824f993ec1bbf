"""The tables of evidence: effects, importances, differences, certificates, budgets, origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.markup import NONE, Html, chip, fixed, join, quiet, table, tag

Data = Mapping[str, Any]


def effects(summary: Data) -> Html:
    """How far the best and the worst level of each axis lie apart."""
    rows = [
        [
            e["name"],
            f"{e['lowest']} → {e['highest']}",
            _signed(e["difference"]),
            _between(e),
            e["n"],
            e["verdict"],
        ]
        for e in summary["effects"]
    ]
    if not rows:
        return Html("")
    head = ["axis", "lowest → highest level", "difference", "95 % interval", "seeds", "verdict"]
    return table(head, rows, label="Effect of each axis")


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
            fixed(row["p_holm"]),
            "detectable" if row["detectable"] else "not detectable",
        ]
        for row in found["axes"]
    ]
    claims = [
        f"{c['upper']} matters more than {c['lower']} ({c['kept']:.0%} of resamples agree)"
        for c in found["order"]
    ]
    order = "; ".join(claims) + "." if claims else "No order of the axes survives resampling."
    text = (
        f"Over {found['trials']} trials trained in full, trials and seeds resampled. Both methods "
        "hand out 100 % even where there is only noise, so two permutation tests (over trials, "
        "with the other axes' share taken out, and within seeds; the larger p, Holm-corrected) "
        "decide whether an axis is detectable."
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
            fixed(row.get("p")),
            fixed(row.get("p_holm")),
            chip("LEAKY") if row["leaky"] else tag("span", row["verdict"], class_="wrap"),
        ]
        for row in summary["comparisons"]
    ]
    head = ["arm", "difference", "95 % interval", "n", "effect size", "p", "p (Holm)", "verdict"]
    lead = (
        f"Test score minus that of {summary['reference']}. p: exact sign-flip permutation over "
        "seeds, which n seeds cannot bring below 2 / 2ⁿ; Holm corrects over the table. Effect "
        "size: mean over standard deviation of the differences. Fewer than five seeds decide "
        "nothing."
    )
    return join([table(head, rows, label="Paired differences"), tag("p", lead, class_="note")])


def certificates(summary: Data) -> Html:
    """May the scores be believed."""
    rows = [
        [
            row["name"],
            chip(row["promised"]),
            _tiny(row["leak"]),
            fixed(row["pole_radius_max"]),
            fixed(row["chance"]),
            fixed(row["window_ceiling"]),
            tag("span", row["window"], class_="wrap"),
            f"{fixed(row['train_loss'], 2)} / {fixed(row['loss_floor'], 2)}"
            if row["train_loss"] is not None
            else NONE,
            join([chip(alarm, "alarm") for alarm in row["alarms"]]) or quiet("none"),
        ]
        for row in summary["certificates"]
    ]
    if not rows:
        return Html("")
    head = ["trial", "promised", "leak", "pole radius", "chance", "ceiling"]
    head += ["score against its window", "loss / floor", "alarms"]
    text = (
        "Leak: largest relative change before a perturbed position. Pole radius: the largest over "
        "training, stable below 1. Ceiling: what the attention window alone could score. "
        "Loss: nats on the last training batches; no causal model gets below the floor."
    )
    return join([table(head, rows, label="Certificates"), tag("p", text, class_="note")])


def budgets(summary: Data) -> Html:
    """What each trial was given and took."""
    rows = [
        [
            row["name"],
            _count(row["parameters"], row["unequal"]),
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
    head = ["trial", "parameters", "steps", "tokens a seed", "seconds", "ms a step", "peak MiB"]
    text = "Marked: parameters more than 10 % away from the reference's."
    return join(
        [table([*head, "reused from"], rows, label="Budgets"), tag("p", text, class_="note")]
    )


def provenance(summary: Data) -> Html:
    """Enough to do it again."""
    origin, sweep = summary["provenance"], summary["sweep"]
    changed = " with uncommitted changes" if origin["dirty"] else ""
    entries = {
        "command": tag("code", origin["command"]),
        "commit": f"{origin['commit'] or 'unknown'}{changed}",
        "sampler": f"{sweep['sampler']}, seed {origin['sampler_seed']}",
        "seeds a trial": sweep["seeds"],
        "versions": _listed(origin["versions"]),
        "hardware": _listed(origin["hardware"]),
        "started": origin["created"],
        "finished": origin["finished"] or "not yet",
    }
    pairs = [part for key, value in entries.items() for part in (tag("dt", key), tag("dd", value))]
    diff = []
    if origin["diff"]:
        summary_line = tag("summary", "The uncommitted changes")
        diff = [tag("details", summary_line, tag("pre", origin["diff"]))]
    return join([tag("dl", *pairs), *diff])


def _listed(values: Data) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items()) or "unknown"


def _signed(value: float | None) -> object:
    return NONE if value is None else tag("b", f"{value:+.3f}")


def _between(row: Data) -> object:
    if row["low"] is None:
        return NONE
    return f"{row['low']:+.3f} to {row['high']:+.3f}"


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
