"""Check that the Ray cluster at an address can be used, before anything is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from focus_core.errors import UserError

ASK = Path(__file__).with_name("ask_cluster.py")
SECONDS = 60.0
"""The most time for the process that asks; it ends itself sooner, but Ray's import may be slow."""
ON_THE_CLUSTER = (
    "launch there: ray exec FILE 'cd focus-sweeps && python sweeps/launch.py ... --address auto'"
)


def check_cluster(address: str) -> None:
    """Check that this process could drive the cluster at ``address``.

    Raises:
        UserError: it could not; the line says what would be right.
    """
    if "://" in address:
        raise UserError(
            f"--address {address} is for Ray's client, but the launcher must run on the cluster: "
            f"{ON_THE_CLUSTER}"
        )
    found = _ask(address)
    if found is None:
        raise UserError(
            f"the Ray at --address {address} takes connections but does not answer: look at its "
            "head's logs, or start it again (ray down and ray up; ray stop and ray start)"
        )
    complaint = _complaint(address, found)
    if complaint is not None:
        raise UserError(complaint)


def _ask(address: str) -> dict[str, Any] | None:
    """What ``ask_cluster.py`` says; None where it says nothing, because it waits for the server."""
    words = [sys.executable, "-P", str(ASK), address]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
        found = json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, IndexError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _complaint(address: str, found: dict[str, Any]) -> str | None:
    place = found.get("address", address)
    match found.get("no"):
        case "ray":
            return (
                "--address auto finds no Ray on this machine: run ray up (or ray start --head) "
                f"first, then {ON_THE_CLUSTER}"
            )
        case "address":
            return f"RAY_ADDRESS {place} names no running Ray: unset it, or write HOST:PORT"
        case "answer":
            return (
                f"no Ray answers at {place} ({found['why']}): run ray up (or ray start --head) "
                f"first, then {ON_THE_CLUSTER}"
            )
        case "token":
            return (
                f"the Ray at {place} refuses this token, or wants one: set RAY_AUTH_MODE and "
                "RAY_AUTH_TOKEN (or RAY_AUTH_TOKEN_PATH) here as on its head"
            )
    if not found["here"]:
        return (
            f"the Ray at {place} has {found['alive']} nodes, but none on this machine: "
            f"{ON_THE_CLUSTER}"
        )
    return None
