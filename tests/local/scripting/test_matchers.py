"""Matchers: what they fit, how they join, and how they say what differs."""

from __future__ import annotations

import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local import Script
from antiphon.local.api.direction import MessageRequest
from antiphon.local.scripting.matchers import matcher
from antiphon.testing import (
    has_image,
    has_result,
    header,
    model,
    offers,
    system_text,
    turn,
    user_text,
)

IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [IMAGE]}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}


def request(*contents, **body):
    messages = [
        {"role": ("user", "assistant")[index % 2], "content": content}
        for index, content in enumerate(contents or ("Hello, World",))
    ]
    body = {"model": "claude-haiku-4-5", "messages": messages, **body}
    served = ("claude-haiku-4-5-20251001",)
    return MessageRequest(body, {"x-team": "blue", "x-api-key": "secret"}, "req_1", served)


@pytest.mark.parametrize(
    ("fits", "wanted"),
    [
        (user_text("hello"), request()),
        (user_text(re.compile("^Hello, W")), request()),
        (user_text("second"), request("first", "x", [{"type": "text", "text": "second"}])),
        (system_text("brief"), request(system=[{"type": "text", "text": "Be Brief"}])),
        (model("claude-haiku-4-5"), request()),
        (model("claude-haiku-4-5-20251001"), request()),
        (model(re.compile("haiku")), request()),
        (turn(1), request()),
        (turn(1), request("a", "a prefill")),
        (turn(2), request("a", "b", "c")),
        (offers("weather"), request(tools=[{"name": "weather"}])),
        (offers("bash_20250124"), request(tools=[{"type": "bash_20250124", "name": "bash"}])),
        (has_result(), request("a", [CALL], [RESULT])),
        (has_result("weather"), request("a", [CALL], [RESULT])),
        (has_result("toolu_1"), request("a", [CALL], [RESULT])),
        (has_image(), request([IMAGE])),
        (has_image(), request("a", [CALL], [RESULT])),
        (header("X-Team"), request()),
        (header("x-team", "blue"), request()),
        (header("x-team", re.compile("^b")), request()),
        (user_text("hello") & turn(1), request()),
        (user_text("nothing") | turn(1), request()),
        (~user_text("nothing"), request()),
        (turn(1) & (lambda r: r.text.startswith("Hello")), request()),
        ((lambda r: True) & turn(1), request()),
    ],
)
def test_fits(fits, wanted):
    assert fits(wanted)
    assert fits.differences(wanted) == []
    assert not (~fits)(wanted)
    assert (~fits).differences(wanted)


@pytest.mark.parametrize(
    ("fits", "says"),
    [
        (user_text("oslo"), "user_text('oslo'): the user wrote 'Hello, World'"),
        (system_text("brief"), "system_text('brief'): the system prompt is nothing"),
        (model("claude-opus-5"), "model('claude-opus-5'): the model is 'claude-haiku-4-5'"),
        (turn(3), "turn(3): it is turn 1"),
        (offers("weather"), "offers('weather'): there are no tools"),
        (has_result("weather"), "has_result('weather'): there are no tool results"),
        (has_image(), "has_image(): there is no image"),
        (header("x-other"), "header('x-other'): there is none"),
        (header("x-api-key", "k"), "header('x-api-key', 'k'): the header has another value"),
        (~turn(1), "~turn(1): it is true"),
        (turn(1) & turn(2), "turn(2): it is turn 1"),
        (user_text(re.compile("x")), "user_text(re.compile('x')): the user wrote 'Hello, World'"),
    ],
)
def test_what_differs_is_said(fits, says):
    assert fits.differences(request()) == [says]
    assert not fits(request())


def test_a_matcher_is_shown_as_it_is_written():
    fits = (user_text("a") | ~turn(2)) & has_image()
    assert repr(fits) == "(user_text('a') | ~turn(2)) & has_image()"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: user_text(""), "user_text: ''; give a text"),
        (lambda: user_text(re.compile(b"x")), "user_text: .* pattern of bytes; give one of text"),
        (lambda: model(re.compile(b"x")), "model: .* pattern of bytes"),
        (lambda: offers(""), "offers: ''; give a text"),
        (lambda: header(None), "header: None; give a text"),
        (lambda: header("x-team", 5), "header: x-team: 5; give a text or a pattern"),
        (lambda: header("x-team", re.compile(b"x")), "header: .* pattern of bytes"),
        (lambda: turn(0), "turn: 0; give a number from 1"),
        (lambda: turn("2"), "turn: '2'; give a number from 1"),
        (lambda: turn(1.5), r"turn: 1\.5; give a number from 1"),
        (lambda: turn(True), "turn: True; give a number from 1"),
    ],
)
def test_what_can_never_be_meant_is_refused(make, says):
    with pytest.raises((TypeError, ValueError), match=says):
        make()


class Later:
    async def __call__(self, request):
        return False


async def later(request):
    return False


@pytest.mark.parametrize("when", [later, Later(), partial(later)])
def test_an_async_condition_is_refused_at_once(when):
    with pytest.raises(TypeError, match=r"when: .* is async, and a rule cannot wait for it"):
        Script().reply("a", when=when)
    with pytest.raises(TypeError, match="is async"):
        turn(1) & when


@pytest.mark.parametrize(
    ("when", "says"),
    [
        (lambda asked: later(asked), "when: <lambda> is async"),
        (lambda asked: user_text("no"), r"returned the matcher user_text\('no'\); give user_text"),
    ],
)
def test_what_is_no_verdict_does_not_count_as_true(when, says):
    with pytest.raises(TypeError, match=says):
        (~turn(7) & when)(request())


@pytest.mark.parametrize("make", [has_image, user_text, has_result])
def test_a_matcher_without_its_brackets_is_refused_at_once(make):
    with pytest.raises(TypeError, match=f"call it: {make.__name__}\\("):
        Script().reply("a", when=make)


LEAVES = st.sampled_from([user_text("hello"), user_text("no"), turn(1), turn(2), has_image()])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a: ~a, inner),
    ),
    max_leaves=6,
)


@given(TREES, TREES)
def test_they_join_as_logic_does(one, other):
    asked = request()
    assert (one & other)(asked) == (one(asked) and other(asked))
    assert (one | other)(asked) == (one(asked) or other(asked))
    assert (~one)(asked) == (not one(asked))
    for each in (one, one & other, one | other):
        assert (each.differences(asked) == []) == each(asked)
        assert 0 <= each.nearness(asked) <= 1
        assert matcher(each) is each
