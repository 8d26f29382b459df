"""What the Messages API refuses, without asking it; and conversations repaired.

`client.messages.check(...)` looks at the parameters of a call, `findings` at a body as JSON values.
"""

from ._core.rules import RULES, Finding, Rule, findings, repair

__all__ = ["RULES", "Finding", "Rule", "findings", "repair"]
