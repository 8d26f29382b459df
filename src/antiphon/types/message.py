"""Messages: as Claude gives them (content, stop reason, usage), and as they are sent."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    Required,
    Self,
    TypeAlias,
    TypeGuard,
    TypeVar,
    cast,
)

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, ResponseModel, Timestamp, WireModel, with_literals
from .._wire.json import is_list, is_object
from .._wire.validation import Param, TextOr
from ..catalog.stop_reasons import StopReason
from .beta_blocks import RequestToolAdditionBlockParam, RequestToolRemovalBlockParam
from .content import (
    Block,
    TextBlock,
    TextBlockParam,
    ThinkingBlock,
)
from .content_blocks import (
    BlockT,
    ContentBlock,
    ContentBlockParam,
    MessageContentParam,
    may_hold_numbers,
)
from .tools import (
    ToolCall,
    ToolUseBlock,
)

if TYPE_CHECKING:
    from ..catalog.pricing import Cost, PricesInput

__all__ = [
    "AdvisorMessageIterationUsage",
    "AssistantMessageParam",
    "CacheCreation",
    "CacheMissMessagesChanged",
    "CacheMissModelChanged",
    "CacheMissPreviousMessageNotFound",
    "CacheMissReason",
    "CacheMissSystemChanged",
    "CacheMissToolsChanged",
    "CacheMissUnavailable",
    "ClearThinking20251015EditResponse",
    "ClearToolUses20250919EditResponse",
    "CompactionIterationUsage",
    "Container",
    "ContainerSkill",
    "ContextManagementResponse",
    "CountTokensContextManagementResponse",
    "Diagnostics",
    "FallbackCreditNotApplied",
    "FallbackCreditRedeemed",
    "FallbackCreditUsage",
    "FallbackMessageIterationUsage",
    "InputTransformation",
    "IterationUsage",
    "IterationsUsage",
    "KnownModel",
    "Message",
    "MessageIterationUsage",
    "MessageParam",
    "MessageTokensCount",
    "Model",
    "ModelParam",
    "OutputTokensDetails",
    "RefusalStopDetails",
    "ServerToolUsage",
    "StopReason",
    "SystemMessageOutputConfigParam",
    "SystemMessageParam",
    "ThinkingDroppedInputTransformation",
    "ThinkingMismatchAllowedInputTransformation",
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
"""A model whose name this version of the package knows."""

Model: TypeAlias = KnownModel | str
"""The name of a model, known to this version of the package or not."""

ModelParam: TypeAlias = Model
"""`Model` under the official package's name."""


class CacheCreation(WireModel):
    """Tokens written to the prompt cache, by how long they stay cached.

    ephemeral_5m_input_tokens: tokens cached for five minutes.
    ephemeral_1h_input_tokens: tokens cached for one hour.
    """

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class ServerToolUsage(WireModel):
    """How often the API ran its own tools.

    web_search_requests, web_fetch_requests: the number of searches and of fetches.
    """

    web_search_requests: int
    web_fetch_requests: int


class OutputTokensDetails(WireModel):
    """What the output tokens were used for.

    thinking_tokens: tokens of thinking, displayed or not; they are part of `output_tokens`.
    """

    thinking_tokens: int


class _IterationUsage(WireModel):
    """The tokens of one of the passes that a message took; with a beta."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int
    cache_creation_input_tokens: int
    cache_creation: CacheCreation | None = None


class MessageIterationUsage(_IterationUsage):
    """The tokens of a pass that wrote a part of the message. Counts: see `Usage`.

    model: the model that did it.
    """

    type: Literal["message"]
    model: Model | None = None


class CompactionIterationUsage(_IterationUsage):
    """The tokens of a pass that summarized the conversation. Counts: see `Usage`."""

    type: Literal["compaction"]


class FallbackMessageIterationUsage(_IterationUsage):
    """The tokens of a pass of another model, after the first had refused. Counts: see `Usage`.

    model: the model that did it.
    """

    type: Literal["fallback_message"]
    model: Model


class AdvisorMessageIterationUsage(_IterationUsage):
    """The tokens of advice. Counts: see `Usage`.

    model: the model that gave the advice.
    """

    type: Literal["advisor_message"]
    model: Model


IterationUsage: TypeAlias = Annotated[
    MessageIterationUsage
    | CompactionIterationUsage
    | FallbackMessageIterationUsage
    | AdvisorMessageIterationUsage,
    Discriminator("type"),
    OrUnknown(),
]
"""The tokens of one of the passes that a message took. `type` tells the kinds apart."""

IterationsUsage: TypeAlias = list[IterationUsage]
"""The passes that a message took, in order."""


class FallbackCreditRedeemed(WireModel):
    """The credit was used: the input that was already paid for costs nothing again."""

    type: Literal["redeemed"]


class FallbackCreditNotApplied(WireModel):
    """The credit was not used.

    reason: why.
    remove_to_redeem: the fields of the request without which it would have been used.
    """

    type: Literal["not_applied"]
    reason: Literal[
        "body_mismatch",
        "continuation_excluded",
        "continuation_only",
        "expired",
        "invalid_target_model",
        "not_enabled",
        "reprice_unavailable",
        "temporarily_unavailable",
        "variant_fields_present",
        "wrong_organization",
        "wrong_platform",
        "wrong_workspace",
    ]
    remove_to_redeem: list[str] | None = None


class FallbackCreditUsage(WireModel):
    """What became of the `fallback_credit_token` of the request.

    status: whether the credit was used.
    """

    status: Annotated[
        FallbackCreditRedeemed | FallbackCreditNotApplied, Discriminator("type"), OrUnknown()
    ]


class Usage(WireModel):
    """The number of tokens that a message used. Usages can be added: `a + b`, `sum(usages)`.

    input_tokens: input that was neither read from the cache nor written to it.
    cache_creation_input_tokens: input that was written to the cache.
    cache_read_input_tokens: input that was read from the cache.
    cache_creation: the tokens written to the cache, by how long they stay cached.
    output_tokens: output, with thinking.
    output_tokens_details: what the output tokens were used for.
    server_tool_use: how often the API ran its own tools.
    service_tier: the tier that processed the request.
    inference_geo: the region in which the request was processed.
    speed: the speed with which it was processed.
    iterations: the passes that the message took, if there were several; with a beta.
    fallback_credit: what became of the `fallback_credit_token`; with a beta.
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
    iterations: IterationsUsage | None = None
    fallback_credit: FallbackCreditUsage | None = None

    @property
    def total_input_tokens(self) -> int:
        """All input tokens: not cached, read from the cache, and written to the cache."""
        fresh: Any = self.input_tokens
        read: Any = self.cache_read_input_tokens
        written: Any = self.cache_creation_input_tokens
        if fresh.__class__ is read.__class__ is written.__class__ is int:  # as the API sends them
            total: int = fresh + read + written
            return total
        return sum([count for count in (fresh, read, written) if count and _is_count(count)])

    def cost(
        self, model: str, *, prices: "Mapping[str, PricesInput] | None" = None
    ) -> "Cost | None":
        """Return what these tokens cost in US dollars; None if the price of `model` is not known.

        Add the costs of messages, not their usages: a long prompt has other prices.

        Args:
            model: the model that the message names.
            prices: those of some models, by their ids, before the ones of the API's documentation
                and of `antiphon.costs.add_prices`.
        """
        return _cost_of()(_what_costs(self), model, prices)

    def __add__(self, other: "Usage") -> "Usage":
        """Return the sum of two usages: counts are added, other fields stay where both agree."""
        if not isinstance(other, Usage):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return type(self).from_value(_added(self.to_dict(), other.to_dict()))

    def __radd__(self, start: int) -> Self:
        """Return this usage for `0 + usage`, with which `sum` begins."""
        if start != 0:
            return NotImplemented
        return self


def _what_costs(usage: Usage) -> Mapping[str, Any]:
    """Return the fields of a usage as its JSON has them, as far as they decide about the cost."""
    if usage.iterations:
        return usage.to_dict()
    # Dumping takes longer than all of the arithmetic.
    fields = {**usage.__dict__}
    for name in ("cache_creation", "server_tool_use"):
        if (counts := fields.get(name)) is not None:
            fields[name] = getattr(counts, "__dict__", counts)
    return fields


@cache  # most programs ask for no cost; those that do would look it up for each message
def _cost_of() -> "Callable[..., Cost | None]":
    from ..catalog.pricing import cost_of

    return cost_of


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _sum(one.get(key), other.get(key)) for key in {**one, **other}}


def _sum(one: Any, other: Any) -> Any:
    """Return `one` plus `other`, if both are counts or hold counts; None counts as nothing."""
    if one is None or other is None:
        return other if one is None else one
    if _is_count(one) and _is_count(other):
        return one + other
    if is_object(one) and is_object(other):
        return _added(one, other)
    if is_list(one) and is_list(other):
        return [*one, *other]
    # A tier or a region of both: where they differ, the sum has none.
    return one if one == other else None


def _is_count(value: object) -> TypeGuard[int]:
    # A bool is an int in Python, but adding flags would make counts of them.
    return isinstance(value, int | float) and not isinstance(value, bool)


class RefusalStopDetails(WireModel):
    """Why Claude refused to answer.

    category: the kind of harm, if the API names one.
    explanation: the reason, in words.
    recommended_model: a model that may answer; with a beta.
    fallback_credit_token: send it with the request to another model, and the input costs nothing
        again; with a beta.
    fallback_has_prefill_claim: whether the token also covers what was already written; with a beta.
    """

    type: Literal["refusal"]
    category: (
        Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"] | None
    ) = None
    explanation: str | None = None
    recommended_model: str | None = None
    fallback_credit_token: str | None = None
    fallback_has_prefill_claim: bool | None = None


class ContainerSkill(WireModel):
    """A skill that was loaded into a container.

    type: whether the skill is Anthropic's or your own.
    skill_id, version: which skill.
    """

    type: Literal["anthropic", "custom"]
    skill_id: str
    version: str


class Container(WireModel):
    """The container in which code ran.

    id: its id; send it as `container` to use the same container again.
    expires_at: when the container will be deleted.
    skills: the skills that were loaded into it.
    """

    id: str
    expires_at: Timestamp
    skills: list[ContainerSkill] | None = None


class CacheMissModelChanged(WireModel):
    """The cache was missed because the `model` differs from the cached request.

    cache_missed_input_tokens: the number of input tokens that the cache would have saved.
    """

    type: Literal["model_changed"]
    cache_missed_input_tokens: int


class CacheMissSystemChanged(WireModel):
    """The cache was missed because the `system` prompt differs from the cached request.

    cache_missed_input_tokens: the number of input tokens that the cache would have saved.
    """

    type: Literal["system_changed"]
    cache_missed_input_tokens: int


class CacheMissToolsChanged(WireModel):
    """The cache was missed because the `tools` differ from the cached request.

    cache_missed_input_tokens: the number of input tokens that the cache would have saved.
    """

    type: Literal["tools_changed"]
    cache_missed_input_tokens: int


class CacheMissMessagesChanged(WireModel):
    """The cache was missed because earlier `messages` differ from the cached request.

    cache_missed_input_tokens: the number of input tokens that the cache would have saved.
    """

    type: Literal["messages_changed"]
    cache_missed_input_tokens: int


class CacheMissPreviousMessageNotFound(WireModel):
    """The API has no earlier message to compare with."""

    type: Literal["previous_message_not_found"]


class CacheMissUnavailable(WireModel):
    """The API could not find the reason."""

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
"""Why the prompt cache was missed. `type` tells the kinds apart."""


class Diagnostics(WireModel):
    """What the API found out about the request, if the parameter `diagnostics` asked for it.

    cache_miss_reason: why the prompt cache was missed; None if it was not missed.
    """

    cache_miss_reason: CacheMissReason | None = None


class ClearToolUses20250919EditResponse(WireModel):
    """Old tool calls were removed from the prompt.

    cleared_tool_uses: how many.
    cleared_input_tokens: the number of tokens that they had.
    """

    type: Literal["clear_tool_uses_20250919"]
    cleared_tool_uses: int
    cleared_input_tokens: int


class ClearThinking20251015EditResponse(WireModel):
    """Old thinking was removed from the prompt.

    cleared_thinking_turns: from how many turns.
    cleared_input_tokens: the number of tokens that it had.
    """

    type: Literal["clear_thinking_20251015"]
    cleared_thinking_turns: int
    cleared_input_tokens: int


class ContextManagementResponse(WireModel):
    """What the parameter `context_management` did to the prompt.

    applied_edits: the edits that changed something.
    """

    applied_edits: list[
        Annotated[
            ClearToolUses20250919EditResponse | ClearThinking20251015EditResponse,
            Discriminator("type"),
            OrUnknown(),
        ]
    ]


_BindingMismatch: TypeAlias = Literal[
    "model_binding_mismatch",
    "prefix_binding_mismatch",
    "organization_binding_mismatch",
    "end_user_binding_mismatch",
]


class ThinkingDroppedInputTransformation(WireModel):
    """Thinking was left out of the prompt, because it belongs to other messages.

    path: where it was in the request.
    reason: to what it did not fit.
    """

    type: Literal["thinking_dropped"]
    path: str
    reason: _BindingMismatch


class ThinkingMismatchAllowedInputTransformation(WireModel):
    """Thinking was kept in the prompt, although it belongs to other messages.

    path: where it is in the request.
    reason: to what it does not fit.
    """

    type: Literal["thinking_mismatch_allowed"]
    path: str
    reason: _BindingMismatch


InputTransformation: TypeAlias = Annotated[
    ThinkingDroppedInputTransformation | ThinkingMismatchAllowedInputTransformation,
    Discriminator("type"),
    OrUnknown(),
]
"""A change that the API made to the request. `type` tells the kinds apart."""


class Message(ResponseModel):
    """A message that Claude wrote.

    id: the id of the message.
    type: always "message".
    role: always "assistant".
    content: the content blocks of the message, in order.
    model: the model that wrote it, under its dated name.
    stop_reason: why Claude stopped; None only at the beginning of a stream.
    stop_sequence: the stop sequence at which Claude stopped, if there was one.
    stop_details: why Claude refused to answer, if it did.
    usage: the number of tokens that the message used.
    container: the container in which code ran, if any did.
    diagnostics: what the parameter `diagnostics` asked for.
    context_management: what the parameter of this name did to the prompt; with a beta.
    input_transformations: the changes that the API made to the request; with a beta.
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
    context_management: ContextManagementResponse | None = None
    input_transformations: list[InputTransformation] | None = None

    @classmethod
    def decode(cls, raw: bytes | str) -> Self:
        """Return the message that a JSON text describes, whatever its fields hold.

        Raises:
            ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
        """
        # Few kinds of blocks hold numbers that are sent back, so most messages are read once.
        message = super().decode(raw)
        if may_hold_numbers(message.content):
            message = with_literals(message, raw)
        if message.stop_reason in _CUT_OFF:
            mark_cut_off(message)
        return message

    @property
    def text(self) -> str:
        """The text of all text blocks, joined; "" if there is none."""
        if _is_text(self.content):
            return self.content  # as some gateways send it
        return "".join([b.text for b in _blocks(self, TextBlock) if _is_text(b.text)])

    @property
    def thinking(self) -> str:
        """The text of all thinking blocks, joined; "" if there is none or it is not displayed."""
        thoughts = (block.thinking for block in _blocks(self, ThinkingBlock))
        return "".join(filter(_is_text, thoughts))

    @property
    def cost(self) -> "Cost | None":
        """What the message cost in US dollars; None if the price of its model is not known."""
        # A gateway may leave out either, whatever the types say.
        usage: Any = self.usage
        model: Any = self.model
        return usage.cost(model) if isinstance(usage, Usage) and _is_text(model) else None

    @property
    def tool_uses(self) -> list[ToolUseBlock]:
        """The calls of your tools, in order. Check `complete` before you run one."""
        return _blocks(self, ToolUseBlock)

    def to_param(self) -> "MessageParam":
        """Return this message as a turn of the conversation, to send it back as it was received.

        Only what the API does not accept is left out: text blocks without text, and fields that
        only responses may have.

        Raises:
            ValueError: a tool call in it was not received completely.
        """
        if _is_text(self.content):
            return {"role": "assistant", "content": self.content}
        content = [_block_param(block) for block in _content(self) if not _is_blank(block)]
        return {"role": "assistant", "content": cast("list[ContentBlockParam]", content)}


# With these stop reasons the last block may be cut off.
_CUT_OFF: Final = ("max_tokens", "model_context_window_exceeded")


def mark_cut_off(message: Message) -> None:
    """Mark the last block as incomplete if it is a tool call that a limit left without input.

    A limit may strike between the start of a call and its input. The call then looks like one
    without arguments, and must not be run.
    """
    last = content[-1] if (content := _content(message)) else None
    if (
        message.stop_reason in _CUT_OFF
        and isinstance(last, ToolCall)
        and last.complete
        and not getattr(last, "input", None)
    ):
        last.mark_incomplete("", "the message was cut off by a limit before the input came")


def _content(message: Message) -> list[object]:
    return message.content if is_list(message.content) else []


def _blocks(message: Message, kind: type[BlockT]) -> list[BlockT]:
    return [block for block in _content(message) if isinstance(block, kind)]


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _is_blank(block: object) -> bool:
    # The API refuses such blocks: "text content blocks must contain non-whitespace text".
    return isinstance(block, TextBlock) and not (_is_text(block.text) and block.text.strip())


def _block_param(block: object) -> object:
    return block.to_param() if isinstance(block, Block) else block


class CountTokensContextManagementResponse(WireModel):
    """What the parameter `context_management` would do to the prompt.

    original_input_tokens: the number of tokens without it.
    """

    original_input_tokens: int


class MessageTokensCount(ResponseModel):
    """The number of tokens of a request.

    input_tokens: all of them, for messages, system prompt and tools together.
    context_management: what the parameter of this name would do; with a beta.
    """

    input_tokens: int
    context_management: CountTokensContextManagementResponse | None = None


class UserMessageParam(Param):
    """A turn of the user in the conversation.

    role: always "user".
    content: one text, or a list of blocks.
    """

    role: Literal["user"]
    content: MessageContentParam


class AssistantMessageParam(Param):
    """A turn of Claude, sent back to the API.

    role: always "assistant".
    content: one text, or a list of blocks.
    """

    role: Literal["assistant"]
    content: MessageContentParam


class SystemMessageOutputConfigParam(Param, total=False):
    """How much effort Claude makes from here on; with a beta.

    effort: how much effort Claude makes.
    """

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None


class SystemMessageParam(Param, total=False):
    """An instruction within a conversation; only some models accept it.

    role: always "system".
    content: one text, or a list of text blocks; with a beta also changes of the tools.
    clear_at: when the instruction ends, "never" by default; with a beta.
    output_config: changes how Claude answers from here on; with a beta.
    """

    role: Required[Literal["system"]]
    content: Required[
        TextOr[
            Annotated[
                TextBlockParam | RequestToolAdditionBlockParam | RequestToolRemovalBlockParam,
                Discriminator("type"),
            ]
        ]
    ]
    clear_at: Literal["next_user_message", "never"] | None
    output_config: SystemMessageOutputConfigParam | None


class MessageParam(Param):
    """A turn of the conversation.

    role: whose turn it is.
    content: one text, or a list of blocks.
    """

    role: Literal["user", "assistant", "system"]
    content: MessageContentParam
