"""Work in a second process: its result, its errors, its death."""

from __future__ import annotations

import os
import sys

import pytest

from analysis.page.beside import beside


def test_the_result_comes_from_another_process() -> None:
    with beside(os.getpid) as result:
        found = result()
    alone = sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2
    assert (found == os.getpid()) is alone


def test_an_error_is_told_here(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), beside(lambda: 1 // 0) as result:
        result()
    assert capfd.readouterr().err == ""


def test_work_of_a_process_that_died_is_done_here() -> None:
    here = os.getpid()
    with beside(lambda: 7 if os.getpid() == here else os._exit(1)) as result:
        assert result() == 7


def test_nothing_goes_on_where_nobody_waits() -> None:
    read, write = os.pipe()
    with pytest.raises(KeyError), beside(lambda: os.read(read, 1)):
        raise KeyError
    os.close(write)
    os.close(read)
