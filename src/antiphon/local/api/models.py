"""The endpoints of the models list (Messages API, models)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from ...catalog.models import CATALOG, ModelCard, find
from .errors import not_found
from .exchange import Endpoint, Exchange
from .pagination import page
from .steps import Steps

__all__ = ["resource"]

_THINKING_TYPES = ("adaptive", "between_tools", "disabled", "enabled")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_EDITS = ("clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112")
_SERVER_TOOLS = ("web_search", "web_fetch", "code_execution", "tool_search")
_EVERY_MODEL = ("batch", "citations", "code_execution", "image_input", "pdf_input")
_SHOWN = ("active", "deprecated")


def resource(segments: Sequence[str]) -> dict[str, Endpoint]:
    """What answers each method of a path below ``/v1/models``."""
    match segments:
        case []:
            return {"GET": _listed}
        case [name]:
            return {"GET": _retrieved(name)}
        case _:
            raise not_found()


def _listed(visit: Exchange) -> Steps:
    wanted = visit.query.get("lifecycle")
    shown = wanted.split(",") if wanted else _SHOWN
    cards = [card for card in CATALOG if card.lifecycle() in shown]
    return visit.json(page([_as_json(card) for card in cards], visit.query))


def _retrieved(name: str) -> Callable[[Exchange], Steps]:
    card = find(name)
    if card is None:
        raise not_found(f"model: {name}")
    return lambda visit: visit.json(_as_json(card))


def _as_json(card: ModelCard) -> dict[str, Any]:
    """The model as the API shows it."""
    return {
        "id": card.id,
        "type": "model",
        "display_name": card.display_name,
        "created_at": _day(card.created),
        "line": card.line,
        "lifecycle": card.lifecycle(),
        "deprecated_at": _day(card.deprecated),
        "retires_at": _day(card.retires),
        "max_input_tokens": card.window,
        "max_tokens": card.max_output,
        "capabilities": _capabilities(card),
    }


def _capabilities(card: ModelCard) -> dict[str, Any]:
    everywhere: dict[str, Any] = {name: _supported(True) for name in _EVERY_MODEL}
    return everywhere | {
        "context_management": _each(_EDITS, _EDITS),
        "effort": _each(_EFFORTS, card.efforts),
        "server_tools": _each(_SERVER_TOOLS, _SERVER_TOOLS),
        "structured_outputs": _supported(True),
        "thinking": {
            "supported": True,
            "types": {name: _supported(name in card.thinking_types) for name in _THINKING_TYPES},
        },
    }


def _each(names: Iterable[str], supported: Sequence[str]) -> dict[str, Any]:
    """What a group of capabilities supports, one by one and as a whole."""
    leaves: dict[str, Any] = {name: _supported(name in supported) for name in names}
    return leaves | {"supported": bool(supported)}


def _supported(whether: bool) -> dict[str, bool]:
    return {"supported": whether}


def _day(day: date | None) -> str | None:
    return None if day is None else f"{day.isoformat()}T00:00:00Z"
