"""The settings of a client: defaults, then the environment, then the client, then the call.

The later one wins. Settings are checked where they are given, so a wrong value is reported with the
name of its argument and not by a failing request.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, Literal, cast
from urllib.parse import urlencode, urlsplit

from .._version import __version__
from .._wire.http import Timeout
from .._wire.secret import LostSecret, Secret, is_secret_header
from .._wire.sentinels import ABSENT, Omit, is_absent
from .._wire.url import URL, UnusableURLError
from ..errors import CredentialsError
from .arguments import line_of_caller
from .retry import RetryPolicy

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_TIMEOUT",
    "DEFAULT_VERSION",
    "Credential",
    "CredentialProvider",
    "HeaderValue",
    "LargeResponses",
    "Options",
    "check_mapping",
    "checked_gate",
    "checked_headers",
    "has_credential",
    "hidden",
    "is_lost",
    "joined_betas",
    "resolve_options",
    "with_credential_of",
]

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULT_VERSION = "2023-06-01"
"""Accepts `temperature`, `top_p` and `top_k`, which 2026-10-21 rejects."""
DEFAULT_TIMEOUT = Timeout()
# Decoded bytes. No message comes near it; a server gone wrong must not fill the memory.
DEFAULT_MAX_RESPONSE_BYTES = 256 * 1024 * 1024
DEFAULT_RETRY = RetryPolicy()

LargeResponses = Literal["stream", "wait"]
"""Whether `create` streams a response that may take long, or waits for it in silence."""

HeaderValue = str | Secret | Omit
"""A header as it is set: a text, a credential, or `omit` to leave the header out."""

_KEY_HEADER, _TOKEN_HEADER = "x-api-key", "authorization"
_BETA_HEADER = "anthropic-beta"

# A transport writes these itself, from the request; a second one would contradict it.
_OWN_HEADERS = frozenset({"content-length", "host", "transfer-encoding"})

# The `token` of RFC 9110 §5.6.2: what the name of a header may consist of.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# The `field-value` of RFC 9110 §5.5, which is sent as Latin-1.
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class CredentialProvider:
    """A function of the user that gives the key or the token of each call."""

    __slots__ = ("provide",)

    def __init__(self, provide: Callable[[], Any]) -> None:
        self.provide: Callable[[], Any] = provide

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        return LostSecret, ()  # in a pickle; a function may hold a key


@dataclass(frozen=True, slots=True)
class Credential:
    """The header that proves who is calling, and where its value came from."""

    header: str
    value: Secret | CredentialProvider
    source: str

    @property
    def text(self) -> str | None:
        """The key or the token, without the `Bearer` before it; None if a function gives it."""
        if isinstance(self.value, CredentialProvider):
            return None
        return self.value.reveal().removeprefix("Bearer ")

    def provided(self, value: object) -> dict[str, str | Secret]:
        """Return the header for what the user's function gave.

        Raises:
            TypeError: it is no text.
            ValueError: it cannot stand in a header.
        """
        prefix = "Bearer " if self.header == _TOKEN_HEADER else ""
        return {self.header: _sendable(value, f"{self.source}()").prefixed(prefix)}


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of a client, complete and checked."""

    base_url: URL = URL(DEFAULT_BASE_URL)  # noqa: RUF009 (immutable)
    credential: Credential | None = None
    timeout: Timeout = DEFAULT_TIMEOUT
    retry: RetryPolicy = DEFAULT_RETRY
    version: str = DEFAULT_VERSION
    headers: Mapping[str, HeaderValue] = field(default_factory=dict[str, HeaderValue])
    query: Mapping[str, object] = field(default_factory=dict[str, object])
    large_responses: LargeResponses = "stream"
    lenient_streams: bool = False
    allow_plain_http: bool = False
    max_response_bytes: int | None = DEFAULT_MAX_RESPONSE_BYTES
    middleware: tuple[Any, ...] = ()
    """What stands around each attempt, the outermost first; sessions give it its meaning."""
    budget: Any = None
    """A `Gate` of `_core.flow` that refuses calls beyond a limit of cost."""
    open_telemetry: Any = None
    """What is recorded of the calls, as it was given; None to ask the environment."""
    limiter: Any = None
    """A `Gate` of `_core.flow` that holds calls back."""

    @property
    def key_source(self) -> str:
        """Where the credential came from, to show instead of it."""
        return f"key from {self.credential.source}" if self.credential else "no key"

    def changed(self, given: Mapping[str, Any]) -> Options:
        """Return these settings with what was `given` in their place; absent values change nothing.

        Headers and query parameters are added to those there are.

        Raises:
            TypeError: a setting has the wrong type.
            ValueError: a setting has an impossible value; the message names it.
        """
        return replace(self, **_changes(self, given))

    def own_headers(self) -> dict[str, HeaderValue]:
        """Return the headers of every request but the credential."""
        return {
            "accept": "application/json",
            "anthropic-version": self.version,
            "content-type": "application/json",
            "user-agent": f"antiphon/{__version__}",
            **self.headers,
        }

    def request_headers(
        self, extra: Mapping[str, HeaderValue], betas: Iterable[str] = ()
    ) -> dict[str, str | Secret]:
        """Return the headers of one request.

        Args:
            extra: headers of the call; they win, and `omit` removes a header.
            betas: beta features of the call, added to those of the client.

        Raises:
            CredentialsError: there is no credential, here or among the headers.
        """
        headers: dict[str, Any] = self.own_headers()  # in the end without any `omit`
        # Betas are a list, so those of the call are added; other headers replace one another.
        if betas:
            headers[_BETA_HEADER] = joined_betas(headers.get(_BETA_HEADER), betas)
        headers.update(extra)
        # A credential among the headers is the only one: two would contradict each other.
        if not has_credential(headers):
            credential = self.credential
            if credential is None or isinstance(credential.value, LostSecret):
                raise self._without_credential()
            if not isinstance(credential.value, CredentialProvider):
                headers[credential.header] = credential.value
        if extra or self.headers:  # where an `omit` may be
            return {k: v for k, v in headers.items() if not isinstance(v, Omit)}
        return headers

    def _without_credential(self) -> CredentialsError:
        if self.credential is None:
            return CredentialsError(
                "No API key: pass Client(api_key=…) or set ANTHROPIC_API_KEY; for a bearer token"
                " pass auth_token=… or set ANTHROPIC_AUTH_TOKEN. To work without either, run"
                " `antiphon serve` and use the base URL it prints, with any key."
            )
        return CredentialsError(
            "No API key: this client was loaded from a pickle, which never holds a key, and"
            " neither ANTHROPIC_API_KEY nor ANTHROPIC_AUTH_TOKEN was set when it was loaded."
            " Set client.api_key = … before the first call."
        )

    def url(self, path: str, query: Mapping[str, object]) -> URL:
        """Return the absolute URL of an endpoint."""
        # Most clients have no query at all; this spares them the encoding of nothing.
        if not self.query and not query and "?" not in self.base_url:
            return URL(f"{self.base_url}{path}")
        base, _, own = self.base_url.partition("?")
        given = {name: _query_value(v) for name, v in {**self.query, **query}.items()}
        asked = {name: value for name, value in given.items() if value is not None}
        parameters = "&".join(filter(None, (own, urlencode(asked, doseq=True))))
        return URL(f"{base}{path}?{parameters}" if parameters else f"{base}{path}")


def _changes(options: Options, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `options` that `given` changes, with their new values."""
    settings = {name: value for name, value in given.items() if not isinstance(value, ABSENT)}
    changes: dict[str, Any] = {
        _FIELDS[name][0]: _FIELDS[name][1](value)
        for name, value in settings.items()
        if name in _FIELDS
    }
    if url := settings.get("base_url"):
        changes["base_url"] = _base_url(url)
    if version := settings.get("anthropic_version"):
        changes["version"] = version
    if credential := _credential(settings):
        changes["credential"] = credential
    if headers := checked_headers(settings.get("default_headers"), "default_headers"):
        changes["headers"] = {**options.headers, **headers}
    if query := check_mapping(settings.get("default_query"), "default_query"):
        changes["query"] = {**options.query, **query}
    return changes


def _as_it_is(value: object) -> object:
    return value


def checked_gate(name: str, given: Any) -> Any:
    """Return a budget or a limiter.

    Raises:
        TypeError: it is neither; the message names the argument.
    """
    if given is None or callable(getattr(given, "admit", None)):
        return given
    raise TypeError(f"{name}: expected an antiphon.{name.title()}, got {type(given).__name__}")


def _middleware(given: Iterable[Any] | None) -> tuple[Any, ...]:
    """Return what was given as a tuple; None stands for no middleware."""
    try:
        return tuple(given or ())
    except TypeError as error:
        kind = type(given).__name__
        raise TypeError(f"middleware: expected a list of functions, got {kind}") from error


def _custom_headers(lines: str) -> dict[str, HeaderValue]:
    """Return the headers that the environment adds: one a line, as `Name: value`."""
    pairs = [line.partition(":") for line in lines.split("\n") if ":" in line]
    headers = {name.strip(): value.strip() for name, _, value in pairs}
    return checked_headers(headers, "ANTHROPIC_CUSTOM_HEADERS")


def _query_value(value: object) -> object:
    """Return a query parameter as it is written in a URL; None and sentinels are left out."""
    if value is None or is_absent(value):
        return None
    return str(value).lower() if isinstance(value, bool) else value


def has_credential(headers: Mapping[str, object]) -> bool:
    """Return whether `headers` say who is calling, or that nobody is."""
    return _KEY_HEADER in headers or _TOKEN_HEADER in headers


def resolve_options(given: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """Return the settings of a new client: `given`, then the environment, then the defaults.

    Raises:
        TypeError: a setting has the wrong type.
        ValueError: a setting has an impossible value; the message names it.
    """
    base_url = given.get("base_url") or environ.get("ANTHROPIC_BASE_URL") or DEFAULT_BASE_URL
    # The headers of the environment come first, so those of the client win.
    custom = environ.get("ANTHROPIC_CUSTOM_HEADERS")
    own = Options(headers=_custom_headers(custom)) if custom else _DEFAULTS
    # Not by `changed`: reading all fields of the defaults would take longer than the rest.
    fields: dict[str, Any] = {"headers": own.headers}
    options = Options(**fields | _changes(own, {**given, "base_url": base_url}))
    return with_credential_of(options, environ) if options.credential is None else options


def is_lost(credential: Credential | None) -> bool:
    """Return whether the value of `credential` was left out of a pickle."""
    return credential is not None and isinstance(credential.value, LostSecret)


def with_credential_of(options: Options, environ: Mapping[str, str]) -> Options:
    """Return `options` with the credential of the environment, if there is one."""
    found = _from_environment(environ)
    return options if found is None else replace(options, credential=found)


def joined_betas(header: HeaderValue | None, betas: Iterable[str]) -> str:
    """Return an `anthropic-beta` header with `betas` behind what it holds, each of them once.

    Raises:
        TypeError: `betas` is a text instead of a list of texts, or holds something else.
    """
    if isinstance(betas, str):
        raise TypeError(f"betas: give a list of texts, for example betas=[{betas!r}]")
    if not isinstance(cast("object", betas), Iterable):
        raise TypeError(f"betas: expected a list of texts, got {type(betas).__name__}")
    given = list(betas)
    for index, beta in enumerate(given):
        if not isinstance(beta, str):  # pyright: ignore[reportUnnecessaryIsInstance] users' values
            raise TypeError(f"betas[{index}]: expected a str, got {type(beta).__name__}")
    known = header.split(",") if isinstance(header, str) else []
    # A dict keeps the order and drops repeats; some gateways refuse a beta that is named twice.
    return ",".join(dict.fromkeys(beta.strip() for beta in [*known, *given] if beta.strip()))


def _from_environment(environ: Mapping[str, str]) -> Credential | None:
    # An empty variable counts as unset: shells and CI systems cannot always unset one.
    if environ.get("ANTHROPIC_API_KEY"):
        return _key(environ["ANTHROPIC_API_KEY"], "ANTHROPIC_API_KEY")
    if environ.get("ANTHROPIC_AUTH_TOKEN"):
        return _token(environ["ANTHROPIC_AUTH_TOKEN"], "ANTHROPIC_AUTH_TOKEN")
    return None


def _credential(settings: Mapping[str, Any]) -> Credential | None:
    key, token = settings.get("api_key"), settings.get("auth_token")
    # Which one would be sent is nothing to guess about.
    if key is not None and token is not None:
        raise ValueError(
            "api_key and auth_token: give one of them; a request carries one credential"
        )
    if key is not None:
        return _key(key, "api_key")
    return None if token is None else _token(token, "auth_token")


def _key(key: object, source: str) -> Credential:
    if callable(key):
        return Credential(_KEY_HEADER, CredentialProvider(key), source)
    return Credential(_KEY_HEADER, _sendable(key, source), source)


def _token(token: object, source: str) -> Credential:
    if callable(token):
        return Credential(_TOKEN_HEADER, CredentialProvider(token), source)
    return Credential(_TOKEN_HEADER, _sendable(token, source).prefixed("Bearer "), source)


def hidden(value: object) -> object:
    """Return a text as a secret, so that no local variable of ours shows it; else the value."""
    return Secret(value) if isinstance(value, str) else value


def _sendable(secret: object, source: str) -> Secret:
    """Return `secret` if it can stand in a header; neither the error nor this frame shows it."""
    secret = hidden(secret)
    if not isinstance(secret, Secret):
        raise TypeError(f"{source}: expected a str, got {type(secret).__name__}")
    if not secret.fits_a_header:
        raise ValueError(
            f"{source}: empty, or holds a space, a line break or a non-ASCII character"
        )
    return secret


def _base_url(url: object) -> URL:
    text = str(url)  # programs pass URL objects of other libraries
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise ValueError(
            "base_url: holds a user or password; send them with"
            " default_headers={'authorization': …}"
        )
    if "#" in text:
        raise ValueError(
            f"base_url: {text!r} holds a fragment (#…), which is never sent; leave it out"
        )
    if not _names_a_host(text):
        raise UnusableURLError(text)
    base, mark, query = text.partition("?")
    return URL(_without_endpoint(base.rstrip("/")) + mark + query)


def _without_endpoint(base: str) -> str:
    """Return `base` without the part that each endpoint adds itself."""
    for end in ("/v1/messages", "/v1"):
        if base.endswith(end):
            shorter = base.removesuffix(end)
            warnings.warn_explicit(
                f"base_url: {base!r} ends in {end!r}, which is added to each request anyway;"
                f" using {shorter!r}",
                UserWarning,
                *line_of_caller(),
            )
            return shorter
    return base


_HOST = re.compile(r"[^\s:]*:[^\s]*|[^\s.]{1,63}(\.[^\s.]{1,63})*\.?")


@lru_cache(maxsize=64)  # a program makes many clients, with few URLs
def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        name = host if host.isascii() else host.encode("idna").decode()
    except ValueError:  # brackets, a port or a name that cannot be
        return False
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(name))


def _retry(max_retries: object) -> RetryPolicy:
    # `True` is an int to Python, but nobody means one retry by it.
    if not isinstance(max_retries, int) or isinstance(max_retries, bool) or max_retries < 0:
        kind = ValueError if isinstance(max_retries, (int, float)) else TypeError
        raise kind(
            f"max_retries cannot be {max_retries!r}: give a whole number; 0 turns retries off"
        )
    return RetryPolicy(max_retries)


def _max_bytes(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"max_response_bytes: {value!r} is not a number of bytes from 1, or None")
    return value


def _large_responses(value: LargeResponses) -> LargeResponses:
    if value not in ("stream", "wait"):
        raise ValueError(f"large_responses: {value!r} is neither 'stream' nor 'wait'")
    return value


def checked_headers(headers: Mapping[str, Any] | None, argument: str) -> dict[str, HeaderValue]:
    """Return `headers` with lower-case names, checked; the errors never show a secret value.

    Raises:
        TypeError: they are no mapping, or a value is neither a `str` nor `omit`.
        ValueError: a name or a value cannot be sent, or the transport sets this header itself.
    """
    return {
        _checked_name(name, argument): _checked_value(value, f"{argument}[{name!r}]", name)
        for name, value in check_mapping(headers, argument).items()
    }


def check_mapping(given: object, argument: str) -> Mapping[str, Any]:
    """Return a mapping that was given; an empty one for None.

    Raises:
        TypeError: it is something else.
    """
    if given is None:
        return {}
    if not isinstance(given, (dict, Mapping)):
        # Not shown: it may be a key, given for the headers that hold it.
        raise TypeError(f"{argument}: expected a dict, got {type(given).__name__}")
    return cast("Mapping[str, Any]", given)


def _checked_name(name: object, argument: str) -> str:
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{argument}[{name!r}]: this is not the name of a header")
    lowered = name.lower()
    if lowered in _OWN_HEADERS:
        raise ValueError(f"{argument}[{name!r}]: set for each request; leave this header out")
    return lowered


def _checked_value(value: object, where: str, name: str) -> HeaderValue:
    if is_secret_header(name):
        value = hidden(value)  # before anything can fail
    if isinstance(value, Omit):
        return value
    if not isinstance(value, (str, Secret)):
        raise TypeError(f"{where}: expected a str or omit, got {type(value).__name__}")
    if not _is_sendable(value):
        raise ValueError(
            f"{where}: holds a line break or another character that a header cannot carry;"
            " only printable Latin-1 characters and tabs can be sent"
        )
    return value


def _is_sendable(value: str | Secret) -> bool:
    return bool(_HEADER_VALUE.fullmatch(value.reveal() if isinstance(value, Secret) else value))


_DEFAULTS = Options()

# The settings that become a field, whose name and value may be others: what reads the value.
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "timeout": ("timeout", Timeout.of),
    "max_retries": ("retry", _retry),
    "large_responses": ("large_responses", _large_responses),
    "lenient_streams": ("lenient_streams", _as_it_is),
    "allow_plain_http": ("allow_plain_http", _as_it_is),
    "max_response_bytes": ("max_response_bytes", _max_bytes),
    "middleware": ("middleware", _middleware),
    "open_telemetry": ("open_telemetry", _as_it_is),
    "budget": ("budget", partial(checked_gate, "budget")),
    "limiter": ("limiter", partial(checked_gate, "limiter")),
}
