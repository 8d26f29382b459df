"""The JSON Schema of script files, for editors and other programs."""

from __future__ import annotations

from collections.abc import Mapping

from ..._wire.json import JSONObject
from .content import LOCATION
from .failure import KINDS, RETRY_AFTER
from .scripted_reply import COUNTS, NEEDED, STOP_REASONS

__all__ = ["SCHEMA"]


def _object(properties: JSONObject, *required: str) -> JSONObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _ref(name: str) -> JSONObject:
    return {"$ref": f"#/$defs/{name}"}


_TEXT: JSONObject = {"type": "string"}
_NAME: JSONObject = {"type": "string", "minLength": 1}
_TIMES: JSONObject = {"type": "integer", "minimum": 1, "description": "how often; always if absent"}
_NUMBERS: JSONObject = {"anyOf": [_TIMES, {"type": "array", "items": _TIMES, "minItems": 1}]}
_INDEX: JSONObject = {"type": "integer", "minimum": 0}
_SECONDS: JSONObject = {"type": "number", "minimum": 0}
_COMMON: JSONObject = {
    "when": {**_ref("condition"), "description": "which requests; all if absent"},
    "delay": {**_SECONDS, "description": "seconds before the response"},
    "faults": {**_ref("faults"), "description": "what goes wrong with the response"},
}
_ONE_CONTENT_OR_MORE: JSONObject = {
    "anyOf": [_ref("content"), {"type": "array", "items": _ref("content"), "minItems": 1}]
}


def _with_type(kind: str, needed: Mapping[str, type]) -> JSONObject:
    """Return what blocks of a type need."""
    fields = {name: _TEXT if each is str else {"type": "object"} for name, each in needed.items()}
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {"properties": fields, "required": list(fields)},
    }


_TEXT_OR_BLOCK: JSONObject = {"anyOf": [_TEXT, _ref("block")]}
_SAID: JSONObject = {"anyOf": [_TEXT_OR_BLOCK, {"type": "array", "items": _TEXT_OR_BLOCK}]}
_MESSAGE: JSONObject = {
    "if": {"properties": {"type": {"const": "message"}}},
    "then": {"properties": {"content": _SAID, "usage": {"type": ["object", "null"]}}},
}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A script of antiphon's local server",
    "anyOf": [
        {"type": "array", "items": _ref("rule")},
        _object(
            {
                "$schema": _TEXT,
                "strict": {
                    "type": "boolean",
                    "description": "whether a request that no rule answers is an error",
                },
                "rules": {"type": "array", "items": _ref("rule")},
            },
            "rules",
        ),
    ],
    "$defs": {
        "rule": {
            "anyOf": [
                _object(
                    {
                        "reply": _ONE_CONTENT_OR_MORE,
                        **_COMMON,
                        "times": _TIMES,
                        "stop_reason": {"enum": list(STOP_REASONS)},
                        "usage": _object(dict.fromkeys(COUNTS, _INDEX)),
                    },
                    "reply",
                ),
                _object(
                    {
                        "replies": {
                            "type": "array",
                            "items": _ONE_CONTENT_OR_MORE,
                            "minItems": 1,
                            "description": "one after the other, each once",
                        },
                        **_COMMON,
                    },
                    "replies",
                ),
                _object(
                    {
                        "fail": {
                            "anyOf": [
                                {"type": "integer", "minimum": 400, "maximum": 599},
                                {"enum": list(KINDS.values())},
                            ]
                        },
                        **_COMMON,
                        "times": _TIMES,
                        "message": _TEXT,
                        "retry_after": {
                            "anyOf": [
                                _SECONDS,
                                {"type": "string", "pattern": f"^{RETRY_AFTER.pattern}$"},
                            ]
                        },
                    },
                    "fail",
                ),
            ]
        },
        "content": {
            "anyOf": [
                _TEXT,
                _object(
                    {
                        "text": _TEXT,
                        "citations": {
                            "anyOf": [
                                _ref("citation"),
                                {"type": "array", "items": _ref("citation")},
                                {"type": "null"},
                            ]
                        },
                    },
                    "text",
                ),
                _object({"thinking": _TEXT, "signature": _TEXT}, "thinking"),
                _object({"tool_use": _TEXT, "input": {"type": "object"}, "id": _TEXT}, "tool_use"),
                _object({"refusal": {"type": ["string", "null"]}, "category": _TEXT}, "refusal"),
                _ref("block"),
            ]
        },
        "block": {
            "type": "object",
            "properties": {"type": _TEXT, "id": {"type": ["string", "null"]}},
            "required": ["type"],
            "allOf": [
                *(_with_type(kind, needed) for kind, needed in NEEDED.items()),
                _MESSAGE,
            ],
            "description": "a content block, or a whole message, as the API writes it",
        },
        "citation": {
            "type": "object",
            "properties": {
                "cited_text": _TEXT,
                "document": {**_INDEX, "description": "its number in the request, from 0"},
                "title": {"type": ["string", "null"]},
                **{name: _INDEX if kind is int else _TEXT for name, kind in LOCATION.items()},
            },
            "required": ["cited_text"],
            "additionalProperties": False,
        },
        "faults": {
            "anyOf": [
                {**_NAME, "description": "names of faults, e.g. cut(after=20)"},
                _object(
                    {
                        "fault": _NAME,
                        "attempts": _NUMBERS,
                        "requests": _NUMBERS,
                        "probability": {"type": "number", "minimum": 0, "maximum": 1},
                        "seed": {"type": "integer", "minimum": 0},
                    },
                    "fault",
                ),
                {"type": "array", "items": _ref("faults")},
            ]
        },
        "text": {
            "anyOf": [
                _NAME,
                _object({"regex": {"type": "string", "format": "regex"}}, "regex"),
            ]
        },
        "condition": {
            "anyOf": [
                {**_NAME, "description": "what the user's text contains"},
                {
                    **_object(
                        {
                            "user_text": _ref("text"),
                            "system_text": _ref("text"),
                            "model": _ref("text"),
                            "turn": {"type": "integer", "minimum": 1},
                            "offers": _NAME,
                            "has_result": {"anyOf": [_NAME, {"type": "boolean"}]},
                            "has_image": {"type": "boolean"},
                            "header": {
                                "type": "object",
                                "minProperties": 1,
                                "propertyNames": _NAME,
                                "additionalProperties": {"anyOf": [_ref("text"), {"const": True}]},
                            },
                            "all": {"type": "array", "items": _ref("condition"), "minItems": 1},
                            "any": {"type": "array", "items": _ref("condition"), "minItems": 1},
                            "not": _ref("condition"),
                        }
                    ),
                    "minProperties": 1,
                    "description": "all of what is named",
                },
            ]
        },
    },
}
"""What a script file may hold (JSON Schema, draft 2020-12)."""
