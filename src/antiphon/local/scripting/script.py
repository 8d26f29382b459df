"""A script: rules that are tried in the order in which they were made.

The first rule that fits a request and is not used up answers. As soon as there are rules, a request
that none of them answers is an error: the client gets one that names the nearest rule and what
differs, and `Script.verify` raises for it later, in case the program under test hides it.

A server has a script from its start, and most servers never get a rule. So what reads files and
names of faults is loaded when it is used.

Rules are only appended, which other threads may do while requests are served. They are counted
where the app runs, one request after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from ..._wire.json import JSONObject
from ..api.direction import Direction, Fault, MessageRequest, Write, Writing, Written
from ..api.errors import RequestRefusedError, invalid
from ..api.journal import Recorded
from ..api.steps import Flow
from .matchers import ANY
from .rule import ScriptRule, renewed
from .scriptable import Scriptable, quoted

if TYPE_CHECKING:
    from .faults.schedule import Schedule
    from .file_form import FileRules

__all__ = ["Script"]

# A bound on memory: a program may send any number of requests that nobody expects.
_MOST_KEPT = 100

_FAULT_HEADER = "x-antiphon-fault"


class Script(Scriptable):
    """What requests for messages get.

    Args:
        strict: whether a request that no rule answers is an error; if not, it gets a simulated
            reply.
    """

    rules: list[ScriptRule]
    """The rules, in the order in which they are tried."""
    unexpected: list[str]
    """What is to be said about requests that no rule answered, to which a function failed, or to
    which a fault could not happen."""

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self.rules = []
        self._follows_file = False
        self.unexpected = []
        self._error: Exception | None = None
        self.faults = ()

    @property
    def strict(self) -> bool:
        """Whether a request that no rule answers is an error.

        The rules of a file may say so themselves. That counts until others take their place, or
        until this is set.
        """
        return self._strict if self._strict_in_file is None else self._strict_in_file

    @strict.setter
    def strict(self, strict: bool) -> None:
        if not isinstance(cast("object", strict), bool):
            raise TypeError(f"strict: {strict!r}; give True or False")
        self._strict = strict
        self._strict_in_file: bool | None = None

    @property
    def faults(self) -> Sequence[Fault]:
        """What goes wrong with the responses that no rule has faults of its own for."""
        return self._faults

    @faults.setter
    def faults(self, faults: Iterable[Fault]) -> None:
        self._faults: Sequence[Fault] = renewed(faults)
        self._schedule: Schedule | None = None  # counts requests, from the next one

    def add(self, rule: ScriptRule) -> ScriptRule:
        """Add a rule behind the others, and return it."""
        self.rules.append(rule)
        return rule

    def verify(self) -> None:
        """Check that all went as the script says.

        Raises:
            AssertionError: a request came that no rule answers, a rule with `times` was not used
                so often, or a response had no place for a fault that was due.
        """
        if problems := self.problems():
            text = "\n".join(["The script was not followed.", *problems])
            raise AssertionError(text) from self._error

    def problems(self) -> list[str]:
        """Return what did not go as the script says, one sentence each."""
        unused = [
            f"{rule.name}: used {rule.used} of {rule.times} times"
            for rule in self.rules
            if rule.times is not None and rule.used < rule.times
        ]
        return [*self.unexpected, *unused]

    def load(self, value: object) -> None:
        """Begin again with the rules of a file.

        Args:
            value: the file as JSON values.

        Raises:
            ValueError: something in it is wrong; the text says where. Then nothing changes.
        """
        from .file_form import parse

        parsed = parse(value)
        Script.reset(self)
        self.follow(parsed, replacing=0)

    def of_requests(self, requests: Iterable[Recorded]) -> JSONObject:
        """Return rules that give such requests what these got, as `load` takes them."""
        from .recorded_rules import script_of

        return script_of(requests)

    def follow(self, parsed: FileRules, *, replacing: int) -> None:
        """Put the rules of a file in place of the first ones."""
        self.rules[:replacing] = parsed.rules
        self._strict_in_file = parsed.strict
        self._follows_file = True

    def reset(self) -> None:
        """Forget all rules and what came."""
        self.rules.clear()
        self._strict_in_file = None
        self._follows_file = False
        self.unexpected.clear()
        self._error = None
        self.faults = ()

    def break_by(self, value: object) -> None:
        """Let things go wrong from now on.

        Args:
            value: the faults as JSON values; see `from_json`.

        Raises:
            ValueError: something in it is wrong.
        """
        from .faults.by_name import from_json

        self.faults = from_json(value)

    def direct(self, request: MessageRequest) -> Direction:
        """Return what the first fitting rule says, and count that it was used.

        What goes wrong is said by the request's header, or else by the rule, or else by the script.

        Raises:
            RequestRefusedError: no rule answers the request, or its header names no fault.
        """
        asked = _asked(request)
        direction = self._direction(request)
        faults = direction.faults if asked is None else asked
        happen = self._due(faults, request) if faults else ()
        return direction if happen == direction.faults else direction._replace(faults=happen)

    def _due(self, faults: Sequence[Fault], request: MessageRequest) -> Sequence[Fault]:
        """Return those faults that are to happen to this request."""
        from .faults.schedule import Schedule

        if self._schedule is None:
            self._schedule = Schedule(self._note)
        return self._schedule.due(faults, request.body)

    def _direction(self, request: MessageRequest) -> Direction:
        for rule in self.rules:
            if rule.left and self._fits(rule, request):
                # Counted here and not when the reply is written: an attempt that is abandoned
                # meanwhile was an attempt.
                rule.used += 1
                direction = rule.direction(request, self.faults)
                write = direction.write
                if write is None:
                    return direction
                return direction._replace(write=partial(self._guarded, rule, write))
        # Where nothing was scripted, nothing is unexpected. A file without rules expects nothing.
        if not self.strict or not (self.rules or self._follows_file):
            return Direction(faults=self.faults)
        raise self._unexpected(request)

    def _fits(self, rule: ScriptRule, request: MessageRequest) -> bool:
        try:
            return rule.when(request)
        except Exception as error:
            raise self._failed(rule, error) from error

    def _guarded(self, rule: ScriptRule, write: Write, writing: Writing) -> Flow[Written]:
        """Write a reply; the functions of a rule may fail."""
        try:
            return (yield from write(writing))
        except Exception as error:
            raise self._failed(rule, error) from error

    def _failed(self, rule: ScriptRule, error: Exception) -> RequestRefusedError:
        """Return the error for a request to which a function failed, and note it for `verify`."""
        text = f"In the script, {rule.name} raised {type(error).__name__}: {error}"
        self._note(text, error)
        # A status that no client tries again: the function would fail again.
        return invalid(text, error_code="script_failed")

    def _note(self, text: str, error: Exception | None = None) -> None:
        if len(self.unexpected) < _MOST_KEPT:
            self.unexpected.append(text)
            self._error = self._error or error

    def _unexpected(self, request: MessageRequest) -> RequestRefusedError:
        """Return the error for a request that no rule answers, and note it for `verify`."""
        facts, nearest = _facts(request), self._nearest(request)
        text = f"No rule of the script answers this request: {facts}. {nearest}"
        self._note(text)
        return invalid(text, error_code="unexpected_request")

    def _nearest(self, request: MessageRequest) -> str:
        """Say which rule is the nearest to a request, and what differs."""
        if not self.rules:
            return "There are no rules."
        nearest = max(self.rules, key=lambda rule: (_nearness(rule, request), rule.when is not ANY))
        differences = _differences(nearest, request) or [f"it was used up ({nearest.used})"]
        number = self.rules.index(nearest) + 1
        return f"The nearest is rule {number}, {nearest.name}: {'; '.join(differences)}."


def _asked(request: MessageRequest) -> Sequence[Fault] | None:
    """Return the faults that the header of a request asks for."""
    header = request.headers.get(_FAULT_HEADER)
    if header is None:
        return None
    from .faults.by_name import from_text

    try:
        return from_text(header)
    except ValueError as error:
        raise invalid(f"{_FAULT_HEADER}: {error}") from error


def _nearness(rule: ScriptRule, request: MessageRequest) -> float:
    """Return how likely it is that a rule was meant for a request, from 0 to 1."""
    # That a rule for all requests is used up says less than what another one misses.
    if not rule.left and rule.when is ANY:
        return 0.0
    try:
        return rule.when.nearness(request)
    except Exception:  # a function, of a rule that is used up: nobody has asked it yet
        return 0.0


def _differences(rule: ScriptRule, request: MessageRequest) -> list[str]:
    try:
        return rule.when.differences(request)
    except Exception as error:
        return [f"it raised {type(error).__name__}: {error}"]


def _facts(request: MessageRequest) -> str:
    """Return what tells a request from others."""
    text = f"user text {quoted(request.text)}" if request.text else "no user text"
    results = f", {len(request.results)} tool result(s)" if request.results else ""
    return f"turn {request.turn}, {text}{results}, model {request.model}"
