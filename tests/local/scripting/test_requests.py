"""The requests of a server: read by name, filtered, checked, and made into a script."""

from __future__ import annotations

import pickle
import re

import pytest

from antiphon import Client
from antiphon.local import App, InProcess, Script
from antiphon.testing import citation, header, model, refusal, text, thinking, tool_use, user_text

HELLO = {"model": "claude-haiku-4-5", "max_tokens": 200}
WEATHER = {"name": "weather", "input_schema": {"type": "object"}}


def ask(client, *messages, **params):
    turns = [
        {"role": ("user", "assistant")[index % 2], "content": content}
        for index, content in enumerate(messages)
    ]
    return client.messages.create(**HELLO, messages=turns, **params)


def test_a_request_is_read_by_name(scripted):
    server, client = scripted
    message = ask(client, [text("Hi, "), text("you.")], system="Be brief.", tools=[WEATHER])
    request = server.requests[-1]
    assert request.text == "Hi, \nyou."
    assert request.messages == [{"role": "user", "content": [text("Hi, "), text("you.")]}]
    assert (request.system, request.tools, request.model) == (
        "Be brief.",
        [WEATHER],
        HELLO["model"],
    )
    assert (request.turn, request.results, request.status) == (1, [], 200)
    assert request.message["id"] == message.id


def test_the_turn_counts_replies(scripted):
    server, client = scripted
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}
    call = {**tool_use("weather"), "id": "toolu_1"}
    ask(client, "Hi", [call], [result], tools=[WEATHER])
    request = server.requests[-1]
    assert (request.turn, request.text, request.results) == (2, "", [result])
    assert request.result_tools == ["weather"]


def test_requests_are_filtered(scripted):
    server, client = scripted
    first = client.messages.with_raw_response.create(
        **HELLO, messages=[{"role": "user", "content": "one"}]
    )
    ask(client, "two")
    client.models.list()
    requests = server.requests
    assert [each.text for each in requests.filter(request_id=first.request_id)] == ["one"]
    assert [each.text for each in requests.filter(path="/v1/messages")] == ["one", "two"]
    assert [each.text for each in requests.filter(when=user_text("two"))] == ["two"]
    assert requests.filter(when=lambda request: request.turn == 7) == []


def test_checks_show_what_differs(scripted):
    server, client = scripted
    with pytest.raises(AssertionError, match="There were none"):
        server.requests.assert_sent(model="x")
    ask(client, "Where is Rome?", system="Be brief.")
    request = server.requests.assert_sent(user_text("rome") & model(HELLO["model"]))
    request.assert_sent(system="Be brief.", max_tokens=200)
    messages = [{"role": "user", "content": "Where is Oslo?"}]
    with pytest.raises(AssertionError) as caught:
        request.assert_sent(messages=messages, system="Be brief.", temperature=1)
    assert str(caught.value).splitlines() == [
        "POST /v1/messages differs:",
        "messages.0.content: expected 'Where is Oslo?', found 'Where is Rome?'",
        "temperature: missing; expected 1",
    ]
    with pytest.raises(AssertionError, match="the user wrote 'Where is Rome"):
        server.requests.assert_sent(user_text("oslo"))


def test_headers_are_compared_as_they_were_sent_and_not_shown(scripted):
    server, client = scripted
    for team in ("blue", "red"):
        ask(client, team, extra_headers={"x-team": team, "x-token": f"hidden-{team}"})
    requests = server.requests
    assert [each.text for each in requests.filter(when=header("x-team", "blue"))] == ["blue"]
    assert requests.filter(when=header("x-team", re.compile("^b"))) == requests[:1]
    assert requests.filter(when=lambda request: request.headers["x-team"] == "red") == requests[1:]
    assert requests.filter(when=header("x-team", "green")) == []
    assert requests.assert_sent(header("x-team", "red")) is requests[1]
    seen = []
    with pytest.raises(AssertionError, match="the header has another value") as caught:
        requests.assert_sent(header("x-token", "hidden-green") & seen.append)
    shown = [str(caught.value), repr(requests), repr(seen), *(str(each.as_json()) for each in seen)]
    assert not [text for text in shown if "hidden-red" in text or "hidden-blue" in text]
    assert requests[0].headers["x-team"] == "[secret]"
    assert b"hidden-blue" not in pickle.dumps(requests)


def test_requests_become_a_script_that_says_the_same(scripted):
    server, client = scripted
    server.replies("one", "two")
    server.reply(thinking("Hm."), text("Look."), tool_use("weather", city="Oslo"), times=1)
    server.fail(529, times=1)

    def talk(client):
        said = [ask(client, "Hi").to_dict()["content"] for _ in range(2)]
        call = ask(client, "Weather?", tools=[WEATHER])
        result = {"type": "tool_result", "tool_use_id": call.content[-1].id, "content": "x"}
        with pytest.raises(Exception, match="Overloaded"):
            ask(client, "Weather?", call.content, [result], tools=[WEATHER])
        names = [(block.type, getattr(block, "input", None)) for block in call.content]
        return said, names, call.stop_reason

    before = talk(client)
    value = server.requests.script()
    script = Script()
    script.load(value)
    again = InProcess()
    again.app.script = script
    assert talk(Client(http_client=again, api_key="test", max_retries=0)) == before
    assert again.requests.script() == value


def test_what_is_rare_becomes_a_script_too(scripted):
    server, client = scripted
    server.reply(refusal("No."), when=user_text("refuse"))
    server.reply("cut", stop_reason="max_tokens", when=user_text("cut"))
    quoted = text("a", citation("b", type="char_location"))
    server.reply(quoted, when=user_text("quote"))
    for prompt in ("refuse", "cut", "quote"):
        ask(client, prompt)
    client.models.list()
    refused, cut, cited = server.requests.script()["rules"]
    assert refused["reply"] == {"refusal": "No."}
    assert (cut["reply"], cut["stop_reason"]) == ("cut", "max_tokens")
    assert cited["reply"]["citations"][0]["cited_text"] == "b"


def test_an_app_with_another_director_takes_no_rules():
    transport = InProcess(App(script=object()))
    with pytest.raises(TypeError, match="which takes no rules"):
        transport.reply("Hello!")
