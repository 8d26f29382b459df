"""Describe images (JPEG, PNG) and PDFs named on the command line, or a red square drawn here."""

import io
import struct
import sys
import zlib
from pathlib import Path
from typing import Literal

import antiphon
from antiphon.types import ContentBlockParam
from simulator import use_simulator_without_key


def red_square() -> bytes:
    """Return a PNG file."""
    side = 64
    rows = (b"\0" + b"\xff\0\0" * side) * side
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*named) for named in chunks)


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def block(path: Path) -> ContentBlockParam:
    """Return a file as part of a message; the client reads and encodes it."""
    if path.suffix == ".pdf":
        return {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": path},
        }
    media_type: Literal["image/png", "image/jpeg"] = (
        "image/png" if path.suffix == ".png" else "image/jpeg"
    )
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": path}}


def drawn() -> ContentBlockParam:
    """Return an image that is in memory."""
    file = io.BytesIO(red_square())
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": file}}


use_simulator_without_key()
blocks = [block(Path(name)) for name in sys.argv[1:]] or [drawn()]
message = antiphon.Client().messages.create(
    model="claude-haiku-4-5",
    max_tokens=1024,
    messages=[
        {"role": "user", "content": [*blocks, {"type": "text", "text": "What do you see?"}]},
    ],
)
print(message.text)
