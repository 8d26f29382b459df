"""examples/fastapi_chat.py: over a socket, and in a real browser where there is one."""

from __future__ import annotations

import http.client
import importlib.util
import json
import queue
import socket
import sys
import threading
from pathlib import Path

import pytest
import uvicorn
from fastapi import Request
from fastapi.responses import HTMLResponse

from tests.support.browsers import browsing, needs_browser

EXAMPLES = Path(__file__).parent.parent / "examples"
# Types a question and sends it as a person does; then tells what the page showed, and in which
# pieces. It stands in a page of its own, so the page that is tested needs nothing for the test.
DRIVER = """<!doctype html><iframe src="/"></iframe><script type="module">
const frame = document.querySelector("iframe");
if (frame.contentDocument.URL === "about:blank" || frame.contentDocument.readyState !== "complete")
  await new Promise((loaded) => frame.addEventListener("load", loaded));
const page = frame.contentDocument, view = frame.contentWindow;
const form = page.querySelector("#form"), messages = page.querySelector("#messages");
const pieces = [];
new view.MutationObserver((records) => {
  for (const record of records)
    for (const node of record.addedNodes)
      if (record.target.className === "assistant") pieces.push(node.data);
}).observe(messages, {childList: true, subtree: true});
const done = new Promise((end) => {
  new view.MutationObserver(() => form.inert || end()).observe(form, {attributes: true});
});
page.querySelector("#question").value = "Is <b>this</b> bold?";
page.querySelector("button").click();
await done;
const shown = [...messages.children].map((each) => [each.className, each.textContent]);
const report = {pieces, shown, bold: messages.querySelectorAll("b").length};
await fetch("/report", {method: "POST", body: JSON.stringify(report)});
</script>"""


@pytest.fixture
def app(server, monkeypatch):
    """Return the app of the example; the environment names the local server."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    spec = importlib.util.spec_from_file_location("fastapi_chat", EXAMPLES / "fastapi_chat.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fastapi_chat", module)  # where FastAPI looks types up
    spec.loader.exec_module(module)
    yield module.app
    sys.modules.pop("simulator", None)


@pytest.fixture
def port(app):
    """Run the app on a port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    web = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1]
    web.should_exit = True
    thread.join()
    listener.close()


def ask(port, text, chat="1"):
    """Return the lines that come of a question."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"chat": chat, "text": text})
    connection.request("POST", "/ask", body, {"content-type": "application/json"})
    response = connection.getresponse()
    lines = [json.loads(line) for line in response]
    connection.close()
    return response.status, lines


def test_each_chat_remembers_what_was_said_in_it(port, server):
    status, lines = ask(port, "Hello")
    assert status == 200
    assert len(lines) > 1
    said = "".join(line["text"] for line in lines)
    ask(port, "More")
    before = server.requests[-1].body["messages"]
    assert [message["role"] for message in before] == ["user", "assistant", "user"]
    assert before[1]["content"][0]["text"] == said
    ask(port, "Hello", chat="2")
    assert len(server.requests[-1].body["messages"]) == 1


def test_an_error_is_told_and_forgotten(port, server):
    assert ask(port, "") == (200, [{"error": "BadRequestError"}])
    assert "text" in ask(port, "Hello")[1][0]
    assert len(server.requests[-1].body["messages"]) == 1


@pytest.mark.slow
@needs_browser
def test_the_words_appear_in_a_browser(app, port, tmp_path):
    reports: queue.Queue[dict[str, object]] = queue.Queue()

    @app.get("/driver")
    def driver() -> HTMLResponse:
        return HTMLResponse(DRIVER)

    @app.post("/report")
    async def report(request: Request) -> None:
        reports.put(await request.json())

    with browsing(f"http://127.0.0.1:{port}/driver", tmp_path):
        told = reports.get(timeout=90)
    question, reply = told["shown"]
    assert question == ["user", "Is <b>this</b> bold?"]
    assert reply[0] == "assistant"
    assert "Is <b>this</b> bold?" in reply[1]
    assert told["bold"] == 0
    assert len(told["pieces"]) > 1
    assert "".join(told["pieces"]) == reply[1]
