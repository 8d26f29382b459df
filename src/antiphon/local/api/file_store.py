"""The files of a server, in memory, within bounds, each for its lifetime on the server's clock.

A file is never changed: what expires is replaced by an entry without content. So a request that was
checked with a file goes on with that file, whatever others do to the store meanwhile.
"""

from __future__ import annotations

from itertools import count
from random import Random
from typing import NamedTuple

from ..._wire.json import JSONObject
from ..metering.clock import Clock, timestamp
from ..replies.ids import new_id
from .errors import RequestRefusedError, invalid, not_found

__all__ = ["FileStore", "StoredFile"]

_MEGABYTE = 1024 * 1024
# The API keeps 1 TB for an organization. Here files live in the memory of a developer's machine.
_MAX_BYTES = 1024 * _MEGABYTE
_MAX_FILES = 10_000
# The metadata of an expired file can be read for this long (docs, files).
_SECONDS_AFTER_EXPIRY = 30 * 24 * 3600


class StoredFile(NamedTuple):
    """A file that was uploaded, or that a tool has made."""

    id: str
    workspace: str
    """Only requests of the same workspace see the file."""
    number: int
    """Larger for files that came later."""
    filename: str
    mime_type: str
    content: bytes
    """What the file holds; nothing once it has expired."""
    size: int
    """The bytes of its content, also when they are gone."""
    created: float
    """Seconds since 1970, as all times here."""
    expires: float | None
    """When its content goes away; None if it stays."""
    downloadable: bool
    """Whether its content can be downloaded; what was uploaded cannot."""

    def expired(self, now: float) -> bool:
        """Return whether its content is no longer available."""
        return self.expires is not None and now >= self.expires

    def forgotten(self, now: float) -> bool:
        """Return whether nothing is known of it any more."""
        return self.expires is not None and now >= self.expires + _SECONDS_AFTER_EXPIRY

    def as_json(self, *, shows_expiry: bool = True) -> JSONObject:
        """Return what the API tells about the file.

        Args:
            shows_expiry: whether `expires_at` is there; the API's older shape is without it.
        """
        expires = None if self.expires is None else timestamp(self.expires)
        return {
            "type": "file",
            "id": self.id,
            "size_bytes": self.size,
            # Recorded times end in whole milliseconds.
            "created_at": timestamp(round(self.created, 3)),
            "filename": self.filename,
            "mime_type": self.mime_type,
            "downloadable": self.downloadable,
            **({"expires_at": expires} if shows_expiry else {}),
        }


class FileStore:
    """Keeps files and finds them by their ids.

    Args:
        clock: the server's.
        rng: makes ids.
        max_bytes: the most that all files together may hold.
        max_files: how many files there may be.
    """

    def __init__(
        self,
        clock: Clock,
        rng: Random,
        max_bytes: int = _MAX_BYTES,
        max_files: int = _MAX_FILES,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._max_bytes = max_bytes
        self._max_files = max_files
        self._numbers = count(1)
        # Ordered from the oldest to the newest.
        self._files: dict[str, StoredFile] = {}

    def clear(self) -> None:
        """Forget all files."""
        self._files.clear()

    def upload(
        self, workspace: str, filename: str, mime_type: str, content: bytes, lifetime: float | None
    ) -> StoredFile:
        """Keep a file that a client has sent.

        Args:
            workspace: the one that the file belongs to.
            filename: its name.
            mime_type: its type.
            content: what it holds.
            lifetime: seconds until it expires; None for never.

        Raises:
            RequestRefusedError: there is no room for it.
        """
        now = self._clock()
        self._sweep(now)
        if not self._has_room(len(content)):
            raise invalid(
                f"The files of this server would exceed its storage of {self._max_bytes} bytes or"
                f" {self._max_files} files; delete some of them",
                error_code="storage_quota_exceeded",
            )
        stored = StoredFile(
            id=new_id("file", self._rng),
            workspace=workspace,
            number=next(self._numbers),
            filename=filename,
            mime_type=mime_type,
            content=content,
            size=len(content),
            created=now,
            expires=None if lifetime is None else now + lifetime,
            downloadable=False,
        )
        self._files[stored.id] = stored
        return stored

    def add_output(self, identifier: str, workspace: str, filename: str, content: bytes) -> None:
        """Keep a text file that a tool has made, if there is room for it."""
        if not self._has_room(len(content)):
            return
        self._files[identifier] = StoredFile(
            id=identifier,
            workspace=workspace,
            number=next(self._numbers),
            filename=filename,
            mime_type="text/plain",
            content=content,
            size=len(content),
            created=self._clock(),
            expires=None,
            downloadable=True,
        )

    def find(self, identifier: str, workspace: str | None) -> StoredFile:
        """Return a file of a workspace; its content may have expired.

        Raises:
            RequestRefusedError: there is none with this id.
        """
        stored = self._files.get(identifier)
        if stored is None or stored.workspace != workspace or stored.forgotten(self._clock()):
            raise not_found(f"File `{identifier}` not found.")
        return stored

    def find_content(self, identifier: str, workspace: str | None) -> StoredFile:
        """Return a file of a workspace with its content.

        Raises:
            RequestRefusedError: there is none with this id, or it has expired.
        """
        stored = self.find(identifier, workspace)
        if stored.expired(self._clock()):
            raise RequestRefusedError(
                404,
                "not_found_error",
                f"File `{identifier}` has expired.",
                details={"error_code": "file_expired"},
            )
        return stored

    def newest_first(self, workspace: str | None) -> list[StoredFile]:
        """Return the files of a workspace."""
        self._sweep(self._clock())
        return [each for each in reversed(self._files.values()) if each.workspace == workspace]

    def delete(self, stored: StoredFile) -> None:
        """Forget a file."""
        self._files.pop(stored.id, None)

    def _has_room(self, size: int) -> bool:
        used = sum(len(each.content) for each in self._files.values())
        return len(self._files) < self._max_files and used + size <= self._max_bytes

    def _sweep(self, now: float) -> None:
        """Drop what has expired: first the contents, long after that the entries."""
        for stored in list(self._files.values()):
            if stored.forgotten(now):
                del self._files[stored.id]
            elif stored.expired(now) and stored.content:
                self._files[stored.id] = stored._replace(content=b"")
