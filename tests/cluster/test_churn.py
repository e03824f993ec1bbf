"""Nodes come and go while a sweep runs: everything is trained once, and little of it twice."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sweeps import audit
from tests.cluster.conftest import need
from tests.cluster.island import island
from tests.cluster.on_premises import SMALL

pytestmark = pytest.mark.cluster
TRIALS, STEPS, EVAL_EVERY = 6, 6000, 10
EVERY, SECONDS = 20, 150
"""``EVERY`` so many seconds a node loses its power and another joins, for ``SECONDS``. The run of
five minutes that DECISIONS reports has the same script and larger numbers."""
ONE_SECOND, NEVER = "1", "1e6"
"""Seconds between checkpoints."""


@pytest.mark.parametrize(("checkpoints", "little"), [(ONE_SECOND, True), (NEVER, False)])
def test_what_is_lost_with_nodes_is_little(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], checkpoints: str, little: bool
) -> None:
    """Negative control: without checkpoints much is trained twice, and still nothing is lost."""
    need("ip", "unshare", package="iproute2 util-linux")
    home, out = tmp_path / "home", tmp_path / "out.txt"
    words = [
        *("--space", "nfft_bins", "--trials", str(TRIALS), "--seeds", "1", "--address", "auto"),
        *("--home", str(home), "--set", *SMALL, f"train.steps={STEPS}"),
    ]
    script = [sys.executable, "-m", "tests.cluster.churn", str(tmp_path), str(EVERY), str(SECONDS)]
    every = {"FOCUS_CHECKPOINT_SECONDS": checkpoints}
    with island([*script, "--", *words], out=out, **every) as process:
        assert process.wait(500) == 0, out.read_text()
    text = out.read_text(errors="replace")
    end = json.loads(text.splitlines()[-1])
    assert end["code"] == 0, text
    assert end["cuts"] >= 2
    with closing(sqlite3.connect(home / "ledger.db")) as ledger:
        states = ledger.execute("SELECT state, count(*) FROM trials GROUP BY state").fetchall()
        replicates = ledger.execute("SELECT count(*) FROM replicates").fetchone()
        lost = ledger.execute("SELECT sum(retries) FROM trials").fetchone()[0]
    assert states == [("complete", TRIALS)], text
    assert replicates == (TRIALS,)
    assert lost >= 1
    assert "its host was lost" in text
    trained = len((tmp_path / "reports.txt").read_text().splitlines()) * EVAL_EVERY
    needed = TRIALS * STEPS
    print(f"{end['cuts']} nodes cut: {trained} steps for {needed}")
    assert trained >= needed
    assert (trained < 1.2 * needed) == little, f"{trained} steps for {needed}"
    assert audit.main(["--home", str(home)]) == 0, capsys.readouterr().out
