"""Arms by seeds: false alarms, coverage, near ties, equivalence and power on simulated tables.

Two rivals judge the same tables: Dunnett's pool without the guard, and a t test for each pair with
Bonferroni's correction (Holm's first step).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from axis_worlds import World, drawn, searched, survivors, truth
from scipy import stats
from shares import Part, Row, share
from simulated_arms import NOISES, Floats, Noise, draw, normal

from analysis.statistics.against import against, verdicts
from analysis.statistics.dunnett import critical
from analysis.statistics.gate import pairs_p
from analysis.statistics.pool import pool
from analysis.statistics.spending import ERROR
from analysis.statistics.ties import ties

SIZES = tuple((arms, seeds) for arms in (4, 12, 60) for seeds in (3, 5, 10))
MANY, SHARE_OF_MANY = 60, 4  # tables of so many arms are fewer
LOOKS = 3
EFFECT, MARGIN = 2.0, 3.0  # standard deviations of a score
COVERED = 1 - ERROR
SWEEPS = ((24, 3), (40, 5))


def arms_part(tables: int) -> Part:
    """Tables in which every arm was trained with every seed, or was not for no reason."""
    return Part(
        title="Arms",
        rows=[_one_size(kind, a, s, _tables(a, tables)) for a, s in SIZES for kind in NOISES],
        names=3,
        notes=[
            f"{tables} tables a row, a quarter of it for {MANY} arms; one arm is the reference, "
            "the seeds' own luck has a standard deviation of 3",
            "A/A calls: tables of equal arms in which anything at all is called different, by an "
            f"interval or by the gate; over {LOOKS} looks: by any of {LOOKS} looks, at so many "
            "seeds, twice and four times as many",
            "covered: tables whose simultaneous intervals all hold the true difference; best: "
            "tables in which the near ties hold the true best, and no arm is further behind it "
            "than said; alike: tables in which any arm is called equivalent that differs by "
            "exactly the margin, as all of them do",
            "power 3 sd, 5 sd: how often one arm that differs by so many standard deviations of a "
            "score is told from the reference",
            "bimodal: a fifth of all seeds ten standard deviations lower; copies: half of the arms "
            "repeat the reference's noise; holes: unbalanced, a fifth of the cells are missing and "
            "half of the arms have fewer seeds; heavy tails: Student's t, 3 degrees of freedom",
        ],
    )


def sweeps_part(sweeps: int) -> Part:
    """Arms that a sampler chose and a pruner thinned out."""
    return Part(
        title="Arms that were sampled and pruned",
        rows=list(_sampled(sweeps)),
        names=4,
        notes=[
            f"{sweeps} sweeps a row; trials are points of two axes (`axis_worlds.py`), levels of "
            "an axis share some of a seed's luck, the first trial is the reference",
            "pruned: a median pruner that looks once at a noisy half-way score of the very seeds "
            "that are reported",
        ],
    )


def _one_size(kind: Noise, arms: int, seeds: int, tables: int) -> Row:
    size = {"tables": tables, "arms": arms, "seeds": seeds}
    found = draw(kind, **size).scores
    other = draw(kind, **size, effect=EFFECT, seed=1)
    early: object = "-"
    if seeds <= 5 and arms < MANY:
        longer = draw(kind, tables=tables, arms=arms, seeds=seeds * 2 ** (LOOKS - 1), seed=2)
        early = share([_any_look(table, seeds) for table in longer.scores], most=ERROR)
    at_margin = np.r_[0.0, np.full(arms - 1, MARGIN)]
    return {
        "arms": arms,
        "seeds": seeds,
        "noise": kind.__name__.replace("_", " "),
        "A/A calls": share([calls(table, 1) for table in found], most=ERROR),
        f"over {LOOKS} looks": early,
        "covered": share([covers(t, other.truth) for t in other.scores], least=COVERED),
        "best": share([_holds_best(t, other.truth) for t in other.scores], least=COVERED),
        "alike": share([_alike(table + at_margin[:, None]) for table in found], most=ERROR),
        "Dunnett's pool": share([naive(table) for table in found]),
        "t per pair": share([per_pair(table) for table in found]),
        **{f"power {e} sd": _power(e, size) if kind is normal else "" for e in (3, 5)},
    }


def _power(effect: int, size: dict[str, int]) -> object:
    found = draw(normal, **size, effect=float(effect)).scores
    return share([against(pool(table), 0).decided[0] for table in found])


def _sampled(sweeps: int) -> Iterator[Row]:
    for trials, seeds in SWEEPS:
        for noise in ("normal", "unequal", "bimodal", "near-copy", "heavy"):
            for sampling in ("random, pruned", "TPE", "TPE, pruned"):
                equal = World(effect=0.0, noise=noise, seeds=seeds, trial=0.0)
                some = World(effect=4.0, noise=noise, seeds=seeds, trial=0.0)
                aa = [_sweep(equal, sampling, trials, n)[0] for n in range(sweeps)]
                both = [_sweep(some, sampling, trials, n) for n in range(sweeps)]
                yield {
                    "sampling": sampling,
                    "trials": trials,
                    "seeds": seeds,
                    "noise": noise,
                    "A/A calls": share([calls(table, 1) for table in aa], most=ERROR),
                    "covered": share([covers(*one) for one in both], least=COVERED),
                    "best": share([_holds_best(*one) for one in both], least=COVERED),
                    "Dunnett's pool": share([naive(table) for table in aa]),
                    "t per pair": share([per_pair(table) for table in aa]),
                }


def _sweep(world: World, sampling: str, trials: int, number: int) -> tuple[Floats, Floats]:
    """Scores of the trials that are left, and their true means."""
    rng = np.random.default_rng([number, trials])
    sweep = (searched if sampling.startswith("TPE") else drawn)(world, trials, rng)
    real, _, scores = survivors(*sweep, rng) if "pruned" in sampling else sweep
    return scores, truth(world)[0][real]


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


def covers(table: Floats, means: Floats) -> bool:
    """Whether all intervals against the reference hold the truth."""
    found = against(pool(table), 0)
    true = means[found.arms] - means[0]
    return bool(np.all(np.abs(found.differences.means - true) <= found.half))


def _any_look(table: Floats, seeds: int) -> bool:
    return any(calls(table[:, : seeds * 2**look], look + 1) for look in range(LOOKS))


def _holds_best(table: Floats, means: Floats) -> bool:
    found = ties(pool(table), maximize=True)
    lag = means.max() - means
    best = lag == 0
    return bool(found.may_be_best[best].any()) and bool(np.all(lag <= found.behind))


def _alike(table: Floats) -> bool:
    return "equivalent" in verdicts(against(pool(table), 0), margin=MARGIN, maximize=True)


def _tables(arms: int, tables: int) -> int:
    return max(1, tables // SHARE_OF_MANY) if arms >= MANY else tables
