"""The seam between a client and the network, for programs that bring a transport of their own.

A transport is any object with `send` and `close`; pass it as ``http_client=``. This one gives the
same response to every request::

    from antiphon import Client
    from antiphon.transport import Headers, Request, ResponseHead

    class Canned:
        def send(self, request: Request) -> "Canned":
            self.head = ResponseHead(200, Headers([("content-type", "application/json")]))
            self.body = [b'{"input_tokens": 3}', b""]
            return self
        def read(self, timeout: float | None) -> bytes:
            return self.body.pop(0)
        def close(self) -> None: ...

    client = Client(api_key="any", http_client=Canned())
    print(client.messages.count_tokens(model="m", messages=[]).input_tokens)

`send` returns an `OpenResponse`: the head at once, then the body in as many pieces as `read` gives,
until it gives ``b""``. The clocks that bound each step are in `Request.timeout`. Retries,
redirects aside, are the client's: a transport sends once and raises what went wrong. Any exception
becomes an `APIConnectionError`; it is retried if it is one of I/O (`OSError`, `EOFError`).
"""

from __future__ import annotations

from ._transport import AsyncOpenResponse, AsyncTransport, OpenResponse, Transport
from ._transport.plain_http import PlainHTTPWarning
from ._wire.http import Headers, Request, ResponseHead, Timeout

__all__ = [
    "AsyncOpenResponse",
    "AsyncTransport",
    "Headers",
    "OpenResponse",
    "PlainHTTPWarning",
    "Request",
    "ResponseHead",
    "Timeout",
    "Transport",
]
