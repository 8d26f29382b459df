"""The requests to the server under test, and its responses as they come."""

from __future__ import annotations

from contextlib import closing
from typing import Any, NamedTuple

from ..._transport import OpenResponse, Transport, clocks
from ..._transport.failures import bounded
from ..._wire.http import Headers, Request, Timeout
from ..._wire.json import dumps
from ..._wire.literals import read_exactly
from ..._wire.secret import Secret
from ..._wire.url import URL
from ...errors import APIConnectionError, APITimeoutError
from .expectations import NonconformityError, expect, expect_object, shortened
from .message_form import StreamedMessage, check_message, read_stream

__all__ = ["Probe", "Response"]

# The API takes requests up to this size, and the responses to these small requests are far smaller.
_LARGEST_BODY = 32 * 1024 * 1024
# The phases in which the server has the request, or takes it: what fails before is the network.
_WAITING = ("send", "first byte", "body")


class Response(NamedTuple):
    """A response as it came."""

    status: int
    headers: Headers
    content: bytes

    @property
    def object(self) -> dict[str, Any]:
        """The body, which has to be a JSON object and to say so."""
        try:
            found = read_exactly(self.content)
        except ValueError as error:
            raise NonconformityError(f"expected JSON; saw {self.shown}") from error
        kind = self.content_type
        expect("json" in kind, "content-type application/json", repr(kind))
        return expect_object(found, "the body")

    @property
    def content_type(self) -> str:
        """The media type that the server gives."""
        return self.headers.get("content-type", "").lower()

    @property
    def shown(self) -> str:
        """The beginning of the response, for people."""
        text = self.content.decode("utf-8", "replace")
        return f"status {self.status}, {shortened(text)}"

    def expect_ok(self) -> None:
        """Expect the status of a request that was granted."""
        expect(self.status == 200, "status 200", self.shown)


class Probe:
    """Sends requests to the server under test.

    Args:
        transport: what carries them.
        base_url: the address of the server.
        api_key: the key to send.
        model: the model to ask for.
        thinking_model: a model that thinks if it is told to.
        timeout: the seconds that each check has for all of its requests.
    """

    def __init__(
        self,
        transport: Transport,
        base_url: str,
        api_key: Secret,
        model: str,
        thinking_model: str,
        timeout: float,
    ) -> None:
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._headers: dict[str, str | Secret] = {
            "x-api-key": api_key,
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }
        self.model = model
        self.thinking_model = thinking_model
        self._timeout = timeout
        self._ends = 0.0
        self._received = 0  # bytes of the body that is being received
        self.asked: bool = False
        """Whether a request was sent."""
        self.heard: bool = False
        """Whether the server has begun a response."""
        self.answered: bool = False
        """Whether the server has completed a response."""

    def begin(self) -> None:
        """Begin a check: its time counts from here."""
        self._ends = clocks.now() + self._timeout

    def ask(self, **changes: Any) -> dict[str, Any]:
        """Return the body of a small request, with changes; a field of ... is left out."""
        body = {
            "model": self.model,
            "max_tokens": 64,
            "messages": [{"role": "user", "content": "Say hello."}],
            **changes,
        }
        return {name: value for name, value in body.items() if value is not ...}

    def send(
        self, body: Any, path: str = "/v1/messages", *, without: str | None = None
    ) -> Response:
        """Send a request and receive its whole response, whatever its status.

        Args:
            body: JSON values, bytes as they are, or None for a GET.
            path: where to.
            without: a header to leave out.

        Raises:
            NonconformityError: the time of the check is over, or the response has no end.
            APIError: there is no response, or none that can be read.
        """
        headers = {name: value for name, value in self._headers.items() if name != without}
        content = body if isinstance(body, bytes) else b"" if body is None else dumps(body)
        method = "GET" if body is None else "POST"
        url = URL(f"{self._base_url}{path}")
        self._received = 0
        self.asked = True
        request = Request(method, url, headers, content, Timeout().within(self._left()))
        try:
            with closing(self._open(request)) as opened:
                self.heard = True
                content = self._receive(opened)
        except APITimeoutError as error:
            if error.phase not in _WAITING:
                raise
            raise self._too_slow() from error
        self.answered = True
        return Response(opened.head.status, opened.head.headers, content)

    def message(self, **changes: Any) -> dict[str, Any]:
        """Return the message that a request creates, its form checked."""
        response = self.send(self.ask(**changes))
        response.expect_ok()
        return check_message(response.object)

    def stream(self, **changes: Any) -> StreamedMessage:
        """Return the message that a streamed request creates, its events and its form checked."""
        response = self.send(self.ask(stream=True, **changes))
        response.expect_ok()
        kind = response.content_type
        expect("text/event-stream" in kind, "content-type text/event-stream", repr(kind))
        return read_stream(response.content)

    def _open(self, request: Request) -> OpenResponse:
        try:
            return self._transport.send(request)
        except APIConnectionError as error:
            if not error.stale:
                raise
            return self._transport.send(request)  # the connection of an earlier check had ended

    def _receive(self, opened: OpenResponse) -> bytes:
        chunks: list[bytes] = []
        while chunk := opened.read(bounded(self._left())):
            chunks.append(chunk)
            self._received += len(chunk)
            sizes = "a body of at most 32 MB", f"{self._received:,} bytes, and no end"
            expect(self._received <= _LARGEST_BODY, *sizes)
        return b"".join(chunks)

    def _left(self) -> float:
        """Return the seconds that the check still has."""
        left = self._ends - clocks.now()
        if left <= 0:
            raise self._too_slow()
        return left

    def _too_slow(self) -> NonconformityError:
        seen = f"{self._received:,} bytes, and no end" if self._received else "none"
        return NonconformityError(
            f"expected a whole response within the {self._timeout:g} s of a check; saw {seen}."
            " Give a slow server more time with timeout."
        )
