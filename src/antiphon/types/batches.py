"""Message batches: their state and their results."""

from collections.abc import Callable
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    Required,
    Self,
    TypeAlias,
)

from pydantic import Discriminator

from .._wire.decoding import (
    OrUnknown,
    ResponseModel,
    Timestamp,
    WireModel,
    made_of,
    with_literals,
)
from .._wire.validation import Many, Param, with_inherited_keys
from .content_blocks import may_hold_numbers
from .message import Message, mark_cut_off
from .outputs import OutputT, ParsedMessage
from .params import CreateParamsNonStreaming, Optionally, OutputParams, WorkspaceParams
from .wire_errors import ErrorResponse

__all__ = [
    "BatchCreateParams",
    "BatchListParams",
    "BatchOutputParams",
    "BatchRequestParam",
    "BatchResultsParams",
    "DeletedMessageBatch",
    "MessageBatch",
    "MessageBatchCanceledResult",
    "MessageBatchErroredResult",
    "MessageBatchExpiredResult",
    "MessageBatchIndividualResponse",
    "MessageBatchParsedResponse",
    "MessageBatchParsedResult",
    "MessageBatchRequestCounts",
    "MessageBatchResult",
    "MessageBatchSucceededResult",
]


class MessageBatchRequestCounts(WireModel):
    """The number of requests of a batch in each state.

    processing: not finished; until the batch ends, these are all of them.
    succeeded, errored, canceled, expired: finished in this way.
    """

    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int


class MessageBatch(ResponseModel):
    """A batch of requests, which are processed within a day at half the price.

    id: the id of the batch.
    processing_status: the state of the batch.
    request_counts: the number of its requests in each state.
    created_at: when the batch was created.
    expires_at: when its unfinished requests expire.
    ended_at: when all of its requests were finished.
    cancel_initiated_at: when its cancellation began.
    archived_at: when its results were deleted.
    results_url: where its results are, once it has ended.
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
    """The confirmation that a batch was deleted.

    id: the id of the batch.
    """

    id: str
    type: Literal["message_batch_deleted"]


class MessageBatchSucceededResult(WireModel):
    """The result of a request that succeeded.

    message: the message that it created.
    """

    type: Literal["succeeded"]
    message: Message


class MessageBatchErroredResult(WireModel):
    """The result of a request that failed.

    error: what went wrong.
    """

    type: Literal["errored"]
    error: ErrorResponse


class MessageBatchCanceledResult(WireModel):
    """The result of a request that was cancelled before a model processed it."""

    type: Literal["canceled"]


class MessageBatchExpiredResult(WireModel):
    """The result of a request that expired before a model processed it."""

    type: Literal["expired"]


MessageBatchResult: TypeAlias = Annotated[
    MessageBatchSucceededResult
    | MessageBatchErroredResult
    | MessageBatchCanceledResult
    | MessageBatchExpiredResult,
    Discriminator("type"),
    OrUnknown(),
]
"""The result of one request of a batch. `type` tells the kinds apart."""


class MessageBatchIndividualResponse(WireModel):
    """One line of the results of a batch; the lines have no particular order.

    custom_id: the id that you gave to the request.
    result: its result.
    """

    custom_id: str
    result: MessageBatchResult

    @classmethod
    def decode(cls, raw: bytes | str) -> Self:
        """Return the line that a JSON text describes, whatever its fields hold.

        Raises:
            ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
        """
        line = super().decode(raw)
        message = getattr(line.result, "message", None)
        if may_hold_numbers(getattr(message, "content", None)):
            line = with_literals(line, raw)
            message = getattr(line.result, "message", None)
        if isinstance(message, Message):
            mark_cut_off(message)
        return line


class MessageBatchParsedResult(MessageBatchSucceededResult, Generic[OutputT]):
    """The result of a request that succeeded, with its output.

    message: the message that it created. If it has no output that fits, `message.output_error`
        tells why.
    """

    if TYPE_CHECKING:
        message: ParsedMessage[OutputT]  # pyright: ignore[reportIncompatibleVariableOverride]


class MessageBatchParsedResponse(MessageBatchIndividualResponse, Generic[OutputT]):
    """One line of the results of a batch, with its output.

    custom_id: the id that you gave to the request.
    result: its result.
    """

    if TYPE_CHECKING:
        result: (  # pyright: ignore[reportIncompatibleVariableOverride]
            MessageBatchParsedResult[OutputT]
            | MessageBatchErroredResult
            | MessageBatchCanceledResult
            | MessageBatchExpiredResult
        )

    @classmethod
    def of(
        cls, line: MessageBatchIndividualResponse, read: Callable[[Message], ParsedMessage[Any]]
    ) -> Self:
        """Return a line with what `read` makes of its message."""
        result = line.result
        if isinstance(result, MessageBatchSucceededResult):
            message = read(result.message)
            result = made_of(MessageBatchParsedResult, result, {"message": message}, {})
        return made_of(cls, line, {"result": result}, {})


@with_inherited_keys
class BatchOutputParams(CreateParamsNonStreaming, OutputParams, total=False):
    """The parameters of one message of a batch, and the type of its output."""


class BatchRequestParam(Param, total=False):
    """One request of a batch.

    custom_id: your name for it, 1 to 64 letters, digits, `_` or `-`; unique in the batch.
    params: the parameters of `messages.create`, without `stream`; also `output_format`.
    """

    custom_id: Required[str]
    params: Required[CreateParamsNonStreaming | BatchOutputParams]


@with_inherited_keys
class BatchCreateParams(WorkspaceParams, total=False):
    """The parameters of `messages.batches.create`.

    requests: what to ask, at most 100,000 requests and 256 MB.
    user_profile_id: the user profile the requests belong to.
    """

    requests: Required[Many[BatchRequestParam]]
    user_profile_id: Optionally[str]


@with_inherited_keys
class BatchResultsParams(WorkspaceParams, total=False):
    """The parameters of `messages.batches.results`.

    output_format: the type of the outputs; or a mapping of `custom_id`s to types, if they differ.
    """

    output_format: Optionally[object]


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
