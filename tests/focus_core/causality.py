"""What the causality tests share: small networks in float64 and their full Jacobian."""

import torch
from torch import Tensor

from focus_core.config import ModelConfig, Scalar, TrialConfig
from focus_core.training.network import SequenceModel, build_model
from focus_core.training.start import init_weights
from search_spaces.variants import VARIANTS

LENGTH, VOCABULARY, OUTPUTS = 24, 7, 3


def small_config(variant: str = "base", /, **changes: Scalar) -> ModelConfig:
    """Two layers, bins of 6, chunks of 8: edges that do not meet."""
    small: dict[str, Scalar] = {
        "model.width": 8,
        "model.bin_length": 6,
        "model.chunk_length": 8,
        "task.length": 24,
    }
    small |= {"task.gap": 12} | VARIANTS[variant].changes
    small |= {f"model.{name}": value for name, value in changes.items()}
    return TrialConfig().override(small).model


def small_net(model: ModelConfig, seed: int = 0, max_length: int = LENGTH) -> SequenceModel:
    """In float64 and evaluation mode."""
    net = build_model(model, vocab_size=VOCABULARY, num_outputs=OUTPUTS, max_length=max_length)
    init_weights(net, seed)
    return net.double().eval()


def embedded(batch: int = 1, length: int = LENGTH, width: int = 8, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, length, width, generator=generator, dtype=torch.float64)


def influence(net: SequenceModel) -> torch.Tensor:
    """J[t, s]: the largest |d logit at t / d embedding at s|, over all of both."""
    outputs = net.head.out_features
    x_BLD = embedded().repeat(LENGTH * outputs, 1, 1).requires_grad_()  # a row for each logit
    logits = net.from_embedding(x_BLD).flatten(1).diagonal()
    (gradient,) = torch.autograd.grad(logits.sum(), x_BLD)  # (L * O, L, D)
    by_row = gradient.abs().amax(dim=2)  # (L * O, L)
    return by_row.view(LENGTH, outputs, LENGTH).amax(dim=1)


def future(net: SequenceModel) -> float:
    """The largest influence of a later token, over the largest influence of any."""
    J = influence(net)
    return float(J.triu(1).max() / J.max())


def prefix_gap(net: SequenceModel) -> float:
    """The largest |f(x[:l]) - f(x)[:l]| over all l, over the largest |f(x)|."""
    x_BLD = embedded(batch=2)
    with torch.no_grad():
        whole = net.from_embedding(x_BLD)
        gaps = [
            (net.from_embedding(x_BLD[:, :length]) - whole[:, :length]).abs().max()
            for length in range(1, LENGTH)
        ]
    return float(max(gaps) / whole.abs().max())
