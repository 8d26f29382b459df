"""Thinking that a server signed, and what has the form of the real API, is accepted."""

from base64 import b64decode, b64encode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antiphon.local.replies.signatures import Signatures
from antiphon.rules.request_view import merge

OURS = Signatures(b"one key")
NONCES = st.binary(min_size=16, max_size=16)
NONCE = bytes(16)


def invalid_block(body):
    return OURS.verify(merge(body["messages"]))


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
    assert invalid_block(conversation(thinking(text, signature))) is None


@given(st.text(), st.text(), NONCES)
def test_signature_of_other_thinking_is_invalid(text, other, nonce):
    assume(text != other)
    assert invalid_block(conversation(thinking(other, OURS.sign(text, nonce))))


@given(st.data())
def test_signature_with_one_other_character_is_invalid(data):
    signature = OURS.sign("thought", NONCE)
    at = data.draw(st.integers(0, len(signature) - 1))
    other = data.draw(st.characters(exclude_characters=signature[at]))
    changed = signature[:at] + other + signature[at + 1 :]
    assert invalid_block(conversation(thinking("thought", changed)))


@pytest.mark.parametrize("signature", ["", "=", "AAAA", "é" * 108, "A" * 108, "not base64!"])
def test_malformed_signature_is_invalid(signature):
    assert invalid_block(conversation(thinking("thought", signature)))


def test_signature_by_another_key_is_invalid():
    assert invalid_block(conversation(thinking("a", Signatures(b"other key").sign("a", NONCE))))


def test_invalid_signature_has_the_text_of_the_api():
    good = thinking("a", OURS.sign("a", NONCE))
    invalid = invalid_block(conversation(good, thinking("b", good["signature"])))
    assert invalid is not None
    assert invalid.path == "messages.1.content.1"
    assert invalid.message == "messages.1.content.1: Invalid `signature` in `thinking` block"


def test_redacted_thinking_is_checked():
    block = {"type": "redacted_thinking", "data": OURS.sign("", NONCE)}
    assert invalid_block(conversation(block)) is None
    invalid = invalid_block(conversation({**block, "data": "AAAA"}))
    assert invalid is not None
    assert invalid.message == "messages.1.content.0: Invalid `data` in `redacted_thinking` block"


def varint(number):
    more = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(byte | 0x80 for byte in more[:-1]), more[-1]])


def field(number, value):
    """Return a field of a protobuf message: a number, 4 or 8 bytes, or bytes of any length."""
    kind, content = value
    written = varint(content) if kind == 0 else content
    length = varint(len(content)) if kind == 2 else b""
    return varint(number << 3 | kind) + length + written


VALUES = st.one_of(
    st.tuples(st.just(0), st.integers(0, 2**64 - 1)),
    st.tuples(st.just(1), st.binary(min_size=8, max_size=8)),
    st.tuples(st.just(2), st.binary(max_size=300)),
    st.tuples(st.just(5), st.binary(min_size=4, max_size=4)),
)
MESSAGES = st.lists(st.builds(field, st.integers(1, 2000), VALUES), min_size=1).map(b"".join)


@given(MESSAGES)
def test_thinking_signed_by_the_api_is_valid(message):
    written = b64encode(message).decode()
    assert invalid_block(conversation(thinking("thought", written))) is None
    redacted = {"type": "redacted_thinking", "data": written}
    assert invalid_block(conversation(redacted)) is None


def test_signature_of_the_api_that_is_cut_off_is_invalid():
    message = field(2, (2, field(1, (2, bytes(64))) + field(3, (0, 7))))
    assert invalid_block(conversation(thinking("", b64encode(message).decode()))) is None
    for length in range(len(message)):
        cut = b64encode(message[:length]).decode()
        assert invalid_block(conversation(thinking("", cut)))


def test_path_of_an_invalid_signature_counts_merged_messages():
    bad = {"role": "assistant", "content": [thinking("a", "nonsense")]}
    hello = {"role": "user", "content": "hello"}
    invalid = invalid_block(
        {"messages": [hello, hello, {"role": "assistant", "content": "b"}, bad]}
    )
    assert invalid is not None
    assert invalid.path == "messages.1.content.1"


def test_conversation_without_thinking_is_valid():
    assert invalid_block({"messages": [{"role": "assistant", "content": "plain"}]}) is None
    assert invalid_block({"messages": []}) is None
