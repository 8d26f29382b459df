"""The parts of a stream, and the ways in which one can fail before it says anything."""

from __future__ import annotations

from tests.support.scripted import Answer, broken
from tests.support.stream_events import BLOCKS, END, START, delta, framed, overloaded, start

BEGIN = framed({"type": "message_start", "message": START})
OPEN = framed(start(0, type="text", text=""))
HELLO = framed(delta(0, "text_delta", text="Hello"))
REST = framed(
    *BLOCKS["text"][-1:], {"type": "message_delta", "delta": END, "usage": {"output_tokens": 3}}
)
LAST = framed({"type": "message_stop"})
PING = framed({"type": "ping"})
WHOLE = BEGIN + OPEN + PING + HELLO + REST + LAST

BEFORE_ANYTHING = [
    Answer(broken()),
    Answer(),
    Answer(b": nothing but a comment\n\n"),
    Answer(PING, broken()),
    Answer(framed(overloaded())),
    Answer(BEGIN + OPEN, framed(overloaded())),
    Answer(BEGIN + OPEN, broken()),
    Answer(700.0, WHOLE),
    Answer(
        b'{"type":"error","error":{"type":"overloaded_error","message":"no"}}',
        status=529,
        headers=(),
    ),
    broken(),
]
