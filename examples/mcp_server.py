"""Let Claude use a server of the Model Context Protocol, which this program starts over stdio.

It needs the `mcp` package, version 2: ``pip install 'antiphon[mcp]'``.
"""

import asyncio
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver import MCPServer

import antiphon
from antiphon import mcp
from simulator import use_simulator_without_key

server = MCPServer("notes", log_level="WARNING")
NOTES = {"today": "Buy milk.", "tomorrow": "Call Heidi."}


@server.tool()
def search_notes(word: str) -> list[str]:
    """Find the notes that hold a word."""
    return [note for note in NOTES.values() if word.lower() in note.lower()]


@server.prompt()
def plan_day(name: str) -> str:
    """Ask for a plan."""
    return f"Plan my day, {name}. Use search_notes with word='milk'."


@server.resource("notes://today")
def today() -> str:
    """Today's note."""
    return NOTES["today"]


async def main() -> None:
    client = antiphon.AsyncClient()
    here = StdioServerParameters(command=sys.executable, args=[__file__, "serve"])
    async with stdio_client(here) as streams, ClientSession(*streams) as session:
        await session.initialize()
        [question] = await mcp.prompt(session, "plan_day", {"name": "Heidi"})
        notes = await mcp.resource(session, "notes://today")
        runner = client.messages.run_tools(
            model="claude-haiku-4-5",
            max_tokens=1024,
            tools=await mcp.tools(session),
            messages=[{"role": "user", "content": notes}, question],
        )
        message = await runner.until_done()
        print(message.text)


if sys.argv[1:] == ["serve"]:
    server.run()
else:
    use_simulator_without_key()
    asyncio.run(main())
