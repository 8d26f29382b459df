"""What a real server of the Model Context Protocol, started as a program, gives to Claude."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ListToolsResult,
    ReadResourceResult,
    TextResourceContents,
    Tool,
)

from antiphon import InputError, ToolError, mcp
from antiphon.tools import result_content

SERVER = StdioServerParameters(
    command=sys.executable,
    args=[str(Path(__file__).parent.parent / "support" / "mcp_server.py")],
)


def with_session(work: Callable[[ClientSession], Awaitable[Any]]) -> Any:
    """Return what `work` does with a session of a server that runs meanwhile."""

    async def main() -> Any:
        async with stdio_client(SERVER) as streams, ClientSession(*streams) as session:
            await session.initialize()
            return await work(session)

    return asyncio.run(main())


def test_tools_are_listed_and_called():
    async def work(session):
        tools = {tool.name: tool for tool in await mcp.tools(session, prefix="s.", strict=False)}
        results = {
            name: result_content(await tools[name].call(arguments))
            for name, arguments in [
                ("s_add", {"a": 1}),
                ("s_files_read", {"path": "log"}),
                ("s_draw", {}),
                ("s_sing", {}),
                ("s_nothing", {}),
            ]
        }
        with pytest.raises(ToolError, match="no such account"):
            await tools["s_fail"].call({})
        with pytest.raises(ToolError, match="add"):
            await tools["s_add"].call({"a": "one"})
        return tools["s_add"].to_dict(), results

    definition, results = with_session(work)
    assert definition["description"] == "Add two numbers."
    assert definition["input_schema"]["required"] == ["a"]
    assert definition["strict"] is False
    assert results["s_add"] == [{"type": "text", "text": "2"}]
    file, link = results["s_files_read"]
    assert file["source"] == {"type": "text", "media_type": "text/plain", "data": "line"}
    assert '"uri":"file:///next"' in link["text"]
    assert results["s_draw"][0]["source"]["media_type"] == "image/png"
    text, audio = results["s_sing"]
    assert text == {"type": "text", "text": "la"}
    assert audio["text"].startswith("[Left out: Claude takes no audio from an MCP server")


def test_prompts_become_messages():
    async def work(session):
        return await mcp.prompt(session, "review", {"code": "x = 1"})

    assert with_session(work) == [
        {"role": "user", "content": [{"type": "text", "text": "Review this: x = 1"}]}
    ]


def test_resources_become_blocks_by_their_bytes():
    async def work(session):
        with pytest.raises(InputError, match=r"notes://archive is neither .* application/zip"):
            await mcp.resource(session, "notes://archive")
        result = await session.read_resource("notes://today")
        file = mcp.mcp_resource_to_file(result)
        first = mcp.mcp_resource_to_content(result, cache_control={"type": "ephemeral"})
        return [await mcp.resource(session, f"notes://{name}") for name in ("today", "logo")], (
            first,
            file,
        )

    ([note], [logo]), (first, file) = with_session(work)
    assert note["source"]["data"] == "Buy milk."
    assert (logo["type"], logo["source"]["media_type"]) == ("image", "image/png")
    assert first == {**note, "cache_control": {"type": "ephemeral"}}
    assert file == ("today", b"Buy milk.", "text/plain")


def test_a_client_of_version_2_is_a_session_too():
    async def main():
        async with Client(SERVER) as client:
            tools = await mcp.tools(client)
            return await tools[0].call({"a": 5})

    assert asyncio.run(main()) == [{"type": "text", "text": "6"}]


def test_a_tool_for_a_program_that_is_not_asynchronous_runs_in_a_thread():
    async def work(session):
        [add, *_] = (await session.list_tools()).tools
        tool, later = mcp.mcp_tool(add, session, name="plus"), mcp.async_mcp_tool(add, session)
        result = await anyio.to_thread.run_sync(tool.call, {"a": 2})
        return tool.name, later.name, result, await later.call({"a": 2})

    three = [{"type": "text", "text": "3"}]
    assert with_session(work) == ("plus", "add", three, three)


class Pages:
    """A session with two tools on each of two pages."""

    def __init__(self, names: str) -> None:
        self.names = names

    async def list_tools(self, *, params: Any = None) -> ListToolsResult:
        names, cursor = (self.names[:2], "more") if params is None else (self.names[2:], None)
        assert params is None or params.cursor == "more"
        tools = [Tool(name=name, input_schema={"type": "object"}) for name in names]
        return ListToolsResult(tools=tools, next_cursor=cursor)


def test_all_pages_are_read_and_tools_of_one_name_are_refused():
    tools = asyncio.run(mcp.tools(Pages("abcd")))
    assert [tool.name for tool in tools] == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="several tools of one name: _"):
        asyncio.run(mcp.tools(Pages("ab./")))


def test_what_claude_does_not_take_is_refused_with_a_sentence():
    audio = AudioContent(type="audio", data="AA==", mime_type="audio/wav")
    with pytest.raises(InputError, match="takes no audio"):
        mcp.mcp_content(audio)
    broken = ImageContent(type="image", data="A", mime_type="image/png")
    with pytest.raises(InputError, match="not base64"):
        mcp.mcp_content(broken)
    empty = ReadResourceResult(contents=[])
    for convert in (mcp.mcp_resource_to_content, mcp.mcp_resource_to_file):
        with pytest.raises(InputError, match="at least one item"):
            convert(empty)
    blob = BlobResourceContents(uri="a:b/c", blob="/w==")
    with pytest.raises(InputError, match="neither a text"):
        mcp.mcp_resource_to_content(ReadResourceResult(contents=[blob]))
    text = TextResourceContents(uri="a:b/c", text="bytes", mime_type="image/png")
    with pytest.raises(InputError, match=r"a:b/c is a text.*image/png.*blob data"):
        mcp.mcp_content(EmbeddedResource(type="resource", resource=text))


def test_a_stated_type_is_believed_if_the_bytes_are_of_no_known_kind():
    image = ImageContent(type="image", data="abc", mime_type="image/webp")
    source = {"type": "base64", "media_type": "image/webp", "data": "abc"}
    assert mcp.mcp_content(image) == {"type": "image", "source": source}
    pdf = BlobResourceContents(uri="a:b/c", blob="cGRm", mime_type="application/pdf")
    block = mcp.mcp_content(EmbeddedResource(type="resource", resource=pdf))
    source = {"type": "base64", "media_type": "application/pdf", "data": "cGRm"}
    assert block == {"type": "document", "source": source}
    gif = ImageContent(type="image", data="R0lGODlhAQABAAAAADs=", mime_type="image/png")
    assert mcp.mcp_content(gif)["source"]["media_type"] == "image/gif"
    with pytest.raises(InputError, match="empty"):
        mcp.mcp_content(ImageContent(type="image", data="", mime_type="image/png"))
    with pytest.raises(InputError, match="image/bmp"):
        mcp.mcp_content(ImageContent(type="image", data="abc", mime_type="image/bmp"))


class Structured:
    """A session whose tool gives its arguments as structured content, and no other."""

    async def call_tool(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        return CallToolResult(content=[], structured_content=arguments or None)


def test_structured_content_is_a_text_if_nothing_else_is_there():
    tool = mcp.async_mcp_tool(Tool(name="t", input_schema={"type": "object"}), Structured())
    assert asyncio.run(tool.call({"a": "née"})) == '{"a": "née"}'
    nothing = asyncio.run(tool.call({}))
    assert nothing == []
    assert result_content(nothing) == ""
