"""Files: uploads as they are framed and sent, and the other methods of `client.files`."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path

import httpx2
import pytest

from antiphon import APIConnectionError, AsyncClient, Client, RequestEncodingError
from antiphon.types import FileMetadata
from tests.support.scripted import Answer, AsyncScripted, Scripted, broken
from tests.support.wire_server import WireServer, forever

JSON = ("content-type", "application/json")
METADATA = {
    "type": "file",
    "id": "file_011",
    "size_bytes": 4,
    "created_at": "2026-08-19T14:34:11.612000Z",
    "filename": "report.pdf",
    "mime_type": "application/pdf",
    "downloadable": False,
}


def stored() -> Answer:
    return Answer(json.dumps(METADATA).encode(), headers=(JSON,))


def parts(request) -> list:
    """Return the parts of a form, read by the standard library."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    body = bytes(request.buffered_body())
    assert len(body) == len(request.body)
    return message_from_bytes(head + body, policy=HTTP).get_payload()


def uploaded(file, **params):
    transport = Scripted(stored())
    metadata = Client(api_key="k", http_client=transport).files.upload(file=file, **params)
    assert isinstance(metadata, FileMetadata)
    return parts(transport.requests[0])


def test_a_path_is_uploaded_with_its_name_and_type(tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")
    (part,) = uploaded(path)
    assert part["content-disposition"] == 'form-data; name="file"; filename="report.pdf"'
    assert part.get_content_type() == "application/pdf"
    assert part.get_payload(decode=True) == b"%PDF"


@pytest.mark.parametrize(
    ("file", "disposition", "kind"),
    [
        (b"abc", 'form-data; name="file"', "application/octet-stream"),
        (io.BytesIO(b"abc"), 'form-data; name="file"', "application/octet-stream"),
        (("a.txt", b"abc"), 'form-data; name="file"; filename="a.txt"', "text/plain"),
        (("a.txt", io.BytesIO(b"abc"), "x/y"), 'form-data; name="file"; filename="a.txt"', "x/y"),
        ((None, b"abc", "x/y", {"X-A": "1"}), 'form-data; name="file"', "x/y"),
    ],
)
def test_the_forms_of_a_file(file, disposition, kind):
    (part,) = uploaded(file)
    assert part["content-disposition"] == disposition
    assert part.get_content_type() == kind
    assert part.get_payload(decode=True) == b"abc"


def test_fields_stand_before_the_file_and_names_are_escaped():
    transport = Scripted(stored())
    Client(api_key="k", http_client=transport).files.upload(
        file=('a"ü.txt', b"abc"), expires_in_seconds=3600, workspace_id="w"
    )
    (request,) = transport.requests
    first, second = parts(request)
    assert first["content-disposition"] == 'form-data; name="expires_in_seconds"'
    assert first.get_payload() == "3600"
    assert 'filename="a%22ü.txt"'.encode() in request.buffered_body()
    assert second.get_payload(decode=True) == b"abc"
    assert request.headers["anthropic-workspace-id"] == "w"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("report.pdf", r"pathlib.Path\(…\)"),
        (io.StringIO("text"), "mode 'rb'"),
        (3, "int is no file"),
        (("name",), "a tuple of 1"),
        ((3, b"abc"), "texts or None"),
        (("a", b"abc", None, 3), "mapping"),
    ],
)
def test_what_is_no_file_is_refused(file, words):
    with pytest.raises(TypeError, match=words):
        Client(api_key="k", http_client=Scripted()).files.upload(file=file)


def test_a_file_that_cannot_be_read_is_refused():
    closed = io.BytesIO(b"abc")
    closed.close()
    for file in (Path("there-is-none.pdf"), closed):
        with pytest.raises(RequestEncodingError, match=r"^file: "):
            Client(api_key="k", http_client=Scripted()).files.upload(file=file)


def test_an_upload_is_tried_again_from_the_start_of_the_file():
    file = io.BytesIO(b"abc")
    file.read()
    transport = Scripted(broken(), stored())
    Client(api_key="k", http_client=transport).files.upload(file=file)
    for request in transport.requests:
        assert parts(request)[0].get_payload(decode=True) == b"abc"


class Pipe(io.RawIOBase):
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, size: int = -1) -> bytes:
        content, self.content = self.content, b""
        return content


def test_what_cannot_go_back_is_read_once_and_may_be_sent_twice():
    transport = Scripted(broken(), stored())
    Client(api_key="k", http_client=transport).files.upload(file=Pipe(b"abc"))
    assert [parts(each)[0].get_payload() for each in transport.requests] == ["abc", "abc"]


LARGE = bytes(range(256)) * 4000  # a megabyte: several pieces


@forever
def store_all(peer, received) -> None:
    peer.respond(json.dumps(METADATA).encode(), headers="content-type: application/json\r\n")


@pytest.mark.parametrize("own", [None, httpx2.Client])
def test_a_large_file_is_sent_in_pieces_with_progress(tmp_path, own):
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    steps: list[tuple[int, int]] = []
    with WireServer(store_all) as wire, contextlib.ExitStack() as stack:
        http_client = stack.enter_context(own()) if own else None
        client = Client(api_key="k", base_url=wire.url, http_client=http_client)
        client.files.upload(file=path, progress=lambda sent, whole: steps.append((sent, whole)))
        (request,) = wire.requests
    assert LARGE in request.body
    assert len(steps) == 6
    assert steps == sorted(steps)
    assert steps[-1] == (len(request.body), len(request.body))


@pytest.mark.parametrize("own", [None, httpx2.AsyncClient])
def test_a_large_file_is_sent_asynchronously(tmp_path, own):
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    steps: list[int] = []
    with WireServer(store_all) as wire:

        async def main() -> None:
            async with contextlib.AsyncExitStack() as stack:
                http_client = await stack.enter_async_context(own()) if own else None
                client = AsyncClient(api_key="k", base_url=wire.url, http_client=http_client)
                await client.files.upload(file=path, progress=lambda sent, _: steps.append(sent))

        asyncio.run(main())
        (request,) = wire.requests
    assert LARGE in request.body
    assert steps[-1] == len(request.body)


def test_a_file_that_becomes_shorter_while_it_is_sent_is_an_error(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"abcdef")
    transport = Scripted(stored())
    client = Client(api_key="k", http_client=transport)
    client.files.upload(file=path)
    path.write_bytes(b"abc")
    with pytest.raises(ValueError, match="shorter"):
        transport.requests[0].buffered_body()


def test_the_other_methods():
    page = {"data": [METADATA], "next_page": None}
    transport = Scripted(
        Answer(json.dumps(page).encode(), headers=(JSON,)),
        stored(),
        Answer(b"abc", b"def", headers=()),
        Answer(b'{"id": "file_011", "type": "file_deleted"}', headers=(JSON,)),
    )
    files = Client(api_key="k", http_client=transport).files
    assert [file.id for file in files.list(ids=["file_011"])] == ["file_011"]
    assert files.retrieve_metadata("file_011").filename == "report.pdf"
    assert list(files.download("file_011").iter_bytes()) == [b"abc", b"def"]
    assert files.delete("file_011").type == "file_deleted"
    paths = [(request.method, request.url.path) for request in transport.requests]
    assert paths == [
        ("GET", "/v1/files"),
        ("GET", "/v1/files/file_011"),
        ("GET", "/v1/files/file_011/content"),
        ("DELETE", "/v1/files/file_011"),
    ]


def test_a_download_is_written_to_a_file(tmp_path):
    async def main() -> None:
        transport = AsyncScripted(*[Answer(b"abc", b"def", headers=())] * 3)
        files = AsyncClient(api_key="k", http_client=transport).files
        await (await files.download("f")).write_to_file(tmp_path / "a")
        assert await (await files.download("f")).read() == b"abcdef"
        async with files.with_streaming_response.download("f") as response:
            await response.write_to_file(str(tmp_path / "b"))

    asyncio.run(main())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"abcdef"


def test_a_download_that_breaks_off_raises(tmp_path):
    transport = Scripted(Answer(b"abc", broken(), headers=()))
    response = Client(api_key="k", http_client=transport).files.download("f")
    with pytest.raises(APIConnectionError):
        response.write_to_file(tmp_path / "a")
