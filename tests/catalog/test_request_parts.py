"""Optional parts of request bodies."""

from __future__ import annotations

import pytest

from antiphon.catalog.request_parts import content_blocks, object_at


@pytest.mark.parametrize(
    ("body", "part"), [({}, {}), ({"a": None}, {}), ({"a": {}}, {}), ({"a": {"b": 1}}, {"b": 1})]
)
def test_absent_and_null_objects_are_empty(body, part):
    assert object_at(body, "a") == part


@pytest.mark.parametrize(
    ("content", "blocks"),
    [
        (None, []),
        ([], []),
        ("hello", [{"type": "text", "text": "hello"}]),
        ([{"type": "image"}], [{"type": "image"}]),
    ],
)
def test_plain_string_counts_as_one_text_block(content, blocks):
    assert list(content_blocks(content)) == blocks
