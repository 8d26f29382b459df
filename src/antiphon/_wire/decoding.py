"""The models of everything that is received: exact where the API says what we know, open elsewhere.

Strategy. A model is decoded in Rust, against its exact shape. If that fails, the same JSON is
decoded once more against a looser copy of the shape, in which every field may be missing and may
hold anything. What no parser in Rust reads (unpaired surrogates, a byte order mark, numbers of
thousands of digits) is read by `literals` and decoded from values. So nothing is coerced and
nothing is lost: what was received can be sent back, stored and compared.

pydantic alone would drop unknown members of unions, refuse unknown values of literals, and dump a
field by its declared type. Its core schemas are changed for that (`_fit`, `_loosened`), and a class
that is only decoded as a part of others gets a serializer (`_dump_schema`). These are insides of
pydantic, tried with 2.12, 2.13 and 2.14; `tests/wire/test_decoding.py` fails if they change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache, cached_property
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    Self,
    TypeVar,
    cast,
    get_args,
)

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from .awaitable import AwaitableResult
from .json import JSONObject, is_list, is_object
from .json_writer import Writer
from .literals import has_literals, may_forget_literals, read_exactly

__all__ = [
    "Decoder",
    "OrUnknown",
    "ResponseModel",
    "Timestamp",
    "Unknown",
    "WireModel",
    "have_same_fields",
    "made_of",
    "with_literals",
]

T = TypeVar("T")
ModelT = TypeVar("ModelT", bound="WireModel")


class WireModel(BaseModel):
    """A JSON object that the API sent: typed where its fields are known, and complete elsewhere.

    Unknown fields are kept and can be read as attributes. A field that the API should have sent and
    did not send is None and is missing in `model_fields_set`.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        # Fields that are not known are kept, and nothing is coerced: "1" is not 1. Building is
        # deferred: it takes long, and most programs use few of the models. Fields may be called
        # `model_…`. Errors must not show what a user or Claude wrote.
        extra="allow",
        strict=True,
        defer_build=True,
        protected_namespaces=(),
        hide_input_in_errors=True,
        ser_json_inf_nan="constants",
    )

    @classmethod
    def decode(cls, raw: bytes | str) -> Self:
        """Return the object that a JSON text describes, whatever its fields hold.

        Raises:
            ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
        """
        decoder: Decoder[Self] = _decoder(cls)
        return decoder.decode(raw)

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> Self:
        """Return the object that parsed JSON describes, whatever its fields hold.

        Raises:
            ValueError: `value` is not an object.
        """
        decoder: Decoder[Self] = _decoder(cls)
        return decoder.from_value(value)

    @classmethod
    def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """Make an object of these values, whatever they are, for tests and for stored values.

        A dict becomes an object of the type of its field, which pydantic's own method leaves to
        you.
        """
        made = cls.from_value(values)
        if _fields_set is not None:
            object.__setattr__(made, "__pydantic_fields_set__", _fields_set)
        return made

    # pydantic's old name for it; pydantic alone would check the values.
    construct = model_construct  # pyright: ignore[reportAssignmentType, reportDeprecated]

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
        """Return this object as a dict: by default exactly the JSON that was received.

        Args:
            mode: "json" for JSON values, "python" for values of Python such as datetimes.
            exclude_unset: leave out fields that were not received.
            exclude_defaults: leave out fields that have their default value.
            exclude_none: leave out fields that are None.
        """
        dumped = self.model_dump(
            mode=mode,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )
        literals = self._literals
        # Literals are true only while nothing was changed: an exact number or text equals the plain
        # one, so a difference means that somebody changed a field.
        return dumped if literals is None or literals != dumped else deepcopy(literals)

    def to_json(
        self,
        *,
        indent: int | None = 2,
        exclude_unset: bool = True,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> str:
        """Return this object as JSON text: by default exactly what was received, but indented.

        Args:
            indent: spaces for each level; None for one line without spaces.
            exclude_unset: leave out fields that were not received.
            exclude_defaults: leave out fields that have their default value.
            exclude_none: leave out fields that are None.
        """
        if self._literals is not None:
            value = self.to_dict(
                exclude_unset=exclude_unset,
                exclude_defaults=exclude_defaults,
                exclude_none=exclude_none,
            )
            return Writer(indent=indent).written(value).decode()
        return self.model_dump_json(
            indent=indent,
            exclude_unset=exclude_unset,
            exclude_defaults=exclude_defaults,
            exclude_none=exclude_none,
        )

    def _keep(self, **facts: Any) -> None:
        """Remember facts that are not a part of this object: copied and pickled, never dumped."""
        # Declared private attributes would cost every decoded object a call into Python.
        object.__setattr__(self, "__pydantic_private__", {**self._kept, **facts})

    def remember_literals(self, value: JSONObject) -> bool:
        """Remember `value`, which this object was made of, if it has literals; tell whether it has.

        The objects in this one do the same.
        """
        found = [_remembers(getattr(self, name, None), item) for name, item in value.items()]
        if any(found) or has_literals([*value]):
            self._keep(literals=value)
            return True
        return False

    @property
    def _kept(self) -> dict[str, Any]:
        return self.__pydantic_private__ or {}

    @property
    def _literals(self) -> dict[str, object] | None:
        """The JSON that was received, if it has literals that fields cannot hold."""
        return self._kept.get("literals")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        schema = handler(source)
        if schema["type"] == "model":
            _fit(cls, schema)
        return schema


def _remembers(part: object, value: object) -> bool:
    if isinstance(part, WireModel) and is_object(value):
        return part.remember_literals(value)
    if is_list(part) and is_list(value):
        # A list, not a generator: `any` would stop at the first, and the rest would not remember.
        return any([_remembers(*both) for both in zip(part, value, strict=True)])  # noqa: C419
    return has_literals(value)


def with_literals(model: ModelT, raw: bytes | str) -> ModelT:
    """Return `model`, decoded from `raw`, as one that remembers the literals of its numbers.

    Decoding in Rust makes floats of numbers and forgets how they were written. Only what is sent
    back needs its literals, and only floats may have others, so nearly always there is nothing to
    do.
    """
    if not may_forget_literals(model.model_dump(exclude_unset=True)):
        return model
    value = read_exactly(raw)
    if not has_literals(value):
        return model
    exact = type(model).from_value(value)
    exact.remember_literals(value)
    return exact


def made_of(
    cls: type[ModelT], model: WireModel, fields: Mapping[str, Any], facts: Mapping[str, Any]
) -> ModelT:
    """Return an object of a subclass that knows more than `model`, which is not changed.

    Args:
        cls: a subclass of the class of `model`, with the same fields.
        model: what the new object has the fields of.
        fields: those with another value.
        facts: what the new object knows beyond its fields.
    """
    # Decoding again would take a second schema as large as the first. An object of the subclass is
    # dumped as one of the class.
    if not cls.__pydantic_complete__:
        cls.__pydantic_serializer__ = type(model).__pydantic_serializer__
    made = cls.__new__(cls)
    made.__setstate__({**model.__getstate__(), "__dict__": {**model.__dict__, **fields}})
    made._keep(**facts)  # pyright: ignore[reportPrivateUsage] it is a method of this module
    return made


def have_same_fields(one: WireModel, other: object) -> Any:
    """Return whether both have the same fields, whatever else is known of them.

    Objects of different kinds cannot be compared: it is `NotImplemented`. A subclass that only
    knows more, such as a message with its output, is of the same kind.
    """
    of_one_kind = isinstance(other, type(one)) or isinstance(one, type(other))
    if not of_one_kind or not isinstance(other, WireModel):
        return NotImplemented
    return one.__dict__ == other.__dict__ and one.__pydantic_extra__ == other.__pydantic_extra__


class ResponseModel(WireModel, AwaitableResult):
    """The result of a call: it knows the id of its request."""

    @property
    def _request_id(self) -> str | None:
        """The `request-id` header of the response; quote it when you ask for support."""
        return self._kept.get("request_id")

    @_request_id.setter
    def _request_id(self, value: str | None) -> None:
        self._keep(request_id=value)

    @property
    def _workspace_id(self) -> str | None:
        """The `anthropic-workspace-id` header of the response, if the API sent one."""
        return self._kept.get("workspace_id")

    @_workspace_id.setter
    def _workspace_id(self, value: str | None) -> None:
        self._keep(workspace_id=value)

    def _mark_received(self, request_id: str | None, workspace_id: str | None) -> None:
        """Remember what the headers of the response say, in one step: each result passes here."""
        self._keep(request_id=request_id, workspace_id=workspace_id)

    def __eq__(self, other: object) -> bool:
        """Return whether both have the same fields, even if they come from different requests."""
        return cast("bool", have_same_fields(self, other))

    __hash__ = None  # type: ignore[assignment]


class Unknown(WireModel):
    """An object of a type that this version does not know; its fields are attributes."""

    type: Any  # not `str`, so that type checkers let a union of known kinds be narrowed to this


class OrUnknown:
    """Marks a union whose members are told apart by `type`: any other type becomes an `unknown`.

    It may have one member; then leave `Discriminator` out.
    """

    __slots__ = ("unknown",)

    def __init__(self, unknown: type[Unknown] = Unknown) -> None:
        self.unknown = unknown

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        known = handler(source)
        if known["type"] == "tagged-union":
            kinds: list[object] = list(known["choices"])
        else:  # a union of one, which pydantic before 2.13 does not tell apart by a field
            kinds = list(get_args(source.model_fields["type"].annotation))

        def unknown_kind(value: Unknown) -> Unknown:
            # Otherwise a flaw in a known block would quietly turn it into an unknown one; the
            # looser copy of the shape repairs it as what it is.
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
    """Reads JSON as one model or as a member of a union; it is built when it is first used."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def decode(self, raw: bytes | str) -> T:
        """Return the object that a JSON text describes, whatever its fields hold.

        Raises:
            ValueError: `raw` is not JSON, is nested too deeply, or is not an object.
        """
        try:
            return self.exactly(raw)
        except ValidationError:
            pass  # so that the second attempt is not reported as a consequence of the first
        try:
            return cast("T", self._loose.validate_json(raw))
        except ValidationError as failure:
            value = _odd_object(raw)
            if value is None:
                raise failure from None
        return self._with_literals(value)

    def from_value(self, value: Mapping[str, Any]) -> T:
        """Return the object that parsed JSON describes, whatever its fields hold.

        Raises:
            ValueError: `value` is not an object.
        """
        try:
            return cast("T", self._exact.validate_python(value))
        except ValidationError:
            pass
        return cast("T", self._loose.validate_python(value))

    def _with_literals(self, value: JSONObject) -> T:
        model = self.from_value(value)
        if isinstance(model, WireModel):
            model.remember_literals(value)
        return model

    @cached_property
    def exactly(self) -> Callable[[bytes | str], T]:
        """A function that reads JSON of the exact shape, and raises `ValueError` for others."""
        return cast("Callable[[bytes | str], T]", self._exact.validate_json)

    @cached_property
    def _exact(self) -> SchemaValidator:
        return SchemaValidator(self._schema)

    @cached_property
    def _loose(self) -> SchemaValidator:
        return SchemaValidator(_loosened(self._schema), _CONFIG)

    @cached_property
    def _schema(self) -> CoreSchema:
        return _core_schema(self._kind)


def _core_schema(kind: Any) -> CoreSchema:
    """Return the core schema of a model or a union; classes are left as they are.

    Building a class would replace its serializer, which before pydantic 2.14 fails in threads that
    dump meanwhile. An adapter is the public way, but it looks for plugins in all installed packages
    and builds a serializer: a tenth of the time from the import to the first message.
    """
    try:
        from pydantic._internal import _config, _generate_schema, _namespace_utils

        wrapper = _config.ConfigWrapper(None)
        resolver = _namespace_utils.NsResolver()
        generator = _generate_schema.GenerateSchema(wrapper, ns_resolver=resolver)
        return generator.clean_schema(generator.generate_schema(kind))
    except (ImportError, AttributeError, TypeError):  # of a pydantic with other insides
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        adapter.rebuild()
        return adapter.core_schema


def _odd_object(raw: bytes | str) -> JSONObject | None:
    """Return an object that only the more patient reader can read, or None."""
    try:
        value = read_exactly(raw.removeprefix("\ufeff") if isinstance(raw, str) else raw)
    except ValueError:
        return None
    return value if is_object(value) else None


@cache
def _decoder(model: type[WireModel]) -> Decoder[Any]:
    return Decoder(model)


# Finding the serializer of each value at run time costs little in Rust. Unlike a typed serializer,
# it neither warns about a value that a field was not meant to hold, nor drops it.
_AS_IT_IS = core_schema.simple_ser_schema("any")
_ANYTHING = core_schema.any_schema()

# Above this a float may be another number: an int that stands where a float should stays an int.
_EXACT = 2**53 - 1
_FLOAT = core_schema.union_schema(
    [
        core_schema.float_schema(ge=-_EXACT, le=_EXACT),
        core_schema.int_schema(),
        core_schema.float_schema(),
    ],
    mode="left_to_right",
)

# What `model_config` says, in the words of pydantic's core.
_CONFIG = core_schema.CoreConfig(
    extra_fields_behavior="allow",
    strict=True,
    hide_input_in_errors=True,
    ser_json_inf_nan="constants",
)


def _open(schema: Any) -> Any:
    """Return the schema of a field that takes more: other values of a list, and any number."""
    if schema["type"] == "literal":  # the API may add others
        return core_schema.str_schema()
    if schema["type"] == "float":
        return _FLOAT
    if schema["type"] in ("default", "nullable"):
        return {**schema, "schema": _open(schema["schema"])}
    return schema


def _fit(cls: type[WireModel], schema: Any) -> None:
    """Change the schema of a model: other values are accepted, and dumped as they are."""
    schema["strict"] = False  # an object may be given as a dict; its fields stay strict
    if cls.__module__.startswith("antiphon."):  # users' own models keep their order
        # Objects are dumped in this order. It is the official package's, so that recordings of
        # programs that send a dumped object back fit.
        fields = schema["schema"]["fields"]
        schema["schema"]["fields"] = {name: fields[name] for name in sorted(fields, key=_rank)}
    for name, field in schema["schema"]["fields"].items():
        # The type keeps its list of values: it tells the members of a union apart.
        known = field["schema"] if name == "type" else _open(field["schema"])
        field["schema"] = {**known, "serialization": _dumped(known)}
    # A class that is complete has a serializer already, and threads may be using it.
    if not cls.__pydantic_complete__:
        cls.__pydantic_serializer__ = SchemaSerializer(_dump_schema(cls, schema), _CONFIG)


def _rank(name: str) -> tuple[bool, str]:
    return name != "id", name


def _dump_schema(cls: type[WireModel], schema: Any) -> CoreSchema:
    """Return the schema by which a class is dumped that is only decoded as a part of others.

    pydantic leaves such a class unbuilt, and then cannot dump it as a value of unknown type.
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
    """Return how a field is dumped: in its own way if it has one, else by the type of its value."""
    if schema["type"] in ("default", "nullable"):
        return _dumped(schema["schema"])
    return schema.get("serialization", _AS_IT_IS)


def _loosened(schema: Any) -> Any:
    """Return a copy of a schema in which every field may be missing and may hold anything."""
    if is_list(schema):
        return [_loosened(part) for part in schema]
    if not is_object(schema):
        return schema
    # How to dump is left out: this copy is only ever used for reading.
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
    """Return a schema that builds a model from its fields.

    The schema of pydantic would use the exact validator of the class instead.
    """
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
    """A datetime that remembers its text, so that it is dumped as it was received."""

    text: str

    @classmethod
    def read(cls, value: object) -> datetime:
        """Return the datetime that `value` is or describes.

        Raises:
            ValueError: it is none.
        """
        if isinstance(value, datetime):
            return value
        if not isinstance(value, str):
            raise ValueError("a time is written as a string")  # noqa: TRY004 (pydantic wants it)
        time = cls.fromisoformat(value)
        time.text = value
        return time

    @staticmethod
    def written(value: object) -> object:
        """Return the text of a datetime, and any other value as it is."""
        if isinstance(value, datetime):
            return getattr(value, "text", None) or value.isoformat()
        return value

    def __reduce_ex__(self, protocol: Any) -> Any:
        text = getattr(self, "text", None)
        return super().__reduce_ex__(protocol) if text is None else (type(self).read, (text,))


class _AsWritten:
    """Marks a `datetime` field that is dumped as JSON with the text that was received."""

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
