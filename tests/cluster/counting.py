"""The launcher, with a count of what workers really trained: ``counting.py FILE LAUNCHER'S WORDS``.

Every report that arrives is a line ``TRIAL_ID STEP``, also of a step that was trained before.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sweeps import launch
from sweeps.driving.driver import Driver


def main() -> int:
    """See the module's docstring; returns the launcher's exit code."""
    with Path(sys.argv[1]).open("a", buffering=1) as lines:
        record = Driver.report

        def report(self: Driver, trial_id: str, metrics: dict[str, float]) -> bool:
            lines.write(f"{trial_id} {metrics['step']:.0f}\n")
            return record(self, trial_id, metrics)

        Driver.report = report  # type: ignore[method-assign]
        return launch.main(sys.argv[2:], own_process=True)


if __name__ == "__main__":
    sys.exit(main())
