"""Replies to requests that several tests make, and short views of what they hold."""

from __future__ import annotations

import base64
from typing import Any

from antiphon.local.replies.reply import Reply, make_reply, reply_random, request_digest
from antiphon.local.replies.signatures import Signatures
from tests.support.media_samples import png

HAIKU = "claude-haiku-4-5"
OPUS = "claude-opus-5"
SIGNATURES = Signatures(b"a key")
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
FETCH = {"type": "web_fetch_20250910", "name": "web_fetch"}
CODE = {"type": "code_execution_20250825", "name": "code_execution"}
FIND = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
TIME = {
    "name": "get_time",
    "input_schema": {
        "type": "object",
        "properties": {"timezone": {"type": "string"}},
        "required": ["timezone"],
    },
}
WITH_CITATIONS = {"citations": {"enabled": True}}


def request(content: Any, model: str = HAIKU, **more: Any) -> dict[str, Any]:
    """Return a create request; `content` is that of the only message, or all messages."""
    is_conversation = isinstance(content, list) and "role" in content[0]
    messages = content if is_conversation else [{"role": "user", "content": content}]
    return {"model": model, "max_tokens": 1_000, "messages": messages, **more}


def reply(content: Any, model: str = HAIKU, **more: Any) -> Reply:
    """Return the reply to a create request."""
    return reply_to(request(content, model, **more), now=1.78e9)


def reply_to(body: dict[str, Any], seed: int = 0, **more: Any) -> Reply:
    """Return the reply to the body of a create request that comes for the first time."""
    rng = reply_random(request_digest(body), seed, 0)
    return make_reply(body, rng=rng, signatures=SIGNATURES, **more)


def kinds(given: Reply) -> list[str]:
    """Return the types of the content blocks."""
    return [block["type"] for block in given.content]


def words(given: Reply) -> str:
    """Return all text."""
    return "".join(block.get("text", "") for block in given.content)


def uses(given: Reply) -> list[dict[str, Any]]:
    """Return the calls of the client's tools."""
    return [block for block in given.content if block["type"] == "tool_use"]


def document(text: str, **more: Any) -> dict[str, Any]:
    """Return a document of plain text."""
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source, **more}


def image(width: int, height: int) -> dict[str, Any]:
    """Return an image block with a PNG of this size."""
    data = base64.b64encode(png(width, height)).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
