"""Recordings of other tools, read as ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..._wire.json import is_list
from .recording import Chunk, Interaction

__all__ = ["of_har", "of_vcr"]


def of_har(text: str, name: str) -> list[Interaction]:
    """Return the interactions in a HAR file, as browsers and proxies write it.

    Raises:
        ValueError: it is none.
    """
    try:
        entries = json.loads(text)["log"]["entries"]
        return [
            Interaction.of(
                (
                    entry["request"]["method"],
                    _path_of(entry["request"]["url"]),
                    _pairs(entry["request"]["headers"]),
                    _text(_at(entry["request"], "postData", "text")),
                ),
                (
                    entry["response"]["status"],
                    _pairs(entry["response"]["headers"]),
                    [
                        Chunk(
                            0,
                            base64.b64decode(content.get("text", ""))
                            if content.get("encoding") == "base64"
                            else _text(content.get("text")),
                        )
                    ],
                ),
            )
            for entry in entries
            for content in [entry["response"]["content"]]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{name}: not a HAR file: {error!r}") from error


def of_vcr(content: Any, name: str) -> list[Interaction]:
    """Return the interactions of a cassette of vcrpy, from the values of its YAML.

    Raises:
        ValueError: it is none.
    """
    try:
        return [
            Interaction.of(
                (
                    each["request"]["method"],
                    _path_of(each["request"]["uri"]),
                    _lists(each["request"].get("headers")),
                    _text(each["request"].get("body")),
                ),
                (
                    int(each["response"]["status"]["code"]),
                    _lists(each["response"].get("headers")),
                    [Chunk(0, _text(_at(each["response"], "body", "string")))],
                ),
            )
            for each in content["interactions"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{name}: not a cassette of vcrpy: {error!r}") from error


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


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
    return content.encode() if isinstance(content, str) else bytes(content or b"")
