"""`client.messages.batches`: many requests at half the price, done within a day."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, Unpack, overload

from .._core import batch_endpoints as endpoints
from .._core.arguments import keywords
from .._wire.awaitable import AsyncPaginator
from ..types.batches import (
    BatchCreateParams,
    BatchListParams,
    BatchResultsParams,
    DeletedMessageBatch,
    MessageBatch,
    MessageBatchIndividualResponse,
    MessageBatchParsedResponse,
)
from ..types.outputs import OutputT
from ..types.params import WorkspaceParams
from .pages import AsyncPage
from .resource import AsyncRawResource, AsyncResource, AsyncStreamedResource, raw, streamed
from .responses import AsyncJSONLines

__all__ = ["AsyncBatches", "AsyncBatchesWithRawResponse", "AsyncBatchesWithStreamingResponse"]


class AsyncBatches(AsyncResource):
    """`client.messages.batches`: many requests at once, done within a day, at half the price.

    `create` a batch, `retrieve` it until its `processing_status` is "ended", read its `results`.
    """

    @cached_property
    def with_raw_response(self) -> AsyncBatchesWithRawResponse:
        """The same methods, giving the response with its HTTP side."""
        return AsyncBatchesWithRawResponse(self._session)

    @cached_property
    def with_streaming_response(self) -> AsyncBatchesWithStreamingResponse:
        """The same methods, giving a response whose body is read when you read it."""
        return AsyncBatchesWithStreamingResponse(self._session)

    @keywords(BatchCreateParams)
    async def create(self, **params: Unpack[BatchCreateParams]) -> MessageBatch:
        """Send many requests at once; they are done within a day, at half the price.

        The requests themselves are checked when they are done, not now.
        """
        return await self._perform(endpoints.create_batch, params)

    @keywords(WorkspaceParams)
    async def retrieve(
        self, message_batch_id: str, **params: Unpack[WorkspaceParams]
    ) -> MessageBatch:
        """Return the state of a batch; ask again until its `processing_status` is "ended"."""
        return await self._perform(
            endpoints.retrieve_batch, {"message_batch_id": message_batch_id, **params}
        )

    @keywords(BatchListParams)
    def list(
        self, **params: Unpack[BatchListParams]
    ) -> AsyncPaginator[MessageBatch, AsyncPage[MessageBatch]]:
        """List batches, the newest first."""
        return self._pages(endpoints.list_batches, params)

    @keywords(WorkspaceParams)
    async def cancel(
        self, message_batch_id: str, **params: Unpack[WorkspaceParams]
    ) -> MessageBatch:
        """Stop a batch; requests that a model has begun are still finished."""
        return await self._perform(
            endpoints.cancel_batch, {"message_batch_id": message_batch_id, **params}
        )

    @keywords(WorkspaceParams)
    async def delete(
        self, message_batch_id: str, **params: Unpack[WorkspaceParams]
    ) -> DeletedMessageBatch:
        """Delete a batch that has ended, with its results."""
        return await self._perform(
            endpoints.delete_batch, {"message_batch_id": message_batch_id, **params}
        )

    @overload
    async def results(
        self,
        message_batch_id: str,
        *,
        output_format: type[OutputT],
        **params: Unpack[WorkspaceParams],
    ) -> AsyncJSONLines[MessageBatchParsedResponse[OutputT]]: ...
    @overload
    async def results(
        self, message_batch_id: str, **params: Unpack[WorkspaceParams]
    ) -> AsyncJSONLines[MessageBatchIndividualResponse]: ...
    @overload
    async def results(
        self, message_batch_id: str, *, output_format: object, **params: Unpack[WorkspaceParams]
    ) -> AsyncJSONLines[MessageBatchParsedResponse[Any]]: ...
    @keywords(BatchResultsParams)
    async def results(
        self, message_batch_id: str, *, output_format: object = None, **params: Any
    ) -> AsyncJSONLines[Any]:
        """Stream the results of a batch that has ended, in any order.

        Tell them apart by `custom_id`. An output that does not fit raises nothing, since the other
        results would be lost: `message.output_error` tells why.

        Raises:
            AntiphonError: the batch has not ended.
            TypeError: a type has no schema that the API takes.
        """
        # Not `self.retrieve`: in a view that would give a raw response.
        batch = await AsyncBatches(self._session).retrieve(message_batch_id, **params)
        given = {**params, "batch": batch, "output_format": output_format}
        return await self._lines(endpoints.batch_results, given)


class AsyncBatchesWithRawResponse(AsyncRawResource):
    """`client.messages.batches.with_raw_response`."""

    create: Final = raw(AsyncBatches.create)
    retrieve: Final = raw(AsyncBatches.retrieve)
    list: Final = raw(AsyncBatches.list)
    cancel: Final = raw(AsyncBatches.cancel)
    delete: Final = raw(AsyncBatches.delete)
    results: Final = raw(AsyncBatches.results)


class AsyncBatchesWithStreamingResponse(AsyncStreamedResource):
    """`client.messages.batches.with_streaming_response`."""

    create: Final = streamed(AsyncBatches.create)
    retrieve: Final = streamed(AsyncBatches.retrieve)
    list: Final = streamed(AsyncBatches.list)
    cancel: Final = streamed(AsyncBatches.cancel)
    delete: Final = streamed(AsyncBatches.delete)
    results: Final = streamed(AsyncBatches.results)
