"""A Ray of our own, on this machine, is nobody else's: not of the network, not of another user."""

from __future__ import annotations

import os
import secrets
from typing import Any

TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
STORAGE = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
"""What workers on other machines read checkpoints and data with."""


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


def by_way_of_the_store(trainable: Any) -> Any:
    """``trainable``, which gets the launcher's credentials for storage through Ray's object store.

    Tune would hand them to its workers as variables of their runtime environment, and Ray's agent
    writes those into its log, in plain text.
    """
    from ray import tune
    from ray.tune.execution import class_cache

    names = [name for name in class_cache.ENV_VARS_TO_PROPAGATE if name.startswith("AWS_")]
    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(names)
    found = {name: os.environ[name] for name in STORAGE if name in os.environ}
    return tune.with_parameters(trainable, credentials=found) if found else trainable
