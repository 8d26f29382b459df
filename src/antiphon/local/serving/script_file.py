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
        begun = self.rules[: self._from_file]
        super().reset()
        for rule in begun:
            rule.used = 0
        self.rules.extend(begun)
        self._refresh()

    def load(self, value: object) -> None:
        """Begin again with other rules than those of the file, until the file changes."""
        super().load(value)
        self._from_file = 0

    def _refresh(self) -> None:
        try:
            if self._stamp != _stamp(self.path):
                self._read()
        except (OSError, ValueError) as error:
            _log.warning("script: %s; the rules stay as they were", str(error))

    def _read(self) -> None:
        self._stamp = _stamp(self.path)  # before: a wrong file is read, and reported, once
        parsed = read_script(self.path)
        self.follow(parsed, replacing=self._from_file)
        self._from_file = len(parsed.rules)


def read_script(path: Path) -> FileRules:
    """Return the rules of a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: something in it is wrong; the text says where.
    """
    content = path.read_bytes()
    try:
        return parse(loads(content) if path.suffix == ".json" else _yaml(content))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _yaml(content: bytes) -> Any:
    try:
        import yaml
    except ImportError:
        raise ValueError(
            "YAML needs PyYAML: pip install 'antiphon[testing]', or write the script as JSON"
        ) from None
    try:
        # Values alone: no tag of the file makes an object of a class.
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError(f"not valid YAML: {error}") from error


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
