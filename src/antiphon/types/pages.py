"""One page of a list, as the API sends it."""

from typing import Any

from .._wire.decoding import ResponseModel

__all__ = ["ListBody"]


class ListBody(ResponseModel):
    """The body of a list.

    data: the items of this page.
    has_more: whether there are others (batches and models).
    first_id, last_id: the first and the last item of this page (batches and models).
    next_page: the name of the next page (files).
    """

    data: list[Any]
    has_more: bool | None = None
    first_id: str | None = None
    last_id: str | None = None
    next_page: str | None = None
