"""Forms are read strictly: each byte once, within bounds, and in one way only."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.local.api.errors import RequestRefusedError
from antiphon.local.api.multipart import form_parts
from tests.support.uploads import BOUNDARY, FORM, file_part, form, part


def parts(body: bytes, content_type: str = FORM) -> list[Any]:
    return [tuple(each) for each in form_parts(content_type, body)]


def refusal(body: bytes, content_type: str = FORM) -> tuple[int, str]:
    with pytest.raises(RequestRefusedError) as refused:
        form_parts(content_type, body)
    return refused.value.status, refused.value.message


def test_parts_come_with_name_filename_type_and_content():
    body = form(
        part('name="expires_in_seconds"', b"3600"),
        file_part(b"a\r\nb", "notes.txt", "text/plain"),
    )
    assert parts(body) == [
        ("expires_in_seconds", None, None, b"3600"),
        ("file", "notes.txt", "text/plain", b"a\r\nb"),
    ]


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('name="file"', None),
        ('name="file"; filename="a b;c.txt"', "a b;c.txt"),
        ('name="file"; filename="näme.txt"', "näme.txt"),
        ('name="file"; filename="a%22b.txt"', 'a"b.txt'),
        ('name="file"; filename="100%.txt"', "100%.txt"),
        (r'name="file"; filename="a\"b.txt"', 'a"b.txt'),
        ("name=file; filename=plain.txt", "plain.txt"),
        ('name="file"; filename="x"; filename*=utf-8\'\'n%C3%A4me.txt', "näme.txt"),
    ],
)
def test_names_are_read_as_browsers_and_older_clients_write_them(disposition, filename):
    assert parts(form(part(disposition, b"x")))[0][:2] == ("file", filename)


def test_end_needs_no_line_break_and_the_boundary_may_stand_in_quotes():
    body = form(file_part(b"x")).removesuffix(b"\r\n")
    quoted = f'multipart/form-data; charset=utf-8; boundary="{BOUNDARY}"'
    assert parts(body, quoted)[0][3] == b"x"


def test_content_may_hold_what_only_looks_like_a_boundary():
    content = f"\r\n-{BOUNDARY}\r\n--{BOUNDARY[:-1]}\n--{BOUNDARY}--".encode()
    assert parts(form(file_part(content)))[0][3] == content


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/form-data",
        "multipart/mixed; boundary=a",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'b' * 71}",
        'multipart/form-data; boundary="a "',
    ],
)
def test_content_type_must_name_a_form_and_its_boundary(content_type):
    message = "content-type: must be multipart/form-data with a boundary"
    if content_type.endswith("="):
        message = "The request body is not a valid form: a header has broken parameters"
    assert refusal(form(file_part(b"x")), content_type) == (400, message)


GOOD = form(file_part(b"x"))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it does not begin with its boundary"),
        (b"hello\r\n" + GOOD, "it does not begin with its boundary"),
        (GOOD.removesuffix(f"\r\n--{BOUNDARY}--\r\n".encode()), "its last boundary is missing"),
        (GOOD + b"more", "there is something else than a part behind a boundary"),
        (GOOD.replace(b"a-boundary\r\n", b"a-boundary \r\n", 1), "there is something else"),
        (b"--a-boundary\r\nname: x", "the headers of a part do not end, or are too long"),
        (form(part(f'name="{"n" * 9000}"', b"")), "the headers of a part do not end, or"),
        (form(*[part('name="a"', b"x")] * 9), "it has more than 8 parts"),
        (form(part('filename="a"', b"x")), "a part has no name"),
        (GOOD.replace(b"form-data;", b"attachment;"), "a part has no name"),
        (GOOD.replace(b"Content-Disposition:", b"Content-Disposition :"), "a broken header"),
        (GOOD.replace(b"Content-Disposition: form", b"Content-Disposition form"), "a broken"),
        (form(part('name="file"; filename="a', b"x")), "a header has broken parameters"),
        (GOOD.replace(b"notes", b"\xff"), "the headers of a part are not in UTF-8"),
        (form(part("name=a; filename*=latin-1''a", b"x")), "the name of a file is not in UTF-8"),
        (form(part("name=a; filename*=utf-8''%FF", b"x")), "the name of a file is not in UTF-8"),
    ],
)
def test_anything_else_is_refused(body, why):
    status, message = refusal(body)
    assert status == 400
    assert message.startswith("The request body is not a valid form: ")
    assert why in message


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=8))
def test_reading_is_the_inverse_of_writing(contents):
    held = [content for content in contents if f"\r\n--{BOUNDARY}".encode() not in content]
    body = form(*[part(f'name="p{n}"', content) for n, content in enumerate(held)])
    if held:
        assert [each.content for each in form_parts(FORM, body)] == held


@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_body_is_a_failure_of_the_server(noise, at):
    body = GOOD[:at] + noise + GOOD[at:]
    with suppress(RequestRefusedError):
        form_parts(FORM, body)
