"""Attach the report to the sweep's run: its files as artifacts, its answer in the note."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweeps.showing.tracking.finding import Run
from sweeps.showing.tracking.notes import ANSWER_TAG, MAX_TEXT, NOTE, answer_text, note_tags
from sweeps.showing.tracking.run_fields import SWEEP_TAG

FOLDER = "report"
FILES = ("index.html", "report.md", "summary.json")
REPORT_TAG = "focus.report"  # a hash of the files that are there


def attach_report(client: Any, parent: Run, folder: Path) -> bool:
    """Log the report in ``folder`` to the sweep's run, unless the run has it already.

    Args:
        client: an ``MlflowClient``.
        parent: the sweep's run.
        folder: where ``analysis/report.py`` writes; another sweep's report is not logged.

    Returns:
        whether ``folder`` has a report of this sweep.

    Raises:
        OSError: a file cannot be read.
        Exception: whatever MLflow raises when it cannot write.
    """
    files = [folder / name for name in FILES if (folder / name).is_file()]
    summary = _summary(folder / "summary.json")
    if not files or summary.get("sweep", {}).get("name") != parent.tags.get(SWEEP_TAG):
        return False
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
    if parent.tags.get(REPORT_TAG) == digest:
        return True
    for path in files:
        client.log_artifact(parent.id, str(path), FOLDER)
    when = datetime.fromtimestamp(files[0].stat().st_mtime, UTC)
    answer = answer_text(_sentences(summary), f"{when:%Y-%m-%d %H:%M} UTC")
    tags = {ANSWER_TAG: answer[:MAX_TEXT]} if _sentences(summary) else {}
    tags |= note_tags(parent.tags.get(NOTE, ""), parent.tags | tags)
    for key, text in (tags | {REPORT_TAG: digest}).items():  # last: then all else is there
        client.set_tag(parent.id, key, text)
    return True


def _summary(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("sweep"), dict) else {}


def _sentences(summary: dict[str, Any]) -> list[str]:
    answer = summary.get("answer")
    said = answer if isinstance(answer, list) else [answer]
    return [sentence for sentence in said if isinstance(sentence, str) and sentence]
