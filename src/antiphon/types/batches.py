"""Message batches: their state and their results."""

from typing import (
    Annotated,
    Literal,
    Required,
    TypeAlias,
)

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, ResponseModel, Timestamp, WireModel
from .._wire.validation import Many, Param
from .message import Message
from .params import CreateParamsNonStreaming, Optionally, WorkspaceParams, with_inherited_keys
from .wire_errors import ErrorResponse

__all__ = [
    "BatchCreateParams",
    "BatchListParams",
    "BatchRequestParam",
    "DeletedMessageBatch",
    "MessageBatch",
    "MessageBatchCanceledResult",
    "MessageBatchErroredResult",
    "MessageBatchExpiredResult",
    "MessageBatchIndividualResponse",
    "MessageBatchRequestCounts",
    "MessageBatchResult",
    "MessageBatchSucceededResult",
]


class MessageBatchRequestCounts(WireModel):
    """How many requests of a batch stand where.

    processing: not done yet; all of them until the batch ends.
    succeeded, errored, canceled, expired: done, and how.
    """

    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int


class MessageBatch(ResponseModel):
    """A batch of requests, answered within a day at half the price.

    id: names the batch.
    processing_status: where it stands.
    request_counts: where its requests stand.
    created_at, expires_at, ended_at: when it was made, when it is given up, when it was done.
    cancel_initiated_at, archived_at: when it was cancelled, when its results went away.
    results_url: where the results are, once it ended.
    """

    id: str
    type: Literal["message_batch"]
    processing_status: Literal["in_progress", "canceling", "ended"]
    request_counts: MessageBatchRequestCounts
    created_at: Timestamp
    expires_at: Timestamp
    ended_at: Timestamp | None = None
    cancel_initiated_at: Timestamp | None = None
    archived_at: Timestamp | None = None
    results_url: str | None = None


class DeletedMessageBatch(ResponseModel):
    """A batch that was deleted: `id`."""

    id: str
    type: Literal["message_batch_deleted"]


class MessageBatchSucceededResult(WireModel):
    """A request of a batch that was answered: `message`."""

    type: Literal["succeeded"]
    message: Message


class MessageBatchErroredResult(WireModel):
    """A request of a batch that failed: `error`."""

    type: Literal["errored"]
    error: ErrorResponse


class MessageBatchCanceledResult(WireModel):
    """A request of a batch that was cancelled before it was sent to a model."""

    type: Literal["canceled"]


class MessageBatchExpiredResult(WireModel):
    """A request of a batch that was not sent to a model in time."""

    type: Literal["expired"]


MessageBatchResult: TypeAlias = Annotated[
    MessageBatchSucceededResult
    | MessageBatchErroredResult
    | MessageBatchCanceledResult
    | MessageBatchExpiredResult,
    Discriminator("type"),
    OrUnknown(),
]
"""What became of a request of a batch; told apart by `type`."""


class MessageBatchIndividualResponse(WireModel):
    """One line of a batch's results; lines come in any order.

    custom_id: your name for the request.
    result: what became of it.
    """

    custom_id: str
    result: MessageBatchResult


class BatchRequestParam(Param, total=False):
    """One request of a batch.

    custom_id: your name for it, 1 to 64 letters, digits, `_` or `-`; unique in the batch.
    params: the parameters of `messages.create`, without `stream`.
    """

    custom_id: Required[str]
    params: Required[CreateParamsNonStreaming]


@with_inherited_keys
class BatchCreateParams(WorkspaceParams, total=False):
    """The parameters of `messages.batches.create`.

    requests: what to ask, at most 100,000 requests and 256 MB.
    user_profile_id: the user profile the requests belong to.
    """

    requests: Required[Many[BatchRequestParam]]
    user_profile_id: Optionally[str]


@with_inherited_keys
class BatchListParams(WorkspaceParams, total=False):
    """The parameters of lists that name the last item seen.

    after_id: list what comes after this item.
    before_id: list what comes before this item.
    limit: items on a page, 1 to 1,000; 20 by default.
    """

    after_id: Optionally[str]
    before_id: Optionally[str]
    limit: Optionally[int]
