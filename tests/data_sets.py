"""Data for the tests: small stand-ins that are made here, and the real sets where they lie."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from focus_core import data
from focus_core.data.own import digest_of, hold, keep
from focus_core.data.series import Labelled, pack
from focus_core.tasks.pixels import Images, PixelsConfig

BESIDE = Path(__file__).parent.parent.parent / "shared" / "data"
FEW = Images(pixels=784, train=200, validation=40, test=40)
TEXT_BYTES = 400_000
OWN_TEXT = "".join(random.Random(1).choices("abc äö\r\n", k=40_000)).encode()


def own_series(seed: int, channels: int = 2) -> bytes:
    """Series of four classes, 60 of each, with two targets, of 40 to 64 positions, in one part."""
    pick = random.Random(seed)
    found = []
    for number in range(240):
        values = [pick.gauss(number % 4, 1) for _ in range(pick.randint(40, 64) * channels)]
        content = struct.pack(f"<{len(values)}f", *values)
        targets = (float(number % 4), pick.random())
        found.append(Labelled(content, len(values) // channels, "abcd"[number % 4], targets))
    return pack(channels, found)


OWN_SERIES, OTHER_DATA = own_series(0), own_series(1)
"""The second can also be read as a text of bytes."""
OF_SERIES: dict[str, Any] = {"digest": digest_of(OWN_SERIES), "test_share": 0.2}
OWN_DATA: dict[str, dict[str, Any]] = {
    "text_file": {"digest": digest_of(OWN_TEXT)},
    "series": OF_SERIES,
    "series_forecast": OF_SERIES,
    "series_targets": OF_SERIES,
}
"""What each task of a person's own data asks for, once ``made_data`` has put it there."""


def real_data(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the real sets, in FOCUS_DATA or beside this repository.

    Where there is none the test is skipped, but never where CI is set.
    """
    folder = Path(os.environ.get("FOCUS_DATA") or BESIDE)
    if not (folder / "mnist").is_dir():
        message = f"no data in {folder}: set FOCUS_DATA to a folder with mnist and enwik8"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    monkeypatch.setenv("FOCUS_DATA", str(folder.absolute()))
    return folder


def made_data(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few images in MNIST's format and a short text for every text task, in ``folder``."""
    monkeypatch.setenv("FOCUS_DATA", str(folder))
    files = [_image_file(file, folder) for file in data.DATA_SETS["mnist"]]
    monkeypatch.setitem(data.DATA_SETS, "mnist", tuple(files))
    monkeypatch.setattr(PixelsConfig, "images", FEW)
    pick = random.Random(0)
    for name in ("enwik8", "text8"):
        content = bytes(pick.choices(b"abcdefghijklmnopqrstuvwxyz ", k=TEXT_BYTES))
        (folder / f"{name}.first{TEXT_BYTES}.xz").write_bytes(lzma.compress(content, preset=0))
    for content in (OWN_TEXT, OWN_SERIES, OTHER_DATA):
        keep(hold(content))


def _image_file(file: data.DataFile, folder: Path) -> data.DataFile:
    count = FEW.test if "t10k" in file.name else FEW.train + FEW.validation
    pick = random.Random(file.name)
    if "images" in file.name:
        content = struct.pack(">HBBIII", 0, 8, 3, count, 28, 28) + pick.randbytes(count * 784)
    else:
        labels = bytes(pick.choices(range(10), k=count))
        content = struct.pack(">HBBI", 0, 8, 1, count) + labels
    packed = gzip.compress(content, mtime=0)
    path = folder / file.name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(packed)
    digest = data.Digest(len(packed), "sha256", hashlib.sha256(packed).hexdigest())
    return file._replace(digest=digest)
