"""Scripts that stand in files; a file is read again when it changes."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ..._wire.json import loads
from ..api.direction import Direction, MessageRequest
from ..scripting.file_form import FileRules, parse
from ..scripting.script import Script

__all__ = ["ScriptFile", "read_script"]

_log = logging.getLogger("antiphon.local")


class ScriptFile(Script):
    """A script that is read from a file, and again when the file changes.

    A file that cannot be read any more, or is wrong, leaves the rules as they were; that is logged.
    Rules that are added stand behind those of the file, and stay.

    Args:
        path: the file, YAML or JSON. YAML needs the extra `testing`.
        strict: whether a request that no rule answers is an error, if the file does not say.

    Raises:
        OSError: the file cannot be read.
        ValueError: something in it is wrong; the text says where.
    """

    path: Path
    """The file."""

    def __init__(self, path: str | Path, *, strict: bool = True) -> None:
        super().__init__(strict=strict)
        self.path = Path(path)
        self._from_file = 0
        self._stamp: tuple[int, int] | None = None
        self._read()

    def direct(self, request: MessageRequest) -> Direction:
        """Return what the first fitting rule says, and count that it was used."""
        # A look at two numbers of the file: no thread has to watch it.
        self._refresh()
        return super().direct(request)

    def reset(self) -> None:
        """Forget what came and the rules that were added, and begin the file again."""
        super().reset()
        for rule in self._file.rules:
            rule.begin_again()
        self._follow_file(replacing=0)
        self._refresh()

    def load(self, value: object) -> None:
        """Begin again with other rules than those of the file, until the file changes."""
        super().load(value)
        self._from_file = len(self.rules)

    def _refresh(self) -> None:
        try:
            if self._stamp != _stamp(self.path):
                self._read()
        except (OSError, ValueError) as error:
            text = str(error).removeprefix("script: ")
            _log.warning("script: %s; the rules stay as they were", text)

    def _read(self) -> None:
        self._stamp = _stamp(self.path)  # before: a wrong file is read, and reported, once
        self._file = read_script(self.path)
        self._follow_file(replacing=self._from_file)

    def _follow_file(self, *, replacing: int) -> None:
        self.follow(self._file, replacing=replacing)
        self._from_file = len(self._file.rules)


def read_script(path: Path) -> FileRules:
    """Return the rules of a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: something in it is wrong; the text says where.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _missing(path) from None
    try:
        return parse(_json(content) if path.suffix == ".json" else _yaml(content))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _json(content: bytes) -> Any:
    import json

    value = loads(content)
    # Once more, since what reads JSON takes the last one of equal keys.
    try:
        json.loads(content, object_pairs_hook=_check_keys)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _check_keys(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"the key {key!r} stands twice in one object")
        seen.add(key)


def _yaml(content: bytes) -> Any:
    try:
        from .yaml_values import read_yaml
    except ImportError:
        raise ValueError(
            "YAML needs PyYAML: pip install 'antiphon[testing]', or write the script as JSON"
        ) from None
    return read_yaml(content)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise _missing(path) from None
    return status.st_mtime_ns, status.st_size


def _missing(path: Path) -> FileNotFoundError:
    return FileNotFoundError(
        f"script: there is no file {path}; give the path of one with rules, in YAML or JSON"
    )
