"""What commands and their libraries set for the whole process, put back when they are done.

A command may be called by another program, which has settings of its own.
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
"""Set where torch is imported; torch finds it again."""


@contextmanager
def as_found() -> Iterator[None]:
    """Levels of loggers, filters of warnings, and variables, are afterwards as they were."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    before = dict(os.environ)
    with warnings.catch_warnings():
        try:
            yield
        finally:
            if not levels["optuna"] and "optuna" in sys.modules:  # imported meanwhile
                levels["optuna"] = logging.INFO  # as optuna starts
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            tracking: Any = sys.modules.get("sweeps.tracking")
            ours = {} if tracking is None else tracking.ENVIRONMENT
            for name in {*ours, TORCH_CACHE} - before.keys():
                os.environ.pop(name, None)
