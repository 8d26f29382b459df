"""Faults: which requests they happen to, and how they are asked for."""

from __future__ import annotations

import json
import re
import zlib
from contextlib import suppress

import pytest

import antiphon
from antiphon._stream.writer import framed
from antiphon._wire.json import dumps
from antiphon.local import App, InProcess, LocalServer
from antiphon.local.api.steps import Close, Pause, Write, WriteHead
from antiphon.local.metering.clock import VirtualClock
from antiphon.local.scripting.failure import failure
from antiphon.local.scripting.rule import ScriptRule
from antiphon.local.serving.script_file import ScriptFile
from antiphon.testing import faults, user_text

HELLO = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hi"}],
}


def client_of(server: InProcess, **options) -> antiphon.Client:
    return antiphon.Client(http_client=server, api_key="test", **options)


def fails(client: antiphon.Client, prompt: str = "Hi") -> bool:
    """Return whether a call fails."""
    messages = [{"role": "user", "content": prompt}]
    try:
        client.messages.create(**{**HELLO, "messages": messages})
    except antiphon.APIError:
        return True
    return False


def test_a_fault_of_a_rule_is_stronger_than_one_of_the_server():
    server = InProcess()
    server.faults = [faults.status(529)]
    server.reply("broken", when=user_text("broken"), faults=[faults.status(404)])
    server.reply("other")
    client = client_of(server, max_retries=0)
    with pytest.raises(antiphon.NotFoundError):
        client.messages.create(**{**HELLO, "messages": [{"role": "user", "content": "broken"}]})
    with pytest.raises(antiphon.OverloadedError):
        client.messages.create(**HELLO)


def test_a_header_is_stronger_than_a_rule():
    server = InProcess()
    server.reply("Hello!", faults=[faults.status(404)])
    client = client_of(server, max_retries=0)
    with pytest.raises(antiphon.RateLimitError) as caught:
        client.messages.create(
            **HELLO, extra_headers={"x-antiphon-fault": "retry_after(seconds=7)"}
        )
    assert caught.value.retry_after == 7
    message = client.messages.create(**HELLO, extra_headers={"x-antiphon-fault": "none"})
    assert message.text == "Hello!"


def test_a_header_that_names_no_fault_is_refused():
    client = client_of(InProcess())
    with pytest.raises(
        antiphon.BadRequestError, match="'rubbish' is no fault; the faults are bad_"
    ):
        client.messages.create(**HELLO, extra_headers={"x-antiphon-fault": "rubbish"})


def test_a_fault_is_for_the_attempts_that_it_names():
    server = InProcess()
    server.faults = [faults.cut().on(attempts=(1, 2))]
    response = client_of(server).messages.with_raw_response.create(**HELLO)
    assert response.retries_taken == 2
    assert len(server.requests) == 3


def test_a_fault_is_for_the_requests_that_it_names():
    server = InProcess()
    server.faults = [faults.status(500).on(requests=3, attempts=(1, 2))]
    client = client_of(server, max_retries=0)
    assert [fails(client, text) for text in "abcccd"] == [False, False, True, True, False, False]


def test_an_equal_request_after_one_that_went_well_is_a_new_one():
    server = InProcess()
    server.faults = [faults.status(500).on(attempts=1)]
    client = client_of(server, max_retries=0)
    assert [fails(client) for _ in range(4)] == [True, False, True, False]


@pytest.mark.parametrize("survived", [faults.latency(0), faults.crlf(), faults.error_event()])
def test_a_fault_that_calls_survive_is_no_reason_for_another_attempt(survived):
    server = InProcess()
    server.faults = [survived, faults.status(500).on(requests=2, attempts=1)]
    client = client_of(server, max_retries=0)
    assert [fails(client) for _ in range(4)] == [False, True, False, False]
    server.faults = [survived, faults.status(500).on(attempts=2)]
    assert not any(fails(client) for _ in range(4))


@pytest.mark.parametrize("seed", range(8))
def test_chance_does_not_move_the_requests_that_a_schedule_names(seed):
    server = InProcess()
    server.faults = [
        faults.status(500).on(requests=3, attempts=(1, 2)),
        faults.latency(0.01).sometimes(0.5, seed=seed),
    ]
    client = client_of(server, max_retries=0)
    assert [fails(client) for _ in range(5)] == [False, False, True, True, False]


def test_chance_is_the_same_for_the_same_seed():
    def outcomes(seed: int) -> list[bool]:
        server = InProcess()
        server.faults = [faults.status(500).sometimes(0.5, seed=seed)]
        client = client_of(server, max_retries=0)
        return [fails(client, str(number)) for number in range(20)]

    assert outcomes(1) == outcomes(1) != outcomes(2)
    assert {True, False} == set(outcomes(1))


def test_chance_begins_again_with_each_server_rule_and_reset(tmp_path):
    fault = faults.status(500).sometimes(0.5, seed=3)
    file = tmp_path / "script.json"
    chance = {"fault": "status(500)", "probability": 0.5, "seed": 3}
    file.write_text(json.dumps([{"reply": "Hello!", "faults": chance}]))
    scripted = InProcess(App(VirtualClock(), script=ScriptFile(file)))

    def outcomes(server: InProcess) -> list[bool]:
        client = client_of(server, max_retries=0)
        return [fails(client, str(number)) for number in range(20)]

    seen = []
    for server in (InProcess(), InProcess()):
        server.faults = [fault]
        seen.append(outcomes(server))
        server.faults = [fault]
        seen.append(outcomes(server))
        server.script.reset()
        server.reply("one", faults=[fault], times=20)
        seen.append(outcomes(server))
        server.reply("two", faults=[fault])
        seen.append(outcomes(server))
    for _ in range(2):
        seen.append(outcomes(scripted))
        scripted.script.reset()
    assert True in seen[0]
    assert False in seen[0]
    assert all(each == seen[0] for each in seen)


def test_replies_in_order_share_their_chance():
    server = InProcess()
    server.replies(*map(str, range(20)), faults=[faults.status(500).sometimes(0.5)])
    client = client_of(server, max_retries=0)
    assert {fails(client, str(number)) for number in range(20)} == {True, False}


def test_a_rule_can_be_free_of_the_faults_of_the_server():
    server = InProcess()
    server.faults = [faults.status(529)]
    server.reply("well", when=user_text("well"), faults=[])
    server.script.add(ScriptRule("late", failure(404), when=user_text("late"), faults=()))
    server.reply("other")
    client = client_of(server, max_retries=0)
    assert not fails(client, "well")
    assert fails(client, "other")
    with pytest.raises(antiphon.NotFoundError):
        client.messages.create(**{**HELLO, "messages": [{"role": "user", "content": "late"}]})
    server.script.load([{"reply": "x", "when": "well", "faults": []}, {"reply": "y"}])
    server.faults = [faults.status(529)]
    assert [fails(client, text) for text in ("well", "other")] == [False, True]


def test_faults_are_applied_one_after_the_other():
    server = InProcess()
    server.faults = [faults.crlf(), faults.comments(), faults.gzip(), faults.latency(5)]
    with client_of(server).messages.stream(**HELLO) as stream:
        assert stream.get_final_text()
    assert server.requests[-1].seconds == 5


EVENTS = [
    {"type": "message_start", "message": {"id": "msg_1", "type": "message", "usage": {}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    *(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in ("Zürich data: ", "lies\n\n", "here")
    ),
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "x"}},
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "input_json_delta", "partial_json": '{"a": 1}'},
    },
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
    {"type": "message_stop"},
]
STREAM = WriteHead(200, (("content-type", "text/event-stream"),))
COMMENT = ": keep-alive\n\nretry: 3000\nid: 7\n"


def right(head: WriteHead = STREAM):
    """Yield the steps of a stream, or of its message."""
    yield head
    if head is STREAM:
        for event in EVENTS:
            yield Write(framed(event))
    else:
        content = [{"type": "text", "text": "Zürich"}]
        yield Write(dumps({"type": "message", "id": "msg_1", "content": content}))


def sent(steps) -> tuple[tuple[tuple[str, str], ...], str, list[str]]:
    """Return the headers, the text and the other steps of a response, but for its pauses."""
    steps = list(steps)
    headers, others = (), []
    for step in steps:
        if isinstance(step, WriteHead):
            headers = step.headers
        elif not isinstance(step, Write | Pause):
            others.append(str(step))
    body = b"".join(step.content for step in steps if isinstance(step, Write))
    if ("content-encoding", "gzip") in headers:
        body = zlib.decompressobj(wbits=31).decompress(body)
    text = body.decode().replace("\ufeff", "").replace("\r\n", "\n").replace(COMMENT, "")
    return tuple(pair for pair in headers if pair[0] != "content-encoding"), text, others


REFRAMED = [
    *(faults.drip(size, 0) for size in (1, 7, 64, 4000)),
    faults.split_utf8(0),
    faults.comments(),
    faults.crlf(),
    faults.byte_order_mark(),
    faults.gzip(),
]
ON_TEXT = [fault for fault in faults.ALL if not fault.name.endswith(("_after_bytes", "1_0"))]


@pytest.mark.parametrize("fault", ON_TEXT, ids=lambda fault: fault.name)
@pytest.mark.parametrize("reframed", REFRAMED, ids=lambda fault: fault.name)
def test_a_fault_does_the_same_behind_others(fault, reframed):
    plain = WriteHead(200, (("content-type", "application/json"),))
    date = ("date", "Mon, 01 Jan 2024 00:00:00 GMT")
    for head in (STREAM, plain):
        alone = sent(fault(with_header(right(head), date)))
        assert sent(fault(reframed(with_header(right(head), date)))) == alone
        assert sent(fault(reframed(faults.drip(11, 0)(with_header(right(head), date))))) == alone


def with_header(steps, header: tuple[str, str]):
    for step in steps:
        is_head = isinstance(step, WriteHead)
        yield step._replace(headers=(*step.headers, header)) if is_head else step


def test_a_byte_order_mark_stays_at_the_beginning():
    steps = list(faults.comments()(faults.byte_order_mark()(right())))
    body = b"".join(step.content for step in steps if isinstance(step, Write))
    assert body.startswith(f"\ufeff{COMMENT}event: message_start".encode())


@pytest.mark.parametrize("later", [faults.unknown_delta(), faults.crlf(), faults.comments()])
def test_a_body_that_drips_goes_on_dripping(later):
    before = list(faults.drip(10, 1)(right()))
    steps = list(later(faults.drip(10, 1)(right())))
    assert steps.count(Pause(1)) == before.count(Pause(1))
    assert sum(isinstance(step, Write) for step in steps) >= before.count(Pause(1))


@pytest.mark.parametrize("first", [[], *([fault] for fault in REFRAMED)])
@pytest.mark.parametrize("event", [0, 1, 3, 12])
def test_a_place_is_behind_events_whatever_stands_before(first, event):
    steps = right()
    for fault in first:
        steps = fault(steps)
    text = b"".join(map(framed, EVENTS[:event])).decode()
    assert sent(faults.cut(event=event)(steps))[1:] == (text, ["Close()"])


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_place_is_behind_bytes_in_whatever_pieces(size):
    whole = b"".join(map(framed, EVENTS))
    for after in (0, 1, 33, len(whole)):
        steps = list(faults.cut(after=after)(faults.drip(size, 0)(right())))
        assert steps[-1] == Close()
        assert b"".join(each.content for each in steps if isinstance(each, Write)) == whole[:after]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.cut(event=100), r"cut did not .* 1: its place is behind 100 events, .* had \d+\."),
        (faults.cut(after=10**6), "behind 1000000 bytes, the body had"),
        (faults.reset(event=100), "100 events"),
        (faults.stall(event=100), "100 events"),
        (faults.pings_only(event=100), "100 events"),
        (faults.early_end(event=100), "100 events"),
        (faults.garbled_chunk(event=100), "100 events"),
        (faults.error_event(event=100), "100 events"),
        (faults.unknown_event(event=100), "100 events"),
    ],
)
@pytest.mark.parametrize("first", [[], [faults.gzip()], [faults.drip(10, 0)]])
def test_a_place_that_a_body_does_not_have_is_reported(fault, reason, first, caplog):
    server = InProcess()
    server.faults = [*first, fault, faults.crlf()]
    with client_of(server).messages.stream(**HELLO) as stream:
        assert stream.get_final_text()
    with pytest.raises(AssertionError, match=reason):
        server.verify()
    assert fault.name in caplog.text
    server.script.reset()
    server.verify()


def test_a_fault_that_did_not_happen_opens_no_attempt():
    server = InProcess()
    server.faults = [faults.cut(after=10**6), faults.status(500).on(attempts=2)]
    client = client_of(server, max_retries=0)
    assert not any(fails(client) for _ in range(3))


def test_a_fault_behind_a_cut_is_not_reported():
    server = InProcess()
    server.faults = [faults.cut(event=2), faults.cut(event=5)]
    with pytest.raises(antiphon.APIConnectionError):
        list(client_of(server, max_retries=0).messages.create(**HELLO, stream=True))
    server.verify()


@pytest.mark.parametrize(("seconds", "pauses"), [(5, [5]), (15, [15]), (40, [15, 15, 10])])
def test_pings_come_for_as_long_as_asked(seconds, pauses):
    steps = list(faults.pings_only(seconds, event=1)(right()))
    assert [step.seconds for step in steps if isinstance(step, Pause)] == pauses
    pings = sum(step == Write(framed({"type": "ping"})) for step in steps)
    assert pings == len(pauses) + 1


@pytest.mark.parametrize("stream", [False, True])
def test_each_fault_can_follow_another(stream):
    for first in (faults.status(529), faults.html(200), faults.cut(), faults.gzip()):
        for second in faults.ALL:
            server = InProcess()
            server.faults = [first, second]
            client = client_of(server, max_retries=0)
            with suppress(antiphon.APIError):  # whatever comes of it, the server goes on
                list(client.messages.create(**HELLO, stream=stream))
            server.faults = []
            assert not fails(client)


def test_any_function_from_steps_to_steps_is_a_fault():
    def closed_half_way(steps):
        for step in steps:
            yield step
            if isinstance(step, Write):
                yield Close()
                return
            assert isinstance(step, WriteHead)

    server = InProcess()
    server.reply("Hello!", faults=[closed_half_way])
    with pytest.raises(antiphon.APIConnectionError, match="closed the connection"):
        client_of(server, max_retries=0).messages.create(**HELLO)


def test_the_journal_has_the_status_that_was_sent():
    server = InProcess()
    server.faults = [faults.status(503)]
    fails(client_of(server, max_retries=0))
    assert server.requests[-1].status == 503


def test_a_control_endpoint_switches_faults():
    with LocalServer() as server:
        client = antiphon.Client(base_url=server.url, api_key="test", max_retries=0)
        put = "/__antiphon/faults"
        wanted = [{"fault": "status(500)", "attempts": [1]}, "comments"]
        client.put(put, cast_to=dict, body=wanted)
        assert [fails(client) for _ in range(2)] == [True, False]
        client.put(put, cast_to=dict, body=[])
        assert not fails(client)
        with pytest.raises(antiphon.BadRequestError, match="faults: 'rubbish' is no fault"):
            client.put(put, cast_to=dict, body=["rubbish"])


@pytest.mark.parametrize(
    ("text", "name", "attempts"),
    [
        ("529", "status_529", None),
        ("overloaded_error", "status_529", None),
        ("cut(event=2)", "cut", None),
        ("cut(after=7)@1", "cut_after_bytes", [1]),
        ("retry_after(date, 4) @2-3", "retry_after_date", [2, 3]),
    ],
)
def test_faults_have_names(text, name, attempts):
    fault = faults.named(text)
    assert fault.name == name
    assert fault.attempts is attempts or list(fault.attempts) == attempts


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "cut(",
        "cut(when=3)",
        "cut(event=1, after=1)",
        "cut(event=-1)",
        "cut@0",
        "cut@2-1",
        "cut(after=)",
        "cut(event=1, event=2)",
        "drip(1.5)",
        "html(204)",
        "html(304)",
        "latency(1e15)",
        "latency(true)",
        "status(200)",
        "latency(soon)",
        "stall(-1)",
        "drip(0)",
        "html(99)",
        "retry_after(never)",
    ],
)
def test_what_is_no_fault_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        faults.named(wrong)


@pytest.mark.parametrize("wrong", [3, {"name": "cut"}, {"fault": "cut", "when": 1}, [None]])
def test_json_that_is_no_fault_is_refused(wrong):
    server = InProcess()
    with pytest.raises(ValueError, match=r"\w"):
        server.script.break_by(wrong)


def test_each_fault_has_a_name_of_its_own_and_a_sentence():
    names = [fault.name for fault in faults.ALL]
    assert len(set(names)) == len(names)
    assert all(faults.named(name).name == name for name in names)
    assert all(fault.sentence.endswith(".") for fault in faults.ALL)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: faults.drip(1.5), TypeError, r"size: 1\.5; give a whole number from 1"),
        (lambda: faults.drip("x"), TypeError, "size: 'x'; give a whole number"),
        (lambda: faults.drip(0), ValueError, "size: 0; give a whole number from 1"),
        (lambda: faults.drip(True), TypeError, "size: True; "),
        (lambda: faults.cut(after=2.5), TypeError, r"after: 2\.5; give a whole number from 0"),
        (lambda: faults.cut(event="x"), TypeError, "event: 'x'; give a whole number"),
        (lambda: faults.reset(event=-1), ValueError, "event: -1; give a whole number from 0"),
        (lambda: faults.early_end(event=None.__class__), TypeError, "event: "),
        (lambda: faults.html(200.5), TypeError, r"status: 200\.5; give a whole number"),
        (lambda: faults.html("x"), TypeError, "status: 'x'; give a whole number"),
        (lambda: faults.html(204), ValueError, "status: 204; give one whose responses have a body"),
        (lambda: faults.status(5.5), ValueError, r"status: 5\.5 is no error"),
        (lambda: faults.status(500, 5), TypeError, "message: 5; give a text"),
        (lambda: faults.error_event(5), TypeError, "kind: 5; give a text"),
        (lambda: faults.error_event(message=5), TypeError, "message: 5; give a text"),
        (lambda: faults.retry_after(5), TypeError, "form: 5; give a text"),
        (lambda: faults.retry_after("soon"), ValueError, "form: 'soon'; give one of seconds, "),
        (lambda: faults.retry_after("date", 1e15), ValueError, "seconds: 1000000000000000.0; give"),
        (lambda: faults.latency("x"), TypeError, "seconds: 'x'; give a number from 0"),
        (lambda: faults.latency(float("nan")), ValueError, "seconds: nan; "),
        (lambda: faults.silence(None), TypeError, "seconds: None; "),
        (lambda: faults.stall("x"), TypeError, "seconds: 'x'; "),
        (lambda: faults.pings_only("x"), TypeError, "seconds: 'x'; "),
        (lambda: faults.split_utf8("x"), TypeError, "seconds: 'x'; "),
        (lambda: faults.cut().sometimes("x"), TypeError, "probability: 'x'; give a number from 0"),
        (lambda: faults.cut().sometimes(2), ValueError, "probability: 2; give a number from 0 to"),
        (lambda: faults.cut().sometimes(1, seed=None), TypeError, "seed: None; give a whole"),
        (lambda: faults.cut().on(attempts="1"), TypeError, "attempts: '1'; give numbers from 1"),
        (lambda: faults.cut().on(attempts=1.5), TypeError, r"attempts: 1\.5; give numbers"),
        (lambda: faults.cut().on(attempts=[1.5]), TypeError, r"attempts: \[1\.5\]; give numbers"),
        (lambda: faults.cut().on(requests=[]), ValueError, r"requests: \[\]; give numbers from 1"),
        (lambda: faults.cut().on(requests=range(2)), ValueError, "requests: range"),
        (lambda: faults.named(5), TypeError, "name: 5; give a text"),
        (lambda: faults.named("cut(after=)"), ValueError, "after: ''; give a whole number"),
        (lambda: faults.named("cut@3-1"), ValueError, "give the lower attempt first, as in @1-3"),
        (lambda: faults.named("cut@0-3"), ValueError, "attempts: "),
    ],
)
def test_a_wrong_argument_is_named(make, error, message):
    with pytest.raises(error, match=f"^(?:'.*': )?{message}"):
        make()


def test_a_range_of_attempts_may_be_long():
    assert 10**12 in faults.named("cut@1-9999999999999").attempts


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("drip(1.5)", "size: 1.5; give a whole number from 1"),
        ({"fault": "cut", "attempts": "1"}, "attempts: '1'; give numbers from 1"),
        ({"fault": "cut", "attempts": [1.5]}, "attempts: [1.5]; give numbers from 1"),
        ({"fault": "cut", "probability": "x"}, "probability: 'x'; give a number from 0 to 1"),
        ({"fault": "cut", "probability": 1, "seed": None}, "seed: None; give a whole number"),
    ],
)
def test_a_wrong_argument_is_named_to_programs_in_other_languages(wrong, message):
    client = client_of(InProcess())
    with pytest.raises(antiphon.BadRequestError, match=re.escape(message)):
        client.put("/__antiphon/faults", cast_to=dict, body=[wrong])
    if isinstance(wrong, str):
        with pytest.raises(antiphon.BadRequestError, match=re.escape(message)):
            client.messages.create(**HELLO, extra_headers={"x-antiphon-fault": wrong})


@pytest.mark.parametrize("name", ["cut", "json_instead_of_stream"])
def test_a_fault_that_nobody_called_is_refused(name):
    server = InProcess()
    uncalled = getattr(faults, name)
    with pytest.raises(TypeError, match=rf"faults: write faults.{name}\(\), not faults.{name}"):
        server.faults = [faults.drip(), uncalled]
    with pytest.raises(TypeError, match=rf"write faults.{name}\(\)"):
        server.reply("x", faults=[uncalled])
    assert not server.faults


def test_a_mistake_in_a_fault_is_no_fault_of_the_app():
    with pytest.raises(TypeError, match="faults: 'cut' is no fault"):
        InProcess(App()).faults = ["cut"]


def test_what_stands_behind_a_response_stays_there():
    for later in (faults.gzip(), faults.json_instead_of_stream(), faults.unknown_delta()):
        steps = list(later(faults.glued_response()(right())))
        assert not isinstance(steps[-1], Write)
        assert sent(iter(steps)) == sent(faults.glued_response()(later(right())))
