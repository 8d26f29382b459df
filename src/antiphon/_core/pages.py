"""Lists by the page: what a page holds, and which parameters ask for the next one.

The API pages in two ways. Batches and models name the last item that was seen (`after_id`); files
name the next page (`page`). With an old beta header files come in the first way, too, so the shape
of the response decides (Messages API, pagination).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .._wire.decoding import Decoder
from .._wire.json import is_list, is_object
from ..types.pages import ListBody
from .call import Call, check_params, get
from .options import Options

__all__ = ["PageContent", "decode_page", "list_call"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageContent(Generic[T]):
    """One page as it was received: its body, and its items, each as a model."""

    body: ListBody
    items: list[T]

    def next_params(self, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the parameters of the next page; None if this is the last one.

        Args:
            params: those of this page.
        """
        if "next_page" in self.body.model_fields_set:
            # Through `extra_query`: the parameter is the list's own, not one that users pass.
            query: dict[str, Any] = {**(params.get("extra_query") or {})}
            query["page"] = self.body.next_page
            return {**params, "extra_query": query} if self.body.next_page else None
        # A page without items ends the list, whatever it says: asking again would give the same.
        if not self.items or self.body.has_more is False:
            return None
        # A list that was begun backwards goes on backwards.
        if params.get("before_id"):
            return {**params, "before_id": self.body.first_id} if self.body.first_id else None
        return {**params, "after_id": self.body.last_id} if self.body.last_id else None


def decode_page(decoder: Decoder[T], body: bytes) -> PageContent[T]:
    """Return the page in `body`.

    Raises:
        ValueError: the body is not a page of a list.
    """
    page = ListBody.decode(body)
    if not is_list(page.data):
        raise ValueError("a JSON object without a list of data")
    # An item that is no object is kept as it is, as any other thing that nobody expected.
    items = [decoder.from_value(item) if is_object(item) else item for item in page.data]
    return PageContent(page, items)


def list_call(
    options: Options,
    name: str,
    path: str,
    params: Mapping[str, Any],
    known: type,
    decoder: Decoder[T],
) -> Call[PageContent[T]]:
    check_params(name, params, known)
    call = get(options, path, params, lambda body: decode_page(decoder, body))
    call.paged = True
    return call
