"""Files: uploaded, listed, fetched, deleted, and used by their ids."""

from __future__ import annotations

import asyncio
import base64
import gzip
from random import Random
from typing import Any

import pytest

import antiphon
from antiphon._wire.http import Request, Timeout
from antiphon.local import App, AsyncInProcess, InProcess, LocalServer, VirtualClock
from antiphon.local.api.errors import RequestRefusedError
from antiphon.local.api.exchange import Exchange
from antiphon.local.api.file_store import FileStore
from antiphon.local.api.files import FilesEndpoint
from antiphon.local.api.steps import next_visible_step
from tests.support.app_requests import BODY, COUNT_BODY, INVALID, send
from tests.support.batch_requests import batch_app, created, item, results
from tests.support.media_samples import JPEG, locked_pdf, pdf, png
from tests.support.uploads import (
    FILES,
    FORM,
    asking,
    file_part,
    form,
    named,
    part,
    post,
    upload,
)

OLD = "files-api-2025-04-14"
SUMMARIZE = {"type": "text", "text": "Summarize"}
DAY = 24 * 3600


# Uploads


def test_upload_returns_the_metadata_of_the_file(app):
    stored = upload(app, b"Cats sleep.")
    assert stored == {
        "type": "file",
        "id": stored["id"],
        "size_bytes": 11,
        "created_at": "2026-11-22T00:00:00.000000Z",
        "filename": "notes.txt",
        "mime_type": "text/plain",
        "downloadable": False,
        "expires_at": None,
    }
    assert stored["id"].startswith("file_01")
    assert list(stored)[:2] == ["type", "id"]


def test_time_of_an_upload_ends_in_milliseconds():
    app = App(VirtualClock(start=1_795_305_600.123_456))
    assert upload(app)["created_at"] == "2026-11-22T00:00:00.123000Z"


@pytest.mark.parametrize(
    ("sent", "mime", "kept"),
    [
        ("a/b/notes.txt", "text/plain", "notes.txt"),
        (r"C:\\files\\notes.txt", "text/plain", "notes.txt"),
        ("näme.txt", "text/plain", "näme.txt"),
        ("n" * 255, "text/plain", "n" * 255),
        (None, "text/plain", "unnamed.txt"),
        (None, "application/pdf", "unnamed.pdf"),
        (None, "application/x-thing", "unnamed.bin"),
    ],
)
def test_only_the_last_component_of_a_name_is_kept(app, sent, mime, kept):
    assert upload(app, name=sent, mime=mime)["filename"] == kept


@pytest.mark.parametrize(
    "name",
    ["n" * 256, "", "a/", "a<b", "a>b", "a:b", "a|b", "a?b", "a*b", "a%22b", "a%0Ab", "\x7f"],
)
def test_names_that_are_no_names_are_refused(app, name):
    status, kind, message = post(app, form(file_part(b"x", name))).error
    assert (status, kind) == (400, INVALID)
    assert message.startswith("file: a name has 1 to 255 characters")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("Image/PNG", "image/png"),
        (None, "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
    ],
)
def test_type_is_the_one_that_the_client_names(app, sent, kept):
    assert post(app, form(file_part(b"x", mime=sent))).json["mime_type"] == kept


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (form(), "file: Field required"),
        (form(part('name="expires_in_seconds"', b"3600")), "file: Field required"),
        (form(part('name="purpose"', b"x")), "purpose: Extra inputs are not permitted"),
        (form(file_part(b"x"), file_part(b"y")), "file: Extra inputs are not permitted"),
        (
            form(part('name="expires_in_seconds"', b"soon"), file_part(b"x")),
            "expires_in_seconds: Input should be a valid integer, unable to parse string as an"
            " integer",
        ),
        (
            form(part('name="expires_in_seconds"', b"3599"), file_part(b"x")),
            "expires_in_seconds: Input should be greater than or equal to 3600",
        ),
        (
            form(part('name="expires_in_seconds"', b"7776001"), file_part(b"x")),
            "expires_in_seconds: Input should be less than or equal to 7776000",
        ),
    ],
)
def test_forms_with_other_fields_are_refused(app, body, message):
    assert post(app, body).error == (400, INVALID, message)


def test_body_that_is_no_form_is_refused(app):
    message = "content-type: must be multipart/form-data with a boundary"
    assert send(app, FILES, {"file": "x"}).error == (400, INVALID, message)


def test_form_may_be_compressed(app):
    body = gzip.compress(form(file_part(b"x" * 100)))
    assert post(app, body, content_encoding="gzip").json["size_bytes"] == 100


def test_file_may_be_larger_than_a_message(app):
    assert upload(app, bytes(33 * 1024 * 1024))["size_bytes"] == 33 * 1024 * 1024
    [entry] = app.journal.entries()
    assert entry.size < 1000


class Endpoint:
    """The endpoint with smaller bounds than those of an app."""

    def __init__(self, max_size: int = 100, **bounds: int) -> None:
        store = FileStore(VirtualClock(), Random(0), **bounds)
        self.files = FilesEndpoint(store, max_size)

    def post(self, size: int) -> Any:
        body = form(file_part(bytes(size)))
        request = Request("POST", f"http://local{FILES}", {"content-type": FORM}, body, Timeout())
        exchange = Exchange.of(request, "req_1", 0.0)
        exchange.workspace = "wrkspc_1"
        return next_visible_step(self.files.resource([])["POST"](exchange))


def test_file_above_the_bound_of_one_is_too_large():
    endpoint = Endpoint(max_size=100)
    assert endpoint.post(100).status == 200
    with pytest.raises(RequestRefusedError) as refused:
        endpoint.post(101)
    assert (refused.value.status, refused.value.kind) == (413, "request_too_large")


def test_body_above_the_bound_of_uploads_is_too_large(app):
    response = send(app, FILES, bytes(501 * 1024 * 1024 + 1), content_type=FORM)
    assert response.error[:2] == (413, "request_too_large")


@pytest.mark.parametrize("bounds", [{"max_bytes": 150}, {"max_files": 1}])
def test_files_beyond_the_bounds_of_all_are_refused(bounds):
    endpoint = Endpoint(**bounds)
    assert endpoint.post(100).status == 200
    with pytest.raises(RequestRefusedError) as refused:
        endpoint.post(100)
    assert (refused.value.status, refused.value.kind) == (400, INVALID)
    assert refused.value.details == {"error_code": "storage_quota_exceeded"}


# Lists


def listed(app: App, query: str = "", **headers: str) -> tuple[list[str], Any]:
    page = send(app, f"{FILES}{query}", **headers).json
    return [each["filename"] for each in page["data"]], page.get("next_page", page.get("has_more"))


@pytest.fixture
def five(app) -> list[str]:
    """Upload five files to the app; return their ids, the newest first."""
    return [upload(app, name=f"{n}.txt")["id"] for n in range(5)][::-1]


def test_list_begins_with_the_newest_and_names_the_next_page(app, five):
    names, following = listed(app, "?limit=2")
    assert names == ["4.txt", "3.txt"]
    assert following.startswith("page_")
    names, following = listed(app, f"?limit=2&page={following}")
    assert names == ["2.txt", "1.txt"]
    assert listed(app, f"?limit=2&page={following}") == (["0.txt"], None)


def test_page_goes_on_though_its_last_file_was_deleted(app, five):
    _, following = listed(app, "?limit=2")
    send(app, f"{FILES}/{five[1]}", method="DELETE")
    assert listed(app, f"?page={following}") == (["2.txt", "1.txt", "0.txt"], None)


def test_files_may_be_listed_by_their_ids(app, five):
    query = f"?ids%5B%5D={five[3]}&ids[]=file_none&ids[]={five[0]}"
    assert listed(app, query) == (["4.txt", "1.txt"], None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?page=page_x", "page: 'page_x' is not the `next_page` of a list"),
        ("?limit=0", "limit: Input should be greater than or equal to 1"),
        ("?limit=1001", "limit: Input should be less than or equal to 1000"),
        ("?ids[]=a&limit=5", "ids: cannot be given together with `limit` or `page`"),
        ("?ids[]=a&page=p", "ids: cannot be given together with `limit` or `page`"),
        (
            "?" + "&".join(["ids[]=a"] * 101),
            "ids: List should have at most 100 items after validation, not 101",
        ),
    ],
)
def test_lists_that_cannot_be_are_refused(app, query, message):
    assert send(app, FILES + query).error == (400, INVALID, message)


def test_old_beta_brings_back_the_old_shapes(app, five):
    page = send(app, f"{FILES}?limit=2", anthropic_beta=OLD).json
    assert list(page) == ["data", "has_more", "first_id", "last_id"]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (five[0], five[1], True)
    assert "expires_at" not in page["data"][0]
    query = f"?limit=5&after_id={five[1]}"
    assert listed(app, query, anthropic_beta=OLD) == (["2.txt", "1.txt", "0.txt"], False)


# One file


def test_deleted_file_is_gone(app):
    path = f"{FILES}/{(file := upload(app))['id']}"
    assert send(app, path).json == file
    assert send(app, path, method="DELETE").json == {"id": file["id"], "type": "file_deleted"}
    gone = (404, "not_found_error", f"File `{file['id']}` not found.")
    assert send(app, path).error == gone
    assert send(app, path, method="DELETE").error == gone
    assert send(app, f"{path}/content").error == gone


def test_uploaded_file_cannot_be_downloaded(app):
    response = send(app, f"{FILES}/{upload(app)['id']}/content")
    assert response.error[:2] == (400, INVALID)
    assert response.json["error"]["details"] == {"error_code": "file_not_downloadable"}


CODE = {"type": "code_execution_20250825", "name": "code_execution"}


def test_file_that_code_left_can_be_downloaded(app):
    words = {"type": "text", "text": "Run code that leaves an [[output_file]]"}
    message = send(app, body=asking(words, tools=[CODE])).json
    [result] = [each for each in message["content"] if each["type"].endswith("_tool_result")]
    [output] = result["content"]["content"]
    path = f"{FILES}/{output['file_id']}"
    metadata = send(app, path).json
    assert (metadata["downloadable"], metadata["filename"]) == (True, "simulated.txt")
    response = send(app, f"{path}/content")
    assert response.content == b"simulated\n"
    assert response.headers["content-type"] == "text/plain"
    assert "simulated.txt" in response.headers["content-disposition"]
    assert send(app, path, anthropic_workspace_id="wrkspc_01other").status == 404


def test_workspace_sees_its_own_files_alone(app):
    file = upload(app, anthropic_workspace_id="wrkspc_01other")
    assert listed(app)[0] == []
    assert send(app, f"{FILES}/{file['id']}").status == 404
    assert listed(app, anthropic_workspace_id="wrkspc_01other")[0] == ["notes.txt"]
    assert send(app, body=asking(named("document", file["id"]))).status == 404


def test_expired_file_has_metadata_for_thirty_days_and_no_content(app):
    file = upload(app, seconds=3600)
    path = f"{FILES}/{file['id']}"
    assert file["expires_at"] == "2026-11-22T01:00:00.000000Z"
    question = asking(named("document", file["id"]), SUMMARIZE)
    app.clock.advance(3599)
    assert send(app, body=question).status == 200
    app.clock.advance(1)
    for response in (send(app, body=question), send(app, f"{path}/content")):
        assert response.error[:2] == (404, "not_found_error")
        assert response.json["error"]["details"] == {"error_code": "file_expired"}
    app.clock.advance(30 * DAY - 1)
    assert send(app, path).json == file
    assert listed(app)[0] == ["notes.txt"]
    app.clock.advance(1)
    assert send(app, path).status == 404
    assert listed(app)[0] == []


def test_expired_files_make_room():
    clock = VirtualClock()
    store = FileStore(clock, Random(0), max_bytes=100)
    store.upload("w", "a", "text/plain", bytes(100), 3600)
    clock.advance(3600)
    assert store.upload("w", "b", "text/plain", bytes(100), None).size == 100


def test_reset_forgets_files(app):
    upload(app)
    app.reset()
    assert listed(app)[0] == []


# Files in messages


def inline(kind: str, media_type: str, data: str, source: str = "base64") -> dict[str, Any]:
    return {"type": kind, "source": {"type": source, "media_type": media_type, "data": data}}


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("kind", "content", "mime", "block"),
    [
        (
            "document",
            b"Cats sleep. " * 50,
            "text/plain",
            inline("document", "text/plain", "Cats sleep. " * 50, "text"),
        ),
        ("image", png(800, 600), "image/png", inline("image", "image/png", encoded(png(800, 600)))),
        (
            "document",
            pdf(3),
            "application/pdf",
            inline("document", "application/pdf", encoded(pdf(3))),
        ),
    ],
    ids=["text", "image", "pdf"],
)
def test_file_costs_and_says_what_its_content_would(app, kind, content, mime, block):
    file = named(kind, upload(app, content, mime=mime)["id"])
    counts = [
        send(app, "/v1/messages/count_tokens", {**COUNT_BODY, "messages": asking(each)["messages"]})
        for each in (file, block)
    ]
    assert counts[0].json == counts[1].json
    replies = [send(app, body=asking(each, SUMMARIZE)).json for each in (file, block)]
    assert replies[0]["content"] == replies[1]["content"]
    assert replies[0]["usage"] == replies[1]["usage"]


CITED = {"citations": {"enabled": True}}


def test_citation_names_the_file_that_it_quotes(app):
    file = upload(app, b"Cats sleep. Dogs bark.")["id"]
    message = send(app, body=asking(named("document", file, **CITED), SUMMARIZE)).json
    [citation] = message["content"][-1]["citations"]
    assert (citation["cited_text"], citation["file_id"]) == ("Cats sleep.", file)


def test_file_in_a_tool_result_or_a_list_of_content_is_seen(app):
    file = named("image", upload(app, png(40, 30), mime="image/png")["id"])
    tool = {"name": "look", "input_schema": {"type": "object"}}
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [file]}
    messages = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    told = send(app, body={**BODY, "tools": [tool], "messages": messages}).json
    assert "PNG 40×30" in told["content"][0]["text"]
    inner = inline("image", "image/png", encoded(png(40, 30)))
    usages = []
    for image in (file, inner):
        document = {"type": "document", "source": {"type": "content", "content": [image]}}
        usages.append(send(app, body=asking(document, SUMMARIZE)).json["usage"])
    assert usages[0] == usages[1]
    document["source"] = {"type": "content", "content": [named("image", "file_none")]}
    assert send(app, body=asking(document, SUMMARIZE)).status == 404


@pytest.mark.parametrize(
    ("kind", "content", "mime", "message"),
    [
        ("image", b"no image", "image/png", "Could not process image"),
        (
            "image",
            JPEG,
            "image/png",
            "messages.0.content.0.image.source.file: The image was specified using the image/png"
            " media type, but the image appears to be a image/jpeg image",
        ),
        (
            "document",
            b"no pdf",
            "application/pdf",
            "messages.0.content.0.pdf.source.file.data: The PDF specified was not valid.",
        ),
        (
            "document",
            locked_pdf(),
            "application/pdf",
            "messages.0.content.0.pdf.source.file.data: The PDF specified is password protected",
        ),
    ],
)
def test_media_rules_look_into_files(app, kind, content, mime, message):
    file = upload(app, content, mime=mime)["id"]
    assert send(app, body=asking(named(kind, file))).error == (400, INVALID, message)


@pytest.mark.parametrize(
    ("kind", "mime"), [("image", "text/plain"), ("document", "image/png"), ("document", "text/csv")]
)
def test_block_cannot_hold_a_file_of_any_type(app, kind, mime):
    file = upload(app, mime=mime)["id"]
    status, error, message = send(app, body=asking(named(kind, file))).error
    assert (status, error) == (400, INVALID)
    assert message.startswith(f"File `{file}` has the type {mime}; a block of type `{kind}` takes")


@pytest.mark.parametrize(
    "block",
    [
        named("document", "file_none"),
        named("image", "file_none"),
        {"type": "container_upload", "file_id": "file_none"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_unknown_id_is_refused(app, block, path):
    body = asking(block, SUMMARIZE, tools=[CODE])
    if path != "/v1/messages":
        del body["max_tokens"]
    error = (404, "not_found_error", "File `file_none` not found.")
    assert send(app, path, body).error == error


def test_form_of_a_request_is_judged_before_its_files(app):
    body = asking(named("image", "file_none"), temperature="hot")
    assert send(app, body=body).error[2] == "temperature: Input should be a valid number"


def test_container_takes_a_file(app):
    upload_block = {"type": "container_upload", "file_id": upload(app)["id"]}
    assert send(app, body=asking(upload_block, SUMMARIZE, tools=[CODE])).status == 200


def test_batch_uses_files_and_ends_items_that_name_unknown_ones():
    app = batch_app()
    params = asking(named("document", upload(app)["id"]), SUMMARIZE)
    unknown = asking(named("document", "file_none"), SUMMARIZE)
    batch = created(
        app, {"custom_id": "a", "params": params}, {"custom_id": "b", "params": unknown}, item("c")
    )
    app.clock.advance(100)
    ended = results(app, batch)
    assert [ended[each]["type"] for each in "abc"] == ["succeeded", "errored", "succeeded"]
    assert ended["b"]["error"]["error"]["type"] == "not_found_error"


# The client


def test_client_uploads_uses_lists_downloads_and_deletes(app, tmp_path):
    client = antiphon.Client(http_client=InProcess(app), api_key="k", max_retries=0)
    path = tmp_path / "näme.txt"
    path.write_text("Cats sleep. Dogs bark.")
    file = client.files.upload(file=path, expires_in_seconds=3600)
    assert (file.filename, file.mime_type, file.size_bytes) == ("näme.txt", "text/plain", 22)
    assert file.expires_at is not None
    others = [client.files.upload(file=(f"{n}.txt", b"x", "text/plain")) for n in range(3)]
    assert [each.id for each in client.files.list(limit=2)] == [
        *(each.id for each in reversed(others)),
        file.id,
    ]
    assert [each.id for each in client.files.list(ids=[file.id, "file_none"])] == [file.id]
    old = client.files.list(limit=2, extra_headers={"anthropic-beta": OLD})
    assert len(list(old)) == 4
    message = client.messages.create(**asking(named("document", file.id, **CITED), SUMMARIZE))
    assert "Cats sleep." in message.text
    with pytest.raises(antiphon.BadRequestError):
        client.files.download(file.id)
    assert client.files.delete(file.id).id == file.id
    with pytest.raises(antiphon.NotFoundError, match="not found"):
        client.files.retrieve_metadata(file.id)


async def uploaded_in_process(app: App) -> Any:
    async with antiphon.AsyncClient(http_client=AsyncInProcess(app), api_key="k") as client:
        return await client.files.upload(file=("a.txt", b"x", "text/plain"))


def test_async_client_uploads(app):
    assert asyncio.run(uploaded_in_process(app)).filename == "a.txt"


def test_upload_and_download_over_a_socket(tmp_path):
    path = tmp_path / "large.txt"
    path.write_bytes(b"line\n" * 200_000)
    with LocalServer() as server:
        client = antiphon.Client(base_url=server.url, api_key="k", max_retries=0)
        file = client.files.upload(file=path)
        assert file.size_bytes == 1_000_000
        question = asking({"type": "text", "text": "Run code for an [[output_file]]"}, tools=[CODE])
        message = client.messages.create(**question)
        result = next(
            each for each in message.content if each.type == "bash_code_execution_tool_result"
        )
        output = result.content.content[0].file_id
        client.files.download(output).write_to_file(tmp_path / "output.txt")
    assert (tmp_path / "output.txt").read_bytes() == b"simulated\n"
