"""Modules under names that are not ours: those of earlier versions, and the official package's.

The package root asks `find` only for modules of this package that are not there, so an import of
any other module costs nothing.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import names

__all__ = ["OLD_MODULES", "find", "official_name"]

OLD_MODULES = {
    "antiphon.async_client": "antiphon",
    "antiphon.client": "antiphon",
    "antiphon.local.clock": "antiphon.local.metering.clock",
    "antiphon.local.inprocess": "antiphon.local.serving.in_process",
    "antiphon.local.journal": "antiphon.local.api.journal",
    "antiphon.local.latency": "antiphon.local.api.latency",
    "antiphon.local.limits": "antiphon.local.metering.rate_limits",
    "antiphon.local.serve": "antiphon.local.serving.listener",
    "antiphon.local.server": "antiphon.local.serving.local_server",
}
"""The modules of version 0.1 that moved, and where their names are now."""


def find(name: str) -> ModuleSpec | None:
    """Return how to load a module by a name that is not ours; None for all others."""
    if name in OLD_MODULES:
        return ModuleSpec(name, _MovedLoader())
    if names.is_module(name.removeprefix("antiphon.")):
        # As a package, since Python looks for modules below it only then.
        return ModuleSpec(name, _OfficialLoader(), is_package=True)
    return None


class _MovedLoader(Loader):
    """Loads a module by the name that it had in an earlier version."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a module with the names of the one that `spec` is the old name of."""
        new = OLD_MODULES[spec.name]
        warnings.warn(
            f"{spec.name} is now {new}; import its names from antiphon, antiphon.types or"
            " antiphon.local. The old name goes in version 0.3",
            DeprecationWarning,
            stacklevel=2,
        )
        return _MovedModule(spec.name, import_module(new))

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module is loaded under its new name."""


class _MovedModule(ModuleType):
    """A module that has the names of another one."""

    def __init__(self, name: str, module: ModuleType) -> None:
        super().__init__(name, module.__doc__)
        self._module = module

    def __getattr__(self, name: str) -> object:
        return getattr(self._module, name)

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __call__(self, *args: Any, **settings: Any) -> Any:
        # `antiphon.local.serve` was a module; it is a function now. Whoever imported the module has
        # put it in the place of the function, which must go on working.
        return getattr(self._module, self.__name__.rpartition(".")[2])(*args, **settings)


class _OfficialLoader(Loader):
    """Loads a module that the official package has and we have not."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a module whose names are found when they are used."""
        return _OfficialModule(
            spec.name, "Names of the official package, found when they are used."
        )

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: its names are found when they are used."""


class _OfficialModule(ModuleType):
    """A module of the official package: each of its names stands for a thing of ours."""

    def __getattr__(self, name: str) -> object:
        found = official_name(self.__name__.removeprefix("antiphon."), name)
        setattr(self, name, found)  # the next look costs nothing
        return found


def official_name(path: str, name: str) -> object:
    """Return what the official package's `name` in its module `path` stands for.

    Args:
        path: the module, without the package's name: `""` for the package itself.
        name: a name in it, or that of a module in it.

    Raises:
        AttributeError: there is no such name.
    """
    try:
        return names.find(path, name)
    except AttributeError:
        module = f"{path}.{name}".lstrip(".")
        # Python looks for names like `__path__` by itself; none of them is a module.
        if name.startswith("__") or not names.is_module(module):
            raise
        return import_module(f"antiphon.{module}")
