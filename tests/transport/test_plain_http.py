"""The warning for credentials that leave the machine unencrypted."""

from __future__ import annotations

import re
import warnings

import pytest

from antiphon._transport import plain_http
from antiphon.transport import PlainHTTPWarning


@pytest.fixture(autouse=True)
def nothing_was_warned_of(monkeypatch):
    monkeypatch.setattr(plain_http, "_warned", set())


def test_plain_http_to_another_machine_is_warned_of_once_for_each_origin():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for port in (80, 80, 8080, 80):
            plain_http.warn_of_plain_http(f"http://gateway.test:{port}/v1", stacklevel=1)
    assert [warning.category for warning in caught] == [PlainHTTPWarning] * 2
    assert re.search(r"gateway\.test:80 .*https://", str(caught[0].message))
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize(
    "url",
    ["https://gateway.test/", "http://localhost:8000/", "http://127.0.0.1/", "http://[::1]:80/"],
)
def test_nothing_that_stays_private_is_warned_of(url):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain_http.warn_of_plain_http(url)
