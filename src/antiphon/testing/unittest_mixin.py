"""The fixtures of the pytest plugin, for `unittest.TestCase`."""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .._sync.client import Client
from ..local.serving.local_server import LocalServer
from .server_setup import KEY, check_options, leading_to, renew

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

    Raises:
        TypeError: the class names `TestCase` first, or its `antiphon_options` are none.
    """

    antiphon_options: ClassVar[dict[str, Any]] = {}
    """What the server of each test begins with: `script`, `cassette`, `faults` and `seed`, as the
    marker of pytest has them."""
    antiphon_server: LocalServer
    """The server."""
    antiphon_client: Client
    """A client of it."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        order = cls.__mro__
        if unittest.TestCase in order[: order.index(LocalServerMixin)]:
            raise TypeError(
                f"{cls.__name__}: name LocalServerMixin before TestCase:"
                f" class {cls.__name__}(LocalServerMixin, TestCase)"
            )
        check_options(f"{cls.__name__}.antiphon_options", cls.antiphon_options)
        own: Any = cls
        if own.setUp is not LocalServerMixin.setUp:
            own.setUp = _checked(own.setUp)

    @classmethod
    def setUpClass(cls) -> None:
        """Start the server."""
        super().setUpClass()
        cls.antiphon_server = LocalServer().start()
        cls.addClassCleanup(cls.antiphon_server.close)

    def setUp(self) -> None:
        """Make the server new, and lead clients to it."""
        super().setUp()
        # That of a base class is closed.
        if "antiphon_server" not in vars(type(self)):
            raise RuntimeError(
                f"{type(self).__name__}.setUpClass: call super().setUpClass(); it starts the server"
            )
        folder = Path(inspect.getfile(type(self))).parent
        name = self._testMethodName
        renew(self.antiphon_server, folder, name, **self.antiphon_options)
        self.addCleanup(self.antiphon_server.verify)
        url = self.antiphon_server.url
        self.enterContext(leading_to(url))
        self.antiphon_client = self.enterContext(Client(base_url=url, api_key=KEY))


def _checked(set_up: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return `setUp` of a class, checked to call ours: else clients would leave this machine."""

    @functools.wraps(set_up)
    def checked(self: Any) -> None:
        set_up(self)
        if "antiphon_client" not in vars(self):
            name = type(self).__name__
            raise RuntimeError(
                f"{name}.setUp: call super().setUp(); it leads clients to the server"
            )

    return checked
