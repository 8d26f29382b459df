"""What a rule of the API is, and what is found when a request breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Finding", "Rule"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a request for which the API refuses it."""

    rule: str
    """The id of the rule that is broken."""
    status: int
    """The HTTP status of the API's response."""
    type: str
    """The type of the API's error, e.g. ``invalid_request_error``."""
    message: str
    """The API's words."""
    path: str | None
    """The path of the field, e.g. ``messages.0.content``; None if it is about the whole request."""
    remedy: str
    """What to change in the request."""


class Rule(NamedTuple):
    """A rule of the API."""

    id: str
    text: str
    """The API's words; names in braces stand for values of the request."""
    source: str
    """The part of the Messages API's documentation it belongs to."""
    evidence: str
    """How sure the text is, and the month in which it was last seen.

    A: seen live in 2026; B: seen live before; C: documented, the words are partly ours.
    """
    remedy: str
    """What to change in the request."""
    status: int = 400
    type: str = "invalid_request_error"

    def finding(self, path: str | None = None, **values: object) -> Finding:
        """Return the finding that this rule is broken.

        Args:
            path: where it is broken, if in one field.
            values: what the names in the text stand for.
        """
        # A problem of the whole body has an empty path: its text has nothing before the colon.
        message = self.text.format(path=path, **values).removeprefix(": ")
        return Finding(self.id, self.status, self.type, message, path or None, self.remedy)
