"""The address of checkpoints: ``FOCUS_CHECKPOINTS``, or a folder of the home.

An address is a path from the root, or any address that pyarrow knows, such as ``s3://bucket/name``.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.commands.redact import hide_secrets

FLAG = "FOCUS_CHECKPOINTS"
KINDS = ("file", "s3", "gs", "gcs", "abfs", "abfss", "hdfs", "viewfs")


def below(address: str, name: str) -> str:
    """The address of ``name`` in the folder at ``address``."""
    if "://" not in address:
        return f"{address}/{name}"
    folder, mark, query = address.partition("?")
    return f"{folder.rstrip('/')}/{name}{mark}{query}"


def check_address(address: str) -> str:
    """``FOCUS_CHECKPOINTS`` as pyarrow reads it; nothing is written and nobody is asked.

    Raises:
        UserError: it is no such address, or it holds credentials.
    """
    said = f"{FLAG}={shown(hide_secrets(address))}"
    right = "use a folder's path from the root, or an address such as s3://bucket/folder"
    if "://" not in address:
        path = Path(address).expanduser()
        if not path.is_absolute():
            raise UserError(f"{said} is no path from the root: {right}")
        return str(path)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise UserError(f"{said} is no address: {right}") from None
    if parts.scheme not in KINDS or not (parts.netloc or parts.path.strip("/")):
        raise UserError(f"{said} is no place that pyarrow knows ({', '.join(KINDS)}): {right}")
    if parts.username or parts.password:
        raise UserError(
            f"{said} holds credentials, which would be shown: give them in the environment, such "
            "as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return address
