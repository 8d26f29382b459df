"""What a client says about its work: log records under the logger `antiphon`.

Levels: a response and a wait before another attempt are INFO; what was sent is DEBUG. Headers that
carry a credential are never logged, and a body only if ANTIPHON_LOG_BODIES is set.
Set ANTIPHON_LOG (or ANTHROPIC_LOG) to `debug` or `info` to print the records on stderr; programs
that set up `logging` themselves see them without it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ._wire.http import Body, HTTPResponse, Request, ResponseHead
from ._wire.secret import HIDDEN, Secret, is_secret_header
from ._wire.text import printable
from .errors import ToolError

__all__ = [
    "configure_logging",
    "log_attempt_failure",
    "log_failure",
    "log_output_failure",
    "log_read",
    "log_request",
    "log_response",
    "log_sleep",
    "log_stream_end",
    "log_tool_failure",
    "logger",
]

logger: logging.Logger = logging.getLogger("antiphon")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO}
_SHOWN_BYTES = 2_000
"""How much of a body is logged; the rest is usually a base64 text that nobody reads."""


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]
    """The handler that the environment asked for; it is added once."""


class _Bodies:
    """Whether bodies are logged: off until the environment asks for it."""

    shown = False


def configure_logging(environ: Mapping[str, str]) -> None:
    """Print log records on stderr if ANTIPHON_LOG or ANTHROPIC_LOG asks for it.

    Raises:
        ValueError: the variable holds something else than `debug` or `info`.
    """
    wanted = environ.get("ANTIPHON_LOG") or environ.get("ANTHROPIC_LOG")
    if not wanted:
        return
    level = _LEVELS.get(wanted.strip().lower())
    if level is None:
        raise ValueError(f"ANTIPHON_LOG: {wanted!r} is neither 'debug' nor 'info'")
    logger.setLevel(level)
    _Bodies.shown = bool(environ.get("ANTIPHON_LOG_BODIES"))
    # Once for all clients: two handlers would print each record twice.
    if not any(isinstance(handler, _Handler) for handler in logger.handlers):
        handler = _Handler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)


def log_request(request: Request) -> None:
    """Log what is about to be sent."""
    if not logger.isEnabledFor(logging.DEBUG):
        return
    headers = {name: _shown(name, value) for name, value in request.headers.items()}
    logger.debug(
        "%s %s: %d bytes, headers %s", request.method, request.url, len(request.body), headers
    )
    if _Bodies.shown:
        logger.debug("request body: %s", _beginning(request.body))


def log_response(request: Request, head: ResponseHead) -> None:
    """Log the status of a response."""
    if not logger.isEnabledFor(logging.INFO):
        return
    request_id = head.headers.get("request-id", "no request id")
    logger.info("%s %s: status %d (%s)", request.method, request.url, head.status, request_id)
    logger.debug("response headers %r", head.headers)


def log_read(chunk: bytes) -> None:
    """Log a part of a response body, if bodies are asked for."""
    if _Bodies.shown and chunk:
        logger.debug("response body: %s", _beginning(chunk))


def log_attempt_failure(error: Exception) -> None:
    """Log that an attempt failed without a whole response."""
    logger.info("attempt failed: %s", printable(str(error)))


def log_failure(error: Exception) -> None:
    """Log that a call failed and is not tried again."""
    logger.info("call failed: %s", printable(str(error)))


def log_sleep(seconds: float) -> None:
    """Log that the call waits before another attempt."""
    logger.info("waiting %.3g s before another attempt", seconds)


def log_stream_end(response: HTTPResponse) -> None:
    """Log that a stream was received to its end."""
    request_id = response.headers.get("request-id", "no request id")
    logger.info("%s %s: stream complete (%s)", response.method, response.url, request_id)


def log_output_failure(request_id: str | None) -> None:
    """Log that an output did not fit its type, and that Claude is asked again."""
    logger.warning("the output does not fit its type (%s): asking again", request_id)


def log_tool_failure(name: str, error: Exception) -> None:
    """Log that a call of a tool failed, with a traceback unless the tool meant it for Claude."""
    text = printable(str(error))
    meant = isinstance(error, ToolError)
    # A traceback ends with the text of the error; a file or a pipe may not take what is no UTF-8.
    shown = None if meant or text != str(error) else error
    logger.warning("tool %s failed: %s", name, text, exc_info=shown)


def _shown(name: str, value: str | Secret) -> str:
    return HIDDEN if is_secret_header(name) or isinstance(value, Secret) else value


def _beginning(body: Body) -> str:
    if not isinstance(body, (bytes, bytearray)):
        return f"(a file, {len(body)} bytes)"
    text = bytes(body[:_SHOWN_BYTES]).decode("utf-8", "replace")
    return text if len(body) <= _SHOWN_BYTES else f"{text}… ({len(body)} bytes)"
