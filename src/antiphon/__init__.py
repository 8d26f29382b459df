"""A client of the Messages API, and a local server to develop and test against.

Names are found when they are first used, so that importing this package costs nothing.
"""

import sys
from importlib import import_module

from ._version import __version__ as __version__

# Type checkers take this for true. Loading `typing` for it would be most of the import.
TYPE_CHECKING = False  # pyright: ignore[reportConstantRedefinition]
if TYPE_CHECKING:  # each module lists its names in `__all__`
    from . import bulk as bulk
    from . import costs as costs
    from . import errors as errors
    from . import outputs as outputs
    from . import types as types
    from ._async.batches import *  # noqa: F403
    from ._async.beta import *  # noqa: F403
    from ._async.beta_tool_runner import *  # noqa: F403
    from ._async.client import *  # noqa: F403
    from ._async.conversation import *  # noqa: F403
    from ._async.files import *  # noqa: F403
    from ._async.messages import *  # noqa: F403
    from ._async.middleware import *  # noqa: F403
    from ._async.models import *  # noqa: F403
    from ._async.pages import *  # noqa: F403
    from ._async.responses import *  # noqa: F403
    from ._async.streams import *  # noqa: F403
    from ._async.threads import *  # noqa: F403
    from ._async.tool_runner import *  # noqa: F403
    from ._sync.batches import *  # noqa: F403
    from ._sync.beta import *  # noqa: F403
    from ._sync.beta_tool_runner import *  # noqa: F403
    from ._sync.client import *  # noqa: F403
    from ._sync.conversation import *  # noqa: F403
    from ._sync.files import *  # noqa: F403
    from ._sync.messages import *  # noqa: F403
    from ._sync.middleware import *  # noqa: F403
    from ._sync.models import *  # noqa: F403
    from ._sync.pages import *  # noqa: F403
    from ._sync.responses import *  # noqa: F403
    from ._sync.streams import *  # noqa: F403
    from ._sync.threads import *  # noqa: F403
    from ._sync.tool_runner import *  # noqa: F403
    from ._wire.http import *  # noqa: F403
    from ._wire.sentinels import *  # noqa: F403
    from .compat.install import *  # noqa: F403
    from .costs import *  # noqa: F403
    from .errors import *  # noqa: F403
    from .inputs import *  # noqa: F403
    from .limiter import *  # noqa: F403
    from .middleware import *  # noqa: F403
    from .open_telemetry import *  # noqa: F403
    from .outputs import transform_schema as transform_schema
    from .responses import *  # noqa: F403
    from .rules import *  # noqa: F403
    from .tools import *  # noqa: F403
    from .types import *  # noqa: F403

_SUBMODULES = (
    "bulk",
    "costs",
    "errors",
    "inputs",
    "local",
    "mcp",
    "outputs",
    "responses",
    "rules",
    "testing",
    "tools",
    "transport",
    "types",
)
_CLIENTS = (
    "client",
    "messages",
    "responses",
    "streams",
    "batches",
    "models",
    "files",
    "pages",
    "beta",
    "threads",
    "tool_runner",
    "beta_tool_runner",
    "conversation",
)
# Where the names live that are found here.
_HOMES = (
    "_wire.sentinels",
    "_wire.http",
    "errors",
    "responses",
    *(f"_sync.{name}" for name in _CLIENTS),
    *(f"_async.{name}" for name in _CLIENTS),
    "costs",
    "inputs",
    "tools",
    "limiter",
    "compat.install",
    "rules",
    "types",
    "open_telemetry",
    "middleware",
    "_sync.middleware",
    "_async.middleware",
)
# What people type: `dir` shows these, and no other name, so that a shell's completion helps.
_TYPED = (
    "Client",
    "AsyncClient",
    "Anthropic",
    "AsyncAnthropic",
    "Timeout",
    "NOT_GIVEN",
    "NotGiven",
    "Omit",
    "omit",
    "not_given",
    "Stream",
    "AsyncStream",
    "MessageStream",
    "AsyncMessageStream",
    "APIResponse",
    "RateLimits",
    "HTTPResponse",
    "AntiphonError",
    "AnthropicError",
    "APIError",
    "APIStatusError",
    "APIConnectionError",
    "APITimeoutError",
    "APIResponseValidationError",
    "AuthenticationError",
    "BadRequestError",
    "BillingError",
    "ConflictError",
    "CredentialsError",
    "DeadlineExceededError",
    "InputError",
    "InternalServerError",
    "NotFoundError",
    "OutputError",
    "OverloadedError",
    "PermissionDeniedError",
    "RateLimitError",
    "RequestEncodingError",
    "RequestTooLargeError",
    "RetryableError",
    "StreamInterruptedError",
    "StreamProtocolError",
    "StreamStalledError",
    "UnprocessableEntityError",
    "UsageError",
    "Middleware",
    "tool",
    "Tool",
    "ToolError",
    "image",
    "document",
    "cached",
    "tagged",
    "Budget",
    "BudgetExceededError",
    "estimate_tokens",
    "explain_cache_miss",
    "Limiter",
    "Conversation",
    "AsyncConversation",
    "install_as_anthropic",
    "__version__",
)


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = _find(name)
    if found is None:
        from .compat.finder import official_name

        return official_name("", name)
    globals()[name] = found
    return found


def _find(name: str) -> object:
    """Return the public thing that is called `name`; None if there is none."""
    for home in _homes(name):
        module = import_module(f"{__name__}.{home}")
        if name in module.__all__:
            found: object = getattr(module, name)
            return found
    return None


def _homes(name: str) -> tuple[str, ...]:
    """Return where `name` may live; neither client is loaded for a name of the other."""
    # Functions do not live with the clients, which are many modules.
    other = "_sync." if name.startswith("Async") else "_async."
    others = ("_sync.", "_async.") if name.islower() else (other,)
    return tuple(home for home in _HOMES if not home.startswith(others))


def __dir__() -> list[str]:
    return sorted({*_TYPED, *_SUBMODULES})


class _MovedModules:
    """The last finder of Python's import system: it knows the old names of our modules."""

    @staticmethod
    def find_spec(name: str, *_: object) -> object:
        """Return how to load a module of this package that has moved; None for all others."""
        if not name.startswith(f"{__name__}."):
            return None
        from .compat.finder import find

        return find(name)


if not any(finder.__class__.__name__ == _MovedModules.__name__ for finder in sys.meta_path):
    sys.meta_path.append(_MovedModules())  # type: ignore[arg-type]
