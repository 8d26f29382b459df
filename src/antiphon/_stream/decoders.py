"""Bytes of a body to text, and text to lines, however they are cut."""

from __future__ import annotations

from codecs import getincrementaldecoder

__all__ = ["LineDecoder", "TextDecoder"]


class TextDecoder:
    """UTF-8 in pieces, text out; bytes that are not UTF-8 become U+FFFD."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def feed(self, chunk: bytes) -> str:
        """Return the text that `chunk` completes."""
        return self._decoder.decode(chunk)

    def close(self) -> str:
        """Return U+FFFD if the last character was cut off, else an empty text."""
        return self._decoder.decode(b"", final=True)


class LineDecoder:
    """Text in pieces, lines out, without their ends (LF or CRLF)."""

    def __init__(self) -> None:
        self._pieces: list[str] = []  # of the line that has no end yet

    def feed(self, text: str) -> list[str]:
        """Return the lines that `text` completes."""
        first, *others = text.split("\n")
        self._pieces.append(first)
        if not others:
            return []
        lines = ["".join(self._pieces), *others[:-1]]
        self._pieces = [others[-1]]
        return [line.removesuffix("\r") for line in lines]

    def close(self) -> list[str]:
        """Return the last line if it has no end."""
        rest = "".join(self._pieces)
        self._pieces.clear()
        return [rest] if rest else []
