"""What all tests share: a local server, and an environment without anybody's keys."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from antiphon import Client
from antiphon.local import LocalServer

pytest_plugins = ["tests.support.short_reports"]

# A shell starts background jobs with SIGINT ignored, and children inherit that. Tests of interrupts
# need the usual handler; once it is set, the programs that tests start have it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How quick the machine is says nothing about the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("untimed"), max_examples=20)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Take what collection made out of every garbage collection: hundreds of tests run one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def server() -> Iterator[LocalServer]:
    """Run one local server for all tests."""
    with LocalServer() as running:
        yield running


@pytest.fixture
def client(server: LocalServer) -> Client:
    """Return a client of the local server."""
    return Client(base_url=server.url, api_key="test")
