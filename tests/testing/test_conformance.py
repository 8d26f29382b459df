"""The checks of conformance: ours passes all, and each wrong server is told what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from antiphon._wire.http import Headers, Request, ResponseHead
from antiphon.local import App, LocalServer
from antiphon.local.serving.in_process import InProcess
from antiphon.testing import faults, frozen
from antiphon.testing.conformance import (
    CHECKS,
    ConformityCheck,
    NonconformityError,
    ScoreCard,
    check_server,
)
from tests.support.wire_server import Peer, WireServer

Change = Callable[[int, bytes], tuple[int, bytes]]
Events = list[dict[str, Any]]


class Changed:
    """Our server, with changes to what it sends."""

    def __init__(self, change: Change, **headers: str) -> None:
        self._inner = InProcess(App())
        self._change = change
        self._headers = headers

    def send(self, request: Request) -> Reply:
        opened = self._inner.send(request)
        body = b""
        while chunk := opened.read(None):
            body += chunk
        status, body = self._change(opened.head.status, body)
        headers = [
            (name, self._headers.get(name.replace("-", "_"), value))
            for name, value in opened.head.headers.raw
        ]
        return Reply(ResponseHead(status, Headers(headers)), body)

    def close(self) -> None: ...


class Reply:
    def __init__(self, head: ResponseHead, body: bytes) -> None:
        self.head = head
        self._body = body

    def read(self, timeout: float | None) -> bytes:
        body, self._body = self._body, b""
        return body

    def close(self) -> None: ...


def replaced(old: bytes, new: bytes) -> Change:
    return lambda status, body: (status, body.replace(old, new))


def events_changed(change: Callable[[Events], Events]) -> Change:
    def of(status: int, body: bytes) -> tuple[int, bytes]:
        if not body.startswith(b"event:"):
            return status, body
        return status, streamed(change(events_of(body)))

    return of


def events_of(body: bytes) -> Events:
    return [json.loads(each.partition(b"data: ")[2]) for each in body.split(b"\n\n") if each]


def streamed(events: Events) -> bytes:
    parts = (f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
    return "".join(parts).encode()


def each_event(kind: str, change: Callable[[dict[str, Any]], object]) -> Change:
    def of(events: Events) -> Events:
        for event in events:
            if event["type"] == kind:
                change(event)
        return events

    return events_changed(of)


def without(*path: str) -> Callable[[dict[str, Any]], object]:
    def of(event: dict[str, Any]) -> None:
        inner = event
        for name in path[:-1]:
            inner = inner[name]
        inner.pop(path[-1], None)

    return of


def having(value: object, *path: str) -> Callable[[dict[str, Any]], object]:
    def of(event: dict[str, Any]) -> None:
        inner = event
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value

    return of


def card_of(change: Change, *names: str, **headers: str) -> ScoreCard:
    checks = [check for check in CHECKS if check.name in names]
    assert len(checks) == len(names)
    return check_server("http://local", http_client=Changed(change, **headers), checks=checks)


def test_our_server_passes_all_checks():
    with LocalServer() as server:
        card = check_server(server.url)
    assert [each.name for each in card.findings if each.outcome == "failed"] == []
    assert card.conforms
    assert card.passed == len(CHECKS)


def test_each_check_has_a_name_and_a_title():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.title[0].islower() and check.need in ("must", "should") for check in CHECKS)


# What the servers of others get wrong (public reports of each), and what they are told.
WRONG = [
    ("create", b'"usage":', b'"used":', "usage: an object"),
    ("create", b'"stop_reason":"end_turn"', b'"stop_reason":"stop"', "a stop_reason of the API"),
    ("create", b'"type":"message"', b'"type":"completion"', "type: 'message'"),
    ("create", b'"input_tokens":', b'"prompt_tokens":', "usage.input_tokens: a whole number"),
    ("stream", b"event: message_stop", b"event: ping", "its name to be its type"),
    ("stream", b'"output_tokens":', b'"completion_tokens":', "usage.output_tokens"),
    ("stream", b'"index":0', b'"index":1', "index 0"),
    ("error_missing", b'"invalid_request_error"', b'"bad_request"', "error.type"),
    ("error_missing", b'"type":"error"', b'"type":"failure"', 'an envelope of type "error"'),
    ("tools", b'"input":{"city"', b'"input":{"town"', "an input that fits the schema"),
    ("tools_stream", b'"partial_json":"{', b'"partial_json":"', "expected JSON in partial_json"),
    ("thinking", b'"signature":"', b'"seal":"', "a signature"),
    ("usage_of_count", b'"input_tokens":', b'"tokens":', "input_tokens above 0"),
    ("error_request_id", b'"request_id":', b'"id":', "request_id in the body"),
    ("citations", b'"citations":[', b'"sources":[', "a text block with citations"),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), WRONG)
def test_a_wrong_server_is_told_what_is_wrong(name, old, new, told):
    (finding,) = card_of(replaced(old, new), name).findings
    assert finding.outcome == "failed"
    assert told in finding.evidence


def test_a_stream_without_its_end_is_told():
    def cut(status: int, body: bytes) -> tuple[int, bytes]:
        return status, body.partition(b"event: message_stop")[0]

    (finding,) = card_of(cut, "stream").findings
    assert "expected message_stop at the end" in finding.evidence


def test_a_json_content_type_of_a_stream_is_told():
    (finding,) = card_of(lambda *both: both, "stream", content_type="application/json").findings
    assert "expected content-type text/event-stream" in finding.evidence


def test_another_status_is_told_with_the_body():
    (finding,) = card_of(lambda _, body: (200, body), "error_missing").findings
    assert finding.evidence.startswith('expected status 400; saw status 200, {"type":"error"')


def test_a_server_that_is_none_fails_without_an_exception():
    card = card_of(lambda *_: (200, b"<html>It works!</html>"), *(check.name for check in CHECKS))
    assert card.passed == 0 or card.passed == sum(
        each.name in ("request_id", "rate_limit_headers") for each in card.findings
    )
    assert not card.conforms
    assert all(each.evidence for each in card.findings if each.outcome == "failed")


# A stream has to make a message that is as right as one that was not streamed.
WRONG_STREAMS = [
    ("stream", "message_start", without("message"), "event 1: message: an object; saw None"),
    ("stream", "message_start", without("message", "id"), "event 1: message: id: a text"),
    ("stream", "message_start", without("message", "role"), "event 1: message: role: 'assistant'"),
    ("stream", "message_start", without("message", "model"), "event 1: message: model: a text"),
    ("stream", "message_start", having("", "message", "model"), "event 1: message: model: a text"),
    ("stream", "message_start", without("message", "content"), "a list of content; saw None"),
    ("stream", "message_start", having("msg", "message", "type"), "type: 'message'; saw 'msg'"),
    ("stream", "message_start", having("end_turn", "message", "stop_reason"), "stop_reason: null"),
    ("stream", "message_start", having([{"type": "text"}], "message", "content"), "no content yet"),
    ("stream", "content_block_start", without("content_block", "text"), "content_block.text: a"),
    ("stream", "content_block_start", without("content_block"), "content_block: an object"),
    ("stream", "content_block_start", having(False, "index"), "event 2: index 0; saw False"),
    (
        "stream",
        "content_block_start",
        having({"type": "thinking", "thinking": "", "signature": ""}, "content_block"),
        "a delta of a thinking block; saw text_delta",
    ),
    ("stream", "content_block_delta", without("delta"), "delta: an object; saw None"),
    ("stream", "content_block_delta", without("delta", "type"), "delta.type: a text"),
    ("stream", "content_block_delta", without("delta", "text"), "delta.text: a text; saw None"),
    ("stream", "content_block_delta", having(5, "delta", "text"), "delta.text: a text; saw 5"),
    ("stream", "content_block_delta", having("", "delta", "text"), "some text"),
    ("stream", "message_delta", without("delta"), "delta: an object; saw None"),
    ("stream", "message_delta", without("delta", "stop_sequence"), "stop_sequence, if only null"),
    ("stream", "message_delta", having(5, "delta", "stop_sequence"), "null or a text; saw 5"),
    ("stream", "message_delta", having(None, "delta", "stop_reason"), "a stop_reason of the API"),
    ("stream", "message_delta", without("usage"), "usage: an object; saw None"),
    ("stream", "message_delta", without("usage", "output_tokens"), "usage.output_tokens"),
    ("stream", "message_delta", having(-5, "usage", "output_tokens"), "a whole number; saw -5"),
    ("stream", "message_delta", having(True, "usage", "output_tokens"), "whole number; saw True"),
    ("usage", "message_delta", having(0, "usage", "output_tokens"), "above 0 at the end of a"),
    ("tools_stream", "content_block_start", without("content_block", "id"), "content_block.id: a"),
    ("tools_stream", "content_block_start", without("content_block", "name"), "block.name: a text"),
    (
        "tools_stream",
        "content_block_start",
        having("other", "content_block", "name"),
        "the tool that was chosen",
    ),
    ("tools_stream", "message_delta", having("end_turn", "delta", "stop_reason"), "tool_use; saw"),
    ("thinking_stream", "content_block_start", without("content_block", "thinking"), "thinking: a"),
    ("citations_stream", "content_block_delta", having({}, "delta", "citation"), "cited_text"),
]


@pytest.mark.parametrize(("name", "kind", "change", "told"), WRONG_STREAMS)
def test_a_wrong_stream_is_told_what_is_wrong(name, kind, change, told):
    (finding,) = card_of(each_event(kind, change), name).findings
    assert finding.outcome == "failed"
    assert told in finding.evidence


def test_an_error_in_a_stream_is_shown():
    failure = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    change = events_changed(lambda events: [*events[:3], failure])
    (finding,) = card_of(change, "stream").findings
    assert "Overloaded" in finding.evidence


# What the documentation of the API lets it do at any time.
NEW_DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "new_delta"}}
ALLOWED: list[Callable[[Events], Events]] = [
    lambda events: [{"type": "ping"}, *events],
    lambda events: [each for event in events for each in (event, {"type": "ping"})],
    lambda events: [*events[:-1], events[-2], events[-1]],  # message_delta twice
    lambda events: [*events[:-3], NEW_DELTA, *events[-3:]],
]


@pytest.mark.parametrize("change", ALLOWED)
def test_what_the_api_may_do_at_any_time_is_right(change):
    (finding,) = card_of(events_changed(change), "stream").findings
    assert finding.evidence == ""


@pytest.mark.parametrize("name", ["create", "error_missing", "usage_of_count", "models", "batches"])
def test_json_under_another_media_type_is_told(name):
    (finding,) = card_of(lambda *both: both, name, content_type="text/plain").findings
    assert finding.evidence == "expected content-type application/json; saw 'text/plain'"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900])
def test_json_that_is_nested_too_deeply_fails_each_check_that_reads_it(body):
    card = card_of(lambda *_: (200, body), *(check.name for check in CHECKS))
    read = [each for each in card.findings if each.name not in ("request_id", "rate_limit_headers")]
    assert all(each.outcome == "failed" for each in read)
    assert all(len(each.evidence) < 500 for each in read)


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the path of each part of a JSON value; the first item stands for all of a list."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths_of(inner, (*path, name))
    elif isinstance(value, list) and value:
        yield from paths_of(value[0], (*path, 0))


def spoiled(value: Any, path: tuple[str | int, ...], instead: object) -> object:
    """Return a copy of a JSON value with another value at a path, or as it is without that path."""
    value = deepcopy(value)
    inner = value
    for part in path[:-1]:
        try:
            inner = inner[part]
        except (KeyError, IndexError, TypeError):
            return value
    there = path[-1] in inner if isinstance(inner, dict) else isinstance(inner, list) and inner
    if there:
        inner[path[-1]] = instead
    return value


class Seen(Changed):
    """Our server, which keeps the paths in its JSON and its events."""

    def __init__(self) -> None:
        super().__init__(self._keep)
        self.paths: set[tuple[str | int, ...]] = set()

    def _keep(self, status: int, body: bytes) -> tuple[int, bytes]:
        for value in events_of(body) if body.startswith(b"event:") else [json.loads(body)]:
            self.paths.update(paths_of(value))
        return status, body


def spoiling(path: tuple[str | int, ...], instead: object) -> Change:
    def of(status: int, body: bytes) -> tuple[int, bytes]:
        if not body.startswith(b"event:"):
            return status, json.dumps(spoiled(json.loads(body), path, instead)).encode()
        parts: list[str] = []
        for event in events_of(body):  # the name stays, whatever becomes of the type
            data = json.dumps(spoiled(event, path, instead))
            parts.append(f"event: {event['type']}\ndata: {data}\n\n")
        return status, "".join(parts).encode()

    return of


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_no_evidence_is_an_error_of_python(check):
    seen = Seen()
    check_server("http://local", http_client=seen, checks=[check])
    for path in seen.paths:
        for instead in (None, 5, [5]):
            server = Changed(spoiling(path, instead))
            (finding,) = check_server("http://local", http_client=server, checks=[check]).findings
            assert "broke off" not in finding.evidence, (path, instead)


@pytest.mark.parametrize(
    "model", ["claude-haiku-5-5", "claude-opus-5", "claude-sonnet-5", "claude-opus-4-8"]
)
def test_our_server_passes_with_other_models(model):
    with LocalServer() as server:
        card = check_server(server.url, model=model, thinking_model="claude-opus-4-6")
    assert [each.name for each in card.findings if each.outcome == "failed"] == []


NAMES = [check.name for check in CHECKS]


def test_the_run_stops_where_no_connection_can_be_made():
    card = check_server("http://127.0.0.1:9")
    (finding,) = card.findings
    assert "127.0.0.1" in finding.evidence
    assert card.stopped == "no connection could be made"
    assert [finding.name, *card.not_run] == NAMES
    assert not card.conforms


def test_the_run_stops_when_the_server_goes_away():
    server = LocalServer().start()

    def leave(probe: Any) -> None:
        server.close()
        probe.send(probe.ask())

    checks = [CHECKS[0], ConformityCheck("leave", "leaves", "must", leave), *CHECKS[1:]]
    card = check_server(server.url, checks=checks)
    assert [each.name for each in card.findings] == ["create", "leave"]
    assert card.stopped == "no connection could be made"


def test_the_run_stops_when_the_server_does_not_respond():
    with LocalServer() as server, frozen() as clock:
        server.faults = [faults.silence()]
        card = check_server(server.url)
    assert clock.elapsed == 60
    (finding,) = card.findings
    assert finding.evidence.startswith("expected a whole response within the 60 s of a check")
    assert card.stopped == "the server did not respond"
    assert card.not_run == tuple(NAMES[1:])


def test_the_run_stops_when_the_server_completes_nothing():
    with LocalServer() as server, frozen() as clock:
        server.faults = [faults.pings_only()]
        checks = [check for check in CHECKS if check.name.endswith("s_stream")]
        card = check_server(server.url, checks=checks, timeout=100)
    assert clock.elapsed == 200
    assert len(card.findings) == 2
    assert all("bytes, and no end" in each.evidence for each in card.findings)
    assert card.stopped == "the server completed no response"


def test_a_check_that_takes_too_long_leaves_the_others_their_time():
    with LocalServer() as server, frozen() as clock:
        server.reply("Hello!", times=1)
        server.reply("Too late", delay=100, times=1)
        server.reply("Hello!")
        card = check_server(server.url, checks=[CHECKS[0]] * 3)
    assert clock.elapsed == 60
    assert [each.outcome for each in card.findings] == ["passed", "failed", "passed"]
    assert card.stopped == ""


def test_the_requests_of_a_check_share_its_time():
    with LocalServer() as server, frozen() as clock:
        server.reply("Hello!", delay=25)
        checks = [check for check in CHECKS if check.name == "system"]
        card = check_server(server.url, checks=checks, timeout=40)
    assert clock.elapsed == 40
    assert "within the 40 s of a check" in card.findings[0].evidence


class Flood:
    """A response that never ends, as fast as it is read."""

    head = ResponseHead(200, Headers([("content-type", "application/json")]))

    def __init__(self) -> None:
        self.given = 0

    def send(self, request: Request) -> Flood:
        return self

    def read(self, timeout: float | None) -> bytes:
        self.given += 1
        return bytes(1_000_000)

    def close(self) -> None: ...


def test_a_response_without_end_is_not_kept():
    flood = Flood()
    card = check_server("http://local", http_client=flood)
    assert "expected a body of at most 32 MB" in card.findings[0].evidence
    assert flood.given < 100
    assert card.stopped == "the server completed no response"


def test_a_response_that_cannot_be_decoded_fails_the_check():
    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(
                b"HTTP/1.1 200 OK\r\ncontent-encoding: nonsense\r\n"
                b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
            )

    with WireServer(script) as server:
        card = check_server(server.url, checks=CHECKS[:1])
    assert "nonsense" in card.findings[0].evidence


def test_a_check_of_a_user_may_fail_in_its_own_way():
    def told(probe: Any) -> None:
        raise NonconformityError("expected more; saw less")

    def careless(probe: Any) -> None:
        probe.send(probe.ask()).object["nonsense"]

    checks = [ConformityCheck(each.__name__, "says", "must", each) for each in (told, careless)]
    with LocalServer() as server:
        card = check_server(server.url, checks=checks)
    assert [each.evidence for each in card.findings] == [
        "expected more; saw less",
        "the check broke off with KeyError: 'nonsense'",
    ]
    assert card.stopped == ""


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        ({"checks": ["create"]}, TypeError, "checks: 'create' is not a ConformityCheck"),
        ({"checks": []}, ValueError, "checks: there are none"),
        ({"timeout": 0}, ValueError, "timeout: 0 is not a number of seconds above 0"),
        ({"timeout": float("nan")}, ValueError, "timeout: nan is not"),
        ({"timeout": "5"}, TypeError, "timeout: expected a number of seconds, got str"),
        ({"api_key": "a\nb"}, ValueError, "api_key: empty, or holds a space"),
        ({"api_key": None}, TypeError, "api_key: expected a str, got NoneType"),
        ({"model": 5}, TypeError, "model: expected a str, got int"),
        ({"thinking_model": None}, TypeError, "thinking_model: expected a str"),
        ({"base_url": 5}, TypeError, "base_url: expected a str, got int"),
        ({"base_url": "http://127.0.0.1:99999"}, ValueError, "base_url: 'http://127.0.0.1:99999'"),
        ({"base_url": "http://[::1"}, ValueError, "base_url: "),
    ],
)
def test_a_wrong_argument_is_named(arguments, kind, told):
    with pytest.raises(kind, match=told):
        check_server(**{"base_url": "http://127.0.0.1:9", **arguments})


def test_the_command_tells_a_closed_port_by_its_exit_code():
    command = [sys.executable, "-m", "antiphon", "conformance", "--base-url", "http://127.0.0.1:9"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 7
    card = json.loads(done.stdout)
    assert card["stopped"] == "no connection could be made"
    assert card["not_run"] == NAMES[1:]
    assert card["checks"] == len(CHECKS)
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert told.count("Could not connect") == 1
    assert f"stopped: no connection could be made\nnot run: {', '.join(NAMES[1:])}\n" in told


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command(as_json):
    with LocalServer() as server:
        command = [sys.executable, "-m", "antiphon", "conformance", "--base-url", server.url]
        done = subprocess.run(
            [*command, *(["--json"] if as_json else [])],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    if as_json:
        assert json.loads(done.stdout)["conforms"] is True
    else:
        assert f"{len(CHECKS)} of {len(CHECKS)} checks passed" in done.stdout


def test_what_is_no_address_is_refused_before_any_check():
    with pytest.raises(ValueError, match="base_url: 'localhost:1' is not"):
        check_server("localhost:1")
