"""One rule of a script: which requests it means, and what it says about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import cast

from ..api.direction import Direction, Fault, MessageRequest
from ..api.errors import RequestRefusedError
from .matchers import ANY, Matcher
from .scripted_reply import ScriptedReply

__all__ = ["ScriptRule", "checked", "renewed"]


@dataclass(slots=True)
class ScriptRule:
    """What a script says about the requests that fit."""

    says: str
    """The rule in a few words, for messages about it."""
    outcome: ScriptedReply | RequestRefusedError
    when: Matcher = ANY
    times: int | None = None
    """How often it answers; None for always."""
    delay: float = 0.0
    """Seconds before the response."""
    faults: Sequence[Fault] | None = None
    """What goes wrong with the response; None for what goes wrong with all."""
    used: int = 0
    """How often it has answered."""

    def __post_init__(self) -> None:
        times, delay = cast("object", self.times), cast("object", self.delay)
        if times is not None and (not isinstance(times, int) or isinstance(times, bool)):
            raise TypeError(f"times: {times!r}; give a number from 1, or None for always")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times: {self.times}; give a number from 1, or None for always")
        if not isinstance(delay, int | float) or isinstance(delay, bool):
            raise TypeError(f"delay: {delay!r}; give seconds from 0")
        if not 0 <= delay < inf:
            raise ValueError(f"delay: {delay}; give seconds from 0")
        if self.faults is not None:
            checked(self.faults)

    @property
    def left(self) -> bool:
        """Whether it can answer once more."""
        return self.times is None or self.used < self.times

    @property
    def name(self) -> str:
        """The rule in a few words, with its condition."""
        return self.says if self.when is ANY else f"{self.says}, when {self.when!r}"

    def direction(self, request: MessageRequest, faults: Sequence[Fault]) -> Direction:
        """Return what it says about a request.

        Args:
            request: the request.
            faults: those of all responses, for a rule that says nothing about faults.
        """
        faults = faults if self.faults is None else self.faults
        if isinstance(self.outcome, RequestRefusedError):
            return Direction(failure=self.outcome, delay=self.delay, faults=faults)
        return Direction(self.outcome.writer(request), delay=self.delay, faults=faults)

    def begin_again(self) -> None:
        """Forget what it has answered."""
        self.used = 0
        if self.faults is not None:
            self.faults = renewed(self.faults)


def checked(faults: Iterable[Fault]) -> Sequence[Fault]:
    """Return faults as a sequence.

    Raises:
        TypeError: one of them is none, or they are no list.
    """
    # One fault without its list, or the name of one.
    if isinstance(faults, str) or not isinstance(cast("object", faults), Iterable):
        raise TypeError(f"faults: give a list of antiphon.testing.faults, not {faults!r}")
    given = tuple(faults)
    for fault in given:
        if not callable(fault):
            raise TypeError(f"faults: {fault!r} is no fault; see antiphon.testing.faults")
        if name := _uncalled(fault):
            raise TypeError(f"faults: write faults.{name}(), not faults.{name}")
    return given


def _uncalled(fault: Fault) -> str | None:
    """Return the name of a function that makes faults, which somebody has forgotten to call."""
    from .faults.by_name import MAKERS

    given: object = fault
    return next((name for name, maker in MAKERS.items() if maker is given), None)


def renewed(faults: Iterable[Fault]) -> Sequence[Fault]:
    """Return faults as they were before any request, so that the same seed gives the same ones.

    Raises:
        TypeError: one of them is none, or they are no list.
    """
    given = checked(faults)
    if not given:  # most servers have none, and need not load what a fault is
        return ()
    from .faults.fault import NamedFault

    return tuple(each.renewed() if isinstance(each, NamedFault) else each for each in given)
