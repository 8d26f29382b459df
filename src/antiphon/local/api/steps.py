"""What the local server does with a connection, as values: each answer is a sequence of steps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WriteHead:
    """Send the status line and headers."""

    status: int
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Send these bytes of the body."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing for this many seconds of the server's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Abort:
    """Reset the connection."""


Step = WriteHead | Write | Pause | Abort

Steps = Generator[Step, None, None]
"""The steps of one answer, made as they are taken; closing it gives the answer up."""
