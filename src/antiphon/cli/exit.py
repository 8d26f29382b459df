"""How a command ends: exit codes, and failures in a line or two instead of a traceback."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from .. import errors

INTERRUPTED, PIPE_CLOSED = 130, 141

_CHECK_KEY = "antiphon: check ANTHROPIC_API_KEY; without it, a local simulator answers."

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


def reported(options: argparse.Namespace) -> int:
    """Run the command that was chosen; its exit code, once a failure has been told on stderr."""
    if sys.stdout is None:
        return PIPE_CLOSED
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")  # no answer is lost to an encoding
    try:
        import_module(f".{options.module}", __package__).run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is left in the buffer has no reader, and must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except (errors.AntiphonError, ValueError, TypeError, OSError) as failure:
        print(f"antiphon: {failure}", file=sys.stderr)
        if isinstance(failure, errors.AuthenticationError):
            print(_CHECK_KEY, file=sys.stderr)
        return next((code for kind, code in _CODES if isinstance(failure, kind)), 1)
    return 0
