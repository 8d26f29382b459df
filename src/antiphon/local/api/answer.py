"""What a request for a message got, or an item of a batch: the journal keeps it for scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from ..._wire.json import JSONObject
from .errors import RequestRefusedError
from .steps import Steps

__all__ = ["Answer"]


@dataclass(slots=True)
class Answer:
    """A message or an error that the script decided about, or the simulation in its place."""

    faults: Sequence[Callable[[Steps], Steps]] = ()
    """What went wrong with the response."""
    item: int | None = None
    """The number of the item of a batch, from 0; None for a request of its own."""
    outcome: JSONObject | RequestRefusedError | None = None
    """The message or the error; None before it is known."""
    order: int = field(default_factory=count().__next__)
    """Orders all answers as the script was asked: items of a batch run between other requests."""
