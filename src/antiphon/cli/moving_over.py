"""`antiphon moving-over`: list what would differ in a program written for the official package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ..compat.moving import differences

__all__ = ["run"]

# Folders of other people's code, or of none.
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "build", "dist"}


def run(options: argparse.Namespace) -> int:
    """Print one line for each difference, and return 1 if there is any.

    Raises:
        ValueError: there is no such file or folder.
    """
    places, files = 0, 0
    for path in _modules(options.path):
        files += 1
        try:
            found = differences(path.read_text("utf-8", "replace"))
        except SyntaxError as error:
            print(f"{path}:{error.lineno or 1}: not read, as it is not Python", file=sys.stderr)
            continue
        places += len(found)
        for each in found:
            print(f"{path}:{each.line}: {each.what}: {each.advice}")
    print(f"{_counted(places, 'difference')} in {_counted(files, 'file')}", file=sys.stderr)
    return int(places > 0)


def _modules(path: Path) -> Iterator[Path]:
    """Give the Python files at or below a path, without hidden and installed ones."""
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise ValueError(f"{path}: there is no such file or folder")
    for found in sorted(path.rglob("*.py")):
        parents = found.relative_to(path).parts[:-1]
        if not any(part in _SKIPPED or part.startswith(".") for part in parents):
            yield found


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
