"""The endpoints of files, each as a function; `endpoints` says how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .._wire.decoding import Decoder
from ..types.files import DeletedFile, FileListParams, FileMetadata, FileUploadParams
from .call import Call, check_params, make_call, of_one, split_params, with_id
from .multipart import PendingUpload, UploadedFile
from .options import Options
from .pages import PageContent, list_call

__all__ = [
    "delete_file",
    "download_file",
    "list_files",
    "retrieve_file",
    "upload_file",
]

T = TypeVar("T")

_FILES = "/v1/files"

_file: Decoder[FileMetadata] = Decoder(FileMetadata)
_read_file = with_id(_file.decode)


def upload_file(options: Options, params: Mapping[str, Any]) -> Call[FileMetadata]:
    """Make the call of `files.upload`: `POST /v1/files`.

    Raises:
        TypeError: `file` is no file.
    """
    check_params("files.upload", params, FileUploadParams)
    given, own = split_params(params)
    file, progress = UploadedFile.of(given.pop("file")), given.pop("progress", None)
    more: Mapping[str, object] = own.get("extra_body") or {}
    fields = {name: str(value) for name, value in {**given, **more}.items()}
    body = PendingUpload(file, fields, progress)
    return make_call(options, "POST", _FILES, own, _read_file, body=body)


def list_files(options: Options, params: Mapping[str, Any]) -> Call[PageContent[FileMetadata]]:
    """Make the call of `files.list`: `GET /v1/files`."""
    return list_call(options, "files.list", _FILES, params, FileListParams, _file)


def retrieve_file(options: Options, params: Mapping[str, Any]) -> Call[FileMetadata]:
    """Make the call of `files.retrieve_metadata`: `GET /v1/files/{id}`."""
    return of_one(options, "GET", "files.retrieve_metadata", _FILES, params, _read_file)


def download_file(options: Options, params: Mapping[str, Any]) -> Call[bytes]:
    """Make the call of `files.download`: `GET /v1/files/{id}/content`."""
    path = f"{_FILES}/{{}}/content"
    call = of_one(options, "GET", "files.download", path, params, bytes)
    call.lazy = "bytes"
    return call


def delete_file(options: Options, params: Mapping[str, Any]) -> Call[DeletedFile]:
    """Make the call of `files.delete`: `DELETE /v1/files/{id}`."""
    return of_one(options, "DELETE", "files.delete", _FILES, params, with_id(DeletedFile.decode))
