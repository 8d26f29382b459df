from __future__ import annotations

import pytest

from antiphon.local import App, VirtualClock


@pytest.fixture
def app() -> App:
    """A new app on a clock that stands still."""
    return App(VirtualClock())
