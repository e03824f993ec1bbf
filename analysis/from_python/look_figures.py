"""The panels of the paper's Figures 2 to 4, for one trained trial; see ``analysis.figures``."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.from_python.choice import named
from analysis.from_python.looking import Look
from analysis.page import trial_panels

FILTERLESS = "this network has no Focus filters: only time_against_length() is drawn of it"


def impulse_response(look: Look, layer: int | str, channel: int, ax: Axes | None = None) -> Axes:
    """Figure 2: what a layer's filter answers to a single 1, in one channel; a line for each bin.

    Args:
        look: the trial.
        layer: such as 0, or ``"0 reversed"`` in a network that reads both ways.
        channel: one of ``look.channels``.
        ax: where to draw.
    """
    found = named("layer", str(layer), look.layers, {}, FILTERLESS)
    columns = {str(name): column for column, name in enumerate(look.channels)}
    column = named("channel", str(channel), columns, {}, FILTERLESS)
    return trial_panels.impulse(look.numbers, found, column).alone(look.numbers).into(ax)


def filter_response(
    look: Look, layer: int | str, channel: int | None = None, ax: Axes | None = None
) -> Axes:
    """Figure 4: the gain of a layer's filter over frequency, in decibels; a line for each bin.

    The scale is that of the whole layer, so that its channels can be compared.

    Args:
        look: the trial.
        layer: such as 0, or ``"0 reversed"`` in a network that reads both ways.
        channel: one of ``look.channels``; None: the mean over all channels of the layer.
        ax: where to draw.
    """
    found = named("layer", str(layer), look.layers, {}, FILTERLESS)
    columns = {str(name): column for column, name in enumerate([None, *look.channels])}
    column = named("channel", str(channel), columns, {}, FILTERLESS)
    return trial_panels.gain(look.numbers, found, column).alone(look.numbers).into(ax)


def time_against_length(look: Look, work: str, ax: Axes | None = None) -> Axes:
    """Figure 3: milliseconds for a sequence against its length, beside full attention.

    Args:
        look: the trial.
        work: ``forward`` or ``step`` (forward and backward).
        ax: where to draw.
    """
    one = named("work", work, {name: name for name in trial_panels.WORKS}, {}, "")
    return trial_panels.speed(look.numbers, one).alone(look.numbers).into(ax)
