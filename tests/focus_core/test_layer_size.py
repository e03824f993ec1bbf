"""The Focus layer is read in one sitting, and its ablations stand beside it."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest
from torch import nn

from focus_core.systems.focus.choice import ABLATED, chosen
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.mixer import FocusMixer
from focus_core.systems.focus.options import FocusOptions
from search_spaces.variants import VARIANTS
from tests.configs import model_config
from tests.focus_core.causality import small_config, small_net
from tests.narrowing import kind

FOCUS = "focus_core.systems.focus"
FOLDER = Path(__file__).parents[2] / FOCUS.replace(".", "/")
LAYER = ("hypernetwork", "recurrence", "filters", "mixer")
"""The files of the layer, in the order of the paper's equations."""
STEP = "stepping"
"""The file of the layer's decoding step, which takes no part in a training."""
SEAM = "choice"
"""The file that takes the layer or an ablation."""
MOST_LINES = 500
BESIDE = {"ablations", "token_wise", "views"}
# Options of parts that the layer has not, counts that are given as lengths, and the system's name.
OF_ABLATIONS = {"taps", "ema_size", "static_per", "nfft", "nfft_factor", "theta", "theta_rank"}
OF_ABLATIONS |= {"poles", "time_min", "time_max", "mixer", "bins", "chunks"}


def source(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


def imported(code: str) -> set[str]:
    """The parts of the Focus system that a source imports: a file or folder of its own."""
    found = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return {name.split(".")[3] for name in found if name.startswith(f"{FOCUS}.")}


def ours(net: nn.Module) -> set[str]:
    """The modules of the Focus system whose classes a network consists of."""
    names = {type(module).__module__ for module in net.modules()}
    return {name.removeprefix(f"{FOCUS}.") for name in names if name.startswith(FOCUS)}


def unread(code: str) -> set[str]:
    """The layer's options that neither its source reads nor the choice asks for."""
    own = {f.name for f in dataclasses.fields(FocusConfig)} & FocusOptions.__annotations__.keys()
    read = set(re.findall(r"\bmodel\.(\w+)", code))
    return own - read - set(ABLATED) - OF_ABLATIONS


def test_the_layer_and_the_choice_have_few_lines() -> None:
    lines = sum(len(source(name).splitlines()) for name in (*LAYER, SEAM))
    assert lines <= MOST_LINES


@pytest.mark.parametrize("name", LAYER)
def test_the_layer_imports_nothing_but_itself_and_its_options(name: str) -> None:
    assert imported(source(name)) <= {*LAYER, STEP, "config"}


def test_the_step_imports_nothing_but_the_options() -> None:
    assert imported(source(STEP)) == {"config"}


def test_the_choice_alone_imports_both() -> None:
    assert imported(source(SEAM)) == {"mixer", "ablations", "config"}


def test_negative_control_an_import_of_an_ablation_is_seen() -> None:
    late = f"def f():\n    from {FOCUS}.ablations.gains import l2_gain"
    assert imported(late) & BESIDE
    assert imported(f"from {FOCUS} import token_wise") & BESIDE


def test_the_papers_equations_are_on_the_lines_in_their_order() -> None:
    named = [re.findall(r"Eq\. (\d+)(?:(?:, |-)(\d+))?", source(name)) for name in LAYER]
    spans = [[range(int(a), int(b or a) + 1) for a, b in found] for found in named]
    assert [max(span[-1] for span in found) for found in spans] == [3, 6, 8, 14]
    assert {n for found in spans for span in found for n in span} == set(range(1, 15))


@pytest.mark.parametrize("sizes", [{}, {"filters": 3, "order": 1, "theta_shift": 2}])
def test_a_network_at_the_default_options_is_made_of_the_layer_alone(sizes: dict[str, int]) -> None:
    assert ours(small_net(small_config(**sizes))) == {"hypernetwork", "filters", "mixer"}


def test_negative_control_an_ablation_is_seen_in_the_network() -> None:
    assert {name.split(".")[0] for name in ours(small_net(small_config(gain="l2")))} & BESIDE


def test_every_option_is_read_by_the_layer_or_takes_an_ablation() -> None:
    assert unread("".join(map(source, LAYER))) == set()
    assert unread("") >= {"conv_squash", "hyper_width", "key_width"}  # control: nothing is read


def test_every_ablated_option_takes_another_class() -> None:
    resolved = model_config().resolved(64)
    assert chosen(resolved) is FocusMixer
    for name in ABLATED:
        assert chosen(dataclasses.replace(resolved, **{name: "other"})) is not FocusMixer
    assert chosen(dataclasses.replace(resolved, theta_shift=0)) is not FocusMixer


def test_some_variants_are_the_layer_and_most_are_ablations() -> None:
    focus = [name for name, v in VARIANTS.items() if "model.mixer" not in v.changes]
    layer = {name for name in focus if chosen(kind(FocusConfig, small_config(name))) is FocusMixer}
    assert "base" in layer
    assert 1 < len(layer) < len(focus) / 2
