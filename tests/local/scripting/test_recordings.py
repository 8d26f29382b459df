"""Recordings: made from one server, played by another, without secrets."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import AsyncClient, BadRequestError, Client, InternalServerError
from antiphon._wire.sse import SSEDecoder
from antiphon.local import App, LocalServer
from antiphon.local.scripting.recording import Chunk, Interaction
from antiphon.local.scripting.recording_imports import of_har, of_vcr
from antiphon.local.serving.cassette_file import load_recordings
from tests.support.commands import started

KEY = "sk-ant-api03-thekeyofthistest"
ASK: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 50}


def turn(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def ask(url: str, text: str, *, stream: bool = False) -> str:
    with Client(api_key=KEY, base_url=url, max_retries=0) as client:
        if stream:
            with client.messages.stream(messages=turn(text), **ASK) as streamed:
                return streamed.get_final_text()
        return client.messages.create(messages=turn(text), **ASK).text


@pytest.fixture
def api():
    with LocalServer() as server:
        yield server


def recorder(file: Path, mode: Any, api: LocalServer) -> LocalServer:
    return LocalServer(cassette=file, mode=mode, upstream=api.url)


@pytest.mark.parametrize("stream", [False, True])
def test_what_was_recorded_is_played_without_the_api(tmp_path, api, stream):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as recording:
        said = ask(recording.url, "Hello", stream=stream)
    with LocalServer(cassette=file) as playing:
        assert ask(playing.url, "Hello", stream=stream) == said
        playing.verify()
    assert len(api.requests) == 1


def test_the_async_client_is_played_to_as_well(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as recording:
        said = ask(recording.url, "Hello")

    async def main(url: str) -> str:
        async with AsyncClient(api_key=KEY, base_url=url) as client:
            return (await client.messages.create(messages=turn("Hello"), **ASK)).text

    with LocalServer(cassette=file) as playing:
        assert asyncio.run(main(playing.url)) == said


def test_a_line_is_readable_and_holds_no_key(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as recording:
        ask(recording.url, f"My key is {KEY}", stream=True)
    text = file.read_text()
    assert KEY not in text
    (line,) = map(json.loads, text.splitlines())
    assert line["request"]["body"]["messages"][0]["content"] == "My key is [secret]"
    events = line["response"]["body"]["events"]
    assert [event["event"] for event in events][:1] == ["message_start"]
    assert events[0]["data"]["message"]["role"] == "assistant"
    assert all(event["ms"] >= 0 for event in events)
    assert "x-api-key" not in text


def test_a_request_that_holds_the_key_of_its_caller_is_found_again(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    key = "made-up-key-of-a-gateway"

    def tell(url: str) -> str:
        with Client(api_key=key, base_url=url, max_retries=0) as client:
            return client.messages.create(messages=turn(f"My key is {key}"), **ASK).text

    with recorder(file, "once", api) as recording:
        said = tell(recording.url)
    assert key not in file.read_text()
    with LocalServer(cassette=file) as playing:
        assert tell(playing.url) == said


def test_a_reply_that_cannot_be_kept_reaches_its_caller(tmp_path, api, caplog):
    folder = tmp_path / "cassettes"
    with recorder(folder / "talk.jsonl", "once", api) as recording:
        folder.write_text("no folder")
        assert ask(recording.url, "Hello")
    assert len(api.requests) == 1
    assert "POST /v1/messages was not kept" in caplog.text


def test_a_stream_is_played_byte_for_byte(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as recording:
        ask(recording.url, "Hello", stream=True)
    (interaction,) = load_recordings(file)
    assert interaction.raw is None
    again = b"".join(chunk.content for chunk in interaction.chunks())
    assert again.count(b"\n\n") == len(interaction.response["events"])
    assert again.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_a_miss_shows_the_nearest_interaction_and_what_differs(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as recording:
        ask(recording.url, "Hello")
        ask(recording.url, "Something else")
    with LocalServer(cassette=file) as playing:
        with pytest.raises(BadRequestError) as caught:
            ask(playing.url, "Hallo")
        assert "The nearest is line 1" in str(caught.value)
        assert "messages.0.content" in str(caught.value)
        with pytest.raises(AssertionError, match="2 interactions were not played"):
            playing.verify()


def test_an_interaction_is_played_as_often_as_it_was_recorded(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "new_episodes", api) as recording:
        ask(recording.url, "Hello")
    with LocalServer(cassette=file) as playing:
        ask(playing.url, "Hello")
        with pytest.raises(BadRequestError, match="as often as it was recorded"):
            ask(playing.url, "Hello")


def test_the_modes(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as server:
        ask(server.url, "one")
    with recorder(file, "once", api) as server, pytest.raises(BadRequestError):
        ask(server.url, "two")
    with recorder(file, "new_episodes", api) as server:
        ask(server.url, "one")
        ask(server.url, "two")
    assert len(api.requests) == 2
    with recorder(file, "all", api) as server:
        ask(server.url, "one")
    assert len(api.requests) == 3
    assert len(load_recordings(file)) == 2  # it took the place of the older one
    with recorder(file, "rewrite", api) as server:
        ask(server.url, "three")
    (only,) = load_recordings(file)
    assert only.request["messages"] == turn("three")


def test_what_changes_from_run_to_run_does_not_matter(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with (
        recorder(file, "once", api) as recording,
        Client(api_key=KEY, base_url=recording.url) as client,
    ):
        client.messages.create(messages=turn("Hi"), metadata={"user_id": "a"}, **ASK)
    with (
        LocalServer(cassette=file) as playing,
        Client(api_key="other", base_url=playing.url) as client,
    ):
        client.messages.create(messages=turn("Hi"), metadata={"user_id": "b"}, **ASK)
        playing.verify()


def test_errors_of_the_api_are_recorded_too(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    with recorder(file, "once", api) as recording, pytest.raises(BadRequestError) as first:
        ask(recording.url, "")
    with LocalServer(cassette=file) as playing, pytest.raises(BadRequestError) as second:
        ask(playing.url, "")
    assert first.value.message == second.value.message
    assert first.value.request_id == second.value.request_id


def test_an_api_that_is_not_there_is_named(tmp_path):
    file = tmp_path / "talk.jsonl"
    recording = LocalServer(cassette=file, mode="once", upstream="http://127.0.0.1:9")
    with recording, pytest.raises(InternalServerError, match="could not be recorded"):
        ask(recording.url, "Hello")
    assert not file.exists()


def test_the_pace_of_the_recording(tmp_path):
    events = [
        {"ms": 0, "event": "message_start", "data": {"type": "x"}},
        {"ms": 90_000, "event": "message_stop", "data": {"type": "y"}},
    ]
    body = {"events": events}
    headers = {"content-type": "text/event-stream"}
    interaction = Interaction("POST", "/v1/messages", None, 200, headers, body)
    assert [chunk.ms for chunk in interaction.chunks()] == [0, 90_000]
    assert Interaction.from_line(interaction.line()) == interaction


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_played_as_it_came(content):
    made = Interaction.of(
        ("POST", "/x", {}, content), (200, {"content-type": "x/y"}, [Chunk(3, content)])
    )
    again = Interaction.from_line(made.line())
    assert again == made
    played = b"".join(chunk.content for chunk in again.chunks())
    assert played == content or "[secret]" in made.line()


def frames(content: bytes) -> list[tuple[bytes | None, bytes]]:
    decoder = SSEDecoder()
    return [*decoder.feed(content), *decoder.close()]


lines = st.sampled_from([b"event: a", b"data: {}", b"data:x", b": c", b"", b"\xff", b"id: 3"])
streams = st.lists(lines, max_size=8).map(lambda some: [line + b"\n" for line in some])


@given(streams | st.lists(st.binary(max_size=30), max_size=6))
def test_any_stream_is_played_as_it_came(parts):
    chunks = [Chunk(number, part) for number, part in enumerate(parts)]
    made = Interaction.of(
        ("POST", "/x", {}, b""), (200, {"Content-Type": "text/event-stream"}, chunks)
    )
    played = b"".join(chunk.content for chunk in Interaction.from_line(made.line()).chunks())
    assert frames(played) == frames(b"".join(parts)) or "[secret]" in made.line()


def test_a_cassette_of_vcrpy_is_played(tmp_path):
    file = tmp_path / "talk.yaml"
    file.write_text(
        """
interactions:
- request:
    method: POST
    uri: https://api.anthropic.com/v1/messages?beta=true
    headers: {x-api-key: [secret]}
    body: '{"a": 1}'
  response:
    status: {code: 200, message: OK}
    headers: {content-type: [text/event-stream]}
    body: {string: "event: ping\\ndata: {\\"type\\":\\"ping\\"}\\n\\n"}
version: 1
"""
    )
    (interaction,) = load_recordings(file)
    assert (interaction.method, interaction.path) == ("POST", "/v1/messages?beta=true")
    assert interaction.response["events"][0]["data"] == {"type": "ping"}
    assert interaction.request == {"a": 1}


def test_a_yaml_file_runs_no_code(tmp_path):
    file = tmp_path / "evil.yaml"
    file.write_text("interactions: !!python/object/apply:os.system ['true']")
    with pytest.raises(ValueError, match=r"evil\.yaml: .*python/object"):
        load_recordings(file)


def test_a_har_file_is_played():
    content = {"text": base64.b64encode(b'{"ok":true}').decode(), "encoding": "base64"}
    entry = {
        "request": {
            "method": "POST",
            "url": "https://api.anthropic.com/v1/messages",
            "headers": [],
            "postData": {"text": '{"a":1}'},
        },
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": content,
        },
    }
    (interaction,) = of_har(json.dumps({"log": {"entries": [entry]}}), "x.har")
    assert (interaction.request, interaction.response) == ({"a": 1}, {"ok": True})


@pytest.mark.parametrize("content", ["", "{", '{"log": {}}'])
def test_what_is_no_recording_is_refused_by_name(content, tmp_path):
    with pytest.raises(ValueError, match=r"x\.har"):
        of_har(content, "x.har")
    with pytest.raises(ValueError, match=r"x\.yaml"):
        of_vcr(content, "x.yaml")
    file = tmp_path / "x.jsonl"
    file.write_text(f"\n{content or '[]'}\n")
    with pytest.raises(ValueError, match=r"x\.jsonl, line 2"):
        load_recordings(file)


def test_wrong_settings_are_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="mode: 'never'"):
        LocalServer(cassette=tmp_path / "x.jsonl", mode="never")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        LocalServer(cassette=tmp_path / "x.jsonl")
    with pytest.raises(TypeError, match="an app or a cassette"):
        LocalServer(App(), cassette=tmp_path / "x.jsonl")
    with pytest.raises(ValueError, match="upstream: 'ftp://x' is not"):
        LocalServer(cassette=tmp_path / "x.jsonl", mode="once", upstream="ftp://x")
    with pytest.raises(TypeError, match="need a cassette"):
        LocalServer(mode="once")


def test_the_commands_record_and_replay(tmp_path, api):
    file = tmp_path / "talk.jsonl"
    recording, url = started("record", "--upstream", api.url, str(file))
    try:
        said = ask(url, "Hello")
    finally:
        recording.terminate()
        _, told = recording.communicate(timeout=20)
    assert "1 interactions" in told
    playing, url = started("replay", "--paced", str(file))
    try:
        assert ask(url, "Hello") == said
    finally:
        playing.terminate()
        playing.communicate(timeout=20)


@pytest.mark.parametrize("key", ["k", "any", "placeholder"])
def test_a_placeholder_for_a_key_changes_no_words(tmp_path, api, key):
    file = tmp_path / "x.jsonl"
    question = f"Is {key} a word, like many others?"
    recording = LocalServer(cassette=file, mode="once", upstream=api.url)
    with recording as server, Client(api_key=key, base_url=server.url) as client:
        said = client.messages.create(messages=turn(question), **ASK).text
    assert "[secret]" not in file.read_text()
    with LocalServer(cassette=file) as server, Client(api_key=key, base_url=server.url) as client:
        assert client.messages.create(messages=turn(question), **ASK).text == said


def test_a_cache_marks_its_hits_and_repeats_them(tmp_path, api):
    folder = tmp_path / "cache"
    caching, url = started("record", "--upstream", api.url, "--cache", str(folder))
    try:
        with Client(api_key=KEY, base_url=url) as client:
            marks = [
                client.messages.with_raw_response.create(messages=turn("Hi"), **ASK).headers[
                    "x-antiphon-recording"
                ]
                for _ in range(3)
            ]
    finally:
        caching.terminate()
        caching.communicate(timeout=20)
    assert marks == ["miss", "hit", "hit"]
    assert len(api.requests) == 1
