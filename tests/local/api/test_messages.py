"""The rule book decides what is refused: the first finding, with its status, type and text."""

from __future__ import annotations

import pytest

from antiphon.catalog.tokens import PromptTokens
from antiphon.local import App, Limits, VirtualClock
from antiphon.rules import findings
from tests.support.app_requests import BODY, COUNT_BODY, events, send
from tests.support.rule_samples import TABLE, talk

WRONG = [wrong for _, wrong, _, _ in TABLE if isinstance(wrong, dict)]
RIGHT = [
    right for rule, _, _, right in TABLE if right == talk("a", "b") or rule.startswith("cache")
]


@pytest.fixture(scope="module")
def app():
    return App()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("wrong", WRONG)
def test_error_is_the_first_finding_of_the_rule_book(app, wrong, path):
    endpoint = "create" if path == "/v1/messages" else "count_tokens"
    first = next(
        findings(wrong, endpoint=endpoint, count=lambda body: PromptTokens(body).total), None
    )
    response = send(app, path, wrong)
    if first is None:  # what only an answer needs, such as max_tokens
        assert (endpoint, response.status) == ("count_tokens", 200)
    else:
        assert response.error == (first.status, first.type, first.message)


@pytest.mark.parametrize("right", RIGHT)
def test_request_that_breaks_no_rule_gets_a_message(app, right):
    assert send(app, "/v1/messages", right).status == 200


LIMITED_MODEL = "claude-haiku-4-5-20251001"


@pytest.mark.parametrize("model", ["claude-haiku-4-5", LIMITED_MODEL])
def test_429_names_the_dated_model(model):
    app = App(VirtualClock(), limits=Limits(requests=1))
    send(app, body=BODY)
    assert f"model: {LIMITED_MODEL})" in send(app, body={**BODY, "model": model}).error[2]


EDITS = {"edits": [{"type": "clear_tool_uses_20250919"}]}


@pytest.mark.parametrize("stream", [False, True])
def test_context_management_reports_no_edits_when_it_is_requested(app, stream):
    beta = {"anthropic_beta": "context-management-2025-06-27"}
    body = {**BODY, "context_management": EDITS, "stream": stream}
    response = send(app, body=body, **beta)
    if stream:
        message_delta = events(response.content)[-2]
        assert message_delta["context_management"] == {"applied_edits": []}
    else:
        assert response.json["context_management"] == {"applied_edits": []}
    body = {**COUNT_BODY, "context_management": EDITS}
    count = send(app, "/v1/messages/count_tokens", body, **beta).json
    assert count["context_management"] == {"original_input_tokens": count["input_tokens"]}
    assert "context_management" not in send(app, body=BODY).json


CITED = {
    "type": "text",
    "text": "word " * 6_000,
    "citations": [
        {
            "type": "char_location",
            "cited_text": "a",
            "document_index": 0,
            "document_title": None,
            "start_char_index": 0,
            "end_char_index": 1,
        }
    ],
}


def test_cited_text_in_the_history_may_be_cached(app):
    content = [{**CITED, "cache_control": {"type": "ephemeral"}}]
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "and now?"},
    ]
    body = {**BODY, "messages": messages}
    assert send(app, body=body).json["usage"]["cache_creation_input_tokens"] > 6_000
    assert send(app, body=body).json["usage"]["cache_read_input_tokens"] > 6_000


@pytest.mark.parametrize("identifier", [["a"], {"a": 1}, 5, None, True])
@pytest.mark.parametrize("kind", ["mcp_tool_use", "tool_use", "server_tool_use"])
def test_id_of_any_kind_in_the_history_is_never_a_failure_of_the_server(app, kind, identifier):
    use = {"type": kind, "id": identifier, "name": "f", "server_name": "s", "input": {}}
    result = {"type": "tool_result", "tool_use_id": identifier, "content": "x"}
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    beta = "mcp-client-2025-11-20"
    response = send(app, body={**BODY, "messages": messages}, anthropic_beta=beta)
    assert response.status in (200, 400)
