"""Whose fault it is that a trial cannot go on: its own, or its surroundings'."""

from __future__ import annotations

import errno
import os

import pytest

from sweeps.workers.checkpoints import CheckpointError
from sweeps.workers.worker import is_outside

SURROUNDINGS = [
    CheckpointError("cannot keep the state of a trial"),
    ConnectionResetError("by peer"),
    BrokenPipeError("gone"),
    TimeoutError("no answer"),
    *(
        OSError(code, os.strerror(code))
        for code in (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE, errno.ETIMEDOUT)
    ),
]
ITS_OWN = [
    FileNotFoundError(errno.ENOENT, "no such file", "corpus.txt"),
    PermissionError(errno.EACCES, "not yours"),
    IsADirectoryError(errno.EISDIR, "a folder"),
    OSError("said without a number"),
    ValueError("a width of 0"),
    RuntimeError("shapes do not match"),
    MemoryError(),
]


@pytest.mark.parametrize("error", SURROUNDINGS, ids=repr)
def test_surroundings_that_would_fail_the_next_trial_too(error: Exception) -> None:
    assert is_outside(error)


@pytest.mark.parametrize("error", ITS_OWN, ids=repr)
def test_a_fault_of_the_trial(error: Exception) -> None:
    assert not is_outside(error)
