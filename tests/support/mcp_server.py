"""A server of the Model Context Protocol over stdio, which tests start as a program."""

from __future__ import annotations

import base64

from mcp.server.mcpserver import Audio, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import EmbeddedResource, ResourceLink, TextResourceContents

# A grey PNG of one pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)

server = MCPServer("samples")


@server.tool()
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool(name="files.read")
def read(path: str) -> list[object]:
    """Read a file."""
    contents = TextResourceContents(uri=f"file:///{path}", mime_type="text/x-log", text="line")
    link = ResourceLink(type="resource_link", name="next", uri="file:///next")
    return [EmbeddedResource(type="resource", resource=contents), link]


@server.tool()
def draw() -> Image:
    """Draw a dot."""
    return Image(data=PNG, format="png")


@server.tool(structured_output=False)
def sing() -> list[object]:
    """Sing."""
    return ["la", Audio(data=b"RIFF", format="wav")]


@server.tool()
def fail() -> str:
    """Fail."""
    raise ToolError("no such account")


@server.tool()
def nothing() -> None:
    """Do nothing."""


@server.prompt()
def review(code: str) -> str:
    """Ask for a review."""
    return f"Review this: {code}"


@server.resource("notes://today")
def notes() -> str:
    """Return today's notes."""
    return "Buy milk."


@server.resource("notes://logo", mime_type="image/png")
def logo() -> bytes:
    """Return a logo."""
    return PNG


@server.resource("notes://archive", mime_type="application/zip")
def archive() -> bytes:
    """Return an archive."""
    return b"PK\x03\x04\xff"


if __name__ == "__main__":
    server.run()
