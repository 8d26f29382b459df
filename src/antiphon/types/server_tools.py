"""Tools that the API runs itself: definitions, calls and results."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Required, TypeAlias, cast

from pydantic import Discriminator

from .._wire.decoding import OrUnknown, WireModel
from .._wire.validation import Many, Param
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

    id: names the call.
    name: the tool.
    input: the arguments.
    caller: who called; null or absent means Claude itself.
    """

    type: Literal["server_tool_use"]
    id: str
    name: ServerToolName
    input: dict[str, Any]
    caller: Caller | None = None

    def to_param(self) -> "ServerToolUseBlockParam":
        """This block as it is sent back.

        Raises:
            ValueError: the input did not arrive whole.
        """
        return cast("ServerToolUseBlockParam", self._call_param())


class WebSearchResultBlock(WireModel):
    """A page that web search found.

    url, title: the page.
    encrypted_content: what it says, for the API alone; send it back unchanged.
    page_age: when it was last updated, in words.
    """

    type: Literal["web_search_result"]
    url: str
    title: str
    encrypted_content: str
    page_age: str | None = None


class WebSearchToolResultErrorObject(WireModel):
    """A web search that failed.

    error_code: why.
    """

    type: Literal["web_search_tool_result_error"]
    error_code: WebSearchErrorCode


WebSearchToolResultBlockContent: TypeAlias = (
    WebSearchToolResultErrorObject | list[WebSearchResultBlock]
)
"""The pages found, or why there are none."""


class WebSearchToolResultBlock(Block):
    """What a web search found.

    tool_use_id: the call it answers.
    content: the pages, or the error.
    caller: who called.
    """

    type: Literal["web_search_tool_result"]
    tool_use_id: str
    content: WebSearchToolResultBlockContent
    caller: Caller | None = None

    def to_param(self) -> "WebSearchToolResultBlockParam":
        """This block as it is sent back."""
        return cast("WebSearchToolResultBlockParam", without_null_caller(self.to_dict()))


class WebFetchBlock(WireModel):
    """A page or PDF that was fetched.

    url: its address.
    content: what it says.
    retrieved_at: when it was fetched, ISO 8601.
    """

    type: Literal["web_fetch_result"]
    url: str
    content: DocumentBlock
    retrieved_at: str | None = None


class WebFetchToolResultErrorBlock(WireModel):
    """A fetch that failed.

    error_code: why.
    """

    type: Literal["web_fetch_tool_result_error"]
    error_code: WebFetchErrorCode


class WebFetchToolResultBlock(Block):
    """What a fetch brought.

    tool_use_id: the call it answers.
    content: the page, or the error.
    caller: who called.
    """

    type: Literal["web_fetch_tool_result"]
    tool_use_id: str
    content: Annotated[
        WebFetchToolResultErrorBlock | WebFetchBlock, Discriminator("type"), OrUnknown()
    ]
    caller: Caller | None = None

    def to_param(self) -> "WebFetchToolResultBlockParam":
        """This block as it is sent back."""
        return cast("WebFetchToolResultBlockParam", without_null_caller(self.to_dict()))


class CodeExecutionOutputBlock(WireModel):
    """A file that code wrote.

    file_id: its id in the Files API.
    """

    type: Literal["code_execution_output"]
    file_id: str


class CodeExecutionResultBlock(WireModel):
    """What code printed and wrote.

    stdout, stderr: what it printed.
    return_code: 0 when it ended well.
    content: the files it wrote.
    """

    type: Literal["code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: list[CodeExecutionOutputBlock]


class EncryptedCodeExecutionResultBlock(WireModel):
    """What code printed and wrote, its output readable to the API alone.

    encrypted_stdout: opaque; send it back unchanged.
    stderr: what it printed there.
    return_code: 0 when it ended well.
    content: the files it wrote.
    """

    type: Literal["encrypted_code_execution_result"]
    encrypted_stdout: str
    stderr: str
    return_code: int
    content: list[CodeExecutionOutputBlock]


class CodeExecutionToolResultErrorObject(WireModel):
    """Code that could not be run.

    error_code: why.
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
"""What code did, or why it did not run."""


class CodeExecutionToolResultBlock(Block):
    """What running code gave.

    tool_use_id: the call it answers.
    content: the output, or the error.
    """

    type: Literal["code_execution_tool_result"]
    tool_use_id: str
    content: CodeExecutionToolResultBlockContent


class BashCodeExecutionOutputBlock(WireModel):
    """A file that a shell command wrote.

    file_id: its id in the Files API.
    """

    type: Literal["bash_code_execution_output"]
    file_id: str


class BashCodeExecutionResultBlock(WireModel):
    """What a shell command printed and wrote.

    stdout, stderr: what it printed.
    return_code: 0 when it ended well.
    content: the files it wrote.
    """

    type: Literal["bash_code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: list[BashCodeExecutionOutputBlock]


class BashCodeExecutionToolResultErrorObject(WireModel):
    """A shell command that could not be run.

    error_code: why.
    """

    type: Literal["bash_code_execution_tool_result_error"]
    error_code: BashCodeExecutionErrorCode


class BashCodeExecutionToolResultBlock(Block):
    """What a shell command gave.

    tool_use_id: the call it answers.
    content: the output, or the error.
    """

    type: Literal["bash_code_execution_tool_result"]
    tool_use_id: str
    content: Annotated[
        BashCodeExecutionToolResultErrorObject | BashCodeExecutionResultBlock,
        Discriminator("type"),
        OrUnknown(),
    ]


class TextEditorCodeExecutionViewResultBlock(WireModel):
    """A file that was looked at.

    file_type: what kind of file.
    content: what was shown of it.
    num_lines, start_line, total_lines: which lines, counted from 1.
    """

    type: Literal["text_editor_code_execution_view_result"]
    file_type: Literal["text", "image", "pdf"]
    content: str
    num_lines: int | None = None
    start_line: int | None = None
    total_lines: int | None = None


class TextEditorCodeExecutionCreateResultBlock(WireModel):
    """A file that was written.

    is_file_update: whether it replaced one.
    """

    type: Literal["text_editor_code_execution_create_result"]
    is_file_update: bool


class TextEditorCodeExecutionStrReplaceResultBlock(WireModel):
    """A file that was edited.

    lines: the changed lines, as in a diff.
    old_start, old_lines, new_start, new_lines: where they stood and stand, and how many.
    """

    type: Literal["text_editor_code_execution_str_replace_result"]
    lines: list[str] | None = None
    old_start: int | None = None
    old_lines: int | None = None
    new_start: int | None = None
    new_lines: int | None = None


class TextEditorCodeExecutionToolResultErrorObject(WireModel):
    """An edit that failed.

    error_code: why.
    error_message: why, in words.
    """

    type: Literal["text_editor_code_execution_tool_result_error"]
    error_code: TextEditorCodeExecutionErrorCode
    error_message: str | None = None


class TextEditorCodeExecutionToolResultBlock(Block):
    """What viewing or editing a file gave.

    tool_use_id: the call it answers.
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


class ToolSearchToolSearchResultBlock(WireModel):
    """The tools that tool search found.

    tool_references: one each.
    """

    type: Literal["tool_search_tool_search_result"]
    tool_references: list[ToolReferenceBlock]


class ToolSearchToolResultErrorObject(WireModel):
    """A tool search that failed.

    error_code: why.
    error_message: why, in words.
    """

    type: Literal["tool_search_tool_result_error"]
    error_code: CodeExecutionErrorCode
    error_message: str | None = None


class ToolSearchToolResultBlock(Block):
    """What a tool search gave.

    tool_use_id: the call it answers.
    content: the tools found, or the error.
    """

    type: Literal["tool_search_tool_result"]
    tool_use_id: str
    content: Annotated[
        ToolSearchToolResultErrorObject | ToolSearchToolSearchResultBlock,
        Discriminator("type"),
        OrUnknown(),
    ]


class ContainerUploadBlock(Block):
    """A file put into the container in which code runs.

    file_id: its id in the Files API.
    """

    type: Literal["container_upload"]
    file_id: str


class ServerToolUseBlockParam(Param, total=False):
    """A call of a tool that the API ran, sent back; fields as in `ServerToolUseBlock`."""

    type: Required[Literal["server_tool_use"]]
    id: Required[str]
    name: Required[ServerToolName]
    input: Required[Mapping[str, Any]]
    cache_control: CacheControlEphemeral | None
    caller: CallerParam


class WebSearchResultBlockParam(Param, total=False):
    """A page that web search found, sent back; fields as in `WebSearchResultBlock`."""

    type: Required[Literal["web_search_result"]]
    encrypted_content: Required[str]
    title: Required[str]
    url: Required[str]
    page_age: str | None


class WebSearchToolRequestErrorParam(Param):
    """A web search that failed, sent back; fields as in `WebSearchToolResultErrorObject`."""

    type: Literal["web_search_tool_result_error"]
    error_code: WebSearchErrorCode


WebSearchToolRequestErrorObjectParam: TypeAlias = WebSearchToolRequestErrorParam


class WebSearchToolResultBlockParam(Param, total=False):
    """What a web search found, sent back; fields as in `WebSearchToolResultBlock`."""

    type: Required[Literal["web_search_tool_result"]]
    tool_use_id: Required[str]
    content: Required[Many[WebSearchResultBlockParam] | WebSearchToolRequestErrorParam]
    cache_control: CacheControlEphemeral | None
    caller: CallerParam


class WebFetchBlockParam(Param, total=False):
    """A page or PDF that was fetched, sent back; fields as in `WebFetchBlock`."""

    type: Required[Literal["web_fetch_result"]]
    url: Required[str]
    content: Required[DocumentBlockParam]
    retrieved_at: str | None


class WebFetchToolResultErrorBlockParam(Param):
    """A fetch that failed, sent back; fields as in `WebFetchToolResultErrorBlock`."""

    type: Literal["web_fetch_tool_result_error"]
    error_code: WebFetchErrorCode


class WebFetchToolResultBlockParam(Param, total=False):
    """What a fetch brought, sent back; fields as in `WebFetchToolResultBlock`."""

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
    """What code printed and wrote, sent back; fields as in `CodeExecutionResultBlock`."""

    type: Literal["code_execution_result"]
    stdout: str
    stderr: str
    return_code: int
    content: Many[CodeExecutionOutputBlockParam]


class EncryptedCodeExecutionResultBlockParam(Param):
    """As `EncryptedCodeExecutionResultBlock`, sent back."""

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
    """What running code gave, sent back; fields as in `CodeExecutionToolResultBlock`."""

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
    """As `BashCodeExecutionResultBlock`, sent back."""

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
    """What a shell command gave, sent back; fields as in `BashCodeExecutionToolResultBlock`."""

    type: Required[Literal["bash_code_execution_tool_result"]]
    tool_use_id: Required[str]
    content: Required[BashCodeExecutionToolResultErrorParam | BashCodeExecutionResultBlockParam]
    cache_control: CacheControlEphemeral | None


class TextEditorCodeExecutionViewResultBlockParam(Param, total=False):
    """As `TextEditorCodeExecutionViewResultBlock`, sent back."""

    type: Required[Literal["text_editor_code_execution_view_result"]]
    file_type: Required[Literal["text", "image", "pdf"]]
    content: Required[str]
    num_lines: int | None
    start_line: int | None
    total_lines: int | None


class TextEditorCodeExecutionCreateResultBlockParam(Param):
    """As `TextEditorCodeExecutionCreateResultBlock`, sent back."""

    type: Literal["text_editor_code_execution_create_result"]
    is_file_update: bool


class TextEditorCodeExecutionStrReplaceResultBlockParam(Param, total=False):
    """As `TextEditorCodeExecutionStrReplaceResultBlock`, sent back."""

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
    """As `TextEditorCodeExecutionToolResultBlock`, sent back."""

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
    """What a tool search gave, sent back; fields as in `ToolSearchToolResultBlock`."""

    type: Required[Literal["tool_search_tool_result"]]
    tool_use_id: Required[str]
    content: Required[ToolSearchToolResultErrorParam | ToolSearchToolSearchResultBlockParam]
    cache_control: CacheControlEphemeral | None


class ContainerUploadBlockParam(Param, total=False):
    """A file to put into the container in which code runs.

    file_id: the id the Files API gave it.
    cache_control: caches the prompt up to the end of this block.
    """

    type: Required[Literal["container_upload"]]
    file_id: Required[str]
    cache_control: CacheControlEphemeral | None


class CodeExecutionTool20250522Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side; other fields as in `ToolParam`."""

    type: Required[Literal["code_execution_20250522"]]
    name: Required[Literal["code_execution"]]


class CodeExecutionTool20250825Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side; other fields as in `ToolParam`."""

    type: Required[Literal["code_execution_20250825"]]
    name: Required[Literal["code_execution"]]


class CodeExecutionTool20260120Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side; other fields as in `ToolParam`."""

    type: Required[Literal["code_execution_20260120"]]
    name: Required[Literal["code_execution"]]


class CodeExecutionTool20260521Param(ToolOptions, total=False):
    """Code that Claude runs on the API's side; other fields as in `ToolParam`."""

    type: Required[Literal["code_execution_20260521"]]
    name: Required[Literal["code_execution"]]


class ToolSearchToolBm25_20251119Param(ToolOptions, total=False):  # noqa: N801 (the API's name)
    """Finds deferred tools by their words; other fields as in `ToolParam`."""

    type: Required[Literal["tool_search_tool_bm25_20251119", "tool_search_tool_bm25"]]
    name: Required[Literal["tool_search_tool_bm25"]]


class ToolSearchToolRegex20251119Param(ToolOptions, total=False):
    """Finds deferred tools by regular expression; other fields as in `ToolParam`."""

    type: Required[Literal["tool_search_tool_regex_20251119", "tool_search_tool_regex"]]
    name: Required[Literal["tool_search_tool_regex"]]


class UserLocationParam(Param, total=False):
    """Where the user is, roughly.

    country: two letters, ISO 3166-1.
    timezone: an IANA name.
    city, region: as people write them.
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
    """Addresses may come from anywhere here."""

    type: Literal["all"]


class WebFetchURLSourceNoneParam(Param):
    """No addresses may come from here."""

    type: Literal["none"]


class WebFetchURLSourceOnlyParam(Param):
    """Addresses may come from these tools only."""

    type: Literal["only"]
    tools: Many[WebFetchURLSourceToolReferenceParam]


class WebFetchURLSourceExceptParam(Param):
    """Addresses may come from any tools but these."""

    type: Literal["except"]
    tools: Many[WebFetchURLSourceToolReferenceParam]


WebFetchURLSourceParam: TypeAlias = (
    WebFetchURLSourceAllParam
    | WebFetchURLSourceNoneParam
    | WebFetchURLSourceOnlyParam
    | WebFetchURLSourceExceptParam
)
"""Which tool results may bring addresses to fetch; told apart by `type`."""


class WebFetchURLSourcesParam(Param, total=False):
    """Where the addresses that web fetch fetches may come from.

    client_tool_results, server_tool_results: results of your tools, and of the API's.
    user_input: what the user wrote.
    """

    client_tool_results: WebFetchURLSourceParam
    server_tool_results: WebFetchURLSourceParam
    user_input: WebFetchURLSourceAllParam | WebFetchURLSourceNoneParam


class _WebSearchOptions(ToolOptions, total=False):
    """What may be said of web search.

    allowed_domains, blocked_domains: only, or never, results from these; give one of the two.
    max_uses: most searches in one request.
    user_location: makes the search local.
    """

    name: Required[Literal["web_search"]]
    allowed_domains: Sequence[str] | None
    blocked_domains: Sequence[str] | None
    max_uses: int | None
    user_location: UserLocationParam | None


class WebSearchTool20250305Param(_WebSearchOptions, total=False):
    """Web search that the API runs; other fields as in `ToolParam`.

    name: always "web_search".
    allowed_domains, blocked_domains: only, or never, results from these; give one of the two.
    max_uses: most searches in one request.
    user_location: makes the search local.
    """

    type: Required[Literal["web_search_20250305"]]


class WebSearchTool20260209Param(_WebSearchOptions, total=False):
    """Web search that the API runs; fields as in `WebSearchTool20250305Param`."""

    type: Required[Literal["web_search_20260209"]]


class WebSearchTool20260318Param(_WebSearchOptions, total=False):
    """Web search that the API runs; fields as in `WebSearchTool20250305Param`.

    response_inclusion: whether results of calls made from code are part of the answer.
    """

    type: Required[Literal["web_search_20260318"]]
    response_inclusion: Literal["full", "excluded"]


class _WebFetchOptions(ToolOptions, total=False):
    """What may be said of web fetch.

    allowed_domains, blocked_domains: only, or never, pages from these; give one of the two.
    citations: whether Claude may cite what it fetched.
    max_content_tokens: most tokens that one page may add.
    max_uses: most fetches in one request.
    url_sources: where the addresses may come from.
    """

    name: Required[Literal["web_fetch"]]
    allowed_domains: Sequence[str] | None
    blocked_domains: Sequence[str] | None
    citations: CitationsConfigParam | None
    max_content_tokens: int | None
    max_uses: int | None
    url_sources: WebFetchURLSourcesParam | None


class WebFetchTool20250910Param(_WebFetchOptions, total=False):
    """Fetching of pages and PDFs that the API runs; other fields as in `ToolParam`.

    name: always "web_fetch".
    allowed_domains, blocked_domains: only, or never, pages from these; give one of the two.
    citations: whether Claude may cite what it fetched.
    max_content_tokens: most tokens that one page may add.
    max_uses: most fetches in one request.
    url_sources: where the addresses may come from.
    """

    type: Required[Literal["web_fetch_20250910"]]


class WebFetchTool20260209Param(_WebFetchOptions, total=False):
    """Fetching that the API runs; fields as in `WebFetchTool20250910Param`."""

    type: Required[Literal["web_fetch_20260209"]]


class WebFetchTool20260309Param(_WebFetchOptions, total=False):
    """Fetching that the API runs; fields as in `WebFetchTool20250910Param`.

    use_cache: false to fetch anew instead of using a cached page.
    """

    type: Required[Literal["web_fetch_20260309"]]
    use_cache: bool


class WebFetchTool20260318Param(_WebFetchOptions, total=False):
    """Fetching that the API runs; fields as in `WebFetchTool20250910Param`.

    response_inclusion: whether results of calls made from code are part of the answer.
    use_cache: false to fetch anew instead of using a cached page.
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

    configs: switches its tools off, or defers them.
    """

    type: Required[Literal["browser_toolset_20260801"]]
    cache_control: CacheControlEphemeral | None
    configs: BrowserToolsetConfigsParam | None


class ComputerToolset20260801Param(Param, total=False):
    """A screen, mouse and keyboard that your program runs.

    configs: switches its tools off, or defers them.
    """

    type: Required[Literal["computer_toolset_20260801"]]
    cache_control: CacheControlEphemeral | None
    configs: ComputerToolsetConfigsParam | None
