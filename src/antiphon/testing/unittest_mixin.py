"""The fixtures of the pytest plugin, for `unittest.TestCase`."""

from __future__ import annotations

import inspect
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from unittest.mock import patch

from .._sync.client import Client
from ..local.serving.local_server import LocalServer
from .server_setup import KEY, environment, renew

__all__ = ["LocalServerMixin"]

# It stands before `TestCase` among the bases, so that a class that forgets `TestCase` is no test.
if TYPE_CHECKING:
    _Case = unittest.TestCase
else:
    _Case = object


class LocalServerMixin(_Case):
    """A local server for the tests of a class: ``class MyTest(LocalServerMixin, TestCase)``.

    There is one socket for a class, and a fresh server for each test. The environment leads clients
    to it. When a test is over, `verify` is called.
    """

    antiphon_options: ClassVar[dict[str, Any]] = {}
    """What the server of each test begins with: `script`, `faults` and `seed`, as the marker of
    pytest has them."""
    antiphon_server: LocalServer
    """The server."""
    antiphon_client: Client
    """A client of it."""

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server."""
        super().setUpClass()
        cls.antiphon_server = LocalServer().start()
        cls.addClassCleanup(cls.antiphon_server.close)

    def setUp(self) -> None:
        """Make the server new, and lead clients to it."""
        super().setUp()
        folder = Path(inspect.getfile(type(self))).parent
        renew(self.antiphon_server, folder, **self.antiphon_options)
        self.addCleanup(self.antiphon_server.verify)
        variables = patch.dict("os.environ", environment(self.antiphon_server.url))
        self.enterContext(variables)
        url = self.antiphon_server.url
        self.antiphon_client = self.enterContext(Client(base_url=url, api_key=KEY))
