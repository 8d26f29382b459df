"""`client.files`: files that are kept by the API, to be used in messages by their ids."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Unpack, cast

from .._core import file_endpoints as endpoints
from .._core.arguments import keywords
from .._wire.awaitable import AsyncPaginator
from ..types.files import DeletedFile, FileListParams, FileMetadata, FileUploadParams
from ..types.params import WorkspaceParams
from .pages import AsyncPage
from .resource import AsyncRawResource, AsyncResource, AsyncStreamedResource, raw, streamed
from .responses import AsyncStreamedResponse

__all__ = ["AsyncFiles", "AsyncFilesWithRawResponse", "AsyncFilesWithStreamingResponse"]


class AsyncFiles(AsyncResource):
    """`client.files`: files that the API keeps, to be used in messages by their ids."""

    @cached_property
    def with_raw_response(self) -> AsyncFilesWithRawResponse:
        """The same methods, giving the response with its HTTP side."""
        return AsyncFilesWithRawResponse(self._session)

    @cached_property
    def with_streaming_response(self) -> AsyncFilesWithStreamingResponse:
        """The same methods, giving a response whose body is read when you read it."""
        return AsyncFilesWithStreamingResponse(self._session)

    @keywords(FileUploadParams)
    async def upload(self, **params: Unpack[FileUploadParams]) -> FileMetadata:
        """Upload a file; it is read from the disk while it is sent.

        Raises:
            TypeError: `file` is no file.
            RequestEncodingError: the file cannot be read.
        """
        return await self._perform(endpoints.upload_file, params)

    @keywords(FileListParams)
    def list(
        self, **params: Unpack[FileListParams]
    ) -> AsyncPaginator[FileMetadata, AsyncPage[FileMetadata]]:
        """List files, the newest first."""
        return self._pages(endpoints.list_files, params)

    @keywords(WorkspaceParams)
    async def retrieve_metadata(
        self, file_id: str, **params: Unpack[WorkspaceParams]
    ) -> FileMetadata:
        """Return what the API knows about a file."""
        return await self._perform(endpoints.retrieve_file, {"file_id": file_id, **params})

    @keywords(WorkspaceParams)
    async def download(
        self, file_id: str, **params: Unpack[WorkspaceParams]
    ) -> AsyncStreamedResponse[bytes]:
        """Download a file that code or a skill has made; its content is read when you read it.

        Use `write_to_file(path)`, `iter_bytes()` or `read()` of the response.
        """
        response: Any = await self._perform(endpoints.download_file, {"file_id": file_id, **params})
        return cast("AsyncStreamedResponse[bytes]", response)

    @keywords(WorkspaceParams)
    async def delete(self, file_id: str, **params: Unpack[WorkspaceParams]) -> DeletedFile:
        """Delete a file."""
        return await self._perform(endpoints.delete_file, {"file_id": file_id, **params})


class AsyncFilesWithRawResponse(AsyncRawResource):
    """`client.files.with_raw_response`."""

    upload: Final = raw(AsyncFiles.upload)
    list: Final = raw(AsyncFiles.list)
    retrieve_metadata: Final = raw(AsyncFiles.retrieve_metadata)
    download: Final = AsyncFiles.download
    delete: Final = raw(AsyncFiles.delete)


class AsyncFilesWithStreamingResponse(AsyncStreamedResource):
    """`client.files.with_streaming_response`."""

    upload: Final = streamed(AsyncFiles.upload)
    list: Final = streamed(AsyncFiles.list)
    retrieve_metadata: Final = streamed(AsyncFiles.retrieve_metadata)
    download: Final = streamed(AsyncFiles.download)
    delete: Final = streamed(AsyncFiles.delete)
