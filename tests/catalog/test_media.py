"""Images and PDFs are what their bytes say."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.catalog import media
from antiphon.catalog.media import Image
from tests.support.media_samples import JPEG, locked_pdf, pdf


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + b"\0\0\0\0"


def riff(content: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", len(content) + 4) + b"WEBP" + content


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe\x00\x04hi"
    frame = b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + comment + frame + b"\xff\xd9"


SAMPLES = {
    "PNG": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">II", 30, 20) + b"\1\0\0\0\0")
    + chunk(b"IDAT", b"pixels")
    + chunk(b"IEND", b""),
    "GIF": b"GIF89a" + struct.pack("<HH", 30, 20) + b"\0\0\0;",
    "JPEG": jpeg(30, 20),
    "WebP": riff(b"VP8 \0\0\0\0" + b"\0" * 3 + b"\x9d\x01\x2a" + struct.pack("<HH", 30, 20)),
    "WebP lossless": riff(b"VP8L\0\0\0\0\x2f" + struct.pack("<I", 29 | 19 << 14)),
    "WebP extended": riff(b"VP8X\0\0\0\0\0\0\0\0" + b"\x1d\0\0" + b"\x13\0\0"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_format_and_size_are_read_from_the_header(name):
    found = media.image(encoded(SAMPLES[name]))
    assert found == Image(name.split()[0], 30, 20)
    assert found.media_type == f"image/{found.format.lower()}"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_broken_off_image_is_none(name):
    whole = SAMPLES[name]
    for length in range(len(whole)):
        assert media.image(encoded(whole[:length])) is None


@pytest.mark.parametrize(
    "content", [b"", b"no image", jpeg(0, 5), b"%PDF-1.7", b"RIFF\0\0\0\0WAVE"]
)
def test_other_bytes_are_no_image(content):
    assert media.image(encoded(content)) is None


def test_a_real_image_is_read():
    assert media.image(encoded(JPEG)) == Image("JPEG", 1, 1)


@pytest.mark.parametrize("text", ["not base64!", "a", "é", "AAAA\n", "\ud800"])
def test_what_is_not_base64_is_neither_image_nor_pdf(text):
    assert media.decoded(text) is None
    assert media.image(text) is None
    assert media.pdf(text) is None


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_damaged_images_raise_nothing(name, data):
    content = bytearray(SAMPLES[name])
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = media.image(encoded(bytes(content)))
    assert found is None or (found.width > 0 and found.height > 0)


def test_a_pdf_tells_its_pages():
    found = media.pdf(encoded(pdf()))
    assert found is not None
    assert (found.pages, found.encrypted) == (1, False)
    assert media.pdf_pages(encoded(pdf())) == 1


def test_a_locked_pdf_is_told_and_not_counted():
    locked = encoded(locked_pdf())
    found = media.pdf(locked)
    assert found is not None
    assert found.encrypted
    assert media.pdf_pages(locked) is None


@settings(max_examples=50)
@given(st.data())
def test_damaged_pdfs_raise_nothing(data):
    content = bytearray(pdf())
    start = data.draw(st.integers(0, len(content) - 1))
    content[start : start + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    found = media.pdf(encoded(bytes(content)))
    assert found is None or found.pages >= 0


def test_results_are_remembered_by_content_and_never_mixed_up():
    texts = [encoded(jpeg(width, 7)) for width in range(1, 200)]
    for text, width in [*zip(texts, range(1, 200), strict=True)] * 2:
        assert media.image(text) == Image("JPEG", width, 7)
