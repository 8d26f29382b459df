"""What the journal keeps, and what it must not."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from antiphon.local import App, LocalServer, Recorded, VirtualClock
from antiphon.local.api.journal import Journal
from antiphon.local.api.steps import next_visible_step
from tests.support.app_requests import BODY, send
from tests.support.raw_http import RawClient, post


def entry(name: str = "", body: bytes = b"") -> Recorded:
    recorded = Recorded(f"req_{name}", "POST", "/v1/messages", {}, 0.0)
    recorded.keep(body)
    return recorded


def test_journal_never_holds_secrets():
    app = App(VirtualClock())
    secrets = {
        "x_api_key": "sk-ant-1",
        "authorization": "Bearer sk-ant-2",
        "cookie": "sk-ant-3",
        "proxy_authorization": "sk-ant-4",
        "x_session_token": "sk-ant-6",
        "x_my_app": "sk-ant-7",
    }
    servers = [{"type": "url", "name": "m", "url": "https://m", "authorization_token": "sk-ant-5"}]
    send(app, body={**BODY, "mcp_servers": servers}, **secrets)
    [recorded] = app.journal.entries()
    assert "sk-ant" not in json.dumps(recorded.as_json())
    assert "sk-ant" not in repr(recorded)
    assert recorded.headers["x-api-key"] == recorded.headers["x-my-app"] == "[secret]"
    assert recorded.headers["anthropic-version"] == "2023-06-01"
    assert recorded.headers["content-type"] == "application/json"


def with_image(data: str) -> dict:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return {"messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]}


def recorded_body(body: object) -> Recorded:
    return entry(body=json.dumps(body).encode())


@pytest.mark.parametrize("times", [100, 1_000_000])
def test_base64_is_shortened(times):
    data = "iVBOR" * times
    recorded = recorded_body(with_image(data))
    assert recorded.size < 1500
    digest = sha256(data.encode()).hexdigest()[:16]
    [block] = recorded.body["messages"][0]["content"]
    assert block["source"]["data"] == (
        f"{'iVBOR' * 12}iVBO… ({5 * times} characters, sha256 {digest})"
    )


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": "long " * 1000},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "Dogs bark. " * 1000},
        },
        {"type": "tool_use", "id": "a", "name": "store", "input": {"data": "words " * 1000}},
        {"type": "redacted_thinking", "data": "A" * 1000},
    ],
)
def test_what_is_no_upload_is_kept_as_it_is(block):
    recorded = recorded_body({"messages": [{"role": "user", "content": [block]}]})
    assert recorded.body["messages"][0]["content"] == [block]


@pytest.mark.parametrize("times", [1, 100, 100_000])
def test_checks_compare_the_whole_of_base64(times):
    data = "iVBOR" * times
    recorded = recorded_body(with_image(data))
    recorded.assert_sent(**with_image(data))
    recorded.assert_sent(**recorded.body)
    for other in (f"{data}x", f"{data[:-1]}S", data[:-1]):
        with pytest.raises(AssertionError, match=r"messages\.0\.content\.0\.source\.data: "):
            recorded.assert_sent(**with_image(other))


def test_checks_compare_what_is_deep():
    def deep(inner: object) -> object:
        for _ in range(400):
            inner = [inner]
        return inner

    recorded = recorded_body({"input": deep("a")})
    recorded.assert_sent(input=deep("a"))
    with pytest.raises(AssertionError):
        recorded.assert_sent(input=deep("b"))


def test_checks_never_show_or_pass_secrets():
    recorded = recorded_body({"mcp_servers": [{"name": "m", "authorization_token": "one"}]})
    recorded.assert_sent(mcp_servers=[{"name": "m", "authorization_token": "[secret]"}])
    for token in ("one", "two"):
        with pytest.raises(AssertionError, match="not kept; expect '\\[secret\\]'") as caught:
            recorded.assert_sent(mcp_servers=[{"name": "m", "authorization_token": token}])
        assert token not in str(caught.value)


def test_large_bodies_are_kept_without_their_payloads():
    journal = Journal()
    source = {"type": "base64", "data": "A" * 10_000_000}
    recorded = recorded_body({"source": source, "text": "kept"})
    journal.record(recorded)
    assert recorded.size < 1000
    assert recorded.body["text"] == "kept"


def test_body_that_is_not_json_is_kept_as_text():
    journal = Journal()
    for content, shown in (
        (b"", None),
        (b"{", "{"),
        (b"x" * 300, "x" * 200 + "… (300 characters)"),
    ):
        journal.record(entry(body=content))
        assert journal.entries()[-1].body == shown


def test_journal_is_bounded_in_number_and_bytes():
    journal = Journal(max_entries=3, max_bytes=100)
    for number in range(5):
        journal.record(entry(str(number), b"{}"))
    assert [kept.request_id for kept in journal.entries()] == ["req_2", "req_3", "req_4"]
    journal.record(entry("big", json.dumps("x" * 97).encode()))
    assert [kept.request_id for kept in journal.entries()] == ["req_big"]
    journal.record(entry("bigger", json.dumps("x" * 200).encode()))
    assert journal.entries() == []
    journal.clear()
    journal.record(entry("next", json.dumps("x" * 90).encode()))
    assert len(journal.entries()) == 1


def test_very_deep_body_is_cut_at_a_depth():
    journal = Journal()
    journal.record(entry(body=b"[" * 1000 + b"]" * 1000))
    assert "…" in json.dumps(journal.entries()[0].body, ensure_ascii=False)


def test_entry_has_status_and_duration():
    from antiphon.local.api.latency import Latency

    app = App(VirtualClock(), latency=Latency(first_token=2))
    steps = app(_request())
    while (step := next_visible_step(steps)) is not None:
        [recorded] = app.journal.entries()
        app.clock.advance(getattr(step, "seconds", 0))
    assert (recorded.status, recorded.seconds) == (200, 2.0)


def _request():
    from antiphon._wire.http import Request, Timeout
    from tests.support.app_requests import HEADERS

    return Request("POST", "http://l/v1/messages", HEADERS, json.dumps(BODY).encode(), Timeout())


def test_running_server_lists_its_requests():
    with LocalServer() as server, RawClient(server.url) as client:
        client.send(post())
        client.response()
        [recorded] = server.requests
        assert (recorded.path, recorded.status) == ("/v1/messages", 200)
        assert recorded.body["model"] == "claude-haiku-4-5"
        server.reset()
        assert server.requests == []
    assert server.requests == []
