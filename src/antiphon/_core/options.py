"""What a client is set to: defaults < environment < client < call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from .._version import __version__
from .._wire.http import Timeout
from .._wire.sentinels import Omit
from ..errors import CredentialsError
from .request_body import is_absent
from .retry import RetryPolicy

DEFAULT_BASE_URL = "https://api.anthropic.com"
DEFAULT_VERSION = "2023-06-01"
"""Accepts `temperature`, `top_p` and `top_k`, which 2026-10-21 rejects."""
DEFAULT_TIMEOUT = Timeout()
DEFAULT_RETRY = RetryPolicy()

Wire = Literal["auto", "plain"]
"""Whether large answers are streamed on the wire."""

_KEY_HEADER, _TOKEN_HEADER = "x-api-key", "authorization"


@dataclass(frozen=True, slots=True)
class Credential:
    """The header that proves who is calling, and where its value came from."""

    header: str
    value: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of a client, complete and checked."""

    base_url: str = DEFAULT_BASE_URL
    credential: Credential | None = None
    timeout: Timeout = DEFAULT_TIMEOUT
    retry: RetryPolicy = DEFAULT_RETRY
    version: str = DEFAULT_VERSION
    headers: Mapping[str, str | Omit] = field(default_factory=dict[str, "str | Omit"])
    query: Mapping[str, object] = field(default_factory=dict[str, object])
    wire: Wire = "auto"
    lenient_streams: bool = False

    @property
    def key_source(self) -> str:
        """Where the credential came from, to show instead of it."""
        return f"key from {self.credential.source}" if self.credential else "no key"

    def changed(self, given: Mapping[str, Any]) -> Options:
        """These settings with what was `given` in their place; absent values change nothing.

        Raises:
            TypeError: a setting has the wrong type.
            ValueError: a setting has an impossible value; the message names it.
        """
        settings = {name: value for name, value in given.items() if not is_absent(value)}
        return replace(
            self,
            base_url=_base_url(settings["base_url"]) if settings.get("base_url") else self.base_url,
            credential=_credential(settings) or self.credential,
            timeout=Timeout.of(settings["timeout"]) if "timeout" in settings else self.timeout,
            retry=_retry(settings["max_retries"]) if "max_retries" in settings else self.retry,
            version=settings.get("anthropic_version") or self.version,
            headers={
                **self.headers,
                **checked_headers(settings.get("default_headers"), "default_headers"),
            },
            query={**self.query, **(settings.get("default_query") or {})},
            wire=_wire(settings.get("wire", self.wire)),
            lenient_streams=settings.get("lenient_streams", self.lenient_streams),
        )

    def request_headers(self, extra: Mapping[str, str | Omit]) -> dict[str, str]:
        """The headers of one request; `extra` wins, and `omit` removes a header.

        Raises:
            CredentialsError: there is no credential, here or among the headers.
        """
        headers: dict[str, str | Omit] = {
            "accept": "application/json",
            "anthropic-version": self.version,
            "content-type": "application/json",
            "user-agent": f"antiphon/{__version__}",
        }
        own = {**self.headers, **extra}
        if _KEY_HEADER not in own and _TOKEN_HEADER not in own:
            credential = self._required_credential()
            headers[credential.header] = credential.value
        headers.update(own)
        return {name: value for name, value in headers.items() if not isinstance(value, Omit)}

    def _required_credential(self) -> Credential:
        if self.credential is None:
            raise CredentialsError(
                "No API key: pass Client(api_key=…) or set ANTHROPIC_API_KEY; for a bearer token pass"
                " auth_token=… or set ANTHROPIC_AUTH_TOKEN. To work without either, run `antiphon serve`"
                " and use the base URL it prints, with any key."
            )
        return self.credential

    def url(self, path: str, query: Mapping[str, object]) -> str:
        """The absolute URL of an endpoint."""
        asked = {**self.query, **query}
        return f"{self.base_url}{path}" + (f"?{urlencode(asked, doseq=True)}" if asked else "")


def resolve_options(given: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
    """The settings of a new client: what was `given`, then the environment, then the defaults."""
    base_url = given.get("base_url") or environ.get("ANTHROPIC_BASE_URL") or DEFAULT_BASE_URL
    options = Options().changed({**given, "base_url": base_url})
    if options.credential is None:
        options = replace(options, credential=_from_environment(environ))
    return options


def _from_environment(environ: Mapping[str, str]) -> Credential | None:
    if environ.get("ANTHROPIC_API_KEY"):
        return _key(environ["ANTHROPIC_API_KEY"], "ANTHROPIC_API_KEY")
    if environ.get("ANTHROPIC_AUTH_TOKEN"):
        return _token(environ["ANTHROPIC_AUTH_TOKEN"], "ANTHROPIC_AUTH_TOKEN")
    return None


def _credential(settings: Mapping[str, Any]) -> Credential | None:
    key, token = settings.get("api_key"), settings.get("auth_token")
    if key is not None and token is not None:
        raise ValueError(
            "api_key and auth_token: give one of them; a request carries one credential"
        )
    if key is not None:
        return _key(key, "api_key")
    return None if token is None else _token(token, "auth_token")


def _key(key: object, source: str) -> Credential:
    return Credential(_KEY_HEADER, _sendable(key, source), source)


def _token(token: object, source: str) -> Credential:
    return Credential(_TOKEN_HEADER, f"Bearer {_sendable(token, source)}", source)


def _sendable(secret: object, source: str) -> str:
    """`secret` if it can stand in a header; the error never shows it."""
    if not isinstance(secret, str):
        raise TypeError(f"{source}: expected a str, got {type(secret).__name__}")
    if not secret.isascii() or not secret.isprintable() or " " in secret or not secret:
        raise ValueError(
            f"{source}: empty, or holds a space, a line break or a non-ASCII character"
        )
    return secret


def _base_url(url: object) -> str:
    text = str(url)
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise ValueError(
            "base_url: holds a user or password; send them with default_headers={'authorization': …}"
        )
    if not _names_a_host(text):
        raise ValueError(f"base_url: {text!r} is not an http:// or https:// URL with a host")
    return text.rstrip("/")


_HOST = re.compile(r"[^\s:]*:[^\s]*|[^\s.]{1,63}(\.[^\s.]{1,63})*\.?")


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        name = host if host.isascii() else host.encode("idna").decode()
    except ValueError:  # brackets, a port or a name that cannot be
        return False
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(name))


def _retry(max_retries: object) -> RetryPolicy:
    if not isinstance(max_retries, int) or isinstance(max_retries, bool) or max_retries < 0:
        raise ValueError(
            f"max_retries: {max_retries!r} is not a whole number from 0; 0 turns retries off"
        )
    return RetryPolicy(max_retries)


def _wire(wire: Wire) -> Wire:
    if wire not in ("auto", "plain"):
        raise ValueError(f"wire: {wire!r} is neither 'auto' nor 'plain'")
    return wire


def checked_headers(headers: Mapping[str, Any] | None, name: str) -> dict[str, str | Omit]:
    """`headers` with lower-case names, checked so that no value can start another header.

    Raises:
        TypeError: a header's value is neither `str` nor `omit`.
        ValueError: a header holds a line break.
    """
    checked: dict[str, str | Omit] = {}
    for header, value in (headers or {}).items():
        if not isinstance(value, (str, Omit)):
            raise TypeError(
                f"{name}[{header!r}]: expected a str or omit, got {type(value).__name__}"
            )
        if isinstance(value, str) and any(mark in f"{header}{value}" for mark in "\r\n\0"):
            raise ValueError(f"{name}[{header!r}]: holds a line break")
        checked[header.lower()] = value
    return checked
