"""The model's fields. A field belongs to a trial's identity only where it has any effect."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

from focus_core.config import activity as active
from focus_core.config.fields import FRACTION, NOT_NEGATIVE, POSITIVE, one_of, option
from focus_core.systems import SYSTEMS

_is_implicit = active.reads("implicit_width")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """One network: an embedding, ``layers`` blocks of (mixer, FFN), a norm and a head.

    Letters in brackets are the paper's. Bins and chunks are lengths in tokens; ``mode="paper"``
    also takes their counts (``bins``, ``chunks``), as the paper prints them, and is the only mode
    that builds a model which can see the future.
    """

    mode: Literal["strict", "paper"] = "strict"
    mixer: str = option("focus", one_of(SYSTEMS))
    width: int = option(64, POSITIVE)  # D
    layers: int = option(2, POSITIVE)
    # default: of the mixer's Frame, as below
    ffn_width: int | None = option(None, POSITIVE, when=active.has_feed_forward)
    # S4 and S4D stand without one in their papers
    feed_forward: bool = option(True, later=True)
    dropout: float = option(0.0, FRACTION)
    key_width: int | None = option(None, POSITIVE, when=active.attends_by("key_width"))  # z
    value_width: int | None = option(None, POSITIVE, when=active.attends_by("value_width"))  # v
    heads: int = option(1, POSITIVE, when=active.reads("heads"))
    # M; Transformer-XL's segment
    chunk_length: int = option(16, POSITIVE, when=active.attends_by("chunk_length"))
    chunks: int | None = option(None, POSITIVE, when=active.attends_by("chunks"))  # C, paper mode
    # every token sees the last M instead of those of its chunk
    sliding: bool = option(False, when=active.has_attention, later=True)

    state_size: int = option(64, POSITIVE, when=active.reads("state_size"), later=True)  # N
    taps: int | None = option(None, POSITIVE, when=active.convolves_shortly, later=True)
    # of the network that writes Hyena's filters
    implicit_width: int = option(64, POSITIVE, when=_is_implicit, later=True)
    # published: 5 and 10 for recall; 33, trained, and 14 for language
    implicit_features: int = option(5, POSITIVE, when=_is_implicit, later=True)
    implicit_frequency: float = option(10.0, POSITIVE, when=_is_implicit, later=True)
    implicit_features_trained: bool = option(False, when=_is_implicit, later=True)
    implicit_frequency_trained: bool = option(True, when=_is_implicit, later=True)
    # Transformer-XL's u and v: one pair for all layers, as published, or one for each
    position_bias: Literal["shared", "layer"] = option(
        "shared", when=active.has_several_relative_layers, later=True
    )

    filter: Literal["adaptive", "static", "coupled", "ema", "none", "shortconv"] = option(
        "adaptive", when=active.is_focus
    )
    ema_size: int = option(4, POSITIVE, when=active.averages)
    order: int = option(2, when=active.has_bank)  # P
    filters: int = option(1, POSITIVE, when=active.has_filters)  # F
    parameterisation: Literal[
        "sigmoid", "lattice", "ek", "triangle", "polar", "cascade", "ema"
    ] = option("sigmoid", when=active.has_bank)  # fmt: skip
    gain: Literal["none", "l2", "dc", "peak"] = option("none", when=active.has_bank)
    realisation: Literal["recurrence", "sampled", "literal", "circular"] = option(
        "recurrence", when=active.has_bank
    )
    carry: bool = option(False, when=active.has_several_bins)
    # bin: each bin of a training sequence has static filters of its own, by its number
    static_per: Literal["sequence", "bin"] = option(
        "sequence", when=active.has_static_bins, later=True
    )
    bin_length: int = option(16, POSITIVE, when=active.has_bins)  # R
    bins: int | None = option(None, POSITIVE, when=active.has_bins)  # Nbins, paper mode
    nfft_factor: int = option(2, POSITIVE, when=active.is_in_frequency)  # NFFT / R
    # NFFT; overrides nfft_factor
    nfft: int | None = option(None, POSITIVE, when=active.is_in_frequency)

    oversampling: int = option(4, POSITIVE, when=active.is_generated)  # O
    hyper_width: int = option(64, POSITIVE, when=active.is_generated)
    theta_shift: int = option(1, when=active.is_adaptive)  # bins; 0 leaks
    global_conv: Literal["causal", "circular", "none", "ema", "layer", "two_sided"] = option(
        "causal", when=active.is_generated
    )
    # lambda of Fu et al. 2023
    conv_squash: float = option(0.003, NOT_NEGATIVE, when=active.is_convolved)
    conv_dropout: float = option(0.0, FRACTION, when=active.is_convolved)

    # The Focus layer, since 0.2. Where keys, values and gates read from:
    key_from: Literal["filtered", "input"] = option(
        "filtered", when=active.has_filtered_attention, later=True
    )
    value_from: Literal["filtered", "input"] = option(
        "filtered", when=active.has_filtered_attention, later=True
    )
    gates_from: Literal["filtered", "input"] = option(
        "filtered", when=active.has_filter, later=True
    )
    attention: Literal["chunked", "none"] = option("chunked", when=active.is_focus, later=True)
    short_conv: int = option(0, NOT_NEGATIVE, when=active.has_filter, later=True)  # taps in front
    filter_skip: bool = option(False, when=active.has_filters, later=True)  # + omega x
    pooling: Literal["max", "avg", "last", "lse"] = option(
        "max", when=active.has_wide_windows, later=True
    )
    hyper_activation: Literal["sigmoid", "tanh", "relu", "linear"] = option(
        "sigmoid", when=active.is_generated, later=True
    )
    hyper_scope: Literal["layer", "shared"] = option(
        "layer", when=active.has_several_hypernetworks, later=True
    )
    theta_init: Literal["hyperfan_in", "hyperfan_out", "xavier", "identity", "mid"] = option(
        "hyperfan_in", when=active.is_adaptive, later=True
    )
    first_bin: Literal["learned", "half", "zero", "roll"] = option(
        "learned", when=active.has_first_bin, later=True
    )
    # every block also mixes the reversed sequence, with weights of its own
    bidirectional: bool = option(False, when=active.classifies, later=True)
    # filter=coupled: complex pole pairs as rotations, state carried
    theta: Literal["token", "bin", "static"] = option("token", when=active.is_coupled, later=True)
    theta_rank: int | None = option(  # of the map across channels; none: a full matrix
        16, POSITIVE, when=active.is_coupled_adaptive, later=True
    )
    poles: Literal["complex", "real"] = option("complex", when=active.is_coupled, later=True)
    # time constants at the start, in tokens, spread over channels
    time_min: float = option(1.5, POSITIVE, when=active.is_coupled, later=True)
    time_max: float = option(30.0, POSITIVE, when=active.is_coupled, later=True)

    def leaks(self) -> tuple[str, ...]:
        """Why this model can see the future; empty for a causal one."""
        return SYSTEMS[self.mixer].leaks(self)

    def promises_causality(self) -> bool:
        """Whether no output may depend on a later token; a bidirectional classifier's may."""
        return not self.bidirectional and not self.leaks()

    def first_seen(self, position: int) -> int:
        """The first token that can reach ``position``, through all layers, by attention alone.

        What a filter carries is not counted; where there is no attention, what the system has in
        its place.
        """
        return SYSTEMS[self.mixer].first_seen(self, position)

    def resolved(self, length: int | None = None) -> ModelConfig:
        """Fill in what follows from other fields, so that one network has one spelling.

        Args:
            length: tokens in a sequence; needed only where bins or chunks are given as counts.

        Raises:
            ValueError: counts without a length.
        """
        if length is None and (self.bins is not None or self.chunks is not None):
            raise ValueError("model.bins and model.chunks are counts: resolve them with a length")
        bin_length = self.bin_length if self.bins is None else math.ceil((length or 0) / self.bins)
        chunk_length = (
            self.chunk_length if self.chunks is None else math.ceil((length or 0) / self.chunks)
        )
        same_everywhere = self.filter == "static" and self.static_per == "sequence"
        if length is not None and same_everywhere and self.carry:
            bin_length = length  # never reset: one bin
        bins = self.theta_shift + 2 if length is None else math.ceil(length / bin_length)
        # The first bins' filters are learned: with no bin after them the hypernetwork is not read.
        generated = self.theta_shift < bins
        frame = SYSTEMS[self.mixer].frame
        attends = self.mixer != "focus" or self.attention != "none"
        filled = dataclasses.replace(
            self,
            ffn_width=(self.feed_forward and self.ffn_width) or frame.ffn_ratio * self.width,
            key_width=self.key_width or max(2, self.width // frame.key_share),
            value_width=self.value_width or frame.value_ratio * self.width,
            taps=self.taps or frame.taps,
            # one chunk is one window
            sliding=self.sliding and (length is None or chunk_length < length),
            chunk_length=chunk_length if attends else 1,
            chunks=None,
            bin_length=bin_length,
            bins=None,
            nfft=self.nfft or self.nfft_factor * bin_length,
            carry=self.carry and bins > 1,
            static_per=self.static_per if bins > 1 else "sequence",
            theta="static" if self.theta == "bin" and bins == 1 else self.theta,
            theta_shift=min(self.theta_shift, bins),
            global_conv=self.global_conv if generated else "none",
            # more pooling windows than a bin has tokens only repeat values
            oversampling=min(self.oversampling, bin_length),
            theta_init="hyperfan_in" if self._starts_as_fan_in(generated) else self.theta_init,
        )
        return dataclasses.replace(filled, mode="paper" if filled.leaks() else "strict")

    def _starts_as_fan_in(self, generated: bool) -> bool:
        """True if ``theta_init`` is another name of hyperfan_in here."""
        # the fans differ in how F filters share the variance
        same_fan = self.theta_init == "hyperfan_out" and self.filters == 1
        return same_fan or (not generated and self.theta_init != "identity")
