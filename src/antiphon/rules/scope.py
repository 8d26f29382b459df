"""Checks of the body as a whole: the ids of a batch, the id of the user, and the model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .registry import Checks, Violation, at, shorten
from .request_view import RequestView

__all__ = ["CHECKS"]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
# Only what is written as a phone number: digits alone may be the number of an account.
_PHONE = re.compile(r"\+\d[\d ().-]{5,18}\d|(\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}")

CHECKS = Checks()


@CHECKS.add("batches.custom_id", "requests")
def repeated_ids(request: RequestView) -> Iterator[Violation]:
    """Find items of a batch that have the id of an earlier one."""
    seen: set[str] = set()
    for index, item in enumerate(request.body["requests"]):
        if item["custom_id"] in seen:
            yield at(f"requests.{index}.custom_id")
        seen.add(item["custom_id"])


@CHECKS.add("metadata.user_id.email", "metadata")
def email_as_user_id(request: RequestView) -> Iterator[Violation]:
    """Find an e-mail address in the id of the user, which has to be opaque."""
    if _EMAIL.search(request.part("metadata").get("user_id") or ""):
        yield at("metadata.user_id")


@CHECKS.add("metadata.user_id.phone", "metadata")
def phone_as_user_id(request: RequestView) -> Iterator[Violation]:
    """Find a phone number as the id of the user, which has to be opaque."""
    if _PHONE.fullmatch(request.part("metadata").get("user_id") or ""):
        yield at("metadata.user_id")


@CHECKS.add("model")
def unknown_model(request: RequestView) -> Iterator[Violation]:
    """Find a model that does not exist, or no longer."""
    if request.card is None:
        yield at("model", name=shorten(request.body["model"]))
