"""What every test of the transports begins with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.certificates import AUTHORITY
from tests.support.wire_server import ConnectProxy


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No proxy and no certificates but those a test sets."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUEST_METHOD",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def trusted(plain_environment, monkeypatch, tmp_path):
    """The certificate of `AUTHORITY`, trusted through the environment."""
    path = tmp_path / "company-ca.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def proxied(monkeypatch) -> Callable[..., None]:
    """Names a proxy in the environment."""

    def use(proxy: ConnectProxy, user: str = "") -> None:
        url = proxy.url.replace("://", f"://{user}")
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.setenv("HTTP_PROXY", url)

    return use
