"""Cassettes: their files, what is kept in them, and what goes wrong meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from antiphon import Client
from antiphon.local import LocalServer
from antiphon.local.serving.cassette_file import load_recordings

ASK: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 50}


def turn(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def ask(url: str, text: str = "Hello", **more: Any) -> str:
    with Client(api_key="any", base_url=url, max_retries=0) as client:
        return client.messages.create(messages=turn(text), **ASK, **more).text


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

    def told(url: str) -> str:
        with Client(api_key="any", base_url=url, max_retries=0) as client:
            if not stream:
                return client.messages.create(messages=turn(said), **ASK).text
            with client.messages.stream(messages=turn(said), **ASK) as streamed:
                return streamed.get_final_text()

    with recorder(file, "once", api) as recording:
        assert told(recording.url) == said
    with LocalServer(cassette=file) as playing:
        assert told(playing.url) == said


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


def started(*command: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "antiphon", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip().partition("=")[2]


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
