"""Rules about the answer wanted: its length, its end, its form, where and how it is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._wire.json import is_list, is_object
from .json_schema import is_recursive, subschemas, unsupported
from .request_view import RequestView
from .rule import At, Chapter, at

CHAPTER = Chapter()

_MOST_STRICT, _MOST_OPTIONAL, _MOST_UNIONS = 20, 24, 16
_BETA_FIELDS = {
    "context_management": ("context-management-", "compact-"),
    "mcp_servers": ("mcp-client-",),
    "fallbacks": ("server-side-fallback-",),
}


@CHAPTER.rule(
    "beta.fields", "{path}: Extra inputs are not permitted",
    source="Beta headers", evidence="C 2026-08", remedy="Send the `anthropic-beta` header of the feature.",
)  # fmt: skip
def fields_of_betas(asked: RequestView) -> Iterator[At]:
    """Parameters of a beta that was not asked for."""
    for name, betas in _BETA_FIELDS.items():
        if asked.body.get(name) is not None and not asked.has_beta(*betas):
            yield at(name)


@CHAPTER.rule(
    "max_tokens.large",
    "max_tokens: {found} > {most}, which is the maximum allowed number of output tokens for {model}",
    source="Models", evidence="A 2026-02", remedy="Lower max_tokens to what the model can write.",
)  # fmt: skip
def max_tokens(asked: RequestView) -> Iterator[At]:
    """More tokens than the model writes."""
    wanted = asked.body.get("max_tokens", 0)
    if asked.card is not None and wanted > asked.card.max_output and not _writes_long(asked):
        yield at("max_tokens", found=wanted, most=asked.card.max_output, model=asked.card.id)


def _writes_long(asked: RequestView) -> bool:
    """Whether a batch asks for the beta of longer answers."""
    return asked.endpoint == "batch_item" and asked.has_beta("output-300k-")


@CHAPTER.rule(
    "max_tokens.zero", "max_tokens: 0 cannot be combined with `{field}`",
    source="Prompt caching", evidence="C 2026-08", remedy="Send max_tokens: 0 alone, or a larger number.",
)  # fmt: skip
def warming(asked: RequestView) -> Iterator[At]:
    """A cache warmed together with what needs an answer."""
    if asked.body.get("max_tokens") == 0:
        for field, is_given in (
            ("stream", asked.body.get("stream")),
            ("thinking", asked.thinking == "enabled"),
            ("output_config.format", asked.output_format),
            ("tool_choice", asked.forces_a_tool),
        ):
            if is_given:
                yield at("max_tokens", field=field)


@CHAPTER.rule(
    "batch.fields", "{path}: not supported in the requests of a batch",
    source="Batch processing", evidence="C 2026-08", remedy="Leave it out, or send the request on its own.",
)  # fmt: skip
def batched(asked: RequestView) -> Iterator[At]:
    """What an item of a batch may not ask for."""
    if asked.endpoint == "batch_item":
        for name in ("stream", "speed", "fallbacks"):
            if asked.body.get(name):
                yield at(name)
        if asked.body["max_tokens"] == 0:
            yield at("max_tokens")


@CHAPTER.rule(
    "stop_sequences.empty", "stop_sequences: each stop sequence must be non-empty",
    source="Messages", evidence="B 2025-03", remedy="Give every stop sequence text.",
)  # fmt: skip
def empty_stop_sequences(asked: RequestView) -> Iterator[At]:
    """Stop sequences of nothing."""
    if "" in (asked.body.get("stop_sequences") or ()):
        yield at("stop_sequences")


@CHAPTER.rule(
    "stop_sequences.blank", "stop_sequences: each stop sequence must contain non-whitespace",
    source="Messages", evidence="B 2024-04", remedy="Give every stop sequence more than white space.",
)  # fmt: skip
def blank_stop_sequences(asked: RequestView) -> Iterator[At]:
    """Stop sequences of white space alone."""
    if any(sequence.isspace() for sequence in asked.body.get("stop_sequences") or ()):
        yield at("stop_sequences")


@CHAPTER.rule(
    "inference_geo.model", "inference_geo: not supported for this model",
    source="Data residency", evidence="C 2026-08", remedy="Leave inference_geo out.",
)  # fmt: skip
def region(asked: RequestView) -> Iterator[At]:
    """A region, on a model that has no choice."""
    if asked.body.get("inference_geo") and asked.card is not None and not asked.card.regional:
        yield at("inference_geo")


@CHAPTER.rule(
    "speed.model", "speed: 'fast' is not supported for this model",
    source="Fast mode", evidence="C 2026-10", remedy="Leave speed out, or use a model that has it.",
)  # fmt: skip
def speed(asked: RequestView) -> Iterator[At]:
    """Speed, on a model that has none; one slows down silently."""
    card = asked.card if asked.body.get("speed") == "fast" else None
    if card is not None and card.fast_prices is None and card.id != "claude-opus-4-6":
        yield at("speed")


@CHAPTER.rule(
    "speed.beta", "speed: Extra inputs are not permitted",
    source="Fast mode", evidence="C 2026-10", remedy="Send the beta fast-mode-2026-02-01.",
)  # fmt: skip
def speed_beta(asked: RequestView) -> Iterator[At]:
    """Speed without its beta, on a model where it still is one."""
    card = asked.card if asked.body.get("speed") == "fast" else None
    if card is not None and card.id != "claude-opus-5-5" and not asked.has_beta("fast-mode-"):
        yield at("speed")


def _formats(asked: RequestView) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema in the format asked for, with the path of the whole."""
    if asked.output_format is not None:
        path, schema = asked.output_format
        for each in subschemas(schema):
            yield path, each


@CHAPTER.rule(
    "structured.open", "{path}: For 'object' type, 'additionalProperties' must be explicitly set to false",
    source="Structured outputs", evidence="A 2026-08", remedy='Set "additionalProperties": false on every object.',
)  # fmt: skip
def open_objects(asked: RequestView) -> Iterator[At]:
    """Objects that are left open."""
    for path, schema in _formats(asked):
        if _is_object_type(schema) and schema.get("additionalProperties") not in (False, True):
            yield at(path)


@CHAPTER.rule(
    "structured.opened",
    "{path}: For 'object' type, 'additionalProperties: true' is not supported. Please set 'additionalProperties' to"
    " false",
    source="Structured outputs", evidence="A 2026-08", remedy='Set "additionalProperties": false on every object.',
)  # fmt: skip
def opened_objects(asked: RequestView) -> Iterator[At]:
    """Objects that are open on purpose."""
    for path, schema in _formats(asked):
        if _is_object_type(schema) and schema.get("additionalProperties") is True:
            yield at(path)


def _is_object_type(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (is_list(kind) and "object" in kind)


@CHAPTER.rule(
    "structured.keyword", "{path}: For '{type}' type, property '{name}' is not supported",
    source="Structured outputs", evidence="B 2025-12", remedy="Say the bound in the description instead.",
)  # fmt: skip
def unsupported_keyword(asked: RequestView) -> Iterator[At]:
    """A bound that answers are not held to."""
    for path, schema in _formats(asked):
        if len(names := unsupported(schema)) == 1:
            yield at(path, type=schema.get("type"), name=names[0])


@CHAPTER.rule(
    "structured.keywords", "{path}: For '{type}' type, properties {names} are not supported",
    source="Structured outputs", evidence="A 2026-08", remedy="Say the bounds in the description instead.",
)  # fmt: skip
def unsupported_keywords(asked: RequestView) -> Iterator[At]:
    """Bounds that answers are not held to."""
    for path, schema in _formats(asked):
        if len(names := unsupported(schema)) > 1:
            yield at(path, type=schema.get("type"), names=", ".join(names))


@CHAPTER.rule(
    "structured.recursive", "{path}: recursive schemas are not supported",
    source="Structured outputs", evidence="C 2026-08", remedy="Write the levels out that are needed.",
)  # fmt: skip
def recursive_schemas(asked: RequestView) -> Iterator[At]:
    """A schema inside itself."""
    if asked.output_format is not None and is_recursive(asked.output_format[1]):
        yield at(asked.output_format[0])


@CHAPTER.rule(
    "structured.external", "{path}: external references are not supported",
    source="Structured outputs", evidence="C 2026-08", remedy="Put the definition under $defs.",
)  # fmt: skip
def external_references(asked: RequestView) -> Iterator[At]:
    """A schema kept elsewhere."""
    for path, schema in _formats(asked):
        if isinstance(ref := schema.get("$ref"), str) and not ref.startswith("#"):
            yield at(path)


@CHAPTER.rule(
    "structured.complex", "Schema is too complex for compilation.",
    source="Structured outputs", evidence="C 2026-08",
    remedy="Use at most 20 strict tools, 24 optional parameters and 16 unions.",
)  # fmt: skip
def complex_schemas(asked: RequestView) -> Iterator[At]:
    """More strict tools, optional parameters or unions than are compiled."""
    strict = [tool for tool in asked.tools if tool.get("strict")]
    if not strict and asked.output_format is None:
        return
    compiled = [schema for _, schema in _formats(asked)]
    compiled += [each for tool in strict for each in subschemas(tool.get("input_schema"))]
    optional, unions = sum(map(_optional, compiled)), sum(map(_is_union, compiled))
    if len(strict) > _MOST_STRICT or optional > _MOST_OPTIONAL or unions > _MOST_UNIONS:
        yield at("output_config.format" if asked.output_format else "tools")


def _optional(schema: dict[str, Any]) -> int:
    properties, required = schema.get("properties"), schema.get("required")
    needed: list[Any] = required if is_list(required) else []
    return sum(1 for name in properties if name not in needed) if is_object(properties) else 0


def _is_union(schema: dict[str, Any]) -> bool:
    return "anyOf" in schema or is_list(schema.get("type"))


@CHAPTER.rule(
    "context", "prompt is too long: {tokens} tokens > {most} maximum",
    source="Context windows", evidence="A 2026-08", remedy="Shorten the conversation.",
)  # fmt: skip
def context_length(asked: RequestView) -> Iterator[At]:
    """A prompt larger than the model's window."""
    if asked.card is not None and asked.count is not None and asked.endpoint != "count_tokens":
        tokens = asked.count(asked.body)
        if tokens > asked.card.window:
            yield at(tokens=tokens, most=asked.card.window)
