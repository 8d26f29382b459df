"""Matchers: what a rule asks of a request before it answers; they join with ``&``, ``|`` and ``~``.

A matcher is a function from a request to a bool, and any such function can stand in its place. In
addition it can say how far a request is from fitting, and what differs: that is what somebody needs
to know whose request was not expected.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, TypeAlias, cast

from ..._wire.json import JSONObject
from ...catalog.request_parts import content_blocks
from ..api.message_view import MessageView

__all__ = [
    "ANY",
    "Matcher",
    "Predicate",
    "conditions",
    "has_image",
    "has_result",
    "header",
    "matcher",
    "model",
    "offers",
    "system_text",
    "turn",
    "user_text",
]

Predicate: TypeAlias = Callable[[MessageView], bool]
"""Returns whether a request is meant."""

# Enough of a text to recognize it.
_MOST_SHOWN = 100


class Matcher:
    """A predicate on requests that can say what differs."""

    __slots__ = ()

    @abstractmethod
    def nearness(self, request: MessageView) -> float:
        """Return how near a request is: 1 if it fits, down to 0."""

    @abstractmethod
    def differences(self, request: MessageView) -> list[str]:
        """Return what keeps a request from fitting; nothing if it fits."""

    def __call__(self, request: MessageView) -> bool:
        """Return whether a request fits."""
        return self.nearness(request) == 1

    def __and__(self, other: Predicate) -> Matcher:
        return _All((self, matcher(other)))

    def __rand__(self, other: Predicate) -> Matcher:
        return _All((matcher(other), self))

    def __or__(self, other: Predicate) -> Matcher:
        return _Any((self, matcher(other)))

    def __ror__(self, other: Predicate) -> Matcher:
        return _Any((matcher(other), self))

    def __invert__(self) -> Matcher:
        return _Not(self)


def matcher(predicate: Predicate) -> Matcher:
    """Return `predicate` as a matcher.

    Raises:
        TypeError: it is none, or it is async.
    """
    if isinstance(predicate, Matcher):
        return predicate
    if not callable(predicate):
        raise TypeError(
            f"when: {predicate!r} is no predicate; give user_text(…), another matcher of"
            " antiphon.testing, or a function from a request to a bool"
        )
    # A function cannot say what it found instead, but its name tells what it looked for.
    name: str = getattr(predicate, "__name__", repr(predicate))
    if getattr(predicate, "__module__", None) == __name__:
        raise TypeError(f"when: {name} is what makes a matcher; call it: {name}(…)")
    if any(map(iscoroutinefunction, (predicate, type(predicate).__call__))):
        raise _is_async(name)
    return _Fact(name, lambda request: _verdict(name, predicate(request)), lambda _: "it is false")


def _verdict(name: str, said: object) -> bool:
    """Return what a function says about a request; what is no verdict would count as true."""
    if isinstance(said, Awaitable):
        if isinstance(said, Coroutine):
            said.close()  # else Python warns that nobody has awaited it
        raise _is_async(name)
    if isinstance(said, Matcher):
        raise TypeError(f"when: {name} returned the matcher {said!r}; give {said!r} itself")
    return bool(said)


def _is_async(name: str) -> TypeError:
    return TypeError(
        f"when: {name} is async, and a rule cannot wait for it; give a function that returns a bool"
    )


@dataclass(frozen=True, slots=True)
class _Fact(Matcher):
    """One condition."""

    name: str
    holds: Callable[[MessageView], bool]
    found: Callable[[MessageView], str]
    """Says what the request has instead."""

    def nearness(self, request: MessageView) -> float:
        return 1.0 if self.holds(request) else 0.0

    def differences(self, request: MessageView) -> list[str]:
        return [] if self.holds(request) else [f"{self.name}: {self.found(request)}"]

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class _All(Matcher):
    """All of several conditions."""

    parts: tuple[Matcher, ...]

    def nearness(self, request: MessageView) -> float:
        return sum(part.nearness(request) for part in self.parts) / len(self.parts)

    def differences(self, request: MessageView) -> list[str]:
        return [line for part in self.parts for line in part.differences(request)]

    def __repr__(self) -> str:
        return " & ".join(map(_bracketed, self.parts))


@dataclass(frozen=True, slots=True)
class _Any(Matcher):
    """At least one of several conditions."""

    parts: tuple[Matcher, ...]

    def nearness(self, request: MessageView) -> float:
        return max(part.nearness(request) for part in self.parts)

    def differences(self, request: MessageView) -> list[str]:
        lines = [part.differences(request) for part in self.parts]
        return [line for each in lines for line in each] if all(lines) else []

    def __repr__(self) -> str:
        return " | ".join(map(_bracketed, self.parts))


@dataclass(frozen=True, slots=True)
class _Not(Matcher):
    """The contrary of a condition."""

    part: Matcher

    def nearness(self, request: MessageView) -> float:
        return 0.0 if self.part(request) else 1.0

    def differences(self, request: MessageView) -> list[str]:
        return [f"{self!r}: it is true"] if self.part(request) else []

    def __repr__(self) -> str:
        return f"~{_bracketed(self.part)}"


def _bracketed(part: Matcher) -> str:
    return f"({part!r})" if isinstance(part, _All | _Any) else repr(part)


def conditions(fits: Matcher) -> frozenset[str]:
    """Return the conditions that must all hold, as they are written."""
    if isinstance(fits, _All):
        return frozenset(each for part in fits.parts for each in conditions(part))
    return frozenset(() if fits is ANY else (repr(fits),))


ANY: Matcher = _Fact("any request", lambda _: True, lambda _: "")
"""Fits every request."""


def user_text(text: str | re.Pattern[str]) -> Matcher:
    """Return a matcher of the text in the last user turn.

    Args:
        text: what it has to contain, in upper or lower case; or a pattern to be found in it.
    """
    return _of_text("user_text", text, "the user wrote", lambda request: request.text)


def system_text(text: str | re.Pattern[str]) -> Matcher:
    """Return a matcher of the system prompt.

    Args:
        text: what it has to contain, in upper or lower case; or a pattern to be found in it.
    """
    return _of_text("system_text", text, "the system prompt is", lambda request: request.system)


def _of_text(
    name: str, wanted: str | re.Pattern[str], intro: str, read: Callable[[MessageView], str]
) -> Matcher:
    fits = _contains(name, wanted)

    def found(request: MessageView) -> str:
        return f"{intro} {_shown(read(request))}" if read(request) else f"{intro} nothing"

    return _Fact(_call(name, wanted), lambda request: fits(read(request)), found)


def model(name: str | re.Pattern[str]) -> Matcher:
    """Return a matcher of the model.

    Args:
        name: its name, as sent or as in the API's catalogue; or a pattern to be found in one.
    """
    if isinstance(name, re.Pattern):
        pattern = _checked_pattern("model", name)
        return _of_model(name, lambda request: any(map(pattern.search, request.names)))
    _check_text("model", name)
    return _of_model(name, lambda request: name in request.names)


def _of_model(name: str | re.Pattern[str], holds: Predicate) -> Matcher:
    return _Fact(_call("model", name), holds, lambda request: f"the model is {request.model!r}")


def turn(number: int) -> Matcher:
    """Return a matcher of the number of the reply in its conversation.

    Args:
        number: 1 for a conversation without a message of the assistant, 2 after its first turn, …
    """
    if not isinstance(cast("object", number), int) or isinstance(number, bool):
        raise TypeError(f"turn: {number!r}; give a number from 1")
    if number < 1:
        raise ValueError(f"turn: {number!r}; give a number from 1")
    return _Fact(
        _call("turn", number),
        lambda request: request.turn == number,
        lambda request: f"it is turn {request.turn}",
    )


def offers(tool: str) -> Matcher:
    """Return a matcher of the tools that Claude may call.

    Args:
        tool: the name or the type of one of them.
    """
    _check_text("offers", tool)

    def holds(request: MessageView) -> bool:
        return any(tool in (each.get("name"), each.get("type")) for each in request.tools)

    def found(request: MessageView) -> str:
        names = [str(each.get("name") or each.get("type")) for each in request.tools]
        return f"the tools are {', '.join(names)}" if names else "there are no tools"

    return _Fact(_call("offers", tool), holds, found)


def has_result(tool: str | None = None) -> Matcher:
    """Return a matcher of the tool results in the last user turn.

    Args:
        tool: the name of the tool that was called, or the id of the call; by default any.
    """

    def holds(request: MessageView) -> bool:
        ids = [block.get("tool_use_id") for block in request.results]
        return bool(ids) if tool is None else tool in (*ids, *request.result_tools)

    def found(request: MessageView) -> str:
        names = ", ".join(request.result_tools)
        return f"the results are of {names}" if request.results else "there are no tool results"

    if tool is not None:
        _check_text("has_result", tool)
    return _Fact("has_result()" if tool is None else _call("has_result", tool), holds, found)


def has_image() -> Matcher:
    """Return a matcher of requests with an image in the last user turn, or in a result there."""

    def holds(request: MessageView) -> bool:
        blocks = request.last_blocks
        inner = [each for block in request.results for each in _objects(block.get("content"))]
        return any(block.get("type") == "image" for block in (*blocks, *inner))

    return _Fact("has_image()", holds, lambda _: "there is no image")


def header(name: str, value: str | re.Pattern[str] | None = None) -> Matcher:
    """Return a matcher of a header.

    Args:
        name: its name, in upper or lower case.
        value: what it has to be, or a pattern to be found in it; by default anything.
    """
    _check_text("header", name)
    key = name.lower()
    if isinstance(value, re.Pattern):
        _checked_pattern("header", value)
    elif not isinstance(cast("object", value), str | None):
        raise TypeError(f"header: {name}: {value!r}; give a text or a pattern")

    def holds(request: MessageView) -> bool:
        given = request.headers.get(key)
        if given is None or value is None:
            return given is not None
        return given == value if isinstance(value, str) else value.search(given) is not None

    def found(request: MessageView) -> str:
        # Its value may be a secret, and what is found here is sent and shown.
        return "the header has another value" if key in request.headers else "there is none"

    arguments = (name,) if value is None else (name, value)
    return _Fact(_call("header", *arguments), holds, found)


def _contains(name: str, wanted: str | re.Pattern[str]) -> Callable[[str], bool]:
    if isinstance(wanted, re.Pattern):
        pattern = _checked_pattern(name, wanted)
        return lambda text: pattern.search(text) is not None
    _check_text(name, wanted)
    # People write "Weather" and "weather"; who means one of them alone gives a pattern.
    folded = wanted.casefold()
    return lambda text: folded in text.casefold()


def _checked_pattern(name: str, pattern: re.Pattern[str]) -> re.Pattern[str]:
    if not isinstance(cast("object", pattern.pattern), str):
        raise TypeError(f"{name}: {pattern!r} is a pattern of bytes; give one of text, without b")
    return pattern


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name}: {value!r}; give a text that is not empty")


def _call(name: str, *arguments: str | int | re.Pattern[str]) -> str:
    """Return a matcher as it is written in a program."""
    shown = (
        repr(each) if isinstance(each, str | int) else f"re.compile({each.pattern!r})"
        for each in arguments
    )
    return f"{name}({', '.join(shown)})"


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


def _objects(content: Any) -> Sequence[JSONObject]:
    return content_blocks(content)
