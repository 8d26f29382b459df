"""Files that are kept on the API's side, to be used in messages by their ids."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import IO, Literal, Required, TypeAlias

from .._wire.decoding import ResponseModel, Timestamp, WireModel
from .._wire.validation import Many, with_inherited_keys
from .batches import BatchListParams
from .params import Optionally, WorkspaceParams

__all__ = [
    "DeletedFile",
    "FileContent",
    "FileListParams",
    "FileMetadata",
    "FileScope",
    "FileTypes",
    "FileUploadParams",
]


class FileScope(WireModel):
    """What a file belongs to; with a beta.

    type: always "session".
    id: the id of the session.
    """

    type: Literal["session"]
    id: str


class FileMetadata(ResponseModel):
    """What the API knows about a file.

    id: its name in requests, as `source.file_id`.
    filename: its name when it was uploaded.
    mime_type: its type, such as "application/pdf".
    size_bytes: its size.
    created_at, expires_at: when it was uploaded, and when it goes away by itself.
    downloadable: whether its content can be downloaded; files that you uploaded cannot.
    scope: what it belongs to, if not to the whole workspace; with a beta.
    """

    id: str
    type: Literal["file"]
    filename: str
    mime_type: str
    size_bytes: int
    created_at: Timestamp
    downloadable: bool | None = None
    expires_at: Timestamp | None = None
    scope: FileScope | None = None


class DeletedFile(ResponseModel):
    """A file that was deleted: `id`."""

    id: str
    type: Literal["file_deleted"] | None = None


FileContent: TypeAlias = bytes | PathLike[str] | IO[bytes]
FileTypes: TypeAlias = (
    FileContent
    | tuple[str | None, FileContent]
    | tuple[str | None, FileContent, str | None]
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
"""A file to upload: its content, alone or behind its name and before its type and headers."""


@with_inherited_keys
class FileUploadParams(WorkspaceParams, total=False):
    """The parameters of `files.upload`.

    file: bytes, a path, a file opened with mode "rb", or a tuple of name, content and, if you like,
        type and headers. A path is read while it is sent; at most 500 MB.
    progress: called while the file is sent, with the bytes sent so far and the bytes of the whole.
    expires_in_seconds: delete the file after this time, 3,600 to 7,776,000 seconds; by default it
        is kept.
    """

    file: Required[FileTypes]
    progress: Callable[[int, int], object] | None
    expires_in_seconds: Optionally[int]


@with_inherited_keys
class FileListParams(BatchListParams, total=False):
    """The parameters of `files.list`.

    page: the page to list, as `next_page` of another page names it.
    ids: list only these files, at most 100; not together with `page` or `limit`.
    scope_id: list only files of this scope (beta).
    """

    page: Optionally[str]
    ids: Optionally[Many[str]]
    scope_id: Optionally[str]
