"""JSON schemas made plain: references followed, combinations merged, one alternative chosen."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from ..._wire.json import JSONObject, is_list, is_object

__all__ = ["SchemaResolver"]

# A schema that refers to itself by `allOf` alone would never end; real ones need a handful.
_MAX_STEPS = 64
_SCALARS = {"string", "number", "integer", "boolean", "null"}
_LOWER_BOUNDS = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"}
_UPPER_BOUNDS = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"}
_COMBINATIONS = {"allOf", "anyOf", "oneOf", "$ref"}


class SchemaResolver:
    """Makes the parts of one schema plain.

    Args:
        root: the whole schema; references point into it.
    """

    def __init__(self, root: object) -> None:
        self._root = root

    def plain(self, schema: object, brief: bool, variant: int = 0) -> JSONObject | None:
        """Return `schema` without $ref, allOf, anyOf and oneOf; None if no value is allowed.

        Args:
            schema: a part of the root.
            brief: of several alternatives take the one whose values hold least.
            variant: which of several alternatives to take otherwise.
        """
        result: JSONObject = {}
        stack: list[object] = [schema]
        for _ in range(_MAX_STEPS):
            if not stack:
                break
            part = stack.pop()
            if part is False:
                return None
            if is_object(part):
                result = _merged(result, _without_combinations(part))
                stack += self._combined(part, brief, variant)
        return result

    def uses(self, schema: object, keywords: frozenset[str]) -> bool:
        """Return whether a schema, or what it refers to or chooses from, has such a keyword."""
        stack: list[object] = [schema]
        for _ in range(_MAX_STEPS):
            if not stack:
                break
            part = stack.pop()
            if is_object(part):
                if part.keys() & keywords:
                    return True
                stack += part.get("anyOf") or ()
                if isinstance(reference := part.get("$ref"), str):
                    stack.append(self._target(reference))
        return False

    def _combined(self, schema: JSONObject, brief: bool, variant: int) -> list[object]:
        """Return the schemas that hold besides the keywords of `schema` itself."""
        parts: list[object] = list(schema.get("allOf") or ())
        if isinstance(reference := schema.get("$ref"), str):
            parts.append(self._target(reference))
        choices = (schema.get(keyword) for keyword in ("anyOf", "oneOf"))
        return parts + [self._chosen(choice, brief, variant) for choice in choices if choice]

    def _chosen(self, alternatives: list[object], brief: bool, variant: int) -> object:
        """Return an alternative that is not null, or if `brief` the smallest one."""
        possible = [each for each in alternatives if each is not False] or [False]
        if brief:
            return min(possible, key=self._size)
        useful = [each for each in possible if each != {"type": "null"}] or possible
        return useful[variant % len(useful)]

    def _size(self, schema: object) -> int:
        """Return how much a value of `schema` holds: a scalar least, a reference most."""
        if not is_object(schema):
            return 0
        types = schema.get("type")
        kinds = types if is_list(types) else [types]
        if any(kind in _SCALARS for kind in kinds) or "const" in schema or "enum" in schema:
            return 0
        if "$ref" in schema:
            return 3
        return 2 if schema.get("required") or schema.get("minItems") else 1

    def _target(self, reference: str) -> object:
        """Return what a local reference points to; True (anything) if it points nowhere."""
        target: object = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            if is_list(target) and key.isdecimal():
                target = dict(enumerate(target)).get(int(key), True)
            elif is_object(target):
                target = target.get(key, True)
            else:
                return True
        return target


def _without_combinations(schema: JSONObject) -> JSONObject:
    return {key: schema[key] for key in schema if key not in _COMBINATIONS}


def _merged(one: JSONObject, other: JSONObject) -> JSONObject:
    """Return a schema that allows what both allow."""
    result = dict(one)
    for keyword, value in other.items():
        result[keyword] = _both(keyword, result[keyword], value) if keyword in result else value
    return result


def _both(keyword: str, one: Any, other: Any) -> Any:
    """Return the value of a keyword that satisfies the values in two schemas."""
    if keyword in _LOWER_BOUNDS:
        return max(one, other)
    if keyword in _UPPER_BOUNDS:
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
            return _common_types(one, other)
        case _:
            return one


def _common_types(one: str | list[str], other: str | list[str]) -> str | list[str]:
    """Return the types that both allow; an integer is a number too."""
    first = [one] if isinstance(one, str) else one
    second = [other] if isinstance(other, str) else other
    common = [
        kind for kind in first if kind in second or (kind == "integer" and "number" in second)
    ]
    common += [kind for kind in second if kind == "integer" and "number" in first]
    return list(dict.fromkeys(common)) or one
