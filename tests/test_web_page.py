"""The apps of docs/web.md: what a browser gets, and what happens when it leaves."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from antiphon.local import App, LocalServer
from tests.support.wire_server import PATIENCE, Peer, WireServer

PAGE = Path(__file__).parent.parent / "docs" / "web.md"
BODY = {"messages": [{"role": "user", "content": "Hello"}]}
BEGINNING = b"".join(
    b"event: %s\ndata: %s\n\n" % (data["type"].encode(), json.dumps(data).encode())
    for data in (
        {"type": "message_start", "message": {"type": "message", "id": "msg_1", "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "Once"},
        },
    )
)


def apps(url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the blocks of the page; their clients send to `url`."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    names: dict[str, Any] = {"__name__": "web_page"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        exec(compile(block, PAGE.name, "exec", dont_inherit=True), names)
    return names


@pytest.fixture
def names(server, monkeypatch):
    return apps(server.url, monkeypatch)


@pytest.fixture
def broken_off(monkeypatch):
    """Give the page's apps a stream that begins and never ends, and how to see it closed."""
    closed = threading.Event()

    def begin(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + BEGINNING)
        peer.wait_for_hangup()
        closed.set()

    with WireServer(begin) as server:
        yield apps(server.url, monkeypatch), closed


@pytest.fixture
def django():
    from django.conf import settings

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8")
    from django.test import RequestFactory

    return RequestFactory().post("/chat", data=json.dumps(BODY), content_type="application/json")


def test_a_browser_gets_the_events_and_their_text_is_the_reply(names):
    with TestClient(names["app"]) as browser:
        response = browser.post("/chat", json=BODY)
        whole = browser.post("/summary", json=BODY).json()
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in response.text.strip().split("\n\n")]
    assert [kind for kind, _ in events][-1] == "event: message_stop"
    texts = [json.loads(data[6:])["text"] for kind, data in events if kind == "event: text"]
    assert "".join(texts) == whole["text"]


def test_what_is_no_message_is_refused_with_its_place(names):
    with TestClient(names["app"]) as browser:
        response = browser.post("/chat", json={"messages": [{"role": "user", "content": 1}]})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][:3] == ["body", "messages", 0]


def test_a_failure_is_the_last_event_and_says_no_more_than_its_class(monkeypatch):
    with LocalServer(App(keys={"another"})) as server:
        app = apps(server.url, monkeypatch)["app"]
        with TestClient(app) as browser:
            text = browser.post("/chat", json=BODY).text
            failed = browser.post("/summary", json=BODY)
    assert text == "event: failed\ndata: AuthenticationError\n\n"
    assert failed.status_code == 502
    assert failed.json()["id"].startswith("req_")


@pytest.mark.parametrize("app", ["app", "starlette_app"])
def test_the_stream_is_closed_when_the_browser_leaves(app, broken_off):
    names, closed = broken_off

    async def visit() -> None:
        begun = asyncio.Event()
        request = [{"type": "http.request", "body": json.dumps(BODY).encode()}]

        async def receive() -> dict[str, Any]:
            if request:
                return request.pop()
            await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if b"Once" in message.get("body", b""):
                begun.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/chat",
            "raw_path": b"/chat",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
            "client": None,
            "server": None,
        }
        await asyncio.wait_for(names[app](scope, receive, send), PATIENCE)
        assert await asyncio.to_thread(closed.wait, PATIENCE)

    asyncio.run(visit())


def test_starlette_flask_and_django_send_the_text(names, django):
    with TestClient(names["starlette_app"]) as browser:
        text = browser.post("/chat", json=BODY).text
    assert text.startswith("Simulated")
    assert names["flask_app"].test_client().post("/chat", json=BODY).text == text
    assert b"".join(names["django_chat"](django).streaming_content).decode() == text


def test_flask_and_django_close_the_stream_with_the_response(broken_off, django):
    names, closed = broken_off
    response = names["flask_app"].test_client().post("/chat", json=BODY, buffered=False)
    assert next(response.response) == b"Once"
    response.close()
    assert closed.wait(PATIENCE)

    closed.clear()
    response = names["django_chat"](django)
    assert next(iter(response)) == b"Once"
    response.close()
    assert closed.wait(PATIENCE)
