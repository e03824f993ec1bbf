"""The registry's record of a sequence mixer: where its parts are. No torch here.

``--list`` and ``--dry-run`` read these records and must answer at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focus_core.options.model import ModelConfig


@dataclass(frozen=True, kw_only=True)
class System:
    """A sequence mixer: its options, and where its parts are.

    Attributes:
        config: the options of the system, with their rules and promises.
        mixer: the class of the mixer, as ``module:name``; a ``layers.mixer.Mixer``.
        origin: the origin of the system, as ``module:name``; an ``origin.Origin``. It is in another
            module, so that new words about a rival do not change a trial's code identity.
        cost: the module whose ``ROWS`` have the costs of the system's parts; empty where the system
            has shared layers only.
        numbers: the module that reports on the filters (``each_report``, ``at_the_end``); empty
            where there is none.
        is_rival: whether other authors published the system.
    """

    config: type[ModelConfig]
    mixer: str
    origin: str
    cost: str = ""
    numbers: str = ""
    is_rival: bool = True
