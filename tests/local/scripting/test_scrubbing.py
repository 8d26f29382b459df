"""Secrets are not written into recordings, wherever they stand."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import Client
from antiphon.local import LocalServer
from antiphon.local.scripting.cassette import Cassette, parsed
from antiphon.local.scripting.recording import Chunk, Interaction
from antiphon.local.scripting.scrubbing import Scrubber
from antiphon.testing import tool_use

KEY = "sk-ant-api03-SPLITSPLITSPLITSPLIT-abcdefghijkl"
ODD_KEY = 'gate"way/key+é\\1234567'
ASK: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 90}
HELLO: dict[str, Any] = {**ASK, "messages": [{"role": "user", "content": "Hello"}]}


def made(
    content: bytes = b"",
    *,
    target: str = "/v1/messages",
    headers: dict[str, str] | None = None,
    response: bytes = b"",
    response_headers: dict[str, str] | None = None,
) -> Interaction:
    """Return the record of a request with the key of this file."""
    sent = {"x-api-key": KEY, **(headers or {})}
    received = (200, response_headers or {"content-type": "application/json"}, [Chunk(1, response)])
    return Interaction.of(("POST", target, sent, content), received)


def stream(*datas: Any) -> list[Chunk]:
    return [
        Chunk(number, b"event: x\ndata: " + json.dumps(data).encode() + b"\n\n")
        for number, data in enumerate(datas)
    ]


def deltas(kind: str, field: str, parts: list[str]) -> list[Any]:
    return [
        {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: part}}
        for part in parts
    ]


def recorded_stream(datas: list[Any], key: str = KEY) -> Interaction:
    return Interaction.of(
        ("POST", "/v1/messages", {"x-api-key": key}, b""),
        (200, {"content-type": "text/event-stream"}, stream(*datas)),
    )


def joined(interaction: Interaction, field: str) -> str:
    events = interaction.response["events"]
    return "".join(event["data"].get("delta", {}).get(field, "") for event in events)


# Requests


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (f"/v1/messages?api_key={KEY}", "/v1/messages?api_key=[secret]"),
        (f"/v1/messages?beta=true&x={KEY}&a=%20b", "/v1/messages?beta=true&x=[secret]&a=%20b"),
        ("/v1/x?access_token=abc&page_token=def", "/v1/x?access_token=[secret]&page_token=def"),
        (f"/v1/files/{KEY}", "/v1/files/[secret]"),
        (f"/v1/x?{KEY}", "/v1/x?[secret]"),
        (f"//{KEY}/x", "//[secret]/x"),
        ("/v1/messages?beta=true", "/v1/messages?beta=true"),
        ("/v1/messages?", "/v1/messages?"),
    ],
)
def test_the_target_of_a_request_has_no_secrets(target, shown):
    interaction = made(target=target)
    assert interaction.path == shown
    cassette = Cassette(parsed(interaction.line(), "x"))
    assert cassette.miss("POST", "/other", None)
    assert cassette.take("POST", shown, None)


def test_a_key_that_stands_in_the_query_alone_is_hidden_everywhere():
    key = "made-up-key-of-a-gateway"
    line = made(json.dumps(f"it is {key}").encode(), target=f"/v1/messages?api_key={key}").line()
    assert key not in line


def test_a_request_with_its_key_in_the_query_is_found_again(tmp_path):
    file = tmp_path / "talk.jsonl"
    headers = {"x-api-key": "any", "anthropic-version": "2023-06-01"}
    headers["content-type"] = "application/json"

    def send(server: LocalServer) -> bytes:
        url = f"{server.url}/v1/messages?api_key={KEY}"
        with urlopen(Request(url, json.dumps(HELLO).encode(), headers)) as response:
            return response.read()

    with LocalServer() as api, LocalServer(cassette=file, mode="once", upstream=api.url) as server:
        said = send(server)
    assert KEY not in file.read_text()
    with LocalServer(cassette=file) as server:
        assert send(server) == said


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
def test_a_compressed_body_is_readable_and_found_again(encoding):
    plain = json.dumps({"text": f"my key is {KEY}"}).encode()
    raw = zlib.compressobj(wbits=-15)
    content = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw deflate": raw.compress(plain) + raw.flush(),
    }[encoding]
    headers = {"Content-Encoding": encoding.split()[-1]}
    interaction = made(content, headers=headers)
    assert interaction.request == {"text": "my key is [secret]"}
    assert interaction.request == made(plain).request


def test_an_older_line_with_a_compressed_body_is_read_as_a_new_one():
    content = gzip.compress(json.dumps({"text": KEY}).encode(), mtime=0)
    line = json.loads(made().line())
    line["request"]["body"] = {"base64": base64.b64encode(content).decode()}
    (older,) = parsed(json.dumps(line), "x")
    assert older.request == {"text": "[secret]"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "unheard-of"])
def test_what_cannot_be_decompressed_is_not_written(encoding):
    content = gzip.compress(json.dumps({"text": KEY}).encode())[:-9] + b"\xff"
    text = made(b"\xff" + content, headers={"content-encoding": encoding}).request
    assert text.startswith("[secret]: ")
    assert text != made(b"\xfe" + content, headers={"content-encoding": encoding}).request


def test_a_body_that_is_not_as_encoded_as_its_headers_say_is_written():
    plain = json.dumps({"text": f"my key is {KEY}"}).encode()
    interaction = made(plain, headers={"content-encoding": "gzip"})
    assert interaction.request == {"text": "my key is [secret]"}


def test_bytes_have_no_secrets():
    interaction = made(b"\xff\xfe key=" + KEY.encode() + b" \xff")
    assert base64.b64decode(interaction.request["base64"]) == b"\xff\xfe key=[secret] \xff"
    assert made(b"\xff\x00\xfe").request == {"base64": base64.b64encode(b"\xff\x00\xfe").decode()}


@pytest.mark.parametrize("text", ["@@", "aGVsbG8=", "é", 3])
def test_json_that_looks_like_bytes_is_kept(text):
    content = json.dumps({"base64": text}).encode()
    interaction = made(content)
    assert interaction.request == {"base64": text}
    assert Interaction.from_line(interaction.line()) == interaction


def test_documents_have_no_secrets():
    data = base64.b64encode(b"The key: " + KEY.encode()).decode()
    source = {"type": "base64", "media_type": "text/plain", "data": data}
    shown = made(json.dumps({"source": source}).encode()).request["source"]["data"]
    assert base64.b64decode(shown) == b"The key: [secret]"
    picture = base64.b64encode(bytes(range(256))).decode()
    assert Scrubber().value({"data": picture}) == {"data": picture}


@pytest.mark.parametrize("kind", ["a.bin", "a.txt"])
def test_an_upload_is_found_again(tmp_path, kind):
    file = tmp_path / "talk.jsonl"
    content = f"key={KEY}".encode() + (b"\xff\xfe" if kind == "a.bin" else b"")

    def upload(server: LocalServer) -> str:
        with Client(api_key=KEY, base_url=server.url, max_retries=0) as client:
            return client.files.upload(file=(kind, content, "application/octet-stream")).id

    with LocalServer() as api, LocalServer(cassette=file, mode="once", upstream=api.url) as server:
        uploaded = upload(server)
    line = json.loads(file.read_text())
    assert line["request"]["headers"]["content-type"].endswith("boundary=antiphon-boundary")
    body = line["request"]["body"]
    written = body.encode() if isinstance(body, str) else base64.b64decode(body["base64"])
    assert written.startswith(b"--antiphon-boundary\r\n")
    assert written.endswith(b"\r\n--antiphon-boundary--\r\n")
    assert b"key=[secret]" in written
    with LocalServer(cassette=file) as server:
        assert upload(server) == uploaded
        server.verify()


@pytest.mark.parametrize("boundary", ["x", "a.b+c", '"with blanks"'])
def test_only_boundaries_are_changed(boundary):
    mark = boundary.strip('"')
    content = f"--{mark}\r\n\r\nsay --{mark}\r\n--{mark}y\r\n--{mark}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; charset=utf-8; boundary={boundary}; a=b"}
    interaction = made(content, headers=headers)
    fixed = "antiphon-boundary"
    assert interaction.request == (f"--{fixed}\r\n\r\nsay --{mark}\r\n--{mark}y\r\n--{fixed}--\r\n")
    kind = f"multipart/form-data; charset=utf-8; boundary={fixed}; a=b"
    assert interaction.request_headers["content-type"] == kind


def test_an_older_line_with_a_form_is_read_as_a_new_one():
    headers = {"content-type": "multipart/form-data; boundary=mine"}
    line = json.loads(made(headers=headers).line())
    line["request"]["headers"] = headers
    line["request"]["body"] = "--mine\r\n\r\nx\r\n--mine--\r\n"
    (older,) = parsed(json.dumps(line), "x")
    new = made(
        b"--yours\r\n\r\nx\r\n--yours--\r\n",
        headers={"content-type": "multipart/form-data; boundary=yours"},
    )
    assert (older.request, older.request_headers) == (new.request, new.request_headers)


def test_an_older_line_with_a_secret_is_found_as_before():
    body = {"input": {"access_token": "abcdef"}, "text": "Bearer abcdefghijk123"}
    line = json.loads(made().line())
    line["request"].update({"body": body, "path": "/v1/messages?token=abc"})
    asked = made(json.dumps(body).encode(), target="/v1/messages?token=abc")
    cassette = Cassette(parsed(json.dumps(line), "x"))
    assert cassette.take("POST", asked.path, asked.request)


# Texts and values


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({KEY: 1, "sk-ant-api03-otherotherother": 2}, {"[secret]": 1, "[secret] 2": 2}),
        ({"password": ["p"]}, {"password": "[secret]"}),
        ({"api_key": {"v": "AK"}, "a": 1}, {"api_key": "[secret]", "a": 1}),
        ({"password": 12345678}, {"password": "[secret]"}),
        ({"password": None, "has_secret": True}, {"password": None, "has_secret": True}),
        ({"input_tokens": 3, "next_page_token": "x"}, {"input_tokens": 3, "next_page_token": "x"}),
        ("Authorization: Bearer oat-1234567890123456", "Authorization: Bearer [secret]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [secret]"),
        ("a bearer authentication header", "a bearer authentication header"),
        ("Bearer authentication is", "Bearer authentication is"),
        ("https://user:PASSWORD@x.y/?token=T&a=b", "https://user:[secret]@x.y/?token=[secret]&a=b"),
        ("https://ghp_0123456789abc@x.y/z", "https://[secret]@x.y/z"),
        ("see ssh://git@github.com/a", "see ssh://git@github.com/a"),
        ("client_secret=abc&grant_type=d", "client_secret=[secret]&grant_type=d"),
        ('f"{url}?token={token}"', 'f"{url}?token={token}"'),
        ("x://u:$ecret@h", "x://u:[secret]@h"),
        ("Authorization: Bearer $TOKEN", "Authorization: Bearer $TOKEN"),
        ("pg://u:${PASSWORD}@h and ://<user-and-password>@h", "pg://u:${PASSWORD}@h and ://<user-and-password>@h"),
        ('{"a": "b", "token" : "c\\"d"}', '{"a": "b", "token" : "[secret]"}'),
        ('{"token": {"a": ["}"]}, "b": 1}', '{"token": "[secret]", "b": 1}'),
        (
            r'{"a": "{\"token\": \"b\", \"c\": 1}"}',
            r'{"a": "{\"token\": \"[secret]\", \"c\": 1}"}',
        ),
        ('{"token": "c\\\\", "d": "e"}', '{"token": "[secret]", "d": "e"}'),
        ('{"token": 12, "a": 1}\n{"token": nu', '{"token": "[secret]", "a": 1}\n{"token": nu'),
        ('{"token": "trunc', '{"token": "[secret]"'),
        ('say {"token": "c"}', 'say {"token": "c"}'),
    ],
)  # fmt: skip
def test_secrets_are_hidden_and_nothing_else(value, shown):
    assert Scrubber().value(value) == shown
    assert Scrubber().value(shown) == shown


@pytest.mark.parametrize(
    "name",
    [
        *("access_token", "refresh_token", "client_secret", "token", "x-api-key", "apiKey"),
        *("aws_secret_access_key", "authorization_token", "Authorization", "PASSWORD"),
    ],
)
def test_fields_with_the_names_of_secrets_are_hidden(name):
    assert Scrubber().value([{name: "x"}]) == [{name: "[secret]"}]


def test_the_schema_of_an_input_is_no_secret():
    schema = {
        "type": "object",
        "properties": {
            "password": {"type": "string"},
            "token": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "user": {"type": "string"},
        },
    }
    assert Scrubber().value(schema) == schema
    assert [*Scrubber().value(schema)["properties"]] == [*schema["properties"]]
    assert Scrubber().value({"properties": {"password": "x"}}) == {
        "properties": {"password": "[secret]"}
    }


@pytest.mark.parametrize("header", ["x-api-key", "authorization", "cookie", "x-goog-api-key"])
@pytest.mark.parametrize(
    "spelled",
    [
        ODD_KEY,
        json.dumps(ODD_KEY)[1:-1],
        json.dumps(ODD_KEY, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(ODD_KEY))[3:-3],
        ODD_KEY.replace("\\", "\\\\").replace("/", "\\/"),
        quote(ODD_KEY),
        quote(ODD_KEY, safe="").lower(),
    ],
)
def test_the_callers_key_is_hidden_in_every_spelling(header, spelled):
    value = f"Bearer {ODD_KEY}" if header == "authorization" else ODD_KEY
    scrubber = Scrubber.of({header: value})
    assert scrubber.text(f"not json: {spelled} ok") == "not json: [secret] ok"
    # As a server reads the header of a client that writes UTF-8.
    scrubber = Scrubber.of({header: value.encode().decode("latin-1")})
    assert scrubber.text(f"not json: {spelled} ok") == "not json: [secret] ok"
    assert scrubber.content(f"\udcff{spelled}".encode(errors="surrogateescape")) == b"\xff[secret]"


def test_the_headers_that_are_kept_have_no_secrets():
    given = {"request-id": f"req_{KEY}", "retry-after-ms": "250", "retry-after": "1"}
    interaction = made(headers={"anthropic-beta": KEY}, response_headers=given)
    assert interaction.headers == {**given, "request-id": "req_[secret]"}
    assert interaction.request_headers == {"anthropic-beta": "[secret]"}
    assert KEY not in interaction.line()


def test_bytes_beside_what_is_readable_have_no_secrets():
    comment = f": {KEY}\n\ndata: {{}}\n\n".encode()
    interaction = made(response=comment, response_headers={"content-type": "text/event-stream"})
    assert interaction.raw is None
    twice = b'{"password": "x", "password": null}'
    assert made(response=twice).raw is None


# Streams


def test_a_key_in_several_deltas_is_hidden_where_it_begins():
    parts = ["Your key is sk-ant-api0", KEY[11:20], KEY[20:] + " ok", "", "!"]
    interaction = recorded_stream(deltas("text_delta", "text", parts))
    shown = [event["data"]["delta"]["text"] for event in interaction.response["events"]]
    assert shown == ["Your key is [secret]", "", " ok", "", "!"]
    assert [event["ms"] for event in interaction.response["events"]] == [0, 1, 2, 3, 4]


def test_a_key_that_begins_in_the_start_of_a_block_is_hidden():
    block = {"type": "text", "text": KEY[:9]}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    interaction = recorded_stream([start, *deltas("text_delta", "text", [KEY[9:], "."])])
    first, *rest = (event["data"] for event in interaction.response["events"])
    assert first["content_block"]["text"] == "[secret]"
    assert [data["delta"]["text"] for data in rest] == ["", "."]


def test_blocks_that_come_at_once_are_looked_at_one_by_one():
    first, second = deltas("text_delta", "text", [KEY[:20], KEY[20:]])
    other = {**first, "index": 1, "delta": {"type": "text_delta", "text": "between"}}
    interaction = recorded_stream([first, other, second])
    assert joined(interaction, "text") == "[secret]between"


def test_a_streamed_tool_call_has_no_secrets(tmp_path):
    file = tmp_path / "talk.jsonl"
    inputs = {"password": "hunter2hunter2", "authorization_token": ["tok-123456789"], "key": KEY}
    with LocalServer() as api, LocalServer(cassette=file, mode="once", upstream=api.url) as server:
        api.reply(tool_use("login", user="me", **inputs))
        tools: Any = [{"name": "login", "input_schema": {"type": "object"}}]
        with (
            Client(api_key=KEY, base_url=server.url) as client,
            client.messages.stream(**HELLO, tools=tools) as streamed,
        ):
            (call,) = streamed.get_final_message().content
    assert call.input == {**dict.fromkeys(inputs, "[secret]"), "user": "me"}
    assert not re.search("hunter|tok-|SPLIT", file.read_text())


cuts = st.lists(st.integers(0, 200), max_size=12)


def chunked(text: str, cuts: list[int]) -> list[str]:
    ends = sorted({min(cut, len(text)) for cut in cuts} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(
    cuts,
    st.sampled_from([("text_delta", "text"), ("thinking_delta", "thinking")]),
    st.sampled_from([KEY, ODD_KEY]),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_no_chunking_of_a_text_shows_a_key(cuts, kind, key, before, after):
    parts = chunked(f"{before}{key} {after}", cuts)
    interaction = recorded_stream(deltas(*kind, parts), key)
    assert key not in json.dumps(json.loads(interaction.line()), ensure_ascii=False)
    assert key not in joined(interaction, kind[1])
    assert "[secret]" in joined(interaction, kind[1])
    assert len(interaction.response["events"]) == len(parts)
    assert [*Interaction.from_line(interaction.line()).chunks()] == [*interaction.chunks()]


secrets = st.sampled_from(
    ["hunter2-hunter2", 'hunter2"hunter2', "hunter2\\", 20202020, ["hunter2"], {"a": ["}hunter2"]}]
)
values = st.recursive(
    st.none() | st.integers(0, 9) | st.text("ab\"\\:{}[],é", max_size=5),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["a", "b", "password", "token"]), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@given(cuts, values, secrets, st.sampled_from([KEY, ODD_KEY]), values, st.booleans())
def test_no_chunking_of_an_input_shows_a_secret(cuts, before, secret, key, after, ascii):
    given = {"a": before, "b": {"client_secret": secret}, "text": f"my {key}", "c": after}
    parts = chunked(json.dumps(given, ensure_ascii=ascii), cuts)
    interaction = recorded_stream(deltas("input_json_delta", "partial_json", parts), key)
    shown = joined(interaction, "partial_json")
    assert json.loads(shown) == Scrubber([key]).value(given)
    assert not re.search("hunter2|20202020", shown)
    assert len(interaction.response["events"]) == len(parts)
    assert json.loads(interaction.line())["response"]["body"] == interaction.response
