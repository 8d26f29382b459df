"""Texts made for regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.replies.regex_sample import sample_text
from tests.support.schema_strategies import PATTERNS


@pytest.mark.parametrize("pattern", PATTERNS)
def test_text_matches_its_pattern(pattern):
    assert re.search(pattern, sample_text(pattern))


@given(st.text("ab[]()|^$*+?{}\\d.,-12", max_size=12))
def test_any_pattern_gives_a_matching_text_or_none(pattern):
    sample = sample_text(pattern)
    assert sample is None or re.search(pattern, sample)
