"""Files of an app: forms as clients frame them, uploads, and blocks that name what was uploaded."""

from __future__ import annotations

from typing import Any

from antiphon.local import App
from tests.support.app_requests import BODY, AppResponse, send

FILES = "/v1/files"
BOUNDARY = "a-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def part(disposition: str, content: bytes, *headers: str) -> bytes:
    """Return a part of a form, with the line of its boundary."""
    lines = [f"--{BOUNDARY}", f"Content-Disposition: form-data; {disposition}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Return a form of these parts."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def file_part(content: bytes, name: str | None = "notes.txt", mime: str | None = None) -> bytes:
    named = "" if name is None else f'; filename="{name}"'
    kind = [f"Content-Type: {mime}"] if mime else []
    return part(f'name="file"{named}', content, *kind)


def post(app: App, body: bytes, **headers: str) -> AppResponse:
    """Return the response to a form."""
    return send(app, FILES, body, **{"content_type": FORM, **headers})


def upload(
    app: App,
    content: bytes = b"Cats sleep.",
    name: str | None = "notes.txt",
    mime: str = "text/plain",
    seconds: int | None = None,
    **headers: str,
) -> dict[str, Any]:
    """Return the metadata of a new file."""
    lifetime = [] if seconds is None else [part('name="expires_in_seconds"', b"%d" % seconds)]
    response = post(app, form(*lifetime, file_part(content, name, mime)), **headers)
    assert response.status == 200, response.json
    return response.json


def named(kind: str, file_id: str, **more: Any) -> dict[str, Any]:
    """Return a block that names a file."""
    return {"type": kind, "source": {"type": "file", "file_id": file_id}, **more}


def asking(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a request with these blocks in the user's message."""
    return {**BODY, "messages": [{"role": "user", "content": list(blocks)}], **more}
