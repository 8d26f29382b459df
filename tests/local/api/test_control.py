"""The server's own endpoints."""

from __future__ import annotations

from antiphon.local import App, Script, VirtualClock
from tests.support.app_requests import BODY, send


def test_journal_is_listed_and_reset(app):
    send(app, body=BODY)
    send(app, "/nowhere?a=b")
    assert send(app, "/__antiphon/health").json == {"status": "ok", "simulated": True}
    first, second = send(app, "/__antiphon/requests").json["data"]
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/messages", 200)
    assert first["body"] == BODY
    assert first["headers"]["x-api-key"] == "[secret]"
    assert (second["path"], second["status"], second["body"]) == ("/nowhere?a=b", 404, None)
    assert send(app, "/__antiphon/reset", b"").status == 200
    assert send(app, "/__antiphon/requests").json == {"data": []}


def test_clock_is_read_and_moved(app):
    before = send(app, "/__antiphon/clock").json
    assert before == {"now": app.clock(), "running": False}
    after = send(app, "/__antiphon/clock", {"advance": 300}).json
    assert after["now"] == before["now"] + 300
    for body in (
        {"advance": -1},
        {"advance": "x"},
        [],
        b"{",
        {"advance": 1e999},
        {"advance": 1e30},
        {},
    ):
        response = send(app, "/__antiphon/clock", body)
        assert response.status == 400
    assert app.clock() == after["now"]


def test_control_can_be_off():
    app = App(VirtualClock(), control=False)
    assert send(app, "/__antiphon/health").error == (404, "not_found_error", "Not found")
    assert send(app, "/__antiphon/reset", b"").status == 404


def test_a_script_comes_from_a_client_and_is_verified(app):
    assert send(app, "/__antiphon/script", [], method="PUT").status == 404
    app.script = Script()
    rules = [{"reply": "Hello!", "times": 1}]
    assert send(app, "/__antiphon/script", {"rules": rules}, method="PUT").json == {"status": "ok"}
    assert send(app, "/__antiphon/verify").json == {
        "problems": ["reply('Hello!'): used 0 of 1 times"]
    }
    assert send(app, body=BODY).json["content"] == [{"type": "text", "text": "Hello!"}]
    assert send(app, "/__antiphon/verify").json == {"problems": []}
    assert send(app, "/__antiphon/script").json == {
        "rules": [
            {
                "when": {"turn": 1, "user_text": {"regex": r"\AHello\Z"}},
                "reply": "Hello!",
                "times": 1,
            }
        ]
    }
    wrong = send(app, "/__antiphon/script", {"rules": [{"replay": "a"}]}, method="PUT")
    assert wrong.status == 400
    assert "script: rules.0: give a mapping with one of reply" in wrong.error[2]
    broken = {"reply": {"type": "message", "role": "assistant", "content": 5}}
    wrong = send(app, "/__antiphon/script", {"rules": [broken]}, method="PUT")
    assert (wrong.status, "rules.0.reply: 5 cannot be said" in wrong.error[2]) == (400, True)
    assert send(app, body=BODY).status == 400
    assert send(app, "/__antiphon/reset", b"").status == 200
    assert send(app, body=BODY).status == 200
