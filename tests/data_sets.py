"""Data for the tests: small stand-ins that are made here, and the real sets where they lie."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import random
import struct
from pathlib import Path

import pytest

from focus_core import data
from focus_core.tasks.pixels import Images, PixelsConfig

BESIDE = Path(__file__).parent.parent.parent / "shared" / "data"
FEW = Images(pixels=784, train=200, validation=40, test=40)
TEXT_BYTES = 400_000


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
