"""A cassette: recorded interactions, found again by what a request asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl

from ..._core.retry import is_temporary
from ..._wire.json import is_object
from ...catalog.canonical_json import canonical
from ..api.differences import differences
from .recording import Interaction

__all__ = ["MODES", "STALE_AFTER", "Cassette", "Mode", "parsed", "request_key"]

Mode: TypeAlias = Literal["none", "once", "new_episodes", "all", "rewrite"]
MODES: tuple[Mode, ...] = ("none", "once", "new_episodes", "all", "rewrite")
"""What is recorded, in the words of VCR: nothing; only into an empty cassette; what is new; all
again; all into an emptied cassette."""

STALE_AFTER = timedelta(days=180)
"""The age from which an interaction should be recorded again."""

# What differs from run to run and does not change the reply.
_VOLATILE = ("metadata", "diagnostics")
_MOST_SHOWN = 8


def request_key(method: str, path: str, body: Any) -> bytes:
    """Return what has to be equal for two requests to be the same.

    Args:
        method: the HTTP method.
        path: the path with its query; the order of the parameters does not matter.
        body: the body in the readable form of a recording, without secrets.
    """
    # `urlsplit` would take "//x" for a host, and refuse one with "[secret]" in it.
    place, _, query = path.partition("?")
    parameters = sorted(parse_qsl(query, keep_blank_values=True))
    return canonical([method.upper(), place, parameters, _fixed(body)], sort=True)


def _fixed(body: Any) -> Any:
    if not is_object(body):
        return body
    return {name: value for name, value in body.items() if name not in _VOLATILE}


class Cassette:
    """Recorded interactions, in order; each is played once, unless they are kept as a cache."""

    repeats: bool
    """Whether it is a cache: an interaction may be played any number of times."""
    interactions: list[Interaction]
    """All that can be played, and what was recorded since."""
    unsaved: list[Interaction]
    """What was recorded and is not in the file yet."""
    is_replaced: bool
    """Whether the file holds what has to go, so that it has to be written anew."""

    def __init__(
        self,
        interactions: Sequence[Interaction] = (),
        mode: Mode = "none",
        *,
        repeats: bool = False,
        now: datetime | None = None,
    ) -> None:
        """Make a cassette.

        Args:
            interactions: what was recorded.
            mode: what is to be recorded.
            repeats: whether an interaction may be played any number of times.
            now: the time from which ages are counted; None if nothing is stale.

        Raises:
            ValueError: there is no such mode.
        """
        if mode not in MODES:
            raise ValueError(f"mode: {mode!r}; give one of {', '.join(MODES)}")
        self.mode: Mode = mode
        self.repeats: bool = repeats
        self.unsaved: list[Interaction] = []
        self.is_replaced: bool = mode == "rewrite"
        found = () if mode == "rewrite" else interactions
        self.interactions: list[Interaction] = [each for each in found if self.keeps(each)]
        self._now = now
        self._was_empty = not self.interactions
        self._played: set[int] = set()
        self._owed: set[int] = set()

    @property
    def unused(self) -> list[Interaction]:
        """The interactions that were neither played nor recorded since the cassette was loaded."""
        return [each for number, each in enumerate(self.interactions) if number not in self._played]

    @property
    def stale(self) -> list[Interaction]:
        """The interactions that were recorded more than 180 days ago: the API may have changed."""
        if self._now is None:
            return []
        oldest = self._now - STALE_AFTER
        return [
            each
            for each in self.interactions
            if each.recorded_at is not None and each.recorded_at < oldest
        ]

    @property
    def records(self) -> bool:
        """Whether a request that is not in the cassette is to be recorded."""
        return self.mode not in ("none", "once") or (self.mode == "once" and self._was_empty)

    def keeps(self, interaction: Interaction) -> bool:
        """Return whether an interaction is kept: a cache keeps no error that may pass."""
        advice = interaction.headers.get("x-should-retry")
        return not (self.repeats and is_temporary(interaction.status, advice))

    def take(self, method: str, path: str, body: Any, *, again: bool = False) -> Interaction | None:
        """Return the interaction to be played for a request; None if there is none.

        Args:
            method: the HTTP method.
            path: the path with its query.
            body: the body in the readable form of a recording, without secrets.
            again: whether it may be played once more, because this response is to go wrong.
        """
        key = request_key(method, path, body)
        for number, each in enumerate(self.interactions):
            if self._is_free(number) and _key_of(each) == key:
                self._play(number, again=again)
                return each
        return None

    def _is_free(self, number: int) -> bool:
        if number in self._owed:
            return True
        if self.mode in ("all", "rewrite"):
            return False
        return self.repeats or number not in self._played

    def _play(self, number: int, *, again: bool) -> None:
        self._played.add(number)
        if again:
            self._owed.add(number)
        else:
            self._owed.discard(number)

    def add(self, interaction: Interaction, *, again: bool = False) -> None:
        """Keep a recorded interaction; in the mode "all" it takes the place of an older one.

        Args:
            interaction: what was recorded and is played now.
            again: whether it may be played once more.
        """
        self.unsaved.append(interaction)
        key = _key_of(interaction)
        for number, each in enumerate(self.interactions):
            if self.mode == "all" and number not in self._played and _key_of(each) == key:
                self.interactions[number] = interaction
                self.is_replaced = True
                self._play(number, again=again)
                return
        self._play(len(self.interactions), again=again)
        self.interactions.append(interaction)

    def saved(self) -> None:
        """Note that the file holds all interactions now."""
        self.unsaved.clear()
        self.is_replaced = False

    def miss(self, method: str, path: str, body: Any) -> str:
        """Return why a request cannot be played, with the nearest interaction and what differs."""
        asked = f"{method} {path}"
        if not self.interactions:
            return f"{asked}: the cassette is empty."
        key = request_key(method, path, body)
        if any(_key_of(each) == key for each in self._spent()):
            return f"{asked}: it was recorded, and was played already as often as it was recorded."
        number, nearest = min(
            enumerate(self.interactions),
            key=lambda item: self._distance(item[1], method, path, body),
        )
        lines = [*self._differences(nearest, method, path, body)]
        shown = "\n".join(f"  {line}" for line in lines[:_MOST_SHOWN])
        more = f"\n  … and {len(lines) - _MOST_SHOWN} more" if len(lines) > _MOST_SHOWN else ""
        return f"{asked}: not in the cassette. The nearest is line {number + 1}:\n{shown}{more}"

    def _spent(self) -> list[Interaction]:
        return [self.interactions[number] for number in sorted(self._played)]

    def _distance(self, each: Interaction, method: str, path: str, body: Any) -> tuple[int, int]:
        elsewhere = (each.method, each.path.partition("?")[0]) != (method, path.partition("?")[0])
        return elsewhere, len([*self._differences(each, method, path, body)])

    @staticmethod
    def _differences(each: Interaction, method: str, path: str, body: Any) -> list[str]:
        recorded = {"method": each.method, "path": each.path, "body": _fixed(each.request)}
        found = {"method": method, "path": path, "body": _fixed(body)}
        return [*differences(recorded, found)]


def _key_of(interaction: Interaction) -> bytes:
    return request_key(interaction.method, interaction.path, interaction.request)


def parsed(lines: str, name: str) -> list[Interaction]:
    """Return the interactions in the text of a cassette.

    Raises:
        ValueError: a line holds none; the message names the file and the line.
    """
    found: list[Interaction] = []
    # Not by `splitlines`: JSON texts may hold U+2028 and other ends of lines.
    for number, line in enumerate(lines.split("\n"), 1):
        if line.strip():
            try:
                found.append(Interaction.from_line(line))
            except ValueError as error:
                wrong = f"{name}, line {number}: {error}; mend the line, or remove it"
                raise ValueError(wrong) from error
    return found
