"""The rule book: what the Messages API refuses, in the API's own words.

The local server refuses with the first finding, and `client.messages.check` lists them all. Import
from here: `findings` looks for problems in a request, `RULES` is the book as a table of `Rule`s,
and `repair` mends conversations; `evaluation` looks at form and meaning apart. Nothing here sends,
waits, or reads a clock: a request goes in as JSON values, findings come out.
"""

from __future__ import annotations

from .evaluation import findings
from .repair import repair
from .request_view import Endpoint
from .rule import Finding, Rule
from .table import RULES

__all__ = ["RULES", "Endpoint", "Finding", "Rule", "findings", "repair"]
