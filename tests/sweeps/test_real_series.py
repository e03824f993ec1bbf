"""Real series of the UCR and UEA archives, read in another way beside the reader."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from focus_core.data.series import unpack
from sweeps.planning.own_data.series import read_series
from tests.data_sets import real_data


def by_hand(path: Path) -> tuple[list[np.ndarray[Any, Any]], list[str]]:
    """An archive's file, read in another way: split at the marks, channels as rows."""
    body = lzma.decompress(path.read_bytes()).decode().split("@data")[1].split()
    rows = [line.rsplit(":", 1) for line in body]
    return [np.array([c.split(",") for c in r[0].split(":")], float) for r in rows], [
        r[1] for r in rows
    ]


@pytest.mark.parametrize(
    ("name", "published"),
    [("GunPoint", 0.9133), ("ItalyPowerDemand", 0.9553), ("JapaneseVowels", None)],
)
def test_real_archives_are_read_as_by_hand(
    name: str, published: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the nearest neighbour of what was read has the archive's published accuracy."""
    folder = real_data(monkeypatch) / "series"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    head, numbers = unpack(read_series(folder / f"{name}_TEST.ts.xz")[0])
    found = np.split(
        np.frombuffer(numbers, "<f4").reshape(-1, head.channels),
        np.cumsum(head.train.lengths + head.test.lengths)[:-1],
    )
    (train, train_labels), (test, test_labels) = (
        by_hand(folder / f"{name}_{part}.ts.xz") for part in ("TRAIN", "TEST")
    )
    assert [head.classes[n] for n in head.train.labels + head.test.labels] == [
        *train_labels,
        *test_labels,
    ]
    for got, wanted in zip(found, [*train, *test], strict=True):
        np.testing.assert_array_equal(got, wanted.T.astype(np.float32))
    if published is not None:
        count = len(train)
        a, b = np.stack(found[:count])[:, :, 0], np.stack(found[count:])[:, :, 0]
        nearest = ((b[:, None] - a[None]) ** 2).sum(axis=2).argmin(axis=1)
        right = np.array(head.train.labels)[nearest] == np.array(head.test.labels)
        assert right.mean() == pytest.approx(published, abs=5e-5)
