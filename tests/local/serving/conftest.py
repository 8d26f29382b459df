from __future__ import annotations

from collections.abc import Iterator

import pytest

from antiphon.local import LocalServer


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """A new server; tests here stop it and move its clock."""
    with LocalServer() as server:
        yield server
