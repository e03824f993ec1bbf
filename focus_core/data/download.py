"""Downloads files: resumes interrupted downloads, checks files, and never leaves half a file."""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

from focus_core.data import DataFile, Digest
from focus_core.data.checked import BLOCK, what_is_wrong

STALLED_SECONDS = 30.0
ATTEMPTS = 3  # at one mirror; each attempt resumes where the previous one stopped
BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    ssl.SSLError,
    TimeoutError,
    ConnectionError,
)
Progress = Callable[[str, int, int], None]
"""Called as ``progress(name, bytes so far, total bytes)``."""


class FetchError(Exception):
    """No mirror served the expected file."""


def fetch_file(
    file: DataFile, folder: Path, progress: Progress, *, stalled: float = STALLED_SECONDS
) -> bool:
    """Fetch one data file into ``folder``, unless the file is already there and right.

    Args:
        file: the file and its mirrors.
        folder: the data folder.
        progress: called when bytes arrive.
        stalled: seconds without a byte after which a connection ends.

    Returns:
        True where the file was fetched, False where it was already there.

    Raises:
        FetchError: one line that names the file, what was expected and what every mirror gave.
        OSError: the folder cannot be written to.
    """
    target = folder / file.name
    if target.is_file() and what_is_wrong(target, file.digest) is None:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    found = []
    for url in file.urls:
        wrong = _from_mirror(url, file, part, progress, stalled)
        if wrong is None:
            os.replace(part, target)
            return True
        found.append(f"{url}: {wrong}")
    raise FetchError(f"{file.name} could not be fetched; {'; '.join(found)}")


def _from_mirror(
    url: str, file: DataFile, part: Path, progress: Progress, stalled: float
) -> str | None:
    """Complete ``part`` from one mirror; return what is wrong with the file, or None."""
    resumed = part.exists()
    wrong = _download_and_check(url, file, part, progress, stalled)
    if wrong and resumed and not part.exists():
        # The bytes from before may have been wrong: fetch the whole file from this mirror.
        wrong = _download_and_check(url, file, part, progress, stalled)
    return wrong


def _download_and_check(
    url: str, file: DataFile, part: Path, progress: Progress, stalled: float
) -> str | None:
    size = file.zipped or file.digest.size
    wrong = "nothing came"
    for _ in range(ATTEMPTS):
        try:
            _download(url, part, size, lambda n: progress(file.name, n, size), stalled)
        except urllib.error.HTTPError as error:
            return f"HTTP {error.code} {error.reason}"
        except BROKEN as error:
            wrong = str(getattr(error, "reason", None) or error) or type(error).__name__
        here = part.stat().st_size if part.exists() else 0
        if here >= size:
            break
        wrong = f"expected {size} bytes, found {here} ({wrong})"
    else:
        return wrong  # the part stays: the next mirror, or the next call, resumes from it
    found = _unzip(part, file.digest) if file.zipped else what_is_wrong(part, file.digest)
    if found:
        part.unlink(missing_ok=True)
    return found


def _download(
    url: str, part: Path, size: int, progress: Callable[[int], None], stalled: float
) -> None:
    """Append the missing bytes to ``part``; start again where the server supports no ranges."""
    have = part.stat().st_size if part.exists() else 0
    if have >= size:
        return
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=stalled) as answer:
        goes_on = answer.status == http.client.PARTIAL_CONTENT
        if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise http.client.HTTPException("the server answered with another range")
        with part.open("ab" if goes_on else "wb") as file:
            have = have if goes_on else 0
            # One byte more than expected shows that the served file is too long.
            while have <= size and (block := answer.read1(min(BLOCK, size + 1 - have))):
                file.write(block)
                have += len(block)
                progress(have)
            file.flush()
            os.fsync(file.fileno())


def _unzip(part: Path, digest: Digest) -> str | None:
    """Replace the archive by its largest member; return what is wrong with it, or None."""
    unpacked = part.with_name(f"{part.name}.unzipped")
    try:
        with zipfile.ZipFile(part) as archive:
            member = max(archive.infolist(), key=lambda info: info.file_size)
            if member.file_size != digest.size:
                return f"expected {digest.size} bytes in the archive, found {member.file_size}"
            with archive.open(member) as source, unpacked.open("wb") as out:
                while block := source.read(BLOCK):
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
        wrong = what_is_wrong(unpacked, digest)
        if wrong is None:
            os.replace(unpacked, part)
        return wrong
    except (zipfile.BadZipFile, EOFError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        return f"expected a zip archive, found {error}"
    finally:
        with contextlib.suppress(FileNotFoundError):
            unpacked.unlink()
