"""The client of a run: an async one with a limiter, made from whatever client was given."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeAlias, cast

from .._async.client import AsyncClient
from .._async.runner import AsyncSession
from .._sync.client import Client
from ..base_client import BaseClient, SessionState
from ..costs.budget import Budget
from ..limiter import Limiter

__all__ = ["RETRIES", "Ask", "BulkClient", "budget_of"]

Ask: TypeAlias = Callable[[dict[str, Any]], Awaitable[Any]]
"""Sends one call, and returns its raw response."""

RETRIES: Final = 6
"""A run goes on for hours: it waits out a bad quarter of an hour of the API."""


class BulkClient:
    """Sends the calls of a run."""

    def __init__(self, client: Client | AsyncClient | None) -> None:
        """Take a client; None for a new one.

        Raises:
            TypeError: it is no client.
        """
        if client is None:
            client = AsyncClient(max_retries=RETRIES)
        if not isinstance(cast("object", client), (Client, AsyncClient)):
            raise TypeError(f"client: {type(client).__name__} is no antiphon.Client or AsyncClient")
        limiter = _session_of(client).options.limiter or Limiter()
        # A call may wait for hours until the limits let it go; each step has its own clock still.
        client = client.with_options(limiter=limiter, timeout=replace(client.timeout, total=None))
        self.limiter: Final[Limiter] = limiter
        self.budget: Budget | None = None
        """What the calls of the run may cost; known when the run begins."""
        self._threads: ThreadPoolExecutor | None = None
        given = _session_of(client)
        if isinstance(client, Client) and not (given.http_client or client.middleware):
            session = AsyncSession(given.options, None)
            session.tally = given.tally  # `client.costs` counts what the run costs
            client = AsyncClient.around(session)
        self.client: Final = client

    @property
    def asynchronous(self) -> AsyncClient:
        """The client, for those who need an async one.

        Raises:
            TypeError: it is sync, with a transport or middleware of its own.
        """
        if isinstance(self.client, AsyncClient):
            return self.client
        raise TypeError(
            "client: give an AsyncClient; this one has its own http_client or middleware"
        )

    def ask(self, at_a_time: int) -> Ask:
        """Return what sends a call and returns its raw response."""
        more = {} if self.budget is None else {"budget": self.budget}
        if isinstance(self.client, AsyncClient):
            create: Any = self.client.messages.with_raw_response.create

            return lambda params: create(**params, **more)
        # A transport or middleware of a sync client cannot wait in an event loop.
        blocking: Any = self.client.messages.with_raw_response.create
        threads = self._threads = ThreadPoolExecutor(at_a_time, "antiphon-bulk")

        async def send_in_thread(params: dict[str, Any]) -> Any:
            context = contextvars.copy_context()  # of the tag, and of tracers
            call = asyncio.get_running_loop().run_in_executor
            work = partial(context.run, blocking, **params, **more)
            return await call(threads, work)

        return send_in_thread

    def limits(self) -> dict[str, Any]:
        """Return what is known of the limits of the API; see `Limiter.state`."""
        return self.limiter.state()

    def close(self) -> None:
        """Let go of the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)


def _session_of(client: BaseClient) -> SessionState:
    return client._session  # pyright: ignore[reportPrivateUsage] nobody else needs it


def budget_of(given: Any, spent: Decimal) -> Budget | None:
    """Return the budget of a run.

    Args:
        given: a Budget, or US dollars for the whole run.
        spent: what earlier sessions of the run spent of those dollars.

    Raises:
        ValueError: it is no number above 0.
        TypeError: it is something else.
    """
    if given is None or isinstance(given, Budget):
        return given
    if not isinstance(given, (int, float, str, Decimal)):
        raise TypeError(f"budget: {given!r}; give an antiphon.Budget, or US dollars as a number")
    whole = Budget(usd=given)
    # At the cap already, the least that a budget takes lets no call pass.
    return Budget(usd=max(whole.limit - spent, Decimal("1e-12")))
