"""Tools that your program runs: definitions, the choice among them, calls and results."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, WireModel
from .._wire.validation import Many, Param, TextOr, with_inherited_keys
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
    "MemoryTool20250818Command",
    "MemoryTool20250818CreateCommand",
    "MemoryTool20250818DeleteCommand",
    "MemoryTool20250818InsertCommand",
    "MemoryTool20250818Param",
    "MemoryTool20250818RenameCommand",
    "MemoryTool20250818StrReplaceCommand",
    "MemoryTool20250818ViewCommand",
    "ServerToolCaller",
    "ServerToolCaller20260120",
    "ServerToolCaller20260120Param",
    "ServerToolCallerParam",
    "ToolBash20241022Param",
    "ToolBash20250124Param",
    "ToolChoice",
    "ToolChoiceAnyParam",
    "ToolChoiceAutoParam",
    "ToolChoiceNoneParam",
    "ToolChoiceParam",
    "ToolChoiceToolParam",
    "ToolComputerUse20241022Param",
    "ToolComputerUse20250124Param",
    "ToolComputerUse20251124Param",
    "ToolParam",
    "ToolReferenceBlock",
    "ToolReferenceBlockParam",
    "ToolResultBlockParam",
    "ToolResultContentParam",
    "ToolTextEditor20241022Param",
    "ToolTextEditor20250124Param",
    "ToolTextEditor20250429Param",
    "ToolTextEditor20250728Param",
    "ToolUseBlock",
    "ToolUseBlockParam",
    "ToolsetToolConfigParam",
]


class DirectCaller(WireModel):
    """Claude itself called the tool."""

    type: Literal["direct"]


class ServerToolCaller(WireModel):
    """Code that Claude runs called the tool.

    tool_id: the id of the `server_tool_use` block that runs the code.
    """

    type: Literal["code_execution_20250825"]
    tool_id: str


class ServerToolCaller20260120(WireModel):
    """Code that Claude runs called the tool.

    tool_id: the id of the `server_tool_use` block that runs the code.
    """

    type: Literal["code_execution_20260120"]
    tool_id: str


Caller: TypeAlias = Annotated[
    DirectCaller | ServerToolCaller | ServerToolCaller20260120, Discriminator("type"), OrUnknown()
]
"""Who called a tool. `type` tells the kinds apart."""


def without_null_caller(param: dict[str, object]) -> dict[str, object]:
    # Responses may have `"caller": null`; the API does not accept it in requests.
    if param.get("caller", ...) is None:
        del param["caller"]
    return param


class ToolCall(Block):
    """A call of a tool; its input may be incomplete."""

    @property
    def raw_input(self) -> str | None:
        """The text of the input as far as it was received, if the call is not complete."""
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
    """A call of one of your tools; answer it with a `tool_result` block.

    id: the id of the call; the result has it as `tool_use_id`.
    name: the name of the tool.
    input: the arguments, as the `input_schema` of the tool describes them.
    caller: who called the tool; None means Claude itself.
    toolset_name: the name of the toolset that the tool belongs to.
    """

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]
    caller: Caller | None = None
    toolset_name: str | None = None

    def to_param(self) -> "ToolUseBlockParam":
        """Return this block as it is sent back.

        Raises:
            ValueError: the input was not received completely.
        """
        return cast("ToolUseBlockParam", self._call_param())


class MemoryTool20250818ViewCommand(WireModel):
    """Show a file or a directory of the memory.

    path: where it is, beginning with "/memories".
    view_range: the first and the last line to show, from 1; -1 for the end of the file.
    """

    command: Literal["view"]
    path: str
    view_range: list[int] | None = None


class MemoryTool20250818CreateCommand(WireModel):
    """Write a new file.

    path: where it will be.
    file_text: what it holds.
    """

    command: Literal["create"]
    path: str
    file_text: str


class MemoryTool20250818StrReplaceCommand(WireModel):
    """Replace a text in a file.

    path: the file.
    old_str, new_str: the text, which stands there once, and what takes its place.
    """

    command: Literal["str_replace"]
    path: str
    old_str: str
    new_str: str


class MemoryTool20250818InsertCommand(WireModel):
    """Insert a text into a file.

    path: the file.
    insert_line: the line behind which it stands; 0 for the beginning.
    insert_text: the text.
    """

    command: Literal["insert"]
    path: str
    insert_line: int
    insert_text: str


class MemoryTool20250818DeleteCommand(WireModel):
    """Delete a file or a directory.

    path: where it is.
    """

    command: Literal["delete"]
    path: str


class MemoryTool20250818RenameCommand(WireModel):
    """Move a file or a directory.

    old_path, new_path: where it is, and where it will be.
    """

    command: Literal["rename"]
    old_path: str
    new_path: str


MemoryTool20250818Command: TypeAlias = (
    MemoryTool20250818ViewCommand
    | MemoryTool20250818CreateCommand
    | MemoryTool20250818StrReplaceCommand
    | MemoryTool20250818InsertCommand
    | MemoryTool20250818DeleteCommand
    | MemoryTool20250818RenameCommand
)
"""A call of the memory tool. `command` tells the kinds apart."""


class ToolReferenceBlock(WireModel):
    """A tool that tool search found.

    tool_name: the name of the tool.
    """

    type: Literal["tool_reference"]
    tool_name: str


class DirectCallerParam(Param):
    """Claude itself called the tool."""

    type: Literal["direct"]


class ServerToolCallerParam(Param):
    """Code that Claude ran called the tool.

    tool_id: the id of the `server_tool_use` block that ran the code.
    """

    type: Literal["code_execution_20250825"]
    tool_id: str


class ServerToolCaller20260120Param(Param):
    """Code that Claude ran called the tool.

    tool_id: the id of the `server_tool_use` block that ran the code.
    """

    type: Literal["code_execution_20260120"]
    tool_id: str


CallerParam: TypeAlias = Annotated[
    DirectCallerParam | ServerToolCallerParam | ServerToolCaller20260120Param, Discriminator("type")
]
"""Who called a tool. `type` tells the kinds apart."""


class ToolUseBlockParam(Param, total=False):
    """A call of one of your tools, sent back. Fields: see `ToolUseBlock`.

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

    tool_name: the name of the tool.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["tool_reference"]]
    tool_name: Required[str]
    cache_control: CacheControlEphemeral | None


class BrowserStateTabEntryParam(Param, total=False):
    """An open tab of a browser.

    tab_id: the id of the tab.
    title, url: the title and the address of its page.
    active: whether it is the tab in front.
    """

    tab_id: Required[str]
    title: Required[str]
    url: Required[str]
    active: bool


class BrowserStateChangeTabOpenedParam(Param):
    """A tab was opened.

    tab_id: the id of the tab.
    """

    type: Literal["tab_opened"]
    tab_id: str


class BrowserStateChangeDownloadStartedParam(Param):
    """A download began.

    download_id: the id of the download.
    url: the address of the file.
    """

    type: Literal["download_started"]
    download_id: str
    url: str


class BrowserStateChangeDownloadCompletedParam(Param, total=False):
    """A download was completed.

    download_id: the id of the download.
    url: the address of the file.
    path: where the file was stored.
    size_bytes: the size of the file, in bytes.
    """

    type: Required[Literal["download_completed"]]
    download_id: Required[str]
    url: Required[str]
    path: str | None
    size_bytes: int | None


class BrowserStateChangeDownloadFailedParam(Param, total=False):
    """A download failed.

    download_id: the id of the download.
    url: the address of the file.
    error: the reason.
    """

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
"""Something that happened in the browser. `type` tells the kinds apart."""


class BrowserStateBlockParam(Param, total=False):
    """The state of the browser after a tool call.

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
"""A block of the result of a tool. `type` tells the kinds apart."""


class ToolResultBlockParam(Param, total=False):
    """The result of one of your tools.

    type: always "tool_result".
    tool_use_id: the `id` of the call.
    content: one text or a list of blocks; it may be left out.
    is_error: true if the tool failed; `content` then says why.
    cache_control: caches the prompt up to the end of this block.
    toolset_name: the name of the toolset that the tool belongs to.
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
"""Who may call a tool: Claude itself, or code that Claude runs."""


class InputSchemaTyped(Param, total=False):
    """The arguments of a tool as a JSON schema (draft 2020-12); any other key may be added.

    type: always "object".
    properties: the schema of each argument.
    required: the names of the arguments that must be given.
    """

    type: Required[Literal["object"]]
    properties: Mapping[str, object] | None
    required: Sequence[str] | None


InputSchema: TypeAlias = InputSchemaTyped | Mapping[str, object]
"""The arguments of a tool as a JSON schema."""


class ToolOptions(Param, total=False):
    """The fields that every tool may have.

    allowed_callers: who may call the tool.
    cache_control: caches the prompt up to the end of this tool.
    defer_loading: true to show the tool to Claude only when tool search finds it.
    strict: true to make sure that the arguments fit the schema.
    """

    allowed_callers: Sequence[AllowedCaller]
    cache_control: CacheControlEphemeral | None
    defer_loading: bool
    strict: bool


@with_inherited_keys
class _OwnToolOptions(ToolOptions, total=False):
    """The fields that every tool of your program may have.

    input_examples: examples of arguments that fit the schema.
    """

    input_examples: Many[Mapping[str, object]]


@with_inherited_keys
class ToolParam(_OwnToolOptions, total=False):
    """One of your tools.

    name: the name of the tool: at most 128 letters, digits, "_" and "-".
    input_schema: the schema of its arguments.
    description: what the tool does and when to use it, in detail; Claude decides by this text.
    type: "custom", or left out.
    eager_input_streaming: true to stream arguments while they are written, even if they turn out
        not to be valid JSON.
    """

    name: Required[str]
    input_schema: Required[InputSchema]
    type: Literal["custom"] | None
    description: str
    eager_input_streaming: bool | None


@with_inherited_keys
class ToolBash20241022Param(_OwnToolOptions, total=False):
    """A bash session that your program runs; with a beta."""

    type: Required[Literal["bash_20241022"]]
    name: Required[Literal["bash"]]


@with_inherited_keys
class ToolTextEditor20241022Param(_OwnToolOptions, total=False):
    """A text editor that your program runs; with a beta."""

    type: Required[Literal["text_editor_20241022"]]
    name: Required[Literal["str_replace_editor"]]


@with_inherited_keys
class _ScreenOptions(_OwnToolOptions, total=False):
    """The screen that Claude sees and uses through your program.

    display_width_px, display_height_px: its size, in pixels.
    display_number: the number of the X11 display.
    """

    name: Required[Literal["computer"]]
    display_width_px: Required[int]
    display_height_px: Required[int]
    display_number: int | None


@with_inherited_keys
class ToolComputerUse20241022Param(_ScreenOptions, total=False):
    """A computer that your program lets Claude use; with a beta."""

    type: Required[Literal["computer_20241022"]]


@with_inherited_keys
class ToolComputerUse20250124Param(_ScreenOptions, total=False):
    """A computer that your program lets Claude use; with a beta."""

    type: Required[Literal["computer_20250124"]]


@with_inherited_keys
class ToolComputerUse20251124Param(_ScreenOptions, total=False):
    """A computer that your program lets Claude use; with a beta.

    enable_zoom: whether Claude may look at a part of the screen in full resolution.
    """

    type: Required[Literal["computer_20251124"]]
    enable_zoom: bool


@with_inherited_keys
class ToolBash20250124Param(_OwnToolOptions, total=False):
    """A bash session that your program runs."""

    type: Required[Literal["bash_20250124"]]
    name: Required[Literal["bash"]]


@with_inherited_keys
class MemoryTool20250818Param(_OwnToolOptions, total=False):
    """A directory for memories that your program keeps."""

    type: Required[Literal["memory_20250818"]]
    name: Required[Literal["memory"]]


@with_inherited_keys
class ToolTextEditor20250124Param(_OwnToolOptions, total=False):
    """A text editor that your program runs."""

    type: Required[Literal["text_editor_20250124"]]
    name: Required[Literal["str_replace_editor"]]


@with_inherited_keys
class ToolTextEditor20250429Param(_OwnToolOptions, total=False):
    """A text editor that your program runs."""

    type: Required[Literal["text_editor_20250429"]]
    name: Required[Literal["str_replace_based_edit_tool"]]


@with_inherited_keys
class ToolTextEditor20250728Param(_OwnToolOptions, total=False):
    """A text editor that your program runs.

    max_characters: the maximum length of a view of a file, in characters.
    """

    type: Required[Literal["text_editor_20250728"]]
    name: Required[Literal["str_replace_based_edit_tool"]]
    max_characters: int | None


class ToolsetToolConfigParam(Param, total=False):
    """The configuration of one tool of a toolset.

    enabled: false to switch the tool off.
    defer_loading: true to show the tool to Claude only when tool search finds it.
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
    """Claude must call a tool; it decides which.

    disable_parallel_tool_use: true for exactly one call.
    """

    type: Required[Literal["any"]]
    disable_parallel_tool_use: bool


class ToolChoiceToolParam(Param, total=False):
    """Claude must call this tool.

    name: the name of the tool.
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
"""Whether Claude must, may or must not call tools. `type` tells the kinds apart."""

ToolChoice: TypeAlias = ToolChoiceParam


def __getattr__(name: str) -> object:
    """Find the names that stood in this module in version 0.1 and are in `server_tools` now."""
    types = sys.modules[__package__ or ""]
    if name.startswith("_") or name not in dir(types):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(types, name)
