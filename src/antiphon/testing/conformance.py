"""Whether a server speaks the Messages API: a list of checks, and a score card with evidence.

Each check sends a few requests and looks at the bytes that come back, not at what a client makes of
them: a tolerant client would hide what is wrong. A check raises `NonconformityError` with what it
expected and what it saw. `CHECKS` is the published list, in the order in which they run.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from .._transport import Transport
from .._transport.default import transport_for
from .._transport.origin import target_of
from .._wire.http import Request, Timeout
from .._wire.json import dumps, is_list, is_object
from .._wire.secret import Secret
from .._wire.sse import SSEDecoder
from .._wire.url import URL
from ..errors import APIConnectionError
from ..types.message import StopReason

__all__ = [
    "CHECKS",
    "CheckResult",
    "ConformityCheck",
    "NonconformityError",
    "ScoreCard",
    "check_server",
]

Need: TypeAlias = Literal["must", "should"]
Outcome: TypeAlias = Literal["passed", "failed"]

_STOP_REASONS = get_args(StopReason)
_SHOWN = 300
_CLOCKS = Timeout.of(60)
# One white pixel.
_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
_WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "Get the weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


class NonconformityError(AssertionError):
    """What a server does that the API does not do."""


class Response(NamedTuple):
    """A response as it came."""

    status: int
    headers: Any
    content: bytes

    @property
    def json(self) -> Any:
        """The body as JSON values."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise NonconformityError(f"expected JSON, got {self.shown}") from error

    @property
    def shown(self) -> str:
        """The beginning of the response, for people."""
        text = self.content.decode("utf-8", "replace")
        return f"status {self.status}, {text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}"


class Probe:
    """Sends requests to the server under test."""

    def __init__(
        self, transport: Transport, base_url: str, api_key: str, model: str, thinking_model: str
    ) -> None:
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._headers = {
            "x-api-key": api_key,
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }
        self.model = model
        self.thinking_model = thinking_model

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
        """
        headers: dict[str, str | Secret] = {k: v for k, v in self._headers.items() if k != without}
        content = body if isinstance(body, bytes) else b"" if body is None else dumps(body)
        method = "GET" if body is None else "POST"
        url = URL(f"{self._base_url}{path}")
        request = Request(method, url, headers, content, _CLOCKS)
        try:
            opened = self._transport.send(request)
        except APIConnectionError as error:
            if not error.stale:
                raise
            opened = self._transport.send(request)  # the connection of an earlier check had ended
        try:
            chunks: list[bytes] = []
            while chunk := opened.read(_CLOCKS.read):
                chunks.append(chunk)
        finally:
            opened.close()
        return Response(opened.head.status, opened.head.headers, b"".join(chunks))

    def message(self, **changes: Any) -> dict[str, Any]:
        """Return the message that a request creates, its form checked."""
        response = self.send(self.ask(**changes))
        _expect(response.status == 200, "status 200", response.shown)
        return _checked_message(response.json)

    def events(self, **changes: Any) -> list[dict[str, Any]]:
        """Return the events that a streamed request gives, their form and order checked."""
        response = self.send(self.ask(stream=True, **changes))
        _expect(response.status == 200, "status 200", response.shown)
        kind = response.headers.get("content-type", "")
        _expect("text/event-stream" in kind, "content-type text/event-stream", repr(kind))
        return [*_checked_events(response.content)]


@dataclass(frozen=True, slots=True)
class ConformityCheck:
    """One thing that the API does."""

    name: str
    title: str
    need: Need
    """"must" if programs rely on it; "should" if it helps."""
    run: Callable[[Probe], None]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check has found."""

    name: str
    title: str
    need: Need
    outcome: Outcome
    evidence: str = ""
    """What was expected, and what was seen."""


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """What all checks have found about a server."""

    base_url: str
    findings: tuple[CheckResult, ...]

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(finding.outcome == "passed" for finding in self.findings)

    @property
    def conforms(self) -> bool:
        """Whether all that programs rely on is there."""
        return all(each.outcome == "passed" for each in self.findings if each.need == "must")

    def to_dict(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return {
            "base_url": self.base_url,
            "passed": self.passed,
            "checks": len(self.findings),
            "conforms": self.conforms,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def __str__(self) -> str:
        lines = [f"{self.base_url}: {self.passed} of {len(self.findings)} checks passed"]
        for each in self.findings:
            mark = "ok  " if each.outcome == "passed" else "FAIL"
            lines.append(f"{mark} {each.name:24} {each.title} ({each.need})")
            lines += [f"       {line}" for line in each.evidence.splitlines()]
        return "\n".join(lines)


def check_server(
    base_url: str,
    *,
    api_key: str = "conformance",
    model: str = "claude-haiku-4-5",
    thinking_model: str = "claude-sonnet-4-6",
    checks: Iterable[ConformityCheck] | None = None,
    http_client: Any = None,
) -> ScoreCard:
    """Run the checks against a server.

    Args:
        base_url: its address.
        api_key: the key to send.
        model: the model to ask for.
        thinking_model: a model that thinks if it is told to.
        checks: those to run; by default all of `CHECKS`.
        http_client: what carries the requests; by default our own transport.

    Raises:
        ValueError: `base_url` is no URL.
    """
    target_of(base_url)  # or every check would say so
    findings: list[CheckResult] = []
    probe = Probe(transport_for(http_client), base_url, api_key, model, thinking_model)
    for check in CHECKS if checks is None else checks:
        evidence = ""
        try:
            check.run(probe)
        except NonconformityError as difference:
            evidence = str(difference)
        except APIConnectionError as error:
            evidence = f"expected a whole response: {error}"
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            evidence = f"the response has another form: {type(error).__name__}: {error}"
        outcome: Outcome = "failed" if evidence else "passed"
        findings.append(CheckResult(check.name, check.title, check.need, outcome, evidence))
    return ScoreCard(base_url, tuple(findings))


def _expect(holds: Any, wanted: str, seen: Any) -> None:
    if not holds:
        raise NonconformityError(f"expected {wanted}; saw {seen}")


def _checked_message(found: Any) -> dict[str, Any]:
    _expect(is_object(found), "a JSON object", found)
    message: dict[str, Any] = found
    for name, wanted in (("type", "message"), ("role", "assistant")):
        _expect(message.get(name) == wanted, f"{name}: {wanted!r}", repr(message.get(name)))
    _expect(isinstance(message.get("id"), str) and message["id"], "an id", message.get("id"))
    _expect(isinstance(message.get("model"), str), "the name of the model", message.get("model"))
    _expect(is_list(message.get("content")), "a list of content", repr(message.get("content")))
    for number, block in enumerate(message["content"]):
        _expect(is_object(block) and "type" in block, f"content.{number} with a type", block)
    reason = message.get("stop_reason")
    _expect(reason in _STOP_REASONS, "a stop_reason of the API", repr(reason))
    _expect("stop_sequence" in message, "stop_sequence, if only null", "none")
    _checked_usage(message.get("usage"))
    return message


def _checked_usage(usage: Any) -> None:
    _expect(is_object(usage), "usage: an object", repr(usage))
    for name in ("input_tokens", "output_tokens"):
        count = usage.get(name)
        whole = isinstance(count, int) and not isinstance(count, bool) and count >= 0
        _expect(whole, f"usage.{name}: a whole number", repr(count))


def _checked_events(content: bytes) -> Iterator[dict[str, Any]]:
    decoder = SSEDecoder()
    frames = [*decoder.feed(content), *decoder.close()]
    state, index = "start", -1
    for number, (name, data) in enumerate(frames, 1):
        try:
            event: Any = json.loads(data)
        except ValueError as error:
            raise NonconformityError(f"event {number}: expected JSON; saw {data!r}") from error
        kind = event.get("type") if is_object(event) else None
        told = None if name is None else name.decode("utf-8", "replace")
        _expect(told == kind, f"event {number}: its name to be its type {kind!r}", repr(told))
        if kind == "ping":
            continue
        state, index = _next_state(state, index, event, number)
        yield event
    _expect(state == "end", "message_stop at the end", f"the end after {len(frames)} events")


def _next_state(state: str, index: int, event: Any, number: int) -> tuple[str, int]:
    kind = event["type"]
    allowed = {
        "start": ("message_start",),
        "between": ("content_block_start", "message_delta"),
        "block": ("content_block_delta", "content_block_stop"),
        "last": ("message_delta", "message_stop"),
        "end": (),
    }[state]
    wanted = " or ".join(allowed) or "nothing more"
    _expect(kind in allowed, f"event {number}: {wanted}", kind)
    if kind == "message_start":
        begun: Any = event["message"].get("usage")
        _checked_usage(begun)
        return "between", index
    if kind == "content_block_start":
        found = event.get("index")
        _expect(found == index + 1, f"event {number}: index {index + 1}", found)
        _expect("type" in event.get("content_block", {}), "a content_block with a type", event)
        return "block", index + 1
    if kind in ("content_block_delta", "content_block_stop"):
        found = event.get("index")
        _expect(found == index, f"event {number}: index {index}", found)
        return ("block" if kind == "content_block_delta" else "between"), index
    if kind == "message_delta":
        reason = event["delta"].get("stop_reason")
        _expect(reason in _STOP_REASONS, "message_delta with a stop_reason", repr(reason))
        usage: Any = event.get("usage")
        told = is_object(usage) and isinstance(usage.get("output_tokens"), int)
        _expect(told, "message_delta with usage.output_tokens", repr(usage))
        return "last", index
    return "end", index


def _error(response: Response, status: int, kind: str) -> None:
    _expect(response.status == status, f"status {status}", response.shown)
    body = response.json
    _expect(is_object(body) and body.get("type") == "error", 'an envelope of type "error"', body)
    error: Any = body.get("error")
    _expect(is_object(error), "error: an object", body)
    _expect(error.get("type") == kind, f"error.type {kind!r}", repr(error.get("type")))
    said = error.get("message")
    _expect(isinstance(said, str) and said, "error.message: a text", repr(said))


def _deltas(events: list[dict[str, Any]], kind: str) -> list[Any]:
    found = (event["delta"] for event in events if event["type"] == "content_block_delta")
    return [delta for delta in found if delta["type"] == kind]


def _create(probe: Probe) -> None:
    message = probe.message()
    texts = [block["text"] for block in message["content"] if block["type"] == "text"]
    _expect(any(texts), "some text", message["content"])


def _usage(probe: Probe) -> None:
    usage = probe.message()["usage"]
    for name in ("input_tokens", "output_tokens"):
        _expect(usage[name] > 0, f"usage.{name} above 0", usage[name])


def _request_id(probe: Probe) -> None:
    found = probe.send(probe.ask()).headers.get("request-id")
    _expect(found, "a header request-id", "none")


def _limit(probe: Probe) -> None:
    message = probe.message(max_tokens=1)
    _expect(
        message["stop_reason"] == "max_tokens", "stop_reason max_tokens", message["stop_reason"]
    )
    count = message["usage"]["output_tokens"]
    _expect(count <= 1, "at most 1 output token", count)


def _system(probe: Probe) -> None:
    plain = probe.message(system="Be brief.")
    blocks = probe.message(system=[{"type": "text", "text": "Be brief."}])
    counts = [each["usage"]["input_tokens"] for each in (plain, blocks)]
    _expect(counts[0] == counts[1], "as many tokens for a text as for a text block", counts)


def _stream(probe: Probe) -> None:
    events = probe.events()
    text = "".join(delta["text"] for delta in _deltas(events, "text_delta"))
    _expect(text, "text deltas", "none")


def _stream_error(probe: Probe) -> None:
    response = probe.send(probe.ask(max_tokens=..., stream=True))
    _error(response, 400, "invalid_request_error")
    kind = response.headers.get("content-type", "")
    _expect("json" in kind, "a JSON error, since no stream has begun", repr(kind))


def _refused(status: int, kind: str, **changes: Any) -> Callable[[Probe], None]:
    return lambda probe: _error(probe.send(probe.ask(**changes)), status, kind)


def _no_json(probe: Probe) -> None:
    _error(probe.send(b'{"model": '), 400, "invalid_request_error")


def _no_key(probe: Probe) -> None:
    response = probe.send(probe.ask(), without="x-api-key")
    _error(response, 401, "authentication_error")


def _no_path(probe: Probe) -> None:
    _error(probe.send({}, "/v1/nothing"), 404, "not_found_error")


def _error_id(probe: Probe) -> None:
    response = probe.send(probe.ask(max_tokens=...))
    inside, header = response.json.get("request_id"), response.headers.get("request-id")
    _expect(
        inside and inside == header, "request_id in the body as in the header", (inside, header)
    )


def _count(probe: Probe) -> None:
    def counted(text: str) -> int:
        body = probe.ask(max_tokens=..., messages=[{"role": "user", "content": text}])
        response = probe.send(body, "/v1/messages/count_tokens")
        _expect(response.status == 200, "status 200", response.shown)
        found: Any = response.json.get("input_tokens")
        _expect(isinstance(found, int) and found > 0, "input_tokens above 0", response.shown)
        return int(found)

    short, long = counted("Hello"), counted("Hello, how are you today? " * 20)
    _expect(long > short, "more tokens for more text", (short, long))
    used = probe.message(messages=[{"role": "user", "content": "Hello"}])["usage"]
    _expect(used["input_tokens"] == short, f"{short} input tokens, as counted", used)


def _call(message: dict[str, Any]) -> Any:
    calls = [block for block in message["content"] if block["type"] == "tool_use"]
    _expect(calls, "a tool_use block", message["content"])
    return calls[0]


_FORCED: dict[str, Any] = {
    "tools": [_WEATHER],
    "tool_choice": {"type": "tool", "name": "get_weather"},
    "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
    "max_tokens": 200,
}


def _tool(probe: Probe) -> None:
    message = probe.message(**_FORCED)
    call = _call(message)
    _expect(message["stop_reason"] == "tool_use", "stop_reason tool_use", message["stop_reason"])
    _expect(call.get("name") == "get_weather", "the tool that was chosen", call)
    _expect(isinstance(call.get("id"), str) and call["id"], "a call with an id", call)
    given: Any = call.get("input")
    fits = is_object(given) and isinstance(given.get("city"), str)
    _expect(fits, "an input that fits the schema", given)


def _tool_stream(probe: Probe) -> None:
    events = probe.events(**_FORCED)
    parts = _deltas(events, "input_json_delta")
    _expect(parts, "input_json_delta events", "none")
    text = "".join(part["partial_json"] for part in parts)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NonconformityError(f"expected JSON in partial_json; saw {text!r}") from error
    _expect(is_object(found) and "city" in found, "an input that fits the schema", found)


def _tool_result(probe: Probe) -> None:
    call = _call(probe.message(**_FORCED))
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "12 degrees"}
    turns = [
        *_FORCED["messages"],
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    message = probe.message(tools=[_WEATHER], messages=turns)
    texts = [block for block in message["content"] if block["type"] == "text"]
    _expect(texts, "a text about the result", message["content"])


def _unpaired(probe: Probe) -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_nothing", "content": "12"}
    body = probe.ask(tools=[_WEATHER], messages=[{"role": "user", "content": [result]}])
    _error(probe.send(body), 400, "invalid_request_error")


_THINKING: dict[str, Any] = {
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "max_tokens": 2048,
}


def _thinking(probe: Probe) -> None:
    message = probe.message(model=probe.thinking_model, **_THINKING)
    first = message["content"][0]
    _expect(first["type"] == "thinking", "a thinking block first", first)
    _expect(first.get("signature"), "a signature", first)
    turns = [
        {"role": "user", "content": "Say hello."},
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": "Again."},
    ]
    probe.message(model=probe.thinking_model, messages=turns, **_THINKING)


def _thinking_stream(probe: Probe) -> None:
    events = probe.events(model=probe.thinking_model, **_THINKING)
    for kind in ("thinking_delta", "signature_delta"):
        _expect(_deltas(events, kind), f"{kind} events", "none")


def _image_turn(data: str) -> list[dict[str, Any]]:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    return [{"role": "user", "content": content}]


def _image(probe: Probe) -> None:
    probe.message(messages=_image_turn(_PIXEL))
    broken = base64.b64encode(b"not an image").decode()
    response = probe.send(probe.ask(messages=_image_turn(broken)))
    _error(response, 400, "invalid_request_error")


def _cited() -> list[dict[str, Any]]:
    document = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "The sky is blue."},
        "citations": {"enabled": True},
    }
    question = {"type": "text", "text": "What colour is the sky? Cite the document."}
    return [{"role": "user", "content": [document, question]}]


def _citations(probe: Probe) -> None:
    message = probe.message(messages=_cited(), max_tokens=200)
    cited = [each for block in message["content"] for each in block.get("citations") or ()]
    _expect(cited, "a text block with citations", message["content"])
    _expect(cited[0].get("cited_text"), "cited_text", cited[0])


def _citations_stream(probe: Probe) -> None:
    events = probe.events(messages=_cited(), max_tokens=200)
    _expect(_deltas(events, "citations_delta"), "citations_delta events", "none")


def _structured(probe: Probe) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    config = {"format": {"type": "json_schema", "schema": schema}}
    turns = [{"role": "user", "content": "Anna is 34. Extract name and age."}]
    message = probe.message(output_config=config, messages=turns, max_tokens=200)
    text = "".join(block.get("text", "") for block in message["content"])
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NonconformityError(f"expected JSON as the text; saw {text!r}") from error
    fits = isinstance(found.get("name"), str) and isinstance(found.get("age"), int)
    _expect(fits, "an object that fits the schema", found)


def _cache(probe: Probe) -> None:
    block = {"type": "text", "text": "word " * 6000, "cache_control": {"type": "ephemeral"}}
    first = probe.message(system=[block])["usage"]
    second = probe.message(system=[block])["usage"]
    for usage in (first, second):
        for name in ("cache_creation_input_tokens", "cache_read_input_tokens"):
            _expect(isinstance(usage.get(name), int), f"usage.{name}", usage)
    _expect(second["cache_read_input_tokens"] > 0, "the second request to read the cache", second)


def _rate_limits(probe: Probe) -> None:
    headers = probe.send(probe.ask()).headers
    for name in ("requests", "input-tokens", "output-tokens"):
        for part in ("limit", "remaining", "reset"):
            full = f"anthropic-ratelimit-{name}-{part}"
            _expect(headers.get(full), f"a header {full}", "none")


def _models(probe: Probe) -> None:
    response = probe.send(None, "/v1/models")
    _expect(response.status == 200, "status 200", response.shown)
    page = response.json
    _expect(is_list(page.get("data")) and page["data"], "data: a list of models", response.shown)
    _expect("has_more" in page, "has_more", response.shown)
    name = page["data"][0]["id"]
    one = probe.send(None, f"/v1/models/{name}")
    _expect(one.status == 200 and one.json.get("id") == name, f"the model {name}", one.shown)


def _batches(probe: Probe) -> None:
    item = {"custom_id": "one", "params": probe.ask()}
    made = probe.send({"requests": [item]}, "/v1/messages/batches")
    _expect(made.status == 200, "status 200", made.shown)
    batch = made.json
    _expect(batch.get("type") == "message_batch", "type message_batch", made.shown)
    states = ("in_progress", "ended", "canceling")
    _expect(batch.get("processing_status") in states, "a processing_status", made.shown)
    found = probe.send(None, f"/v1/messages/batches/{batch['id']}")
    _expect(found.json.get("id") == batch["id"], "the batch by its id", found.shown)


_NO_MESSAGES: dict[str, Any] = {"messages": []}

CHECKS: tuple[ConformityCheck, ...] = (
    ConformityCheck("create", "creates a message of the right form", "must", _create),
    ConformityCheck("usage", "tells how many tokens it used", "must", _usage),
    ConformityCheck("max_tokens", "stops at max_tokens and says so", "must", _limit),
    ConformityCheck("system", "takes instructions as a text and as blocks", "must", _system),
    ConformityCheck("stream", "streams events in the right order", "must", _stream),
    ConformityCheck("request_id", "gives each response an id", "should", _request_id),
    ConformityCheck("usage_of_count", "counts tokens, as many as it charges", "must", _count),
    ConformityCheck(
        "error_missing",
        "refuses a request without max_tokens",
        "must",
        _refused(400, "invalid_request_error", max_tokens=...),
    ),
    ConformityCheck(
        "error_no_messages",
        "refuses a request without messages",
        "must",
        _refused(400, "invalid_request_error", **_NO_MESSAGES),
    ),
    ConformityCheck(
        "error_role",
        "refuses an unknown role",
        "must",
        _refused(400, "invalid_request_error", messages=[{"role": "wizard", "content": "Hello"}]),
    ),
    ConformityCheck(
        "error_empty_text",
        "refuses empty text blocks",
        "should",
        _refused(
            400,
            "invalid_request_error",
            messages=[{"role": "user", "content": [{"type": "text", "text": ""}]}],
        ),
    ),
    ConformityCheck(
        "error_unknown_field",
        "refuses fields that it does not know",
        "should",
        _refused(400, "invalid_request_error", no_such_field=1),
    ),
    ConformityCheck(
        "error_model",
        "answers 404 to a model that is not there",
        "must",
        _refused(404, "not_found_error", model="claude-nothing-0"),
    ),
    ConformityCheck("error_json", "refuses a body that is not JSON", "must", _no_json),
    ConformityCheck("error_key", "answers 401 without a key", "should", _no_key),
    ConformityCheck("error_path", "answers 404 to an unknown path", "must", _no_path),
    ConformityCheck("error_stream", "refuses a stream with a JSON error", "must", _stream_error),
    ConformityCheck("error_request_id", "gives errors an id", "should", _error_id),
    ConformityCheck("tools", "calls the tool that is chosen", "must", _tool),
    ConformityCheck("tools_stream", "streams the input of a call as JSON", "must", _tool_stream),
    ConformityCheck("tool_result", "goes on after the result of a call", "must", _tool_result),
    ConformityCheck("tool_unpaired", "refuses a result without a call", "should", _unpaired),
    ConformityCheck("thinking", "thinks first, and takes its thinking back", "must", _thinking),
    ConformityCheck(
        "thinking_stream", "streams thinking and its signature", "must", _thinking_stream
    ),
    ConformityCheck("images", "takes an image, and refuses what is none", "must", _image),
    ConformityCheck("citations", "cites a document", "should", _citations),
    ConformityCheck("citations_stream", "streams citations", "should", _citations_stream),
    ConformityCheck("structured_output", "keeps to a JSON schema", "should", _structured),
    ConformityCheck("prompt_cache", "reads a prompt from the cache", "should", _cache),
    ConformityCheck("rate_limit_headers", "tells its rate limits", "should", _rate_limits),
    ConformityCheck("models", "lists models", "should", _models),
    ConformityCheck("batches", "takes batches of requests", "should", _batches),
)
"""The checks, in the order in which they run."""
