"""The published list of checks. Each one relies on the forms that `Probe` has checked."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..._wire.json import is_object
from ..._wire.literals import read_exactly
from .expectations import (
    NonconformityError,
    expect,
    expect_object,
    expect_text,
    is_count,
    is_list_of_objects,
    is_text,
    shortened,
)
from .probe import Probe, Response

__all__ = ["CHECKS", "ConformityCheck", "Need"]

Need: TypeAlias = Literal["must", "should"]

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


@dataclass(frozen=True, slots=True)
class ConformityCheck:
    """One thing that the API does."""

    name: str
    title: str
    need: Need
    """"must" if programs rely on it; "should" if it helps."""
    run: Callable[[Probe], None]


def _error(response: Response, status: int, kind: str) -> None:
    expect(response.status == status, f"status {status}", response.shown)
    body = response.object
    expect(body.get("type") == "error", 'an envelope of type "error"', body)
    error = expect_object(body.get("error"), "error")
    expect(error.get("type") == kind, f"error.type {kind!r}", repr(error.get("type")))
    expect_text(error.get("message"), "error.message")


def _blocks(message: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [block for block in message["content"] if block["type"] == kind]


def _expect_text(message: dict[str, Any]) -> None:
    some = any(block["text"] for block in _blocks(message, "text"))
    expect(some, "some text", message["content"])


def _expect_tokens(message: dict[str, Any], where: str) -> None:
    usage = message["usage"]
    for name in ("input_tokens", "output_tokens"):
        expect(usage[name] > 0, f"usage.{name} above 0 {where}", usage[name])


def _expect_stop(message: dict[str, Any], reason: str) -> None:
    seen = message["stop_reason"]
    expect(seen == reason, f"stop_reason {reason}", seen)


def _create(probe: Probe) -> None:
    _expect_text(probe.message())


def _usage(probe: Probe) -> None:
    _expect_tokens(probe.message(), "in a message")
    _expect_tokens(probe.stream().message, "at the end of a stream")


def _request_id(probe: Probe) -> None:
    found = probe.send(probe.ask()).headers.get("request-id")
    expect(found, "a header request-id", "none")


def _limit(probe: Probe) -> None:
    message = probe.message(max_tokens=1)
    _expect_stop(message, "max_tokens")
    count = message["usage"]["output_tokens"]
    expect(count <= 1, "at most 1 output token", count)


def _system(probe: Probe) -> None:
    plain = probe.message(system="Be brief.")
    blocks = probe.message(system=[{"type": "text", "text": "Be brief."}])
    counts = [each["usage"]["input_tokens"] for each in (plain, blocks)]
    expect(counts[0] == counts[1], "as many tokens for a text as for a text block", counts)


def _stream(probe: Probe) -> None:
    streamed = probe.stream()
    streamed.expect_deltas("text_delta")
    _expect_text(streamed.message)


def _stream_error(probe: Probe) -> None:
    response = probe.send(probe.ask(max_tokens=..., stream=True))
    _error(response, 400, "invalid_request_error")  # JSON, since no stream has begun


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
    inside, header = response.object.get("request_id"), response.headers.get("request-id")
    expect(inside and inside == header, "request_id in the body as in the header", (inside, header))


def _count(probe: Probe) -> None:
    def counted(text: str) -> int:
        body = probe.ask(max_tokens=..., messages=[{"role": "user", "content": text}])
        response = probe.send(body, "/v1/messages/count_tokens")
        response.expect_ok()
        found = response.object.get("input_tokens")
        expect(is_count(found) and found > 0, "input_tokens above 0", response.shown)
        return int(found or 0)

    short, long = counted("Hello"), counted("Hello, how are you today? " * 20)
    expect(long > short, "more tokens for more text", (short, long))
    used = probe.message(messages=[{"role": "user", "content": "Hello"}])["usage"]
    expect(used["input_tokens"] == short, f"{short} input tokens, as counted", used)


def _call(message: dict[str, Any]) -> dict[str, Any]:
    calls = _blocks(message, "tool_use")
    expect(calls, "a tool_use block", message["content"])
    return calls[0]


def _expect_call(message: dict[str, Any]) -> None:
    call = _call(message)
    _expect_stop(message, "tool_use")
    expect(call["name"] == "get_weather", "the tool that was chosen", call)
    given = call["input"]
    expect(is_text(given.get("city")), "an input that fits the schema", given)


_FORCED: dict[str, Any] = {
    "tools": [_WEATHER],
    "tool_choice": {"type": "tool", "name": "get_weather"},
    "messages": [{"role": "user", "content": "What is the weather in Oslo?"}],
    "max_tokens": 200,
}


def _tool(probe: Probe) -> None:
    _expect_call(probe.message(**_FORCED))


def _tool_stream(probe: Probe) -> None:
    streamed = probe.stream(**_FORCED)
    streamed.expect_deltas("input_json_delta")
    _expect_call(streamed.message)


def _tool_result(probe: Probe) -> None:
    call = _call(probe.message(**_FORCED))
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "12 degrees"}
    turns = [
        *_FORCED["messages"],
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    message = probe.message(tools=[_WEATHER], messages=turns)
    expect(_blocks(message, "text"), "a text about the result", message["content"])


def _unpaired(probe: Probe) -> None:
    result = {"type": "tool_result", "tool_use_id": "toolu_nothing", "content": "12"}
    body = probe.ask(tools=[_WEATHER], messages=[{"role": "user", "content": [result]}])
    _error(probe.send(body), 400, "invalid_request_error")


_THINKING: dict[str, Any] = {
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "max_tokens": 2048,
}


def _expect_thinking(message: dict[str, Any]) -> None:
    content = message["content"]
    expect(content and content[0]["type"] == "thinking", "a thinking block first", content)
    expect_text(content[0].get("signature"), "a signature")


def _thinking(probe: Probe) -> None:
    message = probe.message(model=probe.thinking_model, **_THINKING)
    _expect_thinking(message)
    turns = [
        {"role": "user", "content": "Say hello."},
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": "Again."},
    ]
    probe.message(model=probe.thinking_model, messages=turns, **_THINKING)


def _thinking_stream(probe: Probe) -> None:
    streamed = probe.stream(model=probe.thinking_model, **_THINKING)
    streamed.expect_deltas("thinking_delta", "signature_delta")
    _expect_thinking(streamed.message)


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


def _expect_citations(message: dict[str, Any]) -> None:
    texts = _blocks(message, "text")
    cited = [each for block in texts for each in block.get("citations") or ()]
    expect(cited, "a text block with citations", message["content"])
    for each in cited:
        expect_text(each.get("cited_text"), "cited_text of each citation")


def _citations(probe: Probe) -> None:
    _expect_citations(probe.message(messages=_cited(), max_tokens=200))


def _citations_stream(probe: Probe) -> None:
    streamed = probe.stream(messages=_cited(), max_tokens=200)
    streamed.expect_deltas("citations_delta")
    _expect_citations(streamed.message)


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
    text = "".join(block["text"] for block in _blocks(message, "text"))
    try:
        found = read_exactly(text)
    except ValueError as error:
        raise NonconformityError(f"expected JSON as the text; saw {shortened(text)!r}") from error
    fits = is_object(found) and is_text(found.get("name")) and is_count(found.get("age"))
    expect(fits, "an object that fits the schema", repr(found))


def _cache(probe: Probe) -> None:
    block = {"type": "text", "text": "word " * 6000, "cache_control": {"type": "ephemeral"}}
    first = probe.message(system=[block])["usage"]
    second = probe.message(system=[block])["usage"]
    for usage in (first, second):
        for name in ("cache_creation_input_tokens", "cache_read_input_tokens"):
            expect(is_count(usage.get(name)), f"usage.{name}: a whole number", usage)
    expect(second["cache_read_input_tokens"] > 0, "the second request to read the cache", second)


def _rate_limits(probe: Probe) -> None:
    headers = probe.send(probe.ask()).headers
    for name in ("requests", "input-tokens", "output-tokens"):
        for part in ("limit", "remaining", "reset"):
            full = f"anthropic-ratelimit-{name}-{part}"
            expect(headers.get(full), f"a header {full}", "none")


def _models(probe: Probe) -> None:
    response = probe.send(None, "/v1/models")
    response.expect_ok()
    page = response.object
    models = page.get("data")
    first = models[0] if is_list_of_objects(models) and models else None
    expect(first, "data: a list of models", response.shown)
    expect("has_more" in page, "has_more", response.shown)
    name = expect_text((first or {}).get("id"), "the id of a model")
    one = probe.send(None, f"/v1/models/{name}")
    expect(one.status == 200 and one.object.get("id") == name, f"the model {name}", one.shown)


def _batches(probe: Probe) -> None:
    item = {"custom_id": "one", "params": probe.ask()}
    made = probe.send({"requests": [item]}, "/v1/messages/batches")
    made.expect_ok()
    batch = made.object
    expect(batch.get("type") == "message_batch", "type message_batch", made.shown)
    states = ("in_progress", "ended", "canceling")
    expect(batch.get("processing_status") in states, "a processing_status", made.shown)
    name = expect_text(batch.get("id"), "the id of the batch")
    found = probe.send(None, f"/v1/messages/batches/{name}")
    found.expect_ok()
    expect(found.object.get("id") == name, "the batch by its id", found.shown)


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
