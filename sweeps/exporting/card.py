"""The model card of an export: its numbers, certificates, data, command and code identity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from focus_core.data.sets import DATA_SETS
from focus_core.metrics import REPORTED, limit
from focus_core.tasks import TASKS
from sweeps.commands.command_line import escaped
from sweeps.evidence.alarms import promised, report_alarms
from sweeps.evidence.ranking import is_leaky, largest
from sweeps.exporting.loading_words import how_to_load
from sweeps.exporting.selection import Chosen, leak_of

if TYPE_CHECKING:
    from focus_core.tools.exported import Shape
    from focus_core.tools.exported_plugin import Needed
    from sweeps.workers.trained_network import Trained

PICKED = (
    "Its weights are those of the seed with the best validation score. The test scores chose "
    "nothing."
)
NAMED = "Its weights are those of the seed that the export named."


def card(
    found: Trained, chosen: Chosen, shape: Shape, plugins: Sequence[Needed], *, picked: bool
) -> str:
    """The card in Markdown.

    Args:
        found: the weights and their config.
        chosen: the trial and its sweep.
        shape: what the network is built from besides its model.
        plugins: the mixers and tasks from outside.
        picked: whether the validation scores chose the seed.
    """
    row, model = chosen.row, found.trial.resolved_model()
    reads = "real numbers" if shape.vocab_size is None else f"{shape.vocab_size} tokens"
    parts = [
        f"# {model.mixer} on {found.trial.task.name}: trial {row.trial_id}, seed {found.seed}",
        PICKED if picked else NAMED,
        how_to_load(plugins),
        f"The network reads up to {shape.max_length} inputs ({reads}) and gives "
        f"{shape.num_outputs} logits {_readout(shape)}.",
        f"## Numbers\n\n{_numbers(found, chosen)}",
        f"## Certificates\n\n{_certificates(chosen)}",
        f"## Data\n\n{_data(found, chosen)}",
        f"## Config\n\n{_config(row.config)}",
        f"## Origin\n\n{_origin(chosen)}",
    ]
    return "\n\n".join(parts) + "\n"


def _readout(shape: Shape) -> str:
    return "for a whole sequence" if shape.readout == "mean" else "at every position"


def _numbers(found: Trained, chosen: Chosen) -> str:
    row = chosen.row
    better = "larger" if chosen.sweep.direction == "maximize" else "smaller"
    lines = [f"{chosen.sweep.metric}, {better} is better:", "", "| seed | validation | test |"]
    lines.append("|---|---|---|")
    for each in row.replicates:
        mark = " (exported)" if each.seed == found.seed else ""
        lines.append(f"| {each.seed}{mark} | {_number(each.value)} | {_number(each.test)} |")
    lines.append(f"| mean of {len(row.replicates)} | {_number(row.value)} | {_number(row.test)} |")
    return "\n".join(lines)


def _certificates(chosen: Chosen) -> str:
    row = chosen.row
    leak, last = leak_of(row), row.reports[-1].metrics if row.reports else {}
    promise = promised(causal=row.causal, config=row.config)
    leaky = is_leaky(causal=row.causal, config=row.config, leak=leak)
    lines = [
        f"- It promises to be {promise}. Its largest measured leak is {_number(leak)}; "
        f"{limit('leak'):g} is allowed. It {'SEES THE FUTURE' if leaky else 'passes'}.",
    ]
    radius = largest("pole_radius_max", (report.metrics for report in row.reports))
    if radius is not None:
        stable = "stable" if radius < limit("pole_radius_max") else "UNSTABLE"
        lines.append(f"- Its largest pole radius is {_number(radius)}: its filters are {stable}.")
    for name in ("window_ceiling", "chance"):
        if last.get(name) is not None:
            words = REPORTED[name].help or REPORTED[name].words
            lines.append(f"- {REPORTED[name].words}: {_number(last[name])} ({words}).")
    found = report_alarms(last, causal=row.causal, config=row.config)
    lines += [f"- Alarm: {escaped(line)}" for line in found] or ["- No alarm."]
    return "\n".join(lines)


def _data(found: Trained, chosen: Chosen) -> str:
    """The task, and the content of its data."""
    row, task = chosen.row, found.trial.task
    lines = [f"- task {task.name}, sequences of {task.length}: {task.data_words()}"]
    for file in DATA_SETS.get(TASKS[task.name].data or "", ()):
        digest = file.digest
        lines.append(f"- {file.name}: {digest.size} bytes, {digest.algorithm} {digest.hexadecimal}")
    own = row.config.get("task.digest")
    lines += [f"- a person's own data, SHA-256 {own}"] if own else []
    last = row.reports[-1].metrics if row.reports else {}
    for name in ("text_bytes", "text_crc32"):
        if last.get(name) is not None:
            lines.append(f"- {REPORTED[name].words}: {int(last[name])}")
    return "\n".join(lines)


def _config(config: Mapping[str, Any]) -> str:
    rows = [f"| {escaped(key)} | {escaped(str(value))} |" for key, value in sorted(config.items())]
    return "\n".join(["| option | value |", "|---|---|", *rows])


def _origin(chosen: Chosen) -> str:
    row, sweep = chosen.row, chosen.sweep
    changed = " with uncommitted changes" if sweep.dirty else ""
    versions = ", ".join(f"{name} {version}" for name, version in sweep.versions.items())
    lines = [
        f"- sweep {sweep.name}, trained {row.steps} steps, finished {row.finished}",
        f"- command: `{escaped(sweep.command)}`",
        f"- code identity of the training: {row.code}",
        f"- commit {sweep.commit or 'unknown'}{changed}",
        f"- versions: {escaped(versions)}",
    ]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "none" if value is None else "not finite" if not math.isfinite(value) else f"{value:.6g}"
