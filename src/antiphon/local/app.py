"""The Messages API as a function: a request in, the steps of its answer out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any
from urllib.parse import urlsplit

from .._core.wire import Headers, Request
from .._core.writing import write
from .clock import SystemClock
from .ids import new_id
from .steps import Head, Step, Write

VERSIONS = ("2023-06-01", "2026-10-21")
ORGANIZATION = "00000000-0000-4000-8000-000000000000"


class Refusal(Exception):
    """An answer of status 400 or more."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class App:
    """A simulated Messages API; it answers, but it is no model.

    Args:
        clock: seconds since 1970.
        seed: changes every id and answer.
    """

    def __init__(self, clock: Callable[[], float] | None = None, seed: int = 0) -> None:
        self.clock = clock or SystemClock()
        self._rng = Random(seed)

    def __call__(self, request: Request) -> Iterator[Step]:
        """The steps that answer `request`."""
        request_id = new_id("req", self._rng)
        try:
            yield from self._answered(request, request_id)
        except Refusal as refusal:
            yield from _refused(refusal, request_id)

    def _answered(self, request: Request, request_id: str) -> Iterator[Step]:
        path = urlsplit(request.url).path
        route = {"/v1/messages": self._create, "/v1/messages/count_tokens": self._count}.get(path)
        if route is None:
            raise Refusal(404, "not_found_error", "Not found")
        if request.method != "POST":
            raise Refusal(405, "invalid_request_error", "Method Not Allowed")
        headers = Headers(list(request.headers.items()))
        _authenticated(headers)
        _check_version(headers)
        yield from route(_parsed(request.body), request_id)

    def _create(self, body: dict[str, Any], request_id: str) -> Iterator[Step]:
        for name in ("model", "messages", "max_tokens"):
            if name not in body:
                raise Refusal(400, "invalid_request_error", f"{name}: Field required")
        message = self._message(body)
        if body.get("stream") is not True:
            yield from _json(200, message, request_id)
            return
        yield Head(200, (("content-type", "text/event-stream; charset=utf-8"), *_common(request_id)))
        for event in write(message, rng=self._rng):
            yield Write(event)

    def _message(self, body: Mapping[str, Any]) -> dict[str, Any]:
        text = "Hello! This is antiphon's local server: a simulator, not Claude."
        return {
            "model": body["model"],
            "id": new_id("msg", self._rng),
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "stop_details": None,
            "usage": {
                "input_tokens": _estimate(body),
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": len(text) // 4,
                "service_tier": "standard",
            },
        }

    def _count(self, body: dict[str, Any], request_id: str) -> Iterator[Step]:
        for name in ("model", "messages"):
            if name not in body:
                raise Refusal(400, "invalid_request_error", f"{name}: Field required")
        yield from _json(200, {"input_tokens": _estimate(body)}, request_id)


def _estimate(body: Mapping[str, Any]) -> int:
    return 7 + len(json.dumps(body.get("messages", ""))) // 4


def _authenticated(headers: Headers) -> None:
    if not headers.get("x-api-key") and not headers.get("authorization"):
        raise Refusal(401, "authentication_error", "x-api-key header is required")


def _check_version(headers: Headers) -> None:
    version = headers.get("anthropic-version")
    if version is None:
        raise Refusal(400, "invalid_request_error", "anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refusal(400, "invalid_request_error", f'anthropic-version: "{version}" is not a valid version')


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        message = f"The request body is not valid JSON: {error}"
        raise Refusal(400, "invalid_request_error", message) from error
    if not isinstance(parsed, dict):
        raise Refusal(400, "invalid_request_error", "Input should be a valid dictionary")
    return parsed


def _common(request_id: str) -> tuple[tuple[str, str], ...]:
    return (
        ("request-id", request_id),
        ("anthropic-organization-id", ORGANIZATION),
        ("x-antiphon-simulated", "true"),
    )


def _json(status: int, content: Any, request_id: str, *more: tuple[str, str]) -> Iterator[Step]:
    yield Head(status, (("content-type", "application/json"), *_common(request_id), *more))
    yield Write(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _refused(refusal: Refusal, request_id: str) -> Iterator[Step]:
    error = {"type": refusal.kind, "message": str(refusal)}
    content = {"type": "error", "error": error, "request_id": request_id}
    retry = ("x-should-retry", "true" if refusal.status in (429, 529) else "false")
    yield from _json(refusal.status, content, request_id, retry)
