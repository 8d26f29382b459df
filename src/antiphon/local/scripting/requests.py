"""The requests that a server received, to be filtered, checked and turned into a script."""

from __future__ import annotations

from typing import Any, SupportsIndex, overload

from ..._wire.json import JSONObject
from ..api.journal import Recorded
from .matchers import ANY, Predicate, matcher
from .recorded_rules import script_of

__all__ = ["Requests"]


class Requests(list[Recorded]):
    """Requests, oldest first.

    What may be a secret is not shown in their headers; `when` sees the headers as they were sent.
    """

    @overload
    def __getitem__(self, index: SupportsIndex) -> Recorded: ...
    @overload
    def __getitem__(self, index: slice) -> Requests: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Recorded | Requests:
        found = super().__getitem__(index)
        return Requests(found) if isinstance(found, list) else found

    def filter(
        self,
        *,
        request_id: str | None = None,
        path: str | None = None,
        when: Predicate | None = None,
    ) -> Requests:
        """Return those requests that fit all that is given.

        Args:
            request_id: the id in the response's `request-id` header.
            path: the path without its query, such as "/v1/messages".
            when: a matcher of `antiphon.testing`, or another function from a request to a bool.
        """
        fits = ANY if when is None else matcher(when)
        return Requests(
            each
            for each in self
            if request_id in (None, each.request_id)
            and path in (None, each.path.partition("?")[0])
            and fits(each.as_sent())
        )

    def assert_sent(self, when: Predicate | None = None, **fields: Any) -> Recorded:
        """Check that there is a request that fits.

        Args:
            when: a matcher of `antiphon.testing`, or another function from a request to a bool.
            **fields: values that fields of its body must have, e.g. ``system="Be brief."``.

        Returns:
            The first request that fits.

        Raises:
            AssertionError: there is none; the text says what differs in the nearest one.
        """
        fits = ANY if when is None else matcher(when)
        nearest: list[str] | None = None
        for request in self:
            lines = [*fits.differences(request.as_sent()), *request.differences(fields)]
            if not lines:
                return request
            if nearest is None or len(lines) < len(nearest):
                nearest = lines
        raise AssertionError("\n".join(["No such request was sent.", *_about(nearest)]))

    def script(self) -> JSONObject:
        """Return a script that gives such requests what these got, in the form of script files."""
        return script_of(self)


def _about(nearest: list[str] | None) -> list[str]:
    return ["There were none."] if nearest is None else ["In the nearest one:", *nearest]
