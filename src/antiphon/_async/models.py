"""`client.models`: the models that can be used, and what each can do."""

from __future__ import annotations

from functools import cached_property
from typing import Final, Unpack

from .._core import model_endpoints as endpoints
from .._core.arguments import keywords
from .._wire.awaitable import AsyncPaginator
from ..types.models import ModelInfo, ModelListParams
from ..types.params import WorkspaceParams
from .pages import AsyncPage
from .resource import AsyncRawResource, AsyncResource, AsyncStreamedResource, raw, streamed

__all__ = ["AsyncModels", "AsyncModelsWithRawResponse", "AsyncModelsWithStreamingResponse"]


class AsyncModels(AsyncResource):
    """`client.models`: the models that can be used, and what each can do."""

    @cached_property
    def with_raw_response(self) -> AsyncModelsWithRawResponse:
        """The same methods, giving the response with its HTTP side."""
        return AsyncModelsWithRawResponse(self._session)

    @cached_property
    def with_streaming_response(self) -> AsyncModelsWithStreamingResponse:
        """The same methods, giving a response whose body is read when you read it."""
        return AsyncModelsWithStreamingResponse(self._session)

    @keywords(WorkspaceParams)
    async def retrieve(self, model_id: str, **params: Unpack[WorkspaceParams]) -> ModelInfo:
        """Return what the API knows about a model; an alias gives the model it stands for."""
        return await self._perform(endpoints.retrieve_model, {"model_id": model_id, **params})

    @keywords(ModelListParams)
    def list(
        self, **params: Unpack[ModelListParams]
    ) -> AsyncPaginator[ModelInfo, AsyncPage[ModelInfo]]:
        """List models, the newest first."""
        return self._pages(endpoints.list_models, params)


class AsyncModelsWithRawResponse(AsyncRawResource):
    """`client.models.with_raw_response`."""

    retrieve: Final = raw(AsyncModels.retrieve)
    list: Final = raw(AsyncModels.list)


class AsyncModelsWithStreamingResponse(AsyncStreamedResource):
    """`client.models.with_streaming_response`."""

    retrieve: Final = streamed(AsyncModels.retrieve)
    list: Final = streamed(AsyncModels.list)
