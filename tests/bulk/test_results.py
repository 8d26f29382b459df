"""A result as a line of JSON, and back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from antiphon import errors
from antiphon._wire.http import Headers, HTTPResponse
from antiphon.bulk.results import (
    KINDS,
    Result,
    cost_in,
    failure,
    kind_of,
    line_of,
    read_output,
    result_of,
    tokens_of,
)
from antiphon.types import Message

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "Hi\u2028 there", "unknown": [1.0]}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 8, "output_tokens": 20},
    "another": {"field": None},
}


def message(**changes: Any) -> Message:
    return Message.decode(json.dumps({**MESSAGE, **changes}))


def status(code: int, kind: str) -> errors.APIStatusError:
    body = {"type": "error", "error": {"type": kind, "message": "No."}, "request_id": "req_1"}
    response = HTTPResponse(code, Headers([("request-id", "req_1")]))
    return errors.status_error(response, body)


@given(
    index=st.integers(0, 10**9),
    name=st.text(),
    cents=st.none() | st.integers(0, 10**9),
    attempts=st.integers(1, 9),
)
def test_a_message_is_read_as_it_was_written(
    index: int, name: str, cents: int | None, attempts: int
) -> None:
    cost = None if cents is None else Decimal(cents) / 10**6
    written = Result(index, name, "ok", message(), cost=cost, attempts=attempts, seconds=0.125)
    line = line_of(written)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert result_of(line) == written
    fields = json.loads(line)
    assert fields["message"] == MESSAGE  # unknown fields survive
    assert fields["text"] == "Hi\u2028 there"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (status(400, "invalid_request_error"), "invalid"),
        (status(404, "not_found_error"), "invalid"),
        (status(413, "request_too_large"), "invalid"),
        (status(401, "authentication_error"), "denied"),
        (status(402, "billing_error"), "denied"),
        (status(403, "permission_error"), "denied"),
        (status(429, "rate_limit_error"), "exhausted"),
        (status(500, "api_error"), "exhausted"),
        (status(529, "overloaded_error"), "exhausted"),
        (errors.APIConnectionError("cut"), "exhausted"),
        (errors.APITimeoutError(message="late"), "exhausted"),
        (errors.StreamInterruptedError("cut"), "exhausted"),
        (errors.CredentialsError("no key"), "denied"),
        (ValueError("the column is missing"), "invalid"),
        (OSError("no file"), "invalid"),
    ],
)
def test_an_error_is_read_with_its_type(error: Exception, kind: str) -> None:
    assert kind_of(error) == kind
    assert kind in KINDS
    found = result_of(line_of(failure(3, "x", error))).error
    assert type(found) is type(error)
    assert str(found) == str(error)
    if isinstance(error, errors.APIStatusError):
        assert isinstance(found, errors.APIStatusError)
        assert (found.status_code, found.request_id, found.body) == (
            error.status_code,
            "req_1",
            error.body,
        )


def test_an_error_that_nobody_knows_keeps_its_text() -> None:
    class OwnError(Exception):
        pass

    found = result_of(line_of(failure(0, "0", OwnError("strange"))))
    assert type(found.error) is errors.AntiphonError
    assert str(found.error) == "strange"


class Count(BaseModel):
    n: int


def test_an_output_is_a_value_and_in_the_line_json() -> None:
    result = Result(0, "0", "ok", message(content=[{"type": "text", "text": '{"n": 3}'}]))
    read_output(result, Count)
    assert result.output == Count(n=3)
    line = line_of(result, Count)
    assert json.loads(line)["output"] == {"n": 3}
    assert result_of(line, Count).output == Count(n=3)


def test_an_output_that_does_not_fit_is_an_error_with_its_message() -> None:
    result = Result(0, "0", "ok", message())
    read_output(result, Count)
    assert (result.status, result.kind) == ("error", "output")
    line = line_of(result, Count)
    found = result_of(line, Count)
    assert isinstance(found.error, errors.OutputValidationError)
    assert found.text == "Hi\u2028 there"
    assert json.loads(line)["error"]["type"] == "OutputValidationError"


def test_a_message_of_a_gateway_without_a_usage_is_kept() -> None:
    found = Message.decode(json.dumps({"content": [{"type": "text", "text": "Hi"}], "usage": None}))
    assert (tokens_of(found), cost_in(found)) == ((0, 0), None)
    assert result_of(line_of(Result(0, "0", "ok", found))).text == "Hi"


@pytest.mark.parametrize(
    "received",
    [
        json.dumps(MESSAGE).encode(),
        json.dumps(MESSAGE, indent=2).encode(),
        json.dumps(MESSAGE, ensure_ascii=False).encode(),
        json.dumps({**MESSAGE, "note": "half \ud83d"}).encode(),
        b"\xef\xbb\xbf" + json.dumps(MESSAGE).encode(),
        b" " + json.dumps(MESSAGE).encode() + b"\r\n",
    ],
    ids=["plain", "indented", "not ascii", "half a character", "byte order mark", "line break"],
)
def test_the_line_of_what_was_just_received_can_be_read(received: bytes) -> None:
    found = Message.decode(received)
    line = line_of(Result(0, "0", "ok", found, _received=received))
    assert line.count(b"\n") == 1
    assert result_of(line).message == found


def test_what_was_received_stands_in_the_line_as_it_is() -> None:
    received = json.dumps({**MESSAGE, "precise": 1.10}).replace("1.1}", "1.10}").encode()
    assert received in line_of(Result(0, "0", "ok", Message.decode(received), _received=received))


def test_a_message_with_what_is_no_number_is_kept() -> None:
    received = json.dumps({**MESSAGE, "score": float("nan")}).encode()
    for body in (received, None):
        line = line_of(Result(0, "0", "ok", Message.decode(received), _received=body))
        found = result_of(line).message
        assert found is not None
        assert found.text == "Hi\u2028 there"
        assert str(found.to_dict()["score"]) == "nan"
