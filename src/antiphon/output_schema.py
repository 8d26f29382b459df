"""JSON schemas in the form that the API compiles, and output of that form turned back.

Strategy. The API compiles a part of JSON Schema: closed objects, no recursion, no bounds. Two
functions make a schema fit. `transform_schema` does what the official package's does, keyword by
keyword: what the API does not compile moves into the description, where Claude reads it. Whole
shapes are lost there: an object of any keys becomes one that is always empty, a tuple becomes an
array of anything, and a type that contains itself is refused by the API. `OutputSchema` writes
those shapes in others first, and turns the output back:

* an object of any keys is written as a list of ``{"key": …, "value": …}``;
* a tuple is written as an object with the properties ``item_1``, ``item_2`` …;
* a type that contains itself is written once for each of five levels, or of fewer if the schema
  would have more optional properties or unions than the API compiles. In the last one what would go
  deeper is left out; a list that must be there is written as one of nulls, which are dropped
  when the output is turned back, since the API has no schema for an empty list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from ._wire.json import JSONObject, is_list, is_object

__all__ = ["GrowingOutput", "OutputSchema", "transform_schema"]

# Levels of a type that contains itself. Each level costs the API's compiler as much as the first,
# and more levels are rare in what people ask for.
_LEVELS = 5

_FORMATS = frozenset(
    {
        *("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6"),
        "uuid",
    }
)
_SCALARS = ("string", "integer", "number", "boolean", "null")
_UNTYPED = (
    "Schema must have a 'type', 'anyOf', 'oneOf', or 'allOf' field, or a 'const' or a non-empty"
    " 'enum' of strings, numbers, booleans, or null"
)


class _ModelClass(Protocol):
    """A class of pydantic models."""

    def model_json_schema(self) -> dict[str, Any]: ...


def transform_schema(json_schema: _ModelClass | Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON schema in the form that structured outputs and strict tools take.

    What the API does not compile, such as bounds, moves into the description, where Claude reads
    it. `messages.parse` and `antiphon.outputs.format_of` do more: they also keep the shapes that
    have no such form.

    Args:
        json_schema: a JSON schema, or a class of pydantic models. It is not changed.

    Raises:
        TypeError: it is neither.
        ValueError: a schema in it says nothing about the type of its values.
    """
    if not isinstance(json_schema, Mapping) and not hasattr(json_schema, "model_json_schema"):
        raise TypeError(
            f"json_schema: {json_schema!r} is neither a JSON schema nor a class of pydantic models;"
            " antiphon.outputs.format_of takes any type"
        )
    given = json_schema if isinstance(json_schema, Mapping) else json_schema.model_json_schema()
    return _transformed(given)


def _transformed(schema: Mapping[str, Any]) -> dict[str, Any]:
    rest = {**schema}
    made: dict[str, Any] = {}
    if "$defs" in rest:
        made["$defs"] = {name: _transformed(each) for name, each in rest.pop("$defs").items()}
    if "$ref" in rest:  # the API takes nothing beside a reference
        return {**made, "$ref": rest["$ref"]}
    kind = rest.pop("type", None)
    unions = [rest.pop(name, None) for name in ("anyOf", "oneOf", "allOf")]
    any_of, one_of, all_of = unions
    if any_of is not None or one_of is not None:
        made["anyOf"] = [_transformed(each) for each in (any_of or one_of)]
    elif all_of is not None:
        made["allOf"] = [_transformed(each) for each in all_of]
    elif kept := _kept_values(rest):
        made |= {name: rest.pop(name) for name in kept}
    elif kind is None:
        raise ValueError(_UNTYPED)
    elif kind not in ("object", "array", *_SCALARS):
        raise AssertionError(f"Expected a known type, but got: {kind!r}")
    else:
        made["type"] = kind
    for name in ("description", "title"):
        if (text := rest.pop(name, None)) is not None:
            made[name] = text
    if made.get("type") == "object":
        properties = rest.pop("properties", {})
        made["properties"] = {name: _transformed(each) for name, each in properties.items()}
        rest.pop("additionalProperties", None)
        made["additionalProperties"] = False
        if (required := rest.pop("required", None)) is not None:
            made["required"] = required
    elif made.get("type") == "array":
        if (items := rest.pop("items", None)) is not None:
            made["items"] = _transformed(items)
        if rest.get("minItems") in (0, 1):
            made["minItems"] = rest.pop("minItems")
    elif made.get("type") == "string" and rest.get("format") in _FORMATS:
        made["format"] = rest.pop("format")
    if rest:
        words = "{" + ", ".join(f"{name}: {value}" for name, value in rest.items()) + "}"
        before = made.get("description")
        made["description"] = words if before is None else f"{before}\n\n{words}"
    return made


def _kept_values(schema: Mapping[str, Any]) -> list[str]:
    """Return which of `enum` and `const` a schema has in a form that the API compiles."""
    given = {name: schema[name] for name in ("enum", "const") if name in schema}
    if "const" in given:
        given["const"] = [given["const"]]
    return [
        name
        for name, values in given.items()
        if values and not any(is_list(value) or is_object(value) for value in values)
    ]


class OutputSchema:
    """The JSON schema of a type as it is sent, and how output is turned back."""

    __slots__ = ("_defs", "_recursive", "_root", "changed", "sent")

    sent: dict[str, Any]
    """The schema in the form that the API compiles."""
    changed: bool
    """Whether output has another shape than the type, and is to be turned back."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Rewrite a schema.

        Args:
            schema: a JSON schema as pydantic makes them.

        Raises:
            TypeError: a part of it has no form that the API takes; the message names the part.
        """
        whole = _with_defs(schema)
        defs = whole.pop("$defs", {})
        self._defs = {name: _plain(each, name) for name, each in defs.items()}
        self._root = _plain(whole, "")
        self._recursive = _recursive_groups(self._defs)
        self.changed = bool(self._recursive)
        self.sent = self._written(_LEVELS)
        if self._recursive:
            from .rules.structured_output import may_be_compiled

            # Each level brings its optional properties and unions, of which the API takes few.
            for levels in range(_LEVELS - 1, 1, -1):
                if may_be_compiled(self.sent):
                    break
                self.sent = self._written(levels)

    def _written(self, levels: int) -> dict[str, Any]:
        """Return the schema as it is sent.

        Raises:
            TypeError: a type contains itself in each of its values.
        """
        written = _SentForm(self._defs, self._recursive, levels)
        root = written.schema(self._root, 0, frozenset())
        if root is None:
            raise TypeError("the type contains itself always, so none of its values has an end")
        self.changed = self.changed or written.changed
        # A type that contains itself is a definition; nothing else refers to its first level.
        if "$ref" in root:
            root = written.defs.pop(_name_of(root["$ref"]))
        return transform_schema({**root, "$defs": written.defs} if written.defs else root)

    def restored(self, value: Any) -> Any:
        """Return output in the shape of the type; what does not fit is returned as it is.

        Args:
            value: the output, as JSON values. It is not changed.
        """
        return _Restorer(self._defs, bool(self._recursive)).value(value, self._root)

    def growing(self) -> GrowingOutput:
        """Return what turns back output that is received piece by piece."""
        whole, begun = (
            _Restorer(self._defs, bool(self._recursive), each) for each in (False, True)
        )
        return GrowingOutput(self._root, whole, begun)


class _Restorer:
    """Turns output that has the form of a sent schema back into the shape of the type."""

    def __init__(
        self, defs: Mapping[str, JSONObject], recursive: bool, partial: bool = False
    ) -> None:
        self._defs = defs
        self._recursive = recursive
        self._partial = partial

    def shape(self, value: Any, schema: JSONObject) -> JSONObject:
        """Return the schema without references and unions that `value` was written for."""
        schema = self._followed(schema)
        if "anyOf" not in schema:
            return schema
        # Only one of the shapes is right: turning a list back that is no map would lose it. Most
        # can be told apart without a look at all of the value.
        shapes = [self._followed(each) for each in schema["anyOf"]]
        likely = [each for each in shapes if _may_hold(each, value)]
        fitting = (
            likely if len(likely) == 1 else [each for each in likely if self._fits(value, each)]
        )
        return self.shape(value, fitting[0]) if fitting else {}

    def value(self, value: Any, schema: JSONObject) -> Any:
        """Return `value`, written for `schema`, in the shape of the type."""
        schema = self.shape(value, schema)
        if _is_map(schema):
            return self._map(value, _values_of(schema))
        if _is_tuple(schema) and is_object(value):
            items = dict(zip(_item_names(schema), schema["prefixItems"], strict=True))
            there = {name: item for name, item in items.items() if name in value}
            return [self.value(value[name], item) for name, item in there.items()]
        if schema.get("type") == "object" and is_object(value):
            properties = schema.get("properties", {})
            return {
                name: self.value(each, properties[name]) if name in properties else each
                for name, each in value.items()
            }
        if schema.get("type") == "array" and is_list(value):
            items = schema["items"]
            return [self.value(item, items) for item in value if not self.is_end(item, items)]
        return value

    def _map(self, value: Any, of: JSONObject) -> Any:
        if not is_list(value):
            return value
        pairs = [each for each in value if not self.is_end(each, None)]
        if not all(_is_pair(each) for each in pairs):
            return value
        return {each["key"]: self.value(each["value"], of) for each in pairs}

    def is_end(self, item: Any, schema: JSONObject | None) -> bool:
        """Return whether an item is a null that ends a type which contains itself."""
        if item is not None or not self._recursive:
            return False
        return schema is None or not self._fits(None, schema)

    def _followed(self, schema: JSONObject) -> JSONObject:
        while "$ref" in schema:
            schema = self._defs[_name_of(schema["$ref"])]
        return schema

    def _fits(self, value: Any, schema: JSONObject) -> bool:
        """Return whether output that was written for `schema` may be `value`."""
        schema = self._followed(schema)
        if "anyOf" in schema:
            return any(self._fits(value, each) for each in schema["anyOf"])
        if "enum" in schema or "const" in schema:
            return self._is_one_of(value, schema.get("enum") or [schema["const"]])
        if _is_map(schema):
            of = _values_of(schema)
            return is_list(value) and all(self._fits_pair(each, of) for each in value)
        if _is_tuple(schema):
            items = dict(zip(_item_names(schema), schema["prefixItems"], strict=True))
            return is_object(value) and self._fits_properties(value, items, items)
        match schema.get("type"):
            case "object":
                known, required = schema.get("properties", {}), schema.get("required", ())
                return is_object(value) and self._fits_properties(value, known, required)
            case "array":
                return is_list(value) and all(self._fits_item(each, schema) for each in value)
            case kind:
                return _is_of_kind(value, kind)

    def _is_one_of(self, value: Any, known: list[Any]) -> bool:
        if self._partial and isinstance(value, str):
            return any(isinstance(each, str) and each.startswith(value) for each in known)
        return value in known

    def _fits_pair(self, pair: Any, of: JSONObject) -> bool:
        if self._recursive and pair is None:
            return True
        return is_object(pair) and self._fits_properties(
            pair, {"key": {"type": "string"}, "value": of}, ("key", "value")
        )

    def _fits_item(self, item: Any, schema: JSONObject) -> bool:
        return (self._recursive and item is None) or self._fits(item, schema["items"])

    def _fits_properties(
        self, value: JSONObject, known: JSONObject, required: Iterable[str]
    ) -> bool:
        if not self._partial and not value.keys() >= {*required}:
            return False
        return all(name in known and self._fits(each, known[name]) for name, each in value.items())


class GrowingOutput:
    """Output that is received piece by piece: what is complete is turned back once."""

    def __init__(self, root: JSONObject, whole: _Restorer, begun: _Restorer) -> None:
        self._root = root
        self._whole = whole
        self._begun = begun
        self._levels: list[_Level] = []  # the containers that may still grow, outermost first

    def value(self, value: Any, output: int) -> Any:
        """Return what there is of an output in the shape of the type.

        Args:
            value: the output so far, as JSON values. It is not changed.
            output: a number that tells several outputs apart.
        """
        return self._grown(value, self._root, 0, output)

    def _grown(self, value: Any, schema: JSONObject, depth: int, place: object) -> Any:
        shape = self._begun.shape(value, schema)
        if not value or not (is_list(value) or is_object(value)):
            return self._whole.value(value, shape)
        if depth == len(self._levels) or self._levels[depth].place != place:
            self._levels[depth:] = [_Level(place)]
        level = self._levels[depth]
        # All but the last part of a container are complete.
        *complete, last = self._parts(value, shape, level.count)
        level.count = len(value) - 1
        level.done |= {part.place: self._whole.value(*part[1:]) for part in complete if part}
        made = {**level.done}
        if last is not None:
            made[last.place] = self._grown(last.value, last.schema, depth + 1, last.place)
        is_sequence = _is_tuple(shape) or (is_list(value) and not _is_map(shape))
        return [*made.values()] if is_sequence else made

    def _parts(self, value: Any, shape: JSONObject, start: int) -> list[_Part | None]:
        """Return the parts of a container from `start` on; None for each that is not shown."""
        if is_object(value):
            names = _item_names(shape) if _is_tuple(shape) else ()
            known = dict(zip(names, shape.get("prefixItems", ()), strict=True))
            known |= shape.get("properties", {})
            return [
                _Part(name, each, known.get(name, {})) for name, each in [*value.items()][start:]
            ]
        if _is_map(shape):
            of = _values_of(shape)
            pairs = value[start:]
            return [
                _Part(each["key"], each["value"], of) if _is_pair(each) else None for each in pairs
            ]
        items = shape.get("items", {})
        return [
            None if self._whole.is_end(each, items) else _Part(index, each, items)
            for index, each in enumerate(value[start:], start)
        ]


class _Part(NamedTuple):
    """A part of a container: its place in what is shown, its value, and the schema of that."""

    place: Any
    value: Any
    schema: JSONObject


class _Level:
    """A container that may still grow: its place in the one around it, and its complete parts."""

    __slots__ = ("count", "done", "place")

    def __init__(self, place: object) -> None:
        self.place = place
        self.count = 0
        self.done: dict[Any, Any] = {}


def _may_hold(shape: JSONObject, value: Any) -> bool:
    """Return whether the kind of a value is that of a shape, without a look into containers."""
    if "enum" in shape or "const" in shape:
        return not (is_list(value) or is_object(value))
    written_as_list = shape.get("type") == "array" and not _is_tuple(shape)
    if is_list(value):
        return written_as_list or _is_map(shape)
    if is_object(value):
        return _is_tuple(shape) or (shape.get("type") == "object" and not _is_map(shape))
    return _is_of_kind(value, shape.get("type"))


def _is_of_kind(value: Any, kind: object) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "null":
            return value is None
        case _:
            return True


def _is_pair(value: Any) -> bool:
    return is_object(value) and value.keys() == {"key", "value"} and isinstance(value["key"], str)


def _is_map(schema: JSONObject) -> bool:
    """Return whether a schema is that of an object of any keys."""
    if schema.get("type") != "object" or schema.get("properties"):
        return False
    return "patternProperties" in schema or schema.get("additionalProperties") not in (None, False)


def _values_of(schema: JSONObject) -> Any:
    """Return the schema of the values of a map."""
    patterns = schema.get("patternProperties")
    return next(iter(patterns.values())) if patterns else schema["additionalProperties"]


def _keys_of(schema: JSONObject) -> JSONObject:
    """Return the schema of the keys of a map."""
    if patterns := schema.get("patternProperties"):
        return {"type": "string", "pattern": " or ".join(patterns)}
    names = schema.get("propertyNames")
    return {"type": "string", **names} if is_object(names) else {"type": "string"}


def _is_tuple(schema: JSONObject) -> bool:
    return is_list(schema.get("prefixItems"))


def _item_names(schema: JSONObject) -> list[str]:
    return [f"item_{number}" for number, _ in enumerate(schema["prefixItems"], 1)]


def _name_of(reference: str) -> str:
    return reference.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _with_defs(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema whose definitions have their newer name, also in its references."""
    made = {**schema}
    if "definitions" in made:
        made["$defs"] = {**made.pop("definitions"), **made.get("$defs", {})}
    return made


def _plain(schema: Any, path: str) -> dict[str, Any]:
    """Return a schema in the few forms that the rest of this module knows.

    Args:
        schema: the schema.
        path: where it is, for people: the names of the definition and of the properties.

    Raises:
        TypeError: it allows anything, so there is nothing to write.
    """
    if not is_object(schema):
        raise _shapeless(path)
    made = {**schema}
    if "$ref" in made:
        return {**made, "$ref": f"#/$defs/{_name_of(made['$ref'])}"}
    if is_list(kinds := made.get("type")):
        return _plain(_one_of_types(made, kinds), path)
    if "oneOf" in made:
        made["anyOf"] = made.pop("oneOf")
    for name in ("anyOf", "allOf"):
        if name in made:
            made[name] = [_plain(each, path) for each in made[name]]
            return made
    if _kept_values(made):
        return made
    if "type" not in made:
        raise _shapeless(path)
    if "properties" in made:
        made["properties"] = {
            name: _plain(each, f"{path}.{name}") for name, each in made["properties"].items()
        }
    if _is_map(made):
        made = {
            **made,
            "propertyNames": _plain(_keys_of(made), path),
            "additionalProperties": _plain(_values_of(made), f"{path}[…]"),
        }
        made.pop("patternProperties", None)
    if _is_tuple(made):
        made["prefixItems"] = [_plain(each, f"{path}[…]") for each in made["prefixItems"]]
    elif made["type"] == "array":
        made["items"] = _plain(made.get("items"), f"{path}[…]")
    return made


def _one_of_types(schema: JSONObject, kinds: list[Any]) -> JSONObject:
    """Return a schema of several types as a union of schemas of one type."""
    names = {"title", "description", "default"}
    about = {name: each for name, each in schema.items() if name in names}
    rest = {name: each for name, each in schema.items() if name not in names}
    if "enum" in rest:
        return {**about, "enum": rest["enum"]}
    only = [{"type": kind} if kind == "null" else {**rest, "type": kind} for kind in kinds]
    return {**about, "anyOf": only}


def _shapeless(path: str) -> TypeError:
    where = path.removeprefix(".") or "the type"
    return TypeError(
        f"{where} may be anything, for which the API takes no schema; name the types it may have,"
        " such as str | int | None"
    )


def _references(schema: Any) -> Iterator[str]:
    """Give the names of the definitions that a schema refers to."""
    if is_list(schema):
        for each in schema:
            yield from _references(each)
    elif is_object(schema):
        if isinstance(reference := schema.get("$ref"), str):
            yield _name_of(reference)
        for name, each in schema.items():
            if name not in ("enum", "const", "default", "examples"):
                yield from _references(each)


def _recursive_groups(defs: Mapping[str, JSONObject]) -> dict[str, frozenset[str]]:
    """Return the definitions that contain themselves, each with those that it does so through."""
    reach: dict[str, set[str]] = {name: {*_references(each)} for name, each in defs.items()}
    for name in reach:
        waiting = [*reach[name]]
        while waiting:
            further = reach[waiting.pop()] - reach[name]
            reach[name] |= further
            waiting += further
    return {
        name: frozenset(other for other in found if name in reach[other])
        for name, found in reach.items()
        if name in found
    }


class _SentForm:
    """Schemas as they are sent: without maps and tuples, and no definition contains itself."""

    def __init__(
        self, plain: Mapping[str, JSONObject], recursive: Mapping[str, frozenset[str]], levels: int
    ) -> None:
        self.defs: dict[str, Any] = {}
        self._levels = levels
        self.changed = False
        self._plain = plain
        self._recursive = recursive
        self._known: dict[str, JSONObject | None] = {}

    def schema(self, plain: JSONObject, level: int, group: frozenset[str]) -> JSONObject | None:
        """Return a schema as it is sent; None if all of its values go deeper than the last level.

        Args:
            plain: the schema.
            level: the level of the definition that it is a part of.
            group: the definitions through which that one contains itself.
        """

        def written(part: JSONObject) -> JSONObject | None:
            return self.schema(part, level, group)

        if "$ref" in plain:
            return self._reference(plain, level, group)
        for name in ("anyOf", "allOf"):
            if name in plain:
                parts = [written(part) for part in plain[name]]
                left = [part for part in parts if part is not None]
                is_possible = bool(left) if name == "anyOf" else None not in parts
                return {**plain, name: left} if is_possible else None
        if _is_map(plain):
            pair = _pair(written(plain["propertyNames"]), written(_values_of(plain)))
            return self._map(plain, pair)
        if _is_tuple(plain):
            return self._tuple(plain, [written(item) for item in plain["prefixItems"]])
        if plain.get("type") == "object":
            return _object(plain, {k: written(v) for k, v in plain.get("properties", {}).items()})
        if plain.get("type") == "array":
            return {**plain, "items": written(plain["items"]) or {"type": "null"}}
        return plain

    def _reference(self, plain: JSONObject, level: int, group: frozenset[str]) -> JSONObject | None:
        name = _name_of(plain["$ref"])
        level = level + 1 if name in group else 1
        if level > self._levels:
            return None
        key = name if level == 1 else f"{name}-level-{level}"
        if key not in self._known:
            inner = self._recursive.get(name, frozenset[str]())
            self._known[key] = self.schema(self._plain[name], level, inner)
        definition = self._known[key]
        if definition is None:
            return None
        if "description" in plain:
            # The API takes nothing beside a reference, so a copy takes its place.
            return {**definition, "description": plain["description"]}
        self.defs[key] = definition
        return {"$ref": f"#/$defs/{key}"}

    def _map(self, plain: JSONObject, pair: JSONObject | None) -> JSONObject:
        self.changed = True
        left_out = ("type", "properties", "additionalProperties", "propertyNames")
        about = {name: each for name, each in plain.items() if name not in left_out}
        return {**about, "type": "array", "items": pair or {"type": "null"}}

    def _tuple(self, plain: JSONObject, items: list[JSONObject | None]) -> JSONObject | None:
        if None in items:
            return None
        self.changed = True
        left_out = ("type", "prefixItems", "minItems", "maxItems")
        about = {name: each for name, each in plain.items() if name not in left_out}
        names = _item_names(plain)
        properties = dict(zip(names, items, strict=True))
        return {**about, "type": "object", "properties": properties, "required": names}


def _pair(keys: JSONObject | None, values: JSONObject | None) -> JSONObject | None:
    if keys is None or values is None:
        return None
    properties = {"key": keys, "value": values}
    return {"type": "object", "properties": properties, "required": ["key", "value"]}


def _object(plain: JSONObject, properties: dict[str, JSONObject | None]) -> JSONObject | None:
    left = {name: each for name, each in properties.items() if each is not None}
    if any(name in properties and name not in left for name in plain.get("required", ())):
        return None
    return {**plain, "properties": left}
