"""Which certificates are trusted, on which system."""

from __future__ import annotations

import ssl
import sys

import pytest
import truststore

from antiphon._transport import tls
from tests.support.certificates import AUTHORITY, certified
from tests.support.transport_kits import KITS, fetch
from tests.support.wire_server import ConnectProxy, WireServer


@pytest.fixture(autouse=True)
def no_context_is_kept():
    tls._context.cache_clear()
    yield
    tls._context.cache_clear()


@pytest.fixture(params=["darwin", "win32"])
def elsewhere(request, monkeypatch):
    """Another system, as far as the choice of certificates goes."""
    monkeypatch.setattr(sys, "platform", request.param)


def test_the_system_verifies_on_macos_and_windows(elsewhere):
    assert isinstance(tls.shared_context(), truststore.SSLContext)


def test_openssl_verifies_on_linux():
    assert type(tls.shared_context()) is ssl.SSLContext


@pytest.mark.usefixtures("trusted")
def test_named_certificates_win_over_those_of_the_system(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert type(tls.shared_context()) is ssl.SSLContext


@pytest.mark.parametrize("kit", [KITS["sync"], KITS["asyncio"]], ids=lambda kit: kit.name)
@pytest.mark.parametrize("tunnelled", [False, True], ids=["straight", "through a TLS proxy"])
def test_connections_work_with_the_context_of_the_system(monkeypatch, kit, tunnelled):
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    AUTHORITY.configure_trust(context)
    monkeypatch.setattr(tls, "_system_context", lambda: context)

    async def twice(transport, url):
        for _ in range(2):
            assert await fetch(transport, url) == b"ok"

    with (
        WireServer(tls=certified("127.0.0.1", "api.test")) as server,
        ConnectProxy(tls=certified("127.0.0.1")) as proxy,
    ):
        if tunnelled:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        host = "api.test" if tunnelled else "127.0.0.1"
        kit.run(twice, f"https://{host}:{server.port}/")
        assert server.connections == 1
        assert len(proxy.requests) == tunnelled
