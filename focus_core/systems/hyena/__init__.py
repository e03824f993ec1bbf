"""The options and promises of Hyena (Poli et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.options.network_frame import Frame
from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class HyenaConfig(ModelConfig):
    """Hyena's options; ``implicit`` options belong to the network that writes the filters."""

    frame: ClassVar[Frame] = Frame(taps=3)

    mixer: str = option("hyena", one_of(["hyena"]))
    """hyena: Hyena."""
    taps: int | None = option(None, POSITIVE)
    """The taps of the short convolution; none: by the frame."""
    implicit_width: int = option(64, POSITIVE)
    """The width of the network that writes the filters."""
    implicit_features: int = option(5, POSITIVE)
    """The features of time that it reads; published: 5 for recall, 33 for language."""
    implicit_frequency: float = option(10.0, POSITIVE)
    """The frequency of its sines; published: 10 for recall, 14 for language."""
    implicit_features_trained: bool = False
    """Whether the features of time are trained."""
    implicit_frequency_trained: bool = True
    """Whether the frequency is trained."""

    def check(self, given: Self, task: TaskConfig) -> None:  # noqa: ARG002
        """Require an odd number of features: the time, and a cosine and sine of each frequency."""
        features = self.implicit_features
        require(
            features >= 3 and features % 2 == 1,
            f"model.implicit_features = {features} must be odd, 3 or more (the time, "
            "then a cosine and a sine of each frequency)",
        )

    def why_no_step(self) -> str:
        """Hyena's filters are as long as the sequence."""
        return "Hyena's convolution is as long as the sequence, and has no state of a fixed size"

    def _filled(self, length: int | None) -> dict[str, Any]:
        return super()._filled(length) | {"taps": self.taps or self.frame.taps}


HYENA = System(
    config=HyenaConfig,
    mixer="focus_core.systems.hyena.mixer:HyenaMixer",
    cost="focus_core.systems.hyena.cost",
    origin="focus_core.systems.hyena.origin:HYENA",
)
