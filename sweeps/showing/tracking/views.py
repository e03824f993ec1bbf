"""A saved view of the experiment page: a sweep's trials, what varies, the score, three charts.

MLflow's page keeps shared views in tags of the experiment, lists them, and opens one by
``?viewStateShareKey=``. A view's state has the page's own format (MLflow 3.16 and later; older
versions ignore what they do not know).
"""

from __future__ import annotations

import json
import re
import urllib.parse
import uuid
from collections.abc import Sequence
from typing import Any

from focus_core.metrics import names
from sweeps.record.schema import Sweep
from sweeps.showing.progress import score_name
from sweeps.showing.tracking import run_fields
from sweeps.showing.tracking.points import milliseconds, score_key, test_key

VIEW_TAG = "mlflow.sharedViewState."
MAX_VIEW = 5000  # characters that every MLflow takes in a tag of an experiment
MOST_AXES, MOST_SEEDS = 8, 10
SECTION, TOP_SECTION = "Sweep", "Model metrics"  # the second is MLflow's, for names without a slash
WIDTH = 140


def view_key(name: str, created: str) -> str:
    """The name of a sweep's view in an address.

    Args:
        name: the sweep's name.
        created: the tag ``focus.created`` of the sweep's run: two ledgers may use one name.
    """
    return f"{name}-{re.sub(r'[^0-9]', '', created)[:14]}"


def view_tag(sweep: Sweep) -> tuple[str, str]:
    """The experiment's tag that holds the view: its key and text, the same in every call."""
    tags = run_fields.identity_tags(sweep)
    key = view_key(sweep.name, tags[run_fields.CREATED_TAG])
    made = milliseconds(sweep.created)
    axes = [str(axis["key"]) for axis in sweep.axes]
    for most in range(min(MOST_AXES, len(axes)), -1, -1):
        state = json.dumps(_state(sweep, key, axes[:most]), separators=(",", ":"))
        whole = {"name": sweep.name, "createdAt": made, "updatedAt": made, "state": state}
        text = json.dumps(whole, separators=(",", ":"))
        if len(text) <= MAX_VIEW:
            break
    return VIEW_TAG + key, text


def view_url(base: str, experiment: str, key: str) -> str:
    """The address of the view, with its charts beside the list of trials."""
    asked = urllib.parse.urlencode(
        {"viewStateShareKey": key, "compareRunsMode": "CHART", "workflowType": "machine_learning"}
    )
    return f"{base.rstrip('/')}/#/experiments/{experiment}/runs?{asked}"


def report_url(base: str, experiment: str, run_id: str) -> str:
    """The address of the report among the artifacts of the sweep's run."""
    place = f"{base.rstrip('/')}/#/experiments/{experiment}/runs/{run_id}/artifacts/report"
    return f"{place}/index.html?workflowType=machine_learning"


def search_url(base: str, experiment: str, search: str) -> str:
    """The address of the experiment page with a search, for use where there is no view."""
    asked = urllib.parse.urlencode({"searchFilter": search}, quote_via=urllib.parse.quote)
    return f"{base.rstrip('/')}/#/experiments/{experiment}/runs?{asked}"


def trials_filter(name: str, created: str) -> str:
    """The search for the trials of one sweep."""
    tags = {
        run_fields.SWEEP_TAG: name,
        run_fields.CREATED_TAG: created,
        run_fields.KIND_TAG: "trial",
    }
    return " and ".join(f"tags.`{key}` = '{text}'" for key, text in tags.items())


def _state(sweep: Sweep, key: str, axes: Sequence[str]) -> dict[str, Any]:
    score = score_key(sweep)
    interval = [f"{score}_low", f"{score}_high"]
    numbers = [score, *interval, test_key(sweep), *names("MLflow's columns")]
    columns = [f"params.`{axis}`" for axis in axes] + [f"metrics.`{name}`" for name in numbers]
    return {
        "searchFilter": trials_filter(
            sweep.name, run_fields.identity_tags(sweep)[run_fields.CREATED_TAG]
        ),
        "orderByKey": f"metrics.`{score}`",
        "orderByAsc": sweep.direction == "minimize",
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [*columns, "tags.`alarm`"],
        "columnOrder": columns,
        "columnWidths": dict.fromkeys(columns, WIDTH),
        "runsHiddenMode": "SHOW_ALL",
        "compareRunCharts": _charts(sweep, key, axes),
        "compareRunSections": [_section(key, name) for name in _sections(sweep)],
        "isAccordionReordered": True,  # otherwise the page sorts the sections by name
    }


def _sections(sweep: Sweep) -> list[str]:
    """The sections in order; the page adds its own sections last if they are not named here."""
    seeds = [f"seed/{seed}" for seed in range(min(sweep.seeds, MOST_SEEDS))]
    return [SECTION, TOP_SECTION, "probe", "layer", "bin", *seeds, "trial"]


def _section(key: str, name: str) -> dict[str, Any]:
    opened = name in (SECTION, TOP_SECTION)
    return {"uuid": _id(key, name), "name": name, "display": opened, "isReordered": False}


def _charts(sweep: Sweep, key: str, axes: Sequence[str]) -> list[dict[str, Any]]:
    """All axes against the score, the score by step, the score by trial."""
    score = score_key(sweep)
    parallel = {"selectedParams": list(axes), "selectedMetrics": [score], "showAllRuns": False}
    cards: list[dict[str, Any]] = [{"type": "PARALLEL", **parallel}] if axes else []
    cards += [
        {"type": "LINE", "metricKey": score, "selectedMetricKeys": [score]}
        | {"displayName": f"{score_name(sweep)} by step", "xAxisKey": "step", "lineSmoothness": 0},
        {"type": "BAR", "metricKey": score, "displayName": f"{score_name(sweep)} at the end"},
    ]
    common = {"metricSectionId": _id(key, SECTION), "deleted": False, "isGenerated": False}
    return [
        {"uuid": _id(key, card["type"]), "runsCountToCompare": 100} | card | common
        for card in cards
    ]


def _id(*words: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(words)))
