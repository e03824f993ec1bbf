"""Questions of one's own: a file from anywhere, a question in one line, and the file it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import FloatDistribution, IntDistribution

import search_spaces
from focus_core.config import TrialConfig
from focus_core.config.of_export import sealed
from focus_core.errors import UserError
from search_spaces.bases import BASES, far_recall
from search_spaces.points import sample_points
from search_spaces.space import Space, choices
from search_spaces.vary import question_of, read_axes, read_base, varied
from search_spaces.written import source
from sweeps.planning.question_as_data import as_data, configure_of
from sweeps.record.home import find_home
from sweeps.record.reader import Rows, read_sweeps
from sweeps.record.reading import reading
from tests.bad_questions import GOOD
from tests.sweeps.local_launches import SMALL

EVERY = pytest.mark.parametrize("name", search_spaces.names())
QUICK = ["--local", "--seeds", "1", "--set", *SMALL, "train.steps=4", "train.eval_every=2"]


def ids(space: Space, base: TrialConfig) -> list[str]:
    """The trials of all points that are tried."""
    return [space.configure(point, base).trial_id for point in sample_points(space.axes)]


def save(folder: Path, text: str) -> Space:
    file = folder / "saved.py"
    file.write_text(text)
    return search_spaces.load(str(file))


def rows(home: Path, name: str) -> Rows:
    with reading(find_home(str(home), None)) as connection:
        (found,) = read_sweeps(connection, name)
    return found


@EVERY
def test_a_saved_space_asks_the_same(name: str, tmp_path: Path) -> None:
    """Against the space itself: the same trials in the same order, and every other option."""
    space = search_spaces.load(name)
    saved = save(tmp_path, source(space, space.base(), {}))
    assert saved.base() == space.base()
    assert saved.describe_axes() == space.describe_axes()
    assert ids(saved, saved.base()) == ids(space, space.base())
    for option in ("question", "seeds", "trials", "sampler", "pruner", "equal_size", "margin"):
        assert getattr(saved, option) == getattr(space, option)


def test_a_saved_space_keeps_conditions_under_settings(tmp_path: Path) -> None:
    settings = {"model.oversampling": 16}
    space = search_spaces.load("oversampling")
    wide = varied(space, ["model.oversampling=8,16", "model.filters=1,2"])
    saved = save(tmp_path, source(wide, space.base(), {}))
    assert ids(saved, saved.base()) == ids(wide, space.base())
    assert len(sample_points(saved.axes)) == 2 * (3 + 1)  # 16 windows leave pooling out
    pinned = varied(space, ["model.filters=1,2"]).pinned(settings)
    saved = save(tmp_path, source(pinned, pinned.base(), settings))
    assert ids(saved, saved.base()) == ids(pinned, pinned.base())
    assert len(sample_points(saved.axes)) == 2


@EVERY
def test_the_ledger_holds_a_question_without_its_file(name: str) -> None:
    space = search_spaces.load(name)
    base = space.base().override({"model.dropout": 0.1})
    data = json.loads(json.dumps(as_data(space, base)))
    configure = configure_of(data)
    for point in sample_points(space.axes)[:50]:
        assert configure(point) == space.configure(point, base)


def test_words_make_these_axes() -> None:
    order, rate, steps, pooling, variant = read_axes(
        [
            "model.order=1,2",
            "train.learning_rate=1e-4..1e-2:log:tuned",
            "train.warmup_steps=0..8",
            "model.pooling=max,avg",
            "variant=base,no_filter",
        ]
    )
    assert order == choices("model.order", 1, 2)
    assert rate.distribution == FloatDistribution(1e-4, 1e-2, log=True)
    assert rate.tuned
    assert steps.distribution == IntDistribution(0, 8)
    assert pooling == choices("model.pooling", "max", "avg")
    assert variant == choices("variant", "base", "no_filter")


def test_a_path_with_two_dots_is_no_range() -> None:
    (axis,) = read_axes(["task.name=../a.txt,../b.txt"])
    assert axis.values() == ["../a.txt", "../b.txt"]


def test_vary_replaces_an_axis_in_its_place_and_adds_others_at_the_end() -> None:
    space = search_spaces.load("oversampling")
    changed = varied(space, ["model.oversampling=1,16", "model.order=1,2"])
    assert [axis.key for axis in changed.axes] == [
        "model.oversampling",
        "model.pooling",
        "model.order",
    ]
    assert changed.axes[0] == choices("model.oversampling", 1, 16)
    assert changed.axes[1] == space.axes[1]


def test_a_question_in_one_line_is_a_grid_where_its_points_are_few() -> None:
    few = question_of(far_recall(), ["model.order=1,2", "model.filters=1,2"])
    assert (few.sampler, few.trials, few.name) == ("grid", None, "order-filters")
    many = question_of(far_recall(), ["train.learning_rate=1e-4..1e-2:log"])
    assert (many.sampler, many.trials) == ("tpe", 30)


@pytest.mark.parametrize("name", BASES)
def test_a_base_by_name(name: str) -> None:
    assert read_base(name) == BASES[name]()


def test_the_base_of_a_space_and_of_a_trial(tmp_path: Path) -> None:
    space = search_spaces.load("filter_bank")
    assert read_base("filter_bank") == space.base()
    file = tmp_path / "config.json"
    trial = space.configure({"model.filters": 4}, space.base())
    file.write_text(json.dumps(trial.canonical()))
    assert read_base(str(file)).trial_id == trial.trial_id
    (tmp_path / "own.py").write_text(GOOD)
    assert read_base(str(tmp_path / "own.py")) == far_recall()


def of_export(folder: Path, config: Mapping[str, Any], *, changed: bool = False) -> str:
    """The ``config.json`` of an export of a trial."""
    said = {"model": {}, "network": {}, "plugins": [], "weights_sha256": "", "trial": {}}
    text = sealed({**said, "trial": {"config": config}})
    file = folder / "config.json"
    file.write_text(text.replace('"model.order": 2', '"model.order": 1') if changed else text)
    return str(file)


def test_the_base_of_an_export(tmp_path: Path) -> None:
    trial = far_recall(order=2)
    assert read_base(of_export(tmp_path, trial.canonical())).trial_id == trial.trial_id
    other = far_recall(order=1)  # negative control
    assert read_base(of_export(tmp_path, other.canonical())).trial_id != trial.trial_id
    with pytest.raises(UserError, match="was changed after the export"):
        read_base(of_export(tmp_path, trial.canonical(), changed=True))


@pytest.mark.parametrize("words", ['He said "two" wins', "it's", "both ' and \"", "back\\slash"])
def test_a_saved_space_keeps_words_with_quotes(tmp_path: Path, words: str) -> None:
    space = search_spaces.load("order")
    saved = save(tmp_path, source(space, space.base(), {}, hypothesis=words))
    assert saved.hypothesis == words


def test_a_saved_space_finds_what_it_names_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    own = GOOD.replace("1, 2)", "1, 2, when=lambda point: True)")
    Path("conditional.py").write_text(own)
    space = search_spaces.load("conditional.py")
    base = space.base().override({"task.name": "text_file", "task.path": "corpus.txt"})
    text = source(space, base, {})
    monkeypatch.chdir(tmp_path / "other")
    saved = save(tmp_path, text)
    assert ids(saved, space.base()) == ids(space, space.base())
    assert saved.base().flat()["task.path"] == str(tmp_path / "corpus.txt")
