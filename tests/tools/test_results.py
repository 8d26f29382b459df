"""What becomes of whatever a tool returns."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import BaseModel

from antiphon import InputError, ToolError
from antiphon._core.request_body import encode_body
from antiphon.tools import result_content
from antiphon.types import TextBlock
from tests.support.media_samples import JPEG, pdf, png


class Color(Enum):
    RED = "red"


class Place(BaseModel):
    name: str
    since: dt.date


@dataclass
class Size:
    width: int
    height: float


PNG = png(2, 2)
TEXT = {"type": "text", "text": "a"}


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("Zürich", "Zürich"),
        ("", ""),
        (None, ""),
        (5, "5"),
        (1.5, "1.5"),
        (True, "true"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([1, "x"], '[1,"x"]'),
        ([], "[]"),
        ((1, 2), "[1,2]"),
        ({3}, "[3]"),
        ((n for n in range(3)), "[0,1,2]"),
        (Size(2, 1.5), '{"width":2,"height":1.5}'),
        (Place(name="Bern", since=dt.date(1191, 1, 1)), '{"name":"Bern","since":"1191-01-01"}'),
        ([Size(1, 2)], '[{"width":1,"height":2}]'),
        (Color.RED, "red"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (Decimal("1.10"), "1.10"),
        (np.float64(1.5), "1.5"),
        (np.zeros((2, 1)), "[[0.0],[0.0]]"),
        ("Grüezi".encode(), "Grüezi"),
        ({"raw": b"\xff"}, '{"raw":"_w=="}'),
        ({"type": "report", "text": 1}, '{"type":"report","text":1}'),
        ({"type": "text", "text": 1}, '{"type":"text","text":1}'),
        ({"type": ["text"], None: 1}, '{"type":["text"],"None":1}'),
        (TEXT, [TEXT]),
        ([TEXT, TEXT], [TEXT, TEXT]),
        ((TEXT,), [TEXT]),
        (iter([TEXT]), [TEXT]),
        (
            [TEXT, "b", {"c": 1}],
            [TEXT, {"type": "text", "text": "b"}, {"type": "text", "text": '{"c":1}'}],
        ),
        (TextBlock.from_value(TEXT), [TEXT]),
        ([TEXT, {"type": "text", "text": "\n"}, ""], [TEXT]),
        ([{"type": "text", "text": ""}], ""),
        ([TEXT, None, 5], [TEXT, {"type": "text", "text": "5"}]),
    ],
)
def test_values_become_texts_json_or_blocks(value, content):
    assert result_content(value) == content


def sources(content: str | list[dict[str, Any]]) -> list[tuple[str, str]]:
    assert not isinstance(content, str)
    return [(block["type"], block["source"]["media_type"]) for block in content]


IMAGE = ("image", "image/png")


def test_images_and_pdfs_become_blocks_by_their_bytes(tmp_path):
    misnamed = tmp_path / "photo.png"
    misnamed.write_bytes(JPEG)
    report = tmp_path / "report"
    report.write_bytes(pdf())
    assert sources(result_content(PNG)) == [IMAGE]
    assert sources(result_content(memoryview(PNG))) == [IMAGE]
    assert sources(result_content(Image.new("RGB", (3, 2)))) == [IMAGE]
    assert sources(result_content([PNG, bytearray(PNG)])) == [IMAGE, IMAGE]
    assert sources(result_content(misnamed)) == [("image", "image/jpeg")]
    assert sources(result_content(report)) == [("document", "application/pdf")]
    assert sources(result_content(pdf())) == [("document", "application/pdf")]


def test_another_file_is_its_text_and_in_a_list_only_a_name(tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("PDFs begin with %PDF-", encoding="utf-8")
    (tmp_path / "image.png").write_bytes(PNG)
    assert result_content(notes) == "PDFs begin with %PDF-"
    found = [notes, tmp_path / "image.png"]
    assert result_content(found) == json.dumps([*map(str, found)], separators=(",", ":"))


def test_what_cannot_be_shown_is_refused_with_a_reason(tmp_path):
    with pytest.raises(ToolError, match=r"2 bytes: neither an image .* PNG, JPEG"):
        result_content(b"\xff\x00")
    with pytest.raises(ToolError, match="a ZIP archive"):
        result_content(b"PK\x03\x04\xff")
    with pytest.raises(InputError, match="cut off or broken"):
        result_content(PNG[:40])
    with pytest.raises(TypeError, match="object, which has no form in JSON; return a text"):
        result_content(object())
    with pytest.raises(FileNotFoundError):
        result_content(tmp_path / "missing.txt")


# Half of a surrogate pair comes from the names of files, and from texts that were cut in two.
broken = st.text(st.characters())


@given(broken | st.dictionaries(broken, broken) | broken.map(lambda text: {**TEXT, "text": text}))
def test_every_text_can_be_sent(value):
    content = result_content(value)
    assert content != []
    body = encode_body({"content": content})
    assert json.loads(bytes(body)) == {"content": content}
    if isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value):
        assert content == value
