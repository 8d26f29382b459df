"""Scripts in files, on a server that follows them while they change."""

from __future__ import annotations

import json
import logging
import os
import sys

import pytest

from antiphon import BadRequestError, Client
from antiphon.local import App, InProcess, ScriptFile

HELLO = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hi"}],
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "script.yaml"


def write(path, text: str) -> None:
    path.write_text(text)
    # Some file systems note times by seconds or more.
    os.utime(path, ns=(0, path.stat().st_size * 1_000_000_000))


def server_of(path) -> tuple[InProcess, Client]:
    transport = InProcess(App(script=ScriptFile(path)))
    return transport, Client(http_client=transport, api_key="test", max_retries=0)


def said(client: Client) -> str:
    return client.messages.create(**HELLO).text


def test_yaml_and_json_are_read(path, tmp_path):
    write(path, "- when: hi\n  reply: [a, b]\n")
    assert said(server_of(path)[1]) == "ab"
    (tmp_path / "script.json").write_text(json.dumps({"rules": [{"reply": "c"}]}))
    assert said(server_of(tmp_path / "script.json")[1]) == "c"


def test_a_file_is_read_again_when_it_changes(path):
    write(path, "- reply: one")
    _, client = server_of(path)
    assert said(client) == "one"
    write(path, "strict: false\nrules:\n- {reply: three, times: 1}")
    assert said(client) == "three"
    assert "simulated" in said(client).lower()
    write(path, "- {reply: once again, times: 1}")
    assert said(client) == "once again"
    with pytest.raises(BadRequestError, match="used up"):
        said(client)


def test_a_file_that_becomes_wrong_changes_nothing_and_is_logged_once(path, caplog):
    write(path, "- reply: one")
    _, client = server_of(path)
    wrong = (
        "- replay: two",
        "- reply: [",
        "- reply: !!python/object:os.system x",
        "- {reply: two, when: {header: {1: a}}}",
        "- reply: {type: message, role: assistant, content: 5}",
        "- reply: {tool_use: x, input: {a: !!set {b}}}",
        "- reply: {tool_use: x, input: {a: .nan}}",
        "- {reply: two, when: &x {not: *x}}",
        "- {reply: two, when: !!bool x}",
        "- " + "[" * 3000 + "]" * 3000,
        "- {reply: two, when: {turn: 1, turn: 2}}",
    )
    for text in wrong:
        write(path, text)
        with caplog.at_level(logging.WARNING, "antiphon.local"):
            assert [said(client), said(client)] == ["one", "one"]
        [record] = caplog.records
        assert f"script: {path}: " in record.getMessage()
        caplog.clear()
    path.unlink()
    assert said(client) == "one"
    write(path, "- reply: two again")
    assert said(client) == "two again"


def test_a_date_without_quotes_is_a_text(path):
    write(path, "- reply: {tool_use: book, input: {day: 2026-01-01, wrong: 2026-13-45, at: =}}")
    [call] = server_of(path)[1].messages.create(**HELLO).tool_uses
    assert call.input == {"day": "2026-01-01", "wrong": "2026-13-45", "at": "="}


def test_rules_that_were_added_stay_behind_those_of_the_file(path):
    write(path, "- {reply: one, times: 1}")
    transport, client = server_of(path)
    transport.reply("added")
    assert [said(client), said(client)] == ["one", "added"]
    write(path, "- {reply: two, times: 1}\n")
    assert [said(client), said(client)] == ["two", "added"]


def test_a_reset_begins_the_file_again(path):
    write(path, "- replies: [one, two]")
    transport, client = server_of(path)
    transport.reply("added")
    assert said(client) == "one"
    transport.app.reset()
    assert len(transport.script.rules) == 2
    with pytest.raises(AssertionError, match="used 0 of 1"):
        transport.verify()
    assert [said(client), said(client)] == ["one", "two"]
    transport.verify()


def test_other_rules_count_until_a_reset_or_until_the_file_changes(path):
    write(path, "- {reply: one, times: 1}")
    transport, client = server_of(path)
    other = {"strict": False, "rules": [{"reply": "other", "times": 1}]}
    transport.script.load(other)
    assert said(client) == "other"
    assert "simulated" in said(client).lower()
    transport.app.reset()
    assert said(client) == "one"
    transport.script.load(other)
    write(path, "- {reply: two, times: 1}\n")
    assert said(client) == "two"
    with pytest.raises(BadRequestError, match="used up"):
        said(client)


def test_a_file_that_is_wrong_from_the_beginning_is_refused(path):
    write(path, "- reply: [")
    with pytest.raises(ValueError, match=r"(?s)script\.yaml: not valid YAML: .*line 1"):
        ScriptFile(path)
    with pytest.raises(FileNotFoundError, match=r"no file .*other\.yaml; give the path of one"):
        ScriptFile(path.with_name("other.yaml"))


@pytest.mark.parametrize("name", ["script.yaml", "script.json"])
def test_a_key_that_stands_twice_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_text('{"rules": [{"reply": "a"}],\n "rules": [{"reply": "b"}]}')
    with pytest.raises(ValueError, match=r"script\.(?s:.*)the key 'rules' stands"):
        ScriptFile(path)


def test_without_pyyaml_the_extra_is_named(path, monkeypatch):
    write(path, "- reply: one")
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "antiphon.local.serving.yaml_values", raising=False)
    with pytest.raises(ValueError, match=r"pip install 'antiphon\[testing\]'"):
        ScriptFile(path)
