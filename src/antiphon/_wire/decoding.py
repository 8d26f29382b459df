"""The base of everything received: strict while the API says what we know, forgiving when it does not.

A model is decoded in Rust against its exact shape. Only when that fails is the same JSON decoded
once more against a looser copy of the shape in which every field may hold anything. Either way
nothing is coerced and nothing is lost, so what was received can be sent, stored and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    Protocol,
    Self,
    TypeVar,
    cast,
)

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from .awaitable import AwaitableResult
from .json import is_list, is_object

__all__ = [
    "Decoder",
    "OrUnknown",
    "ResponseModel",
    "Timestamp",
    "Unknown",
    "WireModel",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Validator(Protocol[T_co]):
    """What pydantic builds for a type."""

    def validate_json(self, raw: bytes | str, /) -> T_co: ...
    def validate_python(self, value: object, /) -> T_co: ...


class WireModel(BaseModel):
    """Something the API sent: typed where it is known, and complete where it is not.

    Unknown fields are kept and readable as attributes. A field the API should have sent and did not
    reads as None and is absent from `model_fields_set`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow",
        strict=True,
        defer_build=True,
        protected_namespaces=(),
        hide_input_in_errors=True,
        ser_json_inf_nan="constants",
    )

    @classmethod
    def decode(cls, raw: bytes | str) -> Self:
        """Read a JSON object, whatever it holds.

        Raises:
            ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
        """
        decoder: Decoder[Self] = _decoder(cls)
        return decoder.decode(raw)

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> Self:
        """Read an already parsed JSON object, whatever it holds.

        Raises:
            ValueError: `value` is not an object.
        """
        decoder: Decoder[Self] = _decoder(cls)
        return decoder.from_value(value)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """Make an object of these values, whatever they are, for tests and for stored values.

        A dict becomes an object of the type of its field, which pydantic's own method leaves to you.
        """
        made = cls.from_value(values)
        if _fields_set is not None:
            object.__setattr__(made, "__pydantic_fields_set__", _fields_set)
        return made

    construct = model_construct  # pyright: ignore[reportAssignmentType] pydantic's old name

    def __str__(self) -> str:
        return repr(self)

    def to_dict(
        self,
        *,
        mode: Literal["json", "python"] = "json",
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> dict[str, object]:
        """This as a dict: by default exactly the JSON that was received."""
        return self.model_dump(
            mode=mode,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )

    def to_json(
        self,
        *,
        indent: int | None = 2,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> str:
        """This as JSON text: by default exactly what was received, indented by two spaces."""
        return self.model_dump_json(
            indent=indent,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )

    def _keep(self, **facts: Any) -> None:
        """Remember facts that are not part of this object: copied and pickled, never dumped."""
        # Declared private attributes would cost every decoded object a call into Python.
        object.__setattr__(self, "__pydantic_private__", {**self._kept, **facts})

    @property
    def _kept(self) -> dict[str, Any]:
        return self.__pydantic_private__ or {}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        schema = handler(source)
        if schema["type"] == "model":
            _fit(cls, schema)
        return schema


class ResponseModel(WireModel, AwaitableResult):
    """The result of a call: it knows the id of its request."""

    @property
    def _request_id(self) -> str | None:
        """The `request-id` header of the HTTP answer; quote it when you ask for support."""
        return self._kept.get("request_id")

    @_request_id.setter
    def _request_id(self, value: str | None) -> None:
        self._keep(request_id=value)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, whichever request brought them."""
        if type(self) is not type(other) or not isinstance(other, WireModel):
            return NotImplemented
        return (self.__dict__, self.__pydantic_extra__) == (
            other.__dict__,
            other.__pydantic_extra__,
        )

    __hash__ = None  # type: ignore[assignment]


class Unknown(WireModel):
    """Something of a kind this version does not know: `type` names it, its fields are attributes."""

    type: Any  # not `str`, so that type checkers let a union of known kinds be narrowed to this


class OrUnknown:
    """Marks a union told apart by `type`: a kind that is none of its members becomes an `unknown`."""

    __slots__ = ("unknown",)

    def __init__(self, unknown: type[Unknown] = Unknown) -> None:
        self.unknown = unknown

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        known = handler(source)
        kinds: list[object] = list(cast("core_schema.TaggedUnionSchema", known)["choices"])

        def unknown_kind(value: Unknown) -> Unknown:
            if value.type in kinds:
                raise ValueError("its fields do not fit its type")
            return value

        unknown = handler.generate_schema(self.unknown)
        return core_schema.union_schema(
            [known, core_schema.no_info_after_validator_function(unknown_kind, unknown)],
            mode="left_to_right",
            serialization=_AS_IT_IS,
        )


class Decoder(Generic[T]):
    """Reads JSON as one model or as one of several; built when first used."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def decode(self, raw: bytes | str) -> T:
        """Read a JSON object, whatever it holds.

        Raises:
            ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
        """
        try:
            return self.exactly(raw)
        except ValidationError:
            pass  # so that the second attempt is not reported as a consequence of the first
        return cast("T", self._loose.validate_json(raw))

    def from_value(self, value: Mapping[str, Any]) -> T:
        """Read an already parsed JSON object, whatever it holds.

        Raises:
            ValueError: `value` is not an object.
        """
        try:
            return self._exact.validate_python(value)
        except ValidationError:
            pass
        return cast("T", self._loose.validate_python(value))

    @cached_property
    def exactly(self) -> Callable[[bytes | str], T]:
        """Reads a JSON object that has its exact shape, and raises `ValueError` for any other."""
        return self._exact.validate_json

    @cached_property
    def _exact(self) -> Validator[T]:
        return cast("Validator[T]", self._adapter.validator)

    @cached_property
    def _loose(self) -> SchemaValidator:
        return SchemaValidator(_loosened(self._adapter.core_schema), _CONFIG)

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        # An adapter leaves classes as they are. Building a class replaces its serializer, which
        # before pydantic 2.14 fails in threads that dump meanwhile.
        adapter: TypeAdapter[T] = TypeAdapter(self._kind)
        adapter.rebuild()
        return adapter


@cache
def _decoder(model: type[WireModel]) -> Decoder[Any]:
    return Decoder(model)


# Finding each value's serializer at run time costs little in Rust and, unlike a typed one, neither
# warns about nor drops what a field was not meant to hold.
_AS_IT_IS = core_schema.simple_ser_schema("any")
_ANYTHING = core_schema.any_schema()

# What `model_config` says, in the words of pydantic's core.
_CONFIG = core_schema.CoreConfig(
    extra_fields_behavior="allow",
    strict=True,
    hide_input_in_errors=True,
    ser_json_inf_nan="constants",
)


def _open(schema: Any) -> Any:
    """A field's schema whose listed values are those known so far, not all there will ever be."""
    if schema["type"] == "literal":
        return core_schema.str_schema()
    if schema["type"] in ("default", "nullable"):
        return {**schema, "schema": _open(schema["schema"])}
    return schema


def _fit(cls: type[WireModel], schema: Any) -> None:
    """Make pydantic's schema of a model ours."""
    schema["strict"] = False  # an object may be given as a dict; its fields stay strict
    for name, field in schema["schema"]["fields"].items():
        known = field["schema"] if name == "type" else _open(field["schema"])
        field["schema"] = {**known, "serialization": _dumped(known)}
    if not cls.__pydantic_complete__:
        cls.__pydantic_serializer__ = SchemaSerializer(_dump_schema(cls, schema), _CONFIG)


def _dump_schema(cls: type[WireModel], schema: Any) -> CoreSchema:
    """What it takes to dump a class that is only ever decoded as part of others.

    Pydantic leaves such a class unbuilt, and then cannot dump it as a value of unknown type.
    """
    fields = {
        name: core_schema.model_field(
            core_schema.any_schema(serialization=field["schema"]["serialization"])
        )
        for name, field in schema["schema"]["fields"].items()
    }
    shape = core_schema.model_fields_schema(fields, extras_schema=_ANYTHING)
    return core_schema.model_schema(cls, shape, config=_CONFIG)


def _dumped(schema: Any) -> Any:
    """How a field is dumped: its own way if it has one, otherwise as the value it holds."""
    if schema["type"] in ("default", "nullable"):
        return _dumped(schema["schema"])
    return schema.get("serialization", _AS_IT_IS)


def _loosened(schema: Any) -> Any:
    """A copy of a schema in which every field may be absent or hold anything."""
    if is_list(schema):
        return [_loosened(part) for part in schema]
    if not is_object(schema):
        return schema
    loose = {key: _loosened(part) for key, part in schema.items() if key != "serialization"}
    match loose.get("type"):
        case "model":
            return _built(loose)
        case "model-field":
            return {**loose, "schema": _maybe(loose["schema"])}
        case "list":
            return {**loose, "items_schema": _or_anything(loose["items_schema"])}
        case _:
            return loose


def _built(schema: dict[str, Any]) -> CoreSchema:
    """A model made from its fields; pydantic's own way would reuse the class's exact validator."""
    cls: type[WireModel] = schema["cls"]

    def build(read: tuple[dict[str, Any], dict[str, Any], set[str]]) -> WireModel:
        values, extra, given = read
        model = cls.__new__(cls)
        model.__setstate__(
            {
                "__dict__": values,
                "__pydantic_extra__": extra,
                "__pydantic_fields_set__": given,
                "__pydantic_private__": None,
            }
        )
        return model

    return core_schema.no_info_after_validator_function(
        build, schema["schema"], ref=schema.get("ref")
    )


def _maybe(schema: Any) -> Any:
    if schema["type"] == "default":
        return {**schema, "schema": _or_anything(schema["schema"])}
    return core_schema.with_default_schema(_or_anything(schema), default=None)


def _or_anything(schema: Any) -> Any:
    return core_schema.union_schema([schema, _ANYTHING], mode="left_to_right")


class ReceivedTime(datetime):
    """A moment that remembers how it was written, so that it is dumped as it was received."""

    text: str

    @classmethod
    def read(cls, value: object) -> datetime:
        if isinstance(value, datetime):
            return value
        if not isinstance(value, str):
            raise ValueError("a time is written as a string")  # noqa: TRY004 (pydantic wants it)
        time = cls.fromisoformat(value)
        time.text = value
        return time

    @staticmethod
    def written(value: object) -> object:
        """How `value` is written in JSON; anything but a time as it is."""
        if isinstance(value, datetime):
            return getattr(value, "text", None) or value.isoformat()
        return value

    def __reduce_ex__(self, protocol: Any) -> Any:
        text = getattr(self, "text", None)
        return super().__reduce_ex__(protocol) if text is None else (type(self).read, (text,))


class _AsWritten:
    """Gives a `datetime` field its text back when it is dumped as JSON."""

    def __get_pydantic_core_schema__(self, source: object, handler: object, /) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            ReceivedTime.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                ReceivedTime.written, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: object, handler: object, /) -> dict[str, str]:
        return {"type": "string", "format": "date-time"}


if TYPE_CHECKING:
    Timestamp = datetime
else:
    Timestamp = Annotated[datetime, _AsWritten()]
