"""A message as Claude gives it: content, stop reason, usage; and messages as they are sent."""

from collections.abc import Mapping
from typing import (
    Annotated,
    Any,
    Literal,
    Self,
    TypeAlias,
    TypeGuard,
    TypeVar,
    cast,
)

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, ResponseModel, Timestamp, WireModel
from .._wire.json import is_list, is_object
from .._wire.validation import Param, TextOr
from .content import (
    Block,
    TextBlock,
    TextBlockParam,
    ThinkingBlock,
)
from .content_blocks import BlockT, ContentBlock, ContentBlockParam, MessageContentParam
from .tools import (
    ToolUseBlock,
)

__all__ = [
    "AssistantMessageParam",
    "CacheCreation",
    "CacheMissMessagesChanged",
    "CacheMissModelChanged",
    "CacheMissPreviousMessageNotFound",
    "CacheMissReason",
    "CacheMissSystemChanged",
    "CacheMissToolsChanged",
    "CacheMissUnavailable",
    "Container",
    "ContainerSkill",
    "Diagnostics",
    "KnownModel",
    "Message",
    "MessageParam",
    "MessageTokensCount",
    "Model",
    "ModelParam",
    "OutputTokensDetails",
    "ParsedMessage",
    "RefusalStopDetails",
    "ServerToolUsage",
    "StopReason",
    "SystemMessageParam",
    "Usage",
    "UserMessageParam",
]

T = TypeVar("T")

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

ModelParam: TypeAlias = Model
"""`Model` under the official package's name."""

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


class CacheCreation(WireModel):
    """Tokens written to the prompt cache, by how long they stay.

    ephemeral_5m_input_tokens, ephemeral_1h_input_tokens: for five minutes, and for one hour.
    """

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUsage(WireModel):
    """How often the API ran its tools.

    web_search_requests, web_fetch_requests: searches and fetches.
    """

    web_search_requests: int
    web_fetch_requests: int


class OutputTokensDetails(WireModel):
    """What output tokens were spent on.

    thinking_tokens: thinking, also when it is not displayed; part of `output_tokens`.
    """

    thinking_tokens: int


class Usage(WireModel):
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
    if is_object(one) and is_object(other):
        return _added(one, other)
    if is_list(one) and is_list(other):
        return [*one, *other]
    return one if one == other else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int | float) and not isinstance(value, bool)


class RefusalStopDetails(WireModel):
    """Why Claude refused.

    category: the kind of harm, if there is one to name.
    explanation: in words.
    """

    type: Literal["refusal"]
    category: (
        Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"] | None
    ) = None
    explanation: str | None = None


class ContainerSkill(WireModel):
    """A skill loaded into a container.

    type: Anthropic's or your own.
    skill_id, version: which.
    """

    type: Literal["anthropic", "custom"]
    skill_id: str
    version: str


class Container(WireModel):
    """The container in which code ran.

    id: send it as `container` to go on in the same one.
    expires_at: when it is gone.
    skills: what was loaded into it.
    """

    id: str
    expires_at: Timestamp
    skills: list[ContainerSkill] | None = None


class CacheMissModelChanged(WireModel):
    """The cache was missed because the model is another one.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["model_changed"]
    cache_missed_input_tokens: int


class CacheMissSystemChanged(WireModel):
    """The cache was missed because the system prompt is another one.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["system_changed"]
    cache_missed_input_tokens: int


class CacheMissToolsChanged(WireModel):
    """The cache was missed because the tools are others.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["tools_changed"]
    cache_missed_input_tokens: int


class CacheMissMessagesChanged(WireModel):
    """The cache was missed because earlier messages are others.

    cache_missed_input_tokens: how many tokens it would have saved.
    """

    type: Literal["messages_changed"]
    cache_missed_input_tokens: int


class CacheMissPreviousMessageNotFound(WireModel):
    """There is no message to compare with."""

    type: Literal["previous_message_not_found"]


class CacheMissUnavailable(WireModel):
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
    OrUnknown(),
]
"""Why the prompt cache was missed; told apart by `type`."""


class Diagnostics(WireModel):
    """What the API found out about the request, if you asked with `diagnostics`.

    cache_miss_reason: why the prompt cache was missed; null if it was not.
    """

    cache_miss_reason: CacheMissReason | None = None


class Message(ResponseModel):
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


ParsedMessage: TypeAlias = Message
"""`Message` under the official package's name for what `messages.stream` gives."""


def _content(message: Message) -> list[object]:
    return message.content if is_list(message.content) else []


def _blocks(message: Message, kind: type[BlockT]) -> list[BlockT]:
    return [block for block in _content(message) if isinstance(block, kind)]


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_blank(block: object) -> bool:
    # Messages API: "text content blocks must contain non-whitespace text".
    return isinstance(block, TextBlock) and not (_is_text(block.text) and block.text.strip())


def _block_param(block: object) -> object:
    return block.to_param() if isinstance(block, Block) else block


class MessageTokensCount(ResponseModel):
    """How many tokens a request would have.

    input_tokens: everything counted: messages, system prompt and tools.
    """

    input_tokens: int


class UserMessageParam(Param):
    """A turn of the user.

    role: always "user".
    content: one text, or blocks.
    """

    role: Literal["user"]
    content: MessageContentParam


class AssistantMessageParam(Param):
    """A turn of Claude, sent back.

    role: always "assistant".
    content: one text, or blocks.
    """

    role: Literal["assistant"]
    content: MessageContentParam


class SystemMessageParam(Param):
    """An instruction in the middle of a conversation; some models take it.

    role: always "system".
    content: one text, or text blocks.
    """

    role: Literal["system"]
    content: TextOr[TextBlockParam]


class MessageParam(Param):
    """A turn of the conversation.

    role: who speaks.
    content: what is said: one text, or blocks.
    """

    role: Literal["user", "assistant", "system"]
    content: MessageContentParam
