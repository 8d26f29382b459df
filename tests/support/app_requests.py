"""Requests to an app without a socket or a client: what its steps amount to comes back."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from antiphon._wire.http import Request, Timeout
from antiphon._wire.sse import SSEDecoder
from antiphon.local import App
from antiphon.local.api.steps import Pause, Write, WriteHead, next_visible_step

HEADERS = {
    "x-api-key": "sk-ant-test",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
}
BODY: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello"}],
}

COUNT_BODY = {key: BODY[key] for key in ("model", "messages")}
INVALID = "invalid_request_error"
RATE_LIMIT_HEADERS = {
    f"anthropic-ratelimit-{family}-{part}"
    for family in ("requests", "tokens", "input-tokens", "output-tokens")
    for part in ("limit", "remaining", "reset")
}
TENANT_HEADERS = {"anthropic-organization-id", "anthropic-workspace-id"}


class AppResponse(NamedTuple):
    """A whole response."""

    status: int
    headers: dict[str, str]
    content: bytes
    paused: float
    """Seconds of all pauses."""

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, type and message of an error response."""
        error = self.json["error"]
        return self.status, error["type"], error["message"]


def send(
    app: App,
    path: str = "/v1/messages",
    body: Any = None,
    *,
    method: str | None = None,
    without: tuple[str, ...] = (),
    **headers: str,
) -> AppResponse:
    """Return the response of `app`; a body makes it a POST, headers are named with underscores."""
    content = (
        body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    )
    sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    kept = {name: value for name, value in sent.items() if name not in without}
    method = method or ("GET" if body is None else "POST")
    head, chunks, paused = None, [], 0.0
    steps = app(Request(method, f"http://local:1{path}", kept, content, Timeout()))
    while (step := next_visible_step(steps)) is not None:
        match step:
            case WriteHead():
                assert head is None
                head = step
            case Write(chunk):
                assert head is not None
                chunks.append(chunk)
            case Pause(seconds):
                paused += seconds
            case _:
                raise AssertionError(step)
    assert head is not None
    return AppResponse(head.status, dict(head.headers), b"".join(chunks), paused)


def events(content: bytes) -> list[dict[str, Any]]:
    """Return the events of a streamed response."""
    decoder = SSEDecoder()
    return [json.loads(frame[1]) for frame in [*decoder.feed(content), *decoder.close()]]
