"""A trained network as a folder that needs torch and safetensors alone: written, and loaded again.

``config.json`` says how the network is built, and ``model.safetensors`` has its weights. Both are
plain data, and digests in ``config.json`` cover both. Loading runs no code of the folder, but for a
plugin's text that the caller names.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model, save_model

from focus_core.config.of_export import digest, read_bytes, read_export, sealed
from focus_core.errors import UserError, require
from focus_core.outside.plugin import Plugin
from focus_core.systems import SYSTEMS
from focus_core.tools.exported_plugin import Needed, named, the_needed
from focus_core.tools.layer import checked_model
from focus_core.training.network import SequenceModel, build_model

CONFIG, WEIGHTS = "config.json", "model.safetensors"
Readout = Literal["each", "mean"]


class Shape(NamedTuple):
    """What a network is built from besides its model: see ``build_model``."""

    vocab_size: int | None
    num_outputs: int
    max_length: int
    readout: Readout
    channels: int


def write(
    folder: Path,
    net: SequenceModel,
    shape: Shape,
    trial: Mapping[str, Any],
    plugins: Mapping[Needed, Plugin] | None = None,
) -> None:
    """Write the network into a folder that is there.

    Args:
        folder: the folder.
        net: the network.
        shape: what the network was built from.
        trial: facts about its training, as plain data; ``load`` does not read them.
        plugins: what the trial needs from outside; the folder gets its text.

    Raises:
        OSError: a file cannot be written.
        UserError: the network of a plugin has what no such file can hold.
    """
    _save(net, folder / WEIGHTS)
    needed = plugins or {}
    for each, plugin in needed.items():
        if each.file:
            (folder / each.file).write_bytes(plugin.source.encode())
    said = {
        "model": vars(net.config),
        "network": shape._asdict(),
        "plugins": [each._asdict() for each in needed],
        "trial": dict(trial),
        "weights_sha256": digest((folder / WEIGHTS).read_bytes()),
    }
    (folder / CONFIG).write_text(sealed(said), encoding="utf-8")
    (folder / WEIGHTS).chmod((folder / CONFIG).stat().st_mode)  # safetensors writes for one user


def load(folder: str | Path, plugin: str | Path | None = None) -> SequenceModel:
    """The network that ``python -m sweeps.export`` wrote, on the CPU and in evaluation mode.

    Args:
        folder: the folder.
        plugin: for a mixer from outside: the file with its code, which is run, or the name of the
            entry point of an installed package. It must be the code of the trial.

    Returns:
        A module from tokens (B, L), int64, or real numbers to logits (B, L or 1, outputs).

    Raises:
        UserError: a file is missing, was changed, or is of another program; the plugin is missing,
            or has other code.
    """
    place = Path(folder)
    said = read_export(place / CONFIG)
    weights = place / WEIGHTS
    require(
        digest(read_bytes(weights)) == said["weights_sha256"],
        f"{weights} has other weights than its {CONFIG} says: export the trial again",
    )
    with _as_described(place / CONFIG):
        needed = the_needed(said["plugins"], said["model"]["mixer"])
    with named(place, needed, plugin):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)  # a mixer from outside may draw: every load gives the same
            net = _build(said, place / CONFIG)
        try:
            load_model(net, str(weights))
        except (SafetensorError, RuntimeError) as error:
            words = " ".join(str(error).split())[:200]
            raise UserError(f"{weights} does not fit its {CONFIG} ({words})") from None
        return net.eval()


def _save(net: SequenceModel, path: Path) -> None:
    try:
        save_model(net, str(path), metadata={"format": "pt"})
    except SafetensorError as error:
        raise OSError(str(error)) from None
    except OSError:
        raise
    except Exception as error:  # what a plugin registers may be of any kind
        words = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise UserError(
            f"the mixer {net.config.mixer} has a state that safetensors cannot hold ({words}): "
            "register dense tensors alone, each with its own memory"
        ) from error


def _build(said: Mapping[str, Any], path: Path) -> SequenceModel:
    options, given = said["model"], said["network"]
    with _as_described(path):
        shape = Shape(**given)
        known = shape.readout in get_args(Readout) and shape.num_outputs > 0
        require(known, f"{shape.num_outputs} outputs with read-out {shape.readout!r}")
        system = SYSTEMS[options["mixer"]]
        names = {field.name for field in dataclasses.fields(system.config)}
        require(names == options.keys(), f"its options must be {', '.join(sorted(names))}")
        model = checked_model(system.config(**options), shape.max_length)
        return build_model(model, **shape._asdict())


@contextmanager
def _as_described(path: Path) -> Iterator[None]:
    """Whatever a config with odd content causes becomes one line."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        words = " ".join(str(error).split())[:200]
        raise UserError(f"{path} describes no network of this version ({words})") from None
