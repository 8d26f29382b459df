"""Marks for the prompt cache."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ..errors import InputError

if TYPE_CHECKING:
    from ..types.content import Block, TextBlockParam
    from ..types.tool_runs import RunnableTool

__all__ = ["cached"]

BlockT = TypeVar("BlockT", bound="Mapping[str, Any] | RunnableTool")

_LIFETIMES = ("5m", "1h")
_UNMARKED = ("thinking", "redacted_thinking")


@overload
def cached(block: str, ttl: Literal["5m", "1h"] | None = None) -> TextBlockParam: ...
@overload
def cached(block: Block, ttl: Literal["5m", "1h"] | None = None) -> dict[str, Any]: ...
@overload
def cached(block: BlockT, ttl: Literal["5m", "1h"] | None = None) -> BlockT: ...
def cached(block: Any, ttl: Literal["5m", "1h"] | None = None) -> Any:
    """Return a block, a text or a tool with a mark: the prompt is cached up to its end.

    Put it on the last part of your prompt that stays the same: a request may have four marks.

    Args:
        block: a text, which becomes a text block; a content block, sent or received; or a tool.
        ttl: how long it stays in the cache after its last use, "5m" or "1h". The API's default is
            five minutes; an hour costs more to write.

    Raises:
        InputError: it is something that cannot be marked.
    """
    if ttl is not None and ttl not in _LIFETIMES:
        raise InputError(f"ttl: expected '5m' or '1h', not {ttl!r}")
    mark = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    if hasattr(block, "to_dict") and hasattr(block, "call"):
        return _MarkedTool(block, mark)
    marked = _as_dict(block)
    if marked.get("type") in _UNMARKED:
        raise InputError("block: thinking cannot be marked; mark the block before or after it")
    if "role" in marked:
        raise InputError("block: a message cannot be marked; mark the last block of its content")
    if marked.get("text") == "":
        raise InputError("block: an empty text cannot be cached")
    return {**marked, "cache_control": mark}


class _MarkedTool:
    """A tool that can be run, with a mark in its definition."""

    def __init__(self, tool: Any, mark: dict[str, str]) -> None:
        self._tool, self._mark = tool, mark

    def to_dict(self) -> dict[str, Any]:
        return {**self._tool.to_dict(), "cache_control": self._mark}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._tool(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "_tool":  # asked for while a copy is made, which has none yet
            raise AttributeError(name)
        return getattr(self._tool, name)


def _as_dict(block: Any) -> dict[str, Any]:
    if isinstance(block, str):
        return {"type": "text", "text": block}
    for convert in ("to_param", "to_dict"):
        if hasattr(block, convert):
            made: dict[str, Any] = getattr(block, convert)()
            return made
    if isinstance(block, Mapping):
        return {**block}
    raise TypeError(
        f"block: expected a text, a content block or a tool, not {type(block).__name__}"
    )
