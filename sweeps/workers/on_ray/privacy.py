"""Keep a Ray that this program starts private: closed to the network and to other users."""

from __future__ import annotations

import os
import secrets
from typing import Any

TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
STORAGE = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")
"""The credentials with which workers on other machines read checkpoints and data."""


def keep_private() -> None:
    """Prepare the environment for a private Ray; call this before ``import ray``.

    Variables that are set already keep their values. Whoever reaches Ray's servers may run code in
    them. By default the servers listen on every address of the machine. With the switch meant for
    macOS they listen on loopback only. Other users can still reach loopback, so Ray also asks for a
    token of this launch. The token travels in the environment of Ray's processes, which only their
    owner may read. Ray's own token file is neither changed nor needed.
    """
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    if not any(os.environ.get(name) for name in TOKENS):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def by_way_of_the_store(trainable: Any, own_data: bytes | None = None) -> Any:
    """Give ``trainable`` the storage credentials and a person's data through Ray's object store.

    Without the data, a worker on another machine could not train. Without the credentials, Tune
    passes them to its workers as variables of the runtime environment, and Ray's agent writes these
    variables into its log in plain text.
    """
    from ray import tune
    from ray.tune.execution import class_cache

    names = [name for name in class_cache.ENV_VARS_TO_PROPAGATE if name.startswith("AWS_")]
    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(names)
    found = {name: os.environ[name] for name in STORAGE if name in os.environ}
    parameters = {"credentials": found or None, "own_data": own_data}
    given = {name: value for name, value in parameters.items() if value is not None}
    return tune.with_parameters(trainable, **given) if given else trainable
