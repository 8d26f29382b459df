"""What clients log, and what they never log."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest

from antiphon import APIError, Client, telemetry
from antiphon.telemetry import log_attempt_failure, log_failure, log_tool_failure
from tests.support.scripted import Answer, Scripted, broken
from tests.support.stream_events import STREAMS

ASK = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "my question"}]}
JSON = ("content-type", "application/json")
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m"}


def answered(status: int = 200, body: object = MESSAGE) -> Answer:
    return Answer(json.dumps(body).encode(), status=status, headers=(JSON,))


def overloaded() -> Answer:
    return answered(529, {"type": "error", "error": {"type": "overloaded_error", "message": "no"}})


@pytest.fixture
def restored_logger():
    """Undo what the environment switches on, so that other tests stay silent."""
    level, handlers = telemetry.logger.level, list(telemetry.logger.handlers)
    yield telemetry.logger
    telemetry.logger.setLevel(level)
    telemetry.logger.handlers[:] = handlers


def client(*answers) -> Client:
    headers = {"cookie": "session=sk-cookie", "x-team": "search"}
    return Client(api_key="sk-secret", default_headers=headers, http_client=Scripted(*answers))


def test_attempts_and_waits_are_logged(caplog):
    with caplog.at_level(logging.INFO, logger="antiphon"):
        client(overloaded(), broken(), answered()).messages.create(**ASK)
    told = [record.getMessage() for record in caplog.records]
    url = "POST https://api.anthropic.com/v1/messages"
    assert told[0] == f"{url}: status 529 (req_s)"
    assert told[1].startswith("waiting 0.")
    assert told[2].startswith("attempt failed: Could not read the answer.")
    assert told[3].startswith("waiting ")
    assert told[4:] == [f"{url}: status 200 (req_s)"]


def test_the_failure_of_a_call_is_logged(caplog):
    with caplog.at_level(logging.INFO, logger="antiphon"), pytest.raises(APIError):
        client(answered(400, {})).messages.create(**ASK)
    assert caplog.records[-1].getMessage().startswith("call failed: 400")


def test_the_end_of_a_stream_is_logged_once(caplog):
    opening = client(Answer(STREAMS["text"])).messages.stream(**ASK)
    with caplog.at_level(logging.INFO, logger="antiphon"), opening as stream:
        stream.until_done()
        stream.get_final_message()
    ends = [r.getMessage() for r in caplog.records if "stream complete" in r.getMessage()]
    assert ends == ["POST https://api.anthropic.com/v1/messages: stream complete (req_s)"]


def test_headers_are_logged_without_their_secrets_and_bodies_are_not(caplog):
    with caplog.at_level(logging.DEBUG, logger="antiphon"):
        client(answered()).messages.create(**ASK)
    told = caplog.text
    assert "'x-team': 'search'" in told
    assert "'x-api-key': '[secret]'" in told
    assert "sk-" not in told
    assert "my question" not in told


def test_bodies_are_logged_when_asked_for(caplog, restored_logger, monkeypatch):
    monkeypatch.setattr(telemetry._Bodies, "shown", telemetry._Bodies.shown)
    telemetry.configure_logging({"ANTIPHON_LOG": "debug", "ANTIPHON_LOG_BODIES": "1"})
    with caplog.at_level(logging.DEBUG, logger="antiphon"):
        client(answered()).messages.create(**ASK)
    assert "my question" in caplog.text
    assert "msg_1" in caplog.text


@pytest.mark.parametrize("variable", ["ANTIPHON_LOG", "ANTHROPIC_LOG"])
def test_the_environment_switches_logging_on_once(variable, restored_logger):
    for _ in range(2):
        telemetry.configure_logging({variable: "INFO"})
    ours = [h for h in restored_logger.handlers if type(h).__module__ == "antiphon.telemetry"]
    assert len(ours) == 1
    assert restored_logger.level == logging.INFO


def test_an_unknown_level_is_named(monkeypatch):
    monkeypatch.setenv("ANTIPHON_LOG", "loud")
    with pytest.raises(ValueError, match="ANTIPHON_LOG: 'loud'"):
        Client(api_key="k")


def test_log_records_are_printed_on_stderr(server):
    program = (
        "import sys, antiphon; antiphon.Client(api_key='sk-secret', base_url=sys.argv[1])"
        ".messages.create(model='claude-haiku-4-5', max_tokens=9,"
        " messages=[{'role': 'user', 'content': 'Hi'}])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, server.url],
        capture_output=True,
        text=True,
        check=True,
        env={"ANTHROPIC_LOG": "debug"},
    )
    assert run.stdout == ""
    assert "antiphon INFO POST http://127.0.0.1" in run.stderr
    assert "sk-secret" not in run.stderr


def test_what_utf_8_cannot_hold_is_logged_as_something_it_can(caplog):
    log_tool_failure("broken", ValueError("half \ud800"))
    log_attempt_failure(ValueError("half \ud800"))
    log_failure(ValueError("half \ud800"))
    assert caplog.text.encode().count("half \ufffd".encode()) >= 1
