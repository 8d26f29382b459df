"""Routes, headers and errors of the app, in the API's words."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import Any

import pytest

from antiphon._wire.sse import SSEDecoder
from antiphon.local import App, VirtualClock
from antiphon.local.api.latency import Latency
from antiphon.local.metering.rate_limits import Limits
from tests.support.asking import BODY, ask

COUNTED = {key: BODY[key] for key in ("model", "messages")}
RATE_FAMILIES = {
    f"anthropic-ratelimit-{family}-{part}"
    for family in ("requests", "tokens", "input-tokens", "output-tokens")
    for part in ("limit", "remaining", "reset")
}
TENANT = {"anthropic-organization-id", "anthropic-workspace-id"}


@pytest.fixture
def app() -> App:
    return App(VirtualClock())


def events(content: bytes) -> list[dict[str, Any]]:
    decoder = SSEDecoder()
    return [json.loads(frame[1]) for frame in [*decoder.feed(content), *decoder.close()]]


# What is answered


def test_create(app):
    answered = ask(app, body=BODY)
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/json"
    message = answered.json
    assert list(message)[:5] == ["model", "id", "type", "role", "content"]
    assert re.fullmatch(r"msg_01[1-9A-HJ-NP-Za-km-z]{22}", message["id"])
    assert message["model"] == "claude-haiku-4-5-20251001"
    assert message["stop_reason"] == "end_turn"
    assert "simulated" in message["content"][0]["text"].lower()


def test_create_streamed(app):
    answered = ask(app, body={**BODY, "stream": True})
    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answered.headers["cache-control"] == "no-cache"
    kinds = [event["type"] for event in events(answered.content)]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert b"\r" not in answered.content


def test_a_stream_says_what_the_whole_message_says(app):
    whole = ask(app, body=BODY).json
    streamed = events(ask(app, body={**BODY, "stream": True}).content)
    text = "".join(
        event["delta"]["text"] for event in streamed if event["type"] == "content_block_delta"
    )
    assert text == whole["content"][0]["text"]
    assert streamed[0]["message"]["id"] == whole["id"]


def test_count_tokens_agrees_with_usage(app):
    counted = ask(app, "/v1/messages/count_tokens", COUNTED)
    assert counted.json == {"input_tokens": ask(app, body=BODY).json["usage"]["input_tokens"]}


def test_what_betas_append_to_the_path_changes_nothing(app):
    assert ask(app, "/v1/messages?beta=true", BODY).status == 200


def test_models_newest_first_and_by_the_page(app):
    first = ask(app, "/v1/models?limit=3").json
    assert [model["type"] for model in first["data"]] == ["model"] * 3
    assert first["has_more"] is True
    assert (first["first_id"], first["last_id"]) == (first["data"][0]["id"], first["data"][2]["id"])
    rest = ask(app, f"/v1/models?after_id={first['last_id']}&limit=1000").json
    assert rest["has_more"] is False
    everything = ask(app, "/v1/models?limit=1000").json["data"]
    assert [*first["data"], *rest["data"]] == everything
    created = [model["created_at"] for model in everything]
    assert created == sorted(created, reverse=True)
    back = ask(app, f"/v1/models?before_id={rest['first_id']}&limit=2").json
    assert back["data"] == first["data"][1:]
    assert back["has_more"] is True


def test_a_model_by_its_alias(app):
    model = ask(app, "/v1/models/claude-haiku-4-5").json
    assert model["id"] == "claude-haiku-4-5-20251001"
    assert model["max_input_tokens"] == 200_000
    assert model["capabilities"]["thinking"]["types"]["enabled"] == {"supported": True}
    assert model["capabilities"]["effort"]["supported"] is False


@pytest.mark.parametrize("lifecycle", ["active", "deprecated", "retired"])
def test_models_by_lifecycle(app, lifecycle):
    shown = ask(app, f"/v1/models?lifecycle={lifecycle}").json["data"]
    assert {model["lifecycle"] for model in shown} <= {lifecycle}


# Headers


@pytest.mark.parametrize("stream", [False, True])
def test_headers_of_an_answer(app, stream):
    headers = ask(app, body={**BODY, "stream": stream}).headers
    assert re.fullmatch(r"req_01[1-9A-HJ-NP-Za-km-z]{22}", headers["request-id"])
    assert headers.keys() >= RATE_FAMILIES | TENANT | {"date"}
    assert headers["x-antiphon-simulated"] == "true"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", headers["anthropic-ratelimit-tokens-reset"]
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/messages/count_tokens", COUNTED), ("/v1/models", None), ("/v1/messages/batches", None)],
)
def test_other_endpoints_tell_no_rate_limits(app, path, body):
    headers = ask(app, path, body).headers
    assert not RATE_FAMILIES & headers.keys()
    assert headers.keys() >= TENANT


def test_a_workspace_of_ones_own(app):
    headers = ask(app, body=BODY, anthropic_workspace_id="wrkspc_01mine").headers
    assert headers["anthropic-workspace-id"] == "wrkspc_01mine"


def test_every_request_has_an_id_of_its_own(app):
    assert ask(app, body=BODY).headers["request-id"] != ask(app, body=BODY).headers["request-id"]


def test_a_seed_makes_other_ids():
    one, other = App(VirtualClock(), seed=1), App(VirtualClock(), seed=2)
    assert ask(one, body=BODY).json["id"] != ask(other, body=BODY).json["id"]
    again = App(VirtualClock(), seed=1)
    assert (
        ask(again, body=BODY).json["id"] == ask(App(VirtualClock(), seed=1), body=BODY).json["id"]
    )


def test_an_error_names_its_request_and_whether_to_retry(app):
    answered = ask(app, body={**BODY, "model": 5})
    assert list(answered.json) == ["type", "error", "request_id"]
    assert answered.json["request_id"] == answered.headers["request-id"]
    assert answered.headers["x-should-retry"] == "false"
    assert not RATE_FAMILIES & answered.headers.keys()


# What every request must bring, in the order it is looked at

INVALID = "invalid_request_error"
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
def test_refused(app, request_, error):
    answered = ask(app, **{"body": BODY, **request_})
    assert answered.error == error
    assert answered.json["type"] == "error"


def test_the_order_of_refusals(app):
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
        seen.append(ask(app, **wrong).error[2].split(" ")[0])
        wrong[name] = value
    assert seen == [
        "Request", "invalid", "anthropic-version:", "Unexpected", "content-encoding:", "The"
    ]  # fmt: skip
    assert ask(app, **wrong).status == 200


def test_too_large_has_the_shape_of_the_edge(app):
    answered = ask(app, body=b" " * (32 * 1024 * 1024 + 1), without=("x-api-key",))
    assert answered.status == 413
    assert answered.json == {
        "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}
    }
    assert ask(app, body=b" " * 32 * 1024 * 1024).status == 400


def test_methods_that_would_be_allowed_are_named(app):
    assert ask(app, "/v1/messages/batches", method="PUT").headers["allow"] == "GET, POST"


@pytest.mark.parametrize("authorization", ["Bearer sk-ant-api03-x", "bearer any"])
def test_bearer_tokens_are_keys_too(app, authorization):
    answered = ask(app, body=BODY, without=("x-api-key",), authorization=authorization)
    assert answered.status == 200


def test_a_server_may_accept_certain_keys_alone():
    app = App(VirtualClock(), keys={"mine"})
    assert ask(app, body=BODY, x_api_key="mine").status == 200
    assert ask(app, body=BODY).error[2] == "invalid x-api-key"


def test_both_versions(app):
    for version in ("2023-06-01", "2026-10-21"):
        assert ask(app, body=BODY, anthropic_version=version).status == 200


def test_the_newer_version_takes_no_sampling_parameters(app):
    body = {**BODY, "temperature": 1}
    assert ask(app, body=body, anthropic_version="2023-06-01").status == 200
    assert ask(app, body=body, anthropic_version="2026-10-21").error[:2] == (400, INVALID)


def test_requests_without_a_tenant_learn_no_ids_of_one(app):
    assert not TENANT & ask(app, body=BODY, x_api_key="invalid").headers.keys()


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_compressed_bodies(app, encoding, compress):
    content = compress(json.dumps(BODY).encode())
    assert ask(app, body=content, content_encoding=encoding).status == 200
    cut = ask(app, body=content[:-9], content_encoding=encoding)
    assert cut.json["error"]["details"] == {"error_code": "request_body_encoding_invalid"}
    garbage = ask(app, body=b"garbage", content_encoding=encoding)
    assert garbage.json["error"]["details"] == {"error_code": "request_body_encoding_invalid"}


def test_a_body_that_unpacks_to_too_much(app):
    content = gzip.compress(b" " * (33 * 1024 * 1024))
    answered = ask(app, body=content, content_encoding="gzip")
    assert answered.status == 413
    code = {"error_code": "request_body_too_large_after_decoding"}
    assert answered.json["error"]["details"] == code


def test_other_encodings_and_charsets(app):
    answered = ask(app, body=BODY, content_encoding="br")
    code = answered.json["error"]["details"]["error_code"]
    assert (answered.status, code) == (400, "request_body_encoding_unsupported")
    answered = ask(app, body=BODY, content_type="application/json; charset=latin-1")
    code = answered.json["error"]["details"]["error_code"]
    assert (answered.status, code) == (400, "unsupported_charset")
    assert ask(app, body=BODY, content_type='application/json; charset="UTF-8"').status == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "limit: Input should be greater than or equal to 1"),
        ("limit=1001", "limit: Input should be less than or equal to 1000"),
        ("limit=x", "limit: Input should be a valid integer, unable to parse string as an integer"),
        ("after_id=nobody", "after_id: no item of this list has the id 'nobody'"),
    ],
)
def test_pages_that_do_not_exist(app, query, message):
    assert ask(app, f"/v1/models?{query}").error == (400, INVALID, message)


def test_an_unknown_model(app):
    assert ask(app, "/v1/models/gpt-4").error == (404, "not_found_error", "model: gpt-4")


# State, and its clock


def test_a_rate_limit_refuses_and_says_when_to_come_back():
    app = App(VirtualClock(), limits=Limits(requests=2))
    assert [ask(app, body=BODY).status for _ in range(3)] == [200, 200, 429]
    refused = ask(app, body=BODY)
    assert refused.error[1] == "rate_limit_error"
    assert "rate limit of 2 requests per minute" in refused.error[2]
    assert refused.headers["x-should-retry"] == "true"
    assert refused.headers.keys() >= RATE_FAMILIES
    app.clock.advance(int(refused.headers["retry-after"]))
    assert ask(app, body=BODY).status == 200


def test_a_cached_prefix_is_read_until_it_expires(app):
    system = [{"type": "text", "text": "word " * 6000, "cache_control": {"type": "ephemeral"}}]
    body = {**BODY, "system": system}

    def read(**headers: str) -> bool:
        return ask(app, body=body, **headers).json["usage"]["cache_read_input_tokens"] > 0

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


def test_thinking_comes_back_as_it_was_or_not_at_all(app):
    asked = [{"role": "user", "content": "Think."}]
    content = ask(app, body={**THINKING, "messages": asked}).json["content"]
    assert content[0]["type"] == "thinking"

    def again(blocks: list[dict[str, Any]]) -> Any:
        turns = [
            *asked,
            {"role": "assistant", "content": blocks},
            {"role": "user", "content": "Go on."},
        ]
        return ask(app, body={**THINKING, "messages": turns})

    assert again(content).status == 200
    changed = {**content[0], "thinking": "Something else."}
    text = "messages.1.content.0: Invalid `signature` in `thinking` block"
    assert again([changed, *content[1:]]).error == (400, INVALID, text)


def test_a_pace_becomes_pauses():
    app = App(VirtualClock(), latency=Latency(first_token=2.0, tokens_per_second=10))
    whole = ask(app, body=BODY)
    assert whole.paused == 2.0 + whole.json["usage"]["output_tokens"] / 10
    assert ask(app, body={**BODY, "stream": True}).paused > 2.0


def test_silence_is_broken_by_pings():
    app = App(VirtualClock(), latency=Latency(first_token=50.0))
    answered = ask(app, body={**BODY, "stream": True})
    kinds = [event["type"] for event in events(answered.content)]
    assert kinds[:4] == ["ping", "ping", "ping", "message_start"]
    assert answered.paused == 50.0


# Control


def test_control(app):
    ask(app, body=BODY)
    ask(app, "/nowhere?a=b")
    assert ask(app, "/__antiphon/health").json == {"status": "ok", "simulated": True}
    first, second = ask(app, "/__antiphon/requests").json["data"]
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/messages", 200)
    assert first["body"] == BODY
    assert first["headers"]["x-api-key"] == "[secret]"
    assert (second["path"], second["status"], second["body"]) == ("/nowhere?a=b", 404, None)
    assert ask(app, "/__antiphon/reset", b"").status == 200
    assert ask(app, "/__antiphon/requests").json == {"data": []}


def test_control_of_the_clock(app):
    before = ask(app, "/__antiphon/clock").json
    assert before == {"now": app.clock(), "running": False}
    after = ask(app, "/__antiphon/clock", {"advance": 300}).json
    assert after["now"] == before["now"] + 300
    for body in ({"advance": -1}, {"advance": "x"}, [], b"{", {"advance": 1e999}, {}):
        answered = ask(app, "/__antiphon/clock", body)
        assert answered.status == 400
    assert app.clock() == after["now"]


def test_control_can_be_off():
    app = App(VirtualClock(), control=False)
    assert ask(app, "/__antiphon/health").error == (404, "not_found_error", "Not found")
    assert ask(app, "/__antiphon/reset", b"").status == 404
