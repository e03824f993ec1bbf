"""Text as tokens: enwik8 by bytes, text8 by letters, Python's own text, a person's own file."""

from __future__ import annotations

import hashlib
import lzma
import zlib
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from focus_core.data import (
    DATA_SETS,
    DataCorruptError,
    check_present,
    data_folder,
    find_prefix,
)
from focus_core.data.checked import read_checked
from focus_core.data.own import read_own
from focus_core.errors import UserError

LETTERS = b" abcdefghijklmnopqrstuvwxyz"
PREFIX_SHA256 = {
    ("enwik8", 4_150_000): "204482105f330f13c6490df36624bd9bc020dd24ba0854e005ada4d735ad6d7e",
    ("text8", 3_000_000): "3d70b4c8ba7ef3dccce164db77b68be402fbbcff3b1323d2e675007da1ba8a91",
}


class Text(NamedTuple):
    """A text with one token for each byte, or for each character.

    Attributes:
        tokens_T: (T,) uint8, or int32 where there may be more than 256 symbols.
        symbols: the size of the alphabet.
        blank: the token of a space; 0 where the text has no space.
        prefix: whether the text was read as a prefix of its data set.
        crc32: the CRC-32 of the text's bytes.
        size: the number of the text's bytes.
        alphabet: every character, by its token; empty where tokens are bytes.
    """

    tokens_T: Tensor  # noqa: N815
    symbols: int
    blank: int
    prefix: bool
    crc32: int
    size: int
    alphabet: str = ""


def read_text(name: str, prefix: int = 0) -> Text:
    """The text of task ``name``: enwik8, text8 or pydoc_text.

    Args:
        name: the name of the task.
        prefix: the number of bytes to read; 0 for all bytes.

    Raises:
        DataMissingError: the text, or a prefix of that length, was not fetched.
        DataCorruptError: the file differs from its expected size or content.
        UserError: the text has fewer than ``prefix`` bytes.
    """
    return _read(name, prefix, str(data_folder()))


@lru_cache(maxsize=2)
def _read(name: str, prefix: int, folder: str) -> Text:  # noqa: ARG001  a cache key
    content = _pydoc() if name == "pydoc_text" else _fetched(name, prefix)
    if prefix > len(content):
        raise UserError(
            f"task.prefix = {prefix}: {name} has {len(content)} bytes; use at most that"
        )
    content = content[: prefix or None]
    make = as_letters if name == "text8" else as_bytes
    return make(content, prefix=prefix > 0)


def as_bytes(content: bytes, *, prefix: bool) -> Text:
    """A text of any bytes; each byte is a token."""
    tokens_T = torch.frombuffer(bytearray(content), dtype=torch.uint8)
    return Text(tokens_T, 256, ord(" "), prefix, zlib.crc32(content), len(content))


def as_letters(content: bytes, *, prefix: bool) -> Text:
    """A text of spaces (token 0) and the letters a to z (tokens 1 to 26).

    Raises:
        DataCorruptError: the content has another byte.
    """
    odd = content.translate(None, LETTERS)
    if odd:
        raise DataCorruptError(f"text8 has only spaces and the letters a to z, found byte {odd[0]}")
    ids = bytes.maketrans(LETTERS, bytes(range(len(LETTERS))))
    tokens_T = torch.frombuffer(bytearray(content.translate(ids)), dtype=torch.uint8)
    return Text(tokens_T, len(LETTERS), 0, prefix, zlib.crc32(content), len(content))


def as_any_characters(content: bytes, *, prefix: int) -> Text:
    """A text of the characters of ``content``, which is UTF-8; its alphabet is in their order.

    Args:
        content: the whole file.
        prefix: the number of characters to read; 0 for all.
    """
    read = content.decode()[: prefix or None]
    code_points_T = torch.frombuffer(bytearray(read.encode("utf-32-le")), dtype=torch.int32)
    symbols_V, tokens_T = torch.unique(code_points_T, return_inverse=True)
    alphabet = "".join(map(chr, symbols_V.tolist()))
    bytes_read = read.encode()
    return Text(
        tokens_T.int(),
        len(alphabet),
        max(0, alphabet.find(" ")),
        prefix > 0,
        zlib.crc32(bytes_read),
        len(bytes_read),
        alphabet,
    )


@lru_cache(maxsize=2)
def read_own_text(digest: str, prefix: int, *, characters: bool) -> Text:
    """A person's own text.

    Args:
        digest: the SHA-256 of the file.
        prefix: the number of tokens to read; 0 for all.
        characters: whether a token is a character; otherwise it is a byte.

    Raises:
        DataMissingError: the content is not there.
        DataCorruptError: the file has another content.
        UserError: the text has fewer than ``prefix`` tokens.
    """
    content = read_own(digest)
    whole = as_any_characters(content, prefix=prefix) if characters else None
    text = whole or as_bytes(content[: prefix or None], prefix=prefix > 0)
    if prefix > len(text.tokens_T):
        raise UserError(
            f"task.prefix = {prefix}: the text has {len(text.tokens_T)} tokens; use at most that"
        )
    return text


def encode(name: str, text: str, alphabet: str = "") -> Tensor:
    """The tokens (T,) of ``text`` in the alphabet of task ``name``.

    Args:
        name: the name of the task.
        text: any text.
        alphabet: see ``Text.alphabet``.

    Raises:
        UserError: the text has a character that is not in the alphabet.
    """
    if alphabet:
        strange = sorted(set(text) - set(alphabet))
        if strange:
            raise UserError(f"the text that was learned has no {strange[0]!r}: leave it out")
        return torch.tensor([alphabet.index(character) for character in text], dtype=torch.int64)
    content = text.encode(errors="surrogateescape")  # bytes that are not UTF-8
    if name != "text8":
        return torch.tensor(list(content), dtype=torch.int64)
    odd = content.translate(None, LETTERS).decode(errors="replace")
    if odd:
        raise UserError(f"text8 knows spaces and the letters a to z only, not {odd[0]!r}")
    return torch.tensor([LETTERS.index(byte) for byte in content], dtype=torch.int64)


def decode(name: str, token: int, alphabet: str = "") -> bytes:
    """The bytes of ``token`` in the alphabet of task ``name``; see ``encode``."""
    if alphabet:
        return alphabet[token].encode()
    return LETTERS[token : token + 1] if name == "text8" else bytes([token])


def _fetched(name: str, prefix: int) -> bytes:
    """The whole data set where its file exists, else the longest prefix that was fetched."""
    check_present(name, prefix)
    (whole,) = DATA_SETS[name]
    found = find_prefix(name)
    if found is None or (data_folder() / whole.name).is_file():
        return read_checked(whole)
    path, size = found
    try:
        content = lzma.decompress(path.read_bytes())
    except (lzma.LZMAError, EOFError) as error:
        raise DataCorruptError(f"{path}: expected {size} bytes in xz, found {error}") from None
    wanted = PREFIX_SHA256.get((name, size))
    if len(content) != size:
        raise DataCorruptError(f"{path}: expected {size} bytes, found {len(content)}")
    sha256 = hashlib.sha256(content).hexdigest()
    if wanted not in (None, sha256):
        raise DataCorruptError(f"{path}: expected sha256 {wanted}, found {sha256}")
    return content


def _pydoc() -> bytes:
    """The topics of this Python's language reference, in the order of their names."""
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics)).encode()
