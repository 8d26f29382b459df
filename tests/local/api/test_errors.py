"""The local server refuses by the rule book: the first finding, with its status, type and text."""

from __future__ import annotations

import pytest

from antiphon.local import App
from antiphon.local.metering.tokens import count
from antiphon.rules import findings
from tests.support.asking import ask
from tests.support.rule_samples import TABLE, talk

WRONG = [wrong for _, wrong, _, _ in TABLE if isinstance(wrong, dict)]
ANSWERED = [
    right for rule, _, _, right in TABLE if right == talk("a", "b") or rule.startswith("cache")
]


@pytest.fixture(scope="module")
def app():
    return App()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("wrong", WRONG)
def test_the_first_finding_is_the_answer(app, wrong, path):
    endpoint = "create" if path == "/v1/messages" else "count_tokens"
    first = next(findings(wrong, endpoint=endpoint, count=count), None)
    answered = ask(app, path, wrong)
    if first is None:  # what only an answer needs, such as max_tokens
        assert (endpoint, answered.status) == ("count_tokens", 200)
    else:
        assert answered.error == (first.status, first.type, first.message)


@pytest.mark.parametrize("right", ANSWERED)
def test_what_breaks_no_rule_is_answered(app, right):
    assert ask(app, "/v1/messages", right).status == 200
