"""How a command ends: exit codes, and failures in a line or two instead of a traceback."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from .. import errors

INTERRUPTED, PIPE_CLOSED = 130, 141

_CODES: tuple[tuple[type[Exception], int], ...] = (
    (errors.AuthenticationError, 3),
    (errors.PermissionDeniedError, 3),
    (errors.CredentialsError, 3),
    (errors.RateLimitError, 5),
    (errors.InternalServerError, 6),
    (errors.APIStatusError, 4),
    (errors.APIResponseValidationError, 6),
    (errors.APIConnectionError, 7),
    (ValueError, 2),
    (TypeError, 2),
    (OSError, 1),
)


def reported(run: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """Run a command; its exit code, once a failure has been told on stderr."""
    try:
        run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is left in the buffer has no reader, and must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except (errors.AntiphonError, ValueError, TypeError, OSError) as failure:
        print(f"antiphon: {failure}", file=sys.stderr)
        return next((code for kind, code in _CODES if isinstance(failure, kind)), 1)
    return 0
