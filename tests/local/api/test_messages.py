"""The rule book decides what is refused: the first finding, with its status, type and text."""

from __future__ import annotations

import pytest

from antiphon.local import App
from antiphon.local.metering.tokens import PromptTokens
from antiphon.rules import findings
from tests.support.app_requests import send
from tests.support.rule_samples import TABLE, talk

WRONG = [wrong for _, wrong, _, _ in TABLE if isinstance(wrong, dict)]
RIGHT = [
    right for rule, _, _, right in TABLE if right == talk("a", "b") or rule.startswith("cache")
]


@pytest.fixture(scope="module")
def app():
    return App()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("wrong", WRONG)
def test_error_is_the_first_finding_of_the_rule_book(app, wrong, path):
    endpoint = "create" if path == "/v1/messages" else "count_tokens"
    first = next(
        findings(wrong, endpoint=endpoint, count=lambda body: PromptTokens(body).total), None
    )
    response = send(app, path, wrong)
    if first is None:  # what only an answer needs, such as max_tokens
        assert (endpoint, response.status) == ("count_tokens", 200)
    else:
        assert response.error == (first.status, first.type, first.message)


@pytest.mark.parametrize("right", RIGHT)
def test_request_that_breaks_no_rule_gets_a_message(app, right):
    assert send(app, "/v1/messages", right).status == 200
