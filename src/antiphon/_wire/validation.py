"""How pydantic validates what users are about to send, e.g. the messages in a FastAPI body.

The parameters are TypedDicts, and nothing here runs unless somebody builds a pydantic schema of
them. Three things are not what pydantic would do by itself: fields that this version does not know
are kept, lists are checked at once (pydantic turns an `Iterable` into a generator that checks
later and can be read once), and a text from outside never becomes a path that is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from inspect import cleandoc
from os import PathLike
from typing import IO, TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, cast, get_args

# Below Python 3.12 pydantic refuses the TypedDict of `typing`.
from typing_extensions import TypedDict, get_original_bases

from .json import is_object

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["FileData", "InstanceOf", "Many", "OrReceived", "Param", "TextOr", "with_inherited_keys"]

T = TypeVar("T")
KindT = TypeVar("KindT", bound=type)


class Param(TypedDict):
    """Something a request may hold; fields that are not known are kept."""


# pydantic looks for this name on a TypedDict; type checkers know no such attribute. It stands here
# and not in the body of the class, which may hold nothing but keys.
setattr(Param, "__pydantic_config__", {"extra": "allow"})  # noqa: B010


def with_inherited_keys(kind: KindT) -> KindT:
    """Put the keys that a TypedDict inherits into its docstring, before its own.

    Each key is described once, where it is defined; `help()` shows all of them everywhere.
    """
    summary, _, own = cleandoc(kind.__doc__ or "").partition("\n\n")
    bases = [cleandoc(base.__doc__ or "") for base in get_original_bases(kind)]
    keys = [doc.partition("\n\n")[2] for doc in bases]
    kind.__doc__ = f"{summary}\n\n" + "\n".join(filter(None, [*keys, own]))
    return kind


class _AtOnce:
    """Validates any iterable as a list, item by item."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.list_schema(handler.generate_schema(get_args(source)[0]))


Many: TypeAlias = Annotated[Iterable[T], _AtOnce()]
"""Several things, in a list or in any other iterable."""


class _TextOrMany:
    """Validates a text or a list, so that an error names one of them and not both."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        from pydantic_core import core_schema

        text, many = get_args(source)
        items = handler.generate_schema(get_args(many)[0])
        return core_schema.tagged_union_schema(
            {"text": core_schema.str_schema(), "blocks": core_schema.list_schema(items)},
            lambda value: "text" if isinstance(value, text) else "blocks",
        )


TextOr: TypeAlias = Annotated[str | Iterable[T], _TextOrMany()]
"""One text, or several things."""


class _FileContent:
    """Validates the content of a file: base64 text, or in Python also a path or an open file."""

    def __get_pydantic_core_schema__(self, source: object, handler: object, /) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.json_or_python_schema(
            # From JSON only text: a body from outside must never name a file of this machine.
            core_schema.str_schema(),
            core_schema.no_info_plain_validator_function(_content),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _text_only, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> dict[str, str]:
        return {"type": "string", "format": "byte"}


FileData: TypeAlias = Annotated[str | IO[bytes] | PathLike[str], _FileContent()]
"""The content of a file: base64 text, or a path or an open binary file to read it from."""


def _content(value: object) -> object:
    if isinstance(value, str | PathLike) or hasattr(value, "read"):
        return value  # pyright: ignore[reportUnknownVariableType] any path
    raise ValueError("give base64 text, a path or an open binary file")


def _text_only(value: object) -> object:
    if isinstance(value, str):
        return value
    raise ValueError(f"{type(value).__name__} has no JSON form; pass the content as base64 text")


class InstanceOf:
    """Marks a class or a protocol whose objects are taken as they are.

    They have no schema in JSON: there they would be dicts.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: object, /) -> CoreSchema:
        from pydantic_core import core_schema

        as_it_is = core_schema.simple_ser_schema("any")
        return core_schema.is_instance_schema(source, serialization=as_it_is)

    def __get_pydantic_json_schema__(self, schema: object, handler: object, /) -> dict[str, str]:
        from pydantic_core import PydanticOmit

        raise PydanticOmit


class OrReceived:
    """Marks a union of two: dicts that are told apart by `type`, and received objects.

    A received object is taken as it is; pydantic alone would make one of every dict. A dict of a
    known type must have the fields of that type; any other dict is kept, as unknown blocks are.
    """

    __slots__ = ("_received",)

    def __init__(self, received: type) -> None:
        self._received = received

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        from pydantic_core import core_schema

        dicts = cast("core_schema.TaggedUnionSchema", handler.generate_schema(get_args(source)[0]))

        def kind(value: Any) -> object:
            if isinstance(value, self._received):
                return "received"
            named = value.get("type") if is_object(value) else None
            return named if isinstance(named, str) and named in dicts["choices"] else "other"

        other = core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
        received = handler.generate_schema(Annotated[self._received, InstanceOf()])
        return core_schema.tagged_union_schema(
            {**dicts["choices"], "other": other, "received": received}, kind
        )
