"""The rule book: what the Messages API refuses, in its own words.

The local server answers with the first finding; `client.messages.check` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from .._wire.json import is_list, is_object
from ..catalog.models import AS_OF
from . import (
    caching,
    conversation,
    thinking,
)
from . import (
    media as attachments,
)
from . import (
    output as answering,
)
from . import (
    request_schema as shapes,
)
from . import (
    tools as tool_use,
)
from . import (
    validators as schema,
)
from .repair import repair
from .request_view import Endpoint, RequestView
from .rule import Finding, Rule, named

__all__ = ["RULES", "Endpoint", "Finding", "Rule", "findings", "repair"]

_DEEPEST = 200
_DEPTH = Rule(
    "depth", "The request body is nested too deeply",
    source="Errors", evidence="C 2026-08", remedy="Flatten it.",
)  # fmt: skip
_MODEL = Rule(
    "model", "model: {name}",
    source="Errors", evidence="A 2026-07", remedy="Use a model of GET /v1/models.",
    status=404, type="not_found_error",
)  # fmt: skip
_CUSTOM_ID = Rule(
    "batches.custom_id", "{path}: custom_id must be unique in a batch",
    source="Batch processing", evidence="C 2026-08", remedy="Give every request an id of its own.",
)  # fmt: skip

_CHECKS = [
    *conversation.CHAPTER,
    *tool_use.CHAPTER,
    *thinking.CHAPTER,
    *caching.CHAPTER,
    *attachments.CHAPTER,
    *answering.CHAPTER,
]
RULES = (_DEPTH, *schema.RULES, _CUSTOM_ID, _MODEL, *(rule for rule, _ in _CHECKS))
"""Every rule, in the order in which they are checked."""

_SHAPES: dict[Endpoint, schema.Kind] = {
    "create": shapes.create,
    "count_tokens": shapes.count_tokens,
    "batches": shapes.batches,
    "batch_item": shapes.create,
}


def findings(
    body: Mapping[str, Any],
    *,
    endpoint: Endpoint = "create",
    version: str = "2023-06-01",
    betas: Collection[str] = (),
    count: Callable[[Mapping[str, Any]], int] | None = None,
    today: date = AS_OF,
) -> Iterator[Finding]:
    """What the API refuses of the body of a request, lazily and in its order.

    What only shows in a body of the right shape is looked for once its shape is right.

    Args:
        body: JSON values.
        endpoint: what the body is for: a message, its tokens, a batch or the `params` of an item of one.
        version: the API version of the request.
        betas: the names in its `anthropic-beta` header.
        count: counts the input tokens of a body; without it no prompt is too long.
        today: models retired by this day are unknown.
    """
    if _is_too_deep(body):
        yield _DEPTH.found()
        return
    fits = True
    for problem in _SHAPES[endpoint](body):
        fits = False
        yield problem.finding()
    if fits and endpoint == "batches":
        yield from _repeated_ids(body["requests"])
    elif fits:
        yield from _refused(RequestView(body, endpoint, version, betas, count, today))


def _refused(asked: RequestView) -> Iterator[Finding]:
    if asked.card is None:
        yield _MODEL.found("model", name=named(asked.body["model"]))
    for rule, check in _CHECKS:
        for path, of_the_text in check(asked):
            yield rule.found(path, **of_the_text)


def _repeated_ids(requests: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, request in enumerate(requests):
        if request["custom_id"] in seen:
            yield _CUSTOM_ID.found(f"requests.{index}.custom_id")
        seen.add(request["custom_id"])


def _is_too_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterator[Any]:
    """The objects and lists right inside of one."""
    parts: Iterable[Any] = value.values() if is_object(value) else value if is_list(value) else ()
    return (part for part in parts if is_object(part) or is_list(part))
