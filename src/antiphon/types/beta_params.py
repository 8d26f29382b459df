"""The parameters of `client.beta.messages`: those of `client.messages`, and what needs a beta.

Each needs the name of its beta in `betas`, which the API documents with the feature. Other
parameters (tools, thinking, output) have their beta fields in their own classes.
"""

from typing import Annotated, Literal, Required, TypeAlias

from pydantic import Discriminator

from .._wire.validation import Many, Param, with_inherited_keys
from .message import Model
from .params import (
    CallParams,
    CountTokensParams,
    CreateParams,
    CreateParamsNonStreaming,
    CreateParamsStreaming,
    GenerationOptions,
    MessageLike,
    Optionally,
    OutputConfigParam,
    OutputParams,
    PromptOptions,
    RetryOutputParams,
    SpendingParams,
    StreamParams,
    ThinkingConfigParam,
    TurnOptions,
)
from .tool_runs import (
    LoopOptions,
    RunToolsParams,
    RunToolsParamsNonStreaming,
    RunToolsParamsStreaming,
)

__all__ = [
    "AllThinkingTurnsParam",
    "BetaCountTokensParams",
    "BetaCreateParams",
    "BetaCreateParamsNonStreaming",
    "BetaCreateParamsStreaming",
    "BetaParseParams",
    "BetaRunToolsOutputParams",
    "BetaRunToolsParams",
    "BetaRunToolsParamsNonStreaming",
    "BetaRunToolsParamsStreaming",
    "BetaStreamOutputParams",
    "BetaStreamParams",
    "BetaThreadContinueParams",
    "BetaThreadCreateParams",
    "BetaToolRunnerOutputParams",
    "BetaToolRunnerParams",
    "BetaToolRunnerParamsNonStreaming",
    "BetaToolRunnerParamsStreaming",
    "BillingPolicyParam",
    "ClearThinking20251015EditParam",
    "ClearToolUses20250919EditParam",
    "Compact20260112EditParam",
    "CompactionConfigParam",
    "ContextManagementConfigParam",
    "FallbackCreditTokenParam",
    "FallbackParam",
    "FallbacksParam",
    "InputTokensClearAtLeastParam",
    "InputTokensTriggerParam",
    "MessageThreadParam",
    "RequestMCPServerToolConfigurationParam",
    "RequestMCPServerURLDefinitionParam",
    "ThinkingTurnsParam",
    "ThreadCreateParams",
    "ThreadOutputParams",
    "ThreadParams",
    "ThreadSendParams",
    "ThreadToolRunnerParams",
    "ThreadToolRunnerParamsNonStreaming",
    "ThreadToolRunnerParamsStreaming",
    "ToolUsesKeepParam",
    "ToolUsesTriggerParam",
    "UnsupportedRequestBehavior",
]


class InputTokensTriggerParam(Param):
    """The edit is made when the prompt has more tokens than this.

    value: the number of tokens.
    """

    type: Literal["input_tokens"]
    value: int


class ToolUsesTriggerParam(Param):
    """The edit is made when the prompt has more tool calls than this.

    value: the number of calls.
    """

    type: Literal["tool_uses"]
    value: int


class ToolUsesKeepParam(Param):
    """The latest tool calls are kept.

    value: how many.
    """

    type: Literal["tool_uses"]
    value: int


class InputTokensClearAtLeastParam(Param):
    """The edit is made only if it removes this many tokens.

    value: the number of tokens.
    """

    type: Literal["input_tokens"]
    value: int


class ThinkingTurnsParam(Param):
    """The thinking of the latest turns is kept.

    value: of how many.
    """

    type: Literal["thinking_turns"]
    value: int


class AllThinkingTurnsParam(Param):
    """All thinking is kept."""

    type: Literal["all"]


class ClearToolUses20250919EditParam(Param, total=False):
    """Remove the results of old tool calls from a long prompt.

    trigger: from which length on; 100,000 tokens by default.
    keep: how many of the latest calls are kept; 3 by default.
    clear_at_least: the number of tokens below which nothing is removed.
    clear_tool_inputs: whether the inputs of the calls are removed, too, or those of which tools.
    exclude_tools: the tools whose calls are always kept.
    """

    type: Required[Literal["clear_tool_uses_20250919"]]
    trigger: Annotated[InputTokensTriggerParam | ToolUsesTriggerParam, Discriminator("type")]
    keep: ToolUsesKeepParam
    clear_at_least: InputTokensClearAtLeastParam | None
    clear_tool_inputs: bool | list[str] | tuple[str, ...] | None
    exclude_tools: list[str] | tuple[str, ...] | None


class ClearThinking20251015EditParam(Param, total=False):
    """Remove old thinking from the prompt.

    keep: of how many of the latest turns it is kept, or "all".
    """

    type: Required[Literal["clear_thinking_20251015"]]
    keep: ThinkingTurnsParam | AllThinkingTurnsParam | Literal["all"]


class Compact20260112EditParam(Param, total=False):
    """Replace a long conversation by a summary, which Claude writes first.

    trigger: from how many tokens on, at least 50,000; 150,000 by default.
    instructions: what to summarize, instead of the API's own instructions.
    pause_after_compaction: true to stop with the reason "compaction" after the summary.
    """

    type: Required[Literal["compact_20260112"]]
    trigger: InputTokensTriggerParam | None
    instructions: str | None
    pause_after_compaction: bool


class ContextManagementConfigParam(Param, total=False):
    """How the API shortens a prompt that has grown long.

    edits: what it does, in this order.
    """

    edits: Many[
        Annotated[
            ClearToolUses20250919EditParam
            | ClearThinking20251015EditParam
            | Compact20260112EditParam,
            Discriminator("type"),
        ]
    ]


class CompactionConfigParam(Param, total=False):
    """Ask for a summary of the conversation instead of a reply.

    instructions: what to summarize, instead of the API's own instructions.
    """

    type: Required[Literal["summarize"]]
    instructions: str | None


class RequestMCPServerToolConfigurationParam(Param, total=False):
    """Which tools of an MCP server Claude may call.

    enabled: false to offer none of them.
    allowed_tools: their names; None for all.
    """

    enabled: bool | None
    allowed_tools: list[str] | tuple[str, ...] | None


class RequestMCPServerURLDefinitionParam(Param, total=False):
    """An MCP server whose tools the API may call.

    type: always "url".
    name: what the request calls it.
    url: its address.
    authorization_token: the OAuth token that it asks for.
    tool_configuration: which of its tools Claude may call.
    """

    type: Required[Literal["url"]]
    name: Required[str]
    url: Required[str]
    authorization_token: str | None
    tool_configuration: RequestMCPServerToolConfigurationParam | None


class FallbackParam(Param, total=False):
    """Another model, for when the first refuses. What is left out is as in the request.

    model: its name.
    max_tokens, output_config, speed, thinking: other values of these parameters.
    """

    model: Required[Model]
    max_tokens: int | None
    output_config: OutputConfigParam | None
    speed: Literal["standard", "fast"] | None
    thinking: ThinkingConfigParam | None


FallbacksParam: TypeAlias = Literal["default"] | Many[FallbackParam]
"""The models to try after a refusal, at most three; "default" leaves the choice to the API."""


class FallbackCreditTokenParam(Param, total=False):
    """The credit that a refusal gave.

    token: the `fallback_credit_token` of its `stop_details`.
    mode: "strict" refuses a request for which it does not hold, "best_effort" then pays in full.
    """

    token: Required[str]
    mode: Literal["strict", "best_effort"]


class BillingPolicyParam(Param, total=False):
    """Who pays.

    bill_to: you, or the user of the `user_profile_id`.
    """

    type: Required[Literal["billing_policy"]]
    bill_to: Literal["self", "user_profile"]


class BetaThreadCreateParams(Param):
    """Keep the conversation, so that the next request sends only new messages."""

    type: Literal["create"]


class BetaThreadContinueParams(Param):
    """Continue a conversation that the API keeps.

    previous_message_id: the id of its last message.
    """

    type: Literal["continue"]
    previous_message_id: str


MessageThreadParam: TypeAlias = Annotated[
    BetaThreadCreateParams | BetaThreadContinueParams, Discriminator("type")
]
"""Whether the request begins a message thread or continues one. `type` tells the kinds apart."""

UnsupportedRequestBehavior: TypeAlias = Literal["error", "continue_unthreaded"]
"""What a thread does when the API cannot keep it: raise the error, or send everything each time."""


class _BetaPromptParams(Param, total=False):
    """What every message endpoint takes with a beta.

    context_management: how the API shortens a prompt that has grown long.
    compaction: asks for a summary of the conversation instead of a reply.
    mcp_servers: the MCP servers whose tools the API may call.
    billing_policy: who pays.
    """

    context_management: Optionally[ContextManagementConfigParam | None]
    compaction: Optionally[CompactionConfigParam | None]
    mcp_servers: Optionally[Many[RequestMCPServerURLDefinitionParam]]
    billing_policy: Optionally[BillingPolicyParam | None]


@with_inherited_keys
class _BetaGenerationParams(_BetaPromptParams, total=False):
    """What every endpoint takes with a beta that generates a message.

    fallbacks: the models to try if this one refuses.
    fallback_credit_token: the credit that a refusal gave.
    """

    fallbacks: Optionally[FallbacksParam | None]
    fallback_credit_token: Optionally[FallbackCreditTokenParam | str | None]


@with_inherited_keys
class ThreadSendParams(
    TurnOptions, GenerationOptions, _BetaGenerationParams, SpendingParams, total=False
):
    """The parameters of one turn of a message thread; what is left out is as in the thread.

    model: the name of the model, such as "claude-haiku-4-5".
    max_tokens: the maximum number of tokens to generate, thinking included.
    """

    model: Optionally[Model]
    max_tokens: Optionally[int]


@with_inherited_keys
class ThreadParams(
    PromptOptions, GenerationOptions, _BetaGenerationParams, SpendingParams, total=False
):
    """The parameters of `beta.messages.thread`.

    model: the name of the model, such as "claude-haiku-4-5".
    max_tokens: the maximum number of tokens to generate in a turn, thinking included.
    messages: the beginning of the conversation, if there is one.
    unsupported_request_behavior: what to do if the API cannot have a request in a thread: "error",
        the default, raises its error; "continue_unthreaded" sends the whole conversation each time
        from then on.
    """

    model: Required[Model]
    max_tokens: Required[int]
    messages: Many[MessageLike]
    unsupported_request_behavior: UnsupportedRequestBehavior


@with_inherited_keys
class ThreadOutputParams(ThreadParams, OutputParams, total=False):
    """The parameters of `beta.messages.thread`, and the type of the output."""


ThreadCreateParams: TypeAlias = ThreadParams
"""`ThreadParams` under another name of the official package."""


@with_inherited_keys
class _BetaThreadedParams(_BetaGenerationParams, total=False):
    """What `create` and `stream` take with a beta.

    thread: begins or continues a message thread; see also `client.beta.messages.thread`.
    """

    thread: Optionally[MessageThreadParam | None]


@with_inherited_keys
class BetaCreateParams(CreateParams, _BetaThreadedParams, total=False):
    """The parameters of `beta.messages.create`."""


@with_inherited_keys
class BetaCreateParamsNonStreaming(CreateParamsNonStreaming, _BetaThreadedParams, total=False):
    """The parameters of `beta.messages.create` when it returns a message."""


@with_inherited_keys
class BetaCreateParamsStreaming(CreateParamsStreaming, _BetaThreadedParams, total=False):
    """The parameters of `beta.messages.create` when it returns events."""


@with_inherited_keys
class BetaStreamParams(StreamParams, _BetaThreadedParams, total=False):
    """The parameters of `beta.messages.stream`."""


@with_inherited_keys
class BetaStreamOutputParams(BetaStreamParams, OutputParams, total=False):
    """The parameters of `beta.messages.stream`, and the type of the output."""


@with_inherited_keys
class BetaParseParams(BetaCreateParamsNonStreaming, RetryOutputParams, total=False):
    """The parameters of `beta.messages.parse`."""


@with_inherited_keys
class BetaCountTokensParams(CountTokensParams, _BetaPromptParams, total=False):
    """The parameters of `beta.messages.count_tokens`."""


@with_inherited_keys
class BetaRunToolsParams(RunToolsParams, _BetaGenerationParams, total=False):
    """The parameters of `beta.messages.run_tools`."""


@with_inherited_keys
class BetaRunToolsOutputParams(BetaRunToolsParams, OutputParams, total=False):
    """The parameters of `beta.messages.run_tools`, and the type of the output."""


@with_inherited_keys
class BetaRunToolsParamsNonStreaming(
    RunToolsParamsNonStreaming, _BetaGenerationParams, total=False
):
    """The parameters of `beta.messages.run_tools` when it gives messages."""


@with_inherited_keys
class BetaRunToolsParamsStreaming(RunToolsParamsStreaming, _BetaGenerationParams, total=False):
    """The parameters of `beta.messages.run_tools` when it gives streams."""


class _OfficialRunParams(Param, total=False):
    """What only `beta.messages.tool_runner` takes.

    max_iterations: the official name of `max_turns`.
    run_tools_eagerly: true to run each call as soon as it was received, while its message still is;
        needs `stream`. Its result is lost if the message then does not end with `tool_use`.
    """

    max_iterations: Optionally[int | None]
    run_tools_eagerly: Optionally[bool]


@with_inherited_keys
class _ThreadRunParams(LoopOptions, _OfficialRunParams, CallParams, total=False):
    """What `tool_runner` of a message thread takes."""


@with_inherited_keys
class ThreadToolRunnerParams(_ThreadRunParams, total=False):
    """The parameters of `tool_runner` of a message thread.

    stream: true to receive a stream of each message; false by default.
    """

    stream: Optionally[bool]


@with_inherited_keys
class ThreadToolRunnerParamsNonStreaming(_ThreadRunParams, total=False):
    """The parameters of `tool_runner` of a message thread when it gives messages.

    stream: false, or left out.
    """

    stream: Optionally[Literal[False]]


@with_inherited_keys
class ThreadToolRunnerParamsStreaming(_ThreadRunParams):
    """The parameters of `tool_runner` of a message thread when it gives streams.

    stream: true.
    """

    stream: Literal[True]


@with_inherited_keys
class BetaToolRunnerParams(BetaRunToolsParams, _OfficialRunParams, total=False):
    """The parameters of `beta.messages.tool_runner`."""


@with_inherited_keys
class BetaToolRunnerOutputParams(BetaToolRunnerParams, OutputParams, total=False):
    """The parameters of `beta.messages.tool_runner`, and the type of the output."""


@with_inherited_keys
class BetaToolRunnerParamsNonStreaming(
    BetaRunToolsParamsNonStreaming, _OfficialRunParams, total=False
):
    """The parameters of `beta.messages.tool_runner` when it gives messages."""


@with_inherited_keys
class BetaToolRunnerParamsStreaming(BetaRunToolsParamsStreaming, _OfficialRunParams, total=False):
    """The parameters of `beta.messages.tool_runner` when it gives streams."""
