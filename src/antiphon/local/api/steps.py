"""What the local server does with a connection, as values: a response is a sequence of steps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Abort", "HeaderPairs", "Pause", "Step", "Steps", "Write", "WriteHead"]

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values of headers, in the order in which they are sent."""


@dataclass(frozen=True, slots=True)
class WriteHead:
    """Send the status line and headers."""

    status: int
    headers: HeaderPairs


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


Step: TypeAlias = WriteHead | Write | Pause | Abort

Steps: TypeAlias = Generator[Step, None, None]
"""The steps of one response, produced as they are performed; closing it abandons the response."""
