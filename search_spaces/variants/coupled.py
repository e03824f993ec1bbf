"""Filters whose coefficients change at every token, with the state carried and channels mixed."""

from __future__ import annotations

from focus_core.config import Scalar
from search_spaces.variants.variant import Variant

_COUPLED: dict[str, Scalar] = {"model.filter": "coupled", "model.filters": 2}

COUPLED: dict[str, Variant] = {
    "coupled": Variant(
        question="Theta per token: complex poles, state carried, times spread, channels mixed",
        changes=_COUPLED,
    ),
    "coupled_static": Variant(
        question="the same poles, fixed: is it the adaptivity that helps?",
        changes={**_COUPLED, "model.theta": "static"},
    ),
    "coupled_bins": Variant(
        question="the same, Theta once in a bin of 16 tokens: how often must it change?",
        changes={**_COUPLED, "model.theta": "bin"},
    ),
    "coupled_full": Variant(
        question="the same with a full map across channels: is rank 16 too narrow?",
        changes={**_COUPLED, "model.theta_rank": None},
    ),
    "coupled_real": Variant(
        question="the same with real poles: is the angle needed?",
        changes={**_COUPLED, "model.poles": "real"},
    ),
    "coupled_even": Variant(
        question="the same with equal time constants at the start: must they be spread?",
        changes={
            **_COUPLED,
            "model.time_min": 7.0,
            "model.time_max": 7.0,
        },
    ),
    "coupled_short_conv": Variant(
        question="the same behind a short convolution: do the gains add?",
        changes={**_COUPLED, "model.short_conv": 4},
    ),
}
