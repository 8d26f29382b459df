"""Counts of tokens and attempts: what a ledger is made from.

Every call of every client is counted, so noting one is quick. Notes become whole numbers in one
dict, under what decides their price; prices come in when somebody asks a `Ledger` (`spending.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import add
from typing import Any, NamedTuple, TypeAlias, cast

from .._core.flow import Attempts
from ..errors import AntiphonError, APIConnectionError, APIError, APIStatusError
from ..types.message import Usage

__all__ = ["GATES", "PROCESS", "TAG", "Key", "Tally", "may_have_cost", "tagged"]

TAG: ContextVar[str | None] = ContextVar("antiphon.tag", default=None)

GATES: ContextVar[tuple[Any, ...]] = ContextVar("antiphon.gates", default=())
"""The budgets of the `with` blocks around a call."""

_DAY_SECONDS = 86_400

# A long prompt has other prices, and a sum does not show how long each prompt was.
_LONG_PROMPT = 100_000

# The phases in which nothing was sent yet, so nothing can be paid for.
_BEFORE_SENDING = frozenset({"resolve", "connect", "proxy", "tls", "pool"})

# A tag for each user or request, in a server that runs for months, must not fill the memory.
_MOST_ROWS = 10_000
_OTHERS = "(others)"

# The parts of a row.
CALLS, PARTIAL, FAILED, UNCERTAIN = range(4)
INPUT, OUTPUT, WRITTEN, WRITTEN_1H, READ, SEARCHES = range(4, 10)
_PARTS = 10

_EMPTY = (0,) * _PARTS

# The fields of a usage that are counted.
_COUNTED = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_creation",
)

_Tokens: TypeAlias = tuple[int, int, int, int, int]
_NO_TOKENS: _Tokens = (0, 0, 0, 0, 0)

_NOTHING: dict[int, int] = {}
_CALL = {CALLS: 1}
_PARTIAL_CALL = {CALLS: 1, PARTIAL: 1}
_UNCERTAIN_CALL = {CALLS: 1, UNCERTAIN: 1}
_FAILURE = {FAILED: 1}
_PARTIAL_FAILURE = {FAILED: 1, PARTIAL: 1}
_UNCERTAIN_FAILURE = {FAILED: 1, UNCERTAIN: 1}

# A call, or a failed attempt, that is not yet counted: for whom, when (seconds since 1970), the
# model, the tag, the `Usage` if it is known, what else to count. A plain tuple is made quickest.
_Note: TypeAlias = "tuple[Tally, float, object, str | None, Any, dict[int, int]]"

# The sums of notes, by the tally and the key that they are added to.
_Sums: TypeAlias = "dict[tuple[Tally, _PlainKey], list[int]]"

# Notes are counted when somebody asks or when there are many: taking a message apart costs more
# than noting it, and most programs never ask.
_pending: list[_Note] = []
_MOST_PENDING = 32

# One lock for all: a call changes two tallies, that of its client and that of the process.
_lock = threading.Lock()


# The fields of a `Key`; a plain tuple is made in a tenth of the time.
_PlainKey: TypeAlias = tuple[int, str, str | None, str | None, str | None, str | None, bool]


class Key(NamedTuple):
    """What decides the price of tokens, and where they are shown."""

    day: int
    """Days since 1970, in UTC."""
    model: str
    tag: str | None
    service_tier: str | None
    inference_geo: str | None
    speed: str | None
    is_long: bool
    """Whether the prompts were longer than 100,000 tokens."""


@contextmanager
def tagged(tag: str) -> Generator[None]:
    """Count the calls that are made within the block under `tag`.

    It holds for the tasks that are started in the block. A thread has a context of its own: use
    the block there, or pass the context on with `contextvars.copy_context().run`.

    Raises:
        TypeError: the tag is no text.
        ValueError: it is empty.
    """
    if not isinstance(cast("object", tag), str):
        raise TypeError(f"tagged: {tag!r}; give a text, e.g. tagged('eval-7')")
    if not tag:
        raise ValueError("tagged: the tag is empty")
    token = TAG.set(tag)
    try:
        yield
    finally:
        TAG.reset(token)


class Tally:
    """The counts of one client, or of the whole process; it watches calls."""

    __slots__ = ("counted",)

    counted: dict[_PlainKey, list[int]]
    """What is not pending; only to be touched under the lock."""

    def __init__(self) -> None:
        self.counted = {}

    def rows(self) -> dict[Key, list[int]]:
        """Return a copy of the counts."""
        with _lock:
            _count_pending()
            return {Key(*key): [*row] for key, row in self.counted.items()}

    def clear(self) -> None:
        """Begin anew."""
        with _lock:
            _count_pending()
            self.counted.clear()

    def failed(self, attempts: Attempts, error: APIError) -> None:
        """Count a failed attempt, with the tokens of what was received of it."""
        if error.partial is not None:
            self._note(attempts, error.partial, _PARTIAL_FAILURE)
        elif may_have_cost(error):
            self._note(attempts, None, _UNCERTAIN_FAILURE)
        else:
            self._note(attempts, None, _FAILURE)

    def ended(self, attempts: Attempts, message: Any, error: BaseException | None) -> None:
        """Count the call, and the tokens of its message unless it failed."""
        if attempts.request is None:
            return  # nothing was sent
        if attempts.failures and isinstance(error, AntiphonError):
            self._note(attempts, None, _CALL)  # its attempts were counted one by one
        elif message is None:
            # Cancelled, or read as bytes: what it cost is known to the API alone.
            self._note(attempts, None, _UNCERTAIN_CALL)
        elif message.stop_reason is None:
            self._note(attempts, message, _PARTIAL_CALL)
        else:
            self._note(attempts, message, _CALL)

    def add(self, message: Any, tag: str | None = None) -> None:
        """Count a message that no call of a client gave, such as a result of a batch."""
        _pending.append((self, time.time(), message.model, tag, message.usage, _CALL))
        if len(_pending) >= _MOST_PENDING:
            with _lock:
                _count_pending()

    def _note(self, attempts: Attempts, message: Any, counts: dict[int, int]) -> None:
        call = attempts.call
        model = call.model if message is None else message.model or call.model
        usage = None if message is None else message.usage
        _pending.append((self, time.time(), model, call.tag, usage, counts))
        if len(_pending) >= _MOST_PENDING:
            with _lock:
                _count_pending()


PROCESS = Tally()
"""The counts of all clients of this process."""


def _count_pending() -> None:
    """Count what was noted; the caller holds the lock."""
    noted = _pending[:]
    del _pending[: len(noted)]  # others may have been noted meanwhile
    sums: _Sums = {}  # most notes are alike, and their sum is all that two tallies have to add
    for tally, seconds, model, tag, usage, counts in noted:
        day = int(seconds) // _DAY_SECONDS
        if not isinstance(usage, Usage):
            key: _PlainKey = (day, str(model), tag, None, None, None, False)
            _add(sums, tally, key, _NO_TOKENS, counts)
            continue
        tier = usage.service_tier if isinstance(usage.service_tier, str) else None
        geo = usage.inference_geo if isinstance(usage.inference_geo, str) else None
        speed = usage.speed if isinstance(usage.speed, str) else None
        for each in usage.iterations or (usage,):
            tokens = _tokens(each)
            # A pass may have been made by another model than the message names.
            did = model if each is usage else getattr(each, "model", None) or model
            is_long = tokens[0] + tokens[2] + tokens[3] + tokens[4] > _LONG_PROMPT
            _add(sums, tally, (day, str(did), tag, tier, geo, speed, is_long), tokens, counts)
            counts = _NOTHING
        searched = usage.server_tool_use
        if searched is not None and (
            searches := _number(getattr(searched, "web_search_requests", 0))
        ):
            key = (day, str(model), tag, tier, geo, speed, False)
            _add(sums, tally, key, _NO_TOKENS, {SEARCHES: searches})
    for (tally, key), row in sums.items():
        for rows in (tally.counted, PROCESS.counted):
            _merge(rows, key, row)


def _add(
    sums: _Sums, tally: Tally, key: _PlainKey, tokens: _Tokens, counts: dict[int, int]
) -> None:
    row = sums.get((tally, key))
    if row is None:
        row = sums[tally, key] = [0] * _PARTS
    # Written out: this is a good part of what counting costs each call.
    row[INPUT] += tokens[0]
    row[OUTPUT] += tokens[1]
    row[WRITTEN] += tokens[2]
    row[WRITTEN_1H] += tokens[3]
    row[READ] += tokens[4]
    for part, number in counts.items():
        row[part] += number


def _merge(rows: dict[_PlainKey, list[int]], key: _PlainKey, added: list[int]) -> None:
    if key not in rows and len(rows) >= _MOST_ROWS and key[2] is not None:
        key = (key[0], key[1], _OTHERS, *key[3:])
    rows[key] = [*map(add, rows.get(key, _EMPTY), added)]


def _tokens(counted: Any) -> _Tokens:
    """Return the tokens of one pass of a message, in the order of a row; none is counted twice."""
    found: tuple[Any, ...]
    try:
        found = (
            counted.input_tokens,
            counted.output_tokens,
            counted.cache_creation_input_tokens,
            counted.cache_read_input_tokens,
            counted.cache_creation,
        )
    except AttributeError:  # a pass of an unknown kind, or what a gateway may send in place of one
        found = tuple(getattr(counted, name, None) for name in _COUNTED)
    given, output, written, read, creation = found
    hour = 0 if creation is None else _number(getattr(creation, "ephemeral_1h_input_tokens", 0))
    # Nearly all are numbers, and a call for each of them would be a good part of what counting
    # costs.
    if not (given.__class__ is output.__class__ is written.__class__ is read.__class__ is int):
        given, output, written, read = map(_number, (given, output, written, read))
    return given, output, max(0, written - hour), hour, read


def _number(value: object) -> int:
    """Return a count, and 0 for whatever a gateway may send in place of one."""
    return value if isinstance(value, int) else 0


def may_have_cost(error: APIError) -> bool:
    """Return whether an attempt that gave no message may have been paid for."""
    if isinstance(error, APIStatusError):
        return False  # the API answered with an error
    return not (isinstance(error, APIConnectionError) and error.phase in _BEFORE_SENDING)
