"""Cassettes: their files, what is kept in them, and what goes wrong meanwhile."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from antiphon import (
    AntiphonError,
    APIConnectionError,
    APIStatusError,
    BadRequestError,
    Client,
    InternalServerError,
    OverloadedError,
    RateLimitError,
)
from antiphon.local import LocalServer
from antiphon.local.scripting.cassette import Cassette
from antiphon.local.scripting.cassette_app import CassetteApp
from antiphon.local.scripting.recording import Chunk, Interaction
from antiphon.local.scripting.recording_imports import of_har, of_vcr
from antiphon.local.scripting.scrubbing import Scrubber
from antiphon.local.serving.cassette_file import load_recordings
from antiphon.local.serving.recorder import Recorder, cassette_app
from antiphon.testing import faults, frozen
from antiphon.testing.server_setup import renew
from tests.support.commands import started

ASK: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 50}


def turn(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def ask(url: str, text: str = "Hello", **more: Any) -> str:
    with Client(api_key="any", base_url=url, max_retries=0) as client:
        return client.messages.create(messages=turn(text), **ASK, **more).text


def streamed(url: str, text: str = "Hello") -> str:
    with (
        Client(api_key="any", base_url=url) as client,
        client.messages.stream(messages=turn(text), **ASK) as stream,
    ):
        return stream.get_final_text()


def line(text: str = "Hello", reply: Any = None, **response: Any) -> str:
    """Return a line of a cassette."""
    body = {**ASK, "messages": turn(text)}
    request = {"method": "POST", "path": "/v1/messages", "headers": {}, "body": body}
    json_headers = {"content-type": "application/json"}
    answer = {"status": 200, "headers": json_headers, "body": reply, **response}
    return json.dumps({"version": 1, "request": request, "response": answer}).replace(
        '{"version": ', '{"version":', 1
    )


@pytest.fixture
def api():
    with LocalServer() as server:
        yield server


@pytest.fixture
def file(tmp_path):
    return tmp_path / "talk.jsonl"


def recorder(file: Path, mode: Any, api: LocalServer, **more: Any) -> LocalServer:
    return LocalServer(cassette=file, mode=mode, upstream=api.url, **more)


@pytest.mark.parametrize("stream", [False, True])
def test_texts_with_any_ends_of_lines_are_played(file, api, stream):
    said = "one\u2028two\u2029three\x85four\x0bfive\x1csix\r\nseven"
    api.reply(said)

    tell = streamed if stream else ask
    with recorder(file, "once", api) as recording:
        assert tell(recording.url, said) == said
    with LocalServer(cassette=file) as playing:
        assert tell(playing.url, said) == said


def test_rewriting_keeps_the_old_cassette_until_something_is_recorded(file, api):
    file.write_text(f"{line('old')}\n")
    old = file.read_text()
    with pytest.raises(ValueError, match="upstream"):
        LocalServer(cassette=file, mode="rewrite", upstream="nonsense")
    unreachable = LocalServer(cassette=file, mode="rewrite", upstream="http://127.0.0.1:9")
    with unreachable as server, pytest.raises(Exception, match="could not be recorded"):
        ask(server.url)
    assert file.read_text() == old
    with recorder(file, "rewrite", api) as server:
        ask(server.url, "one")
        ask(server.url, "two")
    texts = [each.request["messages"] for each in load_recordings(file)]
    assert texts == [turn("one"), turn("two")]


@pytest.mark.parametrize("name", ["talk.yaml", "talk.yml", "talk.har", "talk.HAR"])
@pytest.mark.parametrize("mode", ["once", "new_episodes", "all", "rewrite"])
def test_nothing_is_recorded_into_the_file_of_another_tool(tmp_path, api, name, mode):
    file = tmp_path / name
    with pytest.raises(ValueError, match=rf"{name}.* give a file such as talk\.jsonl"):
        recorder(file, mode, api)
    assert not file.exists()


def test_once_plays_the_file_of_another_tool(tmp_path, api):
    file = tmp_path / "talk.har"
    entry = {
        "request": {
            "method": "POST",
            "url": "https://api.anthropic.com/v1/messages",
            "headers": [],
            "postData": {"text": json.dumps({**ASK, "messages": turn("Hello")})},
        },
        "response": {"status": 200, "headers": [], "content": {"text": "{}"}},
    }
    file.write_text(json.dumps({"log": {"entries": [entry]}}))
    before = file.read_bytes()
    recorder(file, "once", api)
    with pytest.raises(ValueError, match="another tool"):
        recorder(file, "new_episodes", api)
    assert file.read_bytes() == before


def test_a_line_without_its_end_is_left_whole(file, api):
    file.write_text(line("one"))
    with recorder(file, "new_episodes", api) as server:
        ask(server.url, "two")
        ask(server.url, "three")
    texts = [each.request["messages"] for each in load_recordings(file)]
    assert texts == [turn("one"), turn("two"), turn("three")]


@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_torn_last_line_is_left_out_and_cut_off(file, api, caplog, size):
    file.write_text(f"{line('one')}\n{line('torn')[:size]}")
    torn = file.read_bytes()
    assert len(load_recordings(file)) == 1
    assert "its last line is not whole" in caplog.text
    assert file.read_bytes() == torn
    with recorder(file, "new_episodes", api) as server:
        ask(server.url, "two")
    texts = [each.request["messages"] for each in load_recordings(file)]
    assert texts == [turn("one"), turn("two")]


def test_what_another_program_wrote_meanwhile_is_not_cut_off(file, api):
    whole = line("finished meanwhile")
    file.write_text(whole[:50])
    with recorder(file, "new_episodes", api) as server:
        file.write_text(f"{whole}\n")
        ask(server.url, "two")
    texts = [each.request["messages"] for each in load_recordings(file)]
    assert texts == [turn("finished meanwhile"), turn("two")]


@pytest.mark.parametrize("content", ["notes of mine", f"{line()[:50]}\n{line()}\n"])
def test_other_broken_lines_are_refused_and_stay(file, api, content):
    file.write_text(content)
    with pytest.raises(ValueError, match=r"talk\.jsonl, line 1: .* mend the line, or remove it"):
        recorder(file, "new_episodes", api)
    assert file.read_text() == content


def test_what_was_not_written_is_written_with_the_next_line(tmp_path, api, caplog):
    folder = tmp_path / "cassettes"
    with recorder(folder / "talk.jsonl", "new_episodes", api) as server:
        folder.write_text("no folder")
        ask(server.url, "one")
        folder.unlink()
        ask(server.url, "two")
    assert "was not kept" in caplog.text
    texts = [each.request["messages"] for each in load_recordings(folder / "talk.jsonl")]
    assert texts == [turn("one"), turn("two")]


def test_a_place_that_cannot_be_written_is_refused_at_the_start(tmp_path, api):
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    with pytest.raises(OSError, match=r"blocked.talk\.jsonl"):
        recorder(blocked / "talk.jsonl", "once", api)
    with pytest.raises(OSError, match="folder"):
        (tmp_path / "folder").mkdir()
        recorder(tmp_path / "folder", "new_episodes", api)
    assert [each.name for each in tmp_path.iterdir()] == ["blocked", "folder"]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Stop a command; return its exit code and what it said on stderr."""
    process.terminate()
    _, told = process.communicate(timeout=20)
    return process.returncode, told


def test_the_command_fails_if_something_was_not_written(tmp_path, api):
    folder = tmp_path / "cassettes"
    recording, url = started("record", "--upstream", api.url, str(folder / "talk.jsonl"))
    try:
        folder.write_text("no folder")
        assert ask(url)
    finally:
        code, told = ended(recording)
    assert code == 1
    assert "0 interactions in" in told
    assert "1 interactions could not be written" in told


def test_the_command_refuses_a_place_that_cannot_be_written(tmp_path, api):
    (tmp_path / "blocked").write_text("no folder")
    recording, url = started(
        "record", "--upstream", api.url, str(tmp_path / "blocked" / "talk.jsonl")
    )
    code, told = ended(recording)
    assert (code, url) == (1, "")
    assert "talk.jsonl" in told


def test_a_cache_asks_once_for_equal_requests_under_way(tmp_path):
    arrived, go = threading.Semaphore(0), threading.Event()

    def slow(_: Any) -> str:
        arrived.release()
        assert go.wait(20)
        return "slow"

    with LocalServer() as api:
        api.reply(slow)
        app = cassette_app(tmp_path / "x.jsonl", "new_episodes", upstream=api.url, repeats=True)
        with LocalServer(app) as server, ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(ask, server.url) for _ in range(4)]
            assert arrived.acquire(timeout=20)
            while len(server.requests) < 4:
                pass
            go.set()
            assert [each.result() for each in asked] == ["slow"] * 4
        assert len(api.requests) == 1
    assert len(load_recordings(tmp_path / "x.jsonl")) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 529])
def test_a_cache_keeps_no_error_that_may_pass(file, api, status):
    api.fail(status, times=1)
    api.reply("better")
    app = cassette_app(file, "new_episodes", upstream=api.url, repeats=True)
    with LocalServer(app) as server:
        with pytest.raises(APIStatusError) as caught:
            ask(server.url)
        assert caught.value.status_code == status
        assert [ask(server.url), ask(server.url)] == ["better", "better"]
    assert [each.status for each in load_recordings(file)] == [200]


def test_a_cache_forgets_the_errors_that_an_older_version_has_kept(file, api):
    file.write_text(f"{line(status=529)}\n")
    app = cassette_app(file, "new_episodes", upstream=api.url, repeats=True)
    with LocalServer(app) as server:
        assert ask(server.url)


def test_a_cache_keeps_errors_that_last(file, api):
    app = cassette_app(file, "new_episodes", upstream=api.url, repeats=True)
    with LocalServer(app) as server:
        for _ in range(2):
            with pytest.raises(BadRequestError):
                ask(server.url, "")
    assert len(api.requests) == 1


def test_a_reply_is_kept_if_its_caller_has_gone():
    arrived, go, kept = threading.Event(), threading.Event(), threading.Event()

    def slow(_: Any) -> Interaction:
        arrived.set()
        assert go.wait(20)
        return Interaction.from_line(line())

    cassette = Cassette(mode="new_episodes")
    with ThreadPoolExecutor(1) as pool:
        app = CassetteApp(cassette, Recorder(cassette, slow, kept.set).find)
        with LocalServer(app, grace=0) as server:
            asked = pool.submit(ask, server.url)
            assert arrived.wait(20)
        with pytest.raises(APIConnectionError):
            asked.result()
        go.set()
        assert kept.wait(20)
    assert len(cassette.unsaved) == 1


def test_a_stale_connection_to_the_api_is_replaced(file, api):
    api.faults = [faults.stale_connection()]
    with recorder(file, "new_episodes", api) as server:
        for number in range(4):
            assert ask(server.url, f"{number}")
    assert [each.status for each in load_recordings(file)] == [200] * 4


def recorded(file: Path, api: LocalServer, *texts: str) -> list[str]:
    with recorder(file, "new_episodes", api) as server:
        return [ask(server.url, text) for text in texts]


def test_faults_apply_to_what_is_played(file, api):
    api.replies("one", "two")
    recorded(file, api, "Hello", "Hello")
    with LocalServer(cassette=file) as server:
        server.faults = [faults.status(529).on(attempts=1)]
        with pytest.raises(OverloadedError):
            ask(server.url)
        assert server.requests[-1].status == 529
        assert [ask(server.url), ask(server.url, extra_headers={"x-antiphon-fault": "none"})] == [
            "one",
            "two",
        ]
        server.verify()


def test_faults_apply_to_what_is_recorded(file, api):
    with recorder(file, "once", api) as server:
        server.faults = [faults.cut().on(attempts=1)]
        said = streamed(server.url)
    assert len(api.requests) == 1
    (interaction,) = load_recordings(file)
    assert interaction.response["events"][-1]["event"] == "message_stop"
    with LocalServer(cassette=file) as server:
        assert streamed(server.url) == said
        server.verify()


@pytest.mark.parametrize("mode", ["none", "new_episodes"])
def test_the_header_of_a_request_asks_for_faults(file, api, mode):
    recorded(file, api, "Hello")
    with recorder(file, mode, api) as server:
        server.faults = [faults.status(500)]
        with pytest.raises(OverloadedError):
            ask(server.url, extra_headers={"x-antiphon-fault": "529"})
        with pytest.raises(BadRequestError, match="'nope' is no fault"):
            ask(server.url, extra_headers={"x-antiphon-fault": "nope"})
        with pytest.raises(InternalServerError):
            ask(server.url)
        assert ask(server.url, extra_headers={"x-antiphon-fault": "none"})
    assert len(api.requests) == 1


def test_the_header_for_faults_is_not_passed_on(file, api):
    with recorder(file, "new_episodes", api) as server, pytest.raises(OverloadedError):
        ask(server.url, extra_headers={"x-antiphon-fault": "529"})
    assert [each.status for each in load_recordings(file)] == [200]


def test_faults_that_a_call_survives_use_up_the_interaction(file, api):
    api.replies("one", "two")
    recorded(file, api, "Hello", "Hello")
    with LocalServer(cassette=file) as server:
        server.faults = [faults.crlf()]
        assert [ask(server.url), ask(server.url)] == ["one", "two"]
        server.verify()


@pytest.mark.parametrize("fault", faults.ALL, ids=lambda fault: fault.name)
@pytest.mark.parametrize("tell", [ask, streamed])
def test_each_fault_leads_to_what_it_leads_to_without_a_cassette(file, api, fault, tell):
    def result(server: LocalServer) -> object:
        server.faults = [fault]
        try:
            return bool(tell(server.url))
        except AntiphonError as error:
            return type(error)

    with recorder(file, "once", api) as recording:
        tell(recording.url)
    with frozen(), LocalServer() as plain, LocalServer(cassette=file) as playing:
        assert result(playing) == result(plain)


def test_the_marker_takes_a_cassette_and_faults(file, api):
    recorded(file, api, "Hello")
    with LocalServer() as server:
        renew(server, file.parent, "test", cassette=file.name, faults=[faults.status(529)])
        with pytest.raises(OverloadedError):
            ask(server.url)


def test_the_control_endpoint_breaks_what_is_played(file, api):
    recorded(file, api, "Hello")
    with LocalServer(cassette=file) as server:
        assert httpx2.put(f"{server.url}/__antiphon/faults", json="529").status_code == 200
        with pytest.raises(OverloadedError):
            ask(server.url)
        assert httpx2.put(f"{server.url}/__antiphon/faults", json=[]).status_code == 200
        assert ask(server.url)


def test_a_cassette_takes_no_rules(file, api):
    recorded(file, api, "Hello")
    with LocalServer(cassette=file) as server:
        for rule in (
            lambda: server.reply("x"),
            lambda: server.replies("x"),
            lambda: server.fail(500),
            lambda: server.script.reply("x"),
        ):
            with pytest.raises(ValueError, match="give a cassette or a script, not both"):
                rule()
        refused = httpx2.put(f"{server.url}/__antiphon/script", json={"rules": [{"reply": "x"}]})
        assert refused.status_code == 400
        assert "not both" in refused.text
        assert ask(server.url)


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@host:99999", "https://me:hunter2@", "ftp://me:hunter2@host"]
)
def test_a_wrong_upstream_does_not_show_its_password(file, url):
    with pytest.raises(ValueError, match="upstream: it is not an http:// or https:// URL") as error:
        LocalServer(cassette=file, mode="once", upstream=url)
    assert "hunter2" not in str(error.value)


def test_a_cassette_has_no_strictness_of_its_own(file, api):
    recorded(file, api, "Hello")
    with pytest.raises(TypeError, match="strict: what a cassette lacks is always refused"):
        LocalServer(cassette=file, strict=False)


@pytest.mark.parametrize("pace", ["quick", None, 1.0])
def test_a_wrong_pace_is_refused_by_name(file, api, pace):
    recorded(file, api, "Hello")
    with pytest.raises(ValueError, match=r"pace: .*; give one of 'at once', 'as recorded'"):
        LocalServer(cassette=file, pace=pace)


@pytest.mark.parametrize("mode", ["none", "once", "rewrite"])
@pytest.mark.parametrize("upstream", [5, "nonsense", "", b"http://x", "http://x:99999", "ftp://x"])
def test_a_wrong_upstream_is_refused_by_name(file, api, mode, upstream):
    recorded(file, api, "Hello")
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"upstream: .* is not an http:// or"):
        LocalServer(cassette=file, mode=mode, upstream=upstream)
    assert file.read_bytes() == before


@pytest.mark.parametrize("rest", ["user:hunter2@x", "hunter2@x", "x/?k=hunter2", "x#hunter2"])
def test_an_upstream_with_a_secret_is_refused_and_not_shown(file, rest):
    with pytest.raises(ValueError, match="upstream: holds more than") as caught:
        LocalServer(cassette=file, mode="once", upstream=f"http://{rest}")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_does_not_record_itself(file, host):
    with pytest.raises(ValueError, match="is this server itself"):
        LocalServer(cassette=file, mode="once", port=8471, upstream=f"http://{host}:8471/")


@pytest.mark.parametrize("upstream", ["http://x:hunter2@127.0.0.1:8471", "http://localhost:8471"])
def test_the_command_refuses_such_an_upstream(file, upstream):
    recording, url = started("record", "--port", "8471", "--upstream", upstream, str(file))
    code, told = ended(recording)
    assert (code, url) == (2, "")
    assert "upstream: " in told
    assert "hunter2" not in told


def test_a_recorded_retry_after_is_played(file, api):
    api.faults = [faults.retry_after("milliseconds", 0.5)]
    with recorder(file, "once", api) as server, pytest.raises(RateLimitError) as first:
        ask(server.url)
    with LocalServer(cassette=file) as server, pytest.raises(RateLimitError) as second:
        ask(server.url)
    assert first.value.response.headers["retry-after-ms"]
    assert first.value.retry_after == second.value.retry_after


def changed(path: str, value: Any) -> str:
    """Return a line of a cassette in which one field has another value; `...` removes it."""
    content = json.loads(line(reply={"ok": True}))
    *owners, name = path.split(".")
    owner = content
    for each in owners:
        owner = owner[each]
    owner[name] = value
    if value is ...:
        del owner[name]
    return json.dumps(content)


STREAM = {"content-type": "text/event-stream"}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("request", ..., "request is missing"),
        ("request", [], "request: []"),
        ("request.method", 3, "request.method: 3"),
        ("request.method", ..., "request.method is missing"),
        ("request.path", 3, "request.path: 3"),
        ("request.path", "v1", "request.path: 'v1'"),
        ("request.path", "/a\r\nb", "request.path: "),
        ("request.body", ..., "request.body is missing"),
        ("request.headers", None, "request.headers: None"),
        ("response", ..., "response is missing"),
        ("response.status", "abc", "response.status: 'abc'"),
        ("response.status", None, "response.status: None"),
        ("response.status", True, "response.status: True"),
        ("response.status", 99999, "response.status: 99999"),
        ("response.status", 0, "response.status: 0"),
        ("response.headers", [1], "response.headers: [1]"),
        ("response.headers", None, "response.headers: None"),
        ("response.headers", ..., "response.headers is missing"),
        ("response.headers", {"a": "b\r\nx: y"}, "response.headers: 'a': 'b"),
        ("response.headers", {"a b": "c"}, "response.headers: 'a b'"),
        ("response.headers", {"a": "\u20ac"}, "response.headers: 'a'"),
        ("response.headers", {"Content-Length": "3"}, "content-length follows from the body"),
        ("response.body", ..., "response.body is missing"),
        ("response.raw", "@@@", "response.raw: '@@@'"),
        ("response.raw", 5, "response.raw: 5"),
    ],
)
def test_a_broken_line_is_refused_by_its_field(file, path, value, said):
    file.write_text(f"\n{changed(path, value)}\n")
    with pytest.raises(ValueError, match=rf"talk\.jsonl, line 2: .*{re.escape(said)}"):
        LocalServer(cassette=file)


@pytest.mark.parametrize(
    "event",
    [
        "x",
        {"event": "a", "data": {}},
        {"ms": "x", "event": "a", "data": {}},
        {"ms": -1, "event": "a", "data": {}},
        {"ms": True, "event": "a", "data": {}},
        {"ms": 1, "event": "a"},
        {"ms": 1, "event": 5, "data": {}},
        {"ms": 1, "event": "a\ndata: b", "data": {}},
    ],
)
def test_a_broken_event_is_refused(file, event):
    file.write_text(line(reply={"events": [event]}, headers=STREAM) + "\n")
    with pytest.raises(ValueError, match=r"line 1: response\.body: not a stream"):
        LocalServer(cassette=file)


def test_broken_base64_is_refused(file):
    file.write_text(line(reply={"base64": "@@"}, headers={"content-type": "image/png"}) + "\n")
    with pytest.raises(ValueError, match=r"response\.body\.base64: '@@'"):
        LocalServer(cassette=file)


@pytest.mark.parametrize(
    "body",
    [
        {"events": ["x"]},
        {"events": [{"ms": 1, "data": 2}]},
        {"events": []},
        {"base64": "@@"},
        {"base64": 5},
        {"base64": "é"},
        {"base64": "YQ=="},
    ],
)
def test_json_that_looks_like_a_recorded_form_is_played_as_it_came(body):
    content = json.dumps(body, separators=(",", ":")).encode()
    response = (200, {"content-type": "application/json"}, [Chunk(0, content)])
    made = Interaction.of(("POST", "/x", {}, b""), response)
    again = Interaction.from_line(made.line())
    assert json.loads(b"".join(chunk.content for chunk in again.chunks())) == body


def test_a_byte_order_mark_is_no_part_of_a_recording(tmp_path):
    content = json.dumps({"log": {"entries": []}}).encode()
    for name, text in (
        ("x.jsonl", line().encode()),
        ("x.har", content),
        ("x.yaml", b"interactions: []"),
    ):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text)
        load_recordings(tmp_path / name)


@pytest.mark.parametrize("name", ["x.jsonl", "x.har", "x.yaml"])
def test_what_is_not_utf8_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff\xfe{}\n")
    with pytest.raises(ValueError, match=f"{re.escape(name)}: not UTF-8 .* byte 0"):
        load_recordings(tmp_path / name)


VCR: dict[str, Any] = {
    "request": {"method": "POST", "uri": "https://x/v1/messages", "headers": {}, "body": "{}"},
    "response": {"status": {"code": 200}, "headers": {}, "body": {"string": "{}"}},
}
HAR: dict[str, Any] = {
    "request": {"method": "POST", "url": "https://x/v1/messages", "headers": []},
    "response": {"status": 200, "headers": [], "content": {"text": "{}"}},
}


@pytest.mark.parametrize(
    ("side", "field", "value"),
    [
        ("request", "uri", 5),
        ("request", "method", 5),
        ("request", "headers", ["a"]),
        ("request", "headers", {"content-type": [5]}),
        ("request", "body", 5),
        ("response", "headers", ["a"]),
        ("response", "headers", {"content-type": "a\r\nb"}),
        ("response", "body", 5),
        ("response", "body", {"string": [1]}),
        ("response", "status", 200),
        ("response", "status", {"code": "x"}),
        ("response", "status", {"code": 7}),
    ],
)
def test_a_broken_cassette_of_vcrpy_is_refused_by_name(side, field, value):
    broken = {**VCR, side: {**VCR[side], field: value}}
    with pytest.raises(ValueError, match=r"x\.yaml: .*interaction 2: "):
        of_vcr({"interactions": [VCR, broken]}, "x.yaml")


@pytest.mark.parametrize(
    "text", ["a: [", "a: !!python/name:os.system", "a: !!int x", "[" * 1500, "[1]", "5", ""]
)
def test_yaml_that_is_no_cassette_is_refused_by_name(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"x\.yaml: "):
        LocalServer(cassette=tmp_path / "x.yaml")


@pytest.mark.parametrize(
    ("side", "field", "value"),
    [
        ("request", "url", 5),
        ("request", "headers", None),
        ("request", "postData", 5),
        ("response", "status", "x"),
        ("response", "headers", 5),
        ("response", "content", 5),
        ("response", "content", {"text": 5}),
        ("response", "content", {"text": "?", "encoding": "base64"}),
    ],
)
def test_a_broken_har_file_is_refused_by_name(side, field, value):
    broken = {**HAR, side: {**HAR[side], field: value}}
    with pytest.raises(ValueError, match=r"x\.har: .*entry 2: "):
        of_har(json.dumps({"log": {"entries": [HAR, broken]}}), "x.har")


def test_har_entries_without_content_or_response(caplog):
    empty = {**HAR, "response": {**HAR["response"], "content": None}}
    aborted = {**HAR, "response": {**HAR["response"], "status": 0}}
    (interaction,) = of_har(json.dumps({"log": {"entries": [empty, aborted]}}), "x.har")
    assert interaction.response is None
    assert "x.har: 1 requests got no response" in caplog.text


ENCODED = [
    ("gzip", gzip.compress(b'{"ok":true}', mtime=0)),
    ("x-gzip", gzip.compress(b'{"ok":true}', mtime=0)),
    ("deflate", zlib.compress(b'{"ok":true}')),
    ("GZIP", b'{"ok":true}'),  # undone by the tool, which left the header
    ("br", b'{"ok":true}'),
]


def encoded_vcr(encoding: str, content: bytes) -> Any:
    headers = {"Content-Encoding": [encoding]}
    response = {**VCR["response"], "headers": headers, "body": {"string": content}}
    return {**VCR, "response": response}


@pytest.mark.parametrize(("encoding", "content"), ENCODED)
def test_encoded_bodies_of_other_tools_are_played(encoding, content):
    body = {"string": content}
    vcr = {
        **VCR,
        "response": {**VCR["response"], "headers": {"Content-Encoding": [encoding]}, "body": body},
    }
    (played,) = of_vcr({"interactions": [vcr]}, "x.yaml")
    assert played.response == {"ok": True}
    text = {"text": base64.b64encode(content).decode(), "encoding": "base64"}
    headers = [{"name": "content-encoding", "value": encoding}]
    har = {**HAR, "response": {"status": 200, "headers": headers, "content": text}}
    (played,) = of_har(json.dumps({"log": {"entries": [har]}}), "x.har")
    assert played.response == {"ok": True}


@pytest.mark.parametrize(
    ("encoding", "content", "said"),
    [
        ("gzip", gzip.compress(b'{"ok":true}', mtime=0)[:-9], "encoding ends early"),
        ("gzip", b"\xff\xff", "encoding is broken"),
        ("compress", b"\xff\xff", "encoding is 'compress'"),
    ],
)
def test_an_encoding_that_cannot_be_undone_is_refused(encoding, content, said):
    body = {"string": content}
    vcr = {
        **VCR,
        "response": {**VCR["response"], "headers": {"Content-Encoding": [encoding]}, "body": body},
    }
    with pytest.raises(ValueError, match=rf"x\.yaml: .*interaction 1: .*{said}"):
        of_vcr({"interactions": [vcr]}, "x.yaml")


# A comment and blanks, which events do not hold.
BYTES = b': hi\n\nevent: ping\ndata: {"type":  "ping"}\n\n'


def stream(content: bytes, *secrets: str) -> Interaction:
    """Return a stream that was recorded with its bytes."""
    chunks = [Chunk(5, content[:9]), Chunk(700, content[9:])]
    made = Interaction.of(("POST", "/v1/messages", {}, b"{}"), (200, STREAM, chunks))
    made.keep_bytes(chunks, Scrubber(secrets))
    return made


def test_a_stream_is_kept_byte_by_byte_on_request(file, api):
    with recorder(file, "once", api, raw=True) as server:
        said = streamed(server.url)
        ask(server.url)
    first, second = load_recordings(file)
    assert first.received is not None
    assert first.response["events"][0]["event"] == "message_start"  # readable all the same
    assert (second.received, second.raw) == (None, None)
    with LocalServer(cassette=file) as server:
        assert streamed(server.url) == said


def test_the_bytes_of_a_stream_are_played_as_they_came(file):
    file.write_text(stream(BYTES).line() + "\n")
    (interaction,) = load_recordings(file)
    assert interaction.chunks() == [Chunk(5, BYTES[:9]), Chunk(700, BYTES[9:])]
    with LocalServer(cassette=file) as server:
        assert httpx2.post(f"{server.url}/v1/messages", json={}).content == BYTES


@pytest.mark.parametrize(
    "content",
    [
        b': mine-is-secret-too\n\ndata: {"type":"ping"}\n\n',
        b'data: {"type":"ping","text":"sk-ant-api03-abcdefghijk"}\n\n',
        b'data: {"type":"ping","text":"\\u0073k-ant-api03-abcdefghijk"}\n\n',
        b'data: {"type":"ping","password":"abc"}\n\n',
    ],
)
def test_bytes_with_a_secret_are_not_kept(content):
    assert stream(content, "mine-is-secret-too").received is None


@pytest.mark.parametrize("parts", ["x", ["x"], [{"ms": 1}], [{"ms": 1, "base64": "@"}]])
def test_broken_bytes_of_a_stream_are_refused(file, parts):
    file.write_text(line(reply={"events": []}, headers=STREAM, received=parts) + "\n")
    with pytest.raises(ValueError, match=r"line 1: response\.received: "):
        LocalServer(cassette=file)


def test_a_line_tells_when_it_was_recorded(file, api):
    before = datetime.now(UTC).replace(microsecond=0)
    recorded(file, api, "Hello")
    (interaction,) = load_recordings(file)
    assert interaction.recorded_at is not None
    assert before <= interaction.recorded_at <= datetime.now(UTC)
    assert re.search(r'"recorded_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', file.read_text())


def dated(text: str, date: Any) -> str:
    return json.dumps({**json.loads(line(text, {"ok": True})), "recorded_at": date}) + "\n"


def test_old_interactions_are_named_and_nothing_fails(file):
    now = datetime(2026, 11, 1, tzinfo=UTC)
    ages = {"old": timedelta(days=181), "new": timedelta(days=179), "none": None}
    lines = [dated(name, age and (now - age).isoformat()) for name, age in ages.items()]
    file.write_text("".join(lines))
    cassette = Cassette(load_recordings(file), now=now)
    assert [each.request["messages"] for each in cassette.stale] == [turn("old")]
    assert Cassette(load_recordings(file)).stale == []


@pytest.mark.parametrize("date", ["yesterday", 5, "2026-13-01"])
def test_a_date_that_is_none_is_refused(file, date):
    file.write_text(dated("x", date))
    with pytest.raises(ValueError, match="line 1: recorded_at: "):
        LocalServer(cassette=file)


def test_the_command_names_what_was_not_asked_for_and_what_is_old(file):
    file.write_text(line("new") + "\n" + dated("old", "2020-02-01T00:00:00"))
    playing, url = started("replay", str(file))
    try:
        body = {**ASK, "messages": turn("old")}
        assert httpx2.post(f"{url}/v1/messages", json=body).json() == {"ok": True}
    finally:
        code, told = ended(playing)
    assert code == 0
    assert told.count("not asked for: POST /v1/messages") == 1
    assert "1 interactions are older than 180 days" in told
    assert "line 2: POST /v1/messages, 2020-02-01" in told


def test_the_command_keeps_bytes_on_request(file, api):
    recording, url = started("record", "--raw", "--upstream", api.url, str(file))
    try:
        streamed(url)
    finally:
        ended(recording)
    (interaction,) = load_recordings(file)
    assert interaction.received


def test_pauses_of_frozen_time_are_recorded(file, api):
    api.reply("Hello!", faults=[faults.stall(60)])
    with frozen(), recorder(file, "once", api) as server:
        assert streamed(server.url)
    [interaction] = load_recordings(file)
    assert max(chunk.ms for chunk in interaction.chunks()) >= 60_000
