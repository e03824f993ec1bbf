"""Sweeps on a cluster with the autoscaler that ``ray up`` uses, and a provider of fake nodes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import need
from tests.cluster.island import island
from tests.cluster.on_premises import SMALL

pytestmark = pytest.mark.cluster
MOST = 3


@dataclass(frozen=True)
class Seen:
    code: int
    lines: list[dict[str, Any]]
    """What the cluster was like, second by second."""
    text: str

    @property
    def workers(self) -> list[int]:
        return [line["workers"] for line in self.lines]


def launched(folder: Path, least: int, *more: str) -> Seen:
    """A sweep on a cluster with ``least`` workers; at most MOST may be added."""
    need("ip", "unshare", package="iproute2 util-linux")
    words = [
        *("--space", "nfft_bins", "--trials", "8", "--seeds", "1", "--address", "auto"),
        *("--home", str(folder / "home"), *more, "--set", *SMALL, "train.steps=300"),
    ]
    script = [sys.executable, "-m", "tests.cluster.autoscaling", str(folder)]
    out = folder / "out.txt"
    with island([*script, str(least), str(MOST), "2", "--", *words], out=out) as process:
        assert process.wait(300) == 0, out.read_text()
    text = out.read_text(errors="replace")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return Seen(lines[-1]["code"], lines, text)


def test_from_no_worker_to_all_and_back(tmp_path: Path) -> None:
    """It was refused: no worker there was taken for no worker ever."""
    seen = launched(tmp_path, 0)
    assert seen.code == 0, seen.text
    assert seen.workers[0] == 0
    assert max(seen.workers) == MOST
    assert seen.workers[-1] == 0
    assert max(line["waiting"] for line in seen.lines) == MOST  # no more than the config allows
    assert "8 complete" in seen.text


def test_one_worker_of_three_is_not_the_whole_cluster(tmp_path: Path) -> None:
    seen = launched(tmp_path, 1)
    assert seen.code == 0, seen.text
    assert max(seen.workers) == MOST


def test_no_more_nodes_are_asked_for_than_a_person_allows(tmp_path: Path) -> None:
    """Control: what the nodes above came from is the room that the launcher said."""
    seen = launched(tmp_path, 0, "--max-concurrent", "1")
    assert seen.code == 0, seen.text
    assert max(seen.workers) == 1


def test_a_trial_that_no_node_will_ever_have_room_for_is_refused(tmp_path: Path) -> None:
    seen = launched(tmp_path, 0, "--cpus-per-trial", "2")
    assert seen.code == 2, seen.text
    (line,) = [line for line in seen.text.splitlines() if line.startswith("launch.py:")]
    assert "a trial takes 2 CPUs and 0 GPUs, but the largest node has 1 and 0" in line
    assert max(seen.workers) == 0
