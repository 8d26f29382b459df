"""The parameters of the message endpoints: what a request may say."""

from collections.abc import Mapping
from typing import (
    Annotated,
    Literal,
    Required,
    TypeAlias,
    TypeVar,
)

from pydantic import Discriminator

from .._wire.http import Timeout
from .._wire.sentinels import NotGiven, Omit
from .._wire.validation import Many, Param, TextOr
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
    ToolBash20250124Param,
    ToolChoiceParam,
    ToolParam,
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
    "SkillParams",
    "StreamParams",
    "ThinkingConfigAdaptiveParam",
    "ThinkingConfigBetweenToolsParam",
    "ThinkingConfigDisabledParam",
    "ThinkingConfigEnabledParam",
    "ThinkingConfigParam",
    "ToolUnionParam",
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
)
"""A tool that Claude may call: yours, or one that the API defines; told apart by `type`."""


class MetadataParam(Param, total=False):
    """What the API may know about the request.

    user_id: an opaque id of your user, at most 256 characters; never a name or an address.
    """

    user_id: str | None


class ThinkingConfigEnabledParam(Param, total=False):
    """Claude thinks first, within a budget.

    budget_tokens: at least 1024 and less than `max_tokens`.
    display: whether thinking is answered in summary or left out.
    """

    type: Required[Literal["enabled"]]
    budget_tokens: Required[int]
    display: Literal["summarized", "omitted"] | None


class ThinkingConfigDisabledParam(Param):
    """Claude answers at once."""

    type: Literal["disabled"]


class ThinkingConfigBetweenToolsParam(Param):
    """Claude thinks between tool calls only."""

    type: Literal["between_tools"]


class ThinkingConfigAdaptiveParam(Param, total=False):
    """Claude decides how much to think.

    display: whether thinking is answered in summary or left out.
    """

    type: Required[Literal["adaptive"]]
    display: Literal["summarized", "omitted"] | None


ThinkingConfigParam: TypeAlias = Annotated[
    ThinkingConfigEnabledParam
    | ThinkingConfigDisabledParam
    | ThinkingConfigBetweenToolsParam
    | ThinkingConfigAdaptiveParam,
    Discriminator("type"),
]
"""Whether and how Claude thinks before it answers; told apart by `type`."""


class JSONOutputFormatParam(Param):
    """The answer is JSON of this shape.

    type: always "json_schema".
    schema: a JSON schema.
    """

    type: Literal["json_schema"]
    schema: Mapping[str, object]


class OutputConfigParam(Param, total=False):
    """How Claude answers.

    effort: how much work it puts in.
    format: the shape of the answer.
    """

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None
    format: JSONOutputFormatParam | None


class DiagnosticsParam(Param, total=False):
    """Asks why the prompt cache was missed.

    previous_message_id: the message to compare with; null for the latest.
    """

    previous_message_id: str | None


class SkillParams(Param, total=False):
    """A skill to load into the container.

    type: Anthropic's or your own.
    skill_id, version: which; the latest version by default.
    """

    type: Required[Literal["anthropic", "custom"]]
    skill_id: Required[str]
    version: str


class ContainerParams(Param, total=False):
    """The container in which code runs.

    id: an earlier one, to go on in it.
    skills: what to load into it.
    """

    id: str | None
    skills: Many[SkillParams] | None


Optionally: TypeAlias = T | NotGiven | Omit
"""A parameter that may be left out, also by passing `NOT_GIVEN` or `omit`."""


class CountTokensParams(Param, total=False):
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
    messages: Required[Many["MessageLike"]]
    system: Optionally[TextOr[TextBlockParam]]
    tools: Optionally[Many[ToolUnionParam]]
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

MessageCreateParams: TypeAlias = CreateParams
"""`CreateParams` under the official package's name."""

MessageCountTokensParams: TypeAlias = CountTokensParams
"""`CountTokensParams` under the official package's name."""
