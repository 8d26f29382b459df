"""Images and documents as content blocks: in every form, and by what their bytes say."""

from __future__ import annotations

import base64
import copy
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fastapi import UploadFile
from PIL import Image
from pypdf import PdfReader

import antiphon
from antiphon.catalog import media
from antiphon.types import FileMetadata, TextBlock
from tests.support.media_samples import JPEG, locked_pdf, pdf, png

MODEL = "claude-haiku-4-5"


def content(block) -> bytes:
    """Return the file in a block."""
    return base64.b64decode(block["source"]["data"], validate=True)


def picture(block) -> Image.Image:
    return Image.open(io.BytesIO(content(block)))


def page_count(block) -> int:
    return len(PdfReader(io.BytesIO(content(block))).pages)


def noise(width, height):
    """Return an image that no format makes small."""
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def saved(image, kind, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def uploaded() -> FileMetadata:
    """Return what the upload of a file gives."""
    return FileMetadata(
        id="file_011CNha8iCJcU1wXNR6q4V8w",
        type="file",
        filename="a.pdf",
        mime_type="application/pdf",
        size_bytes=10,
        created_at="2026-11-01T00:00:00Z",
    )


# Forms


@pytest.mark.parametrize("form", ["path", "name", "bytes", "bytearray", "memoryview", "file", "io"])
@pytest.mark.parametrize(
    ("make", "whole"), [(antiphon.image, JPEG), (antiphon.document, pdf(2))], ids=["image", "pdf"]
)
def test_a_file_is_taken_in_every_form(form, make, whole, tmp_path):
    path = tmp_path / "some file.pdf"
    path.write_bytes(whole)
    with path.open("rb") as file:
        file.read(5)  # as somebody did who looked at its type
        forms = {
            "path": path,
            "name": str(path),
            "bytes": whole,
            "bytearray": bytearray(whole),
            "memoryview": memoryview(whole),
            "file": file,
            "io": io.BytesIO(whole),
        }
        block = make(forms[form])
    assert block["type"] == ("image" if make is antiphon.image else "document")
    assert block["source"]["type"] == "base64"
    assert content(block) == whole


@pytest.mark.parametrize("make", [antiphon.image, antiphon.document])
def test_urls_and_uploaded_files_are_named_and_not_read(make):
    assert make("https://example.com/a.png")["source"] == {
        "type": "url",
        "url": "https://example.com/a.png",
    }
    uploaded_source = {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}
    assert make("file_011CNha8iCJcU1wXNR6q4V8w")["source"] == uploaded_source
    assert make(uploaded())["source"] == uploaded_source


def test_the_type_is_that_of_the_bytes_and_not_of_the_name(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(png(3, 2))
    assert antiphon.image(path)["source"]["media_type"] == "image/png"
    path.write_bytes(pdf())
    assert antiphon.document(path)["source"]["media_type"] == "application/pdf"
    path.write_text("words")
    assert antiphon.document(path)["source"]["type"] == "text"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_each_format_of_the_api_is_accepted_as_it_is(kind):
    whole = saved(Image.new("RGB", (5, 4), "teal"), kind)
    block = antiphon.image(whole)
    assert block["source"]["media_type"] == f"image/{kind.lower()}"
    assert content(block) == whole


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "F", "HSV"])
def test_images_of_pillow_of_every_mode_are_taken(mode):
    block = antiphon.image(Image.new(mode, (7, 5)))
    assert block["source"]["media_type"] == "image/png"
    assert picture(block).size == (7, 5)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3), (4, 6, 4)])
def test_arrays_are_taken_pixel_by_pixel(shape):
    array = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    back = np.asarray(picture(antiphon.image(array)))
    assert (back == array.reshape(back.shape)).all()


def test_black_and_white_arrays_are_taken():
    array = np.array([[True, False], [False, False]])
    assert (np.asarray(picture(antiphon.image(array))) == array).all()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 20, 20), np.uint8),
        np.zeros((20, 20, 3)),
        np.zeros(5, np.uint8),
        np.zeros((0, 5, 3), np.uint8),
    ],
    ids=["channels first", "floats", "one dimension", "no pixels"],
)
def test_an_array_that_is_no_image_is_refused_with_its_shape(array):
    with pytest.raises(antiphon.InputError, match=r"^source: an array of shape") as caught:
        antiphon.image(array)
    assert str(array.shape) in str(caught.value)


def test_a_photo_is_upright_where_its_file_is_not_sent(tmp_path):
    photo = Image.new("RGB", (40, 20))
    exif = photo.getexif()
    exif[0x0112] = 6  # the camera was held on its side
    path = tmp_path / "photo.jpg"
    photo.save(path, exif=exif)
    assert picture(antiphon.image(path)).size == (40, 20)  # the file says how to turn it
    assert picture(antiphon.image(path, resize=30)).size == (15, 30)
    with Image.open(path) as opened:
        assert picture(antiphon.image(opened)).size == (20, 40)


def test_the_image_of_the_caller_stays_as_it_is():
    mine = Image.new("P", (300, 200))
    antiphon.image(mine, resize=100)
    assert (mine.size, mine.mode) == ((300, 200), "P")


# Documents


TEXT = "The grass is green. The sky is blue."


@pytest.mark.parametrize(
    "text", [TEXT, "one\ntwo.txt", f"See {TEXT}", "a b", "草は緑です。空は青いです。", "x" * 5000]
)
def test_a_text_is_a_document(text):
    source = {"type": "text", "media_type": "text/plain", "data": text}
    assert antiphon.document(text) == {"type": "document", "source": source}


@pytest.mark.parametrize("text", ["notes.txt", "/etc/passwd", "https://example.com", "file_1", "x"])
def test_a_text_that_is_said_to_be_one_is_never_anything_else(text):
    assert antiphon.document(text=text)["source"]["data"] == text


@pytest.mark.parametrize(
    "name",
    ["report.pdf", "my report.pdf", "folder/Makefile", "/my files/Ä", "Makefile", "報告.pdf"],
)
def test_a_name_of_a_file_that_is_missing_is_not_taken_for_a_text(name):
    with pytest.raises(FileNotFoundError) as caught:
        antiphon.document(name)
    assert caught.value.filename == name
    assert "text=" in caught.value.__notes__[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_of_a_text_is_told_by_its_bytes(encoding, tmp_path):
    path = tmp_path / "notes"
    path.write_text("Grüße 你好", encoding=encoding)
    assert antiphon.document(path)["source"]["data"] == "Grüße 你好"


def test_a_file_opened_as_text_is_a_text(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("words")
    with path.open() as file:
        assert antiphon.document(file)["source"]["data"] == "words"


def test_a_document_has_a_title_a_context_and_citations():
    block = antiphon.document(TEXT, title="Facts", context="From a book.", citations=True)
    assert block["title"] == "Facts"
    assert block["context"] == "From a book."
    assert block["citations"] == {"enabled": True}


def test_pieces_are_cited_one_by_one():
    seen = antiphon.image(JPEG)
    source = antiphon.document(["one", {"type": "text", "text": "two"}, seen])["source"]
    one, two = ({"type": "text", "text": text} for text in ("one", "two"))
    assert source == {"type": "content", "content": [one, two, seen]}


def test_pages_of_a_pdf_are_sent_alone(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(12))
    assert page_count(antiphon.document(path, pages=(3, 7))) == 5
    assert page_count(antiphon.document(path, pages=(12, 12))) == 1


@pytest.mark.parametrize("pages", [(0, 1), (5, 4), (1, 13)])
def test_pages_that_are_not_there_are_refused_with_the_ones_that_are(pages):
    with pytest.raises(antiphon.InputError, match=r"^pages: .*pages 1 to 12"):
        antiphon.document(pdf(12), pages=pages)


@pytest.mark.parametrize("source", [TEXT, "https://example.com/a.pdf", "file_1", ["one"]])
def test_only_pdfs_that_are_here_have_pages(source):
    with pytest.raises(antiphon.InputError, match=r"^pages: only a PDF"):
        antiphon.document(source, pages=(1, 2))


def test_a_large_pdf_is_split_into_documents_that_say_what_they_hold():
    parts = antiphon.split_pdf(pdf(25), pages=10, title="Report", citations=True)
    assert [page_count(part) for part in parts] == [10, 10, 5]
    assert [part["title"] for part in parts] == [
        "Report, pages 1-10 of 25",
        "Report, pages 11-20 of 25",
        "Report, pages 21-25 of 25",
    ]
    assert all(part["citations"] == {"enabled": True} for part in parts)
    assert [part["title"] for part in antiphon.split_pdf(pdf(2))] == ["Pages 1-2 of 2"]


@pytest.mark.parametrize(
    ("source", "pages", "message"),
    [(TEXT.encode(), 10, "^source: not a PDF"), (pdf(), 0, "^pages: expected a number")],
)
def test_what_cannot_be_split_is_refused(source, pages, message):
    with pytest.raises(antiphon.InputError, match=message):
        antiphon.split_pdf(source, pages)


# What is refused


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "source: the content is empty"),
        (io.BytesIO(), "source: the file is empty"),
        (pdf(), "a PDF is not an image; use antiphon.document"),
        (JPEG[:-30], "a JPEG image that is cut off"),
        (png(5, 5)[:30], "a PNG image that is cut off"),
        (saved(Image.new("L", (3, 3)), "BMP"), "source: a BMP image; the API accepts"),
        (saved(Image.new("L", (3, 3)), "TIFF"), "source: a TIFF image; the API accepts"),
        (b"\0\0\0\x1cftypheic", "source: a HEIC image"),
        (b"\0\0\0\x1cftypavif", "source: an AVIF image"),
        (b"<svg/>", "neither an image nor a PDF"),
        (io.StringIO("words"), "opened as text; open it with mode 'rb'"),
    ],
)
def test_what_is_no_image_is_refused_by_what_it_is(source, message):
    with pytest.raises(antiphon.InputError, match=message) as caught:
        antiphon.image(source)
    assert str(caught.value).startswith("source: ")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "source: the content is empty"),
        (b" \n", "source: the text is empty"),
        (" \n ", "source: the text is empty"),
        ([], "source: the list has no pieces"),
        (JPEG, "a JPEG image is not a document; use antiphon.image"),
        (np.zeros((2, 2), np.uint8), "an image is not a document; use antiphon.image"),
        (b"PK\x03\x04\xff", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0", "an old version of Microsoft Office"),
        (b"caf\xe9", "no text in UTF-8"),
        (b"a\0b", "binary data"),
        (b"%PDF-1.7 and no more", "a PDF that is broken"),
        (locked_pdf(), "a PDF with a password"),
        (pdf(0), "a PDF without pages"),
    ],
)
def test_what_is_no_document_is_refused_by_what_it_is(source, message):
    with pytest.raises(antiphon.InputError, match=message) as caught:
        antiphon.document(source)
    assert str(caught.value).startswith("source: ")


def test_an_empty_file_and_a_folder_are_named(tmp_path):
    empty = tmp_path / "empty.png"
    empty.touch()
    with pytest.raises(antiphon.InputError, match=r"the file '.*empty\.png' is empty"):
        antiphon.image(empty)
    with pytest.raises(OSError, match="empty") as caught:
        antiphon.image(empty / "no.png")
    assert caught.value.filename == str(empty / "no.png")


@pytest.mark.parametrize("make", [antiphon.image, antiphon.document])
def test_other_values_are_refused_with_their_type(make):
    with pytest.raises(TypeError, match=r"^source: .* not int$"):
        make(3)


def test_a_file_that_is_read_asynchronously_is_refused():
    upload = UploadFile(io.BytesIO(JPEG))
    with pytest.raises(TypeError, match=r"its read\(\) gives coroutine.*await source.read"):
        antiphon.image(upload)
    assert content(antiphon.image(upload.file)) == JPEG


def test_a_file_need_not_know_more_than_read():
    class Part:
        def read(self):
            return JPEG

    assert content(antiphon.image(Part())) == JPEG


@pytest.mark.parametrize(
    "source", ["data:image/jpeg;base64,/9j/", base64.b64encode(JPEG * 20).decode()]
)
def test_base64_is_no_path(source):
    with pytest.raises(antiphon.InputError, match=r"^source: a str of .*b64decode") as caught:
        antiphon.image(source)
    assert len(str(caught.value)) < 200


def test_a_document_has_one_source():
    with pytest.raises(TypeError, match="either a source or a text"):
        antiphon.document()
    with pytest.raises(TypeError, match="either a source or a text"):
        antiphon.document(TEXT, text=TEXT)


def test_too_many_pixels_are_refused_with_the_numbers():
    with pytest.raises(antiphon.InputError, match=r"8001 by 10 pixels.* 8000 .*resize=True"):
        antiphon.image(png(8001, 10))
    assert antiphon.image(png(8000, 10))


def test_too_many_bytes_are_refused_with_the_numbers(tmp_path):
    with pytest.raises(antiphon.InputError, match=r"has 4\.\d MB, and may have 3\.9 MB.*resize"):
        antiphon.image(noise(1300, 1200))
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(5_000_000)  # refused by its size, before it is read
    with pytest.raises(antiphon.InputError, match=r"has 5\.0 MB"):
        antiphon.image(path)


def test_too_many_pages_are_refused_with_the_numbers():
    many = pdf(601)
    with pytest.raises(antiphon.InputError, match=r"has 601 pages, and may have 600; .*split_pdf"):
        antiphon.document(many)
    assert page_count(antiphon.document(many, pages=(1, 600))) == 600


def test_a_pdf_too_large_for_a_request_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.truncate(26_000_000)
    with pytest.raises(antiphon.InputError, match=r"has 26\.0 MB, and may have 25\.2 MB"):
        antiphon.document(path)


# Making images smaller


def test_an_image_becomes_what_a_model_sees_at_most():
    block = antiphon.image(png(4000, 3000), resize=True)
    seen = picture(block)
    assert max(seen.size) <= 2576
    assert antiphon.input_tokens(block) == antiphon.input_tokens(antiphon.image(png(4000, 3000)))


@pytest.mark.parametrize("size", [(4000, 10), (10, 4000), (1001, 1001)])
def test_the_longer_side_gets_as_many_pixels_as_asked(size):
    seen = picture(antiphon.image(png(*size), resize=1000))
    assert max(seen.size) == 1000
    assert min(seen.size) >= 1


@pytest.mark.parametrize("resize", [True, 1000, 5000])
def test_an_image_that_is_small_enough_stays_as_it_is(resize):
    assert content(antiphon.image(JPEG, resize=resize)) == JPEG


def test_an_image_of_too_many_bytes_is_compressed():
    block = antiphon.image(noise(1300, 1200), resize=True)
    assert block["source"]["media_type"] == "image/jpeg"
    assert len(block["source"]["data"]) <= media.MOST_IMAGE_BYTES
    assert picture(block).size == (1300, 1200)


def test_what_is_transparent_becomes_white_in_a_jpeg():
    clear = np.dstack([noise(1300, 1200), np.zeros((1200, 1300), np.uint8)])
    seen = picture(antiphon.image(clear, resize=True))
    assert (seen.format, seen.getpixel((600, 600))) == ("JPEG", (255, 255, 255))


def test_a_photo_stays_a_jpeg(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(noise(400, 300)).save(path)
    assert picture(antiphon.image(path, resize=200)).format == "JPEG"


@pytest.mark.parametrize("resize", [0.5, -3])
def test_a_size_that_is_none_is_refused(resize):
    with pytest.raises(antiphon.InputError, match=r"^resize: expected"):
        antiphon.image(JPEG, resize=resize)


def test_an_image_that_is_not_here_cannot_be_made_smaller():
    with pytest.raises(antiphon.InputError, match=r"^resize: .*only its URL"):
        antiphon.image("https://example.com/a.png", resize=True)


def test_an_image_that_pillow_cannot_read_is_refused():
    whole = png(3000, 5)
    broken = whole.replace(b"IDAT", b"IDAX")
    with pytest.raises(antiphon.InputError, match=r"^source: Pillow cannot read"):
        antiphon.image(broken, resize=100)


# Tokens


@pytest.mark.parametrize(
    ("block", "model", "tokens"),
    [
        (antiphon.image(png(1000, 1000)), "", 1296),
        (antiphon.image(png(3840, 2160)), "", 4784),
        (antiphon.image(png(3840, 2160)), "claude-of-the-future", 4784),
        (antiphon.image(png(3840, 2160)), MODEL, 1560),
        (antiphon.document(pdf(2)), MODEL, 2 * (1500 + 1551)),
        (antiphon.image("https://example.com/a.png"), "", None),
        (antiphon.document("file_1"), "", None),
        ({"type": "image", "source": {"type": "base64", "data": Path("a.png")}}, "", None),
        ("", "", 0),
    ],
)
def test_the_tokens_of_a_block_are_told(block, model, tokens):
    assert antiphon.input_tokens(block, model=model) == tokens


@pytest.mark.parametrize(
    "block", [TEXT, antiphon.document(TEXT), antiphon.document(pdf(3)), antiphon.image(JPEG)]
)
@pytest.mark.parametrize("model", [MODEL, "claude-opus-5-5"])
def test_the_tokens_of_a_block_are_those_that_the_simulator_counts(client, block, model):
    def count(*content):
        messages = [{"role": "user", "content": [{"type": "text", "text": "a"}, *content]}]
        return client.messages.count_tokens(model=model, messages=messages).input_tokens

    content = {"type": "text", "text": block} if isinstance(block, str) else block
    assert antiphon.input_tokens(block, model=model) == count(content) - count()


def test_only_content_blocks_have_tokens():
    with pytest.raises(antiphon.InputError, match=r"^block: "):
        antiphon.input_tokens({"role": "user", "content": "words"})


# Marks for the cache


def test_a_text_a_block_and_a_tool_are_marked():
    tool = {"name": "f", "input_schema": {"type": "object"}}
    mark = {"type": "ephemeral"}
    assert antiphon.cached("words") == {"type": "text", "text": "words", "cache_control": mark}
    assert antiphon.cached(tool) == {**tool, "cache_control": mark}
    assert "cache_control" not in tool
    received = TextBlock(type="text", text="words")
    assert antiphon.cached(received) == antiphon.cached("words")
    assert antiphon.cached("words", ttl="1h")["cache_control"] == {**mark, "ttl": "1h"}


def test_a_tool_that_is_marked_can_still_be_run():
    @antiphon.tool
    def double(number: int) -> int:
        return 2 * number

    marked = antiphon.cached(double, ttl="1h")
    assert marked.to_dict() == {
        **double.to_dict(),
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
    assert marked.name == "double"
    assert marked.call({"number": 2}) == marked(2) == copy.copy(marked)(2) == 4
    assert not marked.is_async
    assert "cache_control" not in double.to_dict()


def test_a_mark_replaces_an_earlier_one():
    block = antiphon.cached(antiphon.cached("words", ttl="1h"))
    assert block["cache_control"] == {"type": "ephemeral"}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"type": "thinking", "thinking": "", "signature": ""}, "thinking cannot be marked"),
        ({"role": "user", "content": "words"}, "a message cannot be marked"),
        ("", "an empty text"),
    ],
)
def test_what_cannot_be_marked_is_refused(block, message):
    with pytest.raises(antiphon.InputError, match=f"^block: {message}"):
        antiphon.cached(block)


def test_other_lifetimes_and_values_are_refused():
    with pytest.raises(antiphon.InputError, match=r"^ttl: .*'2h'"):
        antiphon.cached("words", ttl="2h")
    with pytest.raises(TypeError, match=r"^block: .*not int"):
        antiphon.cached(3)


# With the rest


def test_the_blocks_stand_anywhere_content_goes(client):
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    blocks = [
        antiphon.image(JPEG),
        antiphon.document(pdf(), title="Report"),
        antiphon.document(TEXT),
        antiphon.document(["one", "two", antiphon.image(png(5, 5))]),
    ]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": blocks}
    params = {
        "model": MODEL,
        "max_tokens": 50,
        "system": [antiphon.cached("Be brief.")],
        "tools": [antiphon.cached({"name": "look", "input_schema": {"type": "object"}})],
        "messages": [
            {"role": "user", "content": [*blocks, antiphon.cached("Look.", ttl="5m")]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ],
    }
    assert client.messages.check(**params) == []
    assert client.messages.create(**params).text


def test_an_uploaded_file_needs_no_beta(client):
    file = client.files.upload(file=("a.pdf", pdf(3), "application/pdf"))
    content = [antiphon.document(file), antiphon.cached("What is this?")]
    message = client.messages.create(
        model=MODEL, max_tokens=50, messages=[{"role": "user", "content": content}]
    )
    assert message.text


def without(module: str, statement: str) -> str:
    """Return what a program without a package prints of the error of `statement`."""
    program = f"""
import sys
sys.modules["{module}"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "{module}" else find(name, *rest)
import antiphon
from tests.support.media_samples import JPEG, png
PDF = b"%PDF-1.7 a PDF that nobody looks into"
try:
    print({statement})
except ImportError as error:
    print(error)
"""
    command = [sys.executable, "-W", "error", "-c", program]
    root = Path(__file__).parent.parent.parent
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout


def test_the_extras_are_named_where_they_are_missing():
    told = without("PIL", "antiphon.image(png(3000, 5), resize=True)")
    assert "pip install 'antiphon[images]'" in told
    told = without("pypdf", "antiphon.document(PDF, pages=(1, 2))")
    assert "pip install 'antiphon[pdf]'" in told


def test_what_needs_no_extra_works_without_it():
    assert "image/jpeg" in without("PIL", "antiphon.image(JPEG)")
    assert "application/pdf" in without("pypdf", "antiphon.document(PDF)")
    assert without("pypdf", "antiphon.input_tokens(antiphon.document(PDF))").strip() == "None"
