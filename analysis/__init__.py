"""Reading the ledger: numbers, pictures, pages. Never ray, never mlflow."""

import sys
from pathlib import Path

# ``python analysis/report.py`` puts this folder first on the path: its ``statistics`` would then
# hide Python's own.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if not place or Path(place).resolve() != _HERE]
