"""Describe the images (JPEG, PNG) and PDFs named on the command line, or a small one drawn here."""

import struct
import sys
import zlib
from pathlib import Path
from typing import Literal

import antiphon
from antiphon.types import ContentBlockParam


def drawn() -> Path:
    """A red square, as a PNG file."""
    side, path = 64, Path("square.png")
    rows = (b"\0" + b"\xff\0\0" * side) * side
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*named) for named in chunks))
    return path


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def block(path: Path) -> ContentBlockParam:
    """The file as part of a message; the client reads and encodes it."""
    if path.suffix == ".pdf":
        return {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": path},
        }
    media_type: Literal["image/png", "image/jpeg"] = (
        "image/png" if path.suffix == ".png" else "image/jpeg"
    )
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": path}}


paths = [Path(name) for name in sys.argv[1:]] or [drawn()]
message = antiphon.Client().messages.create(
    model="claude-haiku-4-5",
    max_tokens=1024,
    messages=[
        {
            "role": "user",
            "content": [
                *(block(path) for path in paths),
                {"type": "text", "text": "What is in these?"},
            ],
        }
    ],
)
print(message.text)
