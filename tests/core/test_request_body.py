"""Parameters become JSON, whatever users pass; what is not JSON is named."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon import NOT_GIVEN, BadRequestError, RequestEncodingError, omit
from antiphon._core.request_body import PendingBody, encode_body
from antiphon._transport.files import read_file
from antiphon.types import Message, TextBlock

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def encoded(**params):
    body = encode_body(params)
    if isinstance(body, PendingBody):
        body = body.filled(map(read_file, body.files))
    return json.loads(body)


@pytest.mark.slow
@given(st.dictionaries(st.text().filter(lambda name: name != "messages"), values))
def test_json_is_sent_as_it_is(params):
    assert json.loads(encode_body(params)) == params


def test_absent_values_are_dropped_at_any_depth_and_none_is_null():
    params = {"a": NOT_GIVEN, "b": None, "c": {"d": omit, "e": [1, {"f": NOT_GIVEN, "g": None}]}}
    assert encoded(**params) == {"b": None, "c": {"e": [1, {"g": None}]}}


def test_iterables_and_mappings_are_accepted():
    params = {
        "tools": ({"name": n} for n in "ab"),
        "stop_sequences": ("x",),
        "metadata": MappingProxyType({"user_id": "u"}),
    }
    assert encoded(**params) == {
        "tools": [{"name": "a"}, {"name": "b"}],
        "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
    }


def test_paths_and_binary_files_become_base64(tmp_path):
    image = tmp_path / "image.png"
    image.write_bytes(b"\x89PNG")
    file = io.BytesIO(b"\x89PNG")
    file.read()
    expected = base64.b64encode(b"\x89PNG").decode()
    for _ in range(2):  # an open file is read from its start, however often it is sent
        content = encoded(**attached(image, file))["messages"][0]["content"]
        assert [block["source"]["data"] for block in content[:2]] == [expected] * 2


def test_files_in_the_content_of_a_document_are_read(tmp_path):
    (tmp_path / "x").write_bytes(b"\x89PNG")
    (message,) = attached(tmp_path / "x")["messages"]
    source = {"type": "content", "content": message["content"][:1]}
    document = {"type": "document", "source": source}
    (sent,) = encoded(messages=[{"role": "user", "content": [document]}])["messages"]
    (image,) = sent["content"][0]["source"]["content"]
    assert base64.b64decode(image["source"]["data"]) == b"\x89PNG"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"system": Path("secret.txt")}, "system"),
        ({"metadata": {"user_id": io.BytesIO(b"x")}}, "metadata.user_id"),
        ({"messages": [{"role": "user", "content": Path("x")}]}, r"messages\[0\].content"),
        (
            {"messages": [{"content": [{"type": "tool_use", "input": {"a": [Path("x")]}}]}]},
            r"messages\[0\].content\[0\].input.a\[0\]",
        ),
        ({"tools": [{"name": "f", "input_schema": {"a": Path("x")}}]}, r"tools\[0\].*a"),
    ],
)
def test_a_file_is_read_nowhere_else(params, path):
    with pytest.raises(RequestEncodingError, match=f"^{path}: .*only as the source.data"):
        encode_body(params)


class Once(io.RawIOBase):
    """A file that cannot go back, such as a pipe."""

    def __init__(self, content):
        self.content = content

    def readable(self):
        return True

    def read(self, size=-1):
        content, self.content = self.content, b""
        return content


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (Path("there-is-none"), "No such file"),
        (io.BytesIO(), "the file is empty"),
        (io.StringIO("text"), "mode 'rb'"),
    ],
)
def test_a_file_that_cannot_be_sent_is_named_with_its_path(client, file, words):
    messages = attached("", file)["messages"]
    with pytest.raises(RequestEncodingError, match=rf"content\[1\].source.data: .*{words}"):
        client.messages.create(model="m", max_tokens=1, messages=messages)


def test_a_file_that_can_be_read_once_is_refused_the_second_time(client):
    messages = [{"role": "user", "content": attached(Once(b"x"))["messages"][0]["content"][:1]}]
    with contextlib.suppress(BadRequestError):  # it is no image
        client.messages.create(model="claude-haiku-4-5", max_tokens=1, messages=messages)
    with pytest.raises(RequestEncodingError, match="was read before and cannot go back"):
        client.messages.create(model="claude-haiku-4-5", max_tokens=1, messages=messages)


def test_a_closed_file_is_refused(client):
    file = io.BytesIO(b"x")
    file.close()
    with pytest.raises(RequestEncodingError, match=r"source.data: .*closed"):
        client.messages.create(model="m", max_tokens=1, **attached(file))


def refused(params):
    with pytest.raises(RequestEncodingError) as raised:
        encode_body(params)
    assert str(raised.value).startswith(f"{raised.value.path}: ")
    return raised.value


@pytest.mark.parametrize("name", ["messages", "tools"])
def test_an_iterator_is_an_error_the_second_time(name):
    for values, said in (
        (({"role": "user"} for _ in "ab"), "a generator that was read before"),
        (iter([{"role": "user"}]), "a list_iterator that gives nothing"),
        (map(dict, [{"role": "user"}]), "a map that gives nothing"),
    ):
        assert len(encoded(**{name: values})[name]) >= 1
        error = refused({name: values})
        assert error.path == name
        assert said in str(error)


def test_a_generator_inside_a_message_is_an_error_the_second_time():
    blocks = ({"type": "text", "text": text} for text in "ab")
    params = {"messages": [{"role": "user", "content": blocks}]}
    assert len(encoded(**params)["messages"][0]["content"]) == 2
    assert refused(params).path == "messages[0].content"


def test_a_generator_that_gives_nothing_is_an_empty_list():
    assert encoded(tools=(tool for tool in ())) == {"tools": []}


def test_iterators_beside_sentinels_are_read_once():
    examples = ({"a": number} for number in range(2))
    tools = [{"name": "f", "input_examples": examples, "strict": NOT_GIVEN}]
    assert encoded(tools=tools) == {
        "tools": [{"name": "f", "input_examples": [{"a": 0}, {"a": 1}]}]
    }


def test_received_messages_go_back_as_they_came():
    received = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "…", "signature": "sig"},
            {"type": "text", "text": ""},
            {"type": "new_block", "anything": [1, None]},
            {"type": "text", "text": "hi"},
        ],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    message = Message.decode(json.dumps(received).encode())
    kept = [block for block in received["content"] if block != {"type": "text", "text": ""}]
    turn = {"role": "assistant", "content": kept}
    assert encoded(messages=[message])["messages"] == [turn]
    by_content = {"role": "assistant", "content": message.content}
    assert encoded(messages=(by_content,))["messages"] == [turn]
    assert encoded(messages=[message.to_param()])["messages"] == [turn]


def test_received_blocks_inside_a_tool_result_go_back_too():
    block = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [TextBlock(type="text", text="a")],
    }
    sent = encoded(messages=[{"role": "user", "content": [block]}])
    assert sent["messages"][0]["content"][0]["content"] == [{"type": "text", "text": "a"}]


def test_the_media_type_of_a_url_document_is_not_sent():
    source = {"type": "url", "media_type": "application/pdf", "url": "https://example.org/a.pdf"}
    message = {"role": "user", "content": [{"type": "document", "source": source}]}
    sent = encoded(messages=[message])["messages"][0]["content"][0]["source"]
    assert sent == {"type": "url", "url": "https://example.org/a.pdf"}
    assert "media_type" in source


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"raw", "bytes; antiphon.image and antiphon.document make blocks of files"),
        (object(), "object is not JSON"),
        (float("nan"), "nan is not a JSON number"),
        (float("-inf"), "-inf is not a JSON number"),
        ("\ud800", "surrogates"),
        ({1: "a"}, "str"),
        (io.StringIO("text"), "open it with mode 'rb'"),
        (1j, "complex is not JSON"),
    ],
)
def test_what_is_not_json_is_named_with_its_path(value, said):
    block = {"type": "image", "source": {"data": value}}
    with pytest.raises(RequestEncodingError) as raised:
        encode_body(
            {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": [block]}]}
        )
    assert raised.value.path.startswith("messages[1].content[0].source.data")
    assert str(raised.value).startswith(raised.value.path)
    assert said in str(raised.value)


def test_a_value_that_refers_to_itself_is_refused():
    loop: dict[str, object] = {}
    loop["again"] = loop
    with pytest.raises(RequestEncodingError, match="refers to itself"):
        encode_body({"metadata": loop})


def test_what_is_passed_is_not_changed():
    content = [{"type": "text", "text": "a", "cache_control": omit}]
    messages = [{"role": "user", "content": content}]
    encode_body({"messages": messages})
    assert messages == [{"role": "user", "content": content}]
    assert content == [{"type": "text", "text": "a", "cache_control": omit}]


LARGE = 300_000


def attached(*data, **more):
    sources = [{"type": "base64", "media_type": "image/png", "data": each} for each in data]
    blocks = [{"type": "image", "source": source} for source in sources]
    result = {"type": "tool_result", "tool_use_id": "t", "content": blocks}
    return {"messages": [{"role": "user", "content": [*blocks, result]}], **more}


@pytest.mark.slow
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_large_texts_are_sent_as_they_are(texts):
    params = attached(*(text * (LARGE // len(text) + 1) for text in texts), a=1)
    assert json.loads(encode_body(params)) == params


def test_large_files_become_base64(tmp_path):
    content = bytes(range(256)) * 2000
    (tmp_path / "x").write_bytes(content)
    sent = encoded(**attached(tmp_path / "x", io.BytesIO(content)))["messages"][0]["content"]
    encoded_content = base64.b64encode(content).decode()
    assert [block["source"]["data"] for block in sent[:2]] == [encoded_content] * 2


def test_absent_values_beside_large_texts_are_dropped():
    assert encoded(**attached("a" * LARGE, b={"c": omit})) == attached("a" * LARGE, b={})


def test_a_large_text_that_is_no_text_is_named_with_its_path():
    with pytest.raises(
        RequestEncodingError, match=r"messages\[0\].content\[0\].source.data: .*surrogates"
    ):
        encode_body(attached("a" * LARGE + "\ud800"))
    with pytest.raises(RequestEncodingError, match=r"^a: nan"):
        encode_body(attached("a" * LARGE, a=float("nan")))
