"""Files that a request holds, read by the clients: at once, or in a thread of its own."""

from __future__ import annotations

import sys
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeAlias

__all__ = ["FileInput", "async_read_file", "read_file"]

FileInput: TypeAlias = PathLike[str] | IO[bytes]
"""A path or an open file, in the place of its base64 text."""


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


async def async_read_file(file: FileInput) -> bytes:
    """Do the same in another thread, so that other tasks go on."""
    trio: Any = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        content: bytes = await trio.to_thread.run_sync(read_file, file)
        return content
    import asyncio

    return await asyncio.to_thread(read_file, file)
