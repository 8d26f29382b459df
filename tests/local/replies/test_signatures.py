"""Thinking signed by a server is recognised by it, and nothing else is."""

from base64 import b64decode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antiphon.local.replies.signatures import Signatures

OURS = Signatures(b"one key")
NONCES = st.binary(min_size=16, max_size=16)
NONCE = bytes(16)


def thinking(text, signature):
    return {"type": "thinking", "thinking": text, "signature": signature}


def conversation(*blocks):
    return {
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": [*blocks, {"type": "text", "text": "yes"}]},
            {"role": "user", "content": [{"type": "text", "text": "and?"}]},
        ]
    }


@given(st.text(), NONCES)
def test_signed_thinking_is_valid(text, nonce):
    signature = OURS.sign(text, nonce)
    assert len(signature) >= 100
    assert b64decode(signature, validate=True)
    assert OURS.verify(conversation(thinking(text, signature))) is None


@given(st.text(), st.text(), NONCES)
def test_signature_of_other_thinking_is_invalid(text, other, nonce):
    assume(text != other)
    assert OURS.verify(conversation(thinking(other, OURS.sign(text, nonce))))


@given(st.data())
def test_signature_with_one_other_character_is_invalid(data):
    signature = OURS.sign("thought", NONCE)
    at = data.draw(st.integers(0, len(signature) - 1))
    other = data.draw(st.characters(exclude_characters=signature[at]))
    changed = signature[:at] + other + signature[at + 1 :]
    assert OURS.verify(conversation(thinking("thought", changed)))


@pytest.mark.parametrize("signature", ["", "=", "AAAA", "é" * 108, "A" * 108, "not base64!"])
def test_malformed_signature_is_invalid(signature):
    assert OURS.verify(conversation(thinking("thought", signature)))


def test_signature_by_another_key_is_invalid():
    assert OURS.verify(conversation(thinking("a", Signatures(b"other key").sign("a", NONCE))))


def test_invalid_signature_has_the_text_of_the_api():
    good = thinking("a", OURS.sign("a", NONCE))
    invalid = OURS.verify(conversation(good, thinking("b", good["signature"])))
    assert invalid is not None
    assert invalid.path == "messages.1.content.1"
    assert invalid.message == "messages.1.content.1: Invalid `signature` in `thinking` block"


def test_redacted_thinking_is_checked():
    block = {"type": "redacted_thinking", "data": OURS.sign("", NONCE)}
    assert OURS.verify(conversation(block)) is None
    invalid = OURS.verify(conversation({**block, "data": "AAAA"}))
    assert invalid is not None
    assert invalid.message == "messages.1.content.0: Invalid `data` in `redacted_thinking` block"


def test_conversation_without_thinking_is_valid():
    assert OURS.verify({"messages": [{"role": "assistant", "content": "plain"}]}) is None
    assert OURS.verify({"messages": []}) is None
