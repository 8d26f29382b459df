"""The parameters of the message endpoints."""

from collections.abc import Mapping
from typing import (
    Annotated,
    Literal,
    Protocol,
    Required,
    TypeAlias,
    TypeVar,
    runtime_checkable,
)

from pydantic import Discriminator

from .._wire.http import Timeout
from .._wire.sentinels import NotGiven, Omit
from .._wire.validation import InstanceOf, Many, Param, TextOr, with_inherited_keys
from .beta_blocks import AdvisorTool20260301Param, MCPToolsetParam
from .content import (
    CacheControlEphemeral,
    TextBlockParam,
)
from .message import (
    AssistantMessageParam,
    Message,
    MessageParam,
    Model,
    SystemMessageParam,
    UserMessageParam,
)
from .server_tools import (
    BrowserToolset20260801Param,
    CodeExecutionTool20250522Param,
    CodeExecutionTool20250825Param,
    CodeExecutionTool20260120Param,
    CodeExecutionTool20260521Param,
    ComputerToolset20260801Param,
    ToolSearchToolBm25_20251119Param,
    ToolSearchToolRegex20251119Param,
    WebFetchTool20250910Param,
    WebFetchTool20260209Param,
    WebFetchTool20260309Param,
    WebFetchTool20260318Param,
    WebSearchTool20250305Param,
    WebSearchTool20260209Param,
    WebSearchTool20260318Param,
)
from .tools import (
    MemoryTool20250818Param,
    ToolBash20241022Param,
    ToolBash20250124Param,
    ToolChoiceParam,
    ToolComputerUse20241022Param,
    ToolComputerUse20250124Param,
    ToolComputerUse20251124Param,
    ToolParam,
    ToolTextEditor20241022Param,
    ToolTextEditor20250124Param,
    ToolTextEditor20250429Param,
    ToolTextEditor20250728Param,
)

__all__ = [
    "ContainerParams",
    "CountTokensParams",
    "CreateParams",
    "CreateParamsNonStreaming",
    "CreateParamsStreaming",
    "DiagnosticsParam",
    "JSONOutputFormatParam",
    "MessageCountTokensParams",
    "MessageCreateParams",
    "MessageLike",
    "MetadataParam",
    "Optionally",
    "OutputConfigParam",
    "ParseParams",
    "SkillParams",
    "StreamOutputParams",
    "StreamParams",
    "SupportsToolDict",
    "ThinkingBlockBindingParam",
    "ThinkingConfigAdaptiveParam",
    "ThinkingConfigBetweenToolsParam",
    "ThinkingConfigDisabledParam",
    "ThinkingConfigEnabledParam",
    "ThinkingConfigParam",
    "TokenTaskBudgetParam",
    "ToolLike",
    "ToolUnionParam",
    "WorkspaceParams",
]

T = TypeVar("T")

ToolUnionParam: TypeAlias = (
    ToolParam
    | ToolBash20250124Param
    | CodeExecutionTool20250522Param
    | CodeExecutionTool20250825Param
    | CodeExecutionTool20260120Param
    | CodeExecutionTool20260521Param
    | BrowserToolset20260801Param
    | MemoryTool20250818Param
    | ComputerToolset20260801Param
    | ToolTextEditor20250124Param
    | ToolTextEditor20250429Param
    | ToolTextEditor20250728Param
    | WebSearchTool20250305Param
    | WebFetchTool20250910Param
    | WebSearchTool20260209Param
    | WebFetchTool20260209Param
    | WebFetchTool20260309Param
    | WebSearchTool20260318Param
    | WebFetchTool20260318Param
    | ToolSearchToolBm25_20251119Param
    | ToolSearchToolRegex20251119Param
    | ToolBash20241022Param
    | ToolTextEditor20241022Param
    | ToolComputerUse20241022Param
    | ToolComputerUse20250124Param
    | ToolComputerUse20251124Param
    | AdvisorTool20260301Param
    | MCPToolsetParam
)
"""A tool that Claude may call: yours, or one that the API defines; the last seven need a beta."""


@runtime_checkable
class SupportsToolDict(Protocol):
    """An object that knows the definition of its tool, such as one that `antiphon.tool` makes."""

    def to_dict(self) -> ToolUnionParam:
        """Return the definition of the tool."""
        ...


ToolLike: TypeAlias = ToolUnionParam | Annotated[SupportsToolDict, InstanceOf()]
"""A tool: its definition, or an object that knows it."""


class MetadataParam(Param, total=False):
    """Facts about the request, for the API.

    user_id: an opaque id of your user, at most 256 characters; never a name or an address.
    """

    user_id: str | None


class ThinkingBlockBindingParam(Param, total=False):
    """What the API does with thinking that does not belong to the messages before it; with a beta.

    prefix_mismatch_behavior: "error" refuses the request, "drop_block" leaves the block out.
    """

    prefix_mismatch_behavior: Literal["error", "drop_block"] | None


class ThinkingConfigEnabledParam(Param, total=False):
    """Claude thinks before it answers, within a budget.

    budget_tokens: the maximum number of tokens of thinking: at least 1024, below `max_tokens`.
    display: whether the response has a summary of the thinking, or an empty text; "updates" gives
        short updates while Claude thinks, with a beta.
    block_binding: what happens to thinking that belongs to other messages, with a beta.
    """

    type: Required[Literal["enabled"]]
    budget_tokens: Required[int]
    display: Literal["summarized", "omitted", "updates"] | None
    block_binding: ThinkingBlockBindingParam | None


class ThinkingConfigDisabledParam(Param):
    """Claude answers without thinking."""

    type: Literal["disabled"]


class ThinkingConfigBetweenToolsParam(Param):
    """Claude thinks only between tool calls."""

    type: Literal["between_tools"]


class ThinkingConfigAdaptiveParam(Param, total=False):
    """Claude decides by itself how much it thinks.

    display: whether the response has a summary of the thinking, or an empty text; "updates" gives
        short updates while Claude thinks, with a beta.
    block_binding: what happens to thinking that belongs to other messages, with a beta.
    """

    type: Required[Literal["adaptive"]]
    display: Literal["summarized", "omitted", "updates"] | None
    block_binding: ThinkingBlockBindingParam | None


ThinkingConfigParam: TypeAlias = Annotated[
    ThinkingConfigEnabledParam
    | ThinkingConfigDisabledParam
    | ThinkingConfigBetweenToolsParam
    | ThinkingConfigAdaptiveParam,
    Discriminator("type"),
]
"""Whether and how Claude thinks before it answers. `type` tells the kinds apart."""


class JSONOutputFormatParam(Param):
    """The output is JSON that fits a schema.

    type: always "json_schema".
    schema: the JSON schema.
    """

    type: Literal["json_schema"]
    schema: Mapping[str, object]


class TokenTaskBudgetParam(Param, total=False):
    """How many tokens Claude may use for the whole task, over several requests; with a beta.

    type: always "tokens".
    total: the budget of the task.
    remaining: what is left of it; `total` by default.
    """

    type: Required[Literal["tokens"]]
    total: Required[int]
    remaining: int | None


class OutputConfigParam(Param, total=False):
    """How much effort Claude makes, and the format of its output.

    effort: how much effort Claude makes.
    format: the format of the output.
    task_budget: how many tokens Claude may use for the whole task, with a beta.
    """

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None
    format: JSONOutputFormatParam | None
    task_budget: TokenTaskBudgetParam | None


class DiagnosticsParam(Param, total=False):
    """A question to the API: why was the prompt cache missed?

    previous_message_id: the id of the message to compare with; None for the latest.
    """

    previous_message_id: str | None


class SkillParams(Param, total=False):
    """A skill to load into the container.

    type: whether the skill is Anthropic's or your own.
    skill_id: the id of the skill.
    version: its version; the latest one by default.
    """

    type: Required[Literal["anthropic", "custom"]]
    skill_id: Required[str]
    version: str


class ContainerParams(Param, total=False):
    """The container in which code runs.

    id: the id of an earlier container, to use it again.
    skills: the skills to load into it.
    """

    id: str | None
    skills: Many[SkillParams] | None


Optionally: TypeAlias = T | NotGiven | Omit
"""A parameter that may be left out; `NOT_GIVEN` and `omit` do so, too."""


class CallParams(Param, total=False):
    """What every method takes in addition to the parameters of its endpoint.

    betas: beta features to switch on, added to those of the client.
    extra_headers: more headers; they win over all others, and `omit` removes one.
    extra_query: more query parameters.
    extra_body: more fields of the body; they win over all others.
    timeout: how long the call may take: seconds, a `Timeout`, or None for no limit.
    """

    betas: Optionally[Many[str]]
    extra_headers: Mapping[str, str | Omit] | None
    extra_query: Mapping[str, object] | None
    extra_body: Mapping[str, object] | None
    timeout: Optionally[float | Timeout | None]


@with_inherited_keys
class SpendingParams(CallParams, total=False):
    """What every method takes that generates a message, in addition.

    budget: an `antiphon.Budget` for this call, besides those of the client and of `with` blocks.
    """

    budget: Optionally[object | None]


@with_inherited_keys
class WorkspaceParams(CallParams, total=False):
    """What a method takes that names one thing of a workspace.

    workspace_id: the workspace that it belongs to.
    """

    workspace_id: Optionally[str]


class TurnOptions(Param, total=False):
    """What may be a part of the prompt of one turn, or say how it is read.

    system: instructions that hold for the whole conversation.
    tools: the tools that Claude may call: their definitions, or what `antiphon.tool` makes.
    tool_choice: how Claude uses the tools; `{"type": "auto"}` by default.
    thinking: whether Claude thinks first; the default depends on the model.
    cache_control: caches the prompt up to its last block that can be cached.
    speed: "fast" for quicker output of the models that have it, at a higher price.
    user_profile_id: the user profile that the request belongs to.
    workspace_id: the workspace that the request belongs to.
    """

    system: Optionally[TextOr[TextBlockParam]]
    tools: Optionally[Many[ToolLike]]
    tool_choice: Optionally[ToolChoiceParam]
    thinking: Optionally[ThinkingConfigParam]
    cache_control: Optionally[CacheControlEphemeral | None]
    speed: Optionally[Literal["standard", "fast"] | None]
    user_profile_id: Optionally[str]
    workspace_id: Optionally[str]


@with_inherited_keys
class PromptOptions(TurnOptions, total=False):
    """What may be a part of the prompt, or say how it is read.

    output_config: how much effort Claude makes, and the format of the output.
    """

    output_config: Optionally[OutputConfigParam]


class _ConversationParams(Param, total=False):
    """The model, and what it reads.

    model: the name of the model, such as "claude-haiku-4-5".
    messages: the conversation so far, oldest first, at most 100,000 messages. A received `Message`
        may stand for its turn.
    """

    model: Required[Model]
    messages: Required[Many["MessageLike"]]


@with_inherited_keys
class PromptParams(_ConversationParams, PromptOptions, total=False):
    """What every message endpoint takes: the prompt, and what counts as a part of it."""


class _LengthParams(Param, total=False):
    """How long the output may be.

    max_tokens: the maximum number of tokens to generate, thinking included; its upper limit depends
        on the model. 0 generates nothing and only fills the prompt cache.
    """

    max_tokens: Required[int]


class GenerationOptions(Param, total=False):
    """How a message is generated.

    stop_sequences: texts at which Claude stops; each must hold more than white space.
    temperature: randomness of the output, from 0.0 to 1.0; 1.0 by default. Models from Claude 4.7
        on accept only the default.
    top_p: sample from the most likely tokens that together have this probability, from 0.0 to 1.0;
        give this or `temperature`. Models from Claude 4.7 on do not accept it.
    top_k: sample from this many of the most likely tokens, at least 0. Models from Claude 4.7 on do
        not accept it.
    metadata: facts about the request, for the API.
    service_tier: "auto" (the default) uses priority capacity if you have it, "standard_only" never.
    container: the container in which code runs: its id, or what to load into it.
    diagnostics: ask why the prompt cache was missed.
    inference_geo: the region in which the request is processed, "us" or "global".
    """

    stop_sequences: Optionally[list[str] | tuple[str, ...]]
    temperature: Optionally[float]
    top_p: Optionally[float]
    top_k: Optionally[int]
    metadata: Optionally[MetadataParam]
    service_tier: Optionally[Literal["auto", "standard_only"]]
    container: Optionally[ContainerParams | str | None]
    diagnostics: Optionally[DiagnosticsParam | None]
    inference_geo: Optionally[str | None]


@with_inherited_keys
class GenerationParams(PromptParams, _LengthParams, GenerationOptions, total=False):
    """What every endpoint takes that generates a message."""


class OutputParams(Param, total=False):
    """What is known of the output.

    output_format: the type of the output: a model, a dataclass, a TypedDict, an Enum, a list …
    """

    output_format: Optionally[object]


class RetryOutputParams(OutputParams, total=False):
    """What is known of the output, and what to do if it does not fit.

    retries: how often Claude is asked again, with the error, if the output does not fit the type;
        0 by default.
    """

    retries: int


@with_inherited_keys
class CountTokensParams(PromptParams, OutputParams, CallParams, total=False):
    """The parameters of `messages.count_tokens`."""


@with_inherited_keys
class StreamParams(GenerationParams, SpendingParams, total=False):
    """The parameters of `messages.stream`."""


@with_inherited_keys
class StreamOutputParams(StreamParams, OutputParams, total=False):
    """The parameters of `messages.stream`, and the type of the output."""


@with_inherited_keys
class CreateParams(GenerationParams, SpendingParams, total=False):
    """The parameters of `messages.create`.

    stream: true to receive events instead of a message; false by default.
    """

    stream: Optionally[bool]


@with_inherited_keys
class CreateParamsNonStreaming(GenerationParams, SpendingParams, total=False):
    """The parameters of `messages.create` when it returns a message.

    stream: false, or left out.
    """

    stream: Optionally[Literal[False]]


@with_inherited_keys
class ParseParams(CreateParamsNonStreaming, RetryOutputParams, total=False):
    """The parameters of `messages.parse`."""


@with_inherited_keys
class CreateParamsStreaming(GenerationParams, SpendingParams):
    """The parameters of `messages.create` when it returns events.

    stream: true.
    """

    stream: Literal[True]


MessageLike: TypeAlias = (
    MessageParam | UserMessageParam | AssistantMessageParam | SystemMessageParam | Message
)
"""A turn of the conversation; a received `Message` is one, too."""

MessageCreateParams: TypeAlias = CreateParams
"""`CreateParams` under the official package's name."""

MessageCountTokensParams: TypeAlias = CountTokensParams
"""`CountTokensParams` under the official package's name."""
