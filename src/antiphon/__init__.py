"""A client of the Messages API, and a local server to develop and test against.

Names are found when they are first used, so that importing this package costs nothing.
"""

from importlib import import_module

from ._version import __version__ as __version__

# Type checkers take this for true. Loading `typing` for it would be most of the import.
TYPE_CHECKING = False  # pyright: ignore[reportConstantRedefinition]
if TYPE_CHECKING:  # each module lists its names in `__all__`
    from . import errors as errors
    from . import types as types
    from ._wire.http import *  # noqa: F403
    from ._wire.sentinels import *  # noqa: F403
    from .async_client import *  # noqa: F403
    from .client import *  # noqa: F403
    from .errors import *  # noqa: F403
    from .responses import *  # noqa: F403
    from .rules import *  # noqa: F403
    from .types import *  # noqa: F403

_SUBMODULES = ("errors", "local", "responses", "rules", "types")
# What people type: shown by `dir`. The other names of `types` and `rules` are found here too.
_SHOWN = ("_wire.sentinels", "_wire.http", "errors", "client", "async_client", "responses")
_HOMES = (*_SHOWN, "rules", "types")


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if not name.startswith("_"):
        for home in _homes(name):
            module = import_module(f"{__name__}.{home}")
            if name in module.__all__:
                found: object = getattr(module, name)
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _homes(name: str) -> tuple[str, ...]:
    """Where `name` may live; neither client is loaded for a name of the other."""
    other = "client" if name.startswith("Async") else "async_client"
    return tuple(home for home in _HOMES if home != other)


def __dir__() -> list[str]:
    modules = [import_module(f"{__name__}.{home}") for home in _SHOWN]
    return sorted(
        {name for module in modules for name in module.__all__} | {*_SUBMODULES, "__version__"}
    )
