"""Messages: what is asked, what is answered, what it costs, and the batches and models around them."""

from collections.abc import Iterable, Mapping
from typing import (
    Annotated,
    Any,
    Literal,
    Required,
    Self,
    TypeAlias,
    TypedDict,
    TypeGuard,
    TypeVar,
    cast,
)

from pydantic import Discriminator

from antiphon._core import model as core
from antiphon._core.absent import NotGiven, Omit
from antiphon._core.wire import Timeout
from antiphon.types.content import (
    Block,
    CacheControlEphemeral,
    DocumentBlockParam,
    ImageBlockParam,
    RedactedThinkingBlock,
    RedactedThinkingBlockParam,
    SearchResultBlockParam,
    TextBlock,
    TextBlockParam,
    ThinkingBlock,
    ThinkingBlockParam,
    UnknownBlock,
)
from antiphon.types.tools import (
    BashCodeExecutionToolResultBlock,
    BashCodeExecutionToolResultBlockParam,
    CodeExecutionToolResultBlock,
    CodeExecutionToolResultBlockParam,
    ContainerUploadBlock,
    ContainerUploadBlockParam,
    ServerToolUseBlock,
    ServerToolUseBlockParam,
    TextEditorCodeExecutionToolResultBlock,
    TextEditorCodeExecutionToolResultBlockParam,
    ToolChoiceParam,
    ToolResultBlockParam,
    ToolSearchToolResultBlock,
    ToolSearchToolResultBlockParam,
    ToolUnionParam,
    ToolUseBlock,
    ToolUseBlockParam,
    WebFetchToolResultBlock,
    WebFetchToolResultBlockParam,
    WebSearchToolResultBlock,
    WebSearchToolResultBlockParam,
)

__all__ = [
    "APIErrorObject",
    "AssistantMessageParam",
    "AuthenticationErrorObject",
    "BillingErrorObject",
    "CacheCreation",
    "CacheMissMessagesChanged",
    "CacheMissModelChanged",
    "CacheMissPreviousMessageNotFound",
    "CacheMissReason",
    "CacheMissSystemChanged",
    "CacheMissToolsChanged",
    "CacheMissUnavailable",
    "Container",
    "ContainerParams",
    "ContainerSkill",
    "ContentBlock",
    "ContentBlockParam",
    "CountTokensParams",
    "CreateParams",
    "CreateParamsNonStreaming",
    "CreateParamsStreaming",
    "DeletedMessageBatch",
    "Diagnostics",
    "DiagnosticsParam",
    "ErrorObject",
    "ErrorResponse",
    "GatewayTimeoutErrorObject",
    "InvalidRequestErrorObject",
    "JSONOutputFormatParam",
    "KnownModel",
    "Message",
    "MessageBatch",
    "MessageBatchCanceledResult",
    "MessageBatchErroredResult",
    "MessageBatchExpiredResult",
    "MessageBatchIndividualResponse",
    "MessageBatchRequestCounts",
    "MessageBatchResult",
    "MessageBatchSucceededResult",
    "MessageContentParam",
    "MessageLike",
    "MessageParam",
    "MessageTokensCount",
    "MetadataParam",
    "Model",
    "ModelCapabilities",
    "ModelInfo",
    "NotFoundErrorObject",
    "Optionally",
    "OutputConfigParam",
    "OutputTokensDetails",
    "OverloadedErrorObject",
    "PermissionErrorObject",
    "RateLimitErrorObject",
    "RefusalStopDetails",
    "ServerToolUsage",
    "SkillParams",
    "StopReason",
    "StreamParams",
    "SystemMessageParam",
    "ThinkingConfigAdaptiveParam",
    "ThinkingConfigBetweenToolsParam",
    "ThinkingConfigDisabledParam",
    "ThinkingConfigEnabledParam",
    "ThinkingConfigParam",
    "Usage",
    "UserMessageParam",
]

T = TypeVar("T")
BlockT = TypeVar("BlockT", bound=Block)

KnownModel: TypeAlias = Literal[
    "claude-fable-5-2",
    "claude-mythos-5-2",
    "claude-haiku-5-5",
    "claude-sonnet-5-5",
    "claude-fable-5-1",
    "claude-opus-5-5",
    "claude-mythos-5-1",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-mythos-5",
    "claude-opus-5",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-mythos-preview",
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-haiku-4-5",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-5",
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5",
    "claude-sonnet-4-5-20250929",
]
"""A model whose name is known to this version."""

Model: TypeAlias = KnownModel | str
"""A model's name, known to this version or not."""

StopReason: TypeAlias = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
]
"""Why Claude stopped. An answer may hold a newer reason: compare, and expect others."""

ContentBlock: TypeAlias = Annotated[
    TextBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ServerToolUseBlock
    | WebSearchToolResultBlock
    | WebFetchToolResultBlock
    | CodeExecutionToolResultBlock
    | BashCodeExecutionToolResultBlock
    | TextEditorCodeExecutionToolResultBlock
    | ToolSearchToolResultBlock
    | ContainerUploadBlock,
    Discriminator("type"),
    core.OrUnknown(UnknownBlock),
]
"""A part of an answer, told apart by `type`. Kinds that are not listed arrive as `UnknownBlock`."""

ContentBlockParam: TypeAlias = (
    TextBlockParam
    | ImageBlockParam
    | DocumentBlockParam
    | SearchResultBlockParam
    | ThinkingBlockParam
    | RedactedThinkingBlockParam
    | ToolUseBlockParam
    | ToolResultBlockParam
    | ServerToolUseBlockParam
    | WebSearchToolResultBlockParam
    | WebFetchToolResultBlockParam
    | CodeExecutionToolResultBlockParam
    | BashCodeExecutionToolResultBlockParam
    | TextEditorCodeExecutionToolResultBlockParam
    | ToolSearchToolResultBlockParam
    | ContainerUploadBlockParam
)
"""A part of a message you send; told apart by `type`."""

MessageContentParam: TypeAlias = str | Iterable[ContentBlockParam | ContentBlock]
"""What a message says: one text, or blocks. Received blocks may be sent back as they are."""


class CacheCreation(core.Model):
    """Tokens written to the prompt cache, by how long they stay.

    ephemeral_5m_input_tokens, ephemeral_1h_input_tokens: for five minutes, and for one hour.
    """

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUsage(core.Model):
    """How often the API ran its tools.

    web_search_requests, web_fetch_requests: searches and fetches.
    """

    web_search_requests: int
    web_fetch_requests: int


class OutputTokensDetails(core.Model):
    """What output tokens were spent on.

    thinking_tokens: thinking, also when it is not displayed; part of `output_tokens`.
    """

    thinking_tokens: int


class Usage(core.Model):
    """What a message cost, in tokens. Usages add up: `a + b`, `sum(usages)`.

    input_tokens: input neither read from nor written to the cache.
    cache_creation_input_tokens: input written to the cache.
    cache_read_input_tokens: input read from the cache.
    cache_creation: the tokens written, by how long they stay.
    output_tokens: output, thinking included.
    output_tokens_details: what output was spent on.
    server_tool_use: how often the API ran its tools.
    service_tier: the tier that served the request.
    inference_geo: where it was served.
    speed: the speed it was served with.
    """

    input_tokens: int
    output_tokens: int
    cache_creation: CacheCreation | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    inference_geo: str | None = None
    output_tokens_details: OutputTokensDetails | None = None
    server_tool_use: ServerToolUsage | None = None
    service_tier: Literal["standard", "priority", "batch"] | None = None
    speed: Literal["standard", "fast"] | None = None

    @property
    def total_input_tokens(self) -> int:
        """All input tokens: uncached, read from the cache, and written to it."""
        counts = (self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens)
        return sum(count for count in counts if _is_count(count))

    def __add__(self, other: "Usage") -> "Usage":
        """Both together: every count is added, anything else is kept where both agree."""
        if not isinstance(other, Usage):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return type(self).from_value(_added(self.to_dict(), other.to_dict()))

    def __radd__(self, start: int) -> Self:
        """What `sum` needs: 0 plus a usage is that usage."""
        if start != 0:
            return NotImplemented
        return self


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _sum(one.get(key), other.get(key)) for key in {**one, **other}}


def _sum(one: Any, other: Any) -> Any:
    """`one` plus `other` if both are counts, or hold counts; None counts as nothing."""
    if one is None or other is None:
        return other if one is None else one
    if _is_count(one) and _is_count(other):
        return one + other
    if core.is_object(one) and core.is_object(other):
        return _added(one, other)
    if core.is_list(one) and core.is_list(other):
        return [*one, *other]
    return one if one == other else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int | float) and not isinstance(value, bool)


class RefusalStopDetails(core.Model):
    """Why Claude refused.

    category: the kind of harm, if there is one to name.
    explanation: in words.
    """

    type: Literal["refusal"]
    category: (
        Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"] | None
    ) = None
    explanation: str | None = None


class ContainerSkill(core.Model):
    """A skill loaded into a container.

    type: Anthropic's or your own.
    skill_id, version: which.
    """

    type: Literal["anthropic", "custom"]
    skill_id: str
    version: str


class Container(core.Model):
    """The container in which code ran.

    id: send it as `container` to go on in the same one.
    expires_at: when it is gone.
    skills: what was loaded into it.
    """

    id: str
    expires_at: core.Timestamp
    skills: list[ContainerSkill] | None = None


class CacheMissModelChanged(core.Model):
    """The cache was missed because the model is another one.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["model_changed"]
    cache_missed_input_tokens: int


class CacheMissSystemChanged(core.Model):
    """The cache was missed because the system prompt is another one.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["system_changed"]
    cache_missed_input_tokens: int


class CacheMissToolsChanged(core.Model):
    """The cache was missed because the tools are others.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["tools_changed"]
    cache_missed_input_tokens: int


class CacheMissMessagesChanged(core.Model):
    """The cache was missed because earlier messages are others.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["messages_changed"]
    cache_missed_input_tokens: int


class CacheMissPreviousMessageNotFound(core.Model):
    """There is no message to compare with."""

    type: Literal["previous_message_not_found"]


class CacheMissUnavailable(core.Model):
    """The reason is not available."""

    type: Literal["unavailable"]


CacheMissReason: TypeAlias = Annotated[
    CacheMissModelChanged
    | CacheMissSystemChanged
    | CacheMissToolsChanged
    | CacheMissMessagesChanged
    | CacheMissPreviousMessageNotFound
    | CacheMissUnavailable,
    Discriminator("type"),
    core.OrUnknown(),
]
"""Why the prompt cache was missed; told apart by `type`."""


class Diagnostics(core.Model):
    """What the API found out about the request, if you asked with `diagnostics`.

    cache_miss_reason: why the prompt cache was missed; null if it was not.
    """

    cache_miss_reason: CacheMissReason | None = None


class Message(core.Answer):
    """What Claude answered.

    id: names the message.
    type: always "message".
    role: always "assistant".
    content: the blocks of the answer, in order.
    model: the model that answered, under its dated name.
    stop_reason: why Claude stopped; null only while a stream begins.
    stop_sequence: the stop sequence that was met, if one was.
    stop_details: why Claude refused, if it did.
    usage: what it cost.
    container: where code ran, if any did.
    diagnostics: what you asked about the request.
    """

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    content: list[ContentBlock]
    model: Model
    usage: Usage
    container: Container | None = None
    diagnostics: Diagnostics | None = None
    stop_details: RefusalStopDetails | None = None
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None

    @property
    def text(self) -> str:
        """All text of the answer, in one piece; "" if there is none."""
        return "".join(filter(_is_text, (block.text for block in _blocks(self, TextBlock))))

    @property
    def thinking(self) -> str:
        """All thinking of the answer, in one piece; "" if there is none or it is not displayed."""
        thoughts = (block.thinking for block in _blocks(self, ThinkingBlock))
        return "".join(filter(_is_text, thoughts))

    @property
    def tool_uses(self) -> list[ToolUseBlock]:
        """The calls of your tools, in order. Look at `complete` before you run one."""
        return _blocks(self, ToolUseBlock)

    def to_param(self) -> "MessageParam":
        """This message as a turn of the conversation, to send back as it was received.

        Left out is only what the API takes from nobody: blocks of empty text, and fields that
        only answers may hold.

        Raises:
            ValueError: a tool call in it did not arrive whole.
        """
        content = [_block_param(block) for block in _content(self) if not _is_blank(block)]
        return {"role": "assistant", "content": cast("list[ContentBlockParam]", content)}


def _content(message: Message) -> list[object]:
    return message.content if core.is_list(message.content) else []


def _blocks(message: Message, kind: type[BlockT]) -> list[BlockT]:
    return [block for block in _content(message) if isinstance(block, kind)]


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_blank(block: object) -> bool:
    # Messages API: "text content blocks must contain non-whitespace text".
    return isinstance(block, TextBlock) and not (_is_text(block.text) and block.text.strip())


def _block_param(block: object) -> object:
    return block.to_param() if isinstance(block, Block) else block


class MessageTokensCount(core.Answer):
    """How many tokens a request would have.

    input_tokens: everything counted: messages, system prompt and tools.
    """

    input_tokens: int


class UserMessageParam(TypedDict):
    """A turn of the user.

    role: always "user".
    content: one text, or blocks.
    """

    role: Literal["user"]
    content: MessageContentParam


class AssistantMessageParam(TypedDict):
    """A turn of Claude, sent back.

    role: always "assistant".
    content: one text, or blocks.
    """

    role: Literal["assistant"]
    content: MessageContentParam


class SystemMessageParam(TypedDict):
    """An instruction in the middle of a conversation; some models take it.

    role: always "system".
    content: one text, or text blocks.
    """

    role: Literal["system"]
    content: str | Iterable[TextBlockParam]


class MessageParam(TypedDict):
    """A turn of the conversation.

    role: who speaks.
    content: what is said: one text, or blocks.
    """

    role: Literal["user", "assistant", "system"]
    content: MessageContentParam


class MetadataParam(TypedDict, total=False):
    """What the API may know about the request.

    user_id: an opaque id of your user, at most 256 characters; never a name or an address.
    """

    user_id: str | None


class ThinkingConfigEnabledParam(TypedDict, total=False):
    """Claude thinks first, within a budget.

    budget_tokens: at least 1024 and less than `max_tokens`.
    display: whether thinking is answered in summary or left out.
    """

    type: Required[Literal["enabled"]]
    budget_tokens: Required[int]
    display: Literal["summarized", "omitted"] | None


class ThinkingConfigDisabledParam(TypedDict):
    """Claude answers at once."""

    type: Literal["disabled"]


class ThinkingConfigBetweenToolsParam(TypedDict):
    """Claude thinks between tool calls only."""

    type: Literal["between_tools"]


class ThinkingConfigAdaptiveParam(TypedDict, total=False):
    """Claude decides how much to think.

    display: whether thinking is answered in summary or left out.
    """

    type: Required[Literal["adaptive"]]
    display: Literal["summarized", "omitted"] | None


ThinkingConfigParam: TypeAlias = (
    ThinkingConfigEnabledParam
    | ThinkingConfigDisabledParam
    | ThinkingConfigBetweenToolsParam
    | ThinkingConfigAdaptiveParam
)
"""Whether and how Claude thinks before it answers; told apart by `type`."""


class JSONOutputFormatParam(TypedDict):
    """The answer is JSON of this shape.

    type: always "json_schema".
    schema: a JSON schema.
    """

    type: Literal["json_schema"]
    schema: Mapping[str, object]


class OutputConfigParam(TypedDict, total=False):
    """How Claude answers.

    effort: how much work it puts in.
    format: the shape of the answer.
    """

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None
    format: JSONOutputFormatParam | None


class DiagnosticsParam(TypedDict, total=False):
    """Asks why the prompt cache was missed.

    previous_message_id: the message to compare with; null for the latest.
    """

    previous_message_id: str | None


class SkillParams(TypedDict, total=False):
    """A skill to load into the container.

    type: Anthropic's or your own.
    skill_id, version: which; the latest version by default.
    """

    type: Required[Literal["anthropic", "custom"]]
    skill_id: Required[str]
    version: str


class ContainerParams(TypedDict, total=False):
    """The container in which code runs.

    id: an earlier one, to go on in it.
    skills: what to load into it.
    """

    id: str | None
    skills: Iterable[SkillParams] | None


Optionally: TypeAlias = T | NotGiven | Omit
"""A parameter that may be left out, also by passing `NOT_GIVEN` or `omit`."""


class CountTokensParams(TypedDict, total=False):
    """The parameters of `messages.count_tokens`; all others are optional.

    model: the model to count for; required.
    messages: the conversation so far, oldest first, at most 100,000; required. A received `Message`
        may stand for its turn.
    system: instructions that hold for the whole conversation.
    tools: what Claude may call.
    tool_choice: how it uses tools; `{"type": "auto"}` by default.
    thinking: whether it thinks first; the default depends on the model.
    output_config: the effort it takes and the shape of its answer.
    cache_control: caches the prompt up to its last block that can be cached.
    speed: "fast" for quicker answers of the models that have them, at a higher price.
    user_profile_id: the user profile the request belongs to.
    workspace_id: the workspace the request belongs to.
    extra_headers: more headers; they win over all others, and `omit` removes one.
    extra_query: more query parameters.
    extra_body: more fields of the body; they win over all others.
    timeout: how long the call may take: seconds, a `Timeout`, or None for ever.
    """

    model: Required[Model]
    messages: Required[Iterable["MessageLike"]]
    system: Optionally[str | Iterable[TextBlockParam]]
    tools: Optionally[Iterable[ToolUnionParam]]
    tool_choice: Optionally[ToolChoiceParam]
    thinking: Optionally[ThinkingConfigParam]
    output_config: Optionally[OutputConfigParam]
    cache_control: Optionally[CacheControlEphemeral | None]
    speed: Optionally[Literal["standard", "fast"] | None]
    user_profile_id: Optionally[str]
    workspace_id: Optionally[str]
    extra_headers: Mapping[str, str | Omit] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: Optionally[float | Timeout | None]


class StreamParams(CountTokensParams, total=False):
    """The parameters of `messages.stream`: those of `CountTokensParams`, and these.

    max_tokens: most tokens to answer with, thinking included; required. 0 only fills the prompt
        cache. The largest value depends on the model.
    stop_sequences: texts at which Claude stops; each must hold more than white space.
    temperature: how freely Claude chooses words, 0.0 to 1.0, 1.0 by default. Models from Claude 4.7
        on take only the default.
    top_p: choose among the likeliest words that together have this probability, 0.0 to 1.0; give
        this or `temperature`. Models from Claude 4.7 on do not take it.
    top_k: choose among this many of the likeliest words, at least 0. Models from Claude 4.7 on do
        not take it.
    metadata: what the API may know about the request.
    service_tier: "auto" (the default) uses priority capacity if you have it, "standard_only" never.
    container: the container to run code in: an id, or what to load into it.
    diagnostics: asks why the prompt cache was missed.
    inference_geo: where the request is served, "us" or "global".
    """

    max_tokens: Required[int]
    stop_sequences: Optionally[list[str] | tuple[str, ...]]
    temperature: Optionally[float]
    top_p: Optionally[float]
    top_k: Optionally[int]
    metadata: Optionally[MetadataParam]
    service_tier: Optionally[Literal["auto", "standard_only"]]
    container: Optionally[ContainerParams | str | None]
    diagnostics: Optionally[DiagnosticsParam | None]
    inference_geo: Optionally[str | None]


class CreateParams(StreamParams, total=False):
    """The parameters of `messages.create`: those of `StreamParams`, and this one.

    stream: true to receive events instead of a message; false by default.
    """

    stream: Optionally[bool]


class CreateParamsNonStreaming(StreamParams, total=False):
    """The parameters of `messages.create` when it answers with a message.

    stream: false, or left out.
    """

    stream: Optionally[Literal[False]]


class CreateParamsStreaming(StreamParams):
    """The parameters of `messages.create` when it answers with events.

    stream: true.
    """

    stream: Literal[True]


MessageLike: TypeAlias = (
    MessageParam | UserMessageParam | AssistantMessageParam | SystemMessageParam | Message
)
"""A turn of the conversation, also a received `Message` passed straight back."""


class InvalidRequestErrorObject(core.Model):
    """The request is not acceptable (400); `message` says why, with the path of the field."""

    type: Literal["invalid_request_error"]
    message: str


class AuthenticationErrorObject(core.Model):
    """The key is missing or wrong (401); `message` says why."""

    type: Literal["authentication_error"]
    message: str


class BillingErrorObject(core.Model):
    """There is a problem with payment (402); `message` says why."""

    type: Literal["billing_error"]
    message: str


class PermissionErrorObject(core.Model):
    """The key may not do this (403); `message` says why."""

    type: Literal["permission_error"]
    message: str


class NotFoundErrorObject(core.Model):
    """There is no such thing (404); `message` says which."""

    type: Literal["not_found_error"]
    message: str


class RateLimitErrorObject(core.Model):
    """Too many requests or tokens (429); `message` says which limit."""

    type: Literal["rate_limit_error"]
    message: str


class GatewayTimeoutErrorObject(core.Model):
    """The request took too long (504); `message` says so."""

    type: Literal["timeout_error"]
    message: str


class APIErrorObject(core.Model):
    """Something failed inside the API (500); `message` says so."""

    type: Literal["api_error"]
    message: str


class OverloadedErrorObject(core.Model):
    """The API has too much to do (529); `message` says so."""

    type: Literal["overloaded_error"]
    message: str


ErrorObject: TypeAlias = Annotated[
    InvalidRequestErrorObject
    | AuthenticationErrorObject
    | BillingErrorObject
    | PermissionErrorObject
    | NotFoundErrorObject
    | RateLimitErrorObject
    | GatewayTimeoutErrorObject
    | APIErrorObject
    | OverloadedErrorObject,
    Discriminator("type"),
    core.OrUnknown(),
]
"""What went wrong; told apart by `type`."""


class ErrorResponse(core.Model):
    """The body of an answer that is an error, and the `error` event of a stream.

    error: what went wrong.
    request_id: the id to quote when you ask for support.
    """

    type: Literal["error"]
    error: ErrorObject
    request_id: str | None = None


class MessageBatchRequestCounts(core.Model):
    """How many requests of a batch stand where.

    processing: not done yet; all of them until the batch ends.
    succeeded, errored, canceled, expired: done, and how.
    """

    processing: int
    succeeded: int
    errored: int
    canceled: int
    expired: int


class MessageBatch(core.Answer):
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
    created_at: core.Timestamp
    expires_at: core.Timestamp
    ended_at: core.Timestamp | None = None
    cancel_initiated_at: core.Timestamp | None = None
    archived_at: core.Timestamp | None = None
    results_url: str | None = None


class DeletedMessageBatch(core.Answer):
    """A batch that was deleted: `id`."""

    id: str
    type: Literal["message_batch_deleted"]


class MessageBatchSucceededResult(core.Model):
    """A request of a batch that was answered: `message`."""

    type: Literal["succeeded"]
    message: Message


class MessageBatchErroredResult(core.Model):
    """A request of a batch that failed: `error`."""

    type: Literal["errored"]
    error: ErrorResponse


class MessageBatchCanceledResult(core.Model):
    """A request of a batch that was cancelled before it was sent to a model."""

    type: Literal["canceled"]


class MessageBatchExpiredResult(core.Model):
    """A request of a batch that was not sent to a model in time."""

    type: Literal["expired"]


MessageBatchResult: TypeAlias = Annotated[
    MessageBatchSucceededResult
    | MessageBatchErroredResult
    | MessageBatchCanceledResult
    | MessageBatchExpiredResult,
    Discriminator("type"),
    core.OrUnknown(),
]
"""What became of a request of a batch; told apart by `type`."""


class MessageBatchIndividualResponse(core.Model):
    """One line of a batch's results; lines come in any order.

    custom_id: your name for the request.
    result: what became of it.
    """

    custom_id: str
    result: MessageBatchResult


class ModelCapabilities(core.Model):
    """What a model can do: each capability is a field, an object that holds `supported`."""


class ModelInfo(core.Answer):
    """A model that can be used.

    id: its name, as requests carry it.
    display_name: its name for people.
    lifecycle: whether it is still to be used.
    line: the line of models it belongs to.
    created_at, deprecated_at, retires_at: its days.
    max_input_tokens: the size of its context window.
    max_tokens: the largest `max_tokens` it takes.
    capabilities: what it can do.
    """

    id: str
    type: Literal["model"]
    display_name: str
    created_at: core.Timestamp
    lifecycle: Literal["active", "deprecated", "retired"]
    capabilities: ModelCapabilities | None = None
    deprecated_at: core.Timestamp | None = None
    line: Literal["haiku", "sonnet", "opus", "fable", "mythos"] | None = None
    max_input_tokens: int | None = None
    max_tokens: int | None = None
    retires_at: core.Timestamp | None = None
