"""Modules under the names they had in earlier versions.

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

__all__ = ["OLD_MODULES", "find"]

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
    "antiphon.types.messages": "antiphon.types",
}
"""The modules of version 0.1 that moved, and where their names are now."""


def find(name: str) -> ModuleSpec | None:
    """Return how to load a module by its old name; None for all others."""
    return ModuleSpec(name, _AliasLoader()) if name in OLD_MODULES else None


class _AliasLoader(Loader):
    """Loads a module by its old name."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a module with the names of the one that `spec` is the old name of."""
        new = OLD_MODULES[spec.name]
        warnings.warn(
            f"{spec.name} is now {new}; import its names from antiphon, antiphon.types or"
            " antiphon.local. The old name goes in version 0.3",
            DeprecationWarning,
            stacklevel=2,
        )
        return _Alias(spec.name, import_module(new))

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module is loaded under its new name."""


class _Alias(ModuleType):
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
