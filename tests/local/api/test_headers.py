"""Keys, versions, content types and encodings of requests."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from antiphon.local import App, VirtualClock
from tests.support.app_requests import (
    BODY,
    INVALID,
    send,
)


@pytest.mark.parametrize("authorization", ["Bearer sk-ant-api03-x", "bearer any"])
def test_bearer_token_is_accepted_as_a_key(app, authorization):
    response = send(app, body=BODY, without=("x-api-key",), authorization=authorization)
    assert response.status == 200


def test_app_with_keys_accepts_these_alone():
    app = App(VirtualClock(), keys={"mine"})
    assert send(app, body=BODY, x_api_key="mine").status == 200
    assert send(app, body=BODY).error[2] == "invalid x-api-key"


def test_both_api_versions_are_served(app):
    for version in ("2023-06-01", "2026-10-21"):
        assert send(app, body=BODY, anthropic_version=version).status == 200


def test_newer_api_version_takes_no_sampling_parameters(app):
    body = {**BODY, "temperature": 1}
    assert send(app, body=body, anthropic_version="2023-06-01").status == 200
    assert send(app, body=body, anthropic_version="2026-10-21").error[:2] == (400, INVALID)


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_compressed_body_is_read_and_a_broken_one_refused(app, encoding, compress):
    content = compress(json.dumps(BODY).encode())
    assert send(app, body=content, content_encoding=encoding).status == 200
    cut = send(app, body=content[:-9], content_encoding=encoding)
    assert cut.json["error"]["details"] == {"error_code": "request_body_encoding_invalid"}
    garbage = send(app, body=b"garbage", content_encoding=encoding)
    assert garbage.json["error"]["details"] == {"error_code": "request_body_encoding_invalid"}


def test_body_that_inflates_beyond_the_limit_is_refused(app):
    content = gzip.compress(b" " * (33 * 1024 * 1024))
    response = send(app, body=content, content_encoding="gzip")
    assert response.status == 413
    code = {"error_code": "request_body_too_large_after_decoding"}
    assert response.json["error"]["details"] == code


def test_other_encodings_and_charsets_are_refused(app):
    response = send(app, body=BODY, content_encoding="br")
    code = response.json["error"]["details"]["error_code"]
    assert (response.status, code) == (400, "request_body_encoding_unsupported")
    response = send(app, body=BODY, content_type="application/json; charset=latin-1")
    code = response.json["error"]["details"]["error_code"]
    assert (response.status, code) == (400, "unsupported_charset")
    assert send(app, body=BODY, content_type='application/json; charset="UTF-8"').status == 200


@pytest.mark.parametrize(
    "names",
    ["claude-code-20250219", "files-api-2025-04-14", "claude-code-20250219, compact-2026-01-12,"],
)
def test_beta_may_end_in_a_date_with_or_without_dashes(app, names):
    assert send(app, body=BODY, anthropic_beta=names).status == 200


@pytest.mark.parametrize("name", ["claude-code", "claude-code-2025", "Beta-2025-04-14", "20250219"])
def test_beta_that_does_not_end_in_a_date_is_refused(app, name):
    assert send(app, body=BODY, anthropic_beta=name).error[:2] == (400, INVALID)
