"""Ask a Ray cluster whether it answers: ``python ask_cluster.py ADDRESS``; writes one line of JSON.

A process of its own, because Ray's client waits for a silent server for minutes, handles no signal
meanwhile, and ends the process where a token is missing.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from typing import Any

PORT_SECONDS = 3.0
ANSWER_SECONDS = 4


def ask(address: str) -> dict[str, Any]:
    """What is known of the cluster: its address, its live nodes, and those of this machine."""
    from ray._private import services
    from ray._private.authentication import authentication_token_setup as tokens

    try:
        found = services.canonicalize_bootstrap_address(address)
    except ConnectionError:
        return {"no": "ray"}
    if found is None or "://" in found:
        return {"no": "address", "address": found}
    host, _, port = found.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PORT_SECONDS).close()
    except OSError as error:
        return {"no": "answer", "address": found, "why": error.strerror or str(error)}
    signal.alarm(ANSWER_SECONDS)  # ends this process, also where Ray's code waits
    return {"address": found, **_nodes(found, tokens, automatic=address == "auto")}


def _nodes(address: str, tokens: Any, *, automatic: bool) -> dict[str, Any]:
    from ray._private import services
    from ray._private.services import GcsClient
    from ray.core.generated.gcs_pb2 import GcsNodeInfo
    from ray.exceptions import AuthenticationError

    try:
        if automatic:
            tokens.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
        tokens.ensure_token_if_auth_enabled(None, create_token_if_missing=False)
        nodes = GcsClient(address=address).get_all_node_info()
    except AuthenticationError as error:
        return {"no": "token", "why": str(error)}
    alive = {key.hex() for key, node in nodes.items() if node.state == GcsNodeInfo.ALIVE}
    return {"alive": len(alive), "here": len(alive & set(services.find_node_ids()))}


if __name__ == "__main__":
    print(json.dumps(ask(sys.argv[1])))
