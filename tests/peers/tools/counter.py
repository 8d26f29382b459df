"""A server that counts, and calls to it."""

from __future__ import annotations

import http.server
import json
import threading
from typing import Any

import antiphon

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


class Counter(http.server.BaseHTTPRequestHandler):
    """Responds with the number of the request."""

    protocol_version = "HTTP/1.1"
    requests = 0

    def do_POST(self) -> None:
        Counter.requests += 1
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"input_tokens": Counter.requests}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def start() -> str:
    """Start the server; return its URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def call(url: str, **settings: Any) -> int:
    client = antiphon.Client(api_key="k", base_url=url, **settings)
    return client.messages.count_tokens(**ASK).input_tokens


async def async_call(url: str, **settings: Any) -> int:
    client = antiphon.AsyncClient(api_key="k", base_url=url, **settings)
    return (await client.messages.count_tokens(**ASK)).input_tokens
