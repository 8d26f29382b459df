"""The warning for credentials that leave the machine unencrypted."""

from __future__ import annotations

import warnings

import pytest

from antiphon._transport import plain_http
from antiphon.transport import PlainHTTPWarning


@pytest.fixture(autouse=True)
def nothing_was_warned_of(monkeypatch):
    monkeypatch.setattr(plain_http, "_warned", set())


def test_plain_http_to_another_machine_is_warned_of_once_for_each_origin():
    with pytest.warns(PlainHTTPWarning, match=r"gateway\.test:80 .*https://") as caught:
        for _ in range(3):
            plain_http.warn_of_plain_http("http://gateway.test/v1/messages")
        plain_http.warn_of_plain_http("http://gateway.test:8080/v1/messages")
    assert len(caught) == 2
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize(
    "url",
    ["https://gateway.test/", "http://localhost:8000/", "http://127.0.0.1/", "http://[::1]:80/"],
)
def test_nothing_that_stays_private_is_warned_of(url):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain_http.warn_of_plain_http(url)
