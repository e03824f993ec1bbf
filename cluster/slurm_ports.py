"""Print free TCP ports of this machine: ``python cluster/slurm_ports.py HOW_MANY``."""

import socket
import sys
from contextlib import ExitStack

with ExitStack() as held:
    found = [held.enter_context(socket.socket()) for _ in range(int(sys.argv[1]))]
    for each in found:  # all are held together, so no port comes twice
        each.bind(("", 0))
    print(*(each.getsockname()[1] for each in found))
