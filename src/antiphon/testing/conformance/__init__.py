"""Whether a server speaks the Messages API: a list of checks, and a score card with evidence.

Each check sends a few requests and looks at the bytes that come back, not at what a client makes of
them: a tolerant client would hide what is wrong. A check raises `NonconformityError` with what it
expected and what it saw. `CHECKS` is the published list, in the order in which they run.

Take the names from here. Nothing of this is loaded before somebody asks for it.
"""

from .checks import CHECKS, ConformityCheck
from .expectations import NonconformityError
from .score_card import CheckResult, ScoreCard, check_server

__all__ = [
    "CHECKS",
    "CheckResult",
    "ConformityCheck",
    "NonconformityError",
    "ScoreCard",
    "check_server",
]
