"""The requests of a server: read by name, filtered, checked, and made into a script."""

from __future__ import annotations

import json
import pickle
import re

import jsonschema
import pytest

from antiphon import AntiphonError, APIStatusError, Client
from antiphon.local import App, InProcess, Script, VirtualClock
from antiphon.local.scripting.file_form import parse
from antiphon.local.scripting.file_schema import SCHEMA
from antiphon.testing import (
    citation,
    faults,
    header,
    model,
    refusal,
    text,
    thinking,
    tool_use,
    user_text,
)

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


IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}


def got(client, content, **params):
    """Return what a request gets, without what is made again."""
    try:
        message = ask(client, content, **params).to_dict()
    except APIStatusError as error:
        headers = error.response.headers
        return error.status_code, error.body, headers.get("retry-after")
    except AntiphonError as error:
        return type(error)
    blocks = [{**block, "id": None, "signature": None} for block in message["content"]]
    return blocks, [message[name] for name in ("stop_reason", "stop_sequence", "stop_details")]


def again(value):
    """Return a client of a server that follows a script from a journal."""
    jsonschema.validate(value, SCHEMA)
    assert parse(value).shadowed() == []
    transport = InProcess()
    transport.script.load(json.loads(json.dumps(value)))
    return transport, Client(http_client=transport, api_key="test", max_retries=0)


def whole(**fields):
    return {"type": "message", "role": "assistant", "content": [text("w")], **fields}


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        (lambda s: s.replies("first", "second"), ["Hi", "Hi there"]),
        (lambda s: s.replies("first", "second"), ["HELLO", "hello"]),
        (lambda s: s.replies("a", "b"), ["Is it (a+b)? [yes]\\n\nOr no.", "a"]),
        (lambda s: s.replies("image", "text"), [[IMAGE], "hello"]),
        (lambda s: s.fail(400, "custom text"), ["Hi"]),
        (lambda s: s.fail(429, retry_after=3), ["Hi"]),
        (lambda s: s.fail("billing_error", retry_after="soon"), ["Hi"]),
        (lambda s: s.reply(refusal("no", category="cyber")), ["Hi"]),
        (lambda s: s.reply(refusal(category="cyber"), "said", stop_reason="end_turn"), ["Hi"]),
        (lambda s: s.reply(whole(stop_reason="stop_sequence", stop_sequence="END")), ["Hi"]),
        (lambda s: s.reply(whole(stop_reason="new", stop_details={"type": "other"})), ["Hi"]),
        (lambda s: s.reply(whole(content=[])), ["Hi"]),
        (lambda s: s.reply(tool_use("w"), stop_reason="end_turn"), ["Hi"]),
        (lambda s: s.reply({**tool_use("w"), "caller": {"type": "direct"}}), ["Hi"]),
        (lambda s: s.reply("w", stop_reason="tool_use"), ["Hi"]),
        (lambda s: s.reply("a", faults=[faults.status(529)]), ["Hi"]),
        (lambda s: s.reply("a", faults=[faults.status(418)]), ["Hi"]),
        (lambda s: s.reply("a", faults=[faults.html(502)]), ["Hi"]),
        (lambda s: s.reply("a", faults=[faults.cut()]), ["Hi"]),
        (lambda s: s.replies("one", "two"), ["Hi", "Hi", "Hi"]),
    ],
)
def test_what_came_gets_what_it_got(script, asked):
    server = InProcess()
    script(server)
    client = Client(http_client=server, api_key="test", max_retries=0)
    before = [got(client, content) for content in asked]
    replayed, client = again(server.requests.script())
    after = [got(client, content) for content in asked]
    assert list(map(comparable, after)) == list(map(comparable, before))
    assert not [line for line in replayed.script.problems() if "used" in line and "times" in line]


def comparable(what):
    """Leave out the id of the request, and the words about what was not expected."""
    if isinstance(what, tuple) and isinstance(what[1], dict):
        unexpected = "details" in what[1]["error"]
        error = {**what[1], "request_id": None, **({"error": None} if unexpected else {})}
        return what[0], error, what[2]
    return what


def test_items_of_batches_become_rules_in_the_order_in_which_they_were_answered():
    server = InProcess(App(VirtualClock(), batch_seconds=60))
    server.replies("one", "two")
    server.fail(529, times=1)
    client = Client(http_client=server, api_key="test", max_retries=0)

    def talk(server, client):
        params = {**HELLO, "messages": [{"role": "user", "content": "Hi"}]}
        wrong = {**params, "max_tokens": -1}
        requests = [
            {"custom_id": str(number), "params": each}
            for number, each in enumerate((wrong, params, params))
        ]
        batch = client.messages.batches.create(requests=requests)
        first = ask(client, "Hi").text
        server.app.clock.advance(60)
        ended = client.messages.batches.results(batch.id)
        results = {each.custom_id: each.result for each in ended}
        return first, results["1"].message.text, [results[n].error.error.type for n in ("0", "2")]

    before = talk(server, client)
    assert before == ("one", "two", ["invalid_request_error", "overloaded_error"])
    value = server.requests.script()
    assert len(value["rules"]) == 3  # what the server refuses by itself is none of the script
    server = InProcess(App(VirtualClock(), batch_seconds=60))
    server.script.load(value)
    assert talk(server, Client(http_client=server, api_key="test", max_retries=0)) == before
    server.verify()


def test_what_no_rule_can_say_is_left_out_and_logged(scripted, caplog):
    server, client = scripted

    def broken(steps):
        yield from steps

    server.reply("a", faults=[broken], times=1)
    server.reply(lambda request: 7, times=1)
    server.replies("b")
    for _ in range(3):
        got(client, "Hi")
    with caplog.at_level("WARNING", "antiphon.local"):
        [rule] = server.requests.script()["rules"]
    assert rule["reply"] == "b"
    lines = [record.getMessage() for record in caplog.records]
    assert "is left out: its fault broken is none of the catalogue" in lines[0]
    assert "is left out: no rule says In the script, reply(" in lines[1]


def test_a_slice_of_the_requests_is_a_script_too(scripted):
    server, client = scripted
    server.replies("one", "two")
    for _ in range(2):
        ask(client, "Hi")
    assert [each["reply"] for each in server.requests[-1:].script()["rules"]] == ["two"]
    assert server.requests[:1].filter(path="/v1/messages")[0].text == "Hi"


def test_an_app_with_another_director_takes_no_rules():
    transport = InProcess(App(script=object()))
    with pytest.raises(TypeError, match="which takes no rules"):
        transport.reply("Hello!")


def test_an_error_is_kept_without_the_frames_that_raised_it(scripted):
    server, client = scripted
    server.reply(lambda request: request.nothing)
    with pytest.raises(APIStatusError):
        ask(client, "Hello")
    [answer] = server.requests[-1].answers
    assert answer.outcome.status == 400
    assert (answer.outcome.__traceback__, answer.outcome.__cause__) == (None, None)
