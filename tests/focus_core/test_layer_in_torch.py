"""The Focus layer in other people's programs: autocast, compile, export, copies, two processes."""

from __future__ import annotations

import copy
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import focus_core
from focus_core.errors import UserError
from focus_core.tools.layer_names import layer_names
from tests.focus_core.layers_here import WIDTH, draw, focus_layer
from tests.imported import ROOT

EVERY = pytest.mark.parametrize("name", layer_names())
LENGTHS = (1, 4, 5, 6, 23, 60)
CLOSE = 1e-5
# torch's tracer makes an object of autograd's class, of which torch itself warns
pytestmark = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")


@pytest.fixture(autouse=True)
def _fresh_compiler() -> None:
    torch.compiler.reset()


@EVERY
def test_it_runs_under_autocast_forward_and_backward(name: str) -> None:
    torch.manual_seed(0)
    layer = getattr(focus_core, name)(WIDTH, max_length=40).eval()
    x_BLD = draw(2, 37).requires_grad_()
    with torch.no_grad():
        exact = layer(x_BLD)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer(x_BLD)
    difference = (found - exact).abs().max()
    assert 0 < difference < 0.1 * exact.abs().max()  # 0: nothing was cast
    found.float().square().sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in layer.parameters())
    assert x_BLD.grad is not None
    assert x_BLD.grad.isfinite().all()


def gradients(layer: Any, x_BLD: Tensor) -> list[Tensor]:
    layer.zero_grad()
    layer(x_BLD).square().sum().backward()
    return [p.grad.clone() for p in layer.parameters() if p.grad is not None]


def check_gradients(compiled: Any, layer: Any) -> None:
    pairs = zip(gradients(compiled, draw(2, 23)), gradients(layer, draw(2, 23)), strict=True)
    assert all((a - b).abs().max() < CLOSE * max(1.0, float(b.abs().max())) for a, b in pairs)


def check_compiled(compiled: Any, layer: Any) -> None:
    for length in LENGTHS:
        x_BLD = draw(2, length)
        with torch.no_grad():
            assert (compiled(x_BLD) - layer(x_BLD)).abs().max() < CLOSE
    check_gradients(compiled, layer)


@pytest.mark.parametrize("kernels", ["loops", "auto"])
def test_a_compiled_layer_gives_the_same(kernels: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one graph, with the recurrences as operators."""
    monkeypatch.setenv("FOCUS_KERNELS", kernels)
    layer = focus_layer()
    check_compiled(torch.compile(layer, backend="aot_eager", fullgraph=True), layer)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch warns of its own modules, and of complex numbers
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch's compiler needs g++")
def test_torchs_own_compiler_gives_the_same() -> None:
    layer = focus_layer()
    check_compiled(torch.compile(layer, fullgraph=True), layer)


def test_a_coupled_layer_compiles_too() -> None:
    layer = focus_layer(filter="coupled")
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    with torch.no_grad():
        assert (compiled(draw(2, 23)) - layer(draw(2, 23))).abs().max() < CLOSE


@pytest.mark.parametrize("options", [{}, {"bin_length": 4}, {"oversampling": 3, "theta_shift": 2}])
@pytest.mark.parametrize("example", [1, 23])
def test_one_exported_graph_serves_every_length(options: dict[str, Any], example: int) -> None:
    layer = focus_layer(**options)
    graph = layer.exported(draw(2, example)).module()
    for batch, length in [(2, length) for length in LENGTHS] + [(1, 23), (5, 9)]:
        x_BLD = draw(batch, length)
        with torch.no_grad():
            assert (graph(x_BLD) - layer(x_BLD)).abs().max() < CLOSE
    with pytest.raises((AssertionError, RuntimeError)):
        graph(draw(1, layer.max_length + 1))


LOADS = """
import sys, torch
from focus_core import FocusLayer
graph = torch.export.load(f"{sys.argv[1]}/layer.pt2").module()
x = torch.load(f"{sys.argv[1]}/x.pt", weights_only=True)
with torch.no_grad():
    torch.save(graph(x), f"{sys.argv[1]}/y.pt")
"""


def test_another_process_loads_an_exported_graph(tmp_path: Path) -> None:
    layer, x_BLD = focus_layer(), draw(3, 31)
    torch.export.save(layer.exported(draw(2, 23)), tmp_path / "layer.pt2")
    torch.save(x_BLD, tmp_path / "x.pt")
    code = [sys.executable, "-c", LOADS, str(tmp_path)]
    subprocess.run(code, cwd=ROOT, check=True)
    with torch.no_grad():
        found = torch.load(tmp_path / "y.pt", weights_only=True)
        assert (found - layer(x_BLD)).abs().max() < CLOSE
    late = [*code[:2], LOADS.replace("from focus_core import FocusLayer", ""), str(tmp_path)]
    alone = subprocess.run(late, cwd=ROOT, capture_output=True, check=False)
    assert alone.returncode == 1  # control: torch alone does not know the operators


@pytest.mark.parametrize("name", [name for name in layer_names() if name != "S4Layer"])
def test_every_other_layer_is_exported_at_one_length(name: str) -> None:
    torch.manual_seed(0)
    layer = getattr(focus_core, name)(WIDTH, max_length=32).eval()
    graph: Any = torch.export.export(layer, (draw(2, 23),)).module()
    with torch.no_grad():
        assert (graph(draw(2, 23)) - layer(draw(2, 23))).abs().max() < CLOSE
        assert (graph(-draw(2, 23)) - layer(draw(2, 23))).abs().max() > CLOSE  # control


@EVERY
def test_every_layer_compiles(name: str) -> None:
    torch.manual_seed(0)
    layer = getattr(focus_core, name)(WIDTH, max_length=32).eval()
    compiled: Any = torch.compile(layer, backend="aot_eager")
    for length in (23, 8):
        with torch.no_grad():
            assert (compiled(draw(2, length)) - layer(draw(2, length))).abs().max() < CLOSE
    check_gradients(compiled, layer)


def test_a_system_without_such_a_graph_says_so() -> None:
    layer = focus_core.HyenaLayer(WIDTH, max_length=32).eval()
    with pytest.raises(UserError, match="no graph for every length: export it at one length"):
        layer.exported(draw(2, 23))


@EVERY
def test_copies_and_pickles_compute_the_same(name: str) -> None:
    layer = getattr(focus_core, name)(WIDTH, max_length=32).eval()
    copies = [copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))]
    with torch.no_grad():
        assert all(torch.equal(other(draw(2, 23)), layer(draw(2, 23))) for other in copies)
        next(copies[0].parameters()).add_(1)
        assert not torch.equal(copies[0](draw(2, 23)), layer(draw(2, 23)))
    assert type(copies[1]) is type(layer)


def test_two_processes_have_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    """Each process has half of the batch; torch's DistributedDataParallel takes the mean."""
    code = [sys.executable, "-m", "tests.focus_core.one_of_two", str(tmp_path)]
    running = [subprocess.Popen([*code, str(rank)], cwd=ROOT) for rank in (0, 1)]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    layer = focus_layer()
    layer(draw(4, 23)).square().mean().backward()
    alone = focus_layer()
    alone(draw(4, 23)[:2]).square().mean().backward()
    differs = False
    found = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None
        assert torch.equal(found[0][name], found[1][name])
        scale = max(1e-3, float(parameter.grad.abs().max()))
        assert (found[0][name] - parameter.grad).abs().max() < 1e-5 * scale
        own = alone.get_parameter(name).grad
        assert own is not None
        differs |= bool((own - parameter.grad).abs().max() > 1e-3 * scale)
    assert differs  # control: half of the batch alone has another gradient
