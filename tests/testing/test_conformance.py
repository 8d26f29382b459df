"""The checks of conformance: ours passes all, and each wrong server is told what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from antiphon._wire.http import Headers, Request, ResponseHead
from antiphon.local import App, LocalServer
from antiphon.local.serving.in_process import InProcess
from antiphon.testing.conformance import CHECKS, ScoreCard, check_server


class Changed:
    """Our server, with changes to what it sends."""

    def __init__(self, change: Callable[[int, bytes], tuple[int, bytes]], **headers: str) -> None:
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


def replaced(old: bytes, new: bytes) -> Callable[[int, bytes], tuple[int, bytes]]:
    return lambda status, body: (status, body.replace(old, new))


def card_of(
    change: Callable[[int, bytes], tuple[int, bytes]], *names: str, **headers: str
) -> ScoreCard:
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


def test_nobody_there_is_a_failed_check():
    (finding,) = check_server("http://127.0.0.1:9", checks=CHECKS[:1]).findings
    assert "127.0.0.1" in finding.evidence


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
