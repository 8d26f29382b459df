"""Checks of the body as a whole: the ids of a batch, and the model."""

from __future__ import annotations

from collections.abc import Iterator

from .registry import Checks, Violation, at, shorten
from .request_view import RequestView

__all__ = ["CHECKS"]

CHECKS = Checks()


@CHECKS.add("batches.custom_id", "requests")
def repeated_ids(request: RequestView) -> Iterator[Violation]:
    """Find items of a batch that have the id of an earlier one."""
    seen: set[str] = set()
    for index, item in enumerate(request.body["requests"]):
        if item["custom_id"] in seen:
            yield at(f"requests.{index}.custom_id")
        seen.add(item["custom_id"])


@CHECKS.add("model")
def unknown_model(request: RequestView) -> Iterator[Violation]:
    """Find a model that does not exist, or no longer."""
    if request.card is None:
        yield at("model", name=shorten(request.body["model"]))
