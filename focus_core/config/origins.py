"""Which start, frame and optimiser each mixer has here: ours, or as it was published.

For reports, so that nobody takes a rival of ours for the published one. Every entry was compared
with the public code of its authors, named in ``Origin.source``; functions are equal to rounding,
starts and surroundings are what these words tell. No torch here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Origin(NamedTuple):
    """What a mixer has, each in words that begin with ``ours`` or ``published``.

    Attributes:
        start: the initial weights.
        frame: the network around the mixer.
        optimiser: what trains it.
        source: the public code, or the paper, that these words were compared with.
    """

    start: str
    frame: str
    optimiser: str
    source: str


OWN_START = "ours: N(0, 1 / inputs)"
OWN_FRAME = "ours: pre-norm, SiLU, untied head"
OWN_OPTIMISER = "ours: AdamW, gradients clipped"
OURS = Origin(OWN_START, OWN_FRAME, OWN_OPTIMISER, "no public code: arXiv 2305.14952")
STATE_SPACE_OPTIMISER = f"{OWN_OPTIMISER}, slower state space as published"

ORIGINS: dict[str, Origin] = {
    "focus": OURS,
    "attention": OURS._replace(source="Dao et al. 2022, one function with transformer"),
    "transformer": OURS._replace(source="Vaswani et al. 2017, with rotary positions"),
    "transformer_xl": Origin(
        f"{OWN_START}; u and v published",
        "published: post-norm, ReLU, tied head; memory empty at a window's start",
        OWN_OPTIMISER,
        "kimiyoung/transformer-xl, pytorch/mem_transformer.py and run_enwik8_base.sh",
    ),
    "gpt2": Origin(
        f"{OWN_START}; residual share published",
        "published: learned positions, GELU, tied head",
        OWN_OPTIMISER,
        "Radford et al. 2019; karpathy/nanoGPT, model.py",
    ),
    "mega": Origin(
        f"{OWN_START}; averages and biases published",
        "published: pre-norm, SiLU, tied head, scaled embedding",
        OWN_OPTIMISER,
        "facebookresearch/mega, fairseq/modules",
    ),
    "s4": Origin(
        "published: HiPPO-LegS, B clipped; linear layers ours",
        "ours: a feed-forward network behind it",
        STATE_SPACE_OPTIMISER,
        "state-spaces/s4, models/s4/s4.py and example.py",
    ),
    "s4d": Origin(
        "published: S4D-Lin; linear layers ours",
        "ours: a feed-forward network behind it",
        STATE_SPACE_OPTIMISER,
        "state-spaces/s4, models/s4/s4d.py and example.py",
    ),
    "hyena": Origin(
        "published: filter network N(0, 0.02), no biases; the rest ours",
        OWN_FRAME,
        f"{OWN_OPTIMISER}, filter network undecayed as published",
        "HazyResearch/safari, src/models/sequence/hyena.py and long_conv_lm.py; zoology",
    ),
    "shortconv": OURS._replace(source="a control of ours"),
}
"""By ``model.mixer``."""

WORDS = ("start", "frame", "optimiser")

HYENAS_FEATURES = {(5, 10.0, False, True), (33, 14.0, True, True)}
"""Features, frequency, whether each is trained: safari's recall, safari's language models."""
RATE, PUBLISHED_RATE = "train.state_learning_rate", 1e-3
"""Of A, B and the step sizes in state-spaces/s4; it is the default here."""


def origins(canonical: Mapping[str, object]) -> dict[str, str]:
    """The words for one trial: ``start``, ``frame``, ``optimiser``.

    Args:
        canonical: its flat canonical config; a field that is left out has its default.
    """
    mixer = str(canonical.get("model.mixer", "focus"))
    known = ORIGINS.get(mixer)
    if known is None:  # of a later or an earlier code
        return dict.fromkeys(WORDS, "unknown")
    words = {name: str(getattr(known, name)) for name in WORDS}
    if mixer == "hyena" and _features(canonical) not in HYENAS_FEATURES:
        words["start"] = "ours: other features or frequency; filter network's weights published"
    if canonical.get("model.feed_forward", True) is False:
        bare = mixer in ("s4", "s4d")
        words["frame"] = f"{'published' if bare else 'ours'}: no feed-forward network"
    elif canonical.get("model.position_bias", "shared") == "layer":
        words["frame"] = words["frame"].replace("published", "ours: u and v for each layer", 1)
    if mixer in ("s4", "s4d") and canonical.get(RATE, PUBLISHED_RATE) != PUBLISHED_RATE:
        words["optimiser"] = OWN_OPTIMISER
    return words


def is_rival(canonical: Mapping[str, object]) -> bool:
    """Whether a trial's mixer is somebody else's."""
    return canonical.get("model.mixer", "focus") not in ("focus", "shortconv")


def _features(canonical: Mapping[str, object]) -> tuple[object, ...]:
    return (
        canonical.get("model.implicit_features", 5),
        canonical.get("model.implicit_frequency", 10.0),
        canonical.get("model.implicit_features_trained", False),
        canonical.get("model.implicit_frequency_trained", True),
    )
