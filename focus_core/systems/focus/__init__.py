"""The Focus layer (arXiv 2305.14952)."""

from __future__ import annotations

from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.system import System

FOCUS = System(
    config=FocusConfig,
    mixer="focus_core.systems.focus.choice:ChosenMixer",
    cost="focus_core.systems.focus.cost",
    numbers="focus_core.systems.focus.views.numbers",
    origin="focus_core.systems.origin:OURS",
    is_rival=False,
)
