"""What both clients are made of before anything is sent: their settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from ._core import options as config
from ._core.arguments import check_names
from ._wire.http import Timeout
from ._wire.sentinels import NOT_GIVEN, NotGiven, Omit


class BaseClient:
    """Settings of a client, and clients made from it with other settings."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        auth_token: str | None = None,
        base_url: str | None = None,
        timeout: float | Timeout | NotGiven | None = NOT_GIVEN,
        max_retries: int | NotGiven = NOT_GIVEN,
        default_headers: Mapping[str, str | Omit] | None = None,
        default_query: Mapping[str, object] | None = None,
        http_client: Any = None,
        anthropic_version: str | None = None,
        wire: config.Wire | NotGiven = NOT_GIVEN,
        lenient_streams: bool | NotGiven = NOT_GIVEN,
    ) -> None:
        """Make a client; nothing is sent or opened.

        Args:
            api_key: sent as `x-api-key`; by default the environment's ANTHROPIC_API_KEY.
            auth_token: a bearer token, instead of a key; by default ANTHROPIC_AUTH_TOKEN.
            base_url: where the API is; by default ANTHROPIC_BASE_URL, else https://api.anthropic.com.
            timeout: seconds for a whole call, a `Timeout` of several clocks, or `None` for no limit.
            max_retries: further attempts after a failure that may pass; 0 turns retries off.
            default_headers: sent with every request; `omit` as a value removes a header.
            default_query: added to every URL.
            http_client: what carries the requests: a client of httpx2, or any object with `send` and
                `close` as the transports of this package have them.
            anthropic_version: the API version, by default 2023-06-01.
            wire: `auto` streams answers of more than 21,333 `max_tokens` under the hood, so that no idle
                connection is cut; `plain` never does.
            lenient_streams: take a stream that ends without `message_stop` for whole; only for gateways
                that are known to leave it out.

        Raises:
            TypeError: an argument has the wrong type.
            ValueError: an argument has an impossible value.
        """
        given = {
            name: value for name, value in locals().items() if name not in ("self", "http_client")
        }
        self._options = config.resolve_options(given, os.environ)
        self._http_client = http_client

    @property
    def base_url(self) -> str:
        """Where the API is, without a slash at the end."""
        return self._options.base_url

    @property
    def timeout(self) -> Timeout:
        """The clocks of a call."""
        return self._options.timeout

    @property
    def max_retries(self) -> int:
        """How often a failed call is tried again."""
        return self._options.retry.max_retries

    def with_options(self, **settings: Any) -> Self:
        """A client with some settings changed and all else shared, connections included.

        Takes the arguments of the constructor; headers and query parameters are added to those
        there are.

        Raises:
            TypeError: no such setting.
        """
        known = frozenset(BaseClient.__init__.__annotations__) - {"return"}
        check_names("with_options", settings, known)
        twin = object.__new__(type(self))
        twin._http_client = settings.pop("http_client", None) or self._http_client
        twin._options = self._options.changed(settings)
        return twin

    copy = with_options

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url} ({self._options.key_source})>"
