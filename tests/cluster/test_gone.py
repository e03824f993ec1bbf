"""A Ray that is gone, hangs or refuses this launcher: one line, soon; no token lets nobody in.

The launch with the right token is the control of all others.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import pytest

from tests.cluster.conftest import need
from tests.cluster.island import island
from tests.cluster.on_premises import SMALL

pytestmark = pytest.mark.cluster
SECONDS = 20.0
"""Imports of the launcher and of Ray take up to half of it on a busy machine."""


@pytest.fixture(scope="module")
def launches(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    need("ip", "unshare", package="iproute2 util-linux")
    folder = tmp_path_factory.mktemp("gone")
    words = [
        "--space",
        "nfft_bins",
        "--trials",
        "1",
        "--seeds",
        "1",
        "--home",
        str(folder / "home"),
    ]
    words += ["--set", *SMALL, "train.steps=10"]
    out, script = folder / "out.txt", [sys.executable, "-m", "tests.cluster.gone"]
    with island([*script, *words], out=out) as process:
        assert process.wait(300) == 0, out.read_text()
    lines = [json.loads(line) for line in out.read_text().splitlines() if line.startswith("{")]
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no Ray yet", "finds no Ray on this machine: run ray up"),
        ("nobody there", "no Ray answers at .*: run ray up"),
        ("no token", "refuses this token, or wants one: set RAY_AUTH_MODE"),
        ("token forgotten", "refuses this token, or wants one: set RAY_AUTH_MODE"),
        ("wrong token", "refuses this token, or wants one: set RAY_AUTH_MODE"),
        ("GCS hangs", "takes connections but does not answer"),
        ("raylet dead", "but none on this machine: launch there"),
        ("GCS dead", "run ray up"),
    ],
)
def test_one_line_says_what_to_do(
    launches: dict[str, dict[str, Any]], name: str, said: str
) -> None:
    found = launches[name]
    assert found["code"] == 2
    (line,) = found["said"]
    assert re.search(said, line), line
    assert found["seconds"] < SECONDS


def test_with_the_right_token_the_sweep_runs(launches: dict[str, dict[str, Any]]) -> None:
    assert launches["right token"]["code"] == 0, launches["right token"]["said"]
