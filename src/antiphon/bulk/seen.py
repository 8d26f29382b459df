"""Keys that were seen before: more than memory should hold, so SQLite keeps them in a file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from .records import Location

__all__ = ["Seen", "digest_of"]


class Seen:
    """A dict from digests to places, in a temporary file once it is large."""

    def __init__(self) -> None:
        # SQLite keeps a database without a name in memory, as far as its cache goes.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE seen (key BLOB PRIMARY KEY, segment INTEGER, start INTEGER,"
            " length INTEGER) WITHOUT ROWID"
        )
        self._db.execute("BEGIN")  # one for all: nobody else reads it, and nothing is to last

    def add(self, key: bytes, place: Location = Location(0, 0, 0)) -> bool:  # noqa: B008 (immutable)
        """Remember a key; return False if it was there before."""
        cursor = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?,?,?,?)", (key, *place))
        return cursor.rowcount == 1

    def update(self, places: Iterable[tuple[bytes, Location]]) -> None:
        """Remember many."""
        self._db.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?,?,?,?)",
            ((key, *place) for key, place in places),
        )

    def get(self, key: bytes) -> Location | None:
        """Return the place of a key; None if it was not seen."""
        found = self._db.execute(
            "SELECT segment, start, length FROM seen WHERE key = ?", (key,)
        ).fetchone()
        return None if found is None else Location(*found)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def digest_of(content: bytes) -> bytes:
    """Return 16 bytes that tell a content from all others, as far as chance goes."""
    return hashlib.blake2b(content, digest_size=16).digest()
