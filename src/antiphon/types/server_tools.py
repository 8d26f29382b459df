"""Tools that the API runs itself: definitions, calls and results."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, WireModel
from .._wire.validation import Many, Param, with_inherited_keys
from .content import (
    Block,
    CacheControlEphemeral,
    CitationsConfigParam,
    DocumentBlock,
    DocumentBlockParam,
)
from .tools import (
    Caller,
    CallerParam,
    ToolCall,
    ToolOptions,
    ToolReferenceBlock,
    ToolReferenceBlockParam,
    ToolsetToolConfigParam,
    without_null_caller,
)

__all__ = [
    "BashCodeExecutionErrorCode",
    "BashCodeExecutionOutputBlock",
    "BashCodeExecutionOutputBlockParam",
    "BashCodeExecutionResultBlock",
    "BashCodeExecutionResultBlockParam",
    "BashCodeExecutionToolResultBlock",
    "BashCodeExecutionToolResultBlockParam",
    "BashCodeExecutionToolResultErrorObject",
    "BashCodeExecutionToolResultErrorParam",
    "BrowserToolset20260801Param",
    "BrowserToolsetConfigsParam",
    "CodeExecutionErrorCode",
    "CodeExecutionOutputBlock",
    "CodeExecutionOutputBlockParam",
    "CodeExecutionResultBlock",
    "CodeExecutionResultBlockParam",
    "CodeExecutionTool20250522Param",
    "CodeExecutionTool20250825Param",
    "CodeExecutionTool20260120Param",
    "CodeExecutionTool20260521Param",
    "CodeExecutionToolResultBlock",
    "CodeExecutionToolResultBlockContent",
    "CodeExecutionToolResultBlockParam",
    "CodeExecutionToolResultErrorObject",
    "CodeExecutionToolResultErrorParam",
    "ComputerToolset20260801Param",
    "ComputerToolsetConfigsParam",
    "ContainerUploadBlock",
    "ContainerUploadBlockParam",
    "EncryptedCodeExecutionResultBlock",
    "EncryptedCodeExecutionResultBlockParam",
    "ServerToolName",
    "ServerToolUseBlock",
    "ServerToolUseBlockParam",
    "TextEditorCodeExecutionCreateResultBlock",
    "TextEditorCodeExecutionCreateResultBlockParam",
    "TextEditorCodeExecutionErrorCode",
    "TextEditorCodeExecutionStrReplaceResultBlock",
    "TextEditorCodeExecutionStrReplaceResultBlockParam",
    "TextEditorCodeExecutionToolResultBlock",
    "TextEditorCodeExecutionToolResultBlockParam",
    "TextEditorCodeExecutionToolResultErrorObject",
    "TextEditorCodeExecutionToolResultErrorParam",
    "TextEditorCodeExecutionViewResultBlock",
    "TextEditorCodeExecutionViewResultBlockParam",
    "ToolSearchToolBm25_20251119Param",
    "ToolSearchToolRegex20251119Param",
    "ToolSearchToolResultBlock",
    "ToolSearchToolResultBlockParam",
    "ToolSearchToolResultErrorObject",
    "ToolSearchToolResultErrorParam",
    "ToolSearchToolSearchResultBlock",
    "ToolSearchToolSearchResultBlockParam",
    "UserLocationParam",
    "WebFetchBlock",
    "WebFetchBlockParam",
    "WebFetchErrorCode",
    "WebFetchTool20250910Param",
    "WebFetchTool20260209Param",
    "WebFetchTool20260309Param",
    "WebFetchTool20260318Param",
    "WebFetchToolResultBlock",
    "WebFetchToolResultBlockParam",
    "WebFetchToolResultErrorBlock",
    "WebFetchToolResultErrorBlockParam",
    "WebFetchURLSourceAllParam",
    "WebFetchURLSourceExceptParam",
    "WebFetchURLSourceNoneParam",
    "WebFetchURLSourceOnlyParam",
    "WebFetchURLSourceParam",
    "WebFetchURLSourceToolReferenceParam",
    "WebFetchURLSourcesParam",
    "WebSearchErrorCode",
    "WebSearchResultBlock",
    "WebSearchResultBlockParam",
    "WebSearchTool20250305Param",
    "WebSearchTool20260209Param",
    "WebSearchTool20260318Param",
    "WebSearchToolRequestErrorObjectParam",
    "WebSearchToolRequestErrorParam",
    "WebSearchToolResultBlock",
    "WebSearchToolResultBlockContent",
    "WebSearchToolResultBlockParam",
    "WebSearchToolResultErrorObject",
]

ServerToolName: TypeAlias = Literal[
    "web_search",
    "web_fetch",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "tool_search_tool_regex",
    "tool_search_tool_bm25",
    "advisor",
]
"""A tool that the API runs itself."""

WebSearchErrorCode: TypeAlias = Literal[
    "invalid_tool_input",
    "unavailable",
    "max_uses_exceeded",
    "too_many_requests",
    "query_too_long",
    "request_too_large",
]
"""Why a web search failed."""

WebFetchErrorCode: TypeAlias = Literal[
    "invalid_tool_input",
    "url_too_long",
    "url_not_allowed",
    "url_not_in_prior_context",
    "url_not_accessible",
    "unsupported_content_type",
    "too_many_requests",
    "max_uses_exceeded",
    "unavailable",
    "content_too_large",
]
"""Why a fetch failed."""

CodeExecutionErrorCode: TypeAlias = Literal[
    "invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded"
]
"""Why code execution or tool search failed."""

BashCodeExecutionErrorCode: TypeAlias = Literal[
    "invalid_tool_input",
    "unavailable",
    "too_many_requests",
    "execution_time_exceeded",
    "output_file_too_large",
]
"""Why a shell command failed to run."""

TextEditorCodeExecutionErrorCode: TypeAlias = Literal[
    "invalid_tool_input",
    "unavailable",
    "too_many_requests",
    "execution_time_exceeded",
    "file_not_found",
]
"""Why an edit failed."""


class ServerToolUseBlock(ToolCall):
    """A call of a tool that the API runs; its result follows in the same message.

    id: the id of the call.
    name: the name of the tool.
    input: the arguments.
    caller: who called the tool; None means Claude itself.
    """

    type: Literal["server_tool_use"]
    id: str
    name: ServerToolName
    input: dict[str, Any]
    caller: Caller | None = None

    def to_param(self) -> "ServerToolUseBlockParam":
        """Return this block as it is sent back.

        Raises:
            ValueError: the input was not received completely.
        """
        return cast("ServerToolUseBlockParam", self._call_param())


class WebSearchResultBlock(WireModel):
    """A page that web search found.

    url, title: the address and the title of the page.
    encrypted_content: the content, which only the API can read; send it back unchanged.
    page_age: when the page was last updated, in words.
    """

    type: Literal["web_search_result"]
    url: str
    title: str
    encrypted_content: str
    page_age: str | None = None


class WebSearchToolResultErrorObject(WireModel):
    """A web search that failed.

    error_code: the reason.
    """

    type: Literal["web_search_tool_result_error"]
    error_code: WebSearchErrorCode


WebSearchToolResultBlockContent: TypeAlias = (
    WebSearchToolResultErrorObject | list[WebSearchResultBlock]
)
"""The pages that a web search found, or the error."""


class WebSearchToolResultBlock(Block):
    """The result of a web search.

    tool_use_id: the id of the call.
    content: the pages that were found, or the error.
    caller: who called the tool; None means Claude itself.
    """

    type: Literal["web_search_tool_result"]
    tool_use_id: str
    content: WebSearchToolResultBlockContent
    caller: Caller | None = None

    def to_param(self) -> "WebSearchToolResultBlockParam":
        """Return this block as it is sent back."""
        return cast("WebSearchToolResultBlockParam", without_null_caller(self.to_dict()))


class WebFetchBlock(WireModel):
    """A page or a PDF that was fetched.

    url: its address.
    content: its content, as a document.
    retrieved_at: when it was fetched, as ISO 8601.
    """

    type: Literal["web_fetch_result"]
    url: str
    content: DocumentBlock
    retrieved_at: str | None = None


class WebFetchToolResultErrorBlock(WireModel):
    """A fetch that failed.

    error_code: the reason.
    """

    type: Literal["web_fetch_tool_result_error"]
    error_code: WebFetchErrorCode


class WebFetchToolResultBlock(Block):
    """The result of a fetch.

    tool_use_id: the id of the call.
    content: the page that was fetched, or the error.
    caller: who called the tool; None means Claude itself.
    """

    type: Literal["web_fetch_tool_result"]
    tool_use_id: str
    content: Annotated[
        WebFetchToolResultErrorBlock | WebFetchBlock, Discriminator("type"), OrUnknown()
    ]
    caller: Caller | None = None

    def to_param(self) -> "WebFetchToolResultBlockParam":
        """Return this block as it is sent back."""
        return cast("WebFetchToolResultBlockParam", without_null_caller(self.to_dict()))


class CodeExecutionOutputBlock(WireModel):
    """A file that code created.

    file_id: its id in the Files API.
    """

    type: Literal["code_execution_output"]
    file_id: str


class CodeExecutionResultBlock(WireModel):
    """The outcome of running code.

    stdout, stderr: what the code printed.
    return_code: the exit code; 0 means success.
    content: the files that the code created.
    """

    type: Literal["code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: list[CodeExecutionOutputBlock]


class EncryptedCodeExecutionResultBlock(WireModel):
    """The outcome of running code whose output only the API can read.

    encrypted_stdout: opaque; send it back unchanged.
    stderr: what the code printed to stderr.
    return_code: the exit code; 0 means success.
    content: the files that the code created.
    """

    type: Literal["encrypted_code_execution_result"]
    encrypted_stdout: str
    stderr: str
    return_code: int
    content: list[CodeExecutionOutputBlock]


class CodeExecutionToolResultErrorObject(WireModel):
    """Code that could not be run.

    error_code: the reason.
    """

    type: Literal["code_execution_tool_result_error"]
    error_code: CodeExecutionErrorCode


CodeExecutionToolResultBlockContent: TypeAlias = Annotated[
    CodeExecutionToolResultErrorObject
    | CodeExecutionResultBlock
    | EncryptedCodeExecutionResultBlock,
    Discriminator("type"),
    OrUnknown(),
]
"""The outcome of running code, or the error."""


class CodeExecutionToolResultBlock(Block):
    """The result of a call of code execution.

    tool_use_id: the id of the call.
    content: the outcome, or the error.
    """

    type: Literal["code_execution_tool_result"]
    tool_use_id: str
    content: CodeExecutionToolResultBlockContent

    if TYPE_CHECKING:

        def to_param(self) -> "CodeExecutionToolResultBlockParam":
            """Return this block as it is sent back."""
            ...


class BashCodeExecutionOutputBlock(WireModel):
    """A file that a shell command created.

    file_id: its id in the Files API.
    """

    type: Literal["bash_code_execution_output"]
    file_id: str


class BashCodeExecutionResultBlock(WireModel):
    """The outcome of a shell command.

    stdout, stderr: what the command printed.
    return_code: the exit code; 0 means success.
    content: the files that the command created.
    """

    type: Literal["bash_code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: list[BashCodeExecutionOutputBlock]


class BashCodeExecutionToolResultErrorObject(WireModel):
    """A shell command that could not be run.

    error_code: the reason.
    """

    type: Literal["bash_code_execution_tool_result_error"]
    error_code: BashCodeExecutionErrorCode


class BashCodeExecutionToolResultBlock(Block):
    """The result of a call of the shell.

    tool_use_id: the id of the call.
    content: the outcome, or the error.
    """

    type: Literal["bash_code_execution_tool_result"]
    tool_use_id: str
    content: Annotated[
        BashCodeExecutionToolResultErrorObject | BashCodeExecutionResultBlock,
        Discriminator("type"),
        OrUnknown(),
    ]

    if TYPE_CHECKING:

        def to_param(self) -> "BashCodeExecutionToolResultBlockParam":
            """Return this block as it is sent back."""
            ...


class TextEditorCodeExecutionViewResultBlock(WireModel):
    """A view of a file.

    file_type: the kind of the file.
    content: the part of the file that was shown.
    num_lines: the number of lines that were shown.
    start_line: the first of these lines, from 1.
    total_lines: the number of lines of the file.
    """

    type: Literal["text_editor_code_execution_view_result"]
    file_type: Literal["text", "image", "pdf"]
    content: str
    num_lines: int | None = None
    start_line: int | None = None
    total_lines: int | None = None


class TextEditorCodeExecutionCreateResultBlock(WireModel):
    """A file that was created.

    is_file_update: true if it replaced an existing file.
    """

    type: Literal["text_editor_code_execution_create_result"]
    is_file_update: bool


class TextEditorCodeExecutionStrReplaceResultBlock(WireModel):
    """A file in which a text was replaced.

    lines: the changed lines, as in a diff.
    old_start, old_lines: the first line and the number of lines before the change.
    new_start, new_lines: the first line and the number of lines after the change.
    """

    type: Literal["text_editor_code_execution_str_replace_result"]
    lines: list[str] | None = None
    old_start: int | None = None
    old_lines: int | None = None
    new_start: int | None = None
    new_lines: int | None = None


class TextEditorCodeExecutionToolResultErrorObject(WireModel):
    """An edit that failed.

    error_code: the reason.
    error_message: the reason, in words.
    """

    type: Literal["text_editor_code_execution_tool_result_error"]
    error_code: TextEditorCodeExecutionErrorCode
    error_message: str | None = None


class TextEditorCodeExecutionToolResultBlock(Block):
    """The result of a call of the text editor.

    tool_use_id: the id of the call.
    content: the outcome, or the error.
    """

    type: Literal["text_editor_code_execution_tool_result"]
    tool_use_id: str
    content: Annotated[
        TextEditorCodeExecutionToolResultErrorObject
        | TextEditorCodeExecutionViewResultBlock
        | TextEditorCodeExecutionCreateResultBlock
        | TextEditorCodeExecutionStrReplaceResultBlock,
        Discriminator("type"),
        OrUnknown(),
    ]

    if TYPE_CHECKING:

        def to_param(self) -> "TextEditorCodeExecutionToolResultBlockParam":
            """Return this block as it is sent back."""
            ...


class ToolSearchToolSearchResultBlock(WireModel):
    """The tools that tool search found.

    tool_references: the tools.
    """

    type: Literal["tool_search_tool_search_result"]
    tool_references: list[ToolReferenceBlock]


class ToolSearchToolResultErrorObject(WireModel):
    """A tool search that failed.

    error_code: the reason.
    error_message: the reason, in words.
    """

    type: Literal["tool_search_tool_result_error"]
    error_code: CodeExecutionErrorCode
    error_message: str | None = None


class ToolSearchToolResultBlock(Block):
    """The result of a tool search.

    tool_use_id: the id of the call.
    content: the tools that were found, or the error.
    """

    type: Literal["tool_search_tool_result"]
    tool_use_id: str
    content: Annotated[
        ToolSearchToolResultErrorObject | ToolSearchToolSearchResultBlock,
        Discriminator("type"),
        OrUnknown(),
    ]

    if TYPE_CHECKING:

        def to_param(self) -> "ToolSearchToolResultBlockParam":
            """Return this block as it is sent back."""
            ...


class ContainerUploadBlock(Block):
    """A file that was put into the container in which code runs.

    file_id: its id in the Files API.
    """

    type: Literal["container_upload"]
    file_id: str

    if TYPE_CHECKING:

        def to_param(self) -> "ContainerUploadBlockParam":
            """Return this block as it is sent back."""
            ...


class ServerToolUseBlockParam(Param, total=False):
    """A call of a tool that the API ran, sent back. Fields: see `ServerToolUseBlock`."""

    type: Required[Literal["server_tool_use"]]
    id: Required[str]
    name: Required[ServerToolName]
    input: Required[Mapping[str, Any]]
    cache_control: CacheControlEphemeral | None
    caller: CallerParam


class WebSearchResultBlockParam(Param, total=False):
    """A page that web search found, sent back. Fields: see `WebSearchResultBlock`."""

    type: Required[Literal["web_search_result"]]
    encrypted_content: Required[str]
    title: Required[str]
    url: Required[str]
    page_age: str | None


class WebSearchToolRequestErrorParam(Param):
    """A web search that failed, sent back. Fields: see `WebSearchToolResultErrorObject`."""

    type: Literal["web_search_tool_result_error"]
    error_code: WebSearchErrorCode


WebSearchToolRequestErrorObjectParam: TypeAlias = WebSearchToolRequestErrorParam


class WebSearchToolResultBlockParam(Param, total=False):
    """What a web search found, sent back. Fields: see `WebSearchToolResultBlock`."""

    type: Required[Literal["web_search_tool_result"]]
    tool_use_id: Required[str]
    content: Required[Many[WebSearchResultBlockParam] | WebSearchToolRequestErrorParam]
    cache_control: CacheControlEphemeral | None
    caller: CallerParam


class WebFetchBlockParam(Param, total=False):
    """A page or PDF that was fetched, sent back. Fields: see `WebFetchBlock`."""

    type: Required[Literal["web_fetch_result"]]
    url: Required[str]
    content: Required[DocumentBlockParam]
    retrieved_at: str | None


class WebFetchToolResultErrorBlockParam(Param):
    """A fetch that failed, sent back. Fields: see `WebFetchToolResultErrorBlock`."""

    type: Literal["web_fetch_tool_result_error"]
    error_code: WebFetchErrorCode


class WebFetchToolResultBlockParam(Param, total=False):
    """What a fetch brought, sent back. Fields: see `WebFetchToolResultBlock`."""

    type: Required[Literal["web_fetch_tool_result"]]
    tool_use_id: Required[str]
    content: Required[WebFetchToolResultErrorBlockParam | WebFetchBlockParam]
    cache_control: CacheControlEphemeral | None
    caller: CallerParam


class CodeExecutionOutputBlockParam(Param):
    """A file that code wrote, sent back."""

    type: Literal["code_execution_output"]
    file_id: str


class CodeExecutionResultBlockParam(Param):
    """What code printed and wrote, sent back. Fields: see `CodeExecutionResultBlock`."""

    type: Literal["code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: Many[CodeExecutionOutputBlockParam]


class EncryptedCodeExecutionResultBlockParam(Param):
    """`EncryptedCodeExecutionResultBlock`, sent back."""

    type: Literal["encrypted_code_execution_result"]
    encrypted_stdout: str
    stderr: str
    return_code: int
    content: Many[CodeExecutionOutputBlockParam]


class CodeExecutionToolResultErrorParam(Param):
    """Code that could not be run, sent back."""

    type: Literal["code_execution_tool_result_error"]
    error_code: CodeExecutionErrorCode


class CodeExecutionToolResultBlockParam(Param, total=False):
    """What running code gave, sent back. Fields: see `CodeExecutionToolResultBlock`."""

    type: Required[Literal["code_execution_tool_result"]]
    tool_use_id: Required[str]
    content: Required[
        CodeExecutionToolResultErrorParam
        | CodeExecutionResultBlockParam
        | EncryptedCodeExecutionResultBlockParam
    ]
    cache_control: CacheControlEphemeral | None


class BashCodeExecutionOutputBlockParam(Param):
    """A file that a shell command wrote, sent back."""

    type: Literal["bash_code_execution_output"]
    file_id: str


class BashCodeExecutionResultBlockParam(Param):
    """`BashCodeExecutionResultBlock`, sent back."""

    type: Literal["bash_code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: Many[BashCodeExecutionOutputBlockParam]


class BashCodeExecutionToolResultErrorParam(Param):
    """A shell command that could not be run, sent back."""

    type: Literal["bash_code_execution_tool_result_error"]
    error_code: BashCodeExecutionErrorCode


class BashCodeExecutionToolResultBlockParam(Param, total=False):
    """What a shell command gave, sent back. Fields: see `BashCodeExecutionToolResultBlock`."""

    type: Required[Literal["bash_code_execution_tool_result"]]
    tool_use_id: Required[str]
    content: Required[BashCodeExecutionToolResultErrorParam | BashCodeExecutionResultBlockParam]
    cache_control: CacheControlEphemeral | None


class TextEditorCodeExecutionViewResultBlockParam(Param, total=False):
    """`TextEditorCodeExecutionViewResultBlock`, sent back."""

    type: Required[Literal["text_editor_code_execution_view_result"]]
    file_type: Required[Literal["text", "image", "pdf"]]
    content: Required[str]
    num_lines: int | None
    start_line: int | None
    total_lines: int | None


class TextEditorCodeExecutionCreateResultBlockParam(Param):
    """`TextEditorCodeExecutionCreateResultBlock`, sent back."""

    type: Literal["text_editor_code_execution_create_result"]
    is_file_update: bool


class TextEditorCodeExecutionStrReplaceResultBlockParam(Param, total=False):
    """`TextEditorCodeExecutionStrReplaceResultBlock`, sent back."""

    type: Required[Literal["text_editor_code_execution_str_replace_result"]]
    lines: Sequence[str] | None
    old_start: int | None
    old_lines: int | None
    new_start: int | None
    new_lines: int | None


class TextEditorCodeExecutionToolResultErrorParam(Param, total=False):
    """An edit that failed, sent back."""

    type: Required[Literal["text_editor_code_execution_tool_result_error"]]
    error_code: Required[TextEditorCodeExecutionErrorCode]
    error_message: str | None


class TextEditorCodeExecutionToolResultBlockParam(Param, total=False):
    """`TextEditorCodeExecutionToolResultBlock`, sent back."""

    type: Required[Literal["text_editor_code_execution_tool_result"]]
    tool_use_id: Required[str]
    content: Required[
        TextEditorCodeExecutionToolResultErrorParam
        | TextEditorCodeExecutionViewResultBlockParam
        | TextEditorCodeExecutionCreateResultBlockParam
        | TextEditorCodeExecutionStrReplaceResultBlockParam
    ]
    cache_control: CacheControlEphemeral | None


class ToolSearchToolSearchResultBlockParam(Param):
    """The tools that tool search found, sent back."""

    type: Literal["tool_search_tool_search_result"]
    tool_references: Many[ToolReferenceBlockParam]


class ToolSearchToolResultErrorParam(Param, total=False):
    """A tool search that failed, sent back."""

    type: Required[Literal["tool_search_tool_result_error"]]
    error_code: Required[CodeExecutionErrorCode]
    error_message: str | None


class ToolSearchToolResultBlockParam(Param, total=False):
    """What a tool search gave, sent back. Fields: see `ToolSearchToolResultBlock`."""

    type: Required[Literal["tool_search_tool_result"]]
    tool_use_id: Required[str]
    content: Required[ToolSearchToolResultErrorParam | ToolSearchToolSearchResultBlockParam]
    cache_control: CacheControlEphemeral | None


class ContainerUploadBlockParam(Param, total=False):
    """A file to put into the container in which code runs.

    file_id: its id in the Files API.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["container_upload"]]
    file_id: Required[str]
    cache_control: CacheControlEphemeral | None


@with_inherited_keys
class CodeExecutionTool20250522Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side."""

    type: Required[Literal["code_execution_20250522"]]
    name: Required[Literal["code_execution"]]


@with_inherited_keys
class CodeExecutionTool20250825Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side."""

    type: Required[Literal["code_execution_20250825"]]
    name: Required[Literal["code_execution"]]


@with_inherited_keys
class CodeExecutionTool20260120Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side."""

    type: Required[Literal["code_execution_20260120"]]
    name: Required[Literal["code_execution"]]


@with_inherited_keys
class CodeExecutionTool20260521Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side."""

    type: Required[Literal["code_execution_20260521"]]
    name: Required[Literal["code_execution"]]


@with_inherited_keys
class ToolSearchToolBm25_20251119Param(ToolOptions, total=False):  # noqa: N801 (the API's name)
    """Finds deferred tools by their words."""

    type: Required[Literal["tool_search_tool_bm25_20251119", "tool_search_tool_bm25"]]
    name: Required[Literal["tool_search_tool_bm25"]]


@with_inherited_keys
class ToolSearchToolRegex20251119Param(ToolOptions, total=False):
    """Finds deferred tools by regular expression."""

    type: Required[Literal["tool_search_tool_regex_20251119", "tool_search_tool_regex"]]
    name: Required[Literal["tool_search_tool_regex"]]


class UserLocationParam(Param, total=False):
    """Where the user is, roughly.

    country: its code of two letters (ISO 3166-1).
    timezone: its IANA name.
    city, region: their names.
    """

    type: Required[Literal["approximate"]]
    city: str | None
    country: str | None
    region: str | None
    timezone: str | None


class WebFetchURLSourceToolReferenceParam(Param):
    """A tool by its name."""

    type: Literal["tool_reference"]
    name: str


class WebFetchURLSourceAllParam(Param):
    """All addresses from here may be fetched."""

    type: Literal["all"]


class WebFetchURLSourceNoneParam(Param):
    """No address from here may be fetched."""

    type: Literal["none"]


class WebFetchURLSourceOnlyParam(Param):
    """Only addresses from these tools may be fetched."""

    type: Literal["only"]
    tools: Many[WebFetchURLSourceToolReferenceParam]


class WebFetchURLSourceExceptParam(Param):
    """Addresses from all tools but these may be fetched."""

    type: Literal["except"]
    tools: Many[WebFetchURLSourceToolReferenceParam]


WebFetchURLSourceParam: TypeAlias = (
    WebFetchURLSourceAllParam
    | WebFetchURLSourceNoneParam
    | WebFetchURLSourceOnlyParam
    | WebFetchURLSourceExceptParam
)
"""The tools from whose results addresses may be fetched. `type` tells the kinds apart."""


class WebFetchURLSourcesParam(Param, total=False):
    """The sources from which web fetch may take addresses.

    client_tool_results: results of your tools.
    server_tool_results: results of the tools of the API.
    user_input: what the user wrote.
    """

    client_tool_results: WebFetchURLSourceParam
    server_tool_results: WebFetchURLSourceParam
    user_input: WebFetchURLSourceAllParam | WebFetchURLSourceNoneParam


@with_inherited_keys
class _WebSearchOptions(ToolOptions, total=False):
    """The fields that web search may have.

    allowed_domains: search only these domains.
    blocked_domains: never search these domains; give one of the two.
    max_uses: the maximum number of searches in one request.
    user_location: where the user is, for local results.
    """

    name: Required[Literal["web_search"]]
    allowed_domains: Sequence[str] | None
    blocked_domains: Sequence[str] | None
    max_uses: int | None
    user_location: UserLocationParam | None


@with_inherited_keys
class WebSearchTool20250305Param(_WebSearchOptions, total=False):
    """Web search that the API runs."""

    type: Required[Literal["web_search_20250305"]]


@with_inherited_keys
class WebSearchTool20260209Param(_WebSearchOptions, total=False):
    """Web search that the API runs."""

    type: Required[Literal["web_search_20260209"]]


@with_inherited_keys
class WebSearchTool20260318Param(_WebSearchOptions, total=False):
    """Web search that the API runs.

    response_inclusion: whether the response includes the results of calls that code made.
    """

    type: Required[Literal["web_search_20260318"]]
    response_inclusion: Literal["full", "excluded"]


@with_inherited_keys
class _WebFetchOptions(ToolOptions, total=False):
    """The fields that web fetch may have.

    allowed_domains: fetch only from these domains.
    blocked_domains: never fetch from these domains; give one of the two.
    citations: whether Claude may cite the fetched pages.
    max_content_tokens: the maximum number of tokens that one page may add to the prompt.
    max_uses: the maximum number of fetches in one request.
    url_sources: the sources from which addresses may be taken.
    """

    name: Required[Literal["web_fetch"]]
    allowed_domains: Sequence[str] | None
    blocked_domains: Sequence[str] | None
    citations: CitationsConfigParam | None
    max_content_tokens: int | None
    max_uses: int | None
    url_sources: WebFetchURLSourcesParam | None


@with_inherited_keys
class WebFetchTool20250910Param(_WebFetchOptions, total=False):
    """Fetching of pages and PDFs that the API runs."""

    type: Required[Literal["web_fetch_20250910"]]


@with_inherited_keys
class WebFetchTool20260209Param(_WebFetchOptions, total=False):
    """Fetching that the API runs."""

    type: Required[Literal["web_fetch_20260209"]]


@with_inherited_keys
class WebFetchTool20260309Param(_WebFetchOptions, total=False):
    """Fetching that the API runs.

    use_cache: false to fetch the page again, even if it is cached.
    """

    type: Required[Literal["web_fetch_20260309"]]
    use_cache: bool


@with_inherited_keys
class WebFetchTool20260318Param(_WebFetchOptions, total=False):
    """Fetching that the API runs.

    response_inclusion: whether the response includes the results of calls that code made.
    use_cache: false to fetch the page again, even if it is cached.
    """

    type: Required[Literal["web_fetch_20260318"]]
    response_inclusion: Literal["full", "excluded"]
    use_cache: bool


class BrowserToolsetConfigsParam(Param, total=False):
    """One configuration for each tool of the browser toolset, by the tool's name."""

    close_tab: ToolsetToolConfigParam | None
    double_click: ToolsetToolConfigParam | None
    file_upload: ToolsetToolConfigParam | None
    find: ToolsetToolConfigParam | None
    form_input: ToolsetToolConfigParam | None
    get_page_text: ToolsetToolConfigParam | None
    hold_key: ToolsetToolConfigParam | None
    hover: ToolsetToolConfigParam | None
    javascript_exec: ToolsetToolConfigParam | None
    key: ToolsetToolConfigParam | None
    left_click: ToolsetToolConfigParam | None
    left_click_drag: ToolsetToolConfigParam | None
    left_mouse_down: ToolsetToolConfigParam | None
    left_mouse_up: ToolsetToolConfigParam | None
    list_tabs: ToolsetToolConfigParam | None
    middle_click: ToolsetToolConfigParam | None
    mouse_move: ToolsetToolConfigParam | None
    navigate: ToolsetToolConfigParam | None
    new_tab: ToolsetToolConfigParam | None
    read_console: ToolsetToolConfigParam | None
    read_network: ToolsetToolConfigParam | None
    read_page: ToolsetToolConfigParam | None
    right_click: ToolsetToolConfigParam | None
    screenshot: ToolsetToolConfigParam | None
    scroll: ToolsetToolConfigParam | None
    scroll_to: ToolsetToolConfigParam | None
    switch_tab: ToolsetToolConfigParam | None
    triple_click: ToolsetToolConfigParam | None
    type: ToolsetToolConfigParam | None
    wait: ToolsetToolConfigParam | None
    zoom: ToolsetToolConfigParam | None


class ComputerToolsetConfigsParam(Param, total=False):
    """One configuration for each tool of the computer toolset, by the tool's name."""

    cursor_position: ToolsetToolConfigParam | None
    double_click: ToolsetToolConfigParam | None
    hold_key: ToolsetToolConfigParam | None
    key: ToolsetToolConfigParam | None
    left_click: ToolsetToolConfigParam | None
    left_click_drag: ToolsetToolConfigParam | None
    left_mouse_down: ToolsetToolConfigParam | None
    left_mouse_up: ToolsetToolConfigParam | None
    middle_click: ToolsetToolConfigParam | None
    mouse_move: ToolsetToolConfigParam | None
    right_click: ToolsetToolConfigParam | None
    screenshot: ToolsetToolConfigParam | None
    scroll: ToolsetToolConfigParam | None
    triple_click: ToolsetToolConfigParam | None
    type: ToolsetToolConfigParam | None
    wait: ToolsetToolConfigParam | None
    zoom: ToolsetToolConfigParam | None


class BrowserToolset20260801Param(Param, total=False):
    """A browser that your program runs.

    configs: the configurations of its tools.
    """

    type: Required[Literal["browser_toolset_20260801"]]
    cache_control: CacheControlEphemeral | None
    configs: BrowserToolsetConfigsParam | None


class ComputerToolset20260801Param(Param, total=False):
    """A screen, mouse and keyboard that your program runs.

    configs: the configurations of its tools.
    """

    type: Required[Literal["computer_toolset_20260801"]]
    cache_control: CacheControlEphemeral | None
    configs: ComputerToolsetConfigsParam | None
