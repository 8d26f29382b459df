"""An app whose responses are given step by step."""

from __future__ import annotations

import threading
from typing import Any

from antiphon._wire.http import Request
from antiphon.local import App, VirtualClock
from antiphon.local.api.steps import Steps, WriteHead

START = WriteHead(200, (("content-type", "text/plain"),))


class ScriptedApp(App):
    """Responds to every request with the same steps; an exception among them is raised."""

    def __init__(self, *steps: Any, clock: VirtualClock | None = None) -> None:
        super().__init__(clock)
        self.steps = steps
        self.ended = threading.Event()

    def __call__(self, request: Request) -> Steps:
        try:
            for step in self.steps:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.ended.set()
