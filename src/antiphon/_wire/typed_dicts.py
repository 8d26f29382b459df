"""TypedDicts of `typing` made readable for pydantic, which refuses them below Python 3.12.

There they do not know all that pydantic asks them. A twin of `typing_extensions` does, so the class
is taught to name its twin when pydantic asks for its schema; nothing else of it changes.
"""

from __future__ import annotations

import sys
from dataclasses import is_dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    NotRequired,
    Required,
    get_args,
    get_origin,
    get_type_hints,
)

from typing_extensions import TypedDict, is_typeddict

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["make_readable"]

_HOOK = "__get_pydantic_core_schema__"


def make_readable(kind: Any) -> None:
    """Make the TypedDicts in a type readable for pydantic."""
    if sys.version_info >= (3, 12):
        return
    seen: set[int] = set()
    waiting = [kind]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            waiting += get_args(each) or [*_hints(each).values()]
            if is_typeddict(each) and type(each).__module__ == "typing":
                _teach(each)


def _hints(kind: Any) -> dict[str, Any]:
    """Return the types of the fields of a dataclass, a named tuple or a TypedDict."""
    if not (is_dataclass(kind) or is_typeddict(kind) or hasattr(kind, "_fields")):
        return {}
    try:
        return get_type_hints(kind, include_extras=True)
    except NameError:  # a name of a function's inside; pydantic may know it
        return {}


def _teach(kind: Any) -> None:
    if hasattr(kind, _HOOK):
        return
    twin: list[Any] = []

    def schema(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not twin:
            twin.append(_twin(kind))
        return handler.generate_schema(twin[0])

    setattr(kind, _HOOK, schema)


def _twin(kind: Any) -> Any:
    """Return the same TypedDict as one of `typing_extensions`."""
    keys: dict[str, Any] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        marked = get_origin(hint) in (Required, NotRequired)
        # A mark within a string is not counted by `__required_keys__`, so it is looked at here.
        needed = get_origin(hint) is Required if marked else name in kind.__required_keys__
        inner = get_args(hint)[0] if marked else hint
        keys[name] = Required[inner] if needed else NotRequired[inner]
    twin: Any = TypedDict(kind.__name__, keys)  # type: ignore[misc]  # pyright: ignore
    twin.__module__, twin.__doc__ = kind.__module__, kind.__doc__
    return twin
