"""Scripts: which rule answers, what it says, and what happens to what nobody expected."""

from __future__ import annotations

import subprocess
import sys
from math import inf, nan
from typing import get_args

import pytest

import antiphon
from antiphon.local import App, InProcess, LocalServer, Script, VirtualClock
from antiphon.local.scripting.content import LOCATION
from antiphon.testing import citation, refusal, text, thinking, tool_use, user_text
from antiphon.types import Message, StopReason, TextCitation

HELLO = {"model": "claude-haiku-4-5", "max_tokens": 200}


def ask(client: antiphon.Client, prompt: str, **params) -> Message:
    message = {"role": "user", "content": prompt}
    return client.messages.create(**{**HELLO, "messages": [message], **params})


def test_a_reply_is_what_was_said(scripted):
    server, client = scripted
    server.reply("Hello!")
    message = ask(client, "Hi")
    assert (message.text, message.stop_reason) == ("Hello!", "end_turn")
    assert ask(client, "And again").text == "Hello!"
    server.verify()


def test_a_stream_says_the_same(scripted):
    server, client = scripted
    server.reply(thinking("Hm."), text("It is sunny."), tool_use("weather", city="Oslo"))
    plain = ask(client, "Weather?")
    messages = [{"role": "user", "content": "Weather?"}]
    with client.messages.stream(**HELLO, messages=messages) as stream:
        streamed = stream.get_final_message()
    assert plain.stop_reason == streamed.stop_reason == "tool_use"
    assert [block.type for block in streamed.content] == ["thinking", "text", "tool_use"]
    assert streamed.content[2].input == {"city": "Oslo"}
    assert streamed.usage == plain.usage


def test_the_first_rule_that_fits_and_is_not_used_up_answers(scripted):
    server, client = scripted
    server.reply("first", when=user_text("weather"), times=1)
    server.reply("second", when=user_text("weather"))
    server.reply("other")
    prompts = ["the weather", "hello", "The Weather?", "weather"]
    assert [ask(client, each).text for each in prompts] == ["first", "other", "second", "second"]


def test_replies_are_given_once_each_in_order(scripted):
    server, client = scripted
    server.replies("one", ["two, ", "three"])
    assert [ask(client, "count").text for _ in range(2)] == ["one", "two, three"]
    with pytest.raises(antiphon.BadRequestError, match="used up"):
        ask(client, "count")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (529, antiphon.OverloadedError),
        ("rate_limit_error", antiphon.RateLimitError),
        (400, antiphon.BadRequestError),
        (503, antiphon.ServiceUnavailableError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_is_the_error_of_the_api(scripted, error, kind, stream):
    server, client = scripted
    server.fail(error, retry_after=3)
    with pytest.raises(kind) as caught:
        ask(client, "Hi", stream=stream)
    assert caught.value.retry_after == 3
    server.verify()


def test_each_attempt_uses_a_rule_up():
    transport = InProcess()
    transport.fail(529, times=2)
    transport.reply("Hello!")
    client = antiphon.Client(http_client=transport, api_key="test")
    response = client.messages.with_raw_response.create(
        **HELLO, messages=[{"role": "user", "content": "Hi"}]
    )
    assert (response.retries_taken, response.parse().text) == (2, "Hello!")
    transport.verify()


def test_counting_tokens_uses_nothing_up(scripted):
    server, client = scripted
    server.replies("one")
    messages = [{"role": "user", "content": "Hi"}]
    client.messages.count_tokens(model=HELLO["model"], messages=messages)
    assert ask(client, "Hi").text == "one"


def test_a_request_that_breaks_a_rule_of_the_api_uses_nothing_up(scripted):
    server, client = scripted
    server.replies("one")
    with pytest.raises(antiphon.BadRequestError, match="max_tokens"):
        ask(client, "Hi", max_tokens=-1)
    assert ask(client, "Hi").text == "one"
    server.verify()


def test_a_list_may_hold_functions(scripted):
    server, client = scripted
    server.replies("a", ["b", lambda request: request.text])
    server.reply(["c", [lambda request: [text("d"), "e"]]])
    assert [ask(client, "Hi").text for _ in range(3)] == ["a", "bHi", "cde"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_function_says_must_be_sendable(scripted, stream):
    server, client = scripted
    server.reply(lambda request: tool_use("weather", days={1}))
    with pytest.raises(antiphon.BadRequestError, match=r"raised TypeError: reply: .* is not JSON"):
        ask(client, "Hi", stream=stream)
    with pytest.raises(AssertionError, match="is not JSON"):
        server.verify()


def test_a_batch_survives_what_cannot_be_sent():
    transport = InProcess(App(VirtualClock(), batch_seconds=0))
    transport.reply(lambda request: tool_use("weather", days={1}))
    client = antiphon.Client(http_client=transport, api_key="test")
    params = {**HELLO, "messages": [{"role": "user", "content": "Hi"}]}
    batch = client.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    [result] = client.messages.batches.results(batch.id)
    assert "is not JSON" in result.result.error.error.message
    with pytest.raises(AssertionError, match="is not JSON"):
        transport.verify()


def test_a_condition_that_fails_for_a_rule_that_is_used_up_hides_nothing(scripted):
    server, client = scripted

    def first_alone(request):
        return {"one": True}[request.text]

    server.reply("first", when=first_alone, times=1)
    assert ask(client, "one").text == "first"
    with pytest.raises(antiphon.BadRequestError, match="it raised KeyError: 'two'"):
        ask(client, "two")


def test_a_batch_gets_the_replies_in_the_order_of_its_items():
    transport = InProcess(App(VirtualClock(), batch_seconds=0))
    transport.replies("one", "two")
    transport.fail(529, times=1)
    client = antiphon.Client(http_client=transport, api_key="test")
    params = {**HELLO, "messages": [{"role": "user", "content": "Hi"}]}
    batch = client.messages.batches.create(
        requests=[{"custom_id": name, "params": params} for name in ("a", "b", "c")]
    )
    results = {each.custom_id: each.result for each in client.messages.batches.results(batch.id)}
    assert [results[name].message.text for name in ("a", "b")] == ["one", "two"]
    assert results["c"].error.error.type == "overloaded_error"
    transport.verify()


def test_what_nobody_expects_is_an_error_that_names_the_nearest_rule(scripted):
    server, client = scripted
    server.reply("Sunny.", when=user_text("weather"))
    with pytest.raises(antiphon.BadRequestError) as caught:
        ask(client, "Tell me a joke")
    said = str(caught.value)
    assert "user_text('weather'): the user wrote 'Tell me a joke'" in said
    assert caught.value.error_code == "unexpected_request"
    with pytest.raises(AssertionError, match="the user wrote 'Tell me a joke'"):
        server.verify()


def test_rules_with_times_have_to_be_used_up(scripted):
    server, client = scripted
    server.reply("often", when=user_text("never"))
    server.replies("once")
    with pytest.raises(AssertionError, match=r"reply\('once'\): used 0 of 1 times"):
        server.verify()
    ask(client, "Hi")
    server.verify()


def test_a_server_that_is_not_strict_falls_back_to_simulated_replies():
    with LocalServer(strict=False) as server:
        client = antiphon.Client(base_url=server.url, api_key="test")
        server.reply("Sunny.", when=user_text("weather"))
        assert "simulated" in ask(client, "Hello").text.lower()
        assert ask(client, "weather").text == "Sunny."
        server.verify()


@pytest.mark.parametrize("make", [LocalServer, InProcess])
def test_the_script_of_an_app_says_itself_whether_it_is_strict(make):
    lax = App(script=Script(strict=False))
    assert make(lax).script.strict is make(lax, strict=False).script.strict is False
    with pytest.raises(TypeError, match=r"strict: False, but the script .* Script\(strict=…\)"):
        make(App(script=Script()), strict=False)
    with pytest.raises(TypeError, match="strict: 'no'; give True or False"):
        make(strict="no")


def test_a_server_that_is_not_strict_stays_so_with_another_app():
    with LocalServer(strict=False) as server:
        server.replace(App())
        assert server.script.strict is False
        server.replace(App(script=Script()))
        assert server.script.strict is True


def test_what_a_file_says_about_strictness_ends_with_it():
    script = Script()
    script.load({"strict": False, "rules": [{"reply": "a", "times": 1}]})
    assert script.strict is False
    script.load([{"reply": "a", "times": 1}])
    assert script.strict is True
    script.load({"strict": False, "rules": [{"reply": "a"}]})
    script.reset()
    assert script.strict is True
    script.load({"strict": False, "rules": [{"reply": "a"}]})
    script.strict = True
    assert script.strict is True


def test_a_file_without_rules_expects_nothing(scripted):
    server, client = scripted
    server.script.load({"rules": []})
    with pytest.raises(antiphon.BadRequestError, match=r"There are no rules\."):
        ask(client, "Hi")
    with pytest.raises(AssertionError, match="There are no rules"):
        server.verify()
    server.app.reset()
    assert "simulated" in ask(client, "Hi").text.lower()


def test_without_rules_replies_are_simulated(scripted):
    server, client = scripted
    assert "simulated" in ask(client, "Hello").text.lower()
    server.reply("Scripted.")
    assert ask(client, "Hello").text == "Scripted."
    server.app.reset()
    assert "simulated" in ask(client, "Hello").text.lower()


def test_usage_follows_from_the_reply_unless_it_is_given(scripted):
    server, client = scripted
    server.replies("word", "word " * 50)
    server.reply("word", usage={"input_tokens": 7, "cache_read_input_tokens": 90})
    short, long, given = (ask(client, "Hi").usage for _ in range(3))
    assert short.output_tokens < 10 < 40 < long.output_tokens
    assert short.input_tokens == long.input_tokens
    assert (given.input_tokens, given.cache_read_input_tokens) == (7, 90)
    assert given.output_tokens == short.output_tokens


def test_a_reply_is_never_cut(scripted):
    server, client = scripted
    server.reply("one two three four five")
    message = ask(client, "Hi", max_tokens=1, stop_sequences=["two"])
    assert (message.text, message.stop_reason) == ("one two three four five", "end_turn")
    server.app.reset()
    server.reply("one", stop_reason="max_tokens")
    assert ask(client, "Hi").stop_reason == "max_tokens"


def test_a_refusal_is_a_stop_reason(scripted):
    server, client = scripted
    server.reply(refusal("No.", category="cyber"))
    message = ask(client, "Hi")
    assert (message.content, message.stop_reason) == ([], "refusal")
    assert message.stop_details.explanation == "No."


def test_thinking_is_signed_and_taken_back(scripted):
    server, client = scripted
    server.reply(thinking("Hm."), "Yes.")
    first = ask(client, "Hi")
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": "Sure?"},
    ]
    assert ask(client, "", messages=messages).text == "Yes."


def test_a_function_of_the_request_replies(scripted):
    server, client = scripted
    server.reply(lambda request: [text(f"{request.model}: "), text(request.text)])
    assert ask(client, "Hi").text == "claude-haiku-4-5: Hi"


def test_a_recorded_message_is_said_again(scripted):
    server, client = scripted
    recorded = antiphon.Client(http_client=InProcess(), api_key="test").messages.create(
        **HELLO, messages=[{"role": "user", "content": "Something else"}]
    )
    server.reply(recorded)
    server.reply(recorded.to_dict())
    assert ask(client, "Hi") == recorded


def test_a_delay_passes_on_the_clock_of_the_server():
    transport = InProcess()
    transport.reply("slow", delay=60)
    client = antiphon.Client(
        http_client=transport, api_key="test", timeout=antiphon.Timeout(read=30), max_retries=0
    )
    with pytest.raises(antiphon.APITimeoutError):
        ask(client, "Hi")


def test_faults_get_the_steps_of_the_response(scripted):
    server, client = scripted

    def cut(steps):
        yield next(steps)

    server.reply("Hello!", faults=[cut])
    with pytest.raises(antiphon.APIConnectionError):
        list(ask(client, "Hi", stream=True))


def test_a_script_is_an_object_of_its_own():
    script = Script()
    rule = script.reply("Hello!")
    with LocalServer(App(script=script)) as server:
        assert ask(antiphon.Client(base_url=server.url, api_key="test"), "Hi").text == "Hello!"
    assert rule.used == 1


def message(**fields):
    return {"type": "message", "role": "assistant", "content": [], **fields}


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda s: s.reply(7), TypeError, "reply: 7 cannot be said"),
        (lambda s: s.reply("a", times=0), ValueError, "times: 0"),
        (lambda s: s.reply("a", delay=-1), ValueError, "delay: -1"),
        (lambda s: s.reply("a", when="weather"), TypeError, "when: 'weather'"),
        (lambda s: s.reply("a", faults=[1]), TypeError, "faults: 1"),
        (lambda s: s.reply("a", faults="cut"), TypeError, "faults: give a list .* not 'cut'"),
        (lambda s: s.fail(500, faults=7), TypeError, "faults: give a list .* not 7"),
        (lambda s: s.reply("a", times="2"), TypeError, "times: '2'"),
        (lambda s: s.reply("a", delay="2"), TypeError, "delay: '2'"),
        (lambda s: s.reply("a", stop_reason=5), TypeError, "stop_reason: 5"),
        (lambda s: s.reply("a", usage=5), TypeError, "usage: 5"),
        (lambda s: setattr(s, "faults", 5), TypeError, "faults: give a list .* not 5"),
        (lambda s: s.reply({"cited_text": "a"}), TypeError, "a citation belongs into a text"),
        (lambda s: s.reply(tool_use("a", b=object())), TypeError, "object is not JSON"),
        (lambda s: s.replies(), TypeError, "replies: there are none"),
        (lambda s: s.replies("a", 7), TypeError, "reply: 7 cannot be said"),
        (lambda s: s.reply(), TypeError, "reply: nothing is said"),
        (lambda s: s.reply([]), TypeError, "reply: nothing is said"),
        (lambda s: s.reply({"type": "text"}), TypeError, "has no `text`; give a str"),
        (lambda s: s.reply({"type": "text", "text": 5}), TypeError, "has no `text`; give a str"),
        (lambda s: s.reply({"type": "thinking"}), TypeError, "has no `thinking`; give a str"),
        (lambda s: s.reply({"type": "tool_use"}), TypeError, "has no `name`; give a str"),
        (
            lambda s: s.reply({"type": "tool_use", "name": "a"}),
            TypeError,
            "no `input`; give a dict",
        ),
        (lambda s: s.reply({**tool_use("a"), "id": 5}), TypeError, "reply: id: 5; give a str"),
        (lambda s: s.reply({**text("a"), "citations": ["b"]}), TypeError, "'b' is no citation"),
        (lambda s: s.reply(message(content=5)), TypeError, "reply: 5 cannot be said"),
        (lambda s: s.reply(message(content=[{"text": "a"}])), TypeError, "it has no `type`"),
        (lambda s: s.reply(message(usage=5)), TypeError, "reply: usage: 5"),
        (lambda s: s.reply(message(usage={"output_tokens": "x"})), TypeError, "output_tokens: 'x'"),
        (lambda s: s.reply(message(container={1})), TypeError, "reply: .* is not JSON"),
        (lambda s: s.reply("\ud800"), TypeError, "reply: "),
        (lambda s: s.reply("a", stop_reason="bogus"), ValueError, "stop_reason: 'bogus' is none"),
        (lambda s: s.reply("a", stop_reason=""), ValueError, "stop_reason: '' is none"),
        (lambda s: s.reply("a", usage={"inputtokens": 3}), ValueError, "usage: .inputtokens. is"),
        (lambda s: s.reply("a", usage={"input_tokens": -3}), ValueError, "input_tokens: -3; give"),
        (lambda s: s.reply("a", usage={"input_tokens": "x"}), TypeError, "input_tokens: 'x'; give"),
        (
            lambda s: s.reply("a", usage={"input_tokens": {1}}),
            TypeError,
            r"input_tokens: \{1\}",
        ),
        (lambda s: s.reply("a", times=True), TypeError, "times: True"),
        (lambda s: s.reply("a", delay=True), TypeError, "delay: True"),
        (lambda s: s.reply("a", delay=inf), ValueError, "delay: inf"),
        (lambda s: s.fail(500, 5), TypeError, "message: 5; give a text"),
        (lambda s: s.fail(429, retry_after=True), TypeError, "retry_after: True; give seconds"),
        (lambda s: s.fail(429, retry_after=[1]), TypeError, r"retry_after: \[1\]; give seconds"),
        (lambda s: s.fail(429, retry_after=nan), ValueError, "retry_after: nan; give seconds"),
        (lambda s: s.fail(429, retry_after=-1), ValueError, "retry_after: -1; give seconds"),
        (lambda s: s.fail(429, retry_after="a\r\nb: c"), ValueError, "of ASCII in one line"),
        (lambda s: s.fail(429, retry_after="\u2028"), ValueError, "of ASCII in one line"),
        (lambda s: s.fail("nonsense"), ValueError, "fail: 'nonsense'"),
        (lambda s: s.fail(200), ValueError, "fail: 200"),
    ],
)
def test_wrong_rules_are_refused_at_once(make, error, says):
    script = Script()
    with pytest.raises(error, match=says):
        make(script)
    assert not script.rules


@pytest.mark.parametrize("make", [text, thinking, tool_use, citation])
def test_makers_take_texts_alone(make):
    with pytest.raises(TypeError, match=f"{make.__name__}: 5; give a str"):
        make(5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: text("a", "b"), "text: 'b' is no citation; give citation"),
        (lambda: thinking("a", signature=5), "thinking: signature: 5; give a str"),
        (lambda: tool_use("x", "y"), "tool_use: input: 'y'; give a dict"),
        (lambda: refusal(5), "refusal: 5; give a str"),
        (lambda: refusal("a", category=5), "refusal: category: 5; give a str"),
        (lambda: citation("b", title=5), "citation: title: 5; give a str"),
        (lambda: citation("b", document="0"), "citation: document: '0'; give a number from 0"),
        (lambda: citation("b", document=True), "citation: document: True; give a number"),
        (lambda: citation("b", document=-1), "citation: document: -1; give a number from 0"),
        (lambda: citation("b", documnt=1), "citation: documnt: unknown; give document, title"),
        (lambda: citation("b", start_page_number="2"), "citation: start_page_number: '2'; give a"),
    ],
)
def test_makers_name_the_argument_that_is_wrong(make, says):
    with pytest.raises((TypeError, ValueError), match=says):
        make()


def test_citations_have_the_places_of_the_api():
    fields = {name for kind in get_args(get_args(TextCitation)[0]) for name in kind.model_fields}
    assert fields - {"cited_text", "title"} == {*LOCATION}


def test_every_stop_reason_of_the_api_can_be_given():
    for reason in get_args(StopReason):
        Script().reply("a", stop_reason=reason)


def test_the_modules_of_the_kit_need_no_import_of_their_own():
    code = "import antiphon; antiphon.testing.faults.ALL; antiphon.testing.conformance"
    subprocess.run([sys.executable, "-c", code], check=True)
