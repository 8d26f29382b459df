"""A cassette: recorded interactions, found again by what a request asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl

from ..._wire.json import is_object
from ...catalog.canonical_json import canonical
from ..api.differences import differences
from .recording import Interaction

__all__ = ["MODES", "Cassette", "Mode", "parsed", "request_key"]

Mode: TypeAlias = Literal["none", "once", "new_episodes", "all", "rewrite"]
MODES: tuple[Mode, ...] = ("none", "once", "new_episodes", "all", "rewrite")
"""What is recorded, in the words of VCR: nothing; only into an empty cassette; what is new; all
again; all into an emptied cassette."""

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

    def __init__(
        self,
        interactions: Sequence[Interaction] = (),
        mode: Mode = "none",
        *,
        repeats: bool = False,
    ) -> None:
        """Make a cassette.

        Args:
            interactions: what was recorded.
            mode: what is to be recorded.
            repeats: whether an interaction may be played any number of times.

        Raises:
            ValueError: there is no such mode.
        """
        if mode not in MODES:
            raise ValueError(f"mode: {mode!r}; give one of {', '.join(MODES)}")
        self.interactions: list[Interaction] = [] if mode == "rewrite" else [*interactions]
        self.mode: Mode = mode
        self._was_empty = not self.interactions
        self._repeats = repeats
        self._played: set[int] = set()

    @property
    def unused(self) -> list[Interaction]:
        """The interactions that were neither played nor recorded since the cassette was loaded."""
        return [each for number, each in enumerate(self.interactions) if number not in self._played]

    @property
    def records(self) -> bool:
        """Whether a request that is not in the cassette is to be recorded."""
        return self.mode not in ("none", "once") or (self.mode == "once" and self._was_empty)

    def take(self, method: str, path: str, body: Any) -> Interaction | None:
        """Return the interaction to be played for a request; None if there is none.

        Its body is in the readable form of a recording, without secrets.
        """
        if self.mode in ("all", "rewrite"):
            return None
        key = request_key(method, path, body)
        for number, each in enumerate(self.interactions):
            if number in self._played and not self._repeats:
                continue
            if request_key(each.method, each.path, each.request) == key:
                self._played.add(number)
                return each
        return None

    def add(self, interaction: Interaction) -> bool:
        """Keep a recorded interaction; return whether it took the place of an older one."""
        key = request_key(interaction.method, interaction.path, interaction.request)
        for number, each in enumerate(self.interactions):
            same = request_key(each.method, each.path, each.request) == key
            if same and number not in self._played and self.mode == "all":
                self.interactions[number] = interaction
                self._played.add(number)
                return True
        self._played.add(len(self.interactions))
        self.interactions.append(interaction)
        return False

    def miss(self, method: str, path: str, body: Any) -> str:
        """Return why a request cannot be played, with the nearest interaction and what differs."""
        asked = f"{method} {path}"
        if not self.interactions:
            return f"{asked}: the cassette is empty."
        key = request_key(method, path, body)
        if any(request_key(each.method, each.path, each.request) == key for each in self._spent()):
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


def parsed(lines: str, name: str) -> list[Interaction]:
    """Return the interactions in the text of a cassette.

    Raises:
        ValueError: a line holds none; the message names the file and the line.
    """
    found: list[Interaction] = []
    for number, line in enumerate(lines.splitlines(), 1):
        if line.strip():
            try:
                found.append(Interaction.from_line(line))
            except ValueError as error:
                raise ValueError(f"{name}, line {number}: {error}") from error
    return found
