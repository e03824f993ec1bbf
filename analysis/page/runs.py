"""Finds the pages of MLflow's server that show the trials, for links.

The server is the one that ``MLFLOW_TRACKING_URI`` names. This module asks the server over its REST
interface. A server that only a ledger names is never asked: a ledger may come from anywhere.
"""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

SECONDS = 3.0
PAGE = 1000
MOST_PAGES = 50
API = "api/2.0/mlflow"
SWEEP_TAG, CREATED_TAG, TRIAL_TAG = "focus.sweep", "focus.created", "focus.trial_id"
"""The tags of a run, as the tracker writes them (sweeps/showing/tracking/run_fields.py)."""


def mlflow_runs(about: Mapping[str, Any]) -> dict[str, str]:
    """Each trial's id to the address of its run's page; empty where no server answers.

    Args:
        about: the sweep's columns.
    """
    given = urllib.parse.urlsplit(os.environ.get("MLFLOW_TRACKING_URI", "").strip())
    if given.scheme not in ("http", "https") or not given.hostname:
        return {}
    shown = given._replace(netloc=given.netloc.rpartition("@")[2], query="", fragment="")
    base = shown.geturl().rstrip("/")
    try:
        return dict(_found(base, given, about))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # links are optional: the report is complete without them


def _found(
    base: str, given: urllib.parse.SplitResult, about: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    experiments = _ask(base, given, "experiments/search", {"max_results": PAGE})["experiments"]
    created = about["created"].astimezone(UTC).isoformat(timespec="seconds")
    question: dict[str, Any] = {
        "experiment_ids": [str(one["experiment_id"]) for one in experiments],
        "filter": f"tags.`{CREATED_TAG}` = '{created}'",
        "max_results": PAGE,
    }
    for _ in range(MOST_PAGES):
        answer = _ask(base, given, "runs/search", question)
        for run in answer.get("runs", []):
            tags = {tag["key"]: tag["value"] for tag in run["data"].get("tags", [])}
            where = (str(run["info"]["experiment_id"]), str(run["info"]["run_id"]))
            known = all(re.fullmatch(r"[0-9A-Za-z]{1,64}", word) for word in where)
            if known and TRIAL_TAG in tags and tags.get(SWEEP_TAG) == about["name"]:
                yield tags[TRIAL_TAG], f"{base}/#/experiments/{where[0]}/runs/{where[1]}"
        question["page_token"] = answer.get("next_page_token")
        if not question["page_token"]:
            return


def _ask(
    base: str, given: urllib.parse.SplitResult, what: str, question: Mapping[str, Any]
) -> dict[str, Any]:
    request = urllib.request.Request(f"{base}/{API}/{what}", json.dumps(question).encode())
    request.add_header("Content-Type", "application/json")
    if (word := _authorization(given)) is not None:
        request.add_header("Authorization", word)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        found = json.load(answer)
    return found if isinstance(found, dict) else {}


def _authorization(given: urllib.parse.SplitResult) -> str | None:
    """The Authorization header as MLflow's client sends it: name and password, else a token."""
    name = os.environ.get("MLFLOW_TRACKING_USERNAME") or urllib.parse.unquote(given.username or "")
    password = os.environ.get("MLFLOW_TRACKING_PASSWORD") or urllib.parse.unquote(
        given.password or ""
    )
    if name and password:
        return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return f"Bearer {token}" if token else None
