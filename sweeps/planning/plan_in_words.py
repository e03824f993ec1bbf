"""A plan in words: its question, its trials, its places, and the differences it can detect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from focus_core.config import TrialConfig
from focus_core.tasks import metric_of
from search_spaces.written import source
from sweeps.commands.command_line import counted
from sweeps.commands.redact import hide_secrets, shown_url
from sweeps.planning.equal_size import TOLERANCE
from sweeps.planning.plan import Plan
from sweeps.planning.plugins import plugins_in_words
from sweeps.planning.power import resolution, too_many

MOST_NAMED = 8
"""The most values of an axis that a plan lists."""
SIZES_A_LINE = 4
"""The number of arms whose sizes share a line."""


def plan_lines(plan: Plan) -> list[tuple[str, str]]:
    """The label and the text of each line."""
    task = plan.base.task
    decides = f"{metric_of(task)} on validation; the test split is only reported"
    margin = "" if plan.margin is None else f"differences up to {plan.margin:g}"
    found = [
        ("sweep", plan.name),
        ("question", " ".join(plan.space.question.split())),
        ("expects", " ".join(plan.hypothesis.split())),
        ("margin", margin and f"{margin} count as none"),
        ("base", _describe_base(plan.base)),
        ("task", f"{task.name}, {task.length} tokens"),
        *(("plugin", text) for text in plugins_in_words(plan.plugins)),
        ("data", plan.data.in_words() if plan.data else ""),
        ("decides", decides),
        *_axes(plan),
        *_sizes(plan),
        *_file(plan),
        ("trials", _trials(plan)),
        ("resolves", resolution(plan)),
        ("runs", _runs(plan)),
        ("ledger", shown_url(plan.home.ledger_url)),
        ("mlflow", hide_secrets(plan.home.tracking_uri)),
        ("home", str(plan.home.folder)),
        ("keeps", plan.home.states and f"checkpoints in {plan.home.states}"),
        *(("caution", text) for text in (*plan.cautions, *_unshared(plan), *too_many(plan))),
    ]
    return [(label, text) for label, text in found if text]


def _axes(plan: Plan) -> list[tuple[str, str]]:
    if plan.confirms:
        return []
    short_for = None if "vary" in plan.given else plan.space.word
    return [
        ("tuned" if "tuned" in axis else "axis", describe_axis(axis, short_for))
        for axis in plan.space.describe_axes()
    ]


def as_file(plan: Plan) -> str:
    """The plan's question as the source of a file."""
    said = {"hypothesis": plan.hypothesis, "margin": plan.margin}
    more = {key: value for key, value in said.items() if value}
    sampler = {"sampler": plan.sampler, "trials": None if plan.sampler == "grid" else plan.trials}
    asked = {"seeds": plan.seeds, **sampler, **more}
    return source(plan.space, plan.base, plan.given["set"], **asked)


def _file(plan: Plan) -> list[tuple[str, str]]:
    """The lines of a question in one line, as they would stand in a file."""
    if "vary" not in plan.given or plan.confirms:
        return []
    lines = [line for line in as_file(plan).splitlines() if line]
    return [("file", "as --save-space writes it:"), *(("", line) for line in lines)]


def _sizes(plan: Plan) -> list[tuple[str, str]]:
    """Parameters and feed-forward width of every arm; the difference where the width is missing."""
    if plan.confirms or not plan.sizes:
        return []
    of_arms = [
        f"{size.arm} {size.parameters:,} ({size.ffn_width or f'no width, {size.off:+.1%}'})"
        for size in plan.sizes
    ]
    rows = [of_arms[at : at + SIZES_A_LINE] for at in range(0, len(of_arms), SIZES_A_LINE)]
    head = f"parameters of each arm, within {TOLERANCE:.0%} of the base by its (feed-forward width)"
    return [("sizes", head), *(("", ", ".join(row)) for row in rows)]


def _trials(plan: Plan) -> str:
    kind = "fresh seeds" if plan.confirms else plan.sampler
    size = f"{plan.trials} ({kind}) x {counted(plan.seeds, 'seed')}"
    if plan.first_seed:
        size += f", {plan.first_seed} to {plan.first_seed + plan.seeds - 1},"
    if plan.only:
        size = f"{', '.join(plan.only)} x {counted(plan.seeds, 'seed')}"
    size += f" x {counted(plan.base.train.steps, 'step')}"
    pruner, start = plan.space.pruner, plan.warmup()
    pruning = f"pruned ({pruner}) from step {start} on" if pruner else "never pruned"
    return f"{size}, {pruning}"


def _runs(plan: Plan) -> str:
    where = "in this process" if plan.local else f"Ray at {plan.address or 'this machine'}"
    limit = f"; at most {timedelta(seconds=plan.seconds)} in all" if plan.seconds else ""
    return f"{where}; {counted(plan.cpus, 'CPU')}, {_gpus(plan.gpus)} a trial{limit}"


def _unshared(plan: Plan) -> list[str]:
    """A caution where the hosts of a cluster may not share the checkpoints."""
    if plan.address is None or plan.home.states is not None:
        return []
    return [
        "checkpoints are in the home: a host that does not share that folder keeps its own, and "
        "where it is lost its trials start anew; FOCUS_CHECKPOINTS names a place for all hosts"
    ]


def _describe_base(base: TrialConfig) -> str:
    usual = TrialConfig().canonical()
    model = base.model
    head = f"{model.mixer} D={model.width} layers={model.layers}"
    other = {k: v for k, v in base.canonical().items() if usual.get(k, object()) != v}
    return ", ".join([head, *(f"{k}={v}" for k, v in other.items())])


def describe_axis(axis: dict[str, Any], short_for: str | None = None) -> str:
    """The key and the values of an axis, in one line.

    Args:
        axis: the axis, as the ledger stores it.
        short_for: a space's name: the line then lists ``MOST_NAMED`` values at most, and names the
            command that lists all. None: the line lists all values.
    """
    scale = " (log)" if axis.get("log") else ""
    if "choices" in axis:
        named = axis["choices"][: MOST_NAMED if short_for else None]
        values, more = ", ".join(map(str, named)), len(axis["choices"]) - len(named)
        values += f" and {more} more: --list --space {short_for}" if more else ""
    else:
        values = f"{axis['low']:g} to {axis['high']:g}{scale}"
    chosen = ", each arm's own best on validation" if "tuned" in axis else ""
    return f"{axis['key']}: {values}{chosen}"


def _gpus(asked: float | None) -> str:
    return "1 GPU (where there is one)" if asked is None else counted(asked, "GPU")
