"""Whether replies include thinking, and what the client sees of it."""

from __future__ import annotations

import pytest

from antiphon.rules.request_view import merge
from tests.support.replies import HAIKU, OPUS, SIGNATURES, kinds, reply, reply_to, request


@pytest.mark.parametrize(
    ("model", "thinking", "thinks", "shown"),
    [
        (HAIKU, None, False, False),
        (HAIKU, {"type": "enabled", "budget_tokens": 1024}, True, True),
        (HAIKU, {"type": "disabled"}, False, False),
        ("claude-opus-4-6", {"type": "adaptive"}, True, True),
        (OPUS, None, True, False),
        (OPUS, {"type": "adaptive", "display": "summarized"}, True, True),
        (OPUS, {"type": "disabled"}, False, False),
        ("claude-fable-5-2", None, True, False),
        ("claude-sonnet-5-5", {"type": "between_tools"}, False, False),
    ],
)
def test_model_and_request_decide_about_thinking_and_its_display(model, thinking, thinks, shown):
    given = reply("hello", model, **({"thinking": thinking} if thinking else {}))
    assert kinds(given) == (["thinking", "text"] if thinks else ["text"])
    assert (given.thinking_tokens > 0) is thinks
    if thinks:
        assert bool(given.content[0]["thinking"]) is shown


@pytest.mark.parametrize("prompt", ["hello", "[[redacted_thinking]] hello"])
@pytest.mark.parametrize("display", ["summarized", "omitted"])
def test_thinking_verifies_on_the_next_turn_unless_it_was_changed(prompt, display):
    first = request(prompt, OPUS, thinking={"type": "adaptive", "display": display})
    given = reply_to(first)
    assert kinds(given)[0] == ("redacted_thinking" if "redacted" in prompt else "thinking")

    def verified(content):
        turns = [*first["messages"], {"role": "assistant", "content": content}]
        return SIGNATURES.verify(merge(turns))

    assert verified(given.content) is None
    key = "data" if "redacted" in prompt else "signature"
    changed = {**given.content[0], key: "A" * 108}
    assert verified([changed, *given.content[1:]]) is not None


def test_thinking_that_is_cut_still_verifies():
    thinking = {"type": "adaptive", "display": "summarized"}
    given = reply("hello", OPUS, thinking=thinking, max_tokens=5)
    assert kinds(given) == ["thinking"]
    assert given.thinking_tokens <= given.output_tokens == 5
    assert SIGNATURES.verify(merge([{"role": "assistant", "content": given.content}])) is None


@pytest.mark.parametrize("digits", ["46C9A13E", "0", "abcdef0123"])
def test_test_string_of_the_api_gives_redacted_thinking(digits):
    trigger = "ANTHROPIC_MAGIC" + "_STRING_TRIGGER_REDACTED_THINKING_" + digits
    prompt = f"Please {trigger}"
    thinking = {"type": "enabled", "budget_tokens": 1024}
    assert kinds(reply(prompt, thinking=thinking)) == ["redacted_thinking", "text"]
    assert kinds(reply(prompt)) == ["text"]
