"""Blocks and tools that need a beta: MCP, advisor, compaction, fallback, tool changes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

# Below Python 3.12 pydantic refuses the TypedDict of `typing`.
from typing_extensions import TypedDict

from .._wire.decoding import OrUnknown, WireModel
from .._wire.json import is_object
from .._wire.validation import Many, Param, TextOr, with_inherited_keys
from .content import Block, CacheControlEphemeral, TextBlock, TextBlockParam
from .tools import ToolCall, ToolOptions

__all__ = [
    "AdvisorRedactedResultBlock",
    "AdvisorRedactedResultBlockParam",
    "AdvisorResultBlock",
    "AdvisorResultBlockParam",
    "AdvisorTool20260301Param",
    "AdvisorToolResultBlock",
    "AdvisorToolResultBlockContent",
    "AdvisorToolResultBlockParam",
    "AdvisorToolResultErrorCode",
    "AdvisorToolResultErrorObject",
    "AdvisorToolResultErrorParam",
    "CompactionBlock",
    "CompactionBlockParam",
    "FallbackBlock",
    "FallbackBlockParam",
    "FallbackInfo",
    "FallbackInfoParam",
    "FallbackRefusalTrigger",
    "MCPTool",
    "MCPToolConfigParam",
    "MCPToolDefaultConfigParam",
    "MCPToolListingBlock",
    "MCPToolListingBlockParam",
    "MCPToolParamParam",
    "MCPToolResultBlock",
    "MCPToolUseBlock",
    "MCPToolUseBlockParam",
    "MCPToolsetParam",
    "RequestMCPToolResultBlockParam",
    "RequestToolAdditionBlockParam",
    "RequestToolRemovalBlockParam",
    "ResponseToolAdditionBlock",
    "ResponseToolChangeMCPToolReference",
    "ResponseToolChangeMCPToolsetReference",
    "ResponseToolChangeToolReference",
    "ResponseToolRemovalBlock",
    "ToolChangeMCPToolReferenceParam",
    "ToolChangeMCPToolsetReferenceParam",
    "ToolChangeToolDefinition",
    "ToolChangeToolDefinitionParam",
    "ToolChangeToolReferenceParam",
]

AdvisorToolResultErrorCode: TypeAlias = Literal[
    "max_uses_exceeded",
    "prompt_too_long",
    "too_many_requests",
    "overloaded",
    "unavailable",
    "execution_time_exceeded",
    "model_not_found",
]
"""Why the advisor gave no advice."""


class AdvisorResultBlock(WireModel):
    """What the advisor said.

    text: its advice.
    stop_reason: why the advisor stopped.
    """

    type: Literal["advisor_result"]
    text: str
    stop_reason: str | None = None


class AdvisorRedactedResultBlock(WireModel):
    """What the advisor said, which only the API can read.

    encrypted_content: opaque; send it back unchanged.
    stop_reason: why the advisor stopped.
    """

    type: Literal["advisor_redacted_result"]
    encrypted_content: str
    stop_reason: str | None = None


class AdvisorToolResultErrorObject(WireModel):
    """The advisor gave no advice.

    error_code: the reason.
    """

    type: Literal["advisor_tool_result_error"]
    error_code: AdvisorToolResultErrorCode


AdvisorToolResultBlockContent: TypeAlias = Annotated[
    AdvisorResultBlock | AdvisorRedactedResultBlock | AdvisorToolResultErrorObject,
    Discriminator("type"),
    OrUnknown(),
]
"""What came of a question to the advisor. `type` tells the kinds apart."""


class AdvisorToolResultBlock(Block):
    """The advice of another model, which Claude asked for.

    tool_use_id: the id of the call.
    content: the advice, or the error.
    """

    type: Literal["advisor_tool_result"]
    tool_use_id: str
    content: AdvisorToolResultBlockContent

    if TYPE_CHECKING:

        def to_param(self) -> "AdvisorToolResultBlockParam":
            """Return this block as it is sent back."""
            ...


class MCPToolUseBlock(ToolCall):
    """A call of a tool of an MCP server; the API makes it, and its result follows.

    id: the id of the call.
    name, server_name: the tool, and the server that has it.
    input: the arguments.
    """

    type: Literal["mcp_tool_use"]
    id: str
    name: str
    server_name: str
    input: dict[str, Any]

    def to_param(self) -> "MCPToolUseBlockParam":
        """Return this block as it is sent back.

        Raises:
            ValueError: the input was not received completely.
        """
        return cast("MCPToolUseBlockParam", self._call_param())


class MCPToolResultBlock(Block):
    """The result of a tool of an MCP server.

    tool_use_id: the id of the call.
    content: one text, or text blocks.
    is_error: whether the tool failed; `content` then says why.
    """

    type: Literal["mcp_tool_result"]
    tool_use_id: str
    is_error: bool
    content: str | list[TextBlock]

    if TYPE_CHECKING:

        def to_param(self) -> "RequestMCPToolResultBlockParam":
            """Return this block as it is sent back."""
            ...


class MCPTool(WireModel):
    """A tool that an MCP server has.

    name, description: what the server calls it, and says about it.
    input_schema: the JSON schema of its arguments.
    """

    name: str
    input_schema: dict[str, Any]
    description: str | None = None


class MCPToolListingBlock(Block):
    """The tools of an MCP server, as it listed them.

    mcp_server_name: the name of the server in the request.
    tools: its tools.
    """

    type: Literal["mcp_tool_listing"]
    mcp_server_name: str
    tools: list[MCPTool]

    if TYPE_CHECKING:

        def to_param(self) -> "MCPToolListingBlockParam":
            """Return this block as it is sent back."""
            ...


class FallbackInfo(WireModel):
    """One of the two models of a fallback.

    model: its name.
    """

    model: str


class FallbackRefusalTrigger(WireModel):
    """The first model refused to answer.

    category: the kind of harm, if the API names one.
    """

    type: Literal["refusal"]
    category: (
        Literal["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"] | None
    ) = None


class FallbackBlock(Block):
    """From here on another model wrote the message.

    to: the model that took over.
    trigger: why it did.
    """

    # The API's field `from` is a word of Python; it is kept among the unknown fields, so that it is
    # dumped under its own name, and read as `from_`.
    type: Literal["fallback"]
    to: FallbackInfo
    trigger: Annotated[FallbackRefusalTrigger, OrUnknown()] | None = None

    @property
    def from_(self) -> FallbackInfo | None:
        """The model that wrote the message up to here; on the wire it is called `from`."""
        value = (self.model_extra or {}).get("from")
        return FallbackInfo.from_value(value) if is_object(value) else None

    if TYPE_CHECKING:

        def to_param(self) -> "FallbackBlockParam":
            """Return this block as it is sent back."""
            ...


class ResponseToolChangeToolReference(WireModel):
    """A tool of the request, by its name.

    name: its name.
    """

    type: Literal["tool_reference"]
    name: str


class ResponseToolChangeMCPToolReference(WireModel):
    """A tool of an MCP server.

    server_name, name: the server and the tool.
    """

    type: Literal["mcp_tool_reference"]
    server_name: str
    name: str


class ResponseToolChangeMCPToolsetReference(WireModel):
    """All tools of an MCP server.

    server_name: the server.
    """

    type: Literal["mcp_toolset_reference"]
    server_name: str


class ToolChangeToolDefinition(WireModel):
    """A tool with its definition.

    definition: the tool as it was sent in the request.
    """

    type: Literal["tool_definition"]
    definition: dict[str, Any]


class ResponseToolAdditionBlock(WireModel):
    """Claude may call a tool from here on.

    tool: which tool.
    """

    type: Literal["tool_addition"]
    tool: Annotated[
        ResponseToolChangeToolReference
        | ResponseToolChangeMCPToolReference
        | ResponseToolChangeMCPToolsetReference
        | ToolChangeToolDefinition,
        Discriminator("type"),
        OrUnknown(),
    ]


class ResponseToolRemovalBlock(WireModel):
    """Claude may not call a tool from here on.

    tool: which tool.
    """

    type: Literal["tool_removal"]
    tool: Annotated[
        ResponseToolChangeToolReference
        | ResponseToolChangeMCPToolReference
        | ResponseToolChangeMCPToolsetReference,
        Discriminator("type"),
        OrUnknown(),
    ]


class CompactionBlock(Block):
    """A summary that stands for the conversation before it.

    content: the summary; None if compaction failed.
    encrypted_content: what only the API can read; send it back unchanged.
    signature: opaque; it proves to the API that the block is unchanged.
    tool_changes: the tools that were added and removed in the part that the summary stands for.
    """

    type: Literal["compaction"]
    content: str | None = None
    encrypted_content: str | None = None
    signature: str | None = None
    tool_changes: (
        list[
            Annotated[
                ResponseToolAdditionBlock | ResponseToolRemovalBlock,
                Discriminator("type"),
                OrUnknown(),
            ]
        ]
        | None
    ) = None

    if TYPE_CHECKING:

        def to_param(self) -> "CompactionBlockParam":
            """Return this block as it is sent back."""
            ...


class AdvisorResultBlockParam(Param, total=False):
    """Advice, sent back. Fields: see `AdvisorResultBlock`."""

    type: Required[Literal["advisor_result"]]
    text: Required[str]
    stop_reason: str | None


class AdvisorRedactedResultBlockParam(Param, total=False):
    """Encrypted advice, sent back. Fields: see `AdvisorRedactedResultBlock`."""

    type: Required[Literal["advisor_redacted_result"]]
    encrypted_content: Required[str]
    stop_reason: str | None


class AdvisorToolResultErrorParam(Param):
    """A failed question to the advisor, sent back. Fields: see `AdvisorToolResultErrorObject`."""

    type: Literal["advisor_tool_result_error"]
    error_code: AdvisorToolResultErrorCode


class AdvisorToolResultBlockParam(Param, total=False):
    """The advice of another model, sent back.

    type: always "advisor_tool_result".
    tool_use_id, content: as received in `AdvisorToolResultBlock`.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["advisor_tool_result"]]
    tool_use_id: Required[str]
    content: Required[
        Annotated[
            AdvisorResultBlockParam | AdvisorRedactedResultBlockParam | AdvisorToolResultErrorParam,
            Discriminator("type"),
        ]
    ]
    cache_control: CacheControlEphemeral | None


class MCPToolUseBlockParam(Param, total=False):
    """A call of a tool of an MCP server, sent back.

    type: always "mcp_tool_use".
    id, name, server_name, input: as received in `MCPToolUseBlock`.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["mcp_tool_use"]]
    id: Required[str]
    name: Required[str]
    server_name: Required[str]
    input: Required[Mapping[str, object]]
    cache_control: CacheControlEphemeral | None


class RequestMCPToolResultBlockParam(Param, total=False):
    """The result of a tool of an MCP server, sent back.

    type: always "mcp_tool_result".
    tool_use_id, content, is_error: as received in `MCPToolResultBlock`.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["mcp_tool_result"]]
    tool_use_id: Required[str]
    content: TextOr[TextBlockParam]
    is_error: bool
    cache_control: CacheControlEphemeral | None


class MCPToolParamParam(Param, total=False):
    """A tool that an MCP server has. Fields: see `MCPTool`."""

    name: Required[str]
    input_schema: Required[Mapping[str, object]]
    description: str | None


class MCPToolListingBlockParam(Param):
    """The tools of an MCP server, sent back. Fields: see `MCPToolListingBlock`."""

    type: Literal["mcp_tool_listing"]
    mcp_server_name: str
    tools: Many[MCPToolParamParam]


class FallbackInfoParam(Param):
    """One of the two models of a fallback. Fields: see `FallbackInfo`."""

    model: str


# `from` is a word of Python, so it cannot be written as a field of a class.
_FromParam = TypedDict("_FromParam", {"from": FallbackInfoParam})


class FallbackBlockParam(_FromParam, Param, total=False):
    """A change of the model within a message, sent back.

    from: the model that wrote the message up to here.
    to, trigger: as received in `FallbackBlock`.
    """

    type: Required[Literal["fallback"]]
    to: Required[FallbackInfoParam]
    trigger: Mapping[str, object]


class CompactionBlockParam(Param, total=False):
    """A summary of the conversation before it, sent back.

    type: always "compaction".
    content, encrypted_content, signature, tool_changes: as received in `CompactionBlock`.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["compaction"]]
    content: str | None
    encrypted_content: str | None
    signature: str | None
    tool_changes: (
        Many[
            Annotated[
                "RequestToolAdditionBlockParam | RequestToolRemovalBlockParam",
                Discriminator("type"),
            ]
        ]
        | None
    )
    cache_control: CacheControlEphemeral | None


class ToolChangeToolReferenceParam(Param):
    """A tool of the request, by its name.

    name: its name.
    """

    type: Literal["tool_reference"]
    name: str


class ToolChangeMCPToolReferenceParam(Param):
    """A tool of an MCP server.

    server_name, name: the server and the tool.
    """

    type: Literal["mcp_tool_reference"]
    server_name: str
    name: str


class ToolChangeMCPToolsetReferenceParam(Param):
    """All tools of an MCP server.

    server_name: the server.
    """

    type: Literal["mcp_toolset_reference"]
    server_name: str


class ToolChangeToolDefinitionParam(Param):
    """A tool with its definition.

    definition: the tool, written as in `tools`.
    """

    type: Literal["tool_definition"]
    definition: Mapping[str, object]


class RequestToolAdditionBlockParam(Param, total=False):
    """In a system message: Claude may call a tool from here on.

    type: always "tool_addition".
    tool: which tool.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["tool_addition"]]
    tool: Required[
        Annotated[
            ToolChangeToolReferenceParam
            | ToolChangeMCPToolReferenceParam
            | ToolChangeMCPToolsetReferenceParam
            | ToolChangeToolDefinitionParam,
            Discriminator("type"),
        ]
    ]
    cache_control: CacheControlEphemeral | None


class RequestToolRemovalBlockParam(Param, total=False):
    """In a system message: Claude may not call a tool from here on.

    type: always "tool_removal".
    tool: which tool.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["tool_removal"]]
    tool: Required[
        Annotated[
            ToolChangeToolReferenceParam
            | ToolChangeMCPToolReferenceParam
            | ToolChangeMCPToolsetReferenceParam,
            Discriminator("type"),
        ]
    ]
    cache_control: CacheControlEphemeral | None


class MCPToolConfigParam(Param, total=False):
    """Whether and how a tool of an MCP server is offered to Claude.

    enabled: whether Claude may call it.
    defer_loading: true to load it only when tool search finds it.
    """

    enabled: bool
    defer_loading: bool


MCPToolDefaultConfigParam: TypeAlias = MCPToolConfigParam
"""`MCPToolConfigParam` under the official package's name for all tools of a server."""


class MCPToolsetParam(Param, total=False):
    """The tools of an MCP server of the request.

    type: always "mcp_toolset".
    mcp_server_name: the name of the server in `mcp_servers`.
    default_config: the settings of all its tools.
    configs: the settings of single tools, by their names.
    tools: the tools as the server lists them, if the API need not ask it.
    cache_control: caches the prompt up to the end of this tool.
    """

    type: Required[Literal["mcp_toolset"]]
    mcp_server_name: Required[str]
    default_config: MCPToolDefaultConfigParam
    configs: Mapping[str, MCPToolConfigParam] | None
    tools: Many[MCPToolParamParam] | None
    cache_control: CacheControlEphemeral | None


@with_inherited_keys
class AdvisorTool20260301Param(ToolOptions, total=False):
    """A stronger model that Claude may ask for advice.

    name: always "advisor".
    type: always "advisor_20260301".
    model: the model that gives the advice.
    max_uses: how often it may be asked in one request.
    max_tokens: the maximum number of tokens of one piece of advice.
    caching: caches the conversation for the advisor.
    """

    name: Required[Literal["advisor"]]
    type: Required[Literal["advisor_20260301"]]
    model: Required[str]
    max_uses: int | None
    max_tokens: int | None
    caching: CacheControlEphemeral | None
