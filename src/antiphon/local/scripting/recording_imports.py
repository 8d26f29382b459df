"""Recordings of other tools, read as ours."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..._transport.content_encoding import (
    UNREADABLE,
    BodyDecoder,
    BrokenEncodingError,
    decoder_for,
)
from ..._wire.http import Headers
from ..._wire.json import is_list
from .recording import Chunk, Interaction

__all__ = ["of_har", "of_vcr"]

_log = logging.getLogger("antiphon.local")

# What a value of another kind than expected leads to, wherever it stands.
_UNEXPECTED = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    BrokenEncodingError,
    *UNREADABLE,
)


def of_har(text: str, name: str) -> list[Interaction]:
    """Return the interactions in a HAR file, as browsers and proxies write it.

    A request that got no response is left out.

    Raises:
        ValueError: it is none.
    """
    try:
        entries: list[Any] = [*json.loads(text)["log"]["entries"]]
        answered = [each for each in entries if each["response"]["status"] != 0]
    except _UNEXPECTED as error:
        raise ValueError(f"{name}: not a HAR file: {error!r}") from error
    if left_out := len(entries) - len(answered):
        _log.warning("%s: %d requests got no response, and are left out", name, left_out)
    return _read(answered, _of_entry, f"{name}: not a HAR file: entry")


def of_vcr(content: Any, name: str) -> list[Interaction]:
    """Return the interactions of a cassette of vcrpy, from the values of its YAML.

    Raises:
        ValueError: it is none.
    """
    try:
        interactions: list[Any] = [*content["interactions"]]
    except _UNEXPECTED as error:
        raise ValueError(f"{name}: not a cassette of vcrpy: {error!r}") from error
    return _read(interactions, _of_interaction, f"{name}: not a cassette of vcrpy: interaction")


def _read(
    entries: Iterable[Any], read: Callable[[Any], Interaction], wrong: str
) -> list[Interaction]:
    found: list[Interaction] = []
    for number, entry in enumerate(entries, 1):
        try:
            # As a line of a cassette, which is checked.
            found.append(Interaction.from_line(read(entry).line()))
        except _UNEXPECTED as error:
            said = str(error) if type(error) is ValueError else repr(error)
            raise ValueError(f"{wrong} {number}: {said}") from error
    return found


def _of_entry(entry: Any) -> Interaction:
    request, response = entry["request"], entry["response"]
    headers = _pairs(response["headers"])
    body = _text(_at(response, "content", "text"))
    if _at(response, "content", "encoding") == "base64":
        body = base64.b64decode(b"".join(body.split()), validate=True)
    return Interaction.of(
        (
            request["method"],
            _path_of(request["url"]),
            _pairs(request["headers"]),
            _text(_at(request, "postData", "text")),
        ),
        (response["status"], headers, [Chunk(0, _plain(body, headers))]),
    )


def _of_interaction(each: Any) -> Interaction:
    request, response = each["request"], each["response"]
    headers = _lists(response.get("headers"))
    body = _text(_at(response, "body", "string"))
    return Interaction.of(
        (
            request["method"],
            _path_of(request["uri"]),
            _lists(request.get("headers")),
            _text(request.get("body")),
        ),
        (int(response["status"]["code"]), headers, [Chunk(0, _plain(body, headers))]),
    )


def _plain(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a body without the content encoding that its headers name."""
    decoder = decoder_for(Headers([*headers.items()]))
    # Many tools decode a body and leave the header. No encoded one is UTF-8.
    return body if decoder is None or _is_text(body) else _decoded(body, decoder)


def _decoded(body: bytes, decoder: BodyDecoder) -> bytes:
    plain = [decoder.feed(body, last=True)]
    while plain[-1]:
        plain.append(decoder.feed(b"", last=True))
    return b"".join(plain)


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _pairs(headers: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {header["name"]: header["value"] for header in headers}


def _lists(headers: Mapping[str, Any] | None) -> dict[str, str]:
    found = headers or {}
    return {name: ", ".join(v) if is_list(v) else str(v) for name, v in found.items()}


def _at(owner: Any, *names: str) -> Any:
    """Return what stands under a path of names; None if a part of it is absent or null."""
    found: Any = owner
    for name in names:
        found = found[name] if found and name in found else None
    return found


def _text(content: Any) -> bytes:
    """Return a text or bytes, or nothing.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | None):
        return content or b""
    raise TypeError(f"{content!r} is no text")
