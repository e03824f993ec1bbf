"""Images as tensors: MNIST's files, and the digits that ship with scikit-learn."""

from __future__ import annotations

import gzip
import struct

import torch
from torch import Tensor

from focus_core.data import DATA_SETS, check_present, digits_file
from focus_core.data.checked import read_checked


def read_mnist(part: str) -> tuple[Tensor, Tensor]:
    """Pixels (N, 784) from 0 to 255 and classes (N,), both uint8.

    Args:
        part: ``train`` or ``t10k``, as in the names of the files.

    Raises:
        DataMissingError: MNIST was not fetched.
        DataCorruptError: a file differs from its digest.
    """
    check_present("mnist")
    images, labels = (
        read_idx(gzip.decompress(read_checked(file)))
        for file in DATA_SETS["mnist"]
        if file.name.startswith(f"mnist/{part}")
    )
    return images.flatten(1), labels


def read_idx(content: bytes) -> Tensor:
    """The array in an IDX file of bytes: two zeros, type 8, the rank, sizes, then the data."""
    zeros, kind, rank = struct.unpack(">HBB", content[:4])
    assert (zeros, kind) == (0, 8), "not an IDX file of bytes"
    sizes = struct.unpack(f">{rank}I", content[4 : 4 + 4 * rank])
    data = torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * rank)
    return data.view(sizes)


def read_digits() -> tuple[Tensor, Tensor]:
    """Pixels (1797, 64) from 0 to 16 and classes (1797,), both uint8.

    The digits come from scikit-learn's own file, without an import of scikit-learn.

    Raises:
        DataMissingError: scikit-learn is not installed.
    """
    lines = gzip.decompress(digits_file().read_bytes()).decode().split()
    rows = torch.tensor([[int(float(x)) for x in line.split(",")] for line in lines])
    return rows[:, :-1].to(torch.uint8), rows[:, -1].to(torch.uint8)
