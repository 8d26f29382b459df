"""What a cassette has in the place of a script."""

from __future__ import annotations

from typing import NoReturn

from .rule import ScriptRule
from .script import Script

__all__ = ["CassetteScript"]


class CassetteScript(Script):
    """A script that has faults and takes no rules: the replies are those that were recorded."""

    def add(self, rule: ScriptRule) -> NoReturn:
        """Refuse a rule.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{rule.says}: {_WRONG}")

    def load(self, value: object) -> NoReturn:  # noqa: ARG002  (as of other scripts)
        """Refuse rules.

        Raises:
            ValueError: always.
        """
        raise ValueError(_WRONG)


_WRONG = "this server plays a cassette; give a cassette or a script, not both"
