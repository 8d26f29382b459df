"""A fault that has a name: what it does, to which requests, and what has to come of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from random import Random

from ....errors import AntiphonError
from ...api.steps import Steps
from . import arguments
from .changes import Change

__all__ = ["BOTH", "NamedFault", "Occasion"]

BOTH = frozenset({"plain", "stream"})
"""Responses that are sent whole, and streams."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Which request of a test it is, as schedules count."""

    request: int
    """The number of the request, from 1; another attempt has the number of the first one."""
    attempt: int
    """The number of the attempt, from 1."""


@dataclass(frozen=True, slots=True)
class NamedFault:
    """Something that goes wrong with a response: a function from steps to steps with a name.

    Give it to `faults=` of a rule, or of a server. Faults are applied one after the other.
    """

    name: str
    """Its name, with which the header `x-antiphon-fault` and the control endpoint ask for it."""
    sentence: str
    """What goes wrong, in one sentence."""
    error: type[AntiphonError] | None
    """What a call of this package ends with if it is not tried again; None if it succeeds."""
    change: Change = field(repr=False)
    """Makes the steps of the wrong response.

    A generator may return a text in the end: why the response is the right one after all.
    """
    retried: bool = False
    """Whether the clients of this package try such a call again, if its total time allows that.

    With the usual limits, a `silence`, a `stall` and `pings_only` use up the whole time of a call
    (600 seconds), so that none is left for another attempt. Neither is there for a `retry_after`
    that is longer.
    """
    affects: Collection[str] = BOTH
    """Which responses it concerns: "plain", "stream" or both. The others stay as they are."""
    attempts: Collection[int] | None = None
    """The numbers of the attempts that it concerns, from 1; None for all."""
    requests: Collection[int] | None = None
    """The numbers of the requests that it concerns, from 1; None for all."""
    probability: float = 1.0
    """The chance that it happens."""
    seed: int = 0
    """What chance begins with."""
    chance: Random | None = field(default=None, repr=False, compare=False)
    """Where chance comes from."""

    def __call__(self, steps: Steps) -> Steps:
        """Return the steps of the wrong response."""
        yield from self.change(steps)

    def on(
        self,
        *,
        attempts: int | Collection[int] | None = None,
        requests: int | Collection[int] | None = None,
    ) -> NamedFault:
        """Return the same fault for some attempts only.

        Args:
            attempts: their numbers, from 1: ``(1, 2)`` lets the third attempt succeed.
            requests: the numbers of the requests, from 1. A request with the same body as one to
                which a fault with an `error` happened is another attempt at it.

        Raises:
            TypeError: they are no whole numbers.
            ValueError: there are none, or one is below 1.
        """
        return replace(
            self,
            attempts=self.attempts if attempts is None else arguments.numbers("attempts", attempts),
            requests=self.requests if requests is None else arguments.numbers("requests", requests),
        )

    def sometimes(self, probability: float, *, seed: int = 0) -> NamedFault:
        """Return the same fault by chance.

        Args:
            probability: how often it happens, from 0 to 1.
            seed: from 0; the same seed and the same requests in the same order give the same
                faults.

        Raises:
            TypeError: an argument is no number.
            ValueError: an argument is out of range.
        """
        return replace(
            self,
            probability=arguments.number("probability", probability, 1),
            seed=arguments.whole("seed", seed),
            chance=Random(seed),
        )

    def renewed(self) -> NamedFault:
        """Return the same fault as it was before any request: its chance begins again."""
        return self if self.chance is None else replace(self, chance=Random(self.seed))

    def can_fail(self, kind: str) -> bool:
        """Return whether a call that it happens to can fail.

        Args:
            kind: what the response is: "plain" or "stream".
        """
        return self.error is not None and kind in self.affects

    def is_due(self, occasion: Occasion) -> bool:
        """Return whether it happens now."""
        if self.attempts is not None and occasion.attempt not in self.attempts:
            return False
        if self.requests is not None and occasion.request not in self.requests:
            return False
        return self.chance is None or self.chance.random() < self.probability
