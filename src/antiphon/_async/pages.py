"""Lists by the page, which get their next pages by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from .._core.pages import PageContent
from ..errors import UsageError

__all__ = ["AsyncPage"]

T = TypeVar("T")


class AsyncPage(Generic[T]):
    """One page of a list. Iterate over it for all items, of this page and of those after it."""

    _request_id: str | None = None
    _workspace_id: str | None = None

    def __init__(
        self,
        content: PageContent[T],
        params: Mapping[str, Any],
        fetch: Callable[[Mapping[str, Any]], Awaitable[AsyncPage[T]]],
    ) -> None:
        self._content = content
        self._params = params
        self._fetch = fetch

    def _mark_received(self, request_id: str | None, workspace_id: str | None) -> None:
        """Remember what the headers of the response say."""
        self._request_id, self._workspace_id = request_id, workspace_id

    @property
    def data(self) -> list[T]:
        """The items of this page."""
        return self._content.items

    @property
    def has_more(self) -> bool | None:
        """Whether there are other pages, if the API says so."""
        return self._content.body.has_more

    @property
    def first_id(self) -> str | None:
        """The id of the first item of this page."""
        return self._content.body.first_id

    @property
    def last_id(self) -> str | None:
        """The id of the last item of this page."""
        return self._content.body.last_id

    @property
    def next_page(self) -> str | None:
        """The name of the next page, for lists that name it."""
        return self._content.body.next_page

    def to_dict(self) -> dict[str, object]:
        """Return this page as the JSON that was received."""
        return self._content.body.to_dict()

    def to_json(self) -> str:
        """Return this page as JSON text."""
        return self._content.body.to_json()

    def has_next_page(self) -> bool:
        """Return whether there is another page after this one."""
        return self.next_page_info() is not None

    def next_page_info(self) -> dict[str, Any] | None:
        """Return the parameters that ask for the next page; None if this is the last one."""
        return self._content.next_params(self._params)

    async def get_next_page(self) -> AsyncPage[T]:
        """Get the next page.

        Raises:
            UsageError: this is the last one; ask `has_next_page()` first.
        """
        params = self.next_page_info()
        if params is None:
            raise UsageError("there is no next page; ask has_next_page() before get_next_page()")
        return await self._fetch(params)

    async def iter_pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Give this page and all those after it."""
        # Pages are requested one by one, each when the one before was used up.
        page = self
        yield page
        while page.has_next_page():
            page = await page.get_next_page()
            yield page

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.iter_pages():
            for item in page.data:
                yield item

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.data)} items>"
