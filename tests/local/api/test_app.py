"""The app as a whole: what it serves, in which order it refuses, and the state it keeps."""

from __future__ import annotations

import re
from typing import Any

import pytest

from antiphon.local import App, VirtualClock
from antiphon.local.api.latency import Latency
from antiphon.local.metering.rate_limits import Limits
from tests.support.app_requests import (
    BODY,
    COUNT_BODY,
    INVALID,
    RATE_LIMIT_HEADERS,
    TENANT_HEADERS,
    events,
    send,
)


def test_create_gives_a_message(app):
    response = send(app, body=BODY)
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    message = response.json
    assert list(message)[:5] == ["model", "id", "type", "role", "content"]
    assert re.fullmatch(r"msg_01[1-9A-HJ-NP-Za-km-z]{22}", message["id"])
    assert message["model"] == "claude-haiku-4-5-20251001"
    assert message["stop_reason"] == "end_turn"
    assert "simulated" in message["content"][0]["text"].lower()


def test_create_with_stream_gives_events_in_order(app):
    response = send(app, body={**BODY, "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    kinds = [event["type"] for event in events(response.content)]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert b"\r" not in response.content


def test_stream_carries_the_same_text_and_id_as_the_whole_message(app):
    whole = send(App(VirtualClock()), body=BODY).json
    streamed = events(send(app, body={**BODY, "stream": True}).content)
    text = "".join(
        event["delta"]["text"] for event in streamed if event["type"] == "content_block_delta"
    )
    assert text == whole["content"][0]["text"]
    assert streamed[0]["message"]["id"] == whole["id"]


def test_count_tokens_agrees_with_usage(app):
    counted = send(app, "/v1/messages/count_tokens", COUNT_BODY)
    assert counted.json == {"input_tokens": send(app, body=BODY).json["usage"]["input_tokens"]}


def test_query_of_beta_clients_changes_nothing(app):
    assert send(app, "/v1/messages?beta=true", BODY).status == 200


@pytest.mark.parametrize("stream", [False, True])
def test_response_headers_of_create(app, stream):
    headers = send(app, body={**BODY, "stream": stream}).headers
    assert re.fullmatch(r"req_01[1-9A-HJ-NP-Za-km-z]{22}", headers["request-id"])
    assert headers.keys() >= RATE_LIMIT_HEADERS | TENANT_HEADERS | {"date"}
    assert headers["x-antiphon-simulated"] == "true"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", headers["anthropic-ratelimit-tokens-reset"]
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages/count_tokens", COUNT_BODY),
        ("/v1/models", None),
        ("/v1/messages/batches", None),
    ],
)
def test_other_endpoints_send_no_rate_limit_headers(app, path, body):
    headers = send(app, path, body).headers
    assert not RATE_LIMIT_HEADERS & headers.keys()
    assert headers.keys() >= TENANT_HEADERS


def test_workspace_of_the_request_is_echoed(app):
    headers = send(app, body=BODY, anthropic_workspace_id="wrkspc_01mine").headers
    assert headers["anthropic-workspace-id"] == "wrkspc_01mine"


def test_every_request_has_its_own_id(app):
    assert send(app, body=BODY).headers["request-id"] != send(app, body=BODY).headers["request-id"]


def test_seed_changes_ids():
    one, other = App(VirtualClock(), seed=1), App(VirtualClock(), seed=2)
    assert send(one, body=BODY).json["id"] != send(other, body=BODY).json["id"]
    again = App(VirtualClock(), seed=1)
    assert (
        send(again, body=BODY).json["id"] == send(App(VirtualClock(), seed=1), body=BODY).json["id"]
    )


UNKNOWN_BETA = (
    "Unexpected value(s) `wat`, `soon` for the `anthropic-beta` header. Please consult our "
    "documentation at platform.claude.com/docs or try again without the header."
)
CONTROL_CHARACTER = (
    "The request body is not valid JSON: unexpected control character in string: "
    "line 1 column 8 (char 7)"
)
REFUSED: list[tuple[dict[str, Any], tuple[int, str, str]]] = [
    ({"path": "/v2/messages"}, (404, "not_found_error", "Not found")),
    ({"path": "/"}, (404, "not_found_error", "Not found")),
    ({"path": "//v1/messages"}, (404, "not_found_error", "Not found")),
    ({"method": "GET"}, (405, INVALID, "Method Not Allowed")),
    ({"path": "/v1/models", "method": "PUT"}, (405, INVALID, "Method Not Allowed")),
    ({"without": ("x-api-key",)}, (401, "authentication_error", "x-api-key header is required")),
    ({"x_api_key": "sk-invalid"}, (401, "authentication_error", "invalid x-api-key")),
    ({"x_api_key": ""}, (401, "authentication_error", "invalid x-api-key")),
    (
        {"without": ("x-api-key",), "authorization": "Bearer invalid"},
        (401, "authentication_error", "Invalid bearer token"),
    ),
    (
        {"without": ("x-api-key",), "authorization": "Basic sk-ant-test"},
        (401, "authentication_error", "Invalid bearer token"),
    ),
    ({"without": ("anthropic-version",)}, (400, INVALID, "anthropic-version: header is required")),
    (
        {"anthropic_version": "2023-06-01, 2023-06-01"},
        (400, INVALID, 'anthropic-version: "2023-06-01, 2023-06-01" is not a valid version'),
    ),
    ({"anthropic_beta": "files-api-2025-04-14,wat, soon"}, (400, INVALID, UNKNOWN_BETA)),
    (
        {"content_type": "text/plain"},
        (400, INVALID, "content-type: must be application/json"),
    ),
    (
        {"body": b'{"a": "\x01"}'},
        (
            400,
            INVALID,
            CONTROL_CHARACTER,
        ),
    ),
    (
        {"body": b"[]"},
        (400, INVALID, "Input should be a valid dictionary or object to extract fields from"),
    ),
    ({"body": {}}, (400, INVALID, "model: Field required")),
]


@pytest.mark.parametrize(("request_", "error"), REFUSED, ids=[str(error) for _, error in REFUSED])
def test_refusal_has_status_type_and_text_of_the_api(app, request_, error):
    response = send(app, **{"body": BODY, **request_})
    assert response.error == error
    assert response.json["type"] == "error"


def test_faults_are_found_in_the_order_of_the_api(app):
    """With everything wrong, each mended fault uncovers the next."""
    wrong: dict[str, Any] = {
        "body": b"{" + b" " * 33 * 1024 * 1024,
        "x_api_key": "invalid",
        "anthropic_version": "1999-01-01",
        "anthropic_beta": "wat",
        "content_encoding": "br",
    }
    mended = [("body", b"{"), ("x_api_key", "k"), ("anthropic_version", "2023-06-01")]
    mended += [("anthropic_beta", ""), ("content_encoding", "identity"), ("body", BODY)]
    seen = []
    for name, value in mended:
        seen.append(send(app, **wrong).error[2].split(" ")[0])
        wrong[name] = value
    assert seen == [
        "Request",
        "invalid",
        "anthropic-version:",
        "Unexpected",
        "content-encoding:",
        "The",
    ]
    assert send(app, **wrong).status == 200


def test_405_names_the_allowed_methods(app):
    assert send(app, "/v1/messages/batches", method="PUT").headers["allow"] == "GET, POST"


def test_429_says_when_to_come_back_and_then_admits():
    app = App(VirtualClock(), limits=Limits(requests=2))
    assert [send(app, body=BODY).status for _ in range(3)] == [200, 200, 429]
    refused = send(app, body=BODY)
    assert refused.error[1] == "rate_limit_error"
    assert "rate limit of 2 requests per minute" in refused.error[2]
    assert refused.headers["x-should-retry"] == "true"
    assert refused.headers.keys() >= RATE_LIMIT_HEADERS
    app.clock.advance(int(refused.headers["retry-after"]))
    assert send(app, body=BODY).status == 200


def test_a_cached_prefix_is_read_until_it_expires(app):
    system = [{"type": "text", "text": "word " * 6000, "cache_control": {"type": "ephemeral"}}]
    body = {**BODY, "system": system}

    def read(**headers: str) -> bool:
        return send(app, body=body, **headers).json["usage"]["cache_read_input_tokens"] > 0

    assert [read(), read()] == [False, True]
    assert not read(anthropic_workspace_id="wrkspc_01other")
    app.clock.advance(301)
    assert [read(), read()] == [False, True]
    app.reset()
    assert not read()


THINKING = {
    "model": "claude-haiku-4-5",
    "max_tokens": 3000,
    "thinking": {"type": "enabled", "budget_tokens": 1024},
}


def test_changed_thinking_is_refused(app):
    question = [{"role": "user", "content": "Think."}]
    content = send(app, body={**THINKING, "messages": question}).json["content"]
    assert content[0]["type"] == "thinking"

    def again(blocks: list[dict[str, Any]]) -> Any:
        turns = [
            *question,
            {"role": "assistant", "content": blocks},
            {"role": "user", "content": "Go on."},
        ]
        return send(app, body={**THINKING, "messages": turns})

    assert again(content).status == 200
    changed = {**content[0], "thinking": "Something else."}
    text = "messages.1.content.0: Invalid `signature` in `thinking` block"
    assert again([changed, *content[1:]]).error == (400, INVALID, text)


def test_latency_becomes_pauses():
    app = App(VirtualClock(), latency=Latency(first_token=2.0, tokens_per_second=10))
    whole = send(app, body=BODY)
    assert whole.paused == 2.0 + whole.json["usage"]["output_tokens"] / 10
    assert send(app, body={**BODY, "stream": True}).paused > 2.0


def test_equal_requests_get_equal_words_and_their_own_ids():
    app, other = App(VirtualClock()), App(VirtualClock())
    first, second = (send(app, body=BODY).json for _ in range(2))
    assert first["id"] != second["id"]
    assert first["content"] == second["content"]
    assert [send(other, body=BODY).json["id"] for _ in range(2)] == [first["id"], second["id"]]
    app.reset()
    assert send(app, body=BODY).json["id"] == first["id"]


def test_whether_a_repeated_request_is_streamed_makes_no_difference(app):
    send(app, body=BODY)
    streamed = events(send(app, body={**BODY, "stream": True}).content)[0]["message"]["id"]
    other = App(VirtualClock())
    assert [send(other, body=BODY).json["id"] for _ in range(2)][1] == streamed
