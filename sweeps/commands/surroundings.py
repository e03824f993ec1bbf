"""Restore what commands and their libraries set for the whole process, when a command is done.

Another program, which has its own settings, may have called the command.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOGGERS = ("alembic", "mlflow", "optuna", "urllib3")
TORCH_CACHE = "TORCHINDUCTOR_CACHE_DIR"
"""Torch sets this variable, and sets it again when it needs it."""


@contextmanager
def as_found() -> Iterator[None]:
    """Afterwards, restore logger levels and warning filters, and remove the variables set here."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    before = dict(os.environ)
    with warnings.catch_warnings():
        try:
            yield
        finally:
            if not levels["optuna"] and "optuna" in sys.modules:  # imported meanwhile
                levels["optuna"] = logging.INFO  # Optuna's default level
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            tracking: Any = sys.modules.get("sweeps.showing.tracking.clients")
            ours = {} if tracking is None else tracking.ENVIRONMENT
            for name in {*ours, TORCH_CACHE} - before.keys():
                os.environ.pop(name, None)
