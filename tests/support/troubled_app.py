"""An app of which the next requests to an endpoint go wrong as a test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from antiphon._wire.http import Request
from antiphon.local import App
from antiphon.local.api.errors import RequestRefusedError
from antiphon.local.api.steps import Abort, Close, Pause, Steps, Write, WriteHead

Trouble: TypeAlias = Callable[[App, Request, Steps], Steps]
"""Makes the steps of a response from those that it would have."""


def unharmed(app: App, request: Request, usual: Steps) -> Steps:
    """Let all go well."""
    return usual


def refused(status: int, kind: str, **headers: str) -> Trouble:
    """Refuse the request, and do nothing of what it asks for."""
    refusal = RequestRefusedError(
        status, kind, "trouble", headers=tuple((k.replace("_", "-"), v) for k, v in headers.items())
    )

    def steps(app: App, request: Request, usual: Steps) -> Steps:
        usual.close()
        return app.refuse(request, refusal)

    return steps


def lost(app: App, request: Request, usual: Steps) -> Steps:
    """Do what the request asks for, and lose the response."""
    sent = (WriteHead, Write, Close)
    given = None
    try:
        while True:
            step = usual.send(given)
            given = None if isinstance(step, sent) else (yield step)
    except StopIteration:
        yield Abort()


def cut(lines: int, ending: Abort | Pause) -> Trouble:
    """Send only the first lines of the body; then the connection ends, or stays silent."""

    def steps(app: App, request: Request, usual: Steps) -> Steps:
        left, given = lines, None
        while True:
            step = usual.send(given)
            if isinstance(step, Write):
                if not left:
                    break
                left -= 1
            given = yield step
        yield ending

    return steps


class TroubledApp(App):
    """An app whose `troubles` befall the next requests, by method and the end of the path."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.troubles: dict[tuple[str, str], list[Trouble]] = {}

    def __call__(self, request: Request) -> Steps:
        usual = super().__call__(request)
        path = request.url.partition("?")[0]
        for (method, end), troubles in self.troubles.items():
            if request.method == method and path.endswith(end) and troubles:
                return troubles.pop(0)(self, request, usual)
        return usual
