"""What the user asked for last, and what was done for it since.

While a client runs tools, the last messages of a conversation hold calls and results only. The
request that they belong to stands further back: in the last message that the user wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..._wire.json import JSONObject
from ...catalog.request_parts import content_blocks

__all__ = ["Task", "written_texts"]

_REMINDER = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)
# What summaries of the server tell of a task, as `compaction.summarize` writes them.
_TOLD = re.compile(r"The user wrote last: “(.*?)”\.(?: Tools called: (.*?)\.(?=\s|$))?", re.DOTALL)
_CALLED = re.compile(r"(\S+) ×(\d{1,3})")
# Messages before the task of which the texts are read: what is asked for now was said of late.
_MAX_EARLIER = 12
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")


class Task(NamedTuple):
    """A request of the user, and the calls and results that came after it."""

    request: str
    """The last text that the user wrote: what is wanted, behind any documents and context."""
    sources: tuple[JSONObject, ...]
    """The other blocks that the user wrote beside it: texts, documents, images."""
    earlier: tuple[str, ...]
    """What the user wrote in the turns before, the latest first."""
    calls: tuple[JSONObject, ...]
    """The calls of tools since then, in their order."""
    results: Mapping[str, JSONObject]
    """The results of the client's tools since then, by the ids of their calls."""

    @classmethod
    def of(cls, messages: Sequence[JSONObject]) -> Task:
        """Return the task that a conversation is about at its end."""
        start = cls.start(messages) % (len(messages) or 1)  # without a start, all of them count
        written, calls, results = _parts(messages[start:])
        if not written and (recalled := _recalled(messages)) is not None:
            told, made = recalled
            return cls(told, (), (), (*made, *calls), _by_call(results))
        # The last text is what is wanted: agents put documents and context before it.
        texts = [block for block in written if block["type"] == "text"]
        request = texts[-1] if texts else None
        return cls(
            request=written_texts([request])[0] if request else "",
            sources=tuple(block for block in written if block is not request),
            earlier=tuple(_earlier(messages[max(0, start - _MAX_EARLIER) : start])),
            calls=tuple(calls),
            results=_by_call(results),
        )

    @classmethod
    def start(cls, messages: Sequence[JSONObject]) -> int:
        """Return the index of the first message of the turn in which the user wrote last.

        It is the number of messages if the user wrote nothing.
        """
        start = len(messages)
        for index in reversed(range(len(messages))):
            if messages[index]["role"] == "assistant" and start < len(messages):
                break
            is_user = messages[index]["role"] == "user"
            if is_user and any(map(_is_written, content_blocks(messages[index]["content"]))):
                start = index
        return start


def _parts(
    messages: Iterable[JSONObject],
) -> tuple[list[JSONObject], list[JSONObject], list[JSONObject]]:
    """Return what the user wrote, the calls of the assistant, and the results."""
    written: list[JSONObject] = []
    calls: list[JSONObject] = []
    results: list[JSONObject] = []
    for message in messages:
        for block in content_blocks(message["content"]):
            if message["role"] == "assistant":
                calls += [block] if block["type"] in _CALLS else []
            elif message["role"] == "user":
                results += [block] if block["type"] == "tool_result" else []
                written += [block] if _is_written(block) else []
    return written, calls, results


def _earlier(messages: Sequence[JSONObject]) -> Iterator[str]:
    """Yield the texts that the user wrote in earlier turns, the latest first."""
    for message in reversed(messages):
        if message["role"] == "user":
            yield from reversed(written_texts(content_blocks(message["content"])))


def written_texts(turn: Iterable[JSONObject]) -> list[str]:
    """Return the texts that the user wrote in a turn.

    Agents such as Claude Code put reminders into the user's turn that are not the user's words.
    """
    texts = (_REMINDER.sub("", block["text"]) for block in turn if block["type"] == "text")
    return [_encodable(text) for text in texts if text.strip()]


def _by_call(results: Iterable[JSONObject]) -> dict[str, JSONObject]:
    return {block["tool_use_id"]: block for block in results}


def _recalled(messages: Sequence[JSONObject]) -> tuple[str, list[JSONObject]] | None:
    """Return the request and the calls that a summary in place of the conversation tells."""
    begun = content_blocks(messages[0]["content"]) if messages else ()
    summary = begun[0].get("content") if begun and begun[0]["type"] == "compaction" else None
    if not isinstance(summary, str) or (told := _TOLD.search(summary)) is None:
        return None
    calls = [
        {"type": "tool_use", "id": f"{name} {number}", "name": name}
        for name, times in _CALLED.findall(told[2] or "")
        for number in range(int(times))
    ]
    return told[1], calls


def _is_written(block: JSONObject) -> bool:
    if block["type"] == "text":
        return bool(written_texts([block]))
    return block["type"] in ("document", "image", "search_result")


def _encodable(text: str) -> str:
    """Replace lone surrogates, which JSON may hold and UTF-8 may not: replies quote the text."""
    return text if text.isascii() else text.encode(errors="replace").decode()
