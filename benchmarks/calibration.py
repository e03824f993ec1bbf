"""What the report's statistics say of tables whose truth is known.

``python benchmarks/calibration.py --out benchmarks/results/calibration_arms.md``

Arms by seeds under friendly and unfriendly noise. A/A tables, in which every arm is the same, count
false alarms: a table with any. With one true difference they count power. Two rivals judge the same
tables: Dunnett's pool without the guard, and a t test for each pair with Bonferroni's correction
(Holm's first step).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from looking_early import race
from result import publish, read_command
from scipy import stats
from simulated_arms import NOISES, Floats, Noise, Tables, draw, normal

from analysis.statistics.against import against
from analysis.statistics.dunnett import critical
from analysis.statistics.gate import pairs_p
from analysis.statistics.pool import pool
from analysis.statistics.spending import ERROR
from analysis.statistics.ties import ties

TABLES, RACES = 1000, 200
SIZES = ((4, 3), (4, 5), (4, 10), (12, 3), (12, 5), (12, 10), (60, 3), (60, 5), (60, 10))
MANY, SHARE_OF_MANY = 60, 4  # tables of so many arms are fewer
LOOKS = 3
TITLE = "Intervals, gate and near ties of arms, on simulated tables"


def main() -> None:
    """Simulate and print."""
    args = read_command(__doc__, tables=TABLES, races=RACES)
    rows = [one_size(kind, a, s, args.tables) for a, s in SIZES for kind in NOISES]
    rows += [power(arms, seeds, args.tables) for arms, seeds in SIZES]
    races = [
        race(arms, shared, effect, args.races)
        for arms in (2, 6)
        for shared in (0.0, 0.3, 0.5, 0.7)
        for effect in (1.0, 1.5)
    ]
    notes = [
        f"{args.tables} tables a row, a quarter of it for {MANY} arms; one arm is the reference, "
        "the seeds' own luck has a standard deviation of 3",
        "calls: A/A tables in which anything at all is called different, by an interval or by the "
        f"gate; over {LOOKS} looks: by any of {LOOKS} looks, at so many seeds, twice and four "
        "times as many",
        "covered: tables whose simultaneous intervals all hold the true difference; best: tables "
        "in which the near ties hold the true best, and no arm is further behind it than said",
        "power 3 sd, 5 sd: how often one arm that differs by so many standard deviations of a "
        "score is told from the reference (n = 2 never decides)",
        "bimodal: a fifth of all seeds ten standard deviations lower; copies: half of the arms "
        "repeat the reference's noise",
    ]
    publish(TITLE, rows, notes, args.out)
    title = "Adding seeds until arms are told apart, beside AdaStop (arXiv 2306.10882)"
    notes = [
        f"{args.races} tables a row, every arm differs from the reference; AdaStop adds 5 seeds at "
        "a time up to 30, 2,000 shuffles; the report's rule drops an arm once it is decided, and "
        "climbs the shortest ladder that decides as often",
        "ratio: mean trainings, all arms together; pairing pays as much as the seeds' luck is "
        "shared, and costs degrees of freedom where it is not",
    ]
    appended = args.out.with_name("calibration_looks.md") if args.out else None
    publish(title, races, notes, appended)


def one_size(kind: Noise, arms: int, seeds: int, tables: int) -> Mapping[str, object]:
    """False alarms and coverage under one kind of noise."""
    many = _tables(arms, tables)
    found = draw(kind, tables=many, arms=arms, seeds=seeds)
    with_effect = draw(kind, tables=many, arms=arms, seeds=seeds, effect=2.0, seed=1)
    early = "-"
    if seeds <= 5 and arms < MANY:
        longer = draw(kind, tables=many, arms=arms, seeds=seeds * 2 ** (LOOKS - 1), seed=2)
        early = _percent(np.mean([_any_look(table, seeds) for table in longer.scores]))
    return {
        "arms": arms,
        "seeds": seeds,
        "noise": kind.__name__.replace("_", " "),
        "calls": _percent(np.mean([calls(table, 1) for table in found.scores])),
        f"over {LOOKS} looks": early,
        "covered": _percent(np.mean([_covers(t, with_effect) for t in with_effect.scores])),
        "best": _percent(np.mean([_holds_best(t, with_effect) for t in with_effect.scores])),
        "Dunnett's pool": _percent(np.mean([naive(table) for table in found.scores])),
        "t per pair": _percent(np.mean([per_pair(table) for table in found.scores])),
        "power 3 sd": "",
        "power 5 sd": "",
    }


def power(arms: int, seeds: int, tables: int) -> Mapping[str, object]:
    """How often one true difference under normal noise is decided."""
    row = dict.fromkeys(
        (*("arms", "seeds", "noise", "calls", f"over {LOOKS} looks", "covered", "best"),
         *("Dunnett's pool", "t per pair", "power 3 sd", "power 5 sd")),
        "",
    )  # fmt: skip
    row |= {"arms": str(arms), "seeds": str(seeds), "noise": "normal, one real difference"}
    for effect in (3, 5):
        found = draw(normal, tables=_tables(arms, tables), arms=arms, seeds=seeds, effect=effect)
        decided = [against(pool(table), 0).decided[0] for table in found.scores]
        row[f"power {effect} sd"] = _percent(np.mean(decided))
    return row


def calls(table: Floats, look: int) -> bool:
    """Whether the report would call anything different."""
    found = pool(table)
    compared = against(found, 0, look=look)
    return bool(compared.decided.any()) or pairs_p(found, compared, None) <= ERROR


def naive(table: Floats) -> bool:
    """Dunnett's test as the textbook has it: one variance for all."""
    found = pool(table)
    means = np.nanmean(table[1:] - table[0], axis=1)
    counts = np.isfinite(table[1:] - table[0]).sum(axis=1)
    reach = critical(ERROR, np.array([found.df]), len(table) - 1)[0]
    return bool(np.any(np.abs(means) > reach * np.sqrt(2 * found.variance / counts)))


def per_pair(table: Floats) -> bool:
    """A paired t test for each arm, corrected by Bonferroni."""
    by_seed = table[1:] - table[0]
    n = np.isfinite(by_seed).sum(axis=1)
    error = np.sqrt(np.nanvar(by_seed, axis=1, ddof=1) / n)
    p = 2 * stats.t.sf(np.abs(np.nanmean(by_seed, axis=1)) / error, n - 1)
    return bool(np.min(p) * len(p) <= ERROR)


def _any_look(table: Floats, seeds: int) -> bool:
    return any(
        calls(table[:, : seeds * 2**look], look + 1)
        for look in range(LOOKS)
    )  # fmt: skip


def _covers(table: Floats, tables: Tables) -> bool:
    found = against(pool(table), 0)
    true = tables.truth[found.arms] - tables.truth[0]
    return bool(np.all(np.abs(found.differences.means - true) <= found.half))


def _holds_best(table: Floats, tables: Tables) -> bool:
    found = ties(pool(table), maximize=True)
    lag = tables.truth.max() - tables.truth
    return bool(found.may_be_best[np.argmax(tables.truth)]) and bool(np.all(lag <= found.behind))


def _tables(arms: int, tables: int) -> int:
    return max(1, tables // SHARE_OF_MANY) if arms >= MANY else tables


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


if __name__ == "__main__":
    main()
