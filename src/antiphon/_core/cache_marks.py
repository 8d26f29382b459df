"""Marks for the prompt cache, set by themselves on the messages of a conversation.

They are set on copies when a request is sent, at the end of the last messages of the user: there
the API finds what the turn before has cached. All else goes out as it did before, so it stays
cached. The API itself sets one more mark at the end of each request, as `cache_control` tells it.
"""

from __future__ import annotations

from typing import Any

from .request_body import is_iterable, is_mapping

__all__ = ["with_marks"]

# Marks of a request, as documented. One of them is the API's own.
_MOST_MARKS = 4
# The message of the turn before, up to which the API has cached, and the new one.
_MARKED_TURNS = 2


def with_marks(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request with marks for the cache on the messages of the user.

    Marks that the caller has set stay as well: the newest ones, as many as a request may have.
    Those of an hour have to stand before those of five minutes; what breaks this is left out.
    """
    mark, messages = params.get("cache_control"), [*params["messages"]]
    if not mark:
        return params
    free = _MOST_MARKS - 1 - _count_marks(params.get("tools")) - _count_marks(params.get("system"))
    turns, only_long = _MARKED_TURNS, _is_long(mark)
    for place, message in reversed([*enumerate(messages)]):
        content = message["content"]
        is_text = isinstance(content, str)
        blocks: list[Any] = [{"type": "text", "text": content}] if is_text else [*content]
        for number, block in reversed([*enumerate(blocks)]):
            own = block.get("cache_control")
            is_end = number == len(blocks) - 1 and message["role"] == "user"
            candidates = (own, mark if is_end and turns > 0 else None)
            fitting = (one for one in candidates if one and (_is_long(one) or not only_long))
            wanted = next(fitting, None)
            turns -= is_end
            blocks[number] = {name: block[name] for name in block if name != "cache_control"}
            if wanted and free > 0:
                blocks[number]["cache_control"] = wanted
                free -= 1
                if is_end and place == len(messages) - 1:
                    params = {**params, "cache_control": wanted}  # two on one block have to agree
                only_long = only_long or _is_long(wanted)
        messages[place] = {**message, "content": blocks}
    return {**params, "messages": messages}


def _is_long(mark: Any) -> bool:
    return bool(mark.get("ttl") == "1h")


def _count_marks(parts: Any) -> int:
    """Return how many tools or blocks of a system prompt the caller has marked."""
    if not is_iterable(parts):
        return 0
    return sum("cache_control" in (part if is_mapping(part) else part.to_dict()) for part in parts)
