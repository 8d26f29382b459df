"""The endpoints of the models list (Messages API, models)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ..._wire.json import JSONObject
from ...catalog.models import CATALOG, ModelCard, find
from ..metering.clock import Clock
from .errors import not_found
from .exchange import Endpoint, Exchange
from .pagination import page
from .served_models import ServedModels
from .steps import Steps

__all__ = ["ModelsEndpoint"]

_THINKING_TYPES = ("adaptive", "between_tools", "disabled", "enabled")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_EDITS = ("clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112")
_SERVER_TOOLS = ("web_search", "web_fetch", "code_execution", "tool_search")
_EVERY_MODEL = ("batch", "citations", "code_execution", "image_input", "pdf_input")
# What the list shows when the query names no lifecycle.
_LISTED_BY_DEFAULT = ("active", "deprecated")


class ModelsEndpoint:
    """The models list of a server.

    Args:
        clock: the server's; models are deprecated and retired by its day.
        served: finds the models that stand in for names that are not in the list.
    """

    def __init__(self, clock: Clock, served: ServedModels) -> None:
        self._clock = clock
        self._served = served

    def resource(self, segments: Sequence[str]) -> dict[str, Endpoint]:
        """Return the endpoints of a path below ``/v1/models`` by their methods."""
        match segments:
            case []:
                return {"GET": self._list}
            case [name]:
                return {"GET": lambda exchange: self._retrieve(name, exchange)}
            case _:
                raise not_found()

    def _list(self, exchange: Exchange) -> Steps:
        requested = exchange.query.get("lifecycle")
        lifecycles = requested.split(",") if requested else _LISTED_BY_DEFAULT
        today = self._clock.today()
        cards = [card for card in CATALOG if card.lifecycle(today) in lifecycles]
        return exchange.json(page([_as_json(card, today) for card in cards], exchange.query))

    def _retrieve(self, name: str, exchange: Exchange) -> Steps:
        today = self._clock.today()
        if (card := find(name)) is not None:  # retired ones can still be looked up
            return exchange.json(_as_json(card, today))
        if (served := self._served.find(name)) is None:
            raise not_found(f"model: {name}")
        shown = {**_as_json(served.card, today), "id": served.name}
        return exchange.json(shown, more=served.headers)


def _as_json(card: ModelCard, today: date) -> JSONObject:
    """Return the model as the API shows it."""
    return {
        "id": card.id,
        "type": "model",
        "display_name": card.display_name,
        "created_at": _midnight(card.created),
        "line": card.line,
        "lifecycle": card.lifecycle(today),
        "deprecated_at": _midnight(card.deprecated),
        "retires_at": _midnight(card.retires),
        "max_input_tokens": card.window,
        "max_tokens": card.max_output,
        "capabilities": _capabilities(card),
    }


def _capabilities(card: ModelCard) -> JSONObject:
    everywhere: JSONObject = {name: _supported(True) for name in _EVERY_MODEL}
    return everywhere | {
        "context_management": _group(_EDITS, _EDITS),
        "effort": _group(_EFFORTS, card.efforts),
        "server_tools": _group(_SERVER_TOOLS, _SERVER_TOOLS),
        "structured_outputs": _supported(True),
        "thinking": {
            "supported": True,
            "types": {name: _supported(name in card.thinking_types) for name in _THINKING_TYPES},
        },
    }


def _group(names: Iterable[str], supported: Sequence[str]) -> JSONObject:
    """Return what is supported of a group of capabilities, one by one and as a whole."""
    each: JSONObject = {name: _supported(name in supported) for name in names}
    return each | {"supported": bool(supported)}


def _supported(value: bool) -> JSONObject:
    return {"supported": value}


def _midnight(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00Z"
