"""Turns the ledger into numbers, figures and pages; imports neither ray nor mlflow."""

import sys
from pathlib import Path

# ``python analysis/report.py`` puts this folder first on the path. The folder's ``statistics``
# would then hide Python's own module, so the folder is removed from the path.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if not place or Path(place).resolve() != _HERE]
