"""Every format that a person's series may have gives the same block of bytes."""

from __future__ import annotations

import lzma
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from focus_core.data.series import unpack
from focus_core.errors import UserError
from sweeps.planning.own_data.series import read_series
from tests.own_files import HEAD, Row, arrays, as_npy, as_npz, as_parquet, as_ts, columns, made

SEQUENCES = made(8)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def block(name: str, content: bytes) -> bytes:
    Path(name).write_bytes(content)
    return read_series(Path(name).absolute())[0]


def test_every_format_of_the_same_series_is_the_same_data() -> None:
    text = as_ts(SEQUENCES)
    of_ts = block("a.ts", text)
    assert block("b.ts.xz", lzma.compress(text)) == of_ts
    assert block("c.npz", as_npz(**arrays(SEQUENCES))) == of_ts
    assert block("d.parquet", as_parquet(columns(SEQUENCES))) == of_ts
    assert block("e.ts", as_ts(made(8, seed=1))) != of_ts  # control


def test_a_pair_of_arrays_and_a_test_part() -> None:
    x = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    y = np.arange(12) % 3
    Path("f_labels.npy").write_bytes(as_npy(y))
    of_pair = block("f.npy", as_npy(x))
    assert of_pair == block("f.npz", as_npz(x=x, y=y))
    both = block("g.npz", as_npz(x=x[:9], y=y[:9], x_test=x[9:], y_test=y[9:]))
    head, numbers = unpack(both)
    assert (len(head.train.labels), len(head.test.labels)) == (9, 3)
    assert numbers == unpack(of_pair)[1]
    part = ["train"] * 12 + ["test"] * 4
    table = unpack(block("h.parquet", as_parquet(columns(SEQUENCES, part))))[0]
    assert (len(table.train.labels), len(table.test.labels)) == (12, 4)


def test_targets_are_read_from_every_format() -> None:
    targets = [0.5 * number for number in range(len(SEQUENCES))]
    found = arrays(SEQUENCES)
    of_npz = block("a.npz", as_npz(x=found["x"], lengths=found["lengths"], targets=targets))
    table = columns(SEQUENCES)
    del table["label"]
    table["target"] = [targets[number] for number in table["sequence"]]
    assert block("b.parquet", as_parquet(table)) == of_npz
    rows = [row._replace(label=str(t)) for row, t in zip(SEQUENCES, targets, strict=True)]
    head = "@timeStamps false\n@classLabel false\n@targetLabel true\n# values follow:"
    assert block("c.ts", as_ts(rows, head=head)) == of_npz
    assert unpack(of_npz)[0].train.targets == [[target] for target in targets]
    Path("d_targets.npy").write_bytes(as_npy(np.array(targets)))
    pair = unpack(block("d.npy", as_npy(np.ones((len(targets), 4)))))[0]
    assert pair.train.targets == unpack(of_npz)[0].train.targets


# Lines of a .ts file that hold no sequence

STAMPED = f"{HEAD.replace('@timeStamps false', '@timeStamps true')}"


def test_comments_and_blank_lines_may_stand_anywhere() -> None:
    lines = as_ts(SEQUENCES).decode().splitlines()
    plain = block("a.ts", "\n".join(lines).encode())
    between = "\n\n  \n# 1,2:a\n  # said of the next line\n"
    assert block("b.ts", f"{between}{between.join(lines)}{between}".encode()) == plain
    with pytest.raises(UserError, match="line 7, channel 1: could not convert"):
        block("c.ts", b"\n".join([as_ts([]), b"; 1,2:a"]))  # control: no other sign is one


# Time stamps


def stamped(sequences: list[Row], times: list[str]) -> bytes:
    """The text of a ``.ts`` file whose values have time stamps."""
    lines = []
    for rows, label in sequences:
        channels = [
            ",".join(f"({time},{value!r})" for time, value in zip(times, channel, strict=False))
            for channel in zip(*rows, strict=True)
        ]
        lines.append(":".join([*channels, label]))
    return "\n".join([f"{STAMPED} a b", "@data", *lines]).encode()


STAMPS = {
    "counted": [str(n) for n in range(8)],
    "from elsewhere, in other steps": [str(70 + 5 * n) for n in range(8)],
    "fractions": [f"{0.1 * n:.1f}" for n in range(8)],
    "rounded": [f"{n / 3:.4f}" for n in range(8)],
    "nanoseconds": [str(1_700_000_000_000_000_000 + 1000 * n) for n in range(8)],
    "hours across a change of summer time": [f"2026-03-29 0{n}:00:00" for n in range(8)],
    "days": [f" 2024-02-{26 + n}" if n < 4 else f"2024-03-0{n - 3}" for n in range(8)],
    "a zone": [f"2024-01-01T00:00:{10 + n}+02:00" for n in range(8)],
}


@pytest.mark.parametrize("kind", STAMPS)
def test_even_time_stamps_leave_an_ordinary_series(kind: str) -> None:
    assert block("a.ts", stamped(SEQUENCES, STAMPS[kind])) == block("b.ts", as_ts(SEQUENCES))


def test_blanks_between_time_stamps_and_one_position() -> None:
    rows = [Row([[1.0, 2.0]], "a"), Row([[3.0, 4.0], [5.0, 6.0]], "b")]
    loose = f"{STAMPED} a b\n@data\n(7,1):(7,2):a\n ( 0 , 3 ) , ( 1 , 5 ) : (0,4),(1,6) : b \n"
    assert block("a.ts", loose.encode()) == block("b.ts", as_ts(rows))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "(0,1),(1,2),(3,4):a",
            "line 6, channel 1 has uneven time stamps: '3' comes 2 after '1', ",
        ),
        ("(0,1),(1,2):(0,1),(9,2):a", "line 6 has other time stamps in channel 2 than in channel"),
        ("(0,1),(1,2):(10,1),(11,2):a", "has other time stamps in channel 2 than in channel 1"),
        ("(0,1),(1,2):(2024-01-01,1),(2024-01-02,2):a", "has other time stamps in channel 2"),
        ("(2024-01-01T01,1),(2024-01-01T03+01,2):a", "mixes dates and dates with a zone as"),
        ("(0,1),(0,2):a", "line 6, channel 1 has time stamps that do not rise"),
        ("(2,1),(1,2):a", "line 6, channel 1 has time stamps that do not rise"),
        ("(0,1),(2,2),(1,3):a", "line 6, channel 1 has time stamps that do not rise"),
        ("(0,1),(1,x):a", "line 6, channel 1: could not convert"),
        ("(soon,1),(1,2):a", "line 6, channel 1 has the time stamp 'soon'"),
        ("(nan,1),(1,2):a", "line 6, channel 1 has the time stamp 'nan'"),
        ("(1e999999,1),(-1e999999,2):a", "channel 1 has the time stamp '1e999999'"),
        ("(2024-01-01,1),(1,2):a", "line 6, channel 1 mixes"),
        ("(0,1),(1,?):a", "line 6, position 2, channel 1 is nan"),
        ("(0,1)(1,2):a", "line 6, channel 1 must be pairs such as (0,1.5),(1,1.7)"),
        ("0,1:a", "line 6, channel 1 must be pairs such as (0,1.5),(1,1.7)"),
        ("(0),(1):a", "line 6, channel 1 must be pairs"),
        (":a", "line 6 has no values"),
    ],
)
def test_other_time_stamps_are_refused(line: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        block("a.ts", f"{STAMPED} a b\n@data\n{line}\n".encode())
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


# Classes: the same class has the same name in every format

X = np.random.default_rng(1).normal(size=(6, 5, 2)).round(3)


def of_every_format(labels: Any, listed: str) -> list[bytes]:
    """The blocks of ``X`` with these labels, an array: .npz, a pair of .npy, .parquet, .ts."""
    rows = [Row(x.tolist(), label) for x, label in zip(X, labels.tolist(), strict=True)]
    Path("b_labels.npy").write_bytes(as_npy(labels))
    text = as_ts([row._replace(label=str(row.label)) for row in rows], listed)
    return [
        block("a.npz", as_npz(x=X, y=labels)),
        block("b.npy", as_npy(X)),
        block("c.parquet", as_parquet(columns(rows))),
        block("d.ts", text),
    ]


ONES = np.array([1, 2, -1, 1, 2, 0])
SAME: dict[str, tuple[Any, str]] = {
    "whole numbers": (ONES, "-1 0 1 2"),
    "bytes of 8 bits": (ONES.astype(np.int8), "0 1 2 -1"),
    "real numbers that are whole": (ONES.astype(float), "-1.0 0.0 1.0 2.0"),
    "the same in 32 bits": (ONES.astype(np.float32), "-1 0 1 2"),
    "below zero": (np.where(ONES == 0, -0.0, ONES), "-1 0 1 2"),
    "texts": (ONES.astype(str), "-1 0 1 2"),
    "texts of real numbers": (ONES.astype(float).astype(str), "-1 0 1 2"),
}


@pytest.mark.parametrize("kind", SAME)
def test_a_class_has_one_name_in_every_format(kind: str) -> None:
    found = of_every_format(*SAME[kind])
    assert set(found) == set(of_every_format(*SAME["whole numbers"]))
    assert unpack(found[0])[0].classes == ["-1", "0", "1", "2"]


def test_classes_that_are_words_have_one_name_too() -> None:
    words = np.array(["v1.0", "1.5", "1.50", "v1.0", "1", "x"])
    found = of_every_format(words, "v1.0 1.5 1.50 1 x")
    assert len(set(found)) == 1
    assert unpack(found[0])[0].classes == ["1", "1.5", "1.50", "v1.0", "x"]
    as_bytes = {"y": words.astype(bytes)}
    assert block("e.npz", as_npz(x=X, **as_bytes)) == found[0]
    rows = [Row(x.tolist(), label) for x, label in zip(X, as_bytes["y"].tolist(), strict=True)]
    assert block("f.parquet", as_parquet(columns(rows))) == found[0]
    flags = of_every_format(ONES > 0, "True False")
    assert len(set(flags)) == 1


@pytest.mark.parametrize("other", [ONES + 1, -ONES, ONES[::-1], ONES.astype(str) + "a"])
def test_negative_control_other_classes_are_other_data(other: Any) -> None:
    every = " ".join(sorted(set(map(str, other.tolist()))))
    assert not set(of_every_format(other, every)) & set(of_every_format(*SAME["whole numbers"]))


def test_texts_that_only_look_like_numbers_stay_texts() -> None:
    words = np.array(["01", "01.0", "+1", "+1.0", "1", "-0.0"])
    found = of_every_format(words, "01 01.0 +1 +1.0 1 -0.0")
    assert len(set(found)) == 1
    assert unpack(found[0])[0].classes == ["+1", "+1.0", "0", "01", "01.0", "1"]


def test_bytes_that_are_no_text_are_no_class() -> None:
    labels = np.array([b"caf\xe9", b"caf\xe8", b"a", b"b", b"a", b"b"])
    with pytest.raises(UserError, match=r"sequence 1 has the class b'caf\\xe9', which is no text"):
        block("a.npz", as_npz(x=X, y=labels))


@pytest.mark.parametrize("label", [0.5, Decimal("0.5"), float("nan"), float("inf")])
def test_real_numbers_are_no_classes_in_any_format(label: Any) -> None:
    says = "classes are whole numbers or texts"
    table = {"sequence": [0], "label": [label], "c": [1.0]}
    with pytest.raises(UserError, match=says):
        block("a.parquet", as_parquet(table))
    with pytest.raises(UserError, match=says):
        block("a.npz", as_npz(x=X[:1], y=np.array([float(label)])))
    whole = table | {"label": [Decimal("2.0")]}  # control
    assert unpack(block("b.parquet", as_parquet(whole)))[0].classes == ["2"]
