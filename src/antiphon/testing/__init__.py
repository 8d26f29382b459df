"""What tests of programs that talk to Claude are made of: makers, matchers, faults, frozen time.

Each name is loaded when it is first used, because pytest loads this package in every run.
"""

from importlib import import_module

TYPE_CHECKING = False  # loading `typing` would be most of the import
if TYPE_CHECKING:
    from ..local.api.message_view import MessageView
    from ..local.scripting.content import citation, refusal, text, thinking, tool_use
    from ..local.scripting.matchers import (
        Matcher,
        has_image,
        has_result,
        header,
        model,
        offers,
        system_text,
        turn,
        user_text,
    )
    from .cache_stability import assert_cache_stable
    from .frozen_time import FrozenClock, frozen
    from .unittest_mixin import LocalServerMixin

__all__ = [
    "FrozenClock",
    "LocalServerMixin",
    "Matcher",
    "MessageView",
    "assert_cache_stable",
    "citation",
    "frozen",
    "has_image",
    "has_result",
    "header",
    "model",
    "offers",
    "refusal",
    "system_text",
    "text",
    "thinking",
    "tool_use",
    "turn",
    "user_text",
]

_HOMES = {
    ".cache_stability": ("assert_cache_stable",),
    ".frozen_time": ("FrozenClock", "frozen"),
    ".unittest_mixin": ("LocalServerMixin",),
    "..local.api.message_view": ("MessageView",),
    "..local.scripting.content": ("citation", "refusal", "text", "thinking", "tool_use"),
    "..local.scripting.matchers": (
        "Matcher",
        "has_image",
        "has_result",
        "header",
        "model",
        "offers",
        "system_text",
        "turn",
        "user_text",
    ),
}
_MODULES = ("conformance", "faults")


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(import_module(home, __name__), name)
            globals()[name] = value  # the next look-up does not come here
            return value
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *_MODULES]
