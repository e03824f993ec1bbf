"""A sweep's numbers in a script or a notebook: ``load("nfft_bins").trials``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.findings import Findings
from analysis.reading.ledger import SweepData
from analysis.reading.study import Study, study
from analysis.reading.tables import REPLICATE
from analysis.reading.wanted import Wanted
from analysis.sections.data_of_arms import ComparisonData
from analysis.sections.data_of_sweep import ShareData
from focus_core.errors import UserError
from sweeps.commands.command_line import home_folder

if TYPE_CHECKING:
    from pandas import DataFrame


class Swept(Protocol):
    """What ``sweeps.sweep`` returns."""

    @property
    def name(self) -> str:
        """The sweep's name."""

    @property
    def home(self) -> Path:
        """The folder of its ledger."""


def load(
    sweep: str | Swept | None = None,
    home: str | Path | None = None,
    where: str | Sequence[str] = (),
    compare: Sequence[str] | None = None,
    margin: float | None = None,
) -> Loaded:
    """Read a sweep in the ledger's current state; load it again to see later trials.

    Args:
        sweep: its name, or what ``sweeps.sweep`` returned; None: the one last worked on.
        home: the folder of its ledger; None: that of what ``sweeps.sweep`` returned, else
            ``FOCUS_HOME``, else ``runs``.
        where: only the trials with these values, such as ``"model.order=2"``.
        compare: names of several sweeps side by side, in place of ``sweep``; the seeds that they
            share are paired.
        margin: the largest difference that nobody would care about, in the metric's unit; None:
            the one stated at the launch, else the metric's own.

    Raises:
        UserError: there is no ledger, no such sweep or no such trial, or arguments contradict each
            other.
    """
    if sweep is not None and compare is not None:
        raise UserError("load(compare=...) names the sweeps itself: leave sweep out")
    if margin is not None and not margin > 0:
        raise UserError(
            f"margin={margin:g} must be above 0, in the metric's own unit, such as 0.05"
        )
    name = None
    if sweep is not None:
        name = sweep if isinstance(sweep, str) else sweep.name
        home = sweep.home if home is None and not isinstance(sweep, str) else home
    wanted = Wanted(
        home=home_folder(None if home is None else str(home)),
        sweep=name,
        compare=compare,
        where=[where] if isinstance(where, str) else where,
    )
    return Loaded(wanted.read(), margin)


class Loaded:
    """One sweep, or several side by side: its tables as pandas frames.

    Each frame is made once, from the tables and findings that the report shows. A frame is the
    caller's own to change after ``.copy()``. ``analysis.figures`` draws the report's figures of it.
    """

    def __init__(self, data: SweepData, margin: float | None = None) -> None:
        """For what was read of the ledger."""
        self._data, self._margin = data, margin

    def __repr__(self) -> str:
        """The name, and the number of trials."""
        return f"<sweep {self.name!r}: {self._data.trials.num_rows} trials>"

    @property
    def name(self) -> str:
        """The sweep's name; of several sweeps, all names."""
        return str(self._data.about["name"])

    @cached_property
    def findings(self) -> Findings:
        """What the report's statistics say; see ``counting``."""
        return Findings(study(self._data, margin=self._margin))

    @property
    def study(self) -> Study:
        """The sweep as the report sees it: its arms, its reference, its metric."""
        return self.findings.study

    @contextmanager
    def counting(self) -> Iterator[Findings]:
        """The findings, computed as in the report: on one thread, so that sums do not vary."""
        with threadpool_limits(1, user_api="blas"):
            yield self.findings

    @cached_property
    def trials(self) -> DataFrame:
        """One row per trial, in the order of asking: the same rows as ``trials.parquet``.

        Further columns are the numbers that a trial reports as a whole, such as ``parameters`` and
        ``peak_bytes`` (``focus_core.metrics.REPORTED`` has the words and units of each).

        Columns:
            number: the trial's number, from 0.
            trial_id: hash of its resolved config without the seed.
            variant: name of its ablation; missing where it is none.
            causal: whether it is declared to see no future.
            state: ``complete``, ``pruned``, ``failed``, ``killed``, ``running`` or ``waiting``.
            reason: why it ended before its budget.
            error: its traceback.
            value: mean validation score over its seeds, in the metric's unit.
            test: mean test score over its seeds; NaN unless every seed completed.
            step: the last step that was reported.
            steps: its budget of steps.
            retries: how often it was started again.
            reused_from: the sweep that trained it.
            started: when its first attempt began, in UTC.
            finished: when it ended, in UTC.
            seconds: time of its training.
            config: its resolved config as JSON.
            code: hash of the code that its training executed.
            point: the axes' values as JSON.
            replicates: its seeds as records; ``seeds`` has them as rows.
            point.KEY: its value of each axis, such as ``point.model.order``; missing where the axis
                is inactive.
        """
        return self._data.trials.to_pandas()

    @cached_property
    def seeds(self) -> DataFrame:
        """One row per trial and seed: the unit of evidence.

        Columns:
            number: the trial's number.
            trial_id: the trial's id.
            seed: the seed, from 0; the same seed has the same data in every trial.
            state: how this seed ended; ``diverged`` where its loss was not finite.
            step: the last step that was reported.
            value: validation score, in the metric's unit.
            test: test score, in the metric's unit.
            point.KEY: the trial's value of each axis.
        """
        trials = self.trials
        axes = [name for name in trials.columns if name.startswith("point.")]
        rows = trials[["number", "trial_id", *axes, "replicates"]].explode("replicates")
        rows = rows.dropna(subset="replicates").reset_index(drop=True)
        fields = [field.name for field in REPLICATE]
        own = pd.DataFrame(rows.pop("replicates").tolist(), columns=fields)
        return pd.concat([rows[["number", "trial_id"]], own, rows[axes]], axis=1)

    @cached_property
    def reports(self) -> DataFrame:
        """One row per trial, step, metric and seed: the same rows as ``curves.parquet``.

        Columns:
            number: the trial's number.
            trial_id: the trial's id.
            step: the step at which the number was reported.
            metric: its name, such as ``value`` (the validation score) or ``train_loss``.
            seed: the seed; NA where it is one number for the whole trial.
            amount: the number, in the metric's unit; numbers that were not finite have no row.
        """
        return self._data.curves.to_pandas().astype({"seed": "Int32"})

    @cached_property
    def comparisons(self) -> DataFrame:
        """One row per arm that is compared with the reference, in the order of asking.

        Columns:
            trial_id: the arm's trial.
            number: that trial's number.
            name: the arm's name for readers.
            difference: mean of arm minus reference over the shared seeds, on the test split, in the
                metric's unit.
            low: lower end of the 95 % interval that holds for all arms and all looks at once.
            high: upper end of the interval.
            n: number of shared seeds.
            df: degrees of freedom of the noise.
            effect_size: the difference over the standard deviation of a score (Hedges).
            p_holm: p-value, corrected over all arms (Holm) and all looks.
            p_sign_flip: p-value of exact sign flips, of this arm alone.
            by_seed: the difference of each seed, as a dict whose keys are words, such as ``"0"``.
            verdict: ``better``, ``worse``, ``equivalent`` or ``open``.
        """
        from analysis.sections.comparisons import as_data

        with self.counting() as found:
            rows = [as_data(row) for row in found.comparisons.rows]
        frame = pd.DataFrame(rows, columns=list(ComparisonData.__annotations__))
        return frame.astype(dict.fromkeys(("low", "high", "effect_size"), "float64"))

    @cached_property
    def importances(self) -> DataFrame:
        """One row per axis, the largest share first; empty where the report gives no shares.

        Columns:
            key: the axis.
            share: its part in what all axes do, from 0 to 1; NaN where it is not detectable.
            low: lower end of the 95 % interval of the share.
            high: upper end of the interval.
            p_holm: p-value of the axis having no effect, corrected over the axes (Holm).
            rank: its rank; NA where the data do not tell.
            detectable: whether the axis is told from chance.
        """
        from analysis.sections.importances import axes_as_data, untold

        with self.counting() as found:
            rows: list[Any] = [] if untold(found) else axes_as_data(found.importances)
        frame = pd.DataFrame(rows, columns=list(ShareData.__annotations__))
        return frame.astype({"share": "float64", "rank": "Int64", "detectable": "bool"})
