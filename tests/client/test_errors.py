"""The error tree: which class, what it tells, and that it survives being sent elsewhere."""

from __future__ import annotations

import copy
import json
import pickle

import httpx2
import pytest

import antiphon
from antiphon import Client, errors
from antiphon._wire.http import Headers, HTTPResponse, Request, Timeout
from antiphon.errors import Attempt, error_class, status_error
from antiphon.types import Message


def answered(status: int, kind: str | None = None, message: str = "no", **headers: str):
    body = {"type": "error", "error": {"type": kind, "message": message}} if kind else None
    content = json.dumps(body).encode() if body else b"<html>"
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return status_error(HTTPResponse(status, Headers(pairs), content), body)


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "invalid_request_error", errors.BadRequestError),
        (401, "authentication_error", errors.AuthenticationError),
        (402, "billing_error", errors.BillingError),
        (403, "permission_error", errors.PermissionDeniedError),
        (404, "not_found_error", errors.NotFoundError),
        (408, None, errors.RequestTimeoutError),
        (409, "conflict_error", errors.ConflictError),
        (413, "request_too_large", errors.RequestTooLargeError),
        (422, "invalid_request_error", errors.UnprocessableEntityError),
        (429, "rate_limit_error", errors.RateLimitError),
        (500, "api_error", errors.InternalServerError),
        (502, None, errors.InternalServerError),
        (503, "api_error", errors.ServiceUnavailableError),
        (504, "timeout_error", errors.DeadlineExceededError),
        (529, "overloaded_error", errors.OverloadedError),
        (418, None, errors.APIStatusError),
        # a gateway that keeps the type but not the status
        (500, "overloaded_error", errors.OverloadedError),
        (400, "rate_limit_error", errors.RateLimitError),
        # errors inside a stream, whose status was 200
        (200, "overloaded_error", errors.OverloadedError),
        (200, "api_error", errors.InternalServerError),
        (200, "invalid_request_error", errors.BadRequestError),
        (200, "something_new", errors.APIStatusError),
        (403, "forbidden", errors.PermissionDeniedError),
    ],
)
def test_status_and_type_choose_the_class_together(status, kind, expected):
    assert error_class(status, kind) is expected


def test_an_error_inside_a_stream_keeps_both_statuses():
    raised = answered(200, "overloaded_error")
    assert raised.status_code == 529
    assert raised.response.status_code == 200


def test_what_an_error_tells():
    raised = answered(429, "rate_limit_error", "slow down", request_id="req_7", retry_after="16")
    assert isinstance(raised, antiphon.APIStatusError)
    assert (raised.message, raised.status_code, raised.type) == (
        "slow down",
        429,
        "rate_limit_error",
    )
    assert (raised.request_id, raised.retry_after) == ("req_7", 16.0)
    assert raised.body == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "slow down"},
    }
    assert str(raised) == "429 rate_limit_error: slow down (request req_7)"


def test_the_request_id_of_the_body_serves_where_the_header_is_missing():
    body = {"type": "error", "error": {"type": "api_error", "message": "x"}, "request_id": "req_b"}
    assert status_error(HTTPResponse(500, Headers()), body).request_id == "req_b"


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (
            "messages.3.content.1.image.source.base64: too big",
            "messages.3.content.1.image.source.base64",
        ),
        ("max_tokens: Field required", "max_tokens"),
        ("tools.0.custom.name: String should match", "tools.0.custom.name"),
        ("prompt is too long: 208310 tokens > 200000 maximum", None),
        ("Overloaded", None),
    ],
)
def test_the_path_the_api_named(message, path):
    assert answered(400, "invalid_request_error", message).path == path


def every_class() -> list[type[errors.AntiphonError]]:
    """Return the classes of the tree, without those that are made when a code is received."""
    found, queue = [], [errors.AntiphonError]
    while queue:
        found.append(queue[0])
        queue.extend(queue.pop(0).__subclasses__())
    return [cls for cls in found if cls.__name__ not in errors.CODED_CLASSES]


def made(cls: type[errors.AntiphonError]) -> errors.AntiphonError:
    response = HTTPResponse(
        cls.__dict__.get("status") or 400, Headers([("request-id", "req_1")]), b"x"
    )
    if issubclass(cls, errors.APIStatusError):
        return cls("said", response=response, body={"error": {"type": "t"}})
    if issubclass(cls, errors.APIResponseValidationError):
        return cls(response, message="said")
    if issubclass(cls, errors.APIConnectionError):
        return cls(message="said", phase="tls", host="h:1")
    if issubclass(cls, errors.OutputError):
        message = Message.model_construct(id="msg_1", content=[], stop_reason="refusal", usage={})
        return made_about(cls, message)
    return cls("said")


def made_about(cls: type[errors.OutputError], message: Message) -> errors.OutputError:
    if cls is errors.OutputError:
        return cls("said", message)
    if issubclass(cls, errors.OutputValidationError):
        return cls(message, None)
    return cls(message)


@pytest.mark.parametrize("cls", every_class())
def test_errors_survive_pickling_and_copying(cls):
    error = made(cls)
    if isinstance(error, errors.APIError):
        error.request = Request("POST", "http://x", {"x-api-key": "secret"}, b"body", Timeout())
        error.attempts = (Attempt(0.0, 1.0, "first"), Attempt(1.5, 1.0, "second"))
    dumped = pickle.dumps(error)
    for twin in (pickle.loads(dumped), copy.copy(error)):
        assert type(twin) is cls
        assert str(twin) == str(error)
        assert twin.args == error.args
        if isinstance(error, errors.APIError):
            assert (twin.request.url, twin.request.content) == ("http://x", b"body")
    assert b"secret" not in dumped
    assert "secret" not in repr(error) + str(error)


def test_the_tree_is_drawn_as_it_is():
    drawn = errors.__doc__ or ""
    for cls in every_class():
        assert f"{cls.__name__} " in drawn.replace("\n", " ") + " "
        assert cls.__name__ in errors.__all__


def test_headers_ignore_case_and_hide_secrets():
    headers = Headers([("Request-Id", "req_1"), ("X-A", "1"), ("x-a", "2"), ("X-Api-Key", "sk-1")])
    assert (headers["request-id"], headers["REQUEST-ID"], headers["X-a"]) == (
        "req_1",
        "req_1",
        "1, 2",
    )
    assert "x-A" in headers
    assert "nope" not in headers
    assert list(headers) == ["request-id", "x-a", "x-api-key"]
    assert "sk-1" not in repr(headers)
    assert pickle.loads(pickle.dumps(headers)) == headers


def test_a_404_names_the_url_of_the_request(server):
    client = Client(api_key="k", base_url=f"{server.url}/wrong")
    with pytest.raises(errors.NotFoundError) as caught:
        client.messages.create(model="m", max_tokens=1, messages=[])
    assert f"[POST {server.url}/wrong/v1/messages]" in str(caught.value)


def coded(status: int, kind: str, code: str) -> errors.APIStatusError:
    details = {"error_code": code, "unsupported": ["cache_control"]}
    body = {"type": "error", "error": {"type": kind, "message": "no", "details": details}}
    headers = Headers([("anthropic-workspace-id", "wrkspc_1")])
    return status_error(HTTPResponse(status, headers), body)


def test_a_code_of_the_api_has_a_class_of_its_own():
    raised = coded(404, "not_found_error", "thread_not_found")
    assert type(raised) is errors.ThreadNotFoundError
    assert isinstance(raised, errors.NotFoundError)
    assert (raised.error_code, raised.api_message, raised.workspace_id) == (
        "thread_not_found",
        "no",
        "wrkspc_1",
    )
    assert raised.details is not None
    assert raised.details.error_code == "thread_not_found"
    assert raised.details.unsupported == ["cache_control"]
    twin = pickle.loads(pickle.dumps(raised))
    assert type(twin) is errors.ThreadNotFoundError
    assert twin.error_code == raised.error_code


@pytest.mark.parametrize(
    ("status", "kind", "code", "expected"),
    [
        (400, "invalid_request_error", "a_new_one", errors.BadRequestError),
        (429, "rate_limit_error", "thread_not_found", errors.RateLimitError),
    ],
)
def test_a_code_that_is_new_or_does_not_fit_changes_nothing(status, kind, code, expected):
    raised = coded(status, kind, code)
    assert type(raised) is expected
    assert raised.error_code == code


def test_without_details_there_is_no_code():
    raised = answered(500)
    assert raised.error_code is None
    assert raised.details is None
    assert raised.api_message is None


def test_errors_can_be_made_as_the_official_package_lets_tests_make_them():
    request = httpx2.Request("POST", "https://api.anthropic.com/v1/messages")
    response = httpx2.Response(429, headers={"retry-after": "3"}, request=request)
    limited = antiphon.RateLimitError("slow", response=response, body=None)
    assert (limited.status_code, limited.message, limited.retry_after) == (429, "slow", 3.0)
    assert limited.response is response
    assert limited.request is request
    assert limited.response.request.url.path == "/v1/messages"
    assert antiphon.APITimeoutError(request).request is request
    refused = antiphon.APIConnectionError(message="refused", request=request)
    assert (str(refused), refused.request) == ("refused", request)
    assert str(antiphon.APIConnectionError(request=request)) == "Connection error."
    assert antiphon.APIError("no", request, body={"a": 1}).body == {"a": 1}
    assert antiphon.APIResponseValidationError(response, None).status_code == 429
    lost = antiphon.NotFoundError("gone", response=httpx2.Response(404), body=None)
    assert str(lost) == "404: gone"
