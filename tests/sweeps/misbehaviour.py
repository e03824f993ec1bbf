"""Copied to a folder on PYTHONPATH as sitecustomize.py: makes trials misbehave in their workers.

FAULTS is a JSON object: ``"bin_length/nfft"`` of a trial, or ``"*"``, to the name of a
fault, which strikes at every evaluation's first step. ``"between"``: when a worker is
made ready for its next trial, it dies (leave) or is not ready in time (refuse). ``"after"``: the
fault strikes after a trial's last report. FAULTS_ONCE, a folder: each strikes once.
"""

import importlib.abc
import importlib.util
import json
import os
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

FIRST_STEP = 15


def fail(replicate: object) -> None:
    raise ValueError("this trial misbehaves")


def leave(replicate: object) -> None:
    os._exit(3)


def hang(replicate: object) -> None:
    time.sleep(600)


def slow(replicate: object) -> None:
    time.sleep(0.6)  # reports still come: ten steps a report


def diverge(replicate: Any) -> None:
    import torch

    with torch.no_grad():
        next(replicate.net.parameters()).fill_(float("nan"))


def hog(replicate: Any) -> None:
    replicate.hoard = bytearray(b"x") * 3_000_000_000
    time.sleep(60)


def device_memory(replicate: object) -> None:
    import torch

    raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def full_disk(replicate: object) -> None:
    raise OSError(28, "No space left on device")


STRIKES = (fail, leave, hang, slow, diverge, hog, device_memory, full_disk)


def first_time(name: str) -> bool:
    folder = os.environ.get("FAULTS_ONCE")
    if folder is None:
        return True
    try:
        Path(folder, name.replace("/", "-").replace("*", "all")).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def misbehave(module: Any) -> None:
    faults = json.loads(os.environ["FAULTS"])
    known = {strike.__name__: strike for strike in STRIKES}
    original_init, original_step = module.Replicate.__init__, module.Replicate.train_step

    def init(self: Any, trial: Any, seed: int, device: object) -> None:
        original_init(self, trial, seed, device)
        self.place = f"{trial.model.bin_length}/{trial.model.nfft}"
        self.struck = False

    def train_step(self: Any, step: int) -> None:
        place = self.place if self.place in faults else "*"
        fault = faults.get(place)
        if fault == "slow" and (self.struck or first_time(place)):
            self.struck = True
            slow(self)
        elif fault is not None and step == FIRST_STEP and first_time(place):
            known[fault](self)
        original_step(self, step)

    module.Replicate.__init__, module.Replicate.train_step = init, train_step


def strike_between(module: Any) -> None:
    original = module.FunctionTrainable.reset_config

    def reset_config(self: Any, new_config: dict[str, Any]) -> Any:
        fault = json.loads(os.environ["FAULTS"]).get("between")
        if fault is not None and first_time("between"):
            return leave(self) if fault == "leave" else False
        return original(self, new_config)

    module.FunctionTrainable.reset_config = reset_config


def strike_after(module: Any) -> None:
    original = module.fit

    def fit(*args: Any, **options: Any) -> None:
        original(*args, **options)
        fault = json.loads(os.environ["FAULTS"]).get("after")
        if fault is not None and first_time("after"):
            {"leave": leave, "fail": fail}[fault](None)

    module.fit = fit


PATCHES = {
    "focus_core.training.loop": strike_after,
    "focus_core.training.replicate": misbehave,
    "ray.tune.trainable.function_trainable": strike_between,
}


class Finder(importlib.abc.MetaPathFinder):
    """Patches a module when it is imported: other processes need no torch."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        patch = PATCHES.pop(name, None)
        if patch is None:
            return None
        spec = importlib.util.find_spec(name)
        assert spec is not None
        loader: Any = spec.loader
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            patch(module)

        loader.exec_module = exec_module
        return spec


if "FAULTS" in os.environ:
    sys.meta_path.insert(0, Finder())
