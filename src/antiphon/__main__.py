"""`python -m antiphon`: the command line."""

from .cli import entry

entry()
