"""The methods of the client that have spans, told by what they send."""

from __future__ import annotations

import re
from typing import NamedTuple

from .._wire.url import URL

__all__ = ["CREATE", "TracedMethod", "method_of"]


class TracedMethod(NamedTuple):
    """A method of the client that has spans, as a request tells it."""

    name: str
    """The resource and the method, as users write them after `client.`."""
    template: str
    """The path, with a name in braces for each id."""
    ids: dict[str, str]
    """The ids in the path."""


CREATE = "messages.create"

_BATCH = "/v1/messages/batches/{message_batch_id}"
_FILE = "/v1/files/{file_id}"
_METHODS = {
    ("POST", "/v1/messages"): CREATE,
    ("POST", "/v1/messages/count_tokens"): "messages.count_tokens",
    ("POST", "/v1/messages/batches"): "messages.batches.create",
    ("GET", "/v1/messages/batches"): "messages.batches.list",
    ("GET", _BATCH): "messages.batches.retrieve",
    ("DELETE", _BATCH): "messages.batches.delete",
    ("POST", f"{_BATCH}/cancel"): "messages.batches.cancel",
    ("GET", f"{_BATCH}/results"): "messages.batches.results",
    ("POST", "/v1/files"): "files.upload",
    ("GET", "/v1/files"): "files.list",
    ("GET", _FILE): "files.retrieve_metadata",
    ("DELETE", _FILE): "files.delete",
    ("GET", f"{_FILE}/content"): "files.download",
    ("GET", "/v1/models"): "models.list",
    ("GET", "/v1/models/{model_id}"): "models.retrieve",
}
_PATTERNS = [
    (verb, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template)), template, name)
    for (verb, template), name in _METHODS.items()
]


def method_of(verb: str, url: URL) -> TracedMethod | None:
    """Return the method that sends such a request; None if it has no spans."""
    path = url.path
    # A base URL may have a path of its own.
    path = path[max(0, path.rfind("/v1/")) :]
    for wanted, pattern, template, name in _PATTERNS:
        if wanted == verb and (found := pattern.fullmatch(path)):
            return TracedMethod(name, template, found.groupdict())
    return None
