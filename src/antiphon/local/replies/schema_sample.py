"""Values that satisfy a JSON schema, taken from a prompt where it says something that fits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random
from typing import Any, cast

from .prompt_values import PromptValues, name_words
from .regex_sample import sample_text
from .schema_resolver import SchemaResolver

__all__ = ["sample"]

Schema = Mapping[str, Any]

_SIMPLE_DEPTH = 4
_DEEPEST = 40
_MANY_VALUES = 1_000
_MOST_VALUES = 3_000
_MOST_ITEMS = 1_000
_LONGEST_TEXT = 100_000
_FORMATS = {
    "date-time": "2026-01-01T12:00:00Z",
    "date": "2026-01-01",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "person@example.com",
    "idn-email": "person@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "https://example.com/",
    "uri-template": "https://example.com/",
    "json-pointer": "/example",
    "relative-json-pointer": "0",
    "regex": "example",
}


def sample(schema: object, clues: PromptValues, rng: Random) -> Any:
    """A value valid against `schema`: JSON Schema 2020-12, as far as tools commonly use it.

    Required properties and those the prompt says something about are filled. Types, enums,
    constants, bounds, formats, simple patterns, items, anyOf, oneOf, allOf and local references
    are followed, recursion as briefly as it allows; `not` and conditions are not.

    Args:
        schema: the schema; true or absent allows anything.
        clues: what the prompt says.
        rng: decides what the schema leaves open, such as a UUID.

    Returns:
        The value; an empty object for what is not a JSON schema.
    """
    try:
        return _Maker(schema, clues, rng).value(schema)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return {}  # what looks like a schema is none, such as a bound that is no number


class _Maker:
    """Makes the values of one schema, within a bound on their number."""

    def __init__(self, root: object, clues: PromptValues, rng: Random) -> None:
        self._plainer = SchemaResolver(root)
        self._clues = clues
        self._rng = rng
        self._made = 0

    def value(self, schema: object, name: str = "", depth: int = 0, nth: int = 0) -> Any:
        """A value for a property `name`; `nth` makes the elements of an array differ."""
        self._made += 1
        brief = depth > _SIMPLE_DEPTH or self._made > _MANY_VALUES
        plain = self._plainer.plain(schema, brief)
        if plain is None or depth > _DEEPEST or self._made > _MOST_VALUES:
            return None
        if "const" in plain:
            return plain["const"]
        if plain.get("enum"):
            return self._choice(plain["enum"], nth)
        match _type(plain, brief):
            case "object":
                return self._object(plain, depth, nth, brief)
            case "array":
                return self._array(plain, name, depth, brief)
            case "integer":
                return self._number(plain, nth, whole=True)
            case "number":
                return self._number(plain, nth, whole=False)
            case "boolean":
                return nth % 2 == 0
            case "null":
                return None
            case _:
                return self._text(plain, name, nth)

    def _is_told(self, name: str, schema: object) -> bool:
        """Whether the prompt says something about an optional property."""
        if self._clues.word(name) is not None:
            return True
        own: Schema = cast("Schema", schema) if isinstance(schema, Mapping) else {}
        return self._mentioned(own.get("enum") or []) is not None

    def _choice(self, options: list[Any], nth: int) -> Any:
        """The option the prompt mentions, or the first."""
        if nth:
            return options[nth % len(options)]
        mentioned = self._mentioned(options)
        return options[0] if mentioned is None else mentioned

    def _mentioned(self, options: list[Any]) -> str | None:
        """The first of the options whose words all stand in the prompt."""
        prompt = set(name_words(self._clues.text))
        names = (option for option in options if isinstance(option, str))
        return next((name for name in names if {*name_words(name)} <= prompt and name), None)

    def _object(self, schema: Schema, depth: int, nth: int, brief: bool) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required: list[str] = list(dict.fromkeys(schema.get("required") or ()))
        least = int(schema.get("minProperties") or 0)
        names = required + [
            name
            for name in properties
            if name not in required and not brief and self._is_told(name, properties[name])
        ]
        most = schema.get("maxProperties")
        names = names[: max(int(most), len(required))] if most is not None else names
        names += [name for name in properties if name not in names][: max(0, least - len(names))]
        names += [f"extra_{n}" for n in range(min(least - len(names), _MOST_ITEMS))]
        return {
            name: self.value(self._property(schema, name), name, depth + 1, nth) for name in names
        }

    def _property(self, schema: Schema, name: str) -> object:
        """The schema of a property, declared or additional."""
        properties: Schema = schema.get("properties") or {}
        return properties.get(name, schema.get("additionalProperties", True))

    def _array(self, schema: Schema, name: str, depth: int, brief: bool) -> list[Any]:
        first: list[object] = list(schema.get("prefixItems") or ())
        least = int(schema.get("minItems") or 0)
        wanted = max(least, 0 if brief else max(1, len(first)))
        rest = schema.get("items", True)
        if rest is False:
            wanted = min(wanted, len(first))
        if (most := schema.get("maxItems")) is not None:
            wanted = min(wanted, int(most))
        wanted = min(wanted, _MOST_ITEMS)
        schemas = (first + [rest] * (wanted - len(first)))[:wanted]
        return [self.value(each, name, depth + 1, nth) for nth, each in enumerate(schemas)]

    def _number(self, schema: Schema, nth: int, *, whole: bool) -> int | float:
        """The prompt's next number if it fits, otherwise the allowed one nearest to 1."""
        step = schema.get("multipleOf") or (1 if whole else None)
        low, high = _bounds(schema, step if whole else None)
        said = self._clues.number()
        if said is not None and low <= said <= high and not nth and (not step or said % step == 0):
            return int(said) if said.is_integer() else said
        number = _between(low, high, nth) if step is None else _multiple(step, low, high, nth)
        return int(number) if whole else number

    def _text(self, schema: Schema, name: str, nth: int) -> str:
        """What the prompt says if it fits, otherwise a sample that does."""
        least = min(int(schema.get("minLength") or 0), _LONGEST_TEXT)
        most = schema.get("maxLength")
        pattern, form = schema.get("pattern"), schema.get("format")
        if pattern is not None and (sample := sample_text(pattern)) is not None:
            return _padded(sample, least)
        if form == "uuid":
            return _uuid(self._rng)
        if form in _FORMATS:
            return _FORMATS[form]
        text = self._clues.word(name) or f"simulated {' '.join(name_words(name)) or 'text'}"
        text = f"{text} {nth + 1}" if nth else text
        text = text.ljust(least, "x")
        return text if most is None or len(text) <= most else _shortened(text, int(most), nth)


def _type(schema: Schema, brief: bool) -> str:
    """The type to make; where several are allowed the first, or null when being brief."""
    types = schema.get("type")
    if isinstance(types, str):
        return types
    if isinstance(types, list) and types:
        allowed = cast("list[str]", types)
        if brief and "null" in allowed:
            return "null"
        return next((each for each in allowed if each != "null"), "null")
    for keyword, implied in _IMPLIED_TYPES.items():
        if keyword in schema:
            return implied
    return "string"


_IMPLIED_TYPES = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


def _bounds(schema: Schema, step: float | None) -> tuple[float, float]:
    """The lowest and the highest number allowed, as far as known; exclusive bounds moved inward."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None:
        low = max(low, math.floor(above) + 1 if step else math.nextafter(above, math.inf))
    if below is not None:
        high = min(high, math.ceil(below) - 1 if step else math.nextafter(below, -math.inf))
    return low, high


def _multiple(step: float, low: float, high: float, nth: int) -> float:
    """A multiple of `step` in the bounds, another for each `nth` as long as there are others."""
    first = math.ceil(max(low, min(1, high)) / step)
    if (first + nth) * step <= high:
        return (first + nth) * step
    last = math.floor(high / step)
    if last * step > high:  # a bound next to zero is zero once divided
        last -= 1
    return (last - nth if (last - nth) * step >= low else last) * step


def _between(low: float, high: float, nth: int) -> float:
    """A number in the bounds, another for each `nth`, simple where it can be."""
    first = max(low, min(1, high))
    if first + nth <= high:
        return first + nth
    if low > -math.inf:
        return low + (high - low) / (nth + 1)
    return high - nth


def _padded(sample: str, least: int) -> str:
    """`sample` made long enough by repeating its last character."""
    return sample + (sample[-1:] or "x") * (least - len(sample))


def _shortened(text: str, most: int, nth: int) -> str:
    """`text` cut to `most` characters, still another for each `nth`."""
    tail = str(nth) if nth else ""
    return (text[: max(0, most - len(tail))] + tail)[:most]


def _uuid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
