"""A space that asks for equal size gets it: every arm has the base's parameters within 1 percent.

The sizes are counted here on networks that are really built, with their initial values.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

import search_spaces
from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tasks import build_task
from focus_core.tools.size import matching_width, parameters
from focus_core.training.network import build_model
from search_spaces.space import VARIANT, Axis, Space, choices
from sweeps.auditing.question import find_configure
from sweeps.launch import main
from sweeps.planning.equal_size import match_sizes
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import make_plan
from sweeps.record.schema import Sweep

SPACE = search_spaces.load("baselines")
BARE = ("s4_bare", "s4d_bare")
WITHIN = 0.01
Settings = dict[str, Scalar]
WORDS: Settings = {"task.name": "pydoc_text", "task.eval_sequences": 32, "task.test_sequences": 32}
BASES: dict[str, Settings] = {
    "the default": {},
    "wider": {"model.width": 96, "model.layers": 3},
    "words": {**WORDS, "task.length": 256, "model.chunk_length": 32, "model.ffn_width": 200},
}


def size(trial: TrialConfig) -> int:
    """Parameters of the network that a sweep would train."""
    task = build_task(trial.task, seed=0)
    net = build_model(
        trial.resolved_model(),
        vocab_size=task.vocab_size,
        num_outputs=task.num_outputs,
        max_length=trial.task.length,
        readout=task.readout,
    )
    return sum(parameter.numel() for parameter in net.parameters())


def sizes_of(widths: Mapping[str, int], settings: Settings) -> dict[str, float]:
    """By arm, the share of the base's size by which it is off, at these widths."""
    base = SPACE.base().override(settings)
    space, wanted = dataclasses.replace(SPACE, ffn_widths=widths), size(base)
    arms = [point[VARIANT] for point in space.grid()]
    found = {arm: space.configure({VARIANT: arm}, base) for arm in dict.fromkeys(arms)}
    return {arm: size(trial) / wanted - 1 for arm, trial in found.items()}


@pytest.mark.parametrize("settings", BASES.values(), ids=BASES)
def test_every_arm_with_a_feed_forward_network_has_the_size_of_the_base(settings: Settings) -> None:
    matched, sizes, cautions = match_sizes(SPACE, settings)
    off = sizes_of(matched.ffn_widths, settings)
    assert off == pytest.approx({size.arm: size.off for size in sizes})  # as the plan says
    assert [arm for arm in off if abs(off[arm]) > WITHIN and arm not in BARE] == []
    assert set(off) - set(matched.ffn_widths) == set(BARE)
    assert [arm for arm in BARE if abs(off[arm]) > WITHIN] == [
        arm for arm in BARE if any(arm in caution for caution in cautions)
    ]


def test_negative_control_the_widths_of_one_base_are_wrong_at_another() -> None:
    widths = match_sizes(SPACE, {})[0].ffn_widths
    off = sizes_of(widths, BASES["wider"])
    assert max(abs(off[arm]) for arm in widths) > WITHIN
    assert max(map(abs, sizes_of({}, {}).values())) > WITHIN  # as without any width


def test_the_nearest_width_and_of_two_the_smaller() -> None:
    base = SPACE.base()
    task = build_task(base.task, seed=0)
    counts = [parameters(base.override({"model.ffn_width": w}), task) for w in (70, 71)]
    assert counts[0] == size(base.override({"model.ffn_width": 70}))
    half = (counts[1] - counts[0]) // 2
    found = [matching_width(base, task, counts[0] + more) for more in (0, half, half + 1, -half)]
    assert found == [70, 70, 71, 69]
    assert matching_width(base, task, 5) == 1
    assert matching_width(base.override({"model.feed_forward": False}), task, 9) is None


@pytest.mark.parametrize("arm", BARE)
def test_the_layers_of_an_arm_without_a_feed_forward_network_are_the_nearest(arm: str) -> None:
    base = SPACE.base()
    trial = SPACE.configure({VARIANT: arm}, base)
    more, less = (trial.override({"model.layers": trial.model.layers + by}) for by in (1, -1))
    off = [abs(size(each) - size(base)) for each in (trial, more, less)]
    assert min(off) == off[0]


def test_an_arm_that_cannot_be_small_enough_is_refused_and_the_least_base_is_named() -> None:
    with pytest.raises(UserError, match=r"hyena has .* width, 1, .* model\.ffn_width=\d+") as error:
        match_sizes(SPACE, {"model.width": 32})
    least = int(str(error.value).rpartition("ffn_width=")[2].split()[0])
    settings: Settings = {"model.width": 32, "model.ffn_width": least}
    assert match_sizes(SPACE, settings)[0].ffn_widths["hyena"] == 1
    with pytest.raises(UserError, match="hyena"):
        match_sizes(SPACE, settings | {"model.ffn_width": least - 5})


def test_an_axis_that_changes_sizes_is_refused() -> None:
    def space(*more: Axis) -> Space:
        return dataclasses.replace(SPACE, axes=(choices(VARIANT, "base", "mega"), *more))

    assert match_sizes(space(choices("model.dropout", 0.0, 0.1)), {})[1]
    with pytest.raises(UserError, match=r"axis model\.layers changes the size of base"):
        match_sizes(space(choices("model.layers", 2, 3)), {})


def test_a_pinned_variant_has_the_width_of_its_arm_and_an_audit_computes_the_same() -> None:
    words = ["--space", "baselines", "--set", "model.width=96", "model.layers=3"]
    plan = make_plan(build_parser().parse_args(words))
    pinned = make_plan(build_parser().parse_args([*words, "variant=mega"]))
    arm = plan.space.configure({VARIANT: "mega"}, plan.base)
    assert pinned.base.model == arm.model
    assert [size.arm for size in pinned.sizes] == ["mega"]
    axes, base = plan.space.describe_axes(), plan.base.canonical()
    sweep = Sweep(space="baselines", axes=axes, base=base, given=dict(plan.given))
    configure = find_configure(sweep)
    assert configure is not None
    assert configure({VARIANT: "mega"}).trial_id == arm.trial_id


def test_a_plan_shows_every_arm_with_its_parameters_and_its_width(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--space", "baselines", "--dry-run", "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for arm in match_sizes(SPACE, {})[1]:
        width = arm.ffn_width or f"no width, {arm.off:+.1%}"
        assert f"{arm.arm} {arm.parameters:,} ({width})" in said


def test_a_space_that_asks_for_no_equal_size_is_left_as_it_is() -> None:
    space = search_spaces.load("ablation_rivals")
    assert match_sizes(space, {}) == (space, (), ())


def test_equal_size_needs_an_axis_over_the_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    order = Space(
        question="?",
        base=TrialConfig,
        axes=(choices("model.order", 1, 2),),
        seeds=1,
        trials=None,
        sampler="grid",
        pruner=None,
        equal_size=True,
    )
    monkeypatch.setattr("search_spaces.order.SPACE", order)
    with pytest.raises(UserError, match="equal_size needs an axis over variant"):
        search_spaces.load("order")


def test_every_mixer_has_an_arm() -> None:
    base = SPACE.base()
    arms = {SPACE.configure(point, base).model.mixer for point in SPACE.grid()}
    assert arms == set(SYSTEMS)
