"""Cassettes on the disk: read as a whole, and written while requests are recorded.

A program may be killed while it writes, or a disk may be full. So the end of a file may be a part
of a line: that is left out, and cut off before the next line is written. Lines that could not be
written are written with the next one.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ..._transport.files import replace_file
from ..._wire.json import loads
from ..scripting.cassette import Cassette, Mode, parsed
from ..scripting.recording import Interaction
from ..scripting.recording_imports import of_har, of_vcr

__all__ = ["CassetteFile", "load_recordings"]

_log = logging.getLogger("antiphon.local")

_OF_OTHER_TOOLS = (".har", ".yaml", ".yml")

# With which each line begins: what has another beginning was not written here, and is not cut off.
_BEGINNING = b'{"version":'


class CassetteFile:
    """A cassette, and the file that it is kept in.

    Args:
        path: the file, JSON Lines; it need not exist if the mode records.
        mode: what is recorded.
        repeats: whether an interaction may be played any number of times.

    Raises:
        FileNotFoundError: there is no such file, and nothing would be recorded into it.
        OSError: it cannot be read, or something is to be recorded and it cannot be written.
        ValueError: it is no cassette, or one of another tool and something is to be recorded; or
            there is no such mode.
    """

    cassette: Cassette
    """What was recorded."""

    def __init__(
        self, path: str | os.PathLike[str], mode: Mode = "none", *, repeats: bool = False
    ) -> None:
        self._path = Path(path)
        is_new = mode != "none" and not self._path.exists()
        recorded, self._torn = ([], b"") if is_new else _read(self._path)
        self.cassette = Cassette(recorded, mode, repeats=repeats, now=datetime.now(UTC))
        if self.cassette.records:
            self._check_that_it_can_be_written()

    def save(self) -> None:
        """Write what is not in the file yet.

        Raises:
            OSError: it cannot be written; it stays unsaved.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self.cassette.is_replaced:
            replace_file(self._path, _lines(self.cassette.interactions))
        else:
            with self._path.open("ab+", buffering=0) as file:
                self._append(file, _lines(self.cassette.unsaved))
        self.cassette.saved()

    def _append(self, file: IO[bytes], lines: bytes) -> None:
        """Write lines behind those of a file, or nothing."""
        end = file.seek(0, os.SEEK_END)
        torn, self._torn = self._torn, b""
        if torn and _last(file, len(torn)) == torn:  # else another program has written behind it
            end = file.truncate(end - len(torn))
        elif end and _last(file, 1) != b"\n":
            lines = b"\n" + lines
        left = memoryview(lines)
        try:
            while left:
                left = left[file.write(left) :]
        except OSError:
            with suppress(OSError):
                file.truncate(end)
            raise

    def _check_that_it_can_be_written(self) -> None:
        if self._path.suffix.lower() in _OF_OTHER_TOOLS:
            raise ValueError(
                f"cassette: nothing is recorded into {self._path.name}, the file of another tool;"
                " recordings are JSON Lines: give a file such as talk.jsonl"
            )
        try:
            if self._path.exists():
                self._path.open("ab").close()
            else:
                from tempfile import TemporaryFile  # which loads much, for those who record alone

                folder = next(each for each in self._path.absolute().parents if each.exists())
                TemporaryFile(dir=folder).close()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error


def load_recordings(path: str | os.PathLike[str]) -> list[Interaction]:
    """Return the interactions in a file: of ours, of vcrpy (`.yaml`), or a HAR file (`.har`).

    Raises:
        OSError: it cannot be read.
        ValueError: it is none of these.
    """
    return _read(Path(path))[0]


def _read(file: Path) -> tuple[list[Interaction], bytes]:
    """Return the interactions in a file, and the part of a line with which it ends."""
    content, name = file.read_bytes(), file.name
    kind = file.suffix.lower()
    if kind == ".har":
        return of_har(_text(content, name), name), b""
    if kind in _OF_OTHER_TOOLS:
        return of_vcr(_yaml(_text(content, name), name), name), b""
    last = content[content.rfind(b"\n") + 1 :]
    torn = last if _is_torn(last) else b""
    if torn:
        _log.warning("%s: its last line is not whole, and is left out", name)
    return parsed(_text(content[: len(content) - len(torn)], name), name), torn


def _text(content: bytes, name: str) -> str:
    """Return the content of a file as text, without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: not UTF-8 ({error.reason} at byte {error.start})") from error


def _yaml(text: str, name: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ValueError(f"{name}: needs PyYAML: pip install 'antiphon[testing]'") from None
    try:
        # Never the full loader: a cassette may come from anybody, and that one runs code.
        return yaml.safe_load(text)
    # PyYAML lets the errors of Python through where a tag does not fit its value: !!binary é.
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        raise ValueError(f"{name}: not valid YAML: {error}") from error


def _is_torn(line: bytes) -> bool:
    """Return whether a line is the beginning of one that was written here."""
    if not line or line[: len(_BEGINNING)] != _BEGINNING[: len(line)]:
        return False
    try:
        loads(line)
    except ValueError:
        return True
    return False


def _lines(interactions: list[Interaction]) -> bytes:
    return "".join(f"{each.line()}\n" for each in interactions).encode()


def _last(file: IO[bytes], size: int) -> bytes:
    """Return the last bytes of a file, or all of it."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - size))
    return file.read(size)
