"""The Focus layer's options, and what they are once they are resolved."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from focus_core.options.fields import FRACTION, NOT_NEGATIVE, POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.options.network_frame import Frame
from focus_core.systems.counts import tokens
from focus_core.systems.focus import activity as active

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class FocusOptions(ModelConfig):
    """The Focus layer's options.

    A letter in a field's comment is the paper's symbol. Bins and chunks are given as lengths in
    tokens; ``mode="paper"`` also takes their counts (``bins``, ``chunks``), as the paper prints.
    """

    frame: ClassVar[Frame] = Frame(chunked=True)

    mixer: str = option("focus", one_of(["focus"]))
    """focus: the Focus layer."""
    key_width: int | None = option(None, POSITIVE, when=active.attends)
    """z, the width of queries and keys; none: by the frame."""
    value_width: int | None = option(None, POSITIVE, when=active.attends)
    """v, the width of values; none: by the frame."""
    chunk_length: int = option(16, POSITIVE, when=active.attends)
    """M, the tokens of a chunk of attention."""
    chunks: int | None = option(
        None, POSITIVE, when=active.attends, spells="chunk_length", count=True
    )
    """C, the number of chunks instead of their length; only in paper mode."""
    sliding: bool = option(False, when=active.attends)
    """Every token attends to the last M tokens instead of to its own chunk."""

    taps: int | None = option(None, POSITIVE, when=active.convolves_shortly)
    """The taps of the short convolution that stands in the filter's place."""
    filter: Literal["adaptive", "static", "coupled", "ema", "none", "short_conv"] = "adaptive"
    """What filters the input: filters written by the hypernetwork, learned ones, or a control."""
    ema_size: int = option(4, POSITIVE, when=active.averages)
    """The states of a channel of Mega's moving average."""
    order: int = option(2, when=active.has_bank)
    """P, the order of a filter."""
    filters: int = option(1, POSITIVE, when=active.has_recursive_filters)
    """F, the filters of a channel."""
    parameterisation: Literal[
        "sigmoid", "lattice", "ek", "triangle", "polar", "cascade", "ema"
    ] = option("sigmoid", when=active.has_bank)  # fmt: skip
    """How the coefficients are made from logits, so that filters are stable."""
    gain: Literal["none", "l2", "dc", "peak"] = option("none", when=active.has_bank)
    """What a filter's response is scaled to: nothing, its norm, its value at 0, its peak."""
    realisation: Literal["recurrence", "sampled", "literal", "circular"] = option(
        "recurrence", when=active.has_bank
    )
    """How a filter is computed; literal (Eq. 6) and circular see the future."""
    carry: bool = option(False, when=active.has_several_bins)
    """Whether a filter's state goes on into the next bin; otherwise it starts at 0."""
    static_per: Literal["sequence", "bin"] = option("sequence", when=active.has_static_bins)
    """bin: each bin of a training sequence has its own static filters, by its number."""
    bin_length: int = option(16, POSITIVE, when=active.has_bins)
    """R, the tokens of a bin: filters change from bin to bin."""
    bins: int | None = option(None, POSITIVE, when=active.has_bins, spells="bin_length", count=True)
    """Nbins, the number of bins instead of their length; only in paper mode."""
    nfft_factor: int = option(2, POSITIVE, when=active.is_in_frequency, spells="nfft")
    """NFFT / R, the points of the sampled response for each token of a bin."""
    nfft: int | None = option(None, POSITIVE, when=active.is_in_frequency)
    """NFFT, the points of the sampled response; overrides nfft_factor."""

    oversampling: int = option(4, POSITIVE, when=active.is_generated)
    """O, the windows of a bin that the hypernetwork pools."""
    hyper_width: int = option(64, POSITIVE, when=active.is_generated)
    """The width of the hypernetwork."""
    theta_shift: int = option(1, when=active.is_adaptive)
    """How many bins earlier a bin's filters are computed; 0 sees the future."""
    global_conv: Literal["causal", "circular", "none", "ema", "layer", "two_sided"] = option(
        "causal", when=active.is_generated
    )
    """The hypernetwork's view of the past; circular and two_sided see the future."""
    conv_squash: float = option(0.003, NOT_NEGATIVE, when=active.is_convolved)
    """lambda of Fu et al. 2023, by which kernel values shrink towards 0."""
    conv_dropout: float = option(0.0, FRACTION, when=active.is_convolved)
    """The share of kernel values that training drops."""

    key_from: Literal["filtered", "input"] = option("filtered", when=active.has_filtered_attention)
    """What queries and keys are computed from."""
    value_from: Literal["filtered", "input"] = option(
        "filtered", when=active.has_filtered_attention
    )
    """What values are computed from."""
    gates_from: Literal["filtered", "input"] = option("filtered", when=active.filters_the_input)
    """What gates are computed from."""
    attention: Literal["chunked", "none"] = "chunked"
    """Attention within chunks, or none."""
    short_conv: int = option(0, NOT_NEGATIVE, when=active.filters_the_input)
    """The taps of a short convolution in front of the filters; 0: none."""
    filter_skip: bool = option(False, when=active.has_recursive_filters)
    """Whether the input is added to the filtered input, with a learned weight."""
    pooling: Literal["max", "avg", "last", "lse"] = option("max", when=active.has_wide_windows)
    """How a window of the hypernetwork's input becomes one value."""
    hyper_activation: Literal["sigmoid", "tanh", "relu", "linear"] = option(
        "sigmoid", when=active.is_generated
    )
    """The activation in the hypernetwork."""
    hyper_scope: Literal["layer", "shared"] = option("layer", when=active.has_several_hypernetworks)
    """One hypernetwork for each layer, or one for all."""
    theta_init: Literal["hyperfan_in", "hyperfan_out", "xavier", "identity", "mid"] = option(
        "hyperfan_in", when=active.is_adaptive
    )
    """The initial values of the hypernetwork's last layer."""
    first_bin: Literal["learned", "half", "zero", "roll"] = option(
        "learned", when=active.has_first_bin
    )
    """The filters of the first bins, which no earlier bin writes; roll sees the future."""
    # filter=coupled: complex pole pairs as rotations, state carried
    theta: Literal["token", "bin", "static"] = option("token", when=active.is_coupled)
    """How often the poles of the coupled filter change."""
    theta_rank: int | None = option(16, POSITIVE, when=active.is_coupled_adaptive)
    """The rank of the coupled filter's map across channels; none: a full matrix."""
    poles: Literal["complex", "real"] = option("complex", when=active.is_coupled)
    """The poles of the coupled filter: complex pairs as rotations, or real."""
    time_min: float = option(1.5, POSITIVE, when=active.is_coupled)
    """The shortest initial time constant over channels, in tokens."""
    time_max: float = option(30.0, POSITIVE, when=active.is_coupled)
    """The longest initial time constant over channels, in tokens."""

    def first_seen(self, position: int) -> int:
        """The first token that can reach ``position`` by attention; filters are not counted."""
        M = self.chunk_length
        return max(0, position - self.layers * (M - 1)) if self.sliding else position // M * M

    def edges(self) -> tuple[int, ...]:
        """The positions where the first bin and the first chunk end."""
        return (self.bin_length, self.chunk_length)

    def rates(self, task: TaskConfig) -> Collection[str]:
        """The learning rate of the global convolution's kernel, if the model has one."""
        return ("conv_learning_rate",) if active.is_convolved(self, task) else ()

    def _filled(self, length: int | None) -> dict[str, Any]:
        bin_length = tokens(length, self.bin_length, self.bins)
        chunk_length = tokens(length, self.chunk_length, self.chunks)
        same_everywhere = self.filter == "static" and self.static_per == "sequence"
        if length is not None and same_everywhere and self.carry:
            bin_length = length  # the state is never reset: one bin
        bins = self.theta_shift + 2 if length is None else math.ceil(length / bin_length)
        # The first bins do not read the hypernetwork: with no bin after them, nothing does.
        generated = self.theta_shift < bins
        return super()._filled(length) | {
            "key_width": self.key_width or max(2, self.width // self.frame.key_share),
            "value_width": self.value_width or self.frame.value_ratio * self.width,
            "taps": self.taps or self.frame.taps,
            # with one chunk, the window is the chunk
            "sliding": self.sliding and (length is None or chunk_length < length),
            "chunk_length": 1 if self.attention == "none" else chunk_length,
            "chunks": None,
            "bin_length": bin_length,
            "bins": None,
            "nfft": self.nfft or self.nfft_factor * bin_length,
            "carry": self.carry and bins > 1,
            "static_per": self.static_per if bins > 1 else "sequence",
            "theta": "static" if self.theta == "bin" and bins == 1 else self.theta,
            "theta_shift": min(self.theta_shift, bins),
            "global_conv": self.global_conv if generated else "none",
            # more pooling windows than a bin has tokens only repeat values
            "oversampling": min(self.oversampling, bin_length),
            "theta_init": "hyperfan_in" if self._starts_as_fan_in(generated) else self.theta_init,
        }

    def _starts_as_fan_in(self, generated: bool) -> bool:
        """True if ``theta_init`` has the same effect as hyperfan_in here."""
        # the fans differ in how F filters share the variance
        same_fan = self.theta_init == "hyperfan_out" and self.filters == 1
        return same_fan or (not generated and self.theta_init != "identity")
