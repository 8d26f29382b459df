"""What reading a stream costs, counted: characters parsed, functions called, objects made."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Self

import pytest

from antiphon._stream import reader as reading
from antiphon._stream.block import BlockBuilder
from antiphon._stream.reader import MessageReader
from antiphon._stream.writer import write_message
from antiphon._wire import partial_json
from antiphon._wire.http import Headers, HTTPResponse
from antiphon._wire.sse import SSEDecoder
from antiphon.outputs import output_type
from antiphon.types import decode_event

BASE: dict[str, Any] = {
    "model": "m",
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 50},
}
SIZES = [10_000, 100_000, pytest.param(1_000_000, marks=pytest.mark.slow)]
FRAGMENT = 100


class Work:
    """Counts what the code under it does, by watching the interpreter and the JSON parsers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.parsed = 0
        self.scanned = 0
        for module in (reading, partial_json):
            monkeypatch.setattr(module, "from_json", self._counting_parser(module.from_json))
        for name in ("_GAP", "_TOKEN", "_STRING"):
            pattern = _CountingPattern(getattr(partial_json, name), self)
            monkeypatch.setattr(partial_json, name, pattern)

    def _counting_parser(self, parse: Callable[..., Any]) -> Callable[..., Any]:
        def counting(text: Any, **options: Any) -> Any:
            self.parsed += len(text)
            return parse(text, **options)

        return counting

    def _called(self, frame: FrameType, happening: str, function: Any) -> None:
        if happening == "call":
            self.calls[frame.f_code.co_name] += 1
        elif happening == "c_call":
            self.calls[function.__name__] += 1

    def __enter__(self) -> Self:
        sys.setprofile(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


class _CountingPattern:
    def __init__(self, pattern: Any, work: Work) -> None:
        self._pattern = pattern
        self._work = work

    def match(self, text: str, at: int) -> Any:
        found = self._pattern.match(text, at)
        self._work.scanned += (found.end() if found else len(text)) - at
        return found


@pytest.fixture(scope="module", autouse=True)
def built_decoders() -> None:
    """What is made once in a process is not counted."""
    reader = MessageReader(HTTPResponse(200, Headers()))
    frames = reader.feed(
        b"".join(write_message({**BASE, "content": [{"type": "text", "text": "a"}]}))
    )
    assert [event for frame in frames for event in reader.events(frame)]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    return Work(monkeypatch)


def call(arguments: dict[str, Any]) -> dict[str, Any]:
    return {**BASE, "content": [{"type": "tool_use", "id": "t", "name": "f", "input": arguments}]}


def written(message: dict[str, Any]) -> tuple[list[bytes], int]:
    """The body in chunks of many frames, and how many frames it is."""
    frames = list(write_message(message, fragment=FRAGMENT))
    return [b"".join(frames[at : at + 400]) for at in range(0, len(frames), 400)], len(frames)


def read(
    work: Work, chunks: list[bytes], look: Callable[[MessageReader, Any], None]
) -> MessageReader:
    reader = MessageReader(HTTPResponse(200, Headers()))
    with work:
        for chunk in chunks:
            for frame in reader.feed(chunk):
                look(reader, frame)
    assert reader.finished
    return reader


def look_at_every_snapshot(reader: MessageReader, frame: Any) -> None:
    for event in reader.events(frame):
        getattr(event, "snapshot", None)


def look_at_every_event(reader: MessageReader, frame: Any) -> None:
    reader.events(frame)


def look_at_text(reader: MessageReader, frame: Any) -> None:
    reader.text(frame)


def edits(size: int) -> dict[str, Any]:
    """A tool input of many objects."""
    edit = {
        "path": "src/a.py",
        "line": 12,
        "old": 'say("ü")\n',
        "new": "x" * 40,
        "flags": [True, None],
    }
    return {"edits": [edit] * (size // len(json.dumps(edit)))}


def file(size: int) -> dict[str, Any]:
    """A tool input that is one long text."""
    return {"path": "a.txt", "content": 'A line "of" text.\n' * (size // 20)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("arguments", [edits, file])
@pytest.mark.parametrize("look", [look_at_every_event, look_at_text])
def test_tool_input_is_parsed_once(work, size, arguments, look):
    message = call(arguments(size))
    chunks, frames = written(message)
    reader = read(work, chunks, look)
    text = json.dumps(message["content"][0]["input"], ensure_ascii=False)
    assert work.parsed <= sum(map(len, chunks)) + len(text)
    assert work.scanned == 0
    assert work.calls.total() <= 100 * frames
    assert reader.message.to_dict() == message


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("arguments", [edits, file])
def test_looking_at_every_delta_of_a_tool_input_reads_each_character_once_more(
    work, size, arguments
):
    message = call(arguments(size))
    chunks, frames = written(message)
    read(work, chunks, look_at_every_snapshot)
    text = json.dumps(message["content"][0]["input"], ensure_ascii=False)
    assert 0.9 * len(text) <= work.scanned <= 1.5 * len(text)  # closing quotes need no pattern
    assert work.parsed <= sum(map(len, chunks)) + 2 * len(text)
    assert work.calls["copy"] <= 4 * frames
    assert work.calls.total() <= 400 * frames


def test_a_token_without_end_is_given_up(work):
    reader = partial_json.PartialJSON()
    reader.feed('{"a": ')
    for _ in range(1000):
        reader.feed("1" * FRAGMENT)
    assert work.scanned <= 200_000
    assert reader.value() == {}


@pytest.mark.parametrize("size", SIZES)
def test_looking_at_every_snapshot_of_a_text_joins_each_fragment_once(work, size):
    chunks, frames = written(
        {**BASE, "content": [{"type": "text", "text": "wörds " * (size // 6)}]}
    )
    read(work, chunks, look_at_every_snapshot)
    assert work.calls["join"] <= frames + len(chunks) + 5
    assert work.calls.total() <= 100 * frames


@pytest.mark.parametrize("size", SIZES[:2])
def test_looking_at_every_partial_output_turns_each_part_back_once(work, size):
    """A map is written as pairs, and turned back; its keys take most of the work."""
    output = output_type(dict[str, dict[str, list[int]]])
    inner = [{"key": "a", "value": [1, 2, 3]}, {"key": "b", "value": []}]
    pair = {"key": "k", "value": inner}
    written_as = [{**pair, "key": f"k{number}"} for number in range(size // len(json.dumps(pair)))]
    text = json.dumps(written_as)
    chunks, frames = written({**BASE, "content": [{"type": "text", "text": text}]})
    seen: list[Any] = []
    growing = output.growing()

    def look(reader: MessageReader, frame: Any) -> None:
        for event in reader.events(frame):
            if event.type == "text":
                seen[:] = [growing.value(event.parsed_snapshot(), 0)]

    read(work, chunks, look)
    assert seen == [output.schema.restored(written_as)]
    assert work.scanned <= 1.5 * len(text)
    assert work.calls.total() <= 1500 * frames


def test_text_makes_no_events_and_no_messages(work):
    message = {**BASE, "content": [{"type": "text", "text": "words " * 10_000}]}
    chunks, frames = written(message)
    reader = read(work, chunks, look_at_text)
    made = (decode_event, BlockBuilder.event, BlockBuilder.text_event, reading._made_of)
    assert [work.calls[function.__name__] for function in made] == [0, 0, 0, 0]
    assert work.calls["validate_json"] == work.calls["from_value"] == 0
    assert work.parsed <= sum(map(len, chunks))
    assert work.calls.total() <= 30 * frames
    assert reader.message.to_dict() == message


def test_ten_thousand_citations_are_decoded_once_for_their_snapshots(work):
    citation = {
        "type": "char_location",
        "cited_text": "a",
        "document_index": 0,
        "document_title": None,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    cited = {"type": "text", "text": "a", "citations": [citation] * 10_000}
    chunks, frames = written({**BASE, "content": [cited]})
    read(work, chunks, look_at_every_snapshot)
    assert work.calls["from_value"] == 10_000
    assert work.calls[reading._made_of.__name__] == 2  # the block and the message
    assert work.parsed <= sum(map(len, chunks))
    assert work.calls.total() <= 100 * frames


def test_the_decoder_joins_a_frame_of_many_pieces_once(work):
    decoder = SSEDecoder()
    pieces = [b"event: x\ndata: ", *[b"x" * 1000] * 1000, b"\n\n"]
    with work:
        frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    assert frames == [(b"x", b"x" * 1_000_000)]
    assert work.calls["join"] <= 4
