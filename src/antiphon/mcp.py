"""What a server of the Model Context Protocol offers, as what Claude takes.

Tools become tools that a runner runs, prompts become messages, resources become blocks. The session
is one of the `mcp` package (extra `mcp`), version 1 or 2. Nothing here depends on its classes: they
are read as the JSON that the protocol has for them, whose names both versions share.
"""

from __future__ import annotations

import inspect
import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from typing_extensions import Unpack

from ._wire.json import JSONObject, dumps
from .catalog.media import FORMATS
from .errors import InputError, ToolError
from .inputs.documents import document
from .inputs.sources import describe
from .tools.function import AsyncFunctionTool, FunctionTool, FunctionToolOptions
from .tools.result import block_of

if TYPE_CHECKING:
    from .types.content import (
        CacheControlEphemeral,
        DocumentBlockParam,
        ImageBlockParam,
        TextBlockParam,
    )
    from .types.message import MessageParam

__all__ = [
    "MCPBlock",
    "MCPModel",
    "MCPSession",
    "async_mcp_tool",
    "mcp_content",
    "mcp_message",
    "mcp_resource_to_content",
    "mcp_resource_to_file",
    "mcp_tool",
    "prompt",
    "resource",
    "tools",
]

MCPBlock: TypeAlias = "TextBlockParam | ImageBlockParam | DocumentBlockParam"
"""What becomes of a piece of content of a server."""

# What the API does not take in the name of a tool; other servers have dots and slashes in theirs.
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")

# The files that Claude takes, and the block that each is sent in.
_BLOCKS: dict[str, str] = dict.fromkeys(FORMATS.values(), "image")
_BLOCKS["application/pdf"] = "document"


class MCPModel(Protocol):
    """An object of the `mcp` package: a tool, a message, a piece of content, a result."""

    def model_dump(self, *, mode: str, by_alias: bool, exclude_none: bool) -> dict[str, Any]:
        """Return it as the protocol has it in JSON."""
        ...


class MCPSession(Protocol):
    """A session with a server: `mcp.ClientSession`, or `mcp.Client` of version 2."""

    @property
    def list_tools(self) -> Callable[..., Awaitable[Any]]:
        """List the tools, page by page."""
        ...

    @property
    def call_tool(self) -> Callable[..., Awaitable[Any]]:
        """Call a tool."""
        ...

    @property
    def get_prompt(self) -> Callable[..., Awaitable[Any]]:
        """Return a prompt."""
        ...

    @property
    def read_resource(self) -> Callable[..., Awaitable[Any]]:
        """Return a resource."""
        ...


async def tools(
    session: MCPSession, *, prefix: str = "", **options: Unpack[FunctionToolOptions]
) -> list[AsyncFunctionTool[..., Any]]:
    """Return the tools of a server, for a runner and for `tools=`.

    Args:
        session: an initialized session; it has to stay open while the tools are called.
        prefix: a text before the name of each tool, for servers whose tools have the same names.
        **options: options of all tools; see `antiphon.tools.FunctionToolOptions`.

    Raises:
        ValueError: Claude could not tell two of the tools apart.
    """
    found = [
        _async_tool(each, session, options, prefix)
        async for each in _listed(session.list_tools, "tools")
    ]
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"the MCP server has several tools of one name: {', '.join(twice)}")
    return found


async def prompt(
    session: MCPSession, name: str, arguments: Mapping[str, str] | None = None
) -> list[MessageParam]:
    """Return a prompt of a server as messages, for `messages=`.

    Args:
        session: an initialized session.
        name: the name of the prompt.
        arguments: what it asks for.

    Raises:
        InputError: a message holds something that Claude does not take, such as audio.
    """
    result = await session.get_prompt(name, {**arguments} if arguments else None)
    return [mcp_message(each) for each in _json(result)["messages"]]


async def resource(session: MCPSession, uri: str) -> list[MCPBlock]:
    """Return a resource of a server as blocks, for the content of a message.

    Texts and PDFs become documents, images become images. Their bytes tell what they are; if these
    are of no known kind, what the server states is believed.

    Args:
        session: an initialized session.
        uri: the address of the resource.

    Raises:
        InputError: it is neither a text nor an image nor a PDF.
    """
    result = _json(await session.read_resource(cast("Any", uri)))
    return [_resource_block(each) for each in result["contents"]]


def mcp_tool(
    tool: MCPModel, client: MCPSession, **options: Unpack[FunctionToolOptions]
) -> FunctionTool[..., Any]:
    """Return a tool of a server for programs that are not asynchronous.

    The session belongs to an event loop, so the tool can be called only in a thread that anyio
    started from it, as `anyio.to_thread.run_sync` does.

    Args:
        tool: one of those that `client.list_tools` gives.
        client: an initialized session.
        **options: options of the tool; see `antiphon.tools.FunctionToolOptions`.
    """
    definition = _json(tool)

    def call(**arguments: Any) -> Any:
        from anyio import from_thread

        return from_thread.run(_called, client, definition["name"], arguments)

    return FunctionTool(call, **_described(definition, options))


def async_mcp_tool(
    tool: MCPModel, client: MCPSession, **options: Unpack[FunctionToolOptions]
) -> AsyncFunctionTool[..., Any]:
    """Return one tool of a server; `tools` gives all of them.

    Args:
        tool: one of those that `client.list_tools` gives.
        client: an initialized session.
        **options: options of the tool; see `antiphon.tools.FunctionToolOptions`.
    """
    return _async_tool(_json(tool), client, options)


def mcp_content(
    content: MCPModel | JSONObject, *, cache_control: CacheControlEphemeral | None = None
) -> MCPBlock:
    """Return a piece of content of a server as a block.

    Args:
        content: a text, an image or an embedded resource.
        cache_control: caches the prompt up to the end of the block.

    Raises:
        InputError: Claude does not take it: it is audio, a link, or of another type.
    """
    piece = _json(content)
    block: MCPBlock
    match piece.get("type"):
        case "text":
            block = {"type": "text", "text": piece["text"]}
        case "image":
            block = _file(piece["data"], piece["mimeType"], "content: the image")
        case "resource":
            block = _resource_block(piece["resource"])
        case kind:
            raise InputError(
                f"content: Claude takes no {kind} from an MCP server, only texts, images and"
                " embedded resources"
            )
    return _cached(block, cache_control)


def mcp_message(
    message: MCPModel | JSONObject, *, cache_control: CacheControlEphemeral | None = None
) -> MessageParam:
    """Return a message of a prompt as a message.

    Args:
        message: one of those of `client.get_prompt`.
        cache_control: caches the prompt up to the end of the message.

    Raises:
        InputError: Claude does not take its content.
    """
    said = _json(message)
    content = mcp_content(said["content"], cache_control=cache_control)
    return cast("MessageParam", {"role": said["role"], "content": [content]})


def mcp_resource_to_content(
    result: MCPModel, *, cache_control: CacheControlEphemeral | None = None
) -> MCPBlock:
    """Return the first part of a resource that Claude takes as a block.

    Args:
        result: what `client.read_resource` gives.
        cache_control: caches the prompt up to the end of the block.

    Raises:
        InputError: there is no such part.
    """
    failures: list[str] = []
    for contents in _parts(result):
        try:
            return _cached(_resource_block(contents), cache_control)
        except InputError as error:
            failures.append(str(error))
    raise InputError(f"result: No supported MIME type among its items: {'; '.join(failures)}")


def mcp_resource_to_file(result: MCPModel) -> tuple[str | None, bytes, str | None]:
    """Return the first part of a resource as `client.files.upload` takes it.

    Args:
        result: what `client.read_resource` gives.

    Returns:
        The name, the content, and what the server says of its type.

    Raises:
        InputError: it has no part.
    """
    first = _parts(result)[0]
    name = first["uri"].rpartition("/")[2] or None
    content = first["text"].encode() if "text" in first else _decoded(first["blob"])
    return name, content, first.get("mimeType")


def _async_tool(
    definition: JSONObject, session: MCPSession, options: FunctionToolOptions, prefix: str = ""
) -> AsyncFunctionTool[..., Any]:
    async def call(**arguments: Any) -> Any:
        return await _called(session, definition["name"], arguments)

    return AsyncFunctionTool(call, **_described(definition, options, prefix))


def _described(
    definition: JSONObject, options: FunctionToolOptions, prefix: str = ""
) -> FunctionToolOptions:
    """Return the options of a tool, with what the server says of it."""
    described: FunctionToolOptions = {
        "name": _NOT_IN_NAMES.sub("_", prefix + definition["name"]),
        "description": definition.get("description", ""),
        "input_schema": definition["inputSchema"],
    }
    return {**described, **options}


async def _called(session: MCPSession, name: str, arguments: JSONObject) -> Any:
    """Call a tool of a server and return what it gave."""
    result = _json(await session.call_tool(name=name, arguments=arguments))
    blocks = [_shown(piece) for piece in result.get("content", ())]
    if result.get("isError"):
        raise ToolError(blocks or "The tool failed, and did not say why.")
    # Structured content is sent as a text, too; a server that leaves the text out is rare.
    structured = result.get("structuredContent")
    if blocks or structured is None:
        return blocks or _Nothing()
    return json.dumps(structured, ensure_ascii=False)


class _Nothing(list[MCPBlock]):
    """What a tool gave that gave nothing: no blocks, and for Claude no text."""

    def to_param(self) -> TextBlockParam:
        """Return it as a block; an empty list of another tool is shown as JSON."""
        return {"type": "text", "text": ""}


def _shown(piece: JSONObject) -> MCPBlock:
    """Return a piece of a result as a block, and a sentence for one that Claude does not take."""
    if piece.get("type") == "resource_link":  # Claude may read it with another tool
        return {"type": "text", "text": dumps(piece).decode()}
    try:
        return mcp_content(piece)
    except InputError as error:  # the rest of the result is worth showing
        reason = str(error).partition(": ")[2]  # without the name of an argument
        return {"type": "text", "text": f"[Left out: {reason}]"}


async def _listed(method: Callable[..., Awaitable[Any]], key: str) -> AsyncIterator[JSONObject]:
    """Give what a method of a session lists, over all pages."""
    cursor: str | None = None
    while True:
        page = _json(await method(**_position(method, cursor)))
        for each in page[key]:
            yield each
        cursor = page.get("nextCursor")
        if not cursor:
            return


def _position(method: Callable[..., Any], cursor: str | None) -> dict[str, Any]:
    """Return the arguments that ask for the page at `cursor`."""
    if cursor is None:
        return {}
    if "params" not in inspect.signature(method).parameters:  # `mcp.Client` of version 2
        return {"cursor": cursor}
    from mcp.types import PaginatedRequestParams

    return {"params": PaginatedRequestParams(cursor=cursor)}


def _parts(result: MCPModel) -> list[JSONObject]:
    """Return the parts of a resource.

    Raises:
        InputError: it has none.
    """
    parts: list[JSONObject] = _json(result)["contents"]
    if not parts:
        raise InputError("result: the contents of a resource must hold at least one item")
    return parts


def _resource_block(contents: JSONObject) -> MCPBlock:
    """Return a part of a resource as an image or a document."""
    kind, named = contents.get("mimeType", "unknown"), f"resource: {contents['uri']}"
    if "text" not in contents:
        return _file(contents["blob"], kind, named)
    if kind in _BLOCKS:
        raise InputError(f"{named} is a text, and the server says {kind}, which is blob data")
    return document(text=contents["text"])


def _file(data: str, kind: str, named: str) -> MCPBlock:
    """Return a file as an image or a document.

    Args:
        data: its base64.
        kind: the type that the server states.
        named: how an error begins.
    """
    content = _decoded(data)
    if (block := block_of(content)) is not None:
        return cast("MCPBlock", block)
    # As it came: what our table of beginnings does not know, the API may take.
    if content and kind in _BLOCKS and describe(content) is None:
        source = {"type": "base64", "media_type": kind, "data": data}
        return cast("MCPBlock", {"type": _BLOCKS[kind], "source": source})
    try:
        return document(text=content.decode())
    except UnicodeDecodeError:
        raise InputError(
            f"{named} is neither a text nor an image or a PDF that Claude takes; its type is {kind}"
        ) from None


def _decoded(data: str) -> bytes:
    try:
        return b64decode(data + "==")  # some servers leave the padding out
    except ValueError:
        raise InputError("data: the MCP server sent a file that is not base64") from None


def _cached(block: MCPBlock, cache_control: CacheControlEphemeral | None) -> MCPBlock:
    if cache_control is not None:
        block["cache_control"] = cache_control
    return block


def _json(thing: Any) -> JSONObject:
    """Return an object of the `mcp` package as the protocol has it."""
    if isinstance(thing, dict):
        return cast("JSONObject", thing)
    made: JSONObject = thing.model_dump(mode="json", by_alias=True, exclude_none=True)
    return made
