"""What both clients are made of before anything is sent: their settings."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, Unpack, cast

from ._core.arguments import check_names, keywords, line_of_caller, nearest
from ._core.options import (
    DEFAULT_BASE_URL,
    LargeResponses,
    Options,
    checked_gate,
    checked_headers,
    hidden,
    is_lost,
    resolve_options,
    with_credential_of,
)
from ._transport.default import clocks_of
from ._wire.http import Headers, Timeout
from ._wire.secret import is_secret_header
from ._wire.sentinels import NotGiven, Omit, is_absent, omit
from ._wire.url import URL, UnusableURLError
from .costs.tally import GATES, TAG, Tally
from .telemetry import configure_logging

if TYPE_CHECKING:
    from ._core.call import Call
    from ._core.tool_loop import ToolLoop
    from .costs.budget import Budget
    from .costs.spending import Ledger
    from .limiter import Limiter
    from .middleware import MiddlewareInput
    from .open_telemetry.runs import RunTrace
    from .open_telemetry.settings import OpenTelemetryOptions

__all__ = ["BaseClient", "ClientOptions", "CopyOptions"]


class ClientOptions(TypedDict, total=False):
    """The settings of a client.

    api_key: sent as `x-api-key`; by default the environment's ANTHROPIC_API_KEY. A function that
        returns it is called before each call, and once more after a 401; AsyncClient awaits it.
    auth_token: a bearer token, instead of a key; by default ANTHROPIC_AUTH_TOKEN.
    base_url: where the API is; by default ANTHROPIC_BASE_URL, else https://api.anthropic.com.
    timeout: seconds for a whole call, a `Timeout` of several clocks, or `None` for no limit; by
        default those of an `http_client` that has its own, else 600 seconds.
    max_retries: further attempts after a failure that may pass; 2 by default, 0 for none.
    default_headers: sent with every request; `omit` as a value removes a header.
    default_query: added to every URL.
    http_client: what carries the requests: a client of httpx2, or a `Transport` of
        `antiphon.transport`.
    anthropic_version: the API version, by default 2023-06-01.
    large_responses: "stream" (the default) receives responses of more than 21,333 `max_tokens` as
        a stream, so that no silent connection is cut; "wait" never does.
    lenient_streams: take a stream that ends without `message_stop` for complete; only for gateways
        that are known to leave it out.
    allow_plain_http: do not warn when a key is sent over plain http to another machine.
    budget: an `antiphon.Budget`: calls that could cost more than is left are refused.
    limiter: an `antiphon.Limiter`, or "auto" for that of the process: calls wait instead of being
        refused by a rate limit; None (the default) for none.
    open_telemetry: what OpenTelemetry is told, as an `OpenTelemetryOptions`; False for nothing. By
        default spans and metrics, once the program has set up a provider.
    middleware: functions around each attempt, the outermost first; see docs/middleware.md.
    max_response_bytes: the largest response that is received as a whole, decoded, in bytes;
        268,435,456 (256 MB) by default, None for no limit. Streams and downloads have none.
    wire: the old name of `large_responses`: "auto" for "stream", "plain" for "wait"; deprecated.
    _strict_response_validation: accepted and ignored. What the API sends is never refused for a
        field that this version does not know.
    """

    api_key: str | Callable[[], Any] | None
    auth_token: str | Callable[[], Any] | None
    base_url: str | None
    timeout: float | Timeout | NotGiven | None
    max_retries: int | NotGiven
    default_headers: Mapping[str, str | Omit] | None
    default_query: Mapping[str, object] | None
    http_client: Any
    anthropic_version: str | None
    large_responses: LargeResponses | NotGiven
    lenient_streams: bool | NotGiven
    allow_plain_http: bool | NotGiven
    budget: Budget | NotGiven | None
    limiter: Limiter | Literal["auto"] | NotGiven | None
    open_telemetry: bool | OpenTelemetryOptions | NotGiven | None
    middleware: Iterable[MiddlewareInput] | NotGiven | None
    max_response_bytes: int | NotGiven | None
    wire: str | NotGiven
    _strict_response_validation: bool


class CopyOptions(ClientOptions, total=False):
    """The settings of a client that is made from another.

    set_default_headers: headers instead of those of the other client, not added to them.
    set_default_query: query parameters instead of those of the other client.
    """

    set_default_headers: Mapping[str, str | Omit] | None
    set_default_query: Mapping[str, object] | None


_SETTINGS = frozenset(ClientOptions.__annotations__)
_COPY_SETTINGS = _SETTINGS | frozenset(CopyOptions.__annotations__)

_OLD_WIRE: dict[object, LargeResponses] = {"auto": "stream", "plain": "wait"}


class Closed(int):
    """Whether something is closed: true or false, and also a function that returns it.

    Programs written for other clients call `client.is_closed()`, those written for this one read
    `client.is_closed`.
    """

    def __call__(self) -> bool:
        return bool(self)

    def __repr__(self) -> str:
        return repr(bool(self))


class SessionState:
    """The settings of one client, what carries its requests, and whether it is closed."""

    def __init__(self, options: Options, http_client: Any) -> None:
        self.options: Options = options
        self.http_client: Any = http_client
        self.closed: bool = False
        self.tally: Tally = Tally()
        self._transport: Any = None
        # Kept: looking the module up again in each call would cost more than the look itself.
        self._traced: Any = None

    def watch(self, call: Call[Any]) -> None:
        """Have `call` counted, under the tag that is set where it is made, and traced."""
        if call.model is not None:
            call.tag = TAG.get()
            call.gates = self.gates(call.budget)
            call.watchers = (self.tally, *call.gates)
        # A program that traces has loaded it, and most programs do not.
        if "opentelemetry" in sys.modules and self.options.open_telemetry is not False:
            if self._traced is None:
                from .open_telemetry.watcher import traced

                self._traced = traced
            tracer = self._traced(call, self.options.open_telemetry, os.environ)
            if tracer is not None:
                call.gates = (tracer, *call.gates)
                call.watchers = (*call.watchers, tracer)

    def traced_run(self, loop: ToolLoop) -> RunTrace | None:
        """Return what makes the spans of a tool runner; None if there are to be none."""
        if "opentelemetry" not in sys.modules or self.options.open_telemetry is False:
            return None
        from .open_telemetry.runs import run_trace

        return run_trace(loop, self.options.open_telemetry, os.environ)

    def gates(self, budget: object) -> tuple[Any, ...]:
        """Return what has to admit a call with this budget."""
        options = self.options
        if options.limiter is options.budget is budget is None:  # as in most programs
            return GATES.get()
        # The limiter first: what waits reserves nothing.
        given = (options.limiter, options.budget, checked_gate("budget", budget))
        return (*GATES.get(), *[gate for gate in given if gate is not None])

    def close(self) -> None:
        """Refuse further calls, and let go of the transport."""
        self.closed = True
        self._transport = None

    def replace_http_client(self, http_client: Any) -> None:
        """Send later calls with another `http_client`; calls under way go on with the old one."""
        self.http_client = http_client
        self._transport = None

    def copied(self) -> Self:
        """Return a session with the same settings and connections of its own."""
        twin = type(self)(self.options, self.http_client)
        twin.closed = self.closed
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copied()

    def __reduce__(self) -> tuple[Callable[..., SessionState], tuple[Any, ...]]:
        # Without it the loaded client would send elsewhere: past a proxy, or past a test's double.
        if self.http_client is not None:
            raise TypeError(
                "cannot pickle a client with an http_client of its own, whose connections would be"
                " lost; make the client anew where it is needed"
            )
        return _restored, (type(self), self.options, self.closed)


def _restored(kind: type[SessionState], options: Options, closed: bool) -> SessionState:
    """Return a session from a pickle, which never holds a credential."""
    if is_lost(options.credential):
        options = with_credential_of(options, os.environ)
    session = kind(options, None)
    session.closed = closed
    return session


class BaseClient:
    """Settings of a client, and clients made from it with other settings."""

    @keywords(ClientOptions)
    def __init__(self, **settings: Unpack[ClientOptions]) -> None:
        """Make a client; nothing is sent or opened.

        Raises:
            TypeError: an argument is unknown or has the wrong type.
            ValueError: an argument has an impossible value.
        """
        # First of all: a failure below must not show the key among the local variables.
        settings = _without_plain_secrets(settings)
        check_names(type(self).__name__, settings, _SETTINGS)
        configure_logging(os.environ)
        given = _renamed(cast("dict[str, Any]", settings))
        try:
            options = resolve_options(given, os.environ)
        except UnusableURLError as error:
            options = _options_with_any_url(given, error)
        self._session = self._new_session(options, given.get("http_client"))

    def _new_session(self, options: Options, http_client: Any) -> SessionState:
        """Return the session of a client with these settings."""
        return SessionState(options, http_client)

    @classmethod
    def around(cls, session: SessionState) -> Self:
        """Return a client that has the settings and the connections of `session`."""
        client = object.__new__(cls)
        client._session = session
        return client

    @property
    def _client(self) -> Any:
        """The `http_client` that was given, None without one; some programs read and replace it."""
        return self._session.http_client

    @_client.setter
    def _client(self, value: Any) -> None:
        self._session.replace_http_client(value)

    def _send_through(self, session: Any, request: Any) -> None:
        """Let all calls of `session` go through `request`, which a program has put here."""

    def _send_directly(self, session: Any) -> None:
        """Undo `_send_through`."""

    @keywords(CopyOptions)
    def with_options(self, **settings: Unpack[CopyOptions]) -> Self:
        """Return a client with some settings changed and all else shared, connections included.

        Headers and query parameters are added to those there are. Attributes that a subclass has
        set are kept.

        Raises:
            TypeError: there is no such setting.
            ValueError: a setting has an impossible value.
        """
        settings = _without_plain_secrets(settings)
        check_names("with_options", settings, _COPY_SETTINGS)
        options = self._session.options
        for name in ("default_headers", "default_query"):
            if settings.get(name) is not None and settings.get(f"set_{name}") is not None:
                raise ValueError(
                    f"The `{name}` and `set_{name}` arguments are mutually exclusive; give one"
                )
        if (headers := settings.get("set_default_headers")) is not None:
            options = replace(options, headers=checked_headers(headers, "set_default_headers"))
        if (query := settings.get("set_default_query")) is not None:
            options = replace(options, query=dict(query))
        # Not through `__init__`: a subclass may have arguments of its own there.
        twin = object.__new__(type(self))
        # What is computed on first look (`messages`) holds the session, so each client has its own.
        # A `request` that a program has put here belongs to this client as well.
        kept = {
            k: v for k, v in self.__dict__.items() if k != "request" and not _is_computed(self, k)
        }
        twin.__dict__.update(kept)
        twin._session = twin._new_session(
            options.changed(_renamed({**settings})),
            settings.get("http_client") or self._session.http_client,
        )
        twin._session.tally = self._session.tally
        return twin

    copy = with_options

    def with_middleware(self, *middleware: MiddlewareInput) -> Self:
        """Return a client with further middleware, inside of what there is; all else is shared.

        Raises:
            TypeError: it cannot serve this client.
        """
        return self.with_options(middleware=[*self.middleware, *middleware])

    def __copy__(self) -> Self:
        return self.with_options()

    @property
    def api_key(self) -> str | None:
        """The API key; setting it changes the key of the calls to come."""
        return self._credential_of("x-api-key")

    @api_key.setter
    def api_key(self, value: str | None) -> None:
        self._set_credential("x-api-key", "api_key", value)

    @property
    def auth_token(self) -> str | None:
        """The bearer token; setting it changes the token of the calls to come."""
        return self._credential_of("authorization")

    @auth_token.setter
    def auth_token(self, value: str | None) -> None:
        self._set_credential("authorization", "auth_token", value)

    @property
    def base_url(self) -> URL:
        """Where the API is, without a slash at the end."""
        return self._session.options.base_url

    @base_url.setter
    def base_url(self, value: str) -> None:
        self._change(base_url=value)

    @property
    def timeout(self) -> Timeout:
        """The clocks of a call; it may be set to a number of seconds, a `Timeout` or None."""
        return self._session.options.timeout

    @timeout.setter
    def timeout(self, value: float | Timeout | None) -> None:
        self._change(timeout=value)

    @property
    def max_retries(self) -> int:
        """How often a failed call is tried again."""
        return self._session.options.retry.max_retries

    @max_retries.setter
    def max_retries(self, value: int) -> None:
        self._change(max_retries=value)

    @property
    def default_headers(self) -> Headers:
        """The headers of every request, without the credential; set it to replace yours.

        The case of their names does not matter.
        """
        # Read-only: a change of this copy would be silently ignored.
        headers = self._session.options.own_headers()
        return Headers([(k, v) for k, v in headers.items() if isinstance(v, str)])

    @default_headers.setter
    def default_headers(self, value: Mapping[str, str | Omit]) -> None:
        self._session.options = replace(
            self._session.options, headers=checked_headers(value, "default_headers")
        )

    @property
    def default_query(self) -> Mapping[str, object]:
        """The query parameters of every request; set it to replace them."""
        return MappingProxyType(dict(self._session.options.query))

    @default_query.setter
    def default_query(self, value: Mapping[str, object]) -> None:
        self._session.options = replace(self._session.options, query=dict(value))

    @property
    def middleware(self) -> tuple[MiddlewareInput, ...]:
        """What stands around each attempt, the outermost first."""
        return self._session.options.middleware

    @property
    def open_telemetry(self) -> bool | OpenTelemetryOptions | None:
        """What is recorded for OpenTelemetry, as it was given; None to ask the environment."""
        return cast("bool | OpenTelemetryOptions | None", self._session.options.open_telemetry)

    @property
    def costs(self) -> Ledger:
        """What the calls of this client cost, and those of clients made from it."""
        from .costs.spending import Ledger  # most programs do not ask

        return Ledger(self._session.tally)

    @property
    def is_closed(self) -> Closed:
        """Whether `close` was called."""
        return Closed(self._session.closed)

    def _credential_of(self, header: str) -> str | None:
        credential = self._session.options.credential
        if credential is None or credential.header != header or is_lost(credential):
            return None
        return credential.text

    def _set_credential(self, header: str, setting: str, value: str | None) -> None:
        value = cast("str | None", hidden(value))
        if value is not None:
            self._change(**{setting: value})
        elif self._credential_of(header) is not None:
            self._session.options = replace(self._session.options, credential=None)

    def _change(self, **settings: object) -> None:
        self._session.options = self._session.options.changed(settings)

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute that there is; refuse a public name that nobody would read.

        Raises:
            AttributeError: there is no such setting; the message names the nearest one.
        """
        if not name.startswith("_") and not hasattr(self, name) and self._is_ours():
            raise AttributeError(
                f"{type(self).__name__} has no setting {name!r}{nearest(name, dir(type(self)))}"
            )
        super().__setattr__(name, value)
        if name == "request":
            self._send_through(self._session, value)

    def _is_ours(self) -> bool:
        """Return whether the names are known: a subclass may have attributes of its own."""
        return type(self).__module__.startswith(f"{__package__}.")

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name == "request":
            self._send_directly(self._session)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url} ({self._session.options.key_source})>"


def _is_computed(client: BaseClient, name: str) -> bool:
    """Return whether an attribute of `client` was computed on first look."""
    return isinstance(getattr(type(client), name, None), cached_property)


def _without_plain_secrets(settings: Any) -> Any:
    """Return `settings` with each key, token and secret header as an object that hides it."""
    shown = {**settings}
    for name in ("api_key", "auth_token"):
        if name in shown:
            shown[name] = hidden(shown[name])
    for name in ("default_headers", "set_default_headers"):
        headers: object = shown.get(name)
        if headers is not None and isinstance(headers, Mapping):  # quick for most: they give none
            shown[name] = {
                header: hidden(value) if is_secret_header(str(header)) else value
                for header, value in cast("Mapping[object, object]", headers).items()
            }
    return shown


def _options_with_any_url(settings: dict[str, Any], error: UnusableURLError) -> Options:
    """Return the settings of a client whose calls all fail, where the official one makes it, too.

    Programs for the official package, their tests above all, make clients that they never call.

    Raises:
        UnusableURLError: antiphon does not stand in for the official package.
    """
    if not getattr(sys.modules.get("anthropic"), "is_antiphon", False):
        raise error
    warnings.warn_explicit(f"{error}; its calls will fail", UserWarning, *line_of_caller())
    options = resolve_options({**settings, "base_url": DEFAULT_BASE_URL}, os.environ)
    return replace(options, base_url=URL(error.url))


def _renamed(settings: dict[str, Any]) -> dict[str, Any]:
    """Return `settings` with old names replaced by new ones, and names of things by the things.

    The clocks of an `http_client` are those of the client, unless it is given others.
    """
    clocks = clocks_of(settings.get("http_client"))
    if clocks is not None and is_absent(settings.get("timeout", omit)):
        settings["timeout"] = clocks
    if isinstance(settings.get("limiter"), str):
        from .limiter import limiter_of

        settings["limiter"] = limiter_of(settings["limiter"])
    if not isinstance(settings.get("open_telemetry"), (NotGiven, bool, NoneType)):
        from .open_telemetry.settings import settings_of

        settings_of(settings["open_telemetry"])  # so that a mistake is reported here
    old = settings.pop("wire", None)
    if old is None or isinstance(old, NotGiven):
        return settings
    if old not in _OLD_WIRE:
        raise ValueError(f"wire: {old!r} is neither 'auto' nor 'plain'")
    new = _OLD_WIRE[old]
    warnings.warn(
        f"wire={old!r} is now called large_responses={new!r}; the old name goes in version 0.3",
        DeprecationWarning,
        stacklevel=3,
    )
    return {**settings, "large_responses": new}
