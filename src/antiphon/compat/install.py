"""`import anthropic` made ours, for programs that nobody wants to edit.

`install_as_anthropic` puts one finder in front of Python's. It answers for `anthropic` and what is
below it: the package itself is a module whose names are those of `antiphon`, and each module below
it is the very module of `antiphon`, so `isinstance` and patches agree whichever name was used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module, metadata
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["install_as_anthropic"]

OFFICIAL_VERSION = "2.12.0"
"""The official version whose names we have; programs compare it with what they need."""


def install_as_anthropic() -> None:
    """Make `import anthropic` import antiphon in this process, for programs you do not control.

    Call it before anything imports `anthropic`, or run the program with
    ``python -m antiphon.as_anthropic program.py``. Calling it again does nothing.

    Raises:
        RuntimeError: the official package was imported already.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    # Classes of both packages would be in use, and `except` and `isinstance` would not match.
    if "anthropic" in sys.modules:
        where = getattr(sys.modules["anthropic"], "__file__", None) or "an unknown place"
        raise RuntimeError(
            f"anthropic was imported already, from {where}; call antiphon.install_as_anthropic()"
            " before anything imports it, or run the program with python -m antiphon.as_anthropic"
        )
    # First, so that it also wins where the official package is installed.
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds `anthropic`, the modules below it, and what is known of its installation."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Return how to load a module of `anthropic`; None for all others."""
        if fullname == "anthropic":
            return ModuleSpec(fullname, _RootLoader(), is_package=True)
        if fullname.startswith("anthropic."):
            return ModuleSpec(fullname, _SubmoduleLoader())
        return None

    def find_distributions(self, context: Any = None) -> Iterable[metadata.Distribution]:
        """Give the distribution of `anthropic`, whose version programs ask for."""
        if context is not None and context.name == "anthropic":
            yield _Distribution()


class _RootLoader(Loader):
    """Loads the package `anthropic`."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a module whose names are those of antiphon."""
        return _Anthropic(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: its names are found when they are used."""


class _Anthropic(ModuleType):
    """The package `anthropic`: the names of antiphon, and the version of the official package.

    It is a module of its own, so that the version differs and a patch of `anthropic.Anthropic` does
    not reach programs that use antiphon under its own name.
    """

    __version__ = OFFICIAL_VERSION
    __title__ = "anthropic"
    is_antiphon = True
    """How other modules tell it from the official package, without loading this one."""

    def __getattr__(self, name: str) -> object:
        return getattr(import_module("antiphon"), name)

    def __dir__(self) -> list[str]:
        return dir(import_module("antiphon"))


class _SubmoduleLoader(Loader):
    """Loads a module below `anthropic`: the module of antiphon with that name."""

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to Python to make a module, which `exec_module` replaces."""

    def exec_module(self, module: ModuleType) -> None:
        """Put our module in the place of the new one.

        Raises:
            ModuleNotFoundError: the official package has no such module.
        """
        # Returning our module from `create_module` would make Python overwrite its `__spec__`.
        inner = module.__name__.partition(".")[2]
        try:
            sys.modules[module.__name__] = import_module(f"antiphon.{inner}")
        except ModuleNotFoundError as error:
            message = f"No module named {module.__name__!r} (anthropic is antiphon here)"
            # `name` is what the program asked for; our own name would tell it nothing.
            raise ModuleNotFoundError(message, name=module.__name__) from error


class _Distribution(metadata.Distribution):
    """What `importlib.metadata` tells of the official package."""

    def read_text(self, filename: str) -> str | None:
        """Return the name and the version; None for all other files."""
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: anthropic\nVersion: {OFFICIAL_VERSION}\n"

    def locate_file(self, path: Any) -> Any:
        """Return where a file of the package would be."""
        return Path(__file__).parent / path
