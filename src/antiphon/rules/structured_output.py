"""Checks of the schemas that output is to follow: structured output, and strict tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._wire.json import is_list, is_object
from .json_schema import is_recursive, subschemas, unsupported
from .registry import Checks, Violation, at
from .request_view import RequestView

__all__ = ["CHECKS", "may_be_compiled"]

_SCHEMAS = ("output_config", "output_format", "tools")

# The documented limits of what is compiled: strict tools, optional properties, unions.
_MOST_STRICT, _MOST_OPTIONAL, _MOST_UNIONS = 20, 24, 16

CHECKS = Checks()


def _strict_tools(request: RequestView) -> list[tuple[str, Any]]:
    """Return the schemas of the strict tools, with the paths of the tools."""
    return [
        (f"tools.{index}.custom", tool.get("input_schema"))
        for index, tool in enumerate(request.tools)
        if tool.get("strict")
    ]


def _roots(request: RequestView) -> list[tuple[str, Any]]:
    """Return the schemas that output is to follow, with their paths."""
    output = [request.output_format] if request.output_format is not None else []
    return [*output, *_strict_tools(request)]


def _schemas(request: RequestView) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each schema inside the ones that output is to follow, with the path of the whole."""
    for path, root in _roots(request):
        for schema in subschemas(root):
            yield path, schema


@CHECKS.add("structured.open", *_SCHEMAS)
def open_objects(request: RequestView) -> Iterator[Violation]:
    """Find objects that allow further properties by not saying otherwise."""
    for path, schema in _schemas(request):
        if _is_object_type(schema) and schema.get("additionalProperties") is None:
            yield at(path)


@CHECKS.add("structured.opened", *_SCHEMAS)
def opened_objects(request: RequestView) -> Iterator[Violation]:
    """Find objects that allow further properties explicitly, all or those of a schema."""
    for path, schema in _schemas(request):
        further = schema.get("additionalProperties")
        if _is_object_type(schema) and (further is True or is_object(further)):
            yield at(path, value="object" if is_object(further) else "true")


def _is_object_type(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (is_list(kind) and "object" in kind)


@CHECKS.add("structured.keyword", *_SCHEMAS)
def unsupported_keyword(request: RequestView) -> Iterator[Violation]:
    """Find schemas with one keyword that structured output does not support."""
    for path, schema in _schemas(request):
        if len(names := unsupported(schema)) == 1:
            yield at(path, type=schema.get("type"), name=names[0])


@CHECKS.add("structured.keywords", *_SCHEMAS)
def unsupported_keywords(request: RequestView) -> Iterator[Violation]:
    """Find schemas with several keywords that structured output does not support."""
    for path, schema in _schemas(request):
        if len(names := unsupported(schema)) > 1:
            yield at(path, type=schema.get("type"), names=", ".join(names))


@CHECKS.add("structured.min_items", *_SCHEMAS)
def least_items(request: RequestView) -> Iterator[Violation]:
    """Find arrays with a least length other than 0 or 1."""
    for path, root in _roots(request):
        lengths = [schema.get("minItems") for schema in subschemas(root)]
        if found := [length for length in lengths if length not in (None, 0, 1)]:
            yield at(path, found=found)


@CHECKS.add("structured.recursive", *_SCHEMAS)
def recursive_schemas(request: RequestView) -> Iterator[Violation]:
    """Find a schema that contains itself."""
    for path, root in _roots(request):
        if is_recursive(root):
            yield at(path)


@CHECKS.add("structured.external", *_SCHEMAS)
def external_references(request: RequestView) -> Iterator[Violation]:
    """Find references to schemas outside of the request."""
    for path, schema in _schemas(request):
        if isinstance(ref := schema.get("$ref"), str) and not ref.startswith("#"):
            yield at(path)


@CHECKS.add("structured.tools", "tools")
def many_strict_tools(request: RequestView) -> Iterator[Violation]:
    """Find more strict tools than are compiled."""
    found = len(_strict_tools(request))
    if found > _MOST_STRICT:
        yield at("tools", found=found, most=_MOST_STRICT)


@CHECKS.add("structured.optional", *_SCHEMAS)
def many_optional_properties(request: RequestView) -> Iterator[Violation]:
    """Find more optional properties, of all schemas together, than are compiled."""
    found = sum(_optional(schema) for _, schema in _schemas(request))
    if found > _MOST_OPTIONAL:
        yield at(_roots(request)[0][0], found=found, most=_MOST_OPTIONAL)


@CHECKS.add("structured.unions", *_SCHEMAS)
def many_unions(request: RequestView) -> Iterator[Violation]:
    """Find more unions, of all schemas together, than are compiled."""
    found = sum(_is_union(schema) for _, schema in _schemas(request))
    if found > _MOST_UNIONS:
        yield at(_roots(request)[0][0], found=found, most=_MOST_UNIONS)


def may_be_compiled(schema: object) -> bool:
    """Return whether a schema, if it is the only one, is within the limits of what is compiled."""
    parts = [*subschemas(schema)]
    unions = sum(map(_is_union, parts))
    return unions <= _MOST_UNIONS and sum(map(_optional, parts)) <= _MOST_OPTIONAL


# References are not followed: a definition is counted once, however often it is used.


def _optional(schema: dict[str, Any]) -> int:
    """Return the number of properties of one object that may be left out."""
    properties, required = schema.get("properties"), schema.get("required")
    needed: list[Any] = required if is_list(required) else []
    return sum(1 for name in properties if name not in needed) if is_object(properties) else 0


def _is_union(schema: dict[str, Any]) -> bool:
    return "anyOf" in schema or is_list(schema.get("type"))
