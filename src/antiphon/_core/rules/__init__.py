"""The rule book: what the Messages API refuses, in its own words.

The local server answers with the first finding; `client.messages.check` lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..catalog import AS_OF
from ..model import is_list, is_object
from . import shapes
from .asked import Asked, Endpoint
from .repairing import repair
from .schema import Problem
from .semantics import RULES, Rule

__all__ = ["RULES", "Finding", "Rule", "findings", "repair"]

_REMEDIES = {
    "required": "Add the field.",
    "unknown": "Leave the field out, or correct its name.",
    "tag": "Use one of the types listed.",
    "enum": "Use one of the values listed.",
}
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a request that the API refuses."""

    rule: str
    """The id of the rule."""
    status: int
    """The HTTP status the API answers with."""
    type: str
    """The API's kind of error."""
    message: str
    """The API's words."""
    path: str | None
    """Where it is, e.g. ``messages.0.content``, if the rule is about a place."""
    remedy: str
    """What to change."""


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

    Args:
        body: JSON values.
        endpoint: what the body is for.
        version: the API version of the request.
        betas: the names in its `anthropic-beta` header.
        count: counts the input tokens of a body; without it no prompt is too long.
        today: models retired by this day are unknown.
    """
    if _is_too_deep(body):
        yield Finding(
            "depth",
            400,
            "invalid_request_error",
            "The request body is nested too deeply",
            None,
            "Flatten it.",
        )
        return
    misfits = False
    for problem in (shapes.create if endpoint == "create" else shapes.count_tokens)(body, ""):
        misfits = True
        yield _misfit(problem)
    if misfits:
        return
    asked = Asked(body, endpoint, version, betas, count, today)
    if asked.card is None:
        name = body["model"]
        yield Finding(
            "model",
            404,
            "not_found_error",
            f"model: {name}",
            "model",
            "Use a model of GET /v1/models.",
        )
    for rule in RULES:
        for refused in rule.check(asked):
            yield Finding(
                rule.id, 400, "invalid_request_error", refused.text, refused.path, rule.remedy
            )


def _misfit(problem: Problem) -> Finding:
    message = f"{problem.path}: {problem.text}" if problem.path else problem.text
    remedy = _REMEDIES.get(problem.rule, "Send a value that fits.")
    return Finding(
        f"shape.{problem.rule}", 400, "invalid_request_error", message, problem.path or None, remedy
    )


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
