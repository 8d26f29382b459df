"""Parameters to JSON: what users pass (models, paths, files, iterables) as the bytes of a request.

First the messages are gone through block by block, for only there the wire says more than JSON
does: received messages and blocks become what the API accepts back, and a path or an open file may
stand for the data of an image or a document. Then the JSON writer takes the whole, and asks
`_Simplifier` about everything that is not JSON. A fault is reported with the path of its value.

The core reads no files. A body that needs some is pending: the client reads them and fills it.

Large texts, such as images in base64, are not encoded with the rest but in pieces, straight into
the body (10 MB: 2 ms instead of 8, and no second copy).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOBase
from os import PathLike
from types import GeneratorType, NoneType
from typing import Any, TypeGuard

from .._transport.files import FileInput
from .._wire.http import Body
from .._wire.json import encode
from .._wire.json_writer import Base64Text, LongText, NotJSONError, refused
from .._wire.sentinels import omit
from ..errors import RequestEncodingError

__all__ = ["PendingBody", "encode_body"]

_LARGE = 256 * 1024
"""Characters from which a text is encoded in pieces; shorter ones are as fast in one."""

_NO_LISTS = (str, dict, bytes, bytearray, memoryview, Mapping)


def encode_body(params: Mapping[str, Any]) -> Body | PendingBody:
    """Return `params` as compact UTF-8 JSON, in their own order.

    Sentinels are dropped at any depth, `None` stays null. Models become what the API accepts back,
    iterables become lists. The data of an image or a document may be a path or an open file.

    Raises:
        RequestEncodingError: a value is not JSON; the message starts with its path.
    """
    prepared = _Prepared(params)
    return PendingBody(prepared) if prepared.files else prepared.encoded()


class UnreadBody:
    """A body that lacks files; the flow of a call reads them, and so it is whole."""

    __slots__ = ()


class PendingBody(UnreadBody):
    """A body that lacks the content of files."""

    __slots__ = ("_prepared",)

    def __init__(self, prepared: _Prepared) -> None:
        self._prepared = prepared

    @property
    def files(self) -> list[FileInput]:
        """The files to read, in their order."""
        return [file.source for file in self._prepared.files]

    def filled(self, contents: Iterable[object]) -> Body:
        """Return the body with the contents of its files.

        Raises:
            RequestEncodingError: a content is not bytes, or is empty, or a parameter is not JSON.
        """
        for file, content in zip(self._prepared.files, contents, strict=True):
            file.content = content
        return self._prepared.encoded()

    def unreadable(self, source: FileInput, reason: object) -> RequestEncodingError:
        """Return the error for a file that cannot be read, with its path in the parameters."""
        for file in self._prepared.files:
            file.content, file.failure = b"-", str(reason) if file.source is source else None
        try:
            self._prepared.encoded()
        except RequestEncodingError as error:
            return error
        raise AssertionError("a file that cannot be read was encoded")


class _File:
    """A path or an open file in the place of its content in base64."""

    __slots__ = ("content", "failure", "source")

    def __init__(self, source: FileInput) -> None:
        self.source = source
        self.content: object = None
        self.failure: str | None = None

    def encoded(self) -> Base64Text:
        if self.failure is not None:
            raise NotJSONError(self.failure)
        if not isinstance(self.content, bytes):
            raise NotJSONError(_NOT_BINARY)
        if not self.content:
            raise NotJSONError("the file is empty, or was read before and cannot go back")
        return Base64Text(self.content)


_NOT_BINARY = "a file opened as text; open it with mode 'rb'"


class _Prepared:
    """Parameters of which only their messages are prepared, and the files in them."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.files: list[_File] = []
        self._params = {**params}
        if "messages" in params:
            self._params["messages"] = _each(self._message, params["messages"])
        if "requests" in params:  # of a batch
            self._params["requests"] = _each(self._request, params["requests"])

    def encoded(self) -> Body:
        """Return the JSON of the parameters.

        Raises:
            RequestEncodingError: a value is not JSON; the message starts with its path.
        """
        try:
            return encode(self._params, _Simplifier())
        except NotJSONError as fault:
            path = _shown(fault.path)
            # A tool that is not JSON is, as a rule, a function that was not decorated.
            is_tool = len(fault.path) == 2 and path.startswith("tools[")
            advice = "; decorate a function with @antiphon.tool" if is_tool else ""
            raise RequestEncodingError(f"{path}: {fault}{advice}", path=path) from fault.__cause__

    def _request(self, request: Any) -> Any:
        """Return a request of a batch with its messages as the API accepts them."""
        if not is_mapping(request) or not is_mapping(request.get("params")):
            return request
        params = {**request["params"]}
        if "messages" in params:
            params["messages"] = _each(self._message, params["messages"])
        return {**request, "params": params}

    def _message(self, message: Any) -> Any:
        """Return a message as the API accepts it; received blocks go back as they came."""
        if hasattr(message, "to_param"):
            return message.to_param()
        # The content of most messages is a text, which is looked for first.
        if not is_mapping(message) or isinstance(
            content := message.get("content"), (str, NoneType)
        ):
            return message
        return {**message, "content": _each(self._block, content)}

    def _block(self, block: Any) -> Any:
        if hasattr(block, "to_param"):
            # The API sends empty text blocks, but does not accept them back.
            return omit if block.type == "text" and not block.text else block.to_param()
        if not is_mapping(block):
            return block
        if is_mapping(block.get("source")):
            return {**block, "source": self._source(block["source"])}
        if block.get("type") == "tool_result" and "content" in block:
            return {**block, "content": _each(self._block, block["content"])}
        return block

    def _source(self, source: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the source of an image or a document as the wire has it."""
        if source.get("type") == "url":  # the wire has no `media_type` beside a URL
            return {name: value for name, value in source.items() if name != "media_type"}
        made = {**source}
        if "data" in source:
            made["data"] = self._data(source["data"])
        if "content" in source:  # a document that is made of blocks, which may be images
            made["content"] = _each(self._block, source["content"])
        return made

    def _data(self, data: Any) -> Any:
        if isinstance(data, str):
            return LongText(data) if len(data) >= _LARGE else data
        if not is_file(data) or isinstance(data, TextIOBase):
            return data
        self.files.append(_File(data))
        return self.files[-1]


def _each(convert: Callable[[Any], Any], values: Any) -> Any:
    """Return a list of what `convert` makes of `values`, unless they are no list."""
    if not is_iterable(values):
        return values
    try:
        items = values if isinstance(values, list) else _items(values)
        return [made for value in items if (made := convert(value)) is not omit]
    except NotJSONError:
        return values  # the writer finds the same fault, and knows where


def _shown(path: tuple[object, ...]) -> str:
    """Return a path as people write it: `messages[0].content[1].text`."""
    steps = (f".{step}" if isinstance(step, str) else f"[{step!r}]" for step in path)
    return "".join(steps).removeprefix(".")


class _Simplifier:
    """Returns something simpler for what is not JSON, and the same if it is asked again.

    What can be read only once, such as a generator, is read once for one request.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, Any]] = {}  # a value, so that its id stays its own

    def __call__(self, value: Any) -> Any:
        if id(value) not in self._known:
            self._known[id(value)] = (value, _simpler(value))
        return self._known[id(value)][1]


def _simpler(value: Any) -> Any:
    if isinstance(value, _File):
        return value.encoded()
    for convert in ("to_param", "to_dict"):
        if hasattr(value, convert):
            return getattr(value, convert)()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, TextIOBase):
        raise NotJSONError(_NOT_BINARY)
    if is_file(value):
        raise NotJSONError(
            "a file is read only as the source.data of an image or a document; pass its text here"
        )
    if is_mapping(value):
        return dict(value)
    if is_iterable(value):
        return _items(value)
    kind = type(value).__name__
    if kind in ("bytes", "bytearray", "memoryview"):
        raise NotJSONError(f"{kind}; antiphon.image and antiphon.document make blocks of files")
    return refused(value)


def _items(values: Iterable[Any]) -> list[Any]:
    """Return what `values` gives, if it can still give it.

    Raises:
        NotJSONError: it was read before, and can be read only once.
    """
    if isinstance(values, GeneratorType):
        if values.gi_frame is None:
            raise NotJSONError("a generator that was read before; pass a list to use it twice")
        return [*values]
    items = [*values]
    if not items and isinstance(values, Iterator):
        kind = type(values).__name__
        raise NotJSONError(f"a {kind} that gives nothing: it can be read only once; pass a list")
    return items


def is_file(value: object) -> TypeGuard[FileInput]:
    return isinstance(value, PathLike) or hasattr(value, "read")


# Both look for the usual types first: asking an abstract class takes ten times as long.


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, (dict, Mapping))


def is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """Return whether `value` stands for a list: neither text nor bytes, nor a mapping."""
    if isinstance(value, list):
        return True
    return not isinstance(value, _NO_LISTS) and isinstance(value, Iterable)
