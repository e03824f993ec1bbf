"""Arms of the baselines have as many parameters as the reference, within 5 percent."""

import pytest

from focus_core.config import Scalar
from focus_core.systems import SYSTEMS
from focus_core.tasks import build_task
from focus_core.training.network import build_model
from search_spaces import load
from search_spaces.baselines import BARE, FFN_WIDTHS

SPACE = load("baselines")
WITHIN = 0.05


def size(variant: str, **changes: Scalar) -> int:
    """Parameters of the network that a sweep would train."""
    trial = SPACE.configure({"variant": variant, **changes}, SPACE.base())
    task = build_task(trial.task, seed=0)
    net = build_model(
        trial.resolved_model(),
        vocab_size=task.vocab_size,
        num_outputs=task.num_outputs,
        max_length=trial.task.length,
    )
    return sum(parameter.numel() for parameter in net.parameters())


def matching_width(variant: str, wanted: int) -> int:
    """The size is linear in the feed-forward width: the one that comes nearest."""
    one, two = (size(variant, **{"model.ffn_width": width}) for width in (1, 2))
    return 1 + round((wanted - one) / (two - one))


@pytest.mark.parametrize("variant", FFN_WIDTHS)
def test_it_has_as_many_parameters_as_the_reference(variant: str) -> None:
    wanted, found = size("base"), size(variant)
    right = matching_width(variant, wanted)
    assert abs(found / wanted - 1) < WITHIN, f"{variant}: ffn_width {right} instead"
    assert FFN_WIDTHS[variant] == right  # as near as can be


@pytest.mark.parametrize("variant", BARE)
def test_an_arm_without_a_feed_forward_network_has_as_many_by_its_layers(variant: str) -> None:
    wanted, found = size("base"), size(variant)
    assert abs(found / wanted - 1) < WITHIN
    layers = SPACE.configure({"variant": variant}, SPACE.base()).model.layers
    others = [size(variant, **{"model.layers": layers + more}) for more in (-1, 1)]
    assert abs(found - wanted) < min(abs(other - wanted) for other in others)


def test_negative_control_at_one_width_they_differ() -> None:
    sizes = [size(variant, **{"model.ffn_width": 128}) for variant in FFN_WIDTHS]
    assert max(sizes) / min(sizes) > 1 + WITHIN


def test_every_mixer_has_an_arm() -> None:
    base = SPACE.base()
    arms = {SPACE.configure(point, base).model.mixer for point in SPACE.grid()}
    assert arms == set(SYSTEMS)
