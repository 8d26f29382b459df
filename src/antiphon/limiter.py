"""A limiter: calls wait here instead of being refused there.

Strategy. Each key and class of models has a pool. A pool holds three token buckets (requests, input
tokens, output tokens) that fill as those of the API do, and are set by the headers of its
responses; a window of calls under way, which grows with each success and is halved by a refusal,
for the time before the first headers and for servers that send none; and a hold, set by a refusal,
that nobody passes before its end.

A bucket counts up: `granted` is all that it ever had, `taken` all that was asked of it, in the
order in which it was asked. A call may go when what was granted reaches the mark at which it took
its share. So calls go first come first served, each sleeps as long as it has to and no longer, and
a correction of `granted` reaches all that wait.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self, cast

from ._core.flow import Attempts, Flow, Sleep
from ._wire.http import ResponseHead
from ._wire.secret import Secret
from .catalog.limit_class import limit_class
from .costs.estimate import SentPrompt, prompt_of
from .errors import APIError, APITimeoutError, OverloadedError, RateLimitError
from .responses import whole_number
from .types.message import Usage

__all__ = ["Limiter"]

_log = logging.getLogger("antiphon.limiter")

_MINUTE = 60.0

# The names of the buckets, and by how much the API rounds down the number of what remains.
_BUCKETS = {"requests": 1, "input_tokens": 1_000, "output_tokens": 1_000}

# Clocks differ, and other programs may use the key: a little less than all is asked for.
_SHARE = 0.98

# Calls that may be under way before the first response. It doubles with each round of successes.
_FIRST_WINDOW = 2.0

# Seconds that all wait after a refusal without `retry-after`; doubled by each further one.
_FIRST_HOLD, _LONGEST_HOLD = 1.0, 60.0

# Bounds of the sleep of a call that waits for others to end, in seconds: short enough to use a free
# place soon, long enough not to keep the processor busy.
_SHORTEST_LOOK, _LONGEST_LOOK = 0.005, 0.25

# Output tokens that are expected of a call before any was seen.
_FIRST_OUTPUT = 300.0
_NEWEST = 0.1

# Input tokens in a byte of a request, before any was seen. Counting them well would cost more than
# sending the call, and a limiter need not know: what a call used is put in place of it afterwards.
_FIRST_TOKENS_PER_BYTE = 0.25
# The bytes of a file in a request say nothing of its tokens, so such a request is looked at.
_FILE_MARK = b'"base64"'

# Seconds between two looks at what responses tell of the limits, while many calls are under way.
_BETWEEN_LOOKS = 0.02

# Callers and models whose pools are remembered, so that a key is not hashed for each call.
_MOST_KNOWN = 1_000
_HEADERS = {
    name: [
        f"anthropic-ratelimit-{name.replace('_', '-')}-{part}" for part in ("limit", "remaining")
    ]
    for name in _BUCKETS
}


@dataclass(slots=True)
class _Units:
    """One limit of the API: units that come in steadily, up to those of a minute."""

    limit: float = 0.0
    """Units per minute; 0 while it is not known."""
    granted: float = 0.0
    """All units that there ever were."""
    taken: float = 0.0
    """All units that calls asked for, those that still wait included."""
    sent: float = 0.0
    """The units of the calls that were sent."""
    at: float = 0.0
    """When `granted` was brought up to date."""

    def fill(self, now: float) -> None:
        """Bring `granted` up to date."""
        if self.limit and now > self.at:
            granted = self.granted + (now - self.at) * self.limit * _SHARE / _MINUTE
            most = self.sent + self.limit
            self.granted = granted if granted < most else most  # noqa: FURB136 (`min` takes longer)
        self.at = now

    def take(self, units: float) -> float:
        """Take units; return the mark that `granted` has to reach before they may be used."""
        # A bucket holds no more than its limit: a larger call goes when it is full.
        self.taken += min(units, self.limit) if self.limit else units
        return self.taken

    def wait(self, mark: float) -> float:
        """Return the seconds until `granted` reaches `mark`."""
        if not self.limit:
            return 0.0
        return max(0.0, mark - self.granted) * _MINUTE / (self.limit * _SHARE)

    def settle(self, expected: float, used: float) -> None:
        """Put what a call used in place of what was expected of it.

        What it left is granted, and not taken back: the calls behind it took their marks after it.
        """
        self.granted += expected - used

    def correct(self, remaining: int, rounded: int, *, alone: bool) -> None:
        """Believe the API about what remains: if that is less, or if no other call is under way."""
        if alone or self.sent + remaining + rounded < self.granted:
            self.granted = self.sent + remaining


@dataclass(slots=True)
class _Shared:
    """What all processes know of a pool."""

    buckets: dict[str, _Units] = field(
        default_factory=lambda: {name: _Units() for name in _BUCKETS}
    )
    held_until: float = 0.0
    refusals: int = 0
    """How many there were in a row."""


class _Taken(NamedTuple):
    """What one attempt took."""

    pool: _Pool
    units: dict[str, float]
    request: _Expected
    started: float


class _Expected(NamedTuple):
    """What is known of a request before it is sent."""

    size: int
    """The bytes of its body; 0 if they say nothing of its tokens."""
    prompt: SentPrompt | None
    """Its prompt, if that was looked at instead."""
    most_output: float
    """Its `max_tokens`."""


class _Pool:
    """The calls of one key to one class of models, in this process."""

    def __init__(self, lock: threading.Lock) -> None:
        self.shared = _Shared()
        self.now = 0.0  # when it was looked at last
        # What is held while it is looked at or changed.
        self.held: AbstractContextManager[object] = lock
        self.window = _FIRST_WINDOW
        self.threshold = float("inf")  # of the window: above it, it grows slowly
        self.under_way = 0
        self.looked_at = -inf  # at what a response tells of the limits
        self.queue: OrderedDict[object, None] = OrderedDict()
        self.seconds = 0.1  # that a call takes, of late
        self.output = _FIRST_OUTPUT
        self.uncached = 1.0  # the part of the input that is not read from the cache
        self.per_byte = _FIRST_TOKENS_PER_BYTE  # input tokens


class Limiter:
    """Holds calls back so that the API does not refuse them; any number of clients may share it.

    Use it as ``Client(limiter=antiphon.Limiter())``; ``Client(limiter="auto")`` is one for the
    whole process. Each key and each class of models has its own limits, which the limiter learns
    from the headers of responses.
    """

    def __init__(self, *, shared: str | os.PathLike[str] | None = None) -> None:
        """Make a limiter.

        Args:
            shared: a file through which the processes of this machine share what they know. It is
                made if it is not there.

        Raises:
            TypeError: `shared` is no path.
            ValueError: that file holds something else.
            OSError: it cannot be opened, or its folder does not exist.
        """
        self._pools: dict[tuple[str, str], _Pool] = {}
        self._known: dict[tuple[object, ...], _Pool] = {}
        self._lock = threading.Lock()
        if not isinstance(cast("object", shared), str | os.PathLike | None):
            raise TypeError(f"shared: {shared!r}; give the path of a file")
        self._file: Final = None if shared is None else _PoolFile(Path(shared))

    # The calls of a client and of its copies come under the same limits of the API.
    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process learns the limits anew, or finds them in the file.
        path = None if self._file is None else self._file.path
        return partial(type(self), shared=path), ()

    def __repr__(self) -> str:
        shared = "" if self._file is None else f" shared in {self._file.path}"
        return f"<Limiter of {len(self._pools)} limited classes of models{shared}>"

    def state(self) -> dict[str, Any]:
        """Return what is known, for each class of models; of several keys, numbered.

        `limit` and `left` are units per minute and units, None while they are not known; `waiting`
        and `under_way` count calls of this process; `held_for` is in seconds.
        """
        found: dict[str, Any] = {}
        with self._lock:
            for (_, name), pool in self._pools.items():
                label = name if name not in found else f"{name} #{len(found) + 1}"
                now = self._now(time.monotonic)
                buckets: dict[str, Any] = {}
                for each, bucket in pool.shared.buckets.items():
                    # More than the limit until the next call, where one took less than expected.
                    left = min(bucket.granted - bucket.sent, bucket.limit)
                    known = bool(bucket.limit)
                    buckets[each] = {
                        "limit": bucket.limit if known else None,
                        "left": left if known else None,
                    }
                found[label] = {
                    **buckets,
                    "under_way": pool.under_way,
                    "waiting": len(pool.queue),
                    "window": pool.window,
                    "held_for": max(0.0, pool.shared.held_until - now),
                }
        return found

    def admit(self, attempts: Attempts) -> Flow[None]:
        """Wait until the next attempt may be sent.

        Raises:
            APITimeoutError: the total of the call would be used up by waiting.
        """
        pool = self._pool_of(attempts)
        request = _expected(attempts)
        if self._goes_at_once(pool, attempts, request):
            return
        ticket = object()
        with self._lock:
            pool.queue[ticket] = None
            if attempts.retries:
                pool.queue.move_to_end(ticket, last=False)  # it has waited its turn before
        try:
            while seconds := self._until_its_turn(pool, attempts, ticket):
                yield self._sleep(attempts, seconds)
        except BaseException:
            with self._lock:
                pool.queue.pop(ticket, None)
            raise
        # It has a place now, and its share of the buckets.
        with pool.held:
            shared = self._filled(pool, attempts)
            units = self._units(pool, request)
            marks = {name: shared.buckets[name].take(units[name]) for name in _BUCKETS}
        try:
            while seconds := self._until_granted(pool, attempts, marks):
                yield self._sleep(attempts, seconds)
        except BaseException:
            with pool.held:
                shared = self._filled(pool, attempts)
                pool.under_way -= 1
                for name, bucket in shared.buckets.items():
                    bucket.granted += units[name]  # those behind it took their marks after it
            raise
        with pool.held:
            shared = self._filled(pool, attempts)
            for name, bucket in shared.buckets.items():
                bucket.sent += units[name]
        attempts.hold(self, _Taken(pool, units, request, attempts.now()))

    def _goes_at_once(self, pool: _Pool, attempts: Attempts, request: _Expected) -> bool:
        """Let a call go that nothing holds back: a look and no more, as most calls are so."""
        with pool.held:
            shared = self._filled(pool, attempts)
            now = pool.now
            is_free = pool.under_way < int(pool.window) and shared.held_until <= now
            if pool.queue or not is_free:
                return False
            units = self._units(pool, request)
            for name, bucket in shared.buckets.items():
                if bucket.limit and bucket.taken + units[name] > bucket.granted:
                    return False
            pool.under_way += 1
            for name, bucket in shared.buckets.items():
                bucket.take(units[name])
                bucket.sent += units[name]
        attempts.hold(self, _Taken(pool, units, request, attempts.now()))
        return True

    def responded(self, attempts: Attempts, head: ResponseHead) -> None:
        """Learn the limits, and what is left of them."""
        taken: _Taken | None = (attempts.held or {}).get(self)
        pool = self._pool_of(attempts) if taken is None else taken.pool
        now = attempts.now()
        if pool.under_way > 1 and 0 <= now - pool.looked_at < _BETWEEN_LOOKS:
            return
        pool.looked_at = now
        told = [
            (name, limit, remaining)
            for name, headers in _HEADERS.items()
            if (limit := whole_number(head.headers.get(headers[0])))
            and (remaining := whole_number(head.headers.get(headers[1]))) is not None
        ]
        if not told:
            return
        with pool.held:
            shared = self._filled(pool, attempts)
            for name, limit, remaining in told:
                bucket = shared.buckets[name]
                first = not bucket.limit
                bucket.limit = float(limit)
                alone = first or pool.under_way == 1
                bucket.correct(remaining, _BUCKETS[name], alone=alone)

    def failed(self, attempts: Attempts, error: APIError) -> None:
        """Hold all calls back if the API refused one because there were too many."""
        taken: _Taken | None = attempts.release(self)
        if taken is None:
            return
        pool = taken.pool
        refused = isinstance(error, (RateLimitError, OverloadedError))
        with pool.held:
            shared = self._filled(pool, attempts)
            pool.under_way -= 1
            now = pool.now
            if not refused:
                return
            for name, bucket in shared.buckets.items():
                bucket.settle(taken.units[name], 0.0)  # the API did not count it
            pool.threshold = pool.window = max(1.0, min(pool.window, pool.under_way + 1) / 2)
            seconds = error.retry_after
            if seconds is None:
                seconds = min(_LONGEST_HOLD, _FIRST_HOLD * 2**shared.refusals)
            shared.refusals += 1
            shared.held_until = max(shared.held_until, now + seconds)

    def ended(self, attempts: Attempts, message: Any, error: BaseException | None) -> None:
        """Learn from what a call used in fact."""
        taken: _Taken | None = attempts.release(self)
        if taken is None:
            return
        pool = taken.pool
        usage: Any = getattr(message, "usage", None)
        with pool.held:
            shared = self._filled(pool, attempts)
            pool.under_way -= 1
            if error is None:
                shared.refusals = 0
                grown = 1.0 if pool.window < pool.threshold else 1.0 / pool.window
                pool.window += grown
                pool.seconds += _NEWEST * (attempts.now() - taken.started - pool.seconds)
            if isinstance(usage, Usage):
                self._settle(pool, shared, taken, usage)

    def _settle(self, pool: _Pool, shared: _Shared, taken: _Taken, usage: Usage) -> None:
        """Put what was used in place of what was expected."""
        prompt = usage.total_input_tokens
        uncached = prompt - (usage.cache_read_input_tokens or 0)
        output = usage.output_tokens or 0
        used = {"requests": 1.0, "input_tokens": float(uncached), "output_tokens": float(output)}
        for name, bucket in shared.buckets.items():
            bucket.settle(taken.units[name], used[name])
        pool.output += _NEWEST * (output - pool.output)
        if prompt:
            pool.uncached += _NEWEST * (uncached / prompt - pool.uncached)
            if taken.request.prompt is not None:
                taken.request.prompt.learn(usage)
            elif not usage.iterations and not usage.server_tool_use:  # they read it several times
                pool.per_byte += _NEWEST * (prompt / taken.request.size - pool.per_byte)

    def _units(self, pool: _Pool, request: _Expected) -> dict[str, float]:
        """Return what a call is expected to take of each bucket."""
        if request.prompt is None:
            prompt = request.size * pool.per_byte
        else:
            prompt = request.prompt.estimate.tokens
        return {
            "requests": 1.0,
            "input_tokens": prompt * pool.uncached,
            "output_tokens": min(pool.output, request.most_output),
        }

    def _until_its_turn(self, pool: _Pool, attempts: Attempts, ticket: object) -> float:
        """Return the seconds until another look; 0 if the call has taken a place under way."""
        with pool.held:
            shared = self._filled(pool, attempts)
            now = pool.now
            if shared.held_until > now:
                return shared.held_until - now
            free = int(pool.window) - pool.under_way
            place = next(place for place, each in enumerate(pool.queue) if each is ticket)
            if place < free:
                del pool.queue[ticket]
                pool.under_way += 1
                return 0.0
            # A part of the time in which the calls before it may end: those in front look often,
            # so that they go before those behind them.
            expected = pool.seconds * (place - free + 1) / max(1.0, pool.window)
            return min(_LONGEST_LOOK, max(_SHORTEST_LOOK, expected / 4))

    def _until_granted(self, pool: _Pool, attempts: Attempts, marks: dict[str, float]) -> float:
        """Return the seconds until all marks are reached and no hold is in force."""
        with pool.held:
            shared = self._filled(pool, attempts)
            now = pool.now
            waits = [bucket.wait(marks[name]) for name, bucket in shared.buckets.items()]
            return max(*waits, shared.held_until - now, 0.0)

    def _sleep(self, attempts: Attempts, seconds: float) -> Sleep:
        remaining = attempts.remaining
        if remaining is not None and seconds >= remaining:
            raise APITimeoutError(
                message=f"The limiter would hold the call back for {seconds:.3g} s more, and"
                f" {remaining:.3g} s of its total are left; give a larger timeout.total.",
                phase="pool",
                elapsed=attempts.elapsed,
            )
        return Sleep(seconds)

    def _pool_of(self, attempts: Attempts) -> _Pool:
        call = attempts.call
        secrets = [value for value in call.headers.values() if value.__class__ is Secret]
        known = (call.model, *secrets)
        pool = self._known.get(known)
        if pool is None:
            name = (_caller(secrets), limit_class(str(call.model)))
            with self._lock:
                pool = self._pools.setdefault(name, self._new_pool())
                if self._file is not None:
                    pool.held = _HeldInFile(self._lock, self._file, pool, "/".join(name))
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[known] = pool
        return pool

    def _new_pool(self) -> _Pool:
        return _Pool(self._lock)

    def _now(self, clock: Callable[[], float]) -> float:
        # Processes have no other clock in common.
        return clock() if self._file is None else time.time()

    def _filled(self, pool: _Pool, attempts: Attempts) -> _Shared:
        """Return what is known of a pool, brought up to date; the caller holds it."""
        shared = pool.shared
        pool.now = now = self._now(attempts.now)
        for bucket in shared.buckets.values():
            bucket.fill(now)
        return shared


class _HeldInFile:
    """Holds a pool that other processes know, and keeps in the file what becomes of it."""

    def __init__(self, lock: threading.Lock, file: _PoolFile, pool: _Pool, name: str) -> None:
        self._lock = lock
        self._file = file
        self._pool = pool
        self._name = name
        self._held = ExitStack()

    def __enter__(self) -> None:
        with ExitStack() as held:
            held.enter_context(self._lock)
            pools = held.enter_context(self._file.opened())
            # What this process knows stays if the file does not have it (any more).
            self._pool.shared = pools.setdefault(self._name, self._pool.shared)
            self._held = held.pop_all()

    def __exit__(self, *error: object) -> None:
        self._held.close()


class _PoolFile:
    """The file through which the processes of a machine share their pools."""

    def __init__(self, path: Path) -> None:
        """Make the file if it is not there.

        Raises:
            ValueError: it holds something else.
            OSError: it cannot be opened.
        """
        self.path = path
        self._fails = False
        if not path.parent.is_dir():
            raise FileNotFoundError(f"shared: there is no folder {os.fspath(path.parent)!r}")
        with _locked(path) as file:
            _pools_in(file.read(), path)

    @contextmanager
    def opened(self) -> Generator[dict[str, _Shared]]:
        """Give the pools of all processes, and write what the block makes of them.

        A call may have its reply by now, so it must not fail because the file does: the log says
        so, and this process goes on by what it knows itself.
        """
        pools: dict[str, _Shared] = {}
        with ExitStack() as held:
            file = None
            try:
                file = held.enter_context(_locked(self.path))
                pools = _pools_in(file.read(), self.path)
            except (OSError, ValueError) as error:  # of a ValueError: somebody broke it; mend it
                self._warn(error)
            yield pools
            if file is not None:
                self._write(file, pools)

    def _write(self, file: IO[bytes], pools: Mapping[str, _Shared]) -> None:
        try:
            file.truncate(0)
            file.write(
                json.dumps({name: asdict(shared) for name, shared in pools.items()}).encode()
            )
            self._fails = False
        except OSError as error:
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        if not self._fails:  # once, and not with each call
            _log.warning("limiter: this process does not share its limits now: %s", str(error))
        self._fails = True


def _pools_in(content: bytes, path: Path) -> dict[str, _Shared]:
    """Return the pools in the content of a file.

    Raises:
        ValueError: it holds something else.
    """
    try:
        return {name: _loaded(stored) for name, stored in json.loads(content or b"{}").items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    wrong = f"shared: {os.fspath(path)!r} holds something else; name another file, or delete it"
    raise ValueError(wrong)


def _loaded(stored: Any) -> _Shared:
    buckets = {name: _Units(**stored["buckets"][name]) for name in _BUCKETS}
    return _Shared(buckets, stored["held_until"], stored["refusals"])


def _expected(attempts: Attempts) -> _Expected:
    """Return what is known of a request before it is sent."""
    body, most = attempts.call.body, attempts.call.max_tokens
    most_output = float(most) if isinstance(most, int) else inf
    if isinstance(body, (bytes, bytearray)) and _FILE_MARK not in body:
        return _Expected(len(body), None, most_output)
    return _Expected(0, prompt_of(attempts), most_output)


def _caller(secrets: Iterable[Any]) -> str:
    """Return a name for the key of a call, which does not tell the key."""
    digest = hashlib.sha256()
    for secret in secrets:
        digest.update(secret.reveal().encode())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Generator[IO[bytes]]:
    """Open a file that no other process may open meanwhile; it is made if it is not there."""
    # Without a buffer, whose bytes a full disk would refuse only when the file is closed.
    with path.open("a+b", buffering=0) as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            file.seek(0)
            yield file
        finally:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)


_process: Limiter | None = None


def limiter_of(given: Any) -> Any:
    """Return the limiter that a setting names: "auto" is that of the process.

    Raises:
        ValueError: it is another text.
    """
    global _process
    if not isinstance(given, str):
        return given
    if given != "auto":
        raise ValueError(f"limiter: {given!r}; give 'auto' or an antiphon.Limiter")
    if _process is None:
        _process = Limiter()
    return _process
