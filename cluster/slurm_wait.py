"""Wait for the nodes of a Slurm job: ``python cluster/slurm_wait.py HOW_MANY SECONDS``.

Exits 0 once every node has joined the Ray at RAY_ADDRESS, or, when the time is over, where at least
one has. Exits 1 where there is no Ray by then.
"""

import sys
import time

import ray


def connected(until: float) -> bool:
    """Connect to Ray as soon as it is there; False when it is not there in time."""
    while time.monotonic() < until:
        try:
            ray.init(log_to_driver=False, logging_level="critical")
        except Exception:  # noqa: BLE001  Ray has many ways to say "not yet"
            time.sleep(1)
        else:
            return True
    return False


def present() -> int:
    """The number of nodes that are there."""
    return sum(bool(node["Alive"]) for node in ray.nodes())


def main(wanted: int, seconds: float) -> int:
    """Wait, and say in one line what came; returns the exit code."""
    began = time.monotonic()
    until = began + seconds
    if not connected(until):
        print(f"slurm.sbatch: no Ray answered within {seconds:g} s", file=sys.stderr)
        return 1
    while present() < wanted and time.monotonic() < until:
        time.sleep(0.5)
    has = ray.cluster_resources()
    print(
        f"Ray has {present()} of {wanted} nodes after {time.monotonic() - began:.0f} s: "
        f"{has.get('CPU', 0):g} CPUs, {has.get('GPU', 0):g} GPUs",
        flush=True,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
