"""The rules for the Focus layer's own fields; each message says what would be right."""

from __future__ import annotations

from focus_core.errors import require
from focus_core.options.task import TaskConfig
from focus_core.systems.focus.options import FocusOptions
from focus_core.systems.focus.orders import BY_SIGMOID, gain_error, order_error
from focus_core.systems.rules import check_divides, check_even_keys, check_mode


def check(given: FocusOptions, model: FocusOptions, task: TaskConfig) -> None:
    """Raise a UserError for the first rule that a Focus layer breaks.

    Args:
        given: the options as the user gave them.
        model: the same options, resolved.
        task: the trial's task.
    """
    _check_mode(given)
    if model.attention != "none":
        check_divides(task.length, "chunks", model.chunk_length, given.chunks)
        check_even_keys(model.key_width)
    check_wiring(model)
    if model.filter == "coupled":
        check_coupled(model)
        if model.theta == "bin":
            check_divides(task.length, "bins", model.bin_length, given.bins)
    if model.filter in ("adaptive", "static"):
        _check_bank(model)
        check_hypernetwork(model, task)
        check_divides(task.length, "bins", model.bin_length, given.bins)
        _check_realisation(model)


def _check_mode(model: FocusOptions) -> None:
    check_mode(model)
    require(
        model.mode == "paper" or model.filter != "adaptive" or model.theta_shift >= 1,
        f"model.theta_shift must be 1 or more, not {model.theta_shift}",
    )


def check_wiring(model: FocusOptions) -> None:
    """Check that something reads the filter's output."""
    if model.filter == "none":
        return
    readers = [model.gates_from]
    if model.attention != "none":
        readers += [model.key_from, model.value_from]
    require(
        "filtered" in readers,
        "nothing reads the filter's output: leave one of model.key_from, value_from, gates_from "
        "at filtered, or use model.filter=none",
    )


def check_hypernetwork(model: FocusOptions, task: TaskConfig) -> None:
    """Check the start of the filters, in the first bins and in the others, and the squashing."""
    if model.filter != "adaptive":
        return
    _check_first_bin(model, task)
    _check_theta_init(model)
    limit = 3 * task.length**-0.5  # three standard deviations of a kernel of norm 1
    require(
        model.global_conv in ("none", "ema") or model.conv_squash < limit,
        f"model.conv_squash = {model.conv_squash:g} squashes every tap of the global convolution "
        f"to 0, where no gradient returns: use less than {limit:.2g}",
    )


def _check_first_bin(model: FocusOptions, task: TaskConfig) -> None:
    last = model.theta_shift * model.bin_length >= task.length
    require(
        model.first_bin == "learned" or model.theta_shift == 0 or not last,
        f"model.first_bin={model.first_bin} leaves no bin whose filter adapts: shorten "
        "model.bin_length or model.theta_shift",
    )
    require(
        model.first_bin != "half" or model.parameterisation in BY_SIGMOID,
        f"model.first_bin=half is zero for {model.parameterisation}, whose logits 0 are the "
        "identity filter: use model.first_bin=zero",
    )


def _check_theta_init(model: FocusOptions) -> None:
    require(
        model.theta_init != "identity" or model.parameterisation in BY_SIGMOID,
        f"model.theta_init=identity would start {model.parameterisation} at its edge: its identity "
        "is logits 0, model.theta_init=mid",
    )
    require(
        model.theta_init != "mid" or model.filters == 1,
        f"model.theta_init=mid starts the {model.filters} filters of a bank equal, and they would "
        "stay so: use model.filters=1 or model.theta_init=hyperfan_in",
    )


def check_coupled(model: FocusOptions) -> None:
    """Check that the time constants form a range of at most 500 tokens."""
    require(
        model.time_min <= model.time_max,
        f"model.time_min = {model.time_min:g} must not be above model.time_max = "
        f"{model.time_max:g} tokens",
    )
    require(
        model.time_max <= 500,
        f"model.time_max = {model.time_max:g}: use at most 500 tokens (pole radius 0.998)",
    )


def _check_bank(model: FocusOptions) -> None:
    for error in (
        order_error(model.parameterisation, model.order),
        gain_error(model.gain, model.parameterisation, model.order),
    ):
        require(error is None, f"model.order = {model.order}: {error}")
    require(model.theta_shift >= 0, f"model.theta_shift must be 0 or more, not {model.theta_shift}")


def _check_realisation(model: FocusOptions) -> None:
    if model.realisation == "recurrence":
        return
    nfft = model.nfft or 0
    require(
        nfft >= model.bin_length,
        f"model.nfft = {nfft} is shorter than the bin ({model.bin_length} tokens): "
        f"use {model.bin_length} or more",
    )
    require(
        not model.carry,
        f"model.carry needs model.realisation=recurrence: {model.realisation} filters each bin "
        "on its own",
    )
