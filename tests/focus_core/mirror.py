"""A local HTTP server whose folders are mirrors, each with a way of misbehaving."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STALL = 3.0


class Mirror(BaseHTTPRequestHandler):
    """``/WAY/NAME`` serves ``contents[NAME]`` in that way; ``asked`` holds (way, first byte)."""

    contents: dict[str, bytes]
    asked: list[tuple[str, int]]
    protocol_version = "HTTP/1.0"  # one request a connection

    def do_GET(self) -> None:
        _, way, name = self.path.split("/")
        content = self.contents[name]
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.asked.append((way, start))
        if way == "missing":
            self.send_error(404)
            return
        if way == "lie":
            content = bytes(len(content))
        if way == "norange":
            start = 0
        if way == "shift" and start:
            self._head(206, content, start + 1)
            return
        self._head(206 if start else 200, content, start)
        rest = content[start:]
        if way == "truncate":  # half of what is left, every time
            rest = rest[: len(rest) // 2]
        if way in ("stall", "stop"):
            self.wfile.write(rest[: len(rest) // 3])
            self.wfile.flush()
            if way == "stall":
                time.sleep(STALL)
            return
        self.wfile.write(rest if way != "more" else rest + b"more")

    def _head(self, status: int, content: bytes, start: int) -> None:
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serving(**contents: bytes) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Serve ``contents`` by name; gives the address and the list of what was asked."""
    asked: list[tuple[str, int]] = []
    handler = type("Here", (Mirror,), {"contents": contents, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
