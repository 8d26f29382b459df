"""Print the public names of the official package as JSON: run it with an interpreter that has it.

Each module that has no private part in its name is imported, and its `__all__` is taken; if it has
none, its own public names are.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import warnings
from types import ModuleType
from typing import get_origin

import anthropic


def public_names(module: ModuleType) -> list[str]:
    """Return the names that a module offers."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(name for name in listed if name.isidentifier() and name[0] != "_")
    return sorted(name for name, value in vars(module).items() if is_own(name, value))


def is_own(name: str, value: object) -> bool:
    """Return whether a name is public and of the package itself."""
    home = str(getattr(value, "__module__", ""))
    if get_origin(value) is not None:  # an alias of a union or of a literal
        return name[0].isupper()
    return (
        name.isidentifier()
        and not name.startswith("_")
        and not isinstance(value, ModuleType)
        and home.startswith("anthropic")
    )


def described() -> dict[str, list[str]]:
    """Return the names of each public module, whose own name is without the package's."""
    found = {"": public_names(anthropic)}
    for info in pkgutil.walk_packages(anthropic.__path__, "anthropic.", onerror=lambda _: None):
        path = info.name.removeprefix("anthropic.")
        if any(part.startswith("_") for part in path.split(".")):
            continue
        try:
            found[path] = public_names(importlib.import_module(info.name))
        except ImportError:
            found[path] = []  # it needs another package
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump({"version": anthropic.__version__, "modules": described()}, sys.stdout)
