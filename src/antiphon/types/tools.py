"""Tools that the client runs: definitions, the choice among them, calls and results."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, WireModel
from .._wire.validation import Many, Param, TextOr
from .content import (
    Block,
    CacheControlEphemeral,
    DocumentBlockParam,
    ImageBlockParam,
    SearchResultBlockParam,
    TextBlockParam,
)

__all__ = [
    "AllowedCaller",
    "BrowserStateBlockParam",
    "BrowserStateChangeDownloadCompletedParam",
    "BrowserStateChangeDownloadFailedParam",
    "BrowserStateChangeDownloadStartedParam",
    "BrowserStateChangeParam",
    "BrowserStateChangeTabOpenedParam",
    "BrowserStateTabEntryParam",
    "Caller",
    "CallerParam",
    "DirectCaller",
    "DirectCallerParam",
    "InputSchema",
    "InputSchemaTyped",
    "MemoryTool20250818Param",
    "ServerToolCaller",
    "ServerToolCaller20260120",
    "ServerToolCaller20260120Param",
    "ServerToolCallerParam",
    "ToolBash20250124Param",
    "ToolChoice",
    "ToolChoiceAnyParam",
    "ToolChoiceAutoParam",
    "ToolChoiceNoneParam",
    "ToolChoiceParam",
    "ToolChoiceToolParam",
    "ToolParam",
    "ToolReferenceBlock",
    "ToolReferenceBlockParam",
    "ToolResultBlockParam",
    "ToolResultContentParam",
    "ToolTextEditor20250124Param",
    "ToolTextEditor20250429Param",
    "ToolTextEditor20250728Param",
    "ToolUseBlock",
    "ToolUseBlockParam",
    "ToolsetToolConfigParam",
]


class DirectCaller(WireModel):
    """The tool was called by Claude itself."""

    type: Literal["direct"]


class ServerToolCaller(WireModel):
    """The tool was called from code that Claude runs.

    tool_id: the `server_tool_use` block that runs the code.
    """

    type: Literal["code_execution_20250825"]
    tool_id: str


class ServerToolCaller20260120(WireModel):
    """The tool was called from code that Claude runs.

    tool_id: the `server_tool_use` block that runs the code.
    """

    type: Literal["code_execution_20260120"]
    tool_id: str


Caller: TypeAlias = Annotated[
    DirectCaller | ServerToolCaller | ServerToolCaller20260120, Discriminator("type"), OrUnknown()
]
"""Who called a tool; told apart by `type`."""


def without_null_caller(param: dict[str, object]) -> dict[str, object]:
    # Answers may say `"caller": null`; requests may only leave it out.
    if param.get("caller", ...) is None:
        del param["caller"]
    return param


class ToolCall(Block):
    """A call of a tool, whose input may have failed to arrive whole."""

    @property
    def raw_input(self) -> str | None:
        """The text of the input as far as it arrived, if the call is not complete."""
        return cast("str | None", self._kept.get("raw_input"))

    @property
    def input_error(self) -> str | None:
        """What is wrong with the input, if the call is not complete."""
        return cast("str | None", self._kept.get("input_error"))

    def _call_param(self) -> dict[str, object]:
        if not self.complete:
            raise ValueError(
                f"tool call {getattr(self, 'id', None)!r} cannot be sent back: {self.input_error}; "
                "leave the block out or ask for the message again"
            )
        return without_null_caller(self.to_dict())


class ToolUseBlock(ToolCall):
    """A call of one of your tools, to be answered with a `tool_result` block.

    id: names the call; the result carries it as `tool_use_id`.
    name: the tool.
    input: the arguments, as your tool's `input_schema` describes them.
    caller: who called; null or absent means Claude itself.
    toolset_name: the toolset the tool belongs to.
    """

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]
    caller: Caller | None = None
    toolset_name: str | None = None

    def to_param(self) -> "ToolUseBlockParam":
        """This block as it is sent back.

        Raises:
            ValueError: the input did not arrive whole.
        """
        return cast("ToolUseBlockParam", self._call_param())


class ToolReferenceBlock(WireModel):
    """A tool that tool search found.

    tool_name: its name.
    """

    type: Literal["tool_reference"]
    tool_name: str


class DirectCallerParam(Param):
    """The tool was called by Claude itself."""

    type: Literal["direct"]


class ServerToolCallerParam(Param):
    """The tool was called from code; `tool_id` is the `server_tool_use` block that ran it."""

    type: Literal["code_execution_20250825"]
    tool_id: str


class ServerToolCaller20260120Param(Param):
    """The tool was called from code; `tool_id` is the `server_tool_use` block that ran it."""

    type: Literal["code_execution_20260120"]
    tool_id: str


CallerParam: TypeAlias = Annotated[
    DirectCallerParam | ServerToolCallerParam | ServerToolCaller20260120Param, Discriminator("type")
]
"""Who called a tool; told apart by `type`."""


class ToolUseBlockParam(Param, total=False):
    """A call of one of your tools, sent back; fields as in `ToolUseBlock`.

    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["tool_use"]]
    id: Required[str]
    name: Required[str]
    input: Required[Mapping[str, Any]]
    cache_control: CacheControlEphemeral | None
    caller: CallerParam
    toolset_name: str | None


class ToolReferenceBlockParam(Param, total=False):
    """A tool that your own tool search found.

    tool_name: its name.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["tool_reference"]]
    tool_name: Required[str]
    cache_control: CacheControlEphemeral | None


class BrowserStateTabEntryParam(Param, total=False):
    """An open tab.

    tab_id: names it.
    title, url: the page it shows.
    active: whether it is the one in front.
    """

    tab_id: Required[str]
    title: Required[str]
    url: Required[str]
    active: bool


class BrowserStateChangeTabOpenedParam(Param):
    """A tab was opened: `tab_id`."""

    type: Literal["tab_opened"]
    tab_id: str


class BrowserStateChangeDownloadStartedParam(Param):
    """A download of `url` began: `download_id` names it."""

    type: Literal["download_started"]
    download_id: str
    url: str


class BrowserStateChangeDownloadCompletedParam(Param, total=False):
    """A download ended well: it is at `path` and has `size_bytes` bytes."""

    type: Required[Literal["download_completed"]]
    download_id: Required[str]
    url: Required[str]
    path: str | None
    size_bytes: int | None


class BrowserStateChangeDownloadFailedParam(Param, total=False):
    """A download failed: `error` says why."""

    type: Required[Literal["download_failed"]]
    download_id: Required[str]
    url: Required[str]
    error: str | None


BrowserStateChangeParam: TypeAlias = Annotated[
    BrowserStateChangeTabOpenedParam
    | BrowserStateChangeDownloadStartedParam
    | BrowserStateChangeDownloadCompletedParam
    | BrowserStateChangeDownloadFailedParam,
    Discriminator("type"),
]
"""Something that happened in the browser; told apart by `type`."""


class BrowserStateBlockParam(Param, total=False):
    """The browser as a tool call left it.

    tabs: the open tabs.
    state_changes: what happened since the last result.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["browser_state"]]
    tabs: Required[Many[BrowserStateTabEntryParam]]
    cache_control: CacheControlEphemeral | None
    state_changes: Many[BrowserStateChangeParam] | None


ToolResultContentParam: TypeAlias = Annotated[
    TextBlockParam
    | ImageBlockParam
    | SearchResultBlockParam
    | DocumentBlockParam
    | ToolReferenceBlockParam
    | BrowserStateBlockParam,
    Discriminator("type"),
]
"""A block of a tool's result; told apart by `type`."""


class ToolResultBlockParam(Param, total=False):
    """What one of your tools answered.

    type: always "tool_result".
    tool_use_id: the `id` of the call it answers.
    content: one text or several blocks; may be left out.
    is_error: true if the tool failed and `content` says why.
    cache_control: caches the prompt up to the end of this block.
    toolset_name: the toolset the tool belongs to.
    """

    type: Required[Literal["tool_result"]]
    tool_use_id: Required[str]
    content: TextOr[ToolResultContentParam]
    is_error: bool
    cache_control: CacheControlEphemeral | None
    toolset_name: str | None


AllowedCaller: TypeAlias = Literal[
    "direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521"
]
"""Who may call a tool: Claude itself, or code that it runs."""


class InputSchemaTyped(Param, total=False):
    """The arguments of a tool as a JSON schema (draft 2020-12); any other key may be added.

    type: always "object".
    properties: a schema for each argument.
    required: the arguments that must be given.
    """

    type: Required[Literal["object"]]
    properties: Mapping[str, object] | None
    required: Sequence[str] | None


InputSchema: TypeAlias = InputSchemaTyped | Mapping[str, object]
"""The arguments of a tool as a JSON schema."""


class ToolOptions(Param, total=False):
    """What may be said of every tool.

    allowed_callers: who may call it.
    cache_control: caches the prompt up to the end of this tool.
    defer_loading: true to show it to Claude only when tool search finds it.
    strict: true to make sure that arguments fit the schema.
    """

    allowed_callers: Sequence[AllowedCaller]
    cache_control: CacheControlEphemeral | None
    defer_loading: bool
    strict: bool


class _OwnToolOptions(ToolOptions, total=False):
    """What may be said of every tool that your program runs.

    input_examples: arguments that fit the schema, as examples.
    """

    input_examples: Many[Mapping[str, object]]


class ToolParam(_OwnToolOptions, total=False):
    """One of your tools.

    name: letters, digits, "_" and "-", at most 128.
    input_schema: its arguments.
    description: what it does and when to use it, in detail; Claude chooses by it.
    type: "custom", or left out.
    eager_input_streaming: true to stream arguments as they are written, even if they turn out
        not to be valid JSON.
    allowed_callers: who may call it.
    cache_control: caches the prompt up to the end of this tool.
    defer_loading: true to show it to Claude only when tool search finds it.
    input_examples: arguments that fit the schema, as examples.
    strict: true to make sure that arguments fit the schema.
    """

    name: Required[str]
    input_schema: Required[InputSchema]
    type: Literal["custom"] | None
    description: str
    eager_input_streaming: bool | None


class ToolBash20250124Param(_OwnToolOptions, total=False):
    """A bash session that your program runs; other fields as in `ToolParam`."""

    type: Required[Literal["bash_20250124"]]
    name: Required[Literal["bash"]]


class MemoryTool20250818Param(_OwnToolOptions, total=False):
    """A memory directory that your program keeps; other fields as in `ToolParam`."""

    type: Required[Literal["memory_20250818"]]
    name: Required[Literal["memory"]]


class ToolTextEditor20250124Param(_OwnToolOptions, total=False):
    """A text editor that your program runs; other fields as in `ToolParam`."""

    type: Required[Literal["text_editor_20250124"]]
    name: Required[Literal["str_replace_editor"]]


class ToolTextEditor20250429Param(_OwnToolOptions, total=False):
    """A text editor that your program runs; other fields as in `ToolParam`."""

    type: Required[Literal["text_editor_20250429"]]
    name: Required[Literal["str_replace_based_edit_tool"]]


class ToolTextEditor20250728Param(_OwnToolOptions, total=False):
    """A text editor that your program runs; other fields as in `ToolParam`.

    max_characters: longest view of a file, in characters.
    """

    type: Required[Literal["text_editor_20250728"]]
    name: Required[Literal["str_replace_based_edit_tool"]]
    max_characters: int | None


class ToolsetToolConfigParam(Param, total=False):
    """One tool of a toolset.

    enabled: false to switch it off.
    defer_loading: true to show it to Claude only when tool search finds it.
    """

    defer_loading: bool | None
    enabled: bool | None


class ToolChoiceAutoParam(Param, total=False):
    """Claude decides whether to call a tool.

    disable_parallel_tool_use: true for at most one call.
    """

    type: Required[Literal["auto"]]
    disable_parallel_tool_use: bool


class ToolChoiceAnyParam(Param, total=False):
    """Claude must call some tool.

    disable_parallel_tool_use: true for exactly one call.
    """

    type: Required[Literal["any"]]
    disable_parallel_tool_use: bool


class ToolChoiceToolParam(Param, total=False):
    """Claude must call this tool.

    name: the tool.
    disable_parallel_tool_use: true for exactly one call.
    """

    type: Required[Literal["tool"]]
    name: Required[str]
    disable_parallel_tool_use: bool


class ToolChoiceNoneParam(Param):
    """Claude must not call a tool."""

    type: Literal["none"]


ToolChoiceParam: TypeAlias = Annotated[
    ToolChoiceAutoParam | ToolChoiceAnyParam | ToolChoiceToolParam | ToolChoiceNoneParam,
    Discriminator("type"),
]
"""How Claude uses the tools it is given; told apart by `type`."""

ToolChoice: TypeAlias = ToolChoiceParam


def __getattr__(name: str) -> object:
    """Find the names that stood in this module in version 0.1 and are in `server_tools` now."""
    types = sys.modules[__package__ or ""]
    if name.startswith("_") or name not in dir(types):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(types, name)
