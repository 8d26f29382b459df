"""How a command is added to the parser of `antiphon`, or to that of `antiphon bulk`."""

from __future__ import annotations

import argparse

__all__ = ["add_command"]


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],  # pyright: ignore[reportPrivateUsage] it has no other name
    name: str,
    says: str,
    examples: str,
) -> argparse.ArgumentParser:
    """Add the parser of a command, which names itself `parser` in what is parsed.

    Args:
        commands: what `add_subparsers` returned.
        name: the name of the command.
        says: what it does, in a few words.
        examples: shown below the options.
    """
    added = commands.add_parser(
        name,
        help=says,
        description=f"{says[0].upper()}{says[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(parser=added)
    return added
