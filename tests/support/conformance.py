"""What the conformance tests share: rows that run on every transport, and their table."""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import anyio
import pytest

from antiphon.errors import APIConnectionError
from tests.support.certificates import certified
from tests.support.tracebacks import shown_with_locals
from tests.support.transport_kits import KITS, Kit
from tests.support.wire_server import PATIENCE, ConnectProxy, Peer, WireServer

SECTIONS = (
    "connecting",
    "tls",
    "proxies",
    "timeouts",
    "broken_responses",
    "whole_responses",
    "redirects",
    "connections",
    "interruption",
)
"""The modules of the suite, in the order of the table."""


class Row(NamedTuple):
    """One row of the table: its place, and the transports it does not run on, with reasons."""

    section: str
    without: dict[str, str]


ROWS: dict[str, Row] = {}


def add_row(title: str, body: Callable[..., Any], **unless: str) -> list[Any]:
    """Note a row; return the parameters of a test that runs on the row's transports."""
    without = {
        name.replace("_", " ").replace("httpx2 ", "httpx2, "): why for name, why in unless.items()
    }
    assert without.keys() <= KITS.keys()
    ROWS[title] = Row(body.__module__.rpartition(".test_")[2], without)
    return each(kit for kit in KITS.values() if kit.name not in without)


def each(kits: Iterable[Kit]) -> list[Any]:
    """Return the parameters of a test that runs on these transports."""
    # trio warns of the generators that httpx2 leaves half-way when a response is cut.
    quiet = pytest.mark.filterwarnings("ignore:Async generator .httpx:ResourceWarning")
    quiet_too = pytest.mark.filterwarnings("ignore:Async generator .httpcore:ResourceWarning")
    return [
        pytest.param(kit, id=kit.name, marks=[quiet, quiet_too] if kit.backend == "trio" else [])
        for kit in kits
    ]


def row(title: str, *, options: dict[str, Any] | None = None, **unless: str) -> Callable[..., Any]:
    """Make a test for every transport of a coroutine that is given the open transport."""

    def decorate(body: Callable[..., Any]) -> Callable[..., None]:
        @pytest.mark.parametrize("kit", add_row(title, body, **unless))
        def test(kit: Kit) -> None:
            kit.run(body, **(options or {}))

        return test

    return decorate


CREDENTIALS = f"Basic {b64encode(b'me:pass word').decode()}"
"""What a proxy is sent for `me:pass%20word@`."""


def proxy_row(title: str, *, tls: bool = False, given: str = "") -> Callable[..., Any]:
    """Make a row whose transport is made while the environment names a proxy."""

    def decorate(body: Callable[..., Any]) -> Callable[..., None]:
        @pytest.mark.usefixtures("trusted")
        @pytest.mark.parametrize("kit", add_row(title, body))
        def test(kit: Kit, proxied: Any, monkeypatch: pytest.MonkeyPatch) -> None:
            own = certified("127.0.0.1") if tls else None
            with ConnectProxy(CREDENTIALS if given else None, own) as proxy:
                proxied(proxy, given)
                monkeypatch.setenv("NO_PROXY", "direct.invalid")
                kit.run(body, proxy)

        return test

    return decorate


_WRONG = b64encode(b"me:wrong").decode()


async def failure_of(awaitable: Any) -> APIConnectionError:
    """Return the error that `awaitable` ends with.

    It has a cause, and no local variable of any of its frames shows a secret.
    """
    with pytest.raises(APIConnectionError) as caught:
        await awaitable
    error = caught.value
    assert error.elapsed is not None
    assert error.phase in str(error)
    shown = shown_with_locals(error)
    assert not any(secret in shown for secret in ("sk-secret", "wrong@", _WRONG))
    assert error.__cause__ is not None
    return error


async def seen(event: threading.Event) -> None:
    """Wait, in a worker thread, until the server's side has come this far."""
    assert await anyio.to_thread.run_sync(event.wait, PATIENCE, abandon_on_cancel=True)


def responding(*parts: bytes | Callable[[Peer], Any]) -> WireServer:
    """Return a server that sends these bytes after every request, then closes."""

    def script(peer: Peer) -> None:
        peer.request()
        for part in parts:
            part(peer) if callable(part) else peer.send(part)

    return WireServer(script)


def table() -> str:
    """Return the table: ✓ where a row runs, else the number of the note that says why not."""
    rows = sorted(ROWS.items(), key=lambda item: SECTIONS.index(item[1].section))
    notes = sorted({why for _, row in rows for why in row.without.values()})
    lines = [f"| | {' | '.join(KITS)} |", f"|---|{':-:|' * len(KITS)}"]
    for title, row in rows:
        marks = [str(notes.index(row.without[k]) + 1) if k in row.without else "✓" for k in KITS]
        lines.append(f"| {title} | {' | '.join(marks)} |")
    numbered = [f"{number}. {why}" for number, why in enumerate(notes, 1)]
    return "\n".join([*lines, "", *numbered, ""])
