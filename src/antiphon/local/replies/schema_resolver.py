"""JSON schemas made plain: references followed, combinations merged, one alternative chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote

Schema = Mapping[str, Any]

_DEEPEST = 64
_SCALARS = {"string", "number", "integer", "boolean", "null"}
_HIGHEST_WINS = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_LOWEST_WINS = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}


class SchemaResolver:
    """Makes the parts of one schema plain.

    Args:
        root: the whole schema, to which references point.
    """

    def __init__(self, root: object) -> None:
        self._root = root

    def plain(self, schema: object, brief: bool) -> Schema | None:
        """`schema` without $ref, allOf, anyOf and oneOf; None where nothing is allowed.

        Args:
            schema: a part of the root.
            brief: of several alternatives take the one with the least in it.
        """
        result: Schema = {}
        waiting: list[object] = [schema]
        for _ in range(_DEEPEST):
            if not waiting:
                break
            part = waiting.pop()
            if part is False:
                return None
            if isinstance(part, Mapping):
                own = cast("Schema", part)
                result = merged(result, _without_combinations(own))
                waiting += self._combined(own, brief)
        return result

    def _combined(self, schema: Schema, brief: bool) -> list[object]:
        """The schemas that hold besides the keywords of `schema` itself."""
        parts: list[object] = list(schema.get("allOf") or ())
        if isinstance(reference := schema.get("$ref"), str):
            parts.append(self._target(reference))
        choices = (schema.get(keyword) for keyword in ("anyOf", "oneOf"))
        return parts + [self._chosen(choice, brief) for choice in choices if choice]

    def _chosen(self, alternatives: list[object], brief: bool) -> object:
        """The first alternative, or when being brief the one with the least in it."""
        possible = [each for each in alternatives if each is not False] or [False]
        if brief:
            return min(possible, key=self._weight)
        return next((each for each in possible if each != {"type": "null"}), possible[0])

    def _weight(self, schema: object) -> int:
        """How much a value of `schema` holds: a scalar little, a reference most."""
        if not isinstance(schema, Mapping):
            return 0
        own = cast("Schema", schema)
        if own.get("type") in _SCALARS or "const" in own or "enum" in own:
            return 0
        if "$ref" in own:
            return 3
        return 2 if own.get("required") or own.get("minItems") else 1

    def _target(self, reference: str) -> object:
        """What a local reference points to; anything is allowed where it points nowhere."""
        target: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if isinstance(target, list) and key.isdecimal():
                target = dict(enumerate(cast("list[object]", target))).get(int(key), True)
            elif isinstance(target, Mapping):
                target = cast("Schema", target).get(key, True)
            else:
                return True
        return target


_COMBINATIONS = {"allOf", "anyOf", "oneOf", "$ref"}


def _without_combinations(schema: Schema) -> Schema:
    return {key: schema[key] for key in schema if key not in _COMBINATIONS}


def merged(one: Schema, other: Schema) -> Schema:
    """A schema that allows what both allow."""
    result = dict(one)
    for keyword, value in other.items():
        result[keyword] = _both(keyword, result[keyword], value) if keyword in result else value
    return result


def _both(keyword: str, one: Any, other: Any) -> Any:
    """The value of a keyword that two schemas share."""
    if keyword in _HIGHEST_WINS:
        return max(one, other)
    if keyword in _LOWEST_WINS:
        return min(one, other)
    match keyword:
        case "required":
            return [*one, *(name for name in other if name not in one)]
        case "properties":
            shared = {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
            return {**one, **other, **shared}
        case "items" | "additionalProperties":
            return {"allOf": [one, other]}
        case "enum":
            return [option for option in one if option in other] or one
        case "type":
            return _both_types(one, other)
        case _:
            return one


def _both_types(one: str | list[str], other: str | list[str]) -> str | list[str]:
    """The types in both; an integer is a number too."""
    first = [one] if isinstance(one, str) else one
    second = [other] if isinstance(other, str) else other
    narrow = [each for each in first if each in second or (each, "number") in _widened(second)]
    narrow += [each for each in second if each == "integer" and "number" in first]
    return list(dict.fromkeys(narrow)) or one


def _widened(types: list[str]) -> set[tuple[str, str]]:
    return {("integer", "number")} if "number" in types else set()
