"""Everything that trains, on a GPU: the same numbers as on the CPU, and the same certificates.

``FOCUS_TEST_DEVICE=cpu`` runs the bodies of these tests where there is no GPU.
"""

from __future__ import annotations

import copy
import os

import pytest
import torch
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.kernels import loops
from focus_core.kernels.choice import chosen, kernels_for
from focus_core.kernels.trial_run import disagreement
from focus_core.tasks.base import nats
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.loop import fit
from focus_core.training.memory import peak_bytes, reset_peak
from focus_core.training.network import SequenceModel, build_model
from search_spaces.variants import VARIANTS
from tests.focus_core.causality import LENGTH, small_config

DEVICE = torch.device(os.environ.get("FOCUS_TEST_DEVICE", "cuda"))
pytestmark = pytest.mark.gpu
VOCAB = 9


@pytest.fixture(autouse=True)
def _a_gpu() -> None:
    if DEVICE.type == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU that torch can use")


def network(variant: str) -> SequenceModel:
    changes = VARIANTS[variant].changes
    model = {k.removeprefix("model."): v for k, v in changes.items() if k.startswith("model.")}
    return build_model(
        small_config(**model), vocab_size=VOCAB, num_outputs=VOCAB, max_length=LENGTH
    )


def tokens() -> Tensor:
    return torch.randint(VOCAB, (4, LENGTH), generator=torch.Generator().manual_seed(0))


def gradients(net: SequenceModel, device: torch.device) -> dict[str, Tensor]:
    """The logits and every parameter's gradient, on the CPU."""
    net = copy.deepcopy(net).to(device)
    logits = net(tokens().to(device))
    nats(logits, tokens().to(device), reduction="mean").backward()  # type: ignore[no-untyped-call]
    found = {name: p.grad for name, p in net.named_parameters() if p.grad is not None}
    return {name: x.detach().cpu() for name, x in {"logits": logits, **found}.items()}


def largest_difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """Over all tensors, as a fraction of the tensor's largest number."""
    assert found.keys() == expected.keys()
    return max(
        float((found[name] - x).abs().max() / x.abs().max().clamp(min=1e-6))
        for name, x in expected.items()
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_network_is_the_same_on_both_devices(variant: str) -> None:
    net = network(variant).double()
    found, expected = gradients(net, DEVICE), gradients(net, torch.device("cpu"))
    assert largest_difference(found, expected) < 1e-8
    with torch.no_grad():
        next(net.parameters()).flatten()[0] += 1e-3
    assert largest_difference(gradients(net, DEVICE), expected) > 1e-8  # negative control


@pytest.mark.parametrize("order", [1, 2, 3, 8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_kernels_that_this_device_gets_agree_with_the_loops(
    order: int, dtype: torch.dtype
) -> None:
    random = torch.Generator().manual_seed(order)
    w, grad = (torch.randn(5, 64, 300, generator=random, dtype=dtype) for _ in range(2))
    a = 0.9 / order * torch.rand(order, 5, 300, generator=random, dtype=dtype)
    y = loops.recur_forward(w, a)
    kernels = kernels_for(w.to(DEVICE), a.to(DEVICE))
    back = kernels.recur_backward(grad.to(DEVICE), y.to(DEVICE), a.to(DEVICE))
    made = (kernels.recur_forward(w.to(DEVICE), a.to(DEVICE)), *back)
    for x, expected in zip(made, (y, *loops.recur_backward(grad, y, a)), strict=True):
        error = (x.cpu() - expected).abs().max() / expected.abs().max()
        assert error < (1e-4 if dtype == torch.float32 else 1e-12)


def test_a_gpu_gets_triton_where_it_agrees() -> None:
    if DEVICE.type != "cuda":
        pytest.skip("Triton runs on GPUs only")
    from focus_core.kernels import fused

    assert disagreement(fused, "cuda") == ""
    assert chosen(torch.zeros(1, device=DEVICE)) == "triton"


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
@pytest.mark.parametrize("variant", ["base", "coupled", "s4", "hyena", "mega"])
def test_a_trial_has_the_same_certificates_and_nearly_the_same_scores(
    variant: str, precision: str
) -> None:
    changes: dict[str, Scalar] = {"task.name": "far_recall", "task.length": 64}
    changes |= {
        "model.width": 16,
        "train.steps": 20,
        "train.eval_every": 20,
        "task.eval_sequences": 64,
    }
    trial = TrialConfig().override({**changes, **VARIANTS[variant].changes})
    reports: list[dict[str, float]] = []
    fit(trial.override({"train.precision": precision}), [0], reports.append, device=DEVICE)
    fit(trial, [0], reports.append, device=torch.device("cpu"))
    on_gpu, on_cpu = reports
    assert on_gpu["leak"] < LEAK_TOLERANCE
    for name in ("parameters", "chance", "loss_floor"):
        assert on_gpu[name] == on_cpu[name]
    assert on_gpu["loss/0"] == pytest.approx(on_cpu["loss/0"], rel=1e-2)


def test_the_strict_layer_needs_less_memory_than_written_out_attention() -> None:
    """At 1K tokens; the figure for every system is in ``benchmarks/efficiency.py``."""
    if DEVICE.type != "cuda":
        pytest.skip("a process keeps its memory: this counts a GPU's")
    needs = {}
    for variant in ("base", "transformer"):
        changes = VARIANTS[variant].changes
        model = TrialConfig().override({**changes, "task.length": 1024}).resolved_model()
        net = build_model(model, vocab_size=VOCAB, num_outputs=VOCAB, max_length=1024).to(DEVICE)
        inputs = torch.zeros(8, 1024, dtype=torch.int64, device=DEVICE)
        reset_peak(DEVICE)
        before = peak_bytes(DEVICE)
        nats(net(inputs), inputs, reduction="mean").backward()  # type: ignore[no-untyped-call]
        needs[variant] = peak_bytes(DEVICE) - before
    assert needs["base"] < needs["transformer"]
