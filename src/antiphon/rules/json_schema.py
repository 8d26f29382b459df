"""JSON Schema as far as the API looks at it: valid keywords, schemas inside schemas, references.

Only the keywords that go wrong in practice are looked at. A full validator of schemas would be a
dependency of every user, to find what the API does not report either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .._wire.json import is_list, is_object

__all__ = ["is_recursive", "is_valid", "subschemas", "unsupported"]

_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
# Keywords whose value is a schema, a list of schemas, an object of schemas.
_ONE = (
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
_BY_NAME = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_TEXTS = ("$id", "$ref", "$schema", "description", "format", "pattern", "title")
_NUMBERS = ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum")
_LENGTHS = ("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties")
# `minItems` is not among them: structured output supports it if it is 0 or 1.
_BOUNDS = frozenset({*_NUMBERS, *_LENGTHS, "multipleOf", "uniqueItems"} - {"minItems"})


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Return a schema and all schemas inside it, in their order; references are not followed."""
    waiting = [schema]
    while waiting:  # not recursive: schemas may be nested as deep as bodies
        each = waiting.pop()
        if is_object(each):
            yield each
            waiting.extend(reversed(list(_inside(each))))


def _inside(schema: dict[str, Any]) -> Iterator[Any]:
    for keyword, value in schema.items():
        if keyword in _ONE:
            yield value
        elif keyword in _SEVERAL and is_list(value):
            yield from value
        elif keyword in _BY_NAME and is_object(value):
            yield from value.values()


def is_valid(schema: Any) -> bool:
    """Return whether `schema` is valid by draft 2020-12."""
    return all(map(_is_valid_by_itself, subschemas(schema)))


def _is_valid_by_itself(schema: dict[str, Any]) -> bool:
    return all(keyword not in _VALID or _VALID[keyword](value) for keyword, value in schema.items())


def _is_schema(value: Any) -> bool:
    return is_object(value) or isinstance(value, bool)


def _are_schemas(value: Any) -> bool:
    return is_list(value) and bool(value) and all(map(_is_schema, value))


def _are_named_schemas(value: Any) -> bool:
    return is_object(value) and all(map(_is_schema, value.values()))


def _is_type(value: Any) -> bool:
    names = value if is_list(value) else [value]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


def _are_names(value: Any) -> bool:
    return is_list(value) and all(isinstance(name, str) for name in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_VALID: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_ONE, _is_schema),
    **dict.fromkeys(_SEVERAL, _are_schemas),
    **dict.fromkeys(_BY_NAME, _are_named_schemas),
    "type": _is_type,
    "enum": is_list,
    "required": _are_names,
    **dict.fromkeys(_TEXTS, _is_text),
    **dict.fromkeys(_NUMBERS, _is_number),
    **dict.fromkeys(_LENGTHS, _is_count),
}


def unsupported(schema: dict[str, Any]) -> list[str]:
    """Return the keywords of one schema that structured output does not support, sorted."""
    return sorted(name for name in schema if name in _BOUNDS)


def is_recursive(schema: Any) -> bool:
    """Return whether the schema, or one of its definitions, refers back to itself."""
    inside: dict[str, set[str]] = {"#": _references(schema)}
    for group in ("$defs", "definitions"):
        definitions = schema.get(group) if is_object(schema) else None
        for name, definition in (definitions if is_object(definitions) else {}).items():
            inside[f"#/{group}/{name}"] = _references(definition)
    inside["#"] = {each for each in inside["#"] if each == "#"}
    return any(_leads_back(name, inside) for name in inside)


def _references(schema: Any) -> set[str]:
    return {each["$ref"] for each in subschemas(schema) if isinstance(each.get("$ref"), str)}


def _leads_back(start: str, inside: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = list(inside[start])
    while waiting:
        name = waiting.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(inside.get(name, ()))
    return False
