"""Try a mixer or a task from outside before a sweep begins. B batch, L length, D width."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from focus_core.config import TrialConfig
from focus_core.errors import UserError, require
from focus_core.outside.loading import DEFAULTS_OF_OTHERS
from focus_core.outside.plugin import Plugin, where_in
from focus_core.outside.task import Task
from focus_core.tasks import build_task
from focus_core.tools.decoding import Decoder
from focus_core.training.causality import causality_leak
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.network import SequenceModel, build_model

LENGTH, SHORTER = 64, 17
SYMBOLS = 4
TOLERANCE = 1e-3
"""The largest difference between outputs that must agree, in float32."""


def probe(plugins: Sequence[Plugin]) -> None:
    """Try all mixers and tasks of ``plugins`` with their default options.

    Raises:
        UserError: one would break a promise of every mixer or task: shapes, finite numbers, no
            look into the future, no chance and no other sequence in an evaluation, steps that agree
            with ``forward``, data that a seed decides.
    """
    for plugin in plugins:
        for name in plugin.systems:
            _saying(plugin, name, probe_mixer)
        for name in plugin.tasks:
            _saying(plugin, name, probe_task)


def probe_mixer(name: str) -> None:
    """Try one registered mixer; see ``probe``."""
    model = TrialConfig().override(DEFAULTS_OF_OTHERS | {"model.mixer": name}).model
    net = build_model(model, vocab_size=SYMBOLS, num_outputs=SYMBOLS, max_length=LENGTH)
    random = torch.Generator().manual_seed(0)
    tokens_BL = torch.randint(SYMBOLS, (2, LENGTH), generator=random)
    logits_BLV = net(tokens_BL)
    _require_finite(logits_BLV, "outputs")
    torch.autograd.backward(logits_BLV.square().mean())
    for parameter in net.parameters():
        if parameter.grad is not None:
            _require_finite(parameter.grad, "gradients")
    _attempt("a sequence shorter than the longest one", lambda: net(tokens_BL[:, :SHORTER]))
    _check_alone(net.eval(), tokens_BL)
    _check_future(net)
    if not model.why_no_step():
        _check_steps(net, tokens_BL[:, :SHORTER])


def probe_task(name: str) -> None:
    """Try one registered task; see ``probe``."""
    task = TrialConfig().override(DEFAULTS_OF_OTHERS | {"task.name": name}).task
    built: Any = build_task(task, seed=0)
    assert isinstance(built, Task)
    one, other = (built.draw(8, torch.Generator().manual_seed(0)) for _ in range(2))
    built.checked(one, 8)
    is_same = [torch.equal(a, b) for a, b in zip(one[:2], other[:2], strict=True)]
    require(
        all(is_same),
        "draw gives other sequences for the same random generator: take every number from it",
    )
    built.train_batch(1, 2)
    require(math.isfinite(built.chance), f"chance must be a number, not {built.chance!r}")


def _check_future(net: SequenceModel) -> None:
    """Require what is required of our own systems: a mixer that leaks must say so."""
    leak = _attempt(
        "float64, in which the probe for causality computes (make new tensors with the type of x)",
        lambda: causality_leak(net, SYMBOLS, LENGTH, seed=0),
    )
    require(
        bool(net.config.leaks()) or leak < LEAK_TOLERANCE,
        f"it sees the future: where the probe changes a token, outputs before that token change by "
        f"{leak:.2g} of the largest change; make it causal, or say why with "
        'leaks = "..." and study it with model.mode=paper',
    )


def _check_alone(net: SequenceModel, tokens_BL: Tensor) -> None:
    """Require that in an evaluation a sequence alone decides its outputs."""
    with torch.no_grad():
        whole_BLV, again_BLV = net(tokens_BL), net(tokens_BL)
        alone_BLV = torch.cat([net(tokens_BL[i : i + 1]) for i in range(len(tokens_BL))])
    require(
        _largest(again_BLV - whole_BLV) < TOLERANCE,
        "two evaluations of the same sequences differ: draw numbers only where self.training",
    )
    require(
        _largest(alone_BLV - whole_BLV) < TOLERANCE,
        "a sequence's outputs depend on the others in its batch: never mix along the first axis",
    )


def _largest(difference: Tensor) -> float:
    return float(difference.abs().max())


def _check_steps(net: SequenceModel, tokens_BL: Tensor) -> None:
    with torch.no_grad():
        whole_BLV = net(tokens_BL)
    decoder = Decoder(net)
    state = decoder.initial_state(len(tokens_BL))
    for position, tokens_B in enumerate(tokens_BL.T):
        logits_BV, state = decoder.step(tokens_B, state)
        off = _largest(logits_BV - whole_BLV[:, position])
        require(
            off < TOLERANCE,
            f"step gives other outputs than forward, by {off:.2g} at token {position}: mend it, or "
            "leave initial_state and step out",
        )


def _require_finite(tensor: Tensor, what: str) -> None:
    is_finite = bool(tensor.isfinite().all())
    require(is_finite, f"its {what} are NaN or infinite on random tokens: mend its forward")


def _attempt(what: str, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise UserError(f"it fails for {what}: {type(error).__name__}: {error}") from error


def _saying(plugin: Plugin, name: str, tried: Callable[[str], None]) -> None:
    """Try ``name``; an error of the author's code becomes one line with its place."""
    where = f"plugin {plugin.name}: {name}"
    try:
        tried(name)
    except UserError as error:
        raise UserError(f"{where}: {' '.join(str(error).split())}") from None
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}{where_in(plugin, error)}"
        raise UserError(f"{where} raised {said}: mend the file") from error
