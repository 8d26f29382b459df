"""What travels on the wire: params are what you send, plain nouns are what you receive.

Names are found when first used, so importing this package loads nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # each module lists its names in `__all__`
    from .batches import *  # noqa: F403
    from .beta_blocks import *  # noqa: F403
    from .beta_params import *  # noqa: F403
    from .content import *  # noqa: F403
    from .content_blocks import *  # noqa: F403
    from .conversations import *  # noqa: F403
    from .events import *  # noqa: F403
    from .files import *  # noqa: F403
    from .message import *  # noqa: F403
    from .models import *  # noqa: F403
    from .outputs import *  # noqa: F403
    from .pages import *  # noqa: F403
    from .params import *  # noqa: F403
    from .server_tools import *  # noqa: F403
    from .tool_runs import *  # noqa: F403
    from .tools import *  # noqa: F403
    from .wire_errors import *  # noqa: F403

# Each imports those before it.
_HOMES = (
    "content",
    "tools",
    "server_tools",
    "beta_blocks",
    "content_blocks",
    "message",
    "outputs",
    "params",
    "wire_errors",
    "batches",
    "models",
    "files",
    "pages",
    "events",
    "tool_runs",
    "conversations",
    "beta_params",
)


def __getattr__(name: str) -> object:
    if name == "__all__":
        return __dir__()
    if name in _HOMES:
        return import_module(f"{__name__}.{name}")
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = _find(name)
    if found is None:
        from ..compat.finder import official_name

        return official_name("types", name)
    globals()[name] = found
    return found


def _find(name: str) -> object:
    """Return the type that is called `name`; None if there is none."""
    for home in _HOMES:
        module = import_module(f"{__name__}.{home}")
        if name in module.__all__:
            found: object = getattr(module, name)
            return found
    return None


def __dir__() -> list[str]:
    modules = [import_module(f"{__name__}.{home}") for home in _HOMES]
    return sorted(name for module in modules for name in module.__all__)
