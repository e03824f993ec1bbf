"""One of two processes that train one layer: ``python -m tests.focus_core.one_of_two DIR RANK``."""

import os
import sys
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from tests.focus_core.layers_here import draw, focus_layer


def main(folder: Path, rank: int) -> None:
    """Write the gradients that this process has after one step."""
    meeting = f"file://{folder / 'meeting'}"
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    try:
        layer = focus_layer()
        both = DistributedDataParallel(layer)
        both(draw(4, 23)[2 * rank : 2 * rank + 2]).square().mean().backward()
        gradients = {name: p.grad for name, p in layer.named_parameters()}
        torch.save(gradients, folder / f"{rank}.pt")
        del both
        distributed.barrier()  # neither process leaves while the other still talks to it
    finally:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)  # gloo's threads once aborted an interpreter that ended; the gradients are written
