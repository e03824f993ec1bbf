"""Bad files of a person's own data: the command names one, and one line says what is wrong."""

from __future__ import annotations

import io
import lzma
from typing import Any

import numpy as np
import pandas as pd

from tests.bad_input import Case, a_file, a_folder, space
from tests.own_files import HEAD, Row, arrays, as_npy, as_npz, as_parquet, as_ts, columns, made

SEQUENCES = made(8)
ARRAYS = arrays(SEQUENCES)


def series(name: str, *more: str) -> list[str]:
    return space("--set", "task.name=series", f"task.path={name}", "train.batch_size=4", *more)


def text(name: str, *more: str) -> list[str]:
    return space("--set", "task.name=text_file", f"task.path={name}", *more)


def bad(name: str, content: bytes, *says: str, more: tuple[str, ...] = ()) -> Case:
    """A file of series with this content, and what its line says."""
    return Case("launch", series(name, *more), list(says), a_file(name, content))


def bad_text(content: bytes, *says: str, more: tuple[str, ...] = ()) -> Case:
    return Case("launch", text("a.txt", *more), list(says), a_file("a.txt", content))


def npz(**other: Any) -> bytes:
    return as_npz(**{name: v for name, v in (ARRAYS | other).items() if v is not None})


def with_value(value: float, lengths: Any = None) -> bytes:
    """x with this value at the second position of the third sequence."""
    x = ARRAYS["x"].copy()
    x[2, 1, 0] = value
    return npz(x=x) if lengths is None else npz(x=x, lengths=lengths)


def ts_line(line: str, head: str = f"{HEAD} a b") -> bytes:
    return f"{head}\n@data\n{line}\n".encode()


ONE = [Row(rows, "a") for rows, _ in SEQUENCES]
LONELY = [*SEQUENCES, Row([[1.0, 2.0]] * 5, "c")]
TABLE = columns(SEQUENCES)
MIXED = {name: values[-1:] + values[:-1] for name, values in TABLE.items()}


def indexed() -> bytes:
    """A table whose rows were sorted or filtered, as pandas writes it."""
    file = io.BytesIO()
    rows = [number**2 for number in range(len(TABLE["c0"]))]  # no plain range
    pd.DataFrame(TABLE, index=rows).to_parquet(file)
    return file.getvalue()


PLACES = {
    "no file": Case("launch", series("gone.npz"), ["task.path 'gone.npz'", "No such file"]),
    "a folder": Case("launch", series("d.npz"), ["is no file"], a_folder("d.npz")),
    "no path": Case("launch", space("--set", "task.name=series"), ["task.path=signals.npz"]),
    "no path of a text": Case("launch", space("--set", "task.name=text_file"), ["corpus.txt"]),
    "a line break": Case("launch", series("a\nb.npz"), [r"'a\nb.npz'", "printable"]),
    "a long name": Case("launch", series("n" * 300), ["300 bytes", "at most 255"]),
    "an unknown kind": bad("a.csv", b"1,2", ".npz, .npy, .parquet, .ts or .ts.xz"),
    "an empty file": bad("a.npz", b"", "'a.npz' is empty"),
    "a half xz": bad("a.ts.xz", lzma.compress(as_ts(SEQUENCES))[:-40], "its end is missing"),
    "no xz": bad("a.ts.xz", b"plain", "no whole xz file"),
    "a wrong digest": Case(
        "launch", space("--set", "task.digest=12"), ["task.digest", "64 hexadecimal"]
    ),
    "a digest of nothing": Case(
        "launch",
        space("--set", "task.name=series", f"task.digest={'0' * 64}"),
        ["are not there", "task.path"],
    ),
    "path and other digest": bad(
        "a.npz", npz(), "other data than task.digest", more=(f"task.digest={'0' * 64}",)
    ),
}
TEXTS = {
    "a tiny text": bad_text(b"abc", "'a.txt': 3 bytes are too few", "needs 1300 or more"),
    "an empty text": bad_text(b"", "'a.txt' is empty"),
    "no UTF-8": bad_text(b"ab\xff" * 999, "byte 2 is no UTF-8", more=("task.unit=characters",)),
    "a split of 99": bad_text(b"a" * 9999, "100 in all", more=("task.split=90,5,4",)),
    "a split of words": bad_text(b"a" * 9999, "such as 90,5,5", more=("task.split=most",)),
    "too many windows": bad_text(
        b"a" * 9999, "has 7 windows", "at most 7", more=("task.test_sequences=8",)
    ),
}
ARRAYS_BAD = {
    "no npz": bad("a.npz", b"PK\3\4 and no more", "'a.npz' is no .npz file"),
    "a pickle": bad("a.npz", npz(y=np.array(["a", None])), "no array that can be read"),
    "no x": bad("a.npz", as_npz(z=np.zeros(3)), "has the arrays 'z'"),
    "no labels": bad("a.npz", npz(y=None), "there are no classes", "series_forecast"),
    "labels short": bad("a.npz", npz(y=ARRAYS["y"][:3]), "(3,)", "each of the 16 sequences"),
    "labels of real numbers": bad("a.npz", npz(y=np.linspace(0, 1, 16)), "whole numbers or texts"),
    "a flat x": bad("a.npz", npz(x=np.zeros(16)), "(sequences, length, channels)"),
    "words for numbers": bad("a.npz", npz(x=np.full((16, 8), "w")), "must be numbers"),
    "NaN": bad("a.npz", with_value(np.nan), "x, sequence 3, position 2, channel 1 is nan"),
    "infinity": bad("a.npz", with_value(-np.inf), "sequence 3, position 2, channel 1 is -inf"),
    "too large": bad("a.npz", with_value(1e39), "channel 1 is 1e+39", "32 bits"),
    "a length of 0": bad("a.npz", npz(lengths=ARRAYS["lengths"] * 0), "from 1 to 8"),
    "a length too long": bad("a.npz", npz(lengths=ARRAYS["lengths"] + 9), "from 1 to 8"),
    "a pair of one": bad("a.npy", as_npy(np.zeros((9, 8))), "NAME_labels.npy"),
    "other channels": bad(
        "a.npz", npz(x_test=np.zeros((2, 8)), y_test=np.array(["a", "b"])), "has 1 channels"
    ),
}
CLASSES = {
    "one class": bad("a.ts", as_ts(ONE), "'a.ts': there is one class, 'a'"),
    "a class of one": bad("a.ts", as_ts(LONELY, "a b c"), "class 'c' has 1", "3 or more"),
    "a class that is not trained": bad(
        "a.npz",
        npz(x_test=ARRAYS["x"][:2, :5], y_test=np.array(["a", "new"])),
        "class 'new' is in the test part and not in training",
    ),
    "fewer than a batch": Case(
        "launch", space("--set", "task.name=series", "task.path=a.npz"),
        ["10 training sequences", "at most train.batch_size=10"], a_file("a.npz", npz()),
    ),
    "more than there are": bad(
        "a.npz", npz(), "there are 4; use at most 4", more=("task.test_sequences=5",)
    ),
    "a length too short": bad("a.npz", npz(), "has 8 positions", more=("task.length=4",)),
    "a share for a test that is there": bad(
        "a.npz",
        npz(x_test=ARRAYS["x"][:2, :5], y_test=np.array(["a", "b"])),
        "the data have a test part of 2 sequences",
        more=("task.test_share=0.5",),
    ),
}  # fmt: skip
LINES = {
    "no .ts": bad("a.ts", b"1,2,3\n", "'a.ts' has no line @data"),
    "no classes": bad("a.ts", ts_line("1,2\n" * 9, "@classLabel false"), "@classLabel of a .ts"),
    "uneven time stamps": bad(
        "a.ts",
        ts_line("(0,1),(1,2),(9,3):a", f"{HEAD} a b\n@timestamps true"),
        "'a.ts', line 7, channel 1 has uneven time stamps",
    ),
    "a missing value": bad("a.ts", ts_line("1,?,3:a"), "line 6, position 2, channel 1 is nan"),
    "a word": bad("a.ts", ts_line("1,x,3:a"), "line 6, channel 1: could not convert", "'x'"),
    "an unlisted class": bad("a.ts", ts_line("1,2:c"), "line 6 has the class 'c'"),
    "unequal channels": bad("a.ts", ts_line("1,2:1:a"), "line 6 has channels of 1 and 2 values"),
    "another channel": bad("a.ts", ts_line("1,2:a\n1,2:3,4:a"), "line 7 has 2 channels"),
    "no values": bad("a.ts", ts_line(":a"), "line 6 has no values"),
    "no sequences": bad("a.ts", ts_line(""), "no sequences to train on"),
    "half an archive": bad("X_TRAIN.ts", as_ts(SEQUENCES), "'X_TEST.ts' is not beside it"),
    "bytes in a .ts": bad("a.ts", b"\xff@data", "byte 0 is no UTF-8"),
}
FORECAST = "task.name=series_forecast"
FORECASTS = {
    "one position": Case(
        "launch",
        space("--set", FORECAST, "task.path=a.npz", "train.batch_size=4"),
        ["'a.npz': a sequence of one position has no next value"],
        a_file("a.npz", as_npz(x=np.zeros((9, 1)))),
    ),
    "too few to cut": Case(
        "launch",
        space("--set", FORECAST, "task.path=a.npz", "train.batch_size=4"),
        ["the file has 2 of the sequences to train on: 3 or more"],
        a_file("a.npz", as_npz(x=np.zeros((2, 9)))),
    ),
    "no targets": Case(
        "launch",
        space("--set", "task.name=series_targets", "task.path=a.npz", "train.batch_size=4"),
        ["there are no target values", "targets of an .npz"],
        a_file("a.npz", npz()),
    ),
    "targets of words": bad("a.npz", npz(targets=ARRAYS["y"]), "they must be numbers of shape"),
    "too few targets": bad("a.npz", npz(targets=np.ones(3)), "(16,) or (16, targets)"),
    "a target of NaN": bad("a.npz", npz(targets=np.full(16, np.nan)), "sequence 1 has the target"),
    "targets of one part": bad(
        "a.npz",
        npz(targets=np.ones(16), x_test=ARRAYS["x"][:2, :5], y_test=np.array(["a", "b"])),
        "some sequences have 0 targets and some 1",
    ),
    "a forecast of nothing": Case(
        "launch", space("--set", FORECAST), ["task.name = series_forecast", "task.path=signals.npz"]
    ),
}
TABLES = {
    "no table": bad("a.parquet", b"PAR1", "'a.parquet' is no Parquet file"),
    "no label": bad(
        "a.parquet", as_parquet({"sequence": list(range(9)), "c": [2.0] * 9}), "label of a table"
    ),
    "a channel of words": bad(
        "a.parquet",
        as_parquet({"sequence": [1], "label": ["a"], "c": ["w"]}),
        "the column 'c' is string",
    ),
    "mixed rows": bad("a.parquet", as_parquet(MIXED), "sort it by sequence"),
    "two labels": bad(
        "a.parquet",
        as_parquet({"sequence": [1, 1], "label": ["a", "b"], "c": [1.0, 2.0]}),
        "sequence '1' has several labels",
    ),
    "an unknown part": bad(
        "a.parquet",
        as_parquet({"sequence": [1], "label": ["a"], "part": ["new"], "c": [1.0]}),
        "the part 'new': use train or test",
    ),
    "a null": bad(
        "a.parquet",
        as_parquet({"sequence": [1], "label": ["a"], "c": [None]}),
        "the column 'c' is null",
    ),
}
TABLES |= {
    "an index of pandas": bad("a.parquet", indexed(), "'__index_level_0__' is the index"),
    "a sequence of lists": bad(
        "a.parquet",
        as_parquet({"sequence": [[1]], "label": ["a"], "c": [1.0]}),
        "the column sequence holds lists",
    ),
}
VARIED = {
    "shares that vary": Case(
        "launch",
        ["--vary", "task.validation_share=0.1,0.4", *series("a.npz", "task.length=16")[2:]],
        ["task.eval_sequences", "(at task.validation_share=0.1)"],
        a_file("a.npz", as_npz(**arrays(made(40)))),
    ),
    "units that vary": Case(
        "launch",
        ["--vary", "task.unit=bytes,characters", *text("a.txt", "task.length=64")[2:]],
        ["scored by bits per byte and by bits per character", "one sweep for each"],
        a_file("a.txt", b"a few words " * 3000),
    ),
    "a forecast of what never changes": Case(
        "launch",
        ["--vary", "model.order=1,2", "--set", FORECAST, "task.path=a.npz", "train.batch_size=4"],
        ["never change"],
        a_file("a.npz", as_npz(x=np.ones((40, 16)))),
    ),
    "a test without its numbers": bad("a.npz", npz(y_test=ARRAYS["y"]), "'y_test' without x_test"),
    "a damaged head": bad(
        "a.npy", as_npy(np.ones((4, 8))).replace(b"{'descr'", b"{(descr'"), "no array that can be"
    ),
}
KINDS = (PLACES, TEXTS, ARRAYS_BAD, CLASSES, FORECASTS, LINES, TABLES, VARIED)
DATA = {f"data: {label}": case for kind in KINDS for label, case in kind.items()}
