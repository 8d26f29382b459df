"""Whether requests that follow each other can share a prompt cache.

The cache compares beginnings: tools, then the system prompt, then the messages (docs, prompt
caching). One character that changes at the front, such as a date in the system prompt, makes all
that follows be written, and paid, again; nothing fails, so only a test can notice it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias, cast

from .._wire.json import JSONObject, is_list, is_object
from ..local.api.differences import differences, first_difference
from ..local.api.journal import Recorded

__all__ = ["assert_cache_stable"]

_Block: TypeAlias = tuple[str, Any]
"""A part of a prompt: its path, and its value without marks for the cache."""

_BEFORE, _AFTER = 20, 20


def assert_cache_stable(requests: Iterable[Recorded | Mapping[str, Any]]) -> None:
    """Check that each request begins with all that the one before it could put into the cache.

    That is its beginning up to its last `cache_control`; without one, all of it.

    Args:
        requests: requests of one conversation, in their order: entries of `server.requests`, or
            bodies. Those without messages are skipped.

    Raises:
        AssertionError: one does not; the text names the block and the character.
        TypeError: there are no requests, or something else is among them.
    """
    if isinstance(requests, str) or not isinstance(cast("object", requests), Iterable):
        raise TypeError(f"requests: give a list, such as server.requests, not {requests!r}")
    bodies = [body for each in requests if "messages" in (body := _body(each))]
    for number, (before, after) in enumerate(pairwise(bodies), 1):
        if broken := _broken(before, after):
            raise AssertionError(
                f"Request {number + 1} does not begin like request {number}, so the cache is of no"
                f" use from there on: {broken}"
            )


def _body(request: Recorded | Mapping[str, Any]) -> JSONObject:
    if isinstance(request, Recorded):
        return request.body if is_object(request.body) else {}
    if not is_object(request):
        raise TypeError(f"requests: {request!r} is neither an entry of server.requests nor a body")
    return request


def _broken(before: JSONObject, after: JSONObject) -> str | None:
    """Say what breaks the prefix; None if nothing does."""
    if before.get("model") != after.get("model"):
        return f"model: {before.get('model')!r} became {after.get('model')!r}"
    blocks, later = _cached(before), list(_blocks(after))
    for index, (path, block) in enumerate(blocks):
        if index >= len(later):
            return f"{path}: it is missing"
        other_path, other = later[index]
        if path.partition(".")[0] != other_path.partition(".")[0]:
            return f"{path}: {other_path} stands in its place"
        if block != other:
            return _difference(path, block, other)
    return None


def _difference(path: str, block: Any, other: Any) -> str:
    """Say where two blocks differ first."""
    where, one, two = next(_leaves(path, block, other))
    if not isinstance(one, str) or not isinstance(two, str):
        return next(differences(one, two, where))
    at = first_difference(one, two)
    start = max(0, at - _BEFORE)
    was, became = (f"{text[start : at + _AFTER]!r}" for text in (one, two))
    return f"{where}: character {at} changed, {was} became {became}"


def _leaves(path: str, one: Any, two: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the innermost values that differ, each with its path."""
    if is_object(one) and is_object(two) and one.keys() == two.keys():
        for name in one:
            yield from _leaves(f"{path}.{name}", one[name], two[name])
    elif is_list(one) and is_list(two) and len(one) == len(two):
        for index, pair in enumerate(zip(one, two, strict=True)):
            yield from _leaves(f"{path}.{index}", *pair)
    elif one != two:
        yield path, one, two


def _cached(body: JSONObject) -> Sequence[_Block]:
    """Return the blocks of a request up to its last mark for the cache."""
    marks: list[int] = []
    blocks = list(_blocks(body, marks))
    is_automatic = bool(body.get("cache_control"))
    return blocks if is_automatic or not marks else blocks[: marks[-1] + 1]


def _blocks(body: JSONObject, marks: list[int] | None = None) -> Iterator[_Block]:
    """Yield the blocks of a request in the order of the cache; note which have marks."""
    for index, (path, block) in enumerate(_marked_blocks(body)):
        if not is_object(block):
            yield path, block
            continue
        if marks is not None and block.get("cache_control"):
            marks.append(index)
        # A mark that moves on is what programs should do.
        yield path, {name: block[name] for name in block if name != "cache_control"}


def _marked_blocks(body: JSONObject) -> Iterator[_Block]:
    for index, tool in enumerate(body.get("tools") or ()):
        yield f"tools.{index}", tool
    yield from _content("system", body.get("system"))
    for index, message in enumerate(body["messages"]):
        yield f"messages.{index}.role", message.get("role")
        yield from _content(f"messages.{index}.content", message.get("content"))


def _content(path: str, content: Any) -> Iterator[_Block]:
    if isinstance(content, str):
        # A text and one text block are the same prompt.
        yield path, {"type": "text", "text": content}
    else:
        for index, block in enumerate(content or ()):
            yield f"{path}.{index}", block
