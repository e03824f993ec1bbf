"""The layers that other programs import: the code of the sweep, at any length, step by step."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

import focus_core
from focus_core.errors import UserError
from focus_core.systems import SYSTEMS
from focus_core.tools.layer import Layer
from focus_core.tools.layer_names import layer_names
from focus_core.training.network import build_model
from tests.configs import model_config
from tests.focus_core.layers_here import SMALL, WIDTH, draw, focus_layer, stepped
from tests.imported import ROOT
from tests.toys.decay import DECAY

EVERY = pytest.mark.parametrize("name", layer_names())
LENGTHS = (1, 2, 4, 5, 6, 20, 23, 60)
CONTRACT = {
    "mixer.norm.weight": (8,),
    "mixer.norm.bias": (8,),
    "mixer.filter.logits.first_DFP": (8, 2, 2),
    "mixer.filter.logits.hidden.weight": (64, 4),
    "mixer.filter.logits.hidden.bias": (64,),
    "mixer.filter.logits.out.weight": (4, 64),
    "mixer.filter.logits.out.bias": (4,),
    "mixer.query.weight": (4, 8),
    "mixer.query.bias": (4,),
    "mixer.key.weight": (4, 8),
    "mixer.key.bias": (4,),
    "mixer.value.weight": (8, 8),
    "mixer.value.bias": (8,),
    "mixer.reset_gate.weight": (8, 8),
    "mixer.reset_gate.bias": (8,),
    "mixer.update_gate.weight": (8, 8),
    "mixer.update_gate.bias": (8,),
    "mixer.candidate.weight": (8, 8),
    "mixer.candidate.bias": (8,),
    "mixer.from_attention.weight": (8, 8),
    "hyper_embedding.global_conv.kernel": (8, 60),
    "hyper_embedding.global_conv.skip": (8,),
}
"""Of ``focus_layer``: D = 8, F = 2, P = 2, keys of D / 2, kernels of ``max_length`` taps."""


def layer_of(name: str, **options: Any) -> Layer:
    torch.manual_seed(0)
    layer: Layer = getattr(focus_core, name)(WIDTH, max_length=32, **options)
    return layer.eval()


@EVERY
def test_it_computes_to_the_bit_what_the_sweeps_network_does(name: str) -> None:
    system = layer_names()[name]
    model = model_config(mixer=system, width=WIDTH, layers=1)
    net = build_model(model, vocab_size=5, num_outputs=5, max_length=32).eval()
    mixer: Any = net.blocks[0].mixer
    layer = layer_of(name, layers=1)
    with torch.no_grad():
        before = layer(draw(2, 32))
        layer.load_state_dict(
            {
                k.removeprefix("blocks.0."): v
                for k, v in net.state_dict().items()
                if k.startswith(("blocks.0.mixer.", "hyper_embedding."))
            }
        )
        for length in (1, 17, 32):
            x_BLD = draw(2, length)
            e_BNDO = None if net.hyper_embedding is None else net.hyper_embedding(x_BLD)
            assert torch.equal(layer(x_BLD), mixer(x_BLD, e_BNDO))
    assert not torch.equal(layer(draw(2, 32)), before)  # control: other weights, other outputs


def test_the_state_dict_is_as_stated() -> None:
    assert {k: tuple(v.shape) for k, v in focus_layer().state_dict().items()} == CONTRACT
    more = {k: tuple(v.shape) for k, v in focus_layer(filters=3).state_dict().items()}
    assert {k for k in CONTRACT if CONTRACT[k] != more[k]} == {
        "mixer.filter.logits.first_DFP",
        "mixer.filter.logits.out.weight",
        "mixer.filter.logits.out.bias",
    }


@pytest.mark.parametrize("length", LENGTHS)
def test_any_length_is_the_beginning_of_a_longer_one(length: int) -> None:
    layer = focus_layer().double()
    with torch.no_grad():
        short, whole = layer(draw(2, 60).double()[:, :length]), layer(draw(2, 60).double())
    assert short.shape == (2, length, WIDTH)
    assert (short - whole[:, :length]).abs().max() < 1e-12


def test_negative_control_a_layer_that_sees_the_future_is_no_beginning() -> None:
    layer = focus_layer(mode="paper", realisation="literal").double()
    with torch.no_grad():
        short, whole = layer(draw(2, 60).double()[:, :22]), layer(draw(2, 60).double())
    assert (short - whole[:, :22]).abs().max() > 1e-6


@EVERY
def test_steps_give_what_the_whole_sequence_gives(name: str) -> None:
    layer = layer_of(name).double()
    if reason := layer.model.why_no_step():
        with pytest.raises(UserError, match="no decoding step") as error:
            layer.initial_state(1)
        assert reason in str(error.value)
        return
    x_BLD = draw(2, 32).double()
    with torch.no_grad():
        whole = layer(x_BLD)
        assert (stepped(layer, x_BLD) - whole).abs().max() < 1e-10
        assert (stepped(layer, x_BLD.flip(1)) - whole).abs().max() > 1e-3  # control


@pytest.mark.parametrize("shift", [1, 2])
def test_steps_of_the_focus_layer_in_bins_that_divide_nothing(shift: int) -> None:
    layer = focus_layer(theta_shift=shift).double()
    x_BLD = draw(3, 60).double()
    with torch.no_grad():
        assert (stepped(layer, x_BLD) - layer(x_BLD)).abs().max() < 1e-10


def test_a_state_is_a_value() -> None:
    layer = focus_layer()
    state = layer.initial_state(1)
    with torch.no_grad():
        for x_BD in draw(1, 13).unbind(1):
            _, state = layer.step(x_BD, state)
        first, _ = layer.step(draw(1, 1)[:, 0], state)
        layer.step(-draw(1, 1)[:, 0], state)
        again, _ = layer.step(draw(1, 1)[:, 0], state)
    assert torch.equal(first, again)


def test_gradients_are_those_of_finite_differences() -> None:
    layer = focus_layer(bin_length=3, hyper_width=4, oversampling=2, max_length=12).double()
    names = dict(layer.named_parameters())

    def output(x_BLD: Tensor, *values: Tensor) -> Tensor:
        given = dict(zip(names, values, strict=True))
        found: Tensor = torch.func.functional_call(layer, given, (x_BLD,))
        return found

    x_BLD = draw(1, 8).double().requires_grad_()
    values = [p.detach().clone().requires_grad_() for p in names.values()]
    assert torch.autograd.gradcheck(output, (x_BLD, *values), fast_mode=True)
    wrong = lambda x, *rest: output(x, *rest) + (x - x.detach())  # noqa: E731  another gradient
    assert not torch.autograd.gradcheck(
        wrong, (x_BLD, *values), fast_mode=True, raise_exception=False
    )


def test_the_seed_decides_the_weights_and_two_layers_differ() -> None:
    torch.manual_seed(3)
    one, two = (focus_core.FocusLayer(WIDTH, **SMALL) for _ in range(2))
    torch.manual_seed(3)
    again = focus_core.FocusLayer(WIDTH, **SMALL)
    assert torch.equal(one.mixer.query.weight, again.mixer.query.weight)
    assert not torch.equal(one.mixer.query.weight, two.mixer.query.weight)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"filtres": 2}, "unknown option 'filtres' of this layer; did you mean 'filters'?"),
        ({"bidirectional": True}, "unknown option 'bidirectional' of this layer"),
        ({"order": 5}, "sigmoid coefficients are stable for orders 1, 2, not 5"),
        ({"filters": 0}, "model.filters must be above 0"),
        ({"filters": "two"}, "model.filters must be"),
        ({"max_length": 0}, "max_length must be 1 or more, not 0"),
        ({"realisation": "literal"}, "study it with model.mode=paper"),
        ({"bins": 4}, "bins is a count: give the length in tokens, bin_length"),
    ],
)
def test_wrong_options_are_told_in_a_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        focus_layer(**options)
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_wrong_inputs_are_told_in_a_line() -> None:
    layer = focus_layer()
    with pytest.raises(UserError, match=r"x must be \(B, L, D\) with D = 8, not \(2, 3, 9\)"):
        layer(draw(2, 3, 9))
    with pytest.raises(UserError, match=r"x must be \(B, D\) with D = 8, not \(2, 3, 8\)"):
        layer.step(draw(2, 3), layer.initial_state(2))
    with pytest.raises(UserError, match="max_length=61 or more, not 60"):
        layer(draw(1, 61))
    with pytest.raises(UserError, match="max_length=61 or more, not 60"):
        stepped(layer, draw(1, 61))


def test_the_longest_length_is_whole_bins_and_chunks() -> None:
    assert focus_layer(max_length=41).max_length == 60
    assert layer_of("S4Layer").max_length == 32


def test_a_system_that_is_added_has_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SYSTEMS, "decay", DECAY)
    layer = focus_core.DecayLayer(WIDTH, remains=0.25)
    assert layer(draw(2, 5)).shape == (2, 5, WIDTH)
    monkeypatch.undo()
    with pytest.raises(AttributeError, match="no attribute 'DecayLayer'"):
        _ = focus_core.DecayLayer


def test_the_package_and_its_configs_need_no_torch() -> None:
    code = (
        "import sys, focus_core, focus_core.config\n"
        "assert 'torch' not in sys.modules\n"
        "import time, torch\n"
        "began = time.process_time()\n"
        "from focus_core import FocusLayer, load\n"
        "took = time.process_time() - began\n"
        "assert FocusLayer.__module__ == 'focus_core' and took < 1, took\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
