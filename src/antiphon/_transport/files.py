"""Files that a request holds: read by the clients, at once or in a thread of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from io import SEEK_END
from os import PathLike
from pathlib import Path
from threading import get_ident
from typing import IO, Any, TypeAlias, TypeGuard, TypeVar

from .._wire.http import Body, BufferedBody
from .._wire.json import encode
from .._wire.literals import read_exactly
from .tcp import SINGLE_WRITE_BYTES

__all__ = [
    "FileInput",
    "OpenedFile",
    "UploadBody",
    "async_body_pieces",
    "async_load_json",
    "async_open_file",
    "async_read_content",
    "async_read_file",
    "async_save_json",
    "body_pieces",
    "load_json",
    "open_file",
    "read_content",
    "read_file",
    "replace_file",
    "save_json",
    "small_body",
]

T = TypeVar("T")

FileInput: TypeAlias = PathLike[str] | IO[bytes]
"""A path or an open file."""

# As much of a file as is read and sent at once: the same as of any other body.
_PIECE_BYTES = 256 * 1024


def read_file(file: FileInput) -> bytes:
    """Return the whole content of `file`; an open file is read from its start if it can be.

    Raises:
        OSError: it cannot be read.
        ValueError: it is closed.
    """
    if isinstance(file, PathLike):
        return Path(file).read_bytes()
    if file.seekable():
        file.seek(0)
    return file.read()


def load_json(path: str | PathLike[str]) -> Any:
    """Return the JSON value in a file, with its numbers as they were written; None without a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds something else.
    """
    try:
        return read_exactly(Path(path).read_bytes())
    except FileNotFoundError:
        return None


def save_json(path: str | PathLike[str], value: Any) -> None:
    """Write a JSON value to a file, which has the old content or the new one at any time.

    Raises:
        OSError: it cannot be written.
    """
    replace_file(path, encode(value))


def replace_file(path: str | PathLike[str], content: BufferedBody) -> None:
    """Write a file, which has the old content or the new one at any time.

    Raises:
        OSError: it cannot be written; the old content stays.
    """
    target = Path(path)
    # No other process or thread may write into the same draft.
    draft = target.with_name(f".{target.name}.{os.getpid()}.{get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a loss of power may leave an empty file under the name
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def read_content(content: Any) -> Any:
    """Return the content of a file; anything else as it is."""
    return read_file(content) if _is_file(content) else content


async def async_read_content(content: Any) -> Any:
    """Return the content of a file or the pieces of an async iterable; anything else as it is."""
    if _is_file(content):
        return await async_read_file(content)
    return [piece async for piece in content] if hasattr(content, "__aiter__") else content


def _is_file(content: object) -> TypeGuard[FileInput]:
    return isinstance(content, PathLike) or hasattr(content, "read")


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that is about to be uploaded."""

    content: bytes | FileInput
    size: int
    content_type: str | None
    """What its name says of its type."""
    boundary: str
    """A text that stands nowhere in the file, as far as chance goes."""


def open_file(content: bytes | FileInput, name: str | None) -> OpenedFile:
    """Return what an upload must know of a file before it is sent.

    A file that cannot go back, such as a pipe, is read into memory, since its size is sent first.

    Raises:
        OSError: it cannot be read.
        ValueError: it is closed.
    """
    import mimetypes  # two modules that only uploads need
    import secrets

    if not isinstance(content, (bytes, PathLike)) and not content.seekable():
        content = content.read()
    if isinstance(content, bytes):
        size = len(content)
    elif isinstance(content, PathLike):
        size = Path(content).stat().st_size
    else:
        size = content.seek(0, SEEK_END)
    kind = mimetypes.guess_type(name)[0] if name else None
    return OpenedFile(content, size, kind, secrets.token_hex(16))


class UploadBody:
    """The body of an upload; its file is read piece by piece while it is sent.

    It can be sent again: a path is opened anew, an open file is read from its start.
    """

    __slots__ = ("_file", "_head", "_progress", "_tail")

    def __init__(
        self,
        head: bytes,
        file: OpenedFile,
        tail: bytes,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """Frame a file.

        Args:
            head: what stands before it.
            file: the file.
            tail: what stands behind it.
            progress: called with the bytes sent so far and those of the whole body.
        """
        self._head = head
        self._file = file
        self._tail = tail
        self._progress = progress

    def __len__(self) -> int:
        return len(self._head) + self._file.size + len(self._tail)

    def pieces(self) -> Iterator[bytes]:
        """Give the body in pieces.

        Raises:
            OSError: the file cannot be read.
            ValueError: it has become shorter since the head of the request was sent.
        """
        yield self._head
        yield from self._file_pieces()
        yield self._tail

    def report(self, sent: int) -> None:
        """Tell the caller how many bytes were sent so far."""
        if self._progress is not None:
            self._progress(sent, len(self))

    def _file_pieces(self) -> Iterator[bytes]:
        content = self._file.content
        if isinstance(content, bytes):
            for start in range(0, len(content), _PIECE_BYTES):
                yield content[start : start + _PIECE_BYTES]
        elif isinstance(content, PathLike):
            with Path(content).open("rb") as file:
                yield from self._read(file)
        else:
            content.seek(0)
            yield from self._read(content)

    def _read(self, file: IO[bytes]) -> Iterator[bytes]:
        left = self._file.size
        while left:
            piece = file.read(min(_PIECE_BYTES, left))
            if not piece:
                raise ValueError("file: it became shorter while it was uploaded")
            left -= len(piece)
            yield piece


def small_body(body: Body) -> BufferedBody | None:
    """Return a body that is sent in one piece with the head of its request; None for others."""
    if isinstance(body, (bytes, bytearray)) and len(body) <= SINGLE_WRITE_BYTES:
        return body
    return None


def body_pieces(body: Body) -> Iterator[memoryview]:
    """Give a body in the pieces in which it is there: most are one piece."""
    if isinstance(body, (bytes, bytearray)):
        yield memoryview(body)
        return
    sent = 0
    for piece in body.pieces():
        sent += len(piece)
        body.report(sent)  # before it is sent: nobody may come back after the last one
        yield memoryview(piece)


async def async_body_pieces(body: Body) -> AsyncIterator[memoryview]:
    """Do the same; a file is read in another thread, so that other tasks go on."""
    if isinstance(body, (bytes, bytearray)):
        yield memoryview(body)
        return
    sent, pieces = 0, body.pieces()

    def next_piece() -> bytes:
        return next(pieces, b"")

    while piece := await in_thread(next_piece):
        sent += len(piece)
        body.report(sent)  # before it is sent: nobody may come back after the last one
        yield memoryview(piece)


async def async_read_file(file: FileInput) -> bytes:
    """Read a file in another thread, so that other tasks go on."""
    return await in_thread(read_file, file)


async def async_open_file(content: bytes | FileInput, name: str | None) -> OpenedFile:
    """Open a file in another thread, so that other tasks go on."""
    return await in_thread(open_file, content, name)


async def async_load_json(path: str | PathLike[str]) -> Any:
    """Do as `load_json`, in another thread."""
    return await in_thread(load_json, path)


async def async_save_json(path: str | PathLike[str], value: Any) -> None:
    """Do as `save_json`, in another thread."""
    await in_thread(save_json, path, value)


async def in_thread(call: Callable[..., T], *args: object) -> T:
    """Call a function in another thread and wait for it, under asyncio or trio."""
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        result: T = await trio.to_thread.run_sync(call, *args)
        return result
    import asyncio

    return await asyncio.to_thread(call, *args)
