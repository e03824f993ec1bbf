"""What the registry keeps of a sequence mixer: where its parts are. No torch here.

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
        config: its options with their rules and promises.
        mixer: its class, as ``module:name``; a ``layers.mixer.Mixer``.
        origin: whose it is, as ``module:name``; an ``origin.Origin``. It is kept apart, so that
            better words about a rival change no trial's code identity.
        cost: the module whose ``ROWS`` say what its parts cost; empty: layers that others have too.
        numbers: the module that reports what its filters do (``each_report``, ``at_the_end``);
            empty where it has none.
        is_rival: whether somebody else published it.
    """

    config: type[ModelConfig]
    mixer: str
    origin: str
    cost: str = ""
    numbers: str = ""
    is_rival: bool = True
