"""Whatever is sent: an answer or a refusal in the API's envelope, never a failure of the server."""

from __future__ import annotations

import json
import os
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.local import App, VirtualClock
from antiphon.local.api.journal import Journal
from tests.support.app_requests import BODY, AppResponse, send

pytestmark = pytest.mark.slow

PATHS = (
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/messages/batches",
    "/v1/messages/batches/msgbatch_01",
    "/v1/messages/batches/msgbatch_01/cancel",
    "/v1/messages/batches/msgbatch_01/results",
    "/v1/models",
    "/v1/models/claude-haiku-4-5",
    "/__antiphon/clock",
    "/__antiphon/requests",
)
MODELS = ("claude-haiku-4-5", "claude-opus-4-6", "claude-opus-5", "claude-sonnet-5-5")
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
}

text = st.text(max_size=20)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
kinds = st.sampled_from(
    [
        "text",
        "image",
        "document",
        "tool_use",
        "tool_result",
        "thinking",
        "redacted_thinking",
        "search_result",
        "server_tool_use",
        "web_search_tool_result",
        "container_upload",
        "base64",
        "url",
        "file",
        "content",
        "custom",
        "any",
        "auto",
        "tool",
        "enabled",
        "adaptive",
        "ephemeral",
        "json_schema",
        "web_search_20250305",
        "bash_20250124",
        "compaction",
    ]
)
words = st.sampled_from(
    [
        "type",
        "text",
        "source",
        "data",
        "media_type",
        "name",
        "id",
        "input",
        "input_schema",
        "content",
        "tool_use_id",
        "is_error",
        "cache_control",
        "ttl",
        "thinking",
        "signature",
        "citations",
        "budget_tokens",
        "properties",
        "schema",
        "format",
        "effort",
        "title",
    ]
)
nearly = st.recursive(
    anything | kinds,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words, inner, max_size=4)
        | st.builds(
            lambda kind, rest: {**rest, "type": kind},
            kinds,
            st.dictionaries(words, inner, max_size=4),
        )
    ),
    max_leaves=12,
)
messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system"]) | text},
        optional={"content": text | st.lists(nearly, max_size=3) | nearly},
    ),
    max_size=4,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(MODELS) | text | anything,
        "max_tokens": st.integers(-1, 200_000) | anything,
        "messages": messages | anything,
        "system": text | nearly,
        "tools": st.lists(nearly, max_size=2) | anything,
        "tool_choice": nearly,
        "thinking": nearly,
        "output_config": nearly,
        "stream": st.booleans() | anything,
        "temperature": st.floats(-1, 2) | anything,
        "stop_sequences": st.lists(text, max_size=3) | anything,
        "metadata": nearly,
        "cache_control": nearly,
        "container": nearly,
        "requests": st.lists(nearly, max_size=2),
    },
)


def check(response: AppResponse) -> None:
    """It is an answer of the API, whatever it says."""
    assert response.headers["x-antiphon-simulated"] == "true"
    assert response.headers["request-id"].startswith("req_01")
    if response.status == 200:
        assert response.content
        return
    assert response.json["error"]["type"] == TYPES[response.status]
    assert isinstance(response.json["error"]["message"], str)
    assert response.json.get("request_id") == response.headers["request-id"]


FUZZED = App(VirtualClock())
FUZZED.journal = Journal(max_entries=10)


@settings(max_examples=400)
@given(requests, st.sampled_from(PATHS))
def test_any_json_object_gets_an_api_response(body, path):
    check(send(FUZZED, path, body))


@settings(max_examples=400)
@given(requests)
def test_nearly_right_create_request_gets_an_api_response(changes):
    check(send(FUZZED, body={**BODY, **changes}))


CITATION = {
    "type": "char_location",
    "cited_text": "a",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 1,
}
FOUND = {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "e"}
ASSISTANT_BLOCKS: list[dict[str, Any]] = [
    {"type": "text", "text": "a", "citations": [CITATION]},
    {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [FOUND]},
    {"type": "mcp_tool_use", "id": "m1", "name": "f", "server_name": "s", "input": {}},
    {"type": "mcp_tool_result", "tool_use_id": "m1", "is_error": False, "content": []},
    {"type": "thinking", "thinking": "a", "signature": "EgFh"},
    {"type": "redacted_thinking", "data": "EgFh"},
    {"type": "compaction", "content": "a"},
]
TEXT_SOURCE = {"type": "text", "media_type": "text/plain", "data": "Grass is green."}
USER_BLOCKS: list[dict[str, Any]] = [
    {"type": "text", "text": "use f"},
    {"type": "document", "source": TEXT_SOURCE, "title": "t", "citations": {"enabled": True}},
    {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "a"}]},
    {
        "type": "search_result",
        "source": "s",
        "title": "t",
        "content": [{"type": "text", "text": "a"}],
        "citations": {"enabled": True},
    },
]
ODD = st.sampled_from([None, True, 5, 1.5, "", "a", [], ["a"], {}, {"a": 1}, [[]], [{}]])


@st.composite
def changed(draw, blocks):
    """Return a block with one field of it, or of an object or list in it, replaced or removed."""
    block = json.loads(json.dumps(draw(st.sampled_from(blocks))))
    place: Any = block
    while True:
        keys = list(place) if isinstance(place, dict) else [*range(len(place))]
        key = draw(st.sampled_from(keys))
        inner = place[key]
        if not inner or not isinstance(inner, dict | list) or draw(st.booleans()):
            break
        place = inner
    if draw(st.integers(0, 4)):
        place[key] = draw(ODD)
    else:
        del place[key]
    return block


EVERY_BETA = (
    "mcp-client-2025-11-20,files-api-2025-04-14,context-management-2025-06-27,compact-2026-01-12"
)


@settings(max_examples=600)
@given(
    st.lists(changed(ASSISTANT_BLOCKS) | st.sampled_from(ASSISTANT_BLOCKS), min_size=1, max_size=4),
    st.lists(changed(USER_BLOCKS) | st.sampled_from(USER_BLOCKS), min_size=1, max_size=4),
    st.sampled_from(MODELS),
)
def test_conversation_with_a_changed_block_gets_an_api_response(assistant, user, model):
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "word " * 5_000}]},
        {"role": "assistant", "content": assistant},
        {"role": "user", "content": user},
    ]
    tool = {"name": "f", "input_schema": {"type": "object"}}
    body = {**BODY, "model": model, "messages": turns, "tools": [tool]}
    body["cache_control"] = {"type": "ephemeral"}
    for path in PATHS[:2]:
        check(send(FUZZED, path, body, anthropic_beta=EVERY_BETA))


COUNT = {"type": "tool_uses", "value": 0}
EDITS: list[dict[str, Any]] = [
    {"type": "clear_thinking_20251015", "keep": {"type": "thinking_turns", "value": 1}},
    {
        "type": "clear_tool_uses_20250919",
        "trigger": COUNT,
        "keep": COUNT,
        "clear_at_least": {"type": "input_tokens", "value": 1},
        "clear_tool_inputs": ["f"],
        "exclude_tools": ["g"],
    },
    {"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 50_000}},
]
SERVER = {
    "type": "url",
    "name": "s",
    "url": "https://example.org/mcp",
    "tool_configuration": {"enabled": True, "allowed_tools": ["f"]},
}
TOOLSET = {
    "type": "mcp_toolset",
    "mcp_server_name": "s",
    "default_config": {"enabled": True, "defer_loading": False},
    "configs": {"g": {"enabled": True}},
    "tools": [{"name": "h", "description": "d", "input_schema": {"type": "object"}}],
}


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from(EDITS) | changed(EDITS), max_size=2),
    changed([SERVER]) | st.just(SERVER),
    st.lists(changed([TOOLSET]) | st.just(TOOLSET), max_size=1),
    st.sampled_from([None, {"type": "summarize"}, {"type": "summarize", "instructions": "a"}]),
    st.sampled_from(MODELS),
)
def test_changed_context_and_servers_get_an_api_response(edits, server, tools, summary, model):
    use, result = ASSISTANT_BLOCKS[1], USER_BLOCKS[3]
    turns = [
        {"role": "user", "content": "word " * 100},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result, {"type": "text", "text": "use s, then f"}]},
    ]
    tools = [*tools, {"name": "f", "input_schema": {"type": "object"}}]
    body = {**BODY, "model": model, "messages": turns, "tools": tools}
    body |= {"context_management": {"edits": edits}, "mcp_servers": [server]}
    if summary:
        body["compaction"] = summary
    check(send(FUZZED, PATHS[0], body, anthropic_beta=EVERY_BETA))
    del body["max_tokens"]
    check(send(FUZZED, PATHS[1], body, anthropic_beta=EVERY_BETA))


@settings(max_examples=200)
@given(st.binary(max_size=50) | anything.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_get_an_api_response(content):
    check(send(FUZZED, body=content))


HEADER_VALUE = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=30)


@settings(max_examples=200)
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "X"]),
    st.sampled_from(PATHS)
    | st.text(st.characters(min_codepoint=33, max_codepoint=126)).map("/".__add__),
    st.dictionaries(
        st.sampled_from(
            [
                "x_api_key",
                "authorization",
                "anthropic_version",
                "anthropic_beta",
                "content_type",
                "content_encoding",
                "anthropic_workspace_id",
            ]
        ),
        HEADER_VALUE | st.sampled_from(["gzip", "Bearer x", "application/json; charset=x"]),
    ),
)
def test_any_method_path_and_headers_get_an_api_response(method, path, headers):
    check(send(FUZZED, path, BODY, method=method, **headers))


@settings(max_examples=100)
@given(st.lists(requests, max_size=3))
def test_any_items_of_a_batch_get_results(items):
    app = App(VirtualClock(), batch_seconds=0)
    requests: list[dict[str, Any]] = [
        {"custom_id": str(index), "params": params} for index, params in enumerate(items)
    ]
    response = send(app, "/v1/messages/batches", {"requests": requests})
    check(response)
    if items:
        counts = response.json["request_counts"]
        assert counts["succeeded"] + counts["errored"] == len(items)
        check(send(app, f"/v1/messages/batches/{response.json['id']}/results"))


DEEP = 900


def deep(opening: str, middle: str, closing: str) -> str:
    return opening * DEEP + middle + closing * DEEP


EXTREME = {
    "system": ("system", deep("[", "", "]")),
    "messages": ("messages", deep('[{"content":', "1", "}]")),
    "content": ("messages", '[{"role":"user","content":' + deep('[{"content":', "1", "}]") + "}]"),
    "schema": ("tools", '[{"name":"t","input_schema":' + deep('{"items":', "{}", "}") + "}]"),
    "property": (
        "tools",
        '[{"name":"t","input_schema":{"type":"object","properties":{"a":'
        + deep('{"type":"array","items":', "{}", "}")
        + '},"required":["a"]}}],"tool_choice":{"type":"any"}',
    ),
    "input": (
        "messages",
        '[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t",'
        '"name":"t","input":{"a":'
        + deep("[", "", "]")
        + '}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]',
    ),
    "number": ("max_tokens", "1" + "0" * 400),
    "text": ("messages", json.dumps([{"role": "user", "content": "\x00\U0001f600\u2028" * 1000}])),
    "blocks": (
        "messages",
        json.dumps([{"role": "user", "content": [{"type": "text", "text": "a"}] * 3000}]),
    ),
    "turns": (
        "messages",
        json.dumps([{"role": role, "content": "a"} for role in ("user", "assistant") * 1000][:-1]),
    ),
}
"""Fields that are legal JSON, though nobody would write them."""


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_body_of_extreme_shape_gets_an_api_response(path, name):
    field, value = EXTREME[name]
    rest = json.dumps({key: BODY[key] for key in BODY if key != field})
    check(send(App(VirtualClock()), path, f'{rest[:-1]},"{field}":{value}}}'.encode()))


SOAKED = int(os.environ.get("ANTIPHON_SOAK", "3000"))
"""How many requests the soak makes; `ANTIPHON_SOAK=100000` for the long one."""


def test_memory_does_not_grow_with_requests():
    app = App(VirtualClock())
    app.journal = Journal(max_entries=100)
    mixed: list[dict[str, Any]] = [
        BODY,
        {**BODY, "stream": True},
        {**BODY, "model": 5},
        {**BODY, "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}]},
    ]

    def run(count: int) -> None:
        for number in range(count):
            messages_ = [{"role": "user", "content": f"Number {number}"}]
            send(app, body={**mixed[number % len(mixed)], "messages": messages_})
            app.clock.advance(0.1)

    run(1000)
    tracemalloc.start()
    try:
        run(500)
        before = tracemalloc.get_traced_memory()[0]
        run(SOAKED)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 500_000
