"""The endpoints of files (Messages API, files)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, quote

from ..._wire.json import JSONObject
from .errors import invalid, not_found, too_large
from .exchange import Endpoint, Exchange
from .file_store import FileStore, StoredFile
from .headers import decompressed
from .multipart import FormPart, form_parts
from .numbers import whole_number
from .pagination import numbered_page, page
from .steps import Steps, Write, work

__all__ = ["FilesEndpoint"]

# The name of this beta brings back the list and the metadata from before files left beta.
_OLD_SHAPES = "files-api-2025-04-14"

# Numbers of the documentation.
_MAX_SIZE = 500 * 1024 * 1024
_LIFETIMES = (3600, 90 * 24 * 3600)
_MAX_IDS = 100
_NAME = re.compile(r'[^<>:"|?*\\/\x00-\x1f\x7f]{1,255}')

_DEFAULT_TYPE = "application/octet-stream"
# What the API adds to the name of a file that came without one.
_EXTENSIONS = {
    "application/json": ".json",
    "application/pdf": ".pdf",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "text/csv": ".csv",
    "text/markdown": ".md",
    "text/plain": ".txt",
}
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


class FilesEndpoint:
    """The files of a server.

    Args:
        store: keeps them.
        max_size: the most bytes that one file may have.
    """

    def __init__(self, store: FileStore, max_size: int = _MAX_SIZE) -> None:
        self._store = store
        self._max_size = max_size

    def resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """Return the endpoints of a path below ``/v1/files`` by their methods."""
        match segments:
            case []:
                return {"GET": self._list, "POST": self._upload}
            case [identifier]:
                return {
                    "GET": lambda exchange: self._retrieve(identifier, exchange),
                    "DELETE": lambda exchange: self._delete(identifier, exchange),
                }
            case [identifier, "content"]:
                return {"GET": lambda exchange: self._download(identifier, exchange)}
            case _:
                raise not_found()

    def _upload(self, exchange: Exchange) -> Steps:
        file, lifetime = yield from work(lambda: _uploaded(exchange), exchange.size)
        if len(file.content) > self._max_size:
            raise too_large()
        mime_type = _mime_type(file)
        name = _name(file.filename, mime_type)
        workspace = exchange.caller().workspace
        stored = self._store.upload(workspace, name, mime_type, file.content, lifetime)
        yield from exchange.json(_shown(stored, exchange))

    def _list(self, exchange: Exchange) -> Steps:
        files = self._store.newest_first(exchange.workspace)
        shown = [(file.number, _shown(file, exchange)) for file in files]
        if _OLD_SHAPES in exchange.betas:
            return exchange.json(page([each for _, each in shown], exchange.query))
        if (ids := parse_qs(exchange.raw_query).get("ids[]")) is not None:
            return exchange.json(_named(ids, [each for _, each in shown], exchange))
        return exchange.json(numbered_page(shown, exchange.query))

    def _retrieve(self, identifier: str, exchange: Exchange) -> Steps:
        return exchange.json(_shown(self._store.find(identifier, exchange.workspace), exchange))

    def _delete(self, identifier: str, exchange: Exchange) -> Steps:
        self._store.delete(self._store.find(identifier, exchange.workspace))
        return exchange.json({"id": identifier, "type": "file_deleted"})

    def _download(self, identifier: str, exchange: Exchange) -> Steps:
        stored = self._store.find_content(identifier, exchange.workspace)
        if not stored.downloadable:
            raise invalid(
                f"File `{identifier}` is not downloadable: only files that a tool made are.",
                error_code="file_not_downloadable",
            )
        attachment = f"attachment; filename*=utf-8''{quote(stored.filename, safe='')}"
        yield exchange.head(200, stored.mime_type, (("content-disposition", attachment),))
        yield Write(stored.content)


def _shown(stored: StoredFile, exchange: Exchange) -> JSONObject:
    return stored.as_json(shows_expiry=_OLD_SHAPES not in exchange.betas)


def _named(ids: Sequence[str], shown: Sequence[JSONObject], exchange: Exchange) -> JSONObject:
    """Return the page of the files that a query names by their ids; unknown ones are left out."""
    if len(ids) > _MAX_IDS:
        raise invalid(
            f"ids: List should have at most {_MAX_IDS} items after validation, not {len(ids)}"
        )
    if not exchange.query.keys().isdisjoint(("limit", "page")):
        raise invalid("ids: cannot be given together with `limit` or `page`")
    return {"data": [each for each in shown if each["id"] in ids], "next_page": None}


def _uploaded(exchange: Exchange) -> tuple[FormPart, int | None]:
    """Return the file that a request uploads, and the seconds until it expires."""
    # Not `Exchange.body`, which reads JSON: an upload is a form.
    headers = exchange.headers
    body = decompressed(headers, exchange.path, exchange.request.buffered_body())
    fields: dict[str, FormPart] = {}
    for part in form_parts(headers.get("content-type", ""), body):
        if part.name not in ("file", "expires_in_seconds") or part.name in fields:
            raise invalid(f"{part.name}: Extra inputs are not permitted")
        fields[part.name] = part
    file = fields.get("file")
    if file is None:
        raise invalid("file: Field required")
    lifetime = None
    if (given := fields.get("expires_in_seconds")) is not None:
        text = given.content.decode("utf-8", "replace")
        lifetime = whole_number("expires_in_seconds", text, *_LIFETIMES)
    return file, lifetime


def _mime_type(file: FormPart) -> str:
    """Return the type of a file without its parameters, as the client names it."""
    named = (file.content_type or "").partition(";")[0].strip().lower()
    return named if _MEDIA_TYPE.fullmatch(named) else _DEFAULT_TYPE


def _name(given: str | None, mime_type: str) -> str:
    """Return the name under which a file is kept: the last component of the client's name."""
    if given is None:
        return f"unnamed{_EXTENSIONS.get(mime_type, '.bin')}"
    name = re.split(r"[/\\]", given)[-1]
    if not _NAME.fullmatch(name):
        raise invalid(
            "file: a name has 1 to 255 characters, and none of them is a control character or one"
            ' of <>:"|?*\\/'
        )
    return name
