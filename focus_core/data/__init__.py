"""Data sets that are fetched once and checked at every use. No torch here.

The files are in the folder that FOCUS_DATA names (default: ``focus_sweeps`` in the user's cache)::

    mnist/train-images-idx3-ubyte.gz   and the three others
    enwik8, text8                      100,000,000 bytes each
    enwik8.first4150000.xz             enough for a trial with a prefix of at most that many bytes

``python -m focus_core.data fetch mnist enwik8 text8`` fetches the data sets.
"""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

from focus_core.data.file import DataFile, Digest
from focus_core.data.sets import DATA_SETS
from focus_core.errors import UserError
from focus_core.paths import check_path

__all__ = ["DATA_SETS", "DataFile", "Digest"]


class DataMissingError(UserError, FileNotFoundError):
    """A data set is missing; an ``OSError``, because the cause is the machine and not a trial."""


class DataCorruptError(UserError, OSError):
    """A file does not have the expected size or content."""


DIGITS = "digits"  # comes with scikit-learn: nothing to fetch


def data_folder() -> Path:
    """FOCUS_DATA, else ``focus_sweeps`` in the user's cache.

    Raises:
        UserError: FOCUS_DATA is relative, and would name a different folder in every worker.
    """
    given = os.environ.get("FOCUS_DATA")
    if given:
        if not Path(given).is_absolute():
            raise UserError(
                f"FOCUS_DATA {given[:60]!r} must be a path from the root, such as "
                f"{str(Path(given[:60]).absolute())!r}: workers run in folders of their own"
            )
        return check_path("FOCUS_DATA", Path(given))
    cache = os.environ.get("XDG_CACHE_HOME")
    folder = Path(cache) if cache else Path.home() / ".cache"
    return check_path("XDG_CACHE_HOME", folder.absolute()) / "focus_sweeps"


def find_prefix(name: str) -> tuple[Path, int] | None:
    """The ``NAME.firstN.xz`` of largest N in the data folder, and N; None without such a file."""
    pattern = re.compile(rf"{re.escape(name)}\.first(\d+)\.xz")
    folder = data_folder()
    names = os.listdir(folder) if folder.is_dir() else []
    found = [(int(m[1]), folder / n) for n in names if (m := pattern.fullmatch(n))]
    return max(found)[::-1] if found else None


def digits_file() -> Path:
    """The path of scikit-learn's 8 x 8 digits, found without an import of scikit-learn.

    Raises:
        DataMissingError: scikit-learn is not installed.
    """
    found = importlib.util.find_spec("sklearn")
    folders = found.submodule_search_locations if found else None
    path = Path(folders[0], "datasets", "data", "digits.csv.gz") if folders else None
    if path is None or not path.is_file():
        raise DataMissingError(
            "task 'digits' reads the 8 x 8 digits that ship with scikit-learn, which is not "
            "installed here: pip install scikit-learn"
        )
    return path


def check_present(name: str, prefix: int = 0) -> None:
    """Raise a DataMissingError that says what to do, unless data set ``name`` is present.

    This function checks only that files exist. Reading a file checks its content.

    Args:
        name: the name of the data set.
        prefix: the number of bytes of a text that are enough; 0 for the whole text.
    """
    if name == DIGITS:
        digits_file()
        return
    absent = [f.name for f in DATA_SETS[name] if not (data_folder() / f.name).is_file()]
    found = find_prefix(name)
    if not absent or (found and 0 < prefix <= found[1]):
        return
    fetch = f"run python -m focus_core.data fetch {name}"
    if found:
        asked = f"its first {prefix} bytes are" if prefix else "it is"
        raise DataMissingError(
            f"of data set {name!r} only the first {found[1]} bytes are there ({found[0]}), and "
            f"{asked} asked for: {fetch}, or take task.prefix={found[1]}"
        )
    raise DataMissingError(
        f"data set {name!r} is not there ({data_folder() / absent[0]}): {fetch}, or let "
        "FOCUS_DATA name the folder that has it"
    )
