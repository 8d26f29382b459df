"""Message batches of an app: made, looked at, and their results."""

from __future__ import annotations

import json
from typing import Any

from antiphon.local import App, VirtualClock
from tests.support.app_requests import BODY, send

BATCHES = "/v1/messages/batches"


def batch_app(seconds: float = 100.0) -> App:
    """Return an app on a clock that stands still, whose batches take `seconds`."""
    return App(VirtualClock(), batch_seconds=seconds)


def item(custom_id: str, **changes: Any) -> dict[str, Any]:
    """Return an item of a batch."""
    return {"custom_id": custom_id, "params": {**BODY, **changes}}


def created(app: App, *items: Any, **headers: str) -> dict[str, Any]:
    """Return a new batch."""
    response = send(app, BATCHES, {"requests": list(items)}, **headers)
    assert response.status == 200, response.json
    return response.json


def retrieved(app: App, batch: dict[str, Any]) -> dict[str, Any]:
    """Return the batch as it is now."""
    return send(app, f"{BATCHES}/{batch['id']}").json


def results(app: App, batch: dict[str, Any]) -> dict[str, Any]:
    """Return the results of a batch by their custom ids, in the order in which they came."""
    lines = send(app, f"{BATCHES}/{batch['id']}/results").content.splitlines()
    return {line["custom_id"]: line["result"] for line in map(json.loads, lines)}
