"""How a command ends: its exit code, and a line or two on stderr when it fails."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Final

__all__ = ["COST_CAP", "INTERRUPTED", "NETWORK", "exit_code"]

NETWORK: Final = 7
COST_CAP: Final = 8
# What shells report for a program that SIGINT (2) or SIGPIPE (13) ended: 128 plus its number.
INTERRUPTED: Final = 130
_PIPE_CLOSED = 141

_CHECK_KEY = "antiphon: check ANTHROPIC_API_KEY; if it is not set, a local simulator replies."


def exit_code(options: argparse.Namespace) -> int:
    """Run the chosen command and return its exit code; a failure is printed on stderr.

    A command returns its exit code, or None for 0.
    """
    if sys.stdout is None:  # it was closed before the program started
        return _PIPE_CLOSED
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        # A terminal whose encoding lacks a character shows its code instead of losing the reply.
        reconfigure(errors="backslashreplace")
    try:
        code: int | None = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is left in the buffer has no reader, and must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except Exception as failure:
        return _exit_code_of(failure)
    return code or 0


def _exit_code_of(failure: Exception) -> int:
    """Print a failure that users can do something about; return its exit code."""
    from .. import errors  # a server that starts needs none of them

    if not isinstance(
        failure, errors.AntiphonError | ValueError | TypeError | OSError | ImportError
    ):
        raise failure
    print(f"antiphon: {failure}", file=sys.stderr)
    if isinstance(failure, errors.AuthenticationError):
        print(_CHECK_KEY, file=sys.stderr)
    # The first class that fits decides, so a class stands before the one it derives from.
    codes = (
        (errors.AuthenticationError, 3),
        (errors.PermissionDeniedError, 3),
        (errors.CredentialsError, 3),
        (errors.RateLimitError, 5),
        (errors.InternalServerError, 6),
        (errors.APIStatusError, 4),
        (errors.APIResponseValidationError, 6),
        (errors.APIConnectionError, NETWORK),
        (ValueError, 2),
        (TypeError, 2),
        (OSError, 1),
        (ImportError, 1),  # of a package for a format or an engine
    )
    return next((code for kind, code in codes if isinstance(failure, kind)), 1)
