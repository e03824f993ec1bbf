"""The section on trust: certificates, failures, noise, and the origins of the rivals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from matplotlib.axes import Axes

from analysis.findings import Findings
from analysis.findings.beyond_window import BEATS_WINDOW
from analysis.findings.origins import from_outside, origin_note, origin_rows
from analysis.findings.trust import TrustFindings
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.sections.card import Block, Card, Figure
from analysis.sections.data_of_sweep import TrustData
from analysis.sections.digits import Format, study_format
from analysis.sections.plot import Plot
from analysis.sections.theme import Palette
from analysis.sections.thinning import thinned, thinned_words
from analysis.sections.trust_tables import tables
from sweeps.commands.command_line import counted

MOST_TRACEBACKS = 5
FEW = 3
"""Fewest arms for which a figure of noise is drawn."""
MOST_DOTS = 400


def card(findings: Findings) -> Card | None:
    """The card; unfolded only if there is an alarm, or a trial failed, diverged or was killed."""
    study, trust = findings.study, findings.trust
    alarms = trust.alarms
    lost = any(trust.counts[state] for state in ("failed", "killed")) or trust.diverged_seeds
    yours = from_outside(study.about)
    rivals = origin_rows(study.arms, yours)
    note = origin_note(study.arms, yours) if rivals else ""
    words = [_ends(trust), *certified(trust), *_noise(trust, study_format(study))]
    if alarms:
        first = f"Alarm, {alarms[0][0]['name']}: {alarms[0][1]}."
        more = f" {counted(len(alarms) - 1, 'more alarm')}." if len(alarms) > 1 else ""
        words.insert(0, first + more)
    return Card(
        name="trust",
        title="Trust",
        status="alarm" if alarms or trust.diverged_seeds else "plain",
        words=[*words, *([f"Ours or published: {note}"] if note else [])],
        facts=_facts(trust),
        tables=tables(study, trust, rivals),
        figures=_figures(trust, study),
        blocks=_tracebacks(study.trials),
        data=TrustData(
            counts=dict(trust.counts),
            diverged_seeds=trust.diverged_seeds,
            leaky=trust.leaky,
            reused=trust.reused,
            pooled_sd=trust.pooled,
            alarms=[{"trial_id": row["trial_id"], "alarm": alarm} for row, alarm in alarms],
            origins=rivals,
        ),
        folded=not alarms and not lost,
    )


def certified(trust: TrustFindings) -> list[str]:
    """Sentences on the certificates; empty if nothing was measured."""
    found = trust.certificates
    said = []
    leaks = [
        row["leak"] for row in found if row["leak"] is not None and row["promised"] == "causal"
    ]
    if leaks and trust.leaky == 0:
        said.append(f"Nothing leaks: no output changed by more than {max(leaks):.1e} before a "
                    "perturbed position.")  # fmt: skip
    elif trust.leaky:
        said.append(
            f"{counted(trust.leaky, 'trial')} {'sees' if trust.leaky == 1 else 'see'} the future: "
            "shown, never ranked."
        )
    poles = [row["pole_radius_max"] for row in found if row["pole_radius_max"] is not None]
    open_ones = sum(row["stability"].startswith("stable within") for row in found)
    if poles and all(pole < 1 for pole in poles):
        largest = max(poles)
        shown = "> 0.999" if largest >= 0.9995 else f"{largest:.3f}"
        said.append(f"Every filter is stable: the largest pole radius is {shown}.")
        if open_ones:
            said.append(
                f"Of {counted(open_ones, 'trial')} that carry state over changing bins, that is "
                "not certified."
            )
    ceilings = [row["window_ceiling"] for row in found if row["window"] == BEATS_WINDOW]
    if ceilings:
        said.append(
            f"{counted(len(ceilings), 'trial')} {'scores' if len(ceilings) == 1 else 'score'} more "
            f"than the attention window alone could (at most {max(ceilings):.3f}): information "
            "crossed chunks."
        )
    return said


def _ends(trust: TrustFindings) -> str:
    total = sum(trust.counts.values())
    if trust.counts["complete"] == total:
        told = f"All {counted(total, 'trial')} completed." if total != 1 else "The trial completed."
    else:
        others = [f"{n} {state}" for state, n in trust.counts.items() if n and state != "complete"]
        told = f"{trust.counts['complete']} of {counted(total, 'trial')} completed"
        told += f"; {', '.join(others)}."
    if trust.diverged_seeds:
        told += f" {counted(trust.diverged_seeds, 'seed')} diverged."
    if trust.reused:
        told += f" {counted(trust.reused, 'trial')} trained earlier, by another sweep."
    return told


def _noise(trust: TrustFindings, scores: Format) -> list[str]:
    if trust.pooled is None:
        return []
    said = [f"A seed strays from its arm by {scores.score(trust.pooled)} (pooled standard "
            "deviation of the test score)."]  # fmt: skip
    noisy = [noise.arm.name for noise in trust.noise if noise.is_noisier]
    if noisy:
        said[0] += f" More than the others: {_listed(noisy)}."
    split = [noise for noise in trust.noise if noise.learned is not None]
    if split:
        told = [f"{n.arm.name} learned in {n.learned} of {len(n.scores)} seeds" for n in split[:4]]
        more = f", and {len(split) - 4} more" if len(split) > 4 else ""
        said.append(f"Some seeds stay at chance: {'; '.join(told)}{more}. A mean of two clumps "
                    "says little.")  # fmt: skip
    return said


def _listed(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _facts(trust: TrustFindings) -> list[tuple[str, str]]:
    always = ("complete", "pruned", "failed", "killed")
    shown = [(state, n) for state, n in trust.counts.items() if n or state in always]
    shown += [("diverged seeds", trust.diverged_seeds), ("leaky", trust.leaky)]
    return [(name, str(n)) for name, n in shown]


def _tracebacks(found: Sequence[Arm]) -> list[Block]:
    """Each distinct traceback once, with the numbers of the trials that it ended."""
    by_text: dict[str, list[int]] = {}
    for arm in found:
        if arm.error:
            by_text.setdefault(arm.error, []).append(arm.number)
    return [
        Block(title=f"Traceback of trial {', '.join(map(str, numbers[:8]))}"
              + (f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""), text=text)
        for text, numbers in list(by_text.items())[:MOST_TRACEBACKS]
    ]  # fmt: skip


def _figures(trust: TrustFindings, study: Study) -> list[Figure]:
    if len(trust.noise) < FEW:
        return []
    return [
        Figure(
            name="noise",
            draw=noise(trust, study),
            alt=f"Standard deviation over seeds against mean test {study.metric.name}, a dot an "
            "arm",
            caption="Dashed: pooled over all arms. Filled: noisier than the others by more than "
            "chance does." + thinned_words(len(thinned(trust.noise, MOST_DOTS)), len(trust.noise)),
            folded=True,
        )
    ]


def noise(trust: TrustFindings, study: Study) -> Plot:
    """The noise of each arm's seeds against the arm's mean."""
    return Plot(size=(6.4, 3.2), draw=partial(_draw_noise, trust, study.metric.name))


def _draw_noise(trust: TrustFindings, metric: str, ax: Axes, colours: Palette) -> None:
    found = thinned(trust.noise, MOST_DOTS)
    face = [colours.warm if noise.is_noisier else "none" for noise in found]
    edge = [colours.warm if noise.is_noisier else colours.accent for noise in found]
    x, y = [noise.mean for noise in found], [noise.sd for noise in found]
    ax.scatter(x, y, s=26, facecolors=face, edgecolors=edge, linewidths=1.2)
    ax.axhline(trust.pooled or 0.0, color=colours.quiet, lw=1, ls=(0, (4, 3)))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(f"mean test {metric}")
    ax.set_ylabel("standard deviation over seeds")
