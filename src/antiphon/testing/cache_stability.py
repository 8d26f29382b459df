"""Whether requests that follow each other can share a prompt cache.

The cache compares beginnings: tools, then the system prompt, then the messages (docs, prompt
caching). One character that changes at the front, such as a date in the system prompt, makes all
that follows be written, and paid, again; nothing fails, so only a test can notice it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, cast

from .._wire.json import JSONObject, is_list, is_object
from ..catalog.prompt_difference import ChangedPlace, first_difference
from ..catalog.tokens import PromptTokens
from ..local.api.journal import Recorded

__all__ = ["assert_cache_stable"]

_OBJECTS = ("tool_choice", "thinking", "output_config", "output_format")


def assert_cache_stable(requests: Iterable[Recorded | Mapping[str, Any]]) -> None:
    """Check that each request begins with all that the one before it could put into the cache.

    That is its beginning up to its last `cache_control`; without one, all of it. What else the
    cache depends on counts as well: the order of keys, the model, how tools are chosen, thinking
    and the other causes that `antiphon.explain_cache_miss` knows.

    Args:
        requests: requests of one conversation, in their order: entries of `server.requests`, or
            bodies. Those without messages, and entries that are malformed, are skipped.

    Raises:
        AssertionError: one does not; the text names the block and the character.
        TypeError: there are no requests, or something else is among them.
    """
    if isinstance(requests, str) or not isinstance(cast("object", requests), Iterable):
        raise TypeError(f"requests: give a list, such as server.requests, not {requests!r}")
    given = list(requests)
    bodies = [body for number, each in enumerate(given) if (body := _body(number, each))]
    if not bodies:
        none = "none of them has messages" if given else "there are none"
        raise TypeError(f"requests: {none}; give those of a conversation, in their order")
    for number, (before, after) in enumerate(pairwise(map(_prompt, bodies)), 1):
        if broken := _broken(before, after):
            raise AssertionError(
                f"Request {number + 1} does not begin like request {number}, so the cache is of no"
                f" use from there on: {_said(broken)}"
            )


def _body(number: int, request: Recorded | Mapping[str, Any]) -> JSONObject | None:
    """Return the body of a request; None if it has nothing to compare."""
    if isinstance(request, Recorded):
        # The server has refused what is malformed, and has cached nothing of it.
        body = request.body
        return body if is_object(body) and "messages" in body and not _flaw(body) else None
    if not is_object(request):
        raise TypeError(f"requests: {request!r} is neither an entry of server.requests nor a body")
    if "messages" not in request:
        return None
    if flaw := _flaw(request):
        raise TypeError(f"requests[{number}]: {flaw} has not the form that the API knows")
    return request


def _prompt(body: JSONObject) -> PromptTokens:
    return PromptTokens({"model": "", **body})


def _broken(before: PromptTokens, after: PromptTokens) -> ChangedPlace | None:
    """Return where a cached beginning ends too early; None if it does not."""
    found = first_difference(before, after)
    return None if found is None or found.position > _last_cached(before) else found.place


def _last_cached(prompt: PromptTokens) -> int:
    """Return the position of the last block that may be cached."""
    blocks = prompt.blocks
    marks = [at for at, counted in enumerate(blocks) if counted.block.get("cache_control")]
    is_automatic = bool(prompt.body.get("cache_control"))
    return len(blocks) - 1 if is_automatic or not marks else marks[-1]


def _said(place: ChangedPlace) -> str:
    character = "" if place.character is None else f"character {place.character} changed, "
    return f"{place.path}: {character}{place.before} became {place.after}"


def _flaw(body: JSONObject) -> str | None:
    """Return the path of the first part of a body that cannot be read; None if there is none."""
    if not isinstance(body.get("model", ""), str):
        return "model"
    for name in _OBJECTS:
        if not (body.get(name) is None or is_object(body[name])):
            return name
    tools = body.get("tools")
    if not (tools is None or (is_list(tools) and all(map(is_object, tools)))):
        return "tools"
    if not (body.get("system") is None or _is_content(body["system"])):
        return "system"
    messages = body["messages"]
    if not is_list(messages):
        return "messages"
    return next(
        (f"messages[{n}]" for n, each in enumerate(messages) if not _is_message(each)), None
    )


def _is_message(value: Any) -> bool:
    return is_object(value) and "role" in value and _is_content(value.get("content"))


def _is_content(value: Any) -> bool:
    return isinstance(value, str) or (is_list(value) and all(map(_is_block, value)))


def _is_block(value: Any) -> bool:
    if not is_object(value) or "type" not in value:
        return False
    inner = value.get("content")
    return value["type"] != "tool_result" or inner is None or _is_content(inner)
