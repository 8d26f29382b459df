"""The seam between the app and scripts: a script directs what a messages request gets.

The app asks its script once for each attempt that passed the rules and the rate limits, and for
each item of a batch. What a script is made of stands in `antiphon.local.scripting`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

from ..._wire.json import JSONObject
from ..metering.prompt_cache import CacheUsage
from ..replies.reply import Reply
from ..replies.signatures import Signatures
from .errors import RequestRefusedError
from .journal import Recorded
from .message_view import MessageView
from .steps import Flow, Steps

__all__ = [
    "SIMULATED",
    "Direction",
    "Director",
    "Fault",
    "MessageRequest",
    "Write",
    "Writing",
    "Written",
]

_NONE: Mapping[str, Any] = MappingProxyType({})

Fault: TypeAlias = Callable[[Steps], Steps]
"""Makes a wrong response of a right one. The steps have no `Work` and no `Reschedule` in them."""


@dataclass(frozen=True, slots=True)
class MessageRequest(MessageView):
    """A request for a message that passed every rule: what a rule of a script looks at."""

    whole: JSONObject = field(repr=False)
    """The body, as `body` gives it."""
    headers: Mapping[str, str] = field(repr=False)
    """All headers by their lower-case names, those with keys too."""
    request_id: str
    """The id in the response's `request-id` header."""
    served: tuple[str, ...] = field(repr=False)
    """The names of the model that serves it, as in the API's catalogue."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its model: as sent, and as in the API's catalogue."""
        return (self.model, *self.served)

    @property
    def body(self) -> JSONObject:
        """The whole body, with the conversation of its thread and the content of its files."""
        return self.whole


class Writing(NamedTuple):
    """What a scripted reply is written with."""

    body: JSONObject
    """The request."""
    signatures: Signatures
    """Signs thinking."""
    rng: Random
    """Makes ids; the same request, seed and number of repeats make the same ones."""
    now: float
    """The server's time in seconds since 1970."""


class Written(NamedTuple):
    """A reply, and what is to stand in its message whatever follows from the reply."""

    reply: Reply
    fields: Mapping[str, Any] = _NONE
    """Fields of the message."""
    usage: Mapping[str, Any] = _NONE
    """Counts of its usage."""

    def message(
        self, read: CacheUsage, model: str, *, service_tier: str = "standard"
    ) -> JSONObject:
        """Return the message as the API sends it.

        Args:
            read: the cost of the input.
            model: the name of the model.
            service_tier: "standard", or "batch" for an item of a batch.
        """
        message: JSONObject = {
            **self.reply.message(read, service_tier=service_tier),
            "model": model,
        }
        usage: JSONObject = message["usage"]
        return {**message, **self.fields, "usage": {**usage, **self.usage}}


Write: TypeAlias = Callable[[Writing], Flow[Written]]
"""Writes a reply."""


class Direction(NamedTuple):
    """What a script says about one request."""

    write: Write | None = None
    """Writes the reply; None for a simulated one."""
    failure: RequestRefusedError | None = None
    """The error that the request gets instead of a reply."""
    delay: float = 0.0
    """Seconds before the response."""
    faults: Sequence[Fault] = ()
    """What goes wrong with the response, applied one after another."""


SIMULATED = Direction()
"""The direction for a simulated reply."""


class Director(Protocol):
    """Says what requests get."""

    def direct(self, request: MessageRequest) -> Direction:
        """Return the direction for a request, and count that it was given.

        Raises:
            RequestRefusedError: no such request is expected.
        """
        ...

    def reset(self) -> None:
        """Begin again."""
        ...

    def load(self, value: object) -> None:
        """Begin again with the rules that JSON values describe.

        Raises:
            ValueError: something in them is wrong; the text says where. Then nothing changes.
        """
        ...

    def break_by(self, value: object) -> None:
        """Let go wrong from now on what JSON values name; an empty list ends it.

        Raises:
            ValueError: something in them is wrong.
        """
        ...

    def of_requests(self, requests: Iterable[Recorded]) -> JSONObject:
        """Return rules that give such requests what these got, as `load` takes them."""
        ...

    def problems(self) -> list[str]:
        """Return what did not go as the rules say, one sentence each."""
        ...
