"""Which config is compared with which formula, at small sizes."""

from typing import Any

import torch
from torch import Tensor, nn

from focus_core.config import ModelConfig
from focus_core.systems import mixer_class
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.arrays import Floats
from tests.focus_core.public_formulas import focus, rivals
from tests.focus_core.public_formulas.parts import Weights

LENGTHS = (1, 2, 7, 32, 33, 128)
CHUNK, BIN = 8, 6
"""Neither divides 7, 33 or 128 and the other: a mixer pads the last of each at its end."""

Fields = dict[str, Any]
LATTICE: Fields = {"parameterisation": "lattice", "gain": "l2"}
ARMS: dict[str, Fields] = {
    "flash_transformer": {"mixer": "flash_transformer", "heads": 2, "width": 8},
    "transformer": {"mixer": "transformer", "heads": 2, "width": 8},
    "gpt2": {"mixer": "gpt2", "heads": 2, "width": 8},
    "transformer_xl": {"mixer": "transformer_xl", "heads": 2, "width": 8},
    "mega": {"mixer": "mega"},
    "hyena": {"mixer": "hyena"},
    "hyena of language": {"mixer": "hyena", "implicit_features": 33, "implicit_frequency": 14.0},
    "s4": {"mixer": "s4"},
    "s4d": {"mixer": "s4d"},
    "short_conv": {"mixer": "short_conv"},
    "base": {},
    "two filters": {"filters": 2, "oversampling": 3},
    "lattice": LATTICE,
    "carry_lattice": {"carry": True, "filters": 2, **LATTICE},
    "focus_h": {"filter": "static", "filters": 2},
    "coupled": {"filter": "coupled", "filters": 2, "theta_rank": 3},
    "coupled_static": {"filter": "coupled", "filters": 2, "theta": "static"},
    "coupled_real": {"filter": "coupled", "filters": 2, "theta_rank": 3, "poles": "real"},
    "ema": {"filter": "ema"},
    "no_filter": {"filter": "none"},
    "short_conv_filter": {"filter": "short_conv"},
    "sliding": {"sliding": True},
}
"""Those of a variant's name have its config; the others are another corner of one."""

FORMULAS = {
    "focus": focus.focus,
    "flash_transformer": rivals.attention,
    "transformer": rivals.attention,
    "gpt2": rivals.gpt2,
    "transformer_xl": rivals.transformer_xl,
    "mega": rivals.mega,
    "hyena": rivals.hyena,
    "s4": rivals.s4,
    "s4d": rivals.s4d,
    "short_conv": rivals.short_conv,
}
"""By ``model.mixer``."""


class Alone(nn.Module):
    """One mixer and, where its hypernetwork reads one, the convolution that layers share."""

    def __init__(self, model: ModelConfig, longest: int) -> None:
        super().__init__()
        kind = mixer_class(model.mixer)
        self.mixer = kind(model, longest)
        kind.join([self.mixer], model, longest)
        self.shared = kind.read_before(model, longest)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        y_BLD: Tensor = self.mixer(x_BLD, None if self.shared is None else self.shared(x_BLD))
        return y_BLD


def model_of(name: str) -> ModelConfig:
    """An arm's config, small."""
    small = {"width": 4, "chunk_length": CHUNK, "bin_length": BIN, "state_size": 6}
    small |= {"key_width": 4, "value_width": 6}  # so that positions turn more than one pair
    small |= {"implicit_width": 5, "ema_size": 3, "hyper_width": 5}
    config: ModelConfig = model_config(**{**small, **ARMS[name]}).resolved()
    return config


def build(name: str, longest: int) -> Alone:
    """In float64 and evaluation mode, every parameter away from its initial value."""
    module = Alone(model_of(name), longest)
    init_weights(module, 0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for path, parameter in module.named_parameters():
            # sines of sines of large weights are too rough for a difference quotient
            far = 0.05 if path.startswith(("mixer.filter.layers", "mixer.filter.out")) else 0.3
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=far)
    return module.double().eval()


WORDS = {
    "heads": "heads",
    "segment": "chunk_length",
    "chunk": "chunk_length",
    "features": "implicit_features",
    "longest": "longest",
    "bin": "bin_length",
    "windows": "oversampling",
    "squash": "conv_squash",
    "filter": "filter",
    "coefficients": "parameterisation",
    "carry": "carry",
    "sliding": "sliding",
}
"""What a formula calls an option."""


def sizes(name: str, longest: int) -> Fields:
    """What a formula has to know beside the parameters."""
    known = vars(model_of(name)) | {"longest": longest}
    return {word: known[option] for word, option in WORDS.items() if option in known} | {
        "shares": int(known.get("gain") == "l2")
    }


def formula(name: str, parameters: Weights, x: Floats, longest: int) -> Floats:
    """The paper's answer (L, D)."""
    known = {path.removeprefix("mixer."): value for path, value in parameters.items()}
    return FORMULAS[model_of(name).mixer](known, x, sizes(name, longest))
