"""A transport that plays a script on a clock of its own: no socket, no waiting."""

from __future__ import annotations

from typing import Any

from antiphon._wire.http import Headers, Request, ResponseHead
from antiphon.errors import APIConnectionError, APITimeoutError

SSE = ("content-type", "text/event-stream; charset=utf-8")


class Clock:
    """Seconds that pass when someone waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Answer:
    """A head and the parts of a body: bytes, seconds of silence, or an error."""

    def __init__(self, *parts: Any, status: int = 200, headers: tuple[Any, ...] = (SSE,)) -> None:
        self.parts = list(parts)
        self.head = ResponseHead(status, Headers([("request-id", "req_s"), *headers]))


class Reply:
    def __init__(self, answer: Answer, clock: Clock) -> None:
        self.head = answer.head
        self.parts = list(answer.parts)
        self.clock = clock
        self.closed = False

    def read(self, timeout: float | None) -> bytes:
        while self.parts:
            part = self.parts.pop(0)
            if isinstance(part, bytes):
                return part
            if isinstance(part, BaseException):
                raise part
            if timeout is not None and part > timeout:
                self.parts.insert(0, part - timeout)
                self.clock.sleep(timeout)
                raise APITimeoutError(phase="body")
            self.clock.sleep(part)
            timeout = None if timeout is None else timeout - part
        return b""

    def close(self) -> None:
        self.closed = True


class Scripted:
    """Answers requests in turn; keeps what was sent."""

    def __init__(self, *answers: Answer | BaseException) -> None:
        self.answers = list(answers)
        self.clock = Clock()
        self.requests: list[Request] = []
        self.replies: list[Reply] = []

    def send(self, request: Request) -> Reply:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        self.replies.append(Reply(answer, self.clock))
        return self.replies[-1]

    def close(self) -> None:
        pass


class AsyncClock:
    """A clock, awaited."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def now(self) -> float:
        return self.clock.now()

    async def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


class AsyncReply:
    def __init__(self, reply: Reply) -> None:
        self.head = reply.head
        self.reply = reply

    async def read(self, timeout: float | None) -> bytes:
        return self.reply.read(timeout)

    async def close(self) -> None:
        self.reply.close()


class AsyncScripted:
    """`Scripted`, awaited."""

    def __init__(self, *answers: Answer | BaseException) -> None:
        self.played = Scripted(*answers)
        self.clock = AsyncClock(self.played.clock)

    async def send(self, request: Request) -> AsyncReply:
        return AsyncReply(self.played.send(request))

    async def close(self) -> None:
        pass


def broken() -> APIConnectionError:
    return APIConnectionError("Could not read the answer.", phase="body")
