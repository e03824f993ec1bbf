"""A Ray of our own, on this machine, is nobody else's: not of the network, not of another user."""

from __future__ import annotations

import os
import secrets

TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


def keep_private() -> None:
    """Prepare the environment; to be called before ray is imported. What is set there stays.

    Who reaches a Ray may run code in it. Its servers would listen on every address of the machine:
    under the switch meant for macOS they listen on loopback, where other users still are, so a
    token of this launch alone is asked for. It travels in the environment of Ray's processes, which
    only their owner may read; Ray's own file of tokens stays as it is and is not needed.
    """
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    if not any(os.environ.get(name) for name in TOKENS):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
