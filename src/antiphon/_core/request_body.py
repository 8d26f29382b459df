"""Parameters to JSON: what users pass (models, paths, files, iterables) as the bytes of a request."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOBase
from os import PathLike
from typing import Any, TypeAlias, TypeGuard, cast

import orjson

from .._transport.files import FileInput
from .._wire.http import Body
from .._wire.sentinels import is_absent
from ..errors import RequestEncodingError

_DEEPEST = 250
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_LARGE = 256 * 1024
_PIECE = 32 * 1024
_GAP = b"\0"
"""Holds the place of a large text; JSON never contains it."""

_MISPLACED_FILE = (
    "a file is read only as the source.data of an image or a document; pass its text here"
)

_NO_LISTS = (str, bytes, bytearray, memoryview, Mapping)


@dataclass(frozen=True, slots=True)
class _LargeText:
    """A text that is encoded piece by piece: encoders reserve many times its size."""

    text: str

    @property
    def size(self) -> int:
        return len(self.text) + 2

    def pieces(self) -> Iterator[bytes | memoryview]:
        yield b'"'
        for start in range(0, len(self.text), _PIECE):
            yield memoryview(orjson.dumps(self.text[start : start + _PIECE]))[1:-1]
        yield b'"'


@dataclass(frozen=True, slots=True)
class _File:
    """A file in the place of its base64 text; its content is read when the call is sent."""

    file: FileInput


@dataclass(frozen=True, slots=True)
class _FileBytes:
    """The content of a file, as base64 text: it needs no escapes."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content) * 4 // 3 + 6

    def pieces(self) -> Iterator[bytes]:
        yield b'"'
        yield b64encode(self.content)
        yield b'"'


_Part: TypeAlias = _LargeText | _FileBytes


class _AbsentInside(Exception):
    """A sentinel stands somewhere inside; it has to be cut out before encoding."""


class PendingBody:
    """A body that lacks the content of files."""

    __slots__ = ("_params", "_parts", "_skeleton")

    def __init__(
        self, params: Mapping[str, Any], skeleton: bytes, parts: Sequence[_Part | _File]
    ) -> None:
        self._params = params
        self._skeleton = skeleton
        self._parts = parts

    @property
    def files(self) -> list[FileInput]:
        """The files to read, in their order."""
        return [part.file for part in self._parts if isinstance(part, _File)]

    def filled(self, contents: Iterable[object]) -> Body:
        """Return the body with the contents of its files.

        Raises:
            RequestEncodingError: a content is not bytes, or is empty.
        """
        rest = iter(contents)
        parts = [
            self._content(part.file, next(rest)) if isinstance(part, _File) else part
            for part in self._parts
        ]
        try:
            return _filled(self._skeleton, parts)
        except TypeError as failure:
            raise _explained(self._params, failure) from failure.__cause__

    def _content(self, file: FileInput, content: object) -> _FileBytes:
        if not isinstance(content, bytes):
            raise self.unreadable(file, "a file opened as text; open it with mode 'rb'")
        if not content:
            raise self.unreadable(file, "the file is empty, or was read before and cannot go back")
        return _FileBytes(content)

    def unreadable(self, file: FileInput, reason: object) -> RequestEncodingError:
        """Return the error for a file that cannot be sent, with its path in the parameters."""
        path = next((path for path, value in _leaves(self._params, "") if value is file), "")
        return RequestEncodingError(f"{path}: {reason}", path=path)


def encode_body(params: Mapping[str, Any]) -> Body | PendingBody:
    """Return `params` as compact UTF-8 JSON, in their own order.

    Sentinels are dropped at any depth, `None` stays null. Models become what the API accepts back,
    other iterables lists. A path or a binary file may stand for the `data` of an image or document.

    Raises:
        RequestEncodingError: a value is not JSON; the message starts with its path.
    """
    given = {name: value for name, value in params.items() if not is_absent(value)}
    if "messages" in given:
        given["messages"] = _messages(given["messages"])
    try:
        skeleton, parts = _skeleton(given)
        pending = any(isinstance(part, _File) for part in parts)
        whole = _filled(skeleton, cast("list[_Part]", parts)) if parts and not pending else skeleton
    except TypeError as failure:
        if not isinstance(failure.__cause__, _AbsentInside):
            raise _explained(given, failure) from failure.__cause__
        return encode_body(_without_absent(given))
    if b"null" in skeleton:
        _refuse_not_a_number(given)
    return PendingBody(params, skeleton, parts) if pending else whole


def _skeleton(value: Any) -> tuple[bytes, list[_Part | _File]]:
    """Return `value` as JSON with gaps, and what belongs into them."""
    parts: list[_Part | _File] = []

    def default(other: Any) -> Any:
        if isinstance(other, (_LargeText, _File)):
            parts.append(other)
            return orjson.Fragment(_GAP)
        return _as_json(other)

    return orjson.dumps(value, default=default, option=_OPTIONS), parts


def _filled(skeleton: bytes, parts: Sequence[_Part]) -> bytearray:
    """Return JSON with its gaps filled, in memory taken once."""
    body = bytearray(len(skeleton) + sum(part.size for part in parts))
    at = 0
    for piece in _pieces(skeleton, parts):
        body[at : at + len(piece)] = piece  # grows if texts take more bytes than characters
        at += len(piece)
    del body[at:]
    return body


def _pieces(skeleton: bytes, parts: Sequence[_Part]) -> Iterator[bytes | memoryview]:
    first, *rest = skeleton.split(_GAP)
    yield first
    for part, after in zip(parts, rest, strict=True):
        yield from part.pieces()
        yield after


def _perhaps_large(text: Any) -> Any:
    return _LargeText(text) if isinstance(text, str) and len(text) >= _LARGE else text


def _as_json(value: Any) -> Any:
    """What stands in JSON for a value that is none of its types."""
    if is_absent(value):
        raise _AbsentInside
    for convert in ("to_param", "to_dict"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, TextIOBase):
        raise TypeError("a file opened as text; open it with mode 'rb'")
    if _is_file(value):
        raise TypeError(_MISPLACED_FILE)
    if _is_mapping(value):
        return dict(value)
    if _is_iterable(value):
        return list(value)
    raise TypeError(_reason(value))


def _is_file(value: object) -> TypeGuard[FileInput]:
    return isinstance(value, PathLike) or hasattr(value, "read")


def _messages(messages: Any) -> Any:
    return [_message(message) for message in messages] if _is_iterable(messages) else messages


def _message(message: Any) -> Any:
    """A message as the API accepts it: blocks that were received go back as they came."""
    if hasattr(message, "to_param"):
        return message.to_param()
    if not _is_mapping(message):
        return message
    content = message.get("content")
    return {**message, "content": _blocks(content)} if _is_iterable(content) else message


def _blocks(content: Iterable[Any]) -> list[Any]:
    return [_block(block) for block in content if not _is_empty_received_text(block)]


def _is_empty_received_text(block: Any) -> bool:
    """The API sends empty text blocks, but does not accept them back."""
    return hasattr(block, "to_param") and block.type == "text" and not block.text


def _block(block: Any) -> Any:
    if hasattr(block, "to_param"):
        return block.to_param()
    if not _is_mapping(block):
        return block
    source, content = block.get("source"), block.get("content")
    if _is_mapping(source):
        return {**block, "source": _source(source)}
    if block.get("type") == "tool_result" and _is_iterable(content):
        return {**block, "content": _blocks(content)}
    return block


def _source(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """The source of an image or a document; the wire has no `media_type` beside a URL."""
    if source.get("type") != "url":
        return {name: _source_field(name, value) for name, value in source.items()}
    return {name: value for name, value in source.items() if name != "media_type"}


def _source_field(name: str, value: Any) -> Any:
    if name == "data" and _is_file(value) and not isinstance(value, TextIOBase):
        return _File(value)
    return _blocks(value) if name == "content" and _is_iterable(value) else _perhaps_large(value)


def _is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Whether `value` stands for a list: neither text nor bytes, nor a mapping."""
    return isinstance(value, Iterable) and not isinstance(value, _NO_LISTS)


def _without_absent(value: Any) -> Any:
    if _is_mapping(value):
        return {k: _without_absent(v) for k, v in value.items() if not is_absent(v)}
    if _is_iterable(value) and isinstance(value, Collection):
        return [_without_absent(item) for item in value if not is_absent(item)]
    return value


def _refuse_not_a_number(params: Mapping[str, Any]) -> None:
    """The encoder writes NaN and infinities as null, which would change what was said."""
    for path, value in _leaves(params, ""):
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            raise RequestEncodingError(f"{path}: {value} is not a JSON number", path=path)


def _explained(params: Mapping[str, Any], failure: Exception) -> RequestEncodingError:
    for path, value in _leaves(params, ""):
        try:
            _encode_leaf(value)
        except TypeError as cause:
            if not isinstance(cause.__cause__, _AbsentInside):
                return RequestEncodingError(f"{path}: {_cause_of(cause)}", path=path)
    return RequestEncodingError(f"the parameters are not JSON: {_cause_of(failure)}")


def _encode_leaf(value: Any) -> None:
    skeleton, parts = _skeleton(_perhaps_large(value))
    _filled(skeleton, [part for part in parts if not isinstance(part, _File)])


def _cause_of(failure: BaseException) -> str:
    return str(failure.__cause__ or failure)


def _leaves(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value that holds no other, with its path; also what is no valid key or too deep."""
    if depth > _DEEPEST:
        yield path, _TooDeep()
    elif _is_mapping(value):
        for key, item in value.items():
            if not isinstance(key, str):  # pyright: ignore[reportUnnecessaryIsInstance] users' keys may be anything
                yield f"{path}[{key!r}]", {key: None}
            else:
                yield from _leaves(item, f"{path}.{key}" if path else key, depth + 1)
    elif _is_iterable(value) and isinstance(value, Collection):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", depth + 1)
    else:
        yield path, value


class _TooDeep:
    """Stands for values nested deeper than JSON encoders go."""


def _reason(value: object) -> str:
    kind = type(value).__name__
    if kind in ("bytes", "bytearray", "memoryview"):
        return f"{kind}; base64-encode them to str"
    if isinstance(value, _TooDeep):
        return f"nested more than {_DEEPEST} levels deep, or refers to itself"
    return f"{kind} is not JSON; pass str, numbers, bool, None, lists or dicts"
