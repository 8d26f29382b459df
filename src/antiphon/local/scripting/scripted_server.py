"""What can be scripted because it carries requests to an app that follows a script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..api.app import App
from ..api.direction import Fault
from .rule import ScriptRule
from .script import Script
from .scriptable import Scriptable

__all__ = ["ScriptedServer"]


class ScriptedServer(Scriptable):
    """Something that carries requests to an app, whose replies can be scripted.

    Args:
        app: makes the responses; it gets a script without rules if it has none.
        strict: whether a request that no rule of this script answers is an error; by default it is.

    Raises:
        TypeError: `strict` is given, and the app has a script that says otherwise.
    """

    app: App
    """The simulated API."""

    def __init__(self, app: App, *, strict: bool | None = None) -> None:
        if app.script is None:
            app.script = Script(strict=True if strict is None else strict)
        elif strict is not None and strict is not getattr(app.script, "strict", None):
            raise TypeError(
                f"strict: {strict!r}, but the script of the app says otherwise; give it to that one"
                " alone: Script(strict=…)"
            )
        self.app = app

    @property
    def script(self) -> Script:
        """The rules that the app follows.

        Raises:
            TypeError: the app was given a director of another kind, which takes no rules.
        """
        script = self.app.script
        if not isinstance(script, Script):
            raise TypeError(f"script: the app follows {script!r}, which takes no rules")
        return script

    @property
    def faults(self) -> Sequence[Fault]:
        """What goes wrong with responses, unless the request or its rule says something else."""
        return self.script.faults

    @faults.setter
    def faults(self, faults: Iterable[Fault]) -> None:
        self.script.faults = faults

    def add(self, rule: ScriptRule) -> ScriptRule:
        """Add a rule behind the others, and return it."""
        return self.script.add(rule)

    def verify(self) -> None:
        """Check that all went as the script says.

        Raises:
            AssertionError: a request came that no rule answers, or a rule with `times` was not used
                so often.
        """
        self.script.verify()
