"""The pytest plugin: fixtures with a local server, a marker that scripts it, and offline runs.

pytest loads this module in every run of every project in whose environment antiphon is installed.
So nothing of antiphon is imported before a test asks for it.

There is one socket for each process of a run, and a new app behind it for each test. Processes of
pytest-xdist share nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .._async.client import AsyncClient
    from .._sync.client import Client
    from ..local.serving.local_server import LocalServer

__all__ = ["antiphon_async_client", "antiphon_client", "antiphon_server"]

_MARKER = "antiphon(script=, cassette=, faults=, seed=): run the test with a scripted local server"
_CASSETTE_NOTE = (
    "Each test plays all of its cassette. Where several tests share a marker, give each its own:"
    ' cassette="{test}.jsonl", and record them again with --antiphon-record.'
)
# As in `local.scripting.cassette`, which is not to be loaded here.
_MODES = ("none", "once", "new_episodes", "all", "rewrite")
_SOURCES = frozenset({"script", "cassette"})  # of replies: a test has one of them


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("antiphon")
    group.addoption(
        "--antiphon-offline",
        action="store_true",
        help="fail tests that make a connection which would leave this machine",
    )
    group.addoption(
        "--antiphon-record",
        *(f"--antiphon-record={mode}" for mode in _MODES),
        action=_RecordOption,
        nargs=0,
        dest="antiphon_record",
        default="none",
        help="what is recorded into the cassettes of tests, with your key; once by default",
    )


class _RecordOption(argparse.Action):
    """An option with a mode, whose mode may be left out.

    Each form is an option of its own: an optional argument would swallow the path behind it.
    """

    def __call__(
        self, _parser: Any, namespace: Any, _values: Any, option_string: Any = None
    ) -> None:
        mode = option_string.partition("=")[2]
        setattr(namespace, self.dest, mode or "once")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin to refuse connections if that is wanted: the first ``conftest.py`` may make one."""
    if early_config.known_args_namespace.antiphon_offline:
        from .offline_run import begin

        begin(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)
    _leave_as_it_is(config)
    # Not begun yet if a ``conftest.py`` loaded this plugin.
    if config.getoption("--antiphon-offline"):
        from .offline_run import begin

        begin(config)


def _leave_as_it_is(config: pytest.Config) -> None:
    """Let pytest import antiphon like any other package.

    It rewrites the asserts of all modules of a package that has a plugin, so that failing ones show
    their values. Ours state what is always true, and rewriting them takes a second of each run that
    finds no cache. There is no public way to say so; tried with pytest 8.4 and 9.2.
    """
    hook = getattr(config.pluginmanager, "rewrite_hook", None)
    marked: Any = getattr(hook, "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard(__name__.partition(".")[0])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give a marked test its server, also if it does not ask for the fixture.

    It comes before all other fixtures, which may make clients.
    """
    # Items of other plugins (doctests, YAML files) have no fixtures.
    names: list[str] | None = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("antiphon"):
        others = [name for name in names if name != "antiphon_server"]
        # A new list: all parameters of a test share the old one, and not all need be marked.
        vars(item)["fixturenames"] = ["antiphon_server", *others]


def _asked(item: pytest.Item) -> dict[str, Any]:
    """Return what the markers of a test ask for; the nearest one wins."""
    asked: dict[str, Any] = {}
    for node in item.listchain():
        # In the order of a node's own: base classes before the class, parameters at the end.
        for marker in node.own_markers:
            if marker.name == "antiphon":
                _check(marker)
                replaced = _SOURCES if marker.kwargs.keys() & _SOURCES else ()
                kept = {name: asked[name] for name in asked if name not in replaced}
                asked = {**kept, **marker.kwargs}
    return asked


def _check(marker: pytest.Mark) -> None:
    from .server_setup import OPTIONS

    unknown = [name for name in marker.kwargs if name not in OPTIONS]
    if marker.args or unknown:
        raise pytest.UsageError(
            f"@pytest.mark.antiphon takes the keywords {', '.join(OPTIONS)} only;"
            f" not {', '.join([*map(repr, marker.args), *unknown])}"
        )


@pytest.fixture(scope="session")
def _antiphon_socket() -> Iterator[LocalServer]:  # pyright: ignore[reportUnusedFunction]
    from ..local.serving.local_server import LocalServer

    with LocalServer() as server:
        yield server


@pytest.fixture
def antiphon_server(
    request: pytest.FixtureRequest, _antiphon_socket: LocalServer
) -> Iterator[LocalServer]:
    """Run a local server for this test; the environment leads clients to it.

    At the end the fixture calls `server.verify()`.
    """
    from .server_setup import leading_to, renew

    server = _antiphon_socket
    asked = _asked(request.node)
    wanted: Any = request.config.getoption("--antiphon-record")
    mode: Any = "none" if asked.get("cassette") is None else wanted
    renew(server, request.path.parent, request.node.name, **asked, mode=mode)
    # Not the fixture `monkeypatch`: a test that undoes its own patches must keep its server.
    with leading_to(server.url, records=mode != "none"):
        yield server
    try:
        server.verify()
    except AssertionError as error:
        if mode == "none" and asked.get("cassette") is not None:
            error.add_note(_CASSETTE_NOTE)
        raise


@pytest.fixture
def antiphon_client(antiphon_server: LocalServer) -> Iterator[Client]:
    """Return a client of `antiphon_server`."""
    from .._sync.client import Client
    from .server_setup import key_for_clients

    with Client(base_url=antiphon_server.url, api_key=key_for_clients()) as client:
        yield client


@pytest.fixture
def antiphon_async_client(antiphon_server: LocalServer) -> AsyncClient:
    """Return an async client of `antiphon_server`; its connections end with their event loop."""
    from .._async.client import AsyncClient
    from .server_setup import key_for_clients

    return AsyncClient(base_url=antiphon_server.url, api_key=key_for_clients())
