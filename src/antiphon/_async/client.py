"""The async client."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from .._core.options import Options
from ..base_client import BaseClient
from .any_endpoint import AsyncAnyEndpoint
from .messages import AsyncMessages
from .runner import AsyncSession

if TYPE_CHECKING:
    from .beta import AsyncBeta
    from .files import AsyncFiles
    from .models import AsyncModels

__all__ = ["AsyncAnthropic", "AsyncClient"]


class AsyncClient(AsyncAnyEndpoint, BaseClient):
    """A client of the Messages API::

        client = AsyncClient()  # reads ANTHROPIC_API_KEY
        message = await client.messages.create(
            model="claude-haiku-4-5",
            max_tokens=1024,
            messages=[{"role": "user", "content": "Hello"}],
        )
        print(message.text)

    Make one and keep it: it may be shared by tasks, and need not be closed. Several are cheap,
    too: those with the same settings share their connections.
    """

    _session: AsyncSession

    def _new_session(self, options: Options, http_client: Any) -> AsyncSession:
        if options.middleware:
            from .middleware import AsyncMiddlewareSession

            session: AsyncSession = AsyncMiddlewareSession(options, http_client)
        else:
            session = AsyncSession(options, http_client)
        # A tracer has put a function of its own there, or a subclass has.
        if type(self).request is not AsyncAnyEndpoint.request:
            self._send_through(session, self.request)
        return session

    @cached_property
    def messages(self) -> AsyncMessages:
        """The Messages API."""
        return AsyncMessages(self._session)

    @cached_property
    def models(self) -> AsyncModels:
        """The models that can be used."""
        from .models import AsyncModels  # most programs use `messages` alone

        return AsyncModels(self._session)

    @cached_property
    def files(self) -> AsyncFiles:
        """Files that are kept by the API, to be used in messages by their ids."""
        from .files import AsyncFiles

        return AsyncFiles(self._session)

    @cached_property
    def beta(self) -> AsyncBeta:
        """What needs a beta: the same resources, with the parameters that only betas have."""
        from .beta import AsyncBeta

        return AsyncBeta(self._session)

    async def close(self) -> None:
        """Let go of the connections; those shared with other clients stay open."""
        self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


AsyncAnthropic = AsyncClient
