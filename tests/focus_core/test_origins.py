"""What the words say of a rival's start, frame and optimiser is what it has."""

import re

import pytest

from focus_core.config import Scalar, TrialConfig
from focus_core.config.origins import origins
from focus_core.options.network_frame import OUR_FRAME, Frame
from focus_core.systems import SYSTEMS, origin_of
from focus_core.systems.origin import OURS
from focus_core.training.network import build_model
from search_spaces.variants import VARIANTS
from tests.focus_core.inside import feed_forward_of, mixer_of

EVERY = pytest.mark.parametrize("mixer", SYSTEMS)
KEYS = ["start", "frame", "optimiser"]


def words_of(**model: Scalar) -> dict[str, str]:
    return origins(TrialConfig().override({f"model.{k}": v for k, v in model.items()}).canonical())


def test_every_mixer_has_its_words_and_a_source() -> None:
    assert all(origin_of(name).source for name in SYSTEMS)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_words_of_origin_begin_with_ours_or_published(name: str) -> None:
    words = origins(TrialConfig().override(VARIANTS[name].changes).canonical())
    assert list(words) == KEYS
    assert all(re.match("(ours|published): .", word) for word in words.values())


def wrong_about_frame(words: str, frame: Frame) -> list[str]:
    """Facts of a frame that the words deny or leave out where they speak of it."""
    claimed = {
        "post-norm": frame.post_norm,
        "tied head": frame.tied_head,
        "learned positions": frame.learned_positions,
        "GELU": frame.activation == "gelu",
        "ReLU": frame.activation == "relu",
    }
    words = words.replace("untied head", "head")
    found = [name for name, holds in claimed.items() if (name in words) != holds]
    return found + ["ours" for _ in [0] if words.startswith("ours: pre-norm") and frame.tied_head]


@EVERY
def test_the_words_about_a_frame_are_the_frame(mixer: str) -> None:
    if mixer in ("s4", "s4d"):  # theirs speak of the feed-forward network alone
        assert SYSTEMS[mixer].config.frame == OUR_FRAME
        return
    assert wrong_about_frame(words_of(mixer=mixer)["frame"], SYSTEMS[mixer].config.frame) == []


def test_negative_control_words_about_another_frame_are_seen() -> None:
    assert wrong_about_frame(OURS.frame, SYSTEMS["gpt2"].config.frame)
    assert wrong_about_frame(origin_of("gpt2").frame, SYSTEMS["transformer_xl"].config.frame)


@EVERY
def test_a_linear_layer_starts_as_the_words_say(mixer: str) -> None:
    """Ours, of variance 1 / inputs, but for what is named as published."""
    model = TrialConfig().override({"model.mixer": mixer}).resolved_model()
    net = build_model(model, vocab_size=9, num_outputs=9, max_length=64)
    weight = feed_forward_of(net).hidden.weight.detach()
    assert float(weight.std()) == pytest.approx(weight.shape[1] ** -0.5, rel=0.05)
    start = words_of(mixer=mixer)["start"]
    assert start.startswith(OURS.start) or start.endswith(("linear layers ours", "the rest ours"))
    if mixer == "hyena":
        assert "N(0, 0.02)" in start
        first = mixer_of(net).filter.layers[1].weight.detach()
        assert float(first.std()) == pytest.approx(0.02, rel=0.05)


@pytest.mark.parametrize(
    ("fields", "key", "whose"),
    [
        ({"mixer": "s4"}, "frame", "ours"),
        ({"mixer": "s4", "feed_forward": False}, "frame", "published"),
        ({"mixer": "s4d", "feed_forward": False}, "frame", "published"),
        ({"mixer": "gpt2", "feed_forward": False}, "frame", "ours"),
        ({"mixer": "transformer_xl"}, "frame", "published"),
        ({"mixer": "transformer_xl", "position_bias": "layer"}, "frame", "ours"),
        ({"mixer": "hyena"}, "start", "published"),
        ({"mixer": "hyena", "implicit_frequency": 14.0}, "start", "ours"),
        (
            {
                "mixer": "hyena", "implicit_frequency": 14.0, "implicit_features": 33,
                "implicit_features_trained": True,
            },
            "start", "published",
        ),
        ({"mixer": "focus"}, "start", "ours"),
    ],
)  # fmt: skip
def test_an_option_changes_the_words_of_origin(
    fields: dict[str, Scalar], key: str, whose: str
) -> None:
    assert words_of(**fields)[key].startswith(f"{whose}: ")


def test_a_rate_of_its_own_is_told_apart_from_the_published_one() -> None:
    s4 = TrialConfig().override({"model.mixer": "s4"})
    other = s4.override({"train.state_learning_rate": 0.01})
    assert "as published" in origins(s4.canonical())["optimiser"]
    assert "as published" not in origins(other.canonical())["optimiser"]


def test_a_mixer_of_another_code_is_unknown() -> None:
    assert origins({"model.mixer": "mamba"}) == dict.fromkeys(KEYS, "unknown")
