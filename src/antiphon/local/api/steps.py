"""What the local server does with a connection, as values: a response is a sequence of steps.

Most steps send something. `Work` is different: the app asks whoever performs the steps to call a
function that takes long, and to send its result back into the generator. The function uses nothing
that other requests change, so a listener may call it in a thread while it serves others, and the
app itself never has to know about threads. `Consult` is the same for functions of the user, which
may wait for something, and may be async.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeAlias, TypeVar

__all__ = [
    "NOTHING",
    "Abort",
    "Close",
    "Consult",
    "Expire",
    "Flow",
    "HeaderPairs",
    "Outcome",
    "Pause",
    "Reschedule",
    "Step",
    "Steps",
    "Work",
    "Write",
    "WriteHead",
    "WriteRaw",
    "advance",
    "next_visible_step",
    "outcome_of",
    "work",
]

T = TypeVar("T")

# Bytes of a request of which the work is done at once. Measured: it takes up to 1 ms for each 10
# KB, and a switch to a thread a tenth of that.
_MAX_WORK_AT_ONCE = 32 * 1024

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values of headers, in the order in which they are sent."""


class WriteHead(NamedTuple):
    """Send the status line and headers."""

    status: int
    headers: HeaderPairs
    version: str = "1.1"
    """The version of HTTP: "1.0" has no chunks, and ends with the connection."""


class Write(NamedTuple):
    """Send these bytes of the body."""

    content: bytes


class WriteRaw(NamedTuple):
    """Send bytes that break the rules of HTTP."""

    content: bytes
    behind: bool = False
    """Whether they follow the end of the response; if not, they stand in the middle of it."""


class Pause(NamedTuple):
    """Send nothing for this many seconds of the server's clock."""

    seconds: float


class _Sign:
    """A step that says all by its class."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Abort(_Sign):
    """Reset the connection."""

    __slots__ = ()


class Close(_Sign):
    """Close the connection, whether or not the response is complete."""

    __slots__ = ()


class Expire(_Sign):
    """Keep the connection, and close it without a word when the next request arrives."""

    __slots__ = ()


class Work(NamedTuple):
    """Call a function, and send its result into the generator or throw its exception."""

    call: Callable[[], object]
    size: int
    """The bytes of the request that the work is about; what is large takes long."""


class Consult(NamedTuple):
    """Call a function of the user, and send its result into the generator.

    The function may take its time, and may return an awaitable: then its result is that one's.
    """

    call: Callable[[], object]


class Reschedule(_Sign):
    """Let other connections have their turn."""

    __slots__ = ()


Step: TypeAlias = (
    WriteHead | Write | WriteRaw | Pause | Abort | Close | Expire | Work | Consult | Reschedule
)

Steps: TypeAlias = Generator[Step, Any, None]
"""The steps of one response, produced as they are performed; closing it abandons the response."""

Flow: TypeAlias = Generator[Step, Any, T]
"""Steps that end with a value, for ``yield from``."""


class Outcome(NamedTuple):
    """The result of work, or its exception."""

    value: object = None
    error: Exception | None = None


def work(call: Callable[[], T], size: int) -> Flow[T]:
    """Return the result of `call`, called by whoever performs the steps if it takes long."""
    if size <= _MAX_WORK_AT_ONCE:
        return call()
    result: T = yield Work(call, size)
    return result


def outcome_of(step: Work | Consult) -> Outcome:
    """Return the outcome of a call, made now."""
    try:
        return Outcome(step.call())
    except Exception as error:
        return Outcome(error=error)


NOTHING = Outcome()
"""The outcome of a step that is no call."""


def advance(steps: Steps, outcome: Outcome = NOTHING) -> Step | None:
    """Return the next step, given the outcome of the last one if it was a call; None at the end."""
    try:
        if outcome.error is not None:
            return steps.throw(outcome.error)
        return steps.send(outcome.value)
    except StopIteration:
        return None


def next_visible_step(steps: Steps, outcome: Outcome = NOTHING) -> Step | None:
    """Return the next step that a client can notice, or a question; do the work before it at once.

    Args:
        steps: the steps.
        outcome: what was answered, if the last step was a question.
    """
    step = advance(steps, outcome)
    while isinstance(step, Work | Reschedule):
        step = advance(steps, outcome_of(step)) if isinstance(step, Work) else advance(steps)
    return step
