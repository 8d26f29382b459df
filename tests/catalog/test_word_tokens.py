"""Tokens of texts without a vocabulary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.catalog.word_tokens import word_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello", 1),
        ("hello there", 2),
        ("a" * 15, 1.8),
        ("differences", 1.4),
        ("über Äpfel", 2),
        ("日本語", 3),
        ("привет", 3),
        ("\U0001f600", 2),
        ("    x = [1, 2]\n", 10),
    ],
)
def test_tokens_by_kind_of_text(text, tokens):
    assert word_tokens(text) == tokens


@given(st.text(), st.text())
def test_two_texts_together_cost_about_what_they_cost_alone(one, other):
    assert word_tokens(one + other) <= word_tokens(one) + word_tokens(other) + 2


@pytest.mark.parametrize("words", ["word and, ", "слово и ", "x" * 70_000 + " "])
def test_long_text_costs_what_its_parts_cost(words):
    times = 200_000 // len(words) + 1
    parts = sum(word_tokens(words * 100) for _ in range(times // 100)) + word_tokens(
        words * (times % 100)
    )
    assert abs(word_tokens(words * times) - parts) <= times // 100 + 8
