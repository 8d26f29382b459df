"""What a line of a cassette has to hold: whoever edits one learns what is wrong when it is read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ..._wire.json import JSONObject, is_list, is_object
from ..._wire.secret import HIDDEN
from ...catalog import media

__all__ = ["check_line", "date_of", "decoded", "is_stream"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# What HTTP can carry, and no line break, which would begin another header.
_VALUE = re.compile(r"[\x01-\x09\x0b\x0c\x0e-\xff]*")
_PATH = re.compile(r"/[\x21-\x7e\x80-\U0010ffff]*")
_EVENT_NAME = re.compile(r"[^\r\n]*")
_STATUSES = range(200, 1000)
# Those the server sets itself, from the body that it sends.
_FRAMING = frozenset({"connection", "content-encoding", "content-length", "transfer-encoding"})
_MOST_SHOWN = 60


def check_line(line: JSONObject) -> None:
    """Check that a line can be played.

    Raises:
        ValueError: it cannot; the text names the field.
    """
    for problem in _problems(line):
        raise ValueError(problem)


def is_stream(body: Any) -> bool:
    """Return whether a body is that of a stream: {"events": […]}, each with `ms` and `data`."""
    if not is_object(body) or [*body] != ["events"] or not is_list(body["events"]):
        return False
    return all(map(_is_event, body["events"]))


def date_of(text: object) -> datetime | None:
    """Return the date in a text of ISO 8601, in UTC; None if it is none."""
    if not isinstance(text, str):
        return None
    try:
        date = datetime.fromisoformat(text)
        return date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def decoded(text: object) -> bytes | None:
    """Return the bytes of a text in base64; None if it is none."""
    return media.decoded(text) if isinstance(text, str) else None


def _problems(line: JSONObject) -> Iterator[str]:
    for side in ("request", "response"):
        if not is_object(line.get(side)):
            yield _wrong(side, line, "an object")
            return
    if line.get("recorded_at") is not None and date_of(line["recorded_at"]) is None:
        yield _wrong("recorded_at", line, "a date such as 2026-01-31T12:00:00Z")
    request, response = line["request"], line["response"]
    if not _matches(_TOKEN, request.get("method")):
        yield _wrong("request.method", request, 'a method, e.g. "POST"')
    if not _matches(_PATH, request.get("path")):
        yield _wrong("request.path", request, 'a path with its query, e.g. "/v1/messages"')
    if "body" not in request:
        yield _wrong("request.body", request, "JSON, or null")
    status = response.get("status")
    if not isinstance(status, int) or status not in _STATUSES:
        yield _wrong("response.status", response, "a number from 200 to 999")
    yield from _in_headers("request.headers", request, request.get("headers", {}))
    yield from _in_headers("response.headers", response, response.get("headers"))
    for name in sorted(_FRAMING.intersection(map(str.lower, response["headers"]))):
        yield f"response.headers: {name} follows from the body; remove it"
    yield from _in_body(response)


def _in_headers(where: str, owner: JSONObject, headers: object) -> Iterator[str]:
    if not is_object(headers):
        yield _wrong(where, owner, "an object of names and texts")
        return
    for name, value in headers.items():
        if not _matches(_TOKEN, name) or not _matches(_VALUE, value):
            yield f"{where}: {_shown(name)}: {_shown(value)} cannot be sent; give a text"


def _in_body(response: JSONObject) -> Iterator[str]:
    if "body" not in response:
        yield _wrong("response.body", response, "JSON, or null")
        return
    if response.get("received") is not None:
        if not is_list(response["received"]) or not all(map(_is_part, response["received"])):
            yield 'response.received: give a list of {"ms": …, "base64": …}, or remove it'
        return
    if response.get("raw") is not None:
        if decoded(response["raw"]) is None:
            yield _wrong("response.raw", response, "the body in base64")
        return
    body = response["body"]
    kind = next((v for k, v in response["headers"].items() if k.lower() == "content-type"), "")
    if "text/event-stream" in kind and is_object(body) and not is_stream(body):
        yield (
            'response.body: not a stream; give {"events": […]}, each with "ms" (milliseconds from'
            ' 0), "event" (a text or null) and "data"'
        )
    if _is_broken_base64(body) and "json" not in kind:
        yield _wrong("response.body.base64", body, "base64")


def _is_event(event: object) -> bool:
    if not is_object(event) or "data" not in event:
        return False
    name = event.get("event")
    return _is_time(event.get("ms")) and (name is None or _matches(_EVENT_NAME, name))


def _is_part(part: object) -> bool:
    return is_object(part) and _is_time(part.get("ms")) and decoded(part.get("base64")) is not None


def _is_time(ms: object) -> bool:
    return isinstance(ms, int | float) and not isinstance(ms, bool) and 0 <= ms < math.inf


def _is_broken_base64(body: object) -> bool:
    """Return whether bytes are not in base64; what was hidden in them need not be."""
    if not is_object(body) or [*body] != ["base64"]:
        return False
    return decoded(body["base64"]) is None and HIDDEN not in str(body["base64"])


def _matches(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _wrong(where: str, owner: JSONObject, wanted: str) -> str:
    name = where.rpartition(".")[2]
    if name not in owner:
        return f"{where} is missing; give {wanted}"
    return f"{where}: {_shown(owner[name])}; give {wanted}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
