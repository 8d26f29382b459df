"""Checks of the schemas that output is to follow: structured output, and strict tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._wire.json import is_list, is_object
from .json_schema import is_recursive, subschemas, unsupported
from .registry import Checks, Violation, at
from .request_view import RequestView

__all__ = ["CHECKS"]

_FORMATS = ("output_config", "output_format")

# The documented limits of what is compiled: strict tools, optional properties, unions.
_MOST_STRICT, _MOST_OPTIONAL, _MOST_UNIONS = 20, 24, 16

CHECKS = Checks()


def _formats(request: RequestView) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each schema inside the requested one, with the path of the whole."""
    if request.output_format is not None:
        path, schema = request.output_format
        for each in subschemas(schema):
            yield path, each


@CHECKS.add("structured.open", *_FORMATS)
def open_objects(request: RequestView) -> Iterator[Violation]:
    """Find objects that allow further properties by not saying otherwise."""
    for path, schema in _formats(request):
        if _is_object_type(schema) and schema.get("additionalProperties") not in (False, True):
            yield at(path)


@CHECKS.add("structured.opened", *_FORMATS)
def opened_objects(request: RequestView) -> Iterator[Violation]:
    """Find objects that allow further properties explicitly."""
    for path, schema in _formats(request):
        if _is_object_type(schema) and schema.get("additionalProperties") is True:
            yield at(path)


def _is_object_type(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (is_list(kind) and "object" in kind)


@CHECKS.add("structured.keyword", *_FORMATS)
def unsupported_keyword(request: RequestView) -> Iterator[Violation]:
    """Find schemas with one keyword that structured output does not support."""
    for path, schema in _formats(request):
        if len(names := unsupported(schema)) == 1:
            yield at(path, type=schema.get("type"), name=names[0])


@CHECKS.add("structured.keywords", *_FORMATS)
def unsupported_keywords(request: RequestView) -> Iterator[Violation]:
    """Find schemas with several keywords that structured output does not support."""
    for path, schema in _formats(request):
        if len(names := unsupported(schema)) > 1:
            yield at(path, type=schema.get("type"), names=", ".join(names))


@CHECKS.add("structured.recursive", *_FORMATS)
def recursive_schemas(request: RequestView) -> Iterator[Violation]:
    """Find a schema that contains itself."""
    if request.output_format is not None and is_recursive(request.output_format[1]):
        yield at(request.output_format[0])


@CHECKS.add("structured.external", *_FORMATS)
def external_references(request: RequestView) -> Iterator[Violation]:
    """Find references to schemas outside of the request."""
    for path, schema in _formats(request):
        if isinstance(ref := schema.get("$ref"), str) and not ref.startswith("#"):
            yield at(path)


@CHECKS.add("structured.complex", "output_config", "output_format", "tools")
def complex_schemas(request: RequestView) -> Iterator[Violation]:
    """Find more strict tools, optional properties or unions than can be compiled."""
    strict = [tool for tool in request.tools if tool.get("strict")]
    if not strict and request.output_format is None:
        return
    compiled = [schema for _, schema in _formats(request)]
    compiled += [each for tool in strict for each in subschemas(tool.get("input_schema"))]
    optional, unions = sum(map(_optional, compiled)), sum(map(_is_union, compiled))
    if len(strict) > _MOST_STRICT or optional > _MOST_OPTIONAL or unions > _MOST_UNIONS:
        yield at("output_config.format" if request.output_format else "tools")


def _optional(schema: dict[str, Any]) -> int:
    """Return the number of properties of one object that may be left out."""
    properties, required = schema.get("properties"), schema.get("required")
    needed: list[Any] = required if is_list(required) else []
    return sum(1 for name in properties if name not in needed) if is_object(properties) else 0


def _is_union(schema: dict[str, Any]) -> bool:
    return "anyOf" in schema or is_list(schema.get("type"))
