"""A look into a trial, from numbers written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

TRIAL = "0123456789ab"
RADII = [0.2, 0.5, 0.8]  # of one pole, by bin
STEPS, POINTS = 40, 9


def gain_db(radius: float) -> list[float]:
    turn = np.exp(-1j * np.linspace(0, np.pi, POINTS))
    return [float(g) for g in -20 * np.log10(np.abs(1 - radius * turn))]


def made_look() -> dict[str, Any]:
    """Two layers with one pole a bin, the same in both channels; the key in bin 1."""
    layer = {
        "unit": "bin",
        "reversed": False,
        "important": 1,
        "places": [0, 1, 2],
        "impulse": [[[r**t for t in range(STEPS)] for r in RADII]] * 2,
        "mean_db": [gain_db(r) for r in RADII],
        "channel_db": [[gain_db(r) for r in RADII]] * 2,
    }
    timings = [{"length": 64 * 2**n, "forward_ms": 2.0**n, "step_ms": 3 * 2.0**n} for n in range(4)]
    return {
        "format": 1,
        "trial_id": TRIAL,
        "seed": 1,
        "task": "far_recall",
        "length": 48,
        "mixer": "focus",
        "filter": "adaptive",
        "bin_length": 16,
        "resets": False,
        "backwards": False,
        "leaks": [],
        "key_place": 20,
        "channels": [3, 7],
        "layers": [layer | {"layer": 0}, layer | {"layer": 1}],
        "timings": {"focus": timings, "flash_transformer": timings[:2]},
        "hardware": {"cpu": "A <CPU>", "cpus": 2},
        "versions": {"python": "3.11", "torch": "2.13"},
    }


def put(home: Path, look: dict[str, Any]) -> Path:
    path = home / "looks" / f"{look['trial_id']}-seed{look['seed']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(look))
    return path
