"""Where the queried key stands, against a search in plain Python."""

import pytest

from focus_core.config import TrialConfig
from focus_core.tasks import build_task
from focus_core.tasks.base import IGNORED, Task
from tests.narrowing import known

SMALL = {"task.length": 64, "task.test_sequences": 20, "task.eval_sequences": 4, "task.gap": 16}


def task_of(name: str) -> Task:
    return build_task(TrialConfig().override(SMALL | {"task.name": name}).task, seed=3)


@pytest.mark.parametrize("name", ["recall", "far_recall"])
def test_it_is_the_last_place_before_the_query(name: str) -> None:
    task = task_of(name)
    places: list[int] = []
    for row in range(20):
        tokens = task.test(slice(row, row + 1)).inputs_BL[0].tolist()
        *before, query = tokens
        expected = max(at for at, token in enumerate(before) if token == query)
        places.append(known(task.key_place(row)))
        assert places[-1] == expected
        assert before[expected + 1] == int(task.test(slice(row, row + 1)).targets_BL[0, -1])
    assert len(set(places)) > 3
    assert name == "recall" or max(places) < 64 - 16


def test_of_many_queries_it_is_the_last_ones() -> None:
    task = task_of("mqar")
    for row in range(20):
        inputs, targets = (t[0].tolist() for t in task.test(slice(row, row + 1))[:2])
        last = max(at for at, target in enumerate(targets) if target != IGNORED)
        place = known(task.key_place(row))
        assert place < last
        assert (inputs[place], inputs[place + 1]) == (inputs[last], targets[last])


@pytest.mark.parametrize("name", ["noisy_tones", "pydoc_text"])
def test_other_tasks_have_no_such_place(name: str) -> None:
    assert task_of(name).key_place(0) is None
