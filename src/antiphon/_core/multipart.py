"""The body of an upload: form fields and a file, framed as `multipart/form-data` (RFC 7578).

Browsers write the name of a file as UTF-8 with three characters escaped (WHATWG HTML, "multipart
form data"), and the API reads it so. No maintained library frames a form without bringing an HTTP
client along, so the ten lines stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import TextIOBase
from os import PathLike, fspath
from typing import Any, TypeGuard

from .._transport.files import FileInput, OpenedFile, UploadBody
from .request_body import UnreadBody, is_file, is_mapping

__all__ = ["PendingUpload", "UploadedFile"]

_FORMS = "bytes, a path, a file opened with mode 'rb', or a tuple (name, content, type)"


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as users give it: its content, and what they say of it."""

    content: bytes | FileInput
    name: str | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, file: Any) -> UploadedFile:
        """Return what `file` stands for.

        Raises:
            TypeError: it is no file.
        """
        if _is_tuple(file):
            return cls._of_tuple(file)
        return cls(_content(file), _name_of(file))

    @classmethod
    def _of_tuple(cls, parts: tuple[Any, ...]) -> UploadedFile:
        if not 2 <= len(parts) <= 4:
            raise TypeError(f"file: a tuple of {len(parts)}; give {_FORMS}")
        name, content, content_type, headers = (*parts, None, None)[:4]
        if not isinstance(name, (str, type(None))) or not isinstance(
            content_type, (str, type(None))
        ):
            raise TypeError("file: the name and the type in the tuple are texts or None")
        if headers is not None and not is_mapping(headers):
            raise TypeError("file: the headers in the tuple are a mapping of texts")
        return cls(_content(content), name, content_type, headers or {})


def _content(content: Any) -> bytes | FileInput:
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    if isinstance(content, TextIOBase):
        raise TypeError("file: opened as text; open it with mode 'rb'")
    if is_file(content):
        return content
    hint = "; a path is given as pathlib.Path(…)" if isinstance(content, str) else ""
    raise TypeError(f"file: {type(content).__name__} is no file; give {_FORMS}{hint}")


def _name_of(file: Any) -> str | None:
    """Return the name of a path or of an open file; bytes and pipes have none."""
    name = fspath(file) if is_path(file) else getattr(file, "name", None)
    if not isinstance(name, str):  # a file that was opened by its number has that as its name
        return None
    # The API keeps the last part alone; paths of Windows have other separators.
    return name.replace("\\", "/").rpartition("/")[2] or None


def _is_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def is_path(value: object) -> TypeGuard[PathLike[str]]:
    """Return whether `value` is a path."""
    return isinstance(value, PathLike)


class PendingUpload(UnreadBody):
    """A body with a file that is not yet opened."""

    __slots__ = ("_fields", "_progress", "file")

    def __init__(
        self,
        file: UploadedFile,
        fields: Mapping[str, str],
        progress: Callable[[int, int], object] | None,
    ) -> None:
        self.file = file
        self._fields = fields
        self._progress = progress

    def opened(self, opened: OpenedFile) -> tuple[str, UploadBody]:
        """Return the content type and the body, now that the file is open."""
        kind = self.file.content_type or opened.content_type or "application/octet-stream"
        boundary = opened.boundary
        head = "".join(
            _part(boundary, {"Content-Disposition": f'form-data; name="{_quoted(name)}"'}) + value
            + "\r\n"
            for name, value in self._fields.items()
        )  # fmt: skip
        named = f'; filename="{_quoted(self.file.name)}"' if self.file.name else ""
        # The fields come before the file: servers read a form from its start and may refuse early.
        disposition = {"Content-Disposition": f'form-data; name="file"{named}'}
        head += _part(boundary, {**disposition, **self.file.headers, "Content-Type": kind})
        tail = f"\r\n--{boundary}--\r\n"
        body = UploadBody(head.encode(), opened, tail.encode(), self._progress)
        return f"multipart/form-data; boundary={boundary}", body


def _part(boundary: str, headers: Mapping[str, str]) -> str:
    lines = [f"--{boundary}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines) + "\r\n\r\n"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
