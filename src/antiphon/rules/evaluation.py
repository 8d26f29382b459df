"""The search for everything in a request that the API refuses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias

from ..catalog.models import AS_OF
from . import (
    caching,
    conversation,
    media,
    output,
    sampling,
    scope,
    structured_output,
    thinking,
    tool_calls,
    tools,
)
from .registry import Check, Search
from .request_schema import FORMS
from .request_view import Endpoint, RequestView
from .rule import Finding, Rule
from .table import RULES

__all__ = ["CHECKS", "findings", "form_findings", "meaning_findings"]

CHECKS: dict[str, Check] = {
    **scope.CHECKS,
    **conversation.CHECKS,
    **tools.CHECKS,
    **tool_calls.CHECKS,
    **sampling.CHECKS,
    **thinking.CHECKS,
    **caching.CHECKS,
    **media.CHECKS,
    **output.CHECKS,
    **structured_output.CHECKS,
}
"""The checks of all chapters by the ids of their rules; the table alone gives their order."""

_BY_ID = {rule.id: rule for rule in RULES}
_IN_ORDER = [(rule, CHECKS[rule.id]) for rule in RULES if rule.id in CHECKS]
_CONCERNS = frozenset[str]().union(*(check.concerns for check in CHECKS.values()))

_Searches: TypeAlias = tuple[tuple[Rule, Search], ...]


def findings(
    body: Mapping[str, Any],
    *,
    endpoint: Endpoint = "create",
    version: str = "2023-06-01",
    betas: Collection[str] = (),
    count: Callable[[Mapping[str, Any]], int] | None = None,
    today: date = AS_OF,
) -> Iterator[Finding]:
    """Return what the API refuses in the body of a request, lazily and in the API's order.

    The meaning of fields is only looked at when the form of the whole body is right.

    Args:
        body: JSON values.
        endpoint: the use of the body: a message, the count of its tokens, a batch, or the `params`
            of an item of a batch.
        version: the `anthropic-version` header of the request.
        betas: the names in its `anthropic-beta` header.
        count: counts the input tokens of a body; without it no prompt is too long.
        today: the day of the request; models retired by then are unknown.

    Returns:
        The findings; none if no rule is broken.
    """
    is_well_formed = True
    for finding in form_findings(body, endpoint):
        is_well_formed = False
        yield finding
    if is_well_formed:
        yield from meaning_findings(RequestView(body, endpoint, version, betas, count, today))


def form_findings(body: Mapping[str, Any], endpoint: Endpoint) -> Iterator[Finding]:
    """Return what the API refuses in the form of a body: its fields and their types."""
    for problem in FORMS[endpoint](body):
        path = ".".join(map(str, problem.path))
        yield _BY_ID[problem.rule].finding(path, **problem.values)


def meaning_findings(request: RequestView) -> Iterator[Finding]:
    """Return what the API refuses in a request of the right form.

    The local server looks at form and meaning apart: in between it puts in what a request only
    names, such as the content of its files and the earlier messages of its thread.
    """
    for rule, search in _searches(request.parts() & _CONCERNS):
        for violation in search(request):
            yield rule.finding(violation.path, **violation.values)


# Choosing from the table takes about as long as running what is chosen, and requests of one program
# have the same parts again and again. The bound is for a server that many programs use.
@lru_cache(maxsize=256)
def _searches(parts: frozenset[str]) -> _Searches:
    """Return the searches that concern a request with these parts, in the order of the table."""
    return tuple(
        (rule, check.search) for rule, check in _IN_ORDER if not check.concerns.isdisjoint(parts)
    )
