"""Copied to a folder on PYTHONPATH as sitecustomize.py: makes trials misbehave in their workers.

FAULTS is a JSON object: ``"bin_length/nfft"`` of a trial, or ``"*"``, to the name of a
fault, which strikes at every evaluation's first step. FAULTS_ONCE, a folder: each strikes once.
"""

import importlib.abc
import importlib.util
import json
import os
import sys
import time
from pathlib import Path

FIRST_STEP = 15


def fail(replicate):
    raise ValueError("this trial misbehaves")


def leave(replicate):
    os._exit(3)


def hang(replicate):
    time.sleep(600)


def slow(replicate):
    time.sleep(0.6)  # reports still come: ten steps a report


def diverge(replicate):
    import torch

    with torch.no_grad():
        next(replicate.net.parameters()).fill_(float("nan"))


def hog(replicate):
    replicate.hoard = bytearray(b"x") * 3_000_000_000
    time.sleep(60)


def device_memory(replicate):
    import torch

    raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def full_disk(replicate):
    raise OSError(28, "No space left on device")


STRIKES = (fail, leave, hang, slow, diverge, hog, device_memory, full_disk)


def first_time(name):
    folder = os.environ.get("FAULTS_ONCE")
    if folder is None:
        return True
    try:
        Path(folder, name.replace("/", "-").replace("*", "all")).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def misbehave(module):
    faults = json.loads(os.environ["FAULTS"])
    known = {strike.__name__: strike for strike in STRIKES}
    original_init, original_step = module.Replicate.__init__, module.Replicate.train_step

    def init(self, trial, seed, device):
        original_init(self, trial, seed, device)
        self.place = f"{trial.model.bin_length}/{trial.model.nfft}"
        self.struck = False

    def train_step(self, step):
        place = self.place if self.place in faults else "*"
        fault = faults.get(place)
        if fault == "slow" and (self.struck or first_time(place)):
            self.struck = True
            slow(self)
        elif fault is not None and step == FIRST_STEP and first_time(place):
            known[fault](self)
        original_step(self, step)

    module.Replicate.__init__, module.Replicate.train_step = init, train_step


class Finder(importlib.abc.MetaPathFinder):
    """Patches the module when it is imported: other processes need no torch."""

    def find_spec(self, name, path, target=None):
        if name != "focus_core.training.replicate":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            misbehave(module)

        spec.loader.exec_module = exec_module
        return spec


if "FAULTS" in os.environ:
    sys.meta_path.insert(0, Finder())
