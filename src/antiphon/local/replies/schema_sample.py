"""Values that satisfy a JSON schema, taken from a prompt where it says something that fits.

The sampler walks down the schema. At each step `SchemaResolver` turns the schema at hand into a
plain one (no references, no combinations), and the value is made by its type: a constant or an
option first, then a value from the prompt, then the simplest value within the bounds.

Schemas may be recursive or ask for far too much, so everything has a bound. Below a certain depth,
or after a certain number of values, sampling is *brief*: only required properties, the smallest
alternatives, no list items that are not demanded. Deeper still, or after still more values, it
gives null, valid or not, because a reply must end.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any, cast

from ..._wire.json import JSONObject, is_list, is_object
from .names import name_words
from .patterns import found, is_date
from .prompt_values import PromptValues
from .regex_sample import sample_text, search
from .schema_check import SchemaJudge
from .schema_resolver import SchemaResolver

__all__ = ["sample"]

# Deep enough for the schemas of real tools, which nest three or four levels.
_BRIEF_DEPTH = 4
_MAX_DEPTH = 40
# A reply of a thousand values is as long as a long reply of Claude's.
_BRIEF_VALUES = 1_000
_MAX_VALUES = 3_000
_MAX_ITEMS = 1_000
_MAX_TEXT = 100_000
# More values are tried if one is wrong, unless it holds too many others.
_MAX_VARIANTS = 8
_MAX_RETRIED = 100
# Keywords of which a value may be wrong although it was made by them.
_JUDGED = frozenset(
    {
        "allOf",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "maxContains",
        "not",
        "oneOf",
        "patternProperties",
        "propertyNames",
        "uniqueItems",
    }
)
# Formats whose values prompts hold, by the form that finds them.
_FORM_OF_FORMAT = {"date": "date", "email": "email", "uri": "url"}
_SCALARS = ("boolean", "integer", "number", "string")
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
# The type that a schema means which names none, by the first of these keywords that it has.
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


def sample(schema: object, values: PromptValues, rng: Random) -> Any:
    """Return a value that is valid against `schema` (JSON Schema 2020-12, its common part).

    Required properties are filled, and those that the prompt says something about. Types, enums,
    constants, bounds, formats, patterns, items, anyOf, oneOf, allOf and local references are
    followed. For `not`, conditions and dependencies several values are tried, if `jsonschema` is
    there to judge them.

    Args:
        schema: the schema; true or absent allows anything.
        values: what the prompt offers.
        rng: decides what the schema leaves open, such as a UUID.

    Returns:
        The value; an empty object if `schema` is not a JSON schema.
    """
    try:
        return _Sampler(schema, values, rng).value(schema)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return {}  # it looks like a schema and is not one: a bound that is a string, for example


class _Sampler:
    """Makes the values of one schema, within a bound on their number."""

    def __init__(self, root: object, values: PromptValues, rng: Random) -> None:
        self._resolver = SchemaResolver(root)
        self._judge = SchemaJudge(root)
        self._prompt = values
        self._rng = rng
        self._made = 0
        # Which of the possible values is made: the first one, or others if that is refused.
        self._variant = 0

    def value(self, schema: object, name: str = "", depth: int = 0, nth: int = 0) -> Any:
        """Return a value for a property `name`; `nth` makes the items of an array differ.

        Where construction alone cannot tell whether a value is right, others are tried: first one
        without the prompt, then other options and alternatives, every second with all properties.
        """
        before = self._made
        first = self._plain_value(schema, name, depth, nth)
        if not self._resolver.uses(schema, _JUDGED) or self._judge.accepts(schema, first):
            return first
        # The values of the prompt are what most often does not fit.
        outer = self._prompt, self._variant
        self._prompt = PromptValues("")
        # Large values take long to make, and are seldom wrong in one place only.
        tries = _MAX_VARIANTS if self._made - before < _MAX_RETRIED else 1
        for self._variant in range(tries):
            other = self._plain_value(schema, name, depth, nth + self._variant)
            if self._judge.accepts(schema, other):
                first = other
                break
        self._prompt, self._variant = outer
        return first

    def _plain_value(self, schema: object, name: str, depth: int, nth: int) -> Any:
        self._made += 1
        brief = depth > _BRIEF_DEPTH or self._made > _BRIEF_VALUES
        plain = self._resolver.plain(schema, brief, self._variant)
        if plain is None or depth > _MAX_DEPTH or self._made > _MAX_VALUES:
            return None
        kind = _type(plain, brief)
        if name and _allows_null(schema) and kind in _SCALARS and not self._says(name, plain):
            return None
        if "const" in plain:
            return plain["const"]
        if plain.get("enum"):
            return self._option(plain["enum"], name, nth)
        match kind:
            case "object":
                return self._object(plain, depth, nth, brief)
            case "array":
                return self._array(plain, name, depth, brief)
            case "integer":
                return self._number(plain, name, nth, whole=True)
            case "number":
                return self._number(plain, name, nth, whole=False)
            case "boolean":
                said = self._prompt.flag_for(name)
                return nth % 2 == 0 if said is None else said
            case "null":
                return None
            case _:
                return self._text(plain, name, nth)

    def _in_prompt(self, name: str, schema: object) -> bool:
        """Return whether the prompt says something about an optional property."""
        if self._prompt.mentions(name):
            return True
        options = schema.get("enum") if is_object(schema) else None
        return self._names_one(options or [])

    def _says(self, name: str, plain: JSONObject) -> bool:
        """Return whether the prompt says something about a property that may be null."""
        options = plain.get("enum") or [plain.get("const")]
        return self._prompt.speaks_of(name) or self._names_one(options)

    def _names_one(self, options: list[Any]) -> bool:
        texts = [each for each in options if isinstance(each, str)]
        return self._prompt.names_option(texts)

    def _option(self, options: list[Any], name: str, nth: int) -> Any:
        """Return the option that the prompt names, or the first."""
        if nth:
            return options[nth % len(options)]
        texts = [each for each in options if isinstance(each, str)]
        said = (self._prompt.value_for(name) or "").lower()
        named = (each for each in texts if each.lower() == said)
        option = next(named, None) or self._prompt.option_for(name, texts)
        return options[0] if option is None else option

    def _object(self, schema: JSONObject, depth: int, nth: int, brief: bool) -> JSONObject:
        self._prompt.adopt_record(self._kinds(schema))
        self._prompt.learn(_descriptions(schema))
        names = self._property_names(schema, brief)
        return {
            name: self.value(_property_schema(schema, name), name, depth + 1, nth) for name in names
        }

    def _kinds(self, schema: JSONObject) -> dict[str, str]:
        """Return the types of the properties that hold one value, by their names."""
        properties: JSONObject = schema.get("properties") or {}
        plain = {name: self._resolver.plain(each, True) for name, each in properties.items()}
        kinds = {name: _type(each, False) for name, each in plain.items() if each is not None}
        return {name: kind for name, kind in kinds.items() if kind not in ("object", "array")}

    def _property_names(self, schema: JSONObject, brief: bool) -> list[str]:
        """Return the properties to fill: required ones, mentioned ones, and enough of them."""
        properties: JSONObject = schema.get("properties") or {}
        required: list[str] = list(dict.fromkeys(schema.get("required") or ()))
        least = int(schema.get("minProperties") or 0)
        names = required + [
            name
            for name in properties
            if name not in required
            and not brief
            and (self._variant % 2 or self._in_prompt(name, properties[name]))
        ]
        most = schema.get("maxProperties")
        names = names[: max(int(most), len(required))] if most is not None else names
        names += [name for name in properties if name not in names][: max(0, least - len(names))]
        return names + [f"extra_{n}" for n in range(min(least - len(names), _MAX_ITEMS))]

    def _array(self, schema: JSONObject, name: str, depth: int, brief: bool) -> list[Any]:
        first: list[object] = list(schema.get("prefixItems") or ())
        least = int(schema.get("minItems") or 0)
        rest = schema.get("items", True)
        listed = [] if brief or first or "contains" in schema else self._listed(rest, name)
        length = max(least, len(listed), 0 if brief else max(1, len(first)))
        length = max(length, int(schema.get("minContains", 1)) if "contains" in schema else 0)
        if rest is False:
            length = min(length, len(first))
        if (most := schema.get("maxItems")) is not None:
            length = min(length, int(most))
        length = min(length, _MAX_ITEMS)
        schemas = (first + [rest] * (length - len(first)))[:length]
        if (wanted := schema.get("contains")) is not None:
            least = min(int(schema.get("minContains", 1)), length)
            schemas[length - least :] = [{"allOf": [rest, wanted]}] * least
        made = [self._item(rest, name, depth, values) for values in listed[:length]]
        more = enumerate(schemas[len(made) :], len(made))
        return made + [self.value(each, name, depth + 1, nth) for nth, each in more]

    def _listed(self, schema: object, name: str) -> list[PromptValues]:
        """Return the values of each item that the prompt or a result lists."""
        plain = self._resolver.plain(schema, False) or {}
        kind = _type(plain, False)
        if kind == "object":
            return self._prompt.rows(self._kinds(plain))
        return [
            PromptValues("", fields={name: value}) for value in self._prompt.items_for(name, kind)
        ]

    def _item(self, schema: object, name: str, depth: int, values: PromptValues) -> Any:
        """Return an item that is made of values of its own."""
        outer, self._prompt = self._prompt, values
        try:
            return self.value(schema, name, depth + 1)
        finally:
            self._prompt = outer

    def _number(self, schema: JSONObject, name: str, nth: int, *, whole: bool) -> int | float:
        """Return the prompt's next number if it fits, otherwise the allowed one nearest to 1."""
        step = schema.get("multipleOf") or (1 if whole else None)
        low, high = _bounds(schema, step if whole else None)
        found = self._prompt.number_for(name)
        fits = found is not None and low <= found <= high and (not step or found % step == 0)
        if found is not None and fits and not nth:
            return int(found) if float(found).is_integer() else found
        # Another variant of a number is no integer: that would be valid where integers are too.
        other = nth + 0.5 if self._variant else nth
        number = _between(low, high, other) if step is None else _multiple(step, low, high, nth)
        return int(number) if whole else number

    def _text(self, schema: JSONObject, name: str, nth: int) -> str:
        """Return text from the prompt if it fits, otherwise a sample that does."""
        least = min(int(schema.get("minLength") or 0), _MAX_TEXT)
        most = schema.get("maxLength")
        pattern, form = schema.get("pattern"), schema.get("format")
        said = self._prompt.value_for(name)
        if form in _FORM_OF_FORMAT and (said is None or not _fits(said, schema)):
            said = self._prompt.taken(_FORM_OF_FORMAT[form], name)
        if said is not None and not nth and _fits(said, schema):
            return said
        if pattern is not None:
            matching = self._prompt.word_like(pattern) or sample_text(pattern, nth)
            if matching is not None:
                return _padded(matching, least)
        if form == "uuid":
            return _uuid(self._rng)
        if form in _FORMATS:
            return _FORMATS[form]
        text = said or f"simulated {' '.join(name_words(name)) or 'text'}"
        text = f"{text} {nth + 1}" if nth else text
        text = text.ljust(least, "x")
        return text if most is None or len(text) <= most else _shortened(text, int(most), nth)


def _fits(text: str, schema: JSONObject) -> bool:
    """Return whether a text of the prompt may stand where `schema` asks for a text."""
    if not int(schema.get("minLength") or 0) <= len(text) <= schema.get("maxLength", math.inf):
        return False
    pattern, form = schema.get("pattern"), schema.get("format")
    if pattern is not None and not search(pattern, text):
        return False
    match form:
        case "date":
            return is_date(text)
        case "email":
            return found("email", text) == [text] and text.isascii()
        case "uri" | "iri" | "uri-reference":
            return found("url", text) == [text] and text.isascii()
        case _:
            return form not in _FORMATS and form != "uuid"


def _descriptions(schema: JSONObject) -> dict[str, str]:
    """Return the descriptions of the properties that have one."""
    properties: JSONObject = schema.get("properties") or {}
    return {
        name: text
        for name, each in properties.items()
        if is_object(each) and isinstance(text := each.get("description"), str)
    }


def _allows_null(schema: object) -> bool:
    """Return whether a schema says that its value may be missing."""
    if not is_object(schema):
        return False
    alternatives = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    types = schema.get("type")
    return {"type": "null"} in alternatives or (is_list(types) and "null" in types)


def _property_schema(schema: JSONObject, name: str) -> object:
    """Return the schema of a property, declared or additional."""
    properties: JSONObject = schema.get("properties") or {}
    return properties.get(name, schema.get("additionalProperties", True))


def _type(schema: JSONObject, brief: bool) -> str:
    """Return the type to make; of several the first that is not null, or null if `brief`."""
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


def _bounds(schema: JSONObject, step: float | None) -> tuple[float, float]:
    """Return the lowest and highest number allowed; exclusive bounds are moved inward."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None:
        low = max(low, math.floor(above) + 1 if step else math.nextafter(above, math.inf))
    if below is not None:
        high = min(high, math.ceil(below) - 1 if step else math.nextafter(below, -math.inf))
    return low, high


def _multiple(step: float, low: float, high: float, nth: int) -> float:
    """Return a multiple of `step` within the bounds, a different one for each `nth` if possible."""
    first = math.ceil(max(low, min(1, high)) / step)
    if (first + nth) * step <= high:
        return (first + nth) * step
    last = math.floor(high / step)
    if last * step > high:  # the division rounded up to the next multiple
        last -= 1
    return (last - nth if (last - nth) * step >= low else last) * step


def _between(low: float, high: float, nth: float) -> float:
    """Return a number within the bounds, simple if possible, a different one for each `nth`."""
    first = max(low, min(1, high))
    if first + nth <= high:
        return first + nth
    if low > -math.inf:
        return low + (high - low) / (nth + 1)
    return high - nth


def _padded(text: str, least: int) -> str:
    """Return `text` made long enough by repeating its last character."""
    return text + (text[-1:] or "x") * (least - len(text))


def _shortened(text: str, most: int, nth: int) -> str:
    """Return `text` cut to `most` characters, still different for each `nth`."""
    tail = str(nth) if nth else ""
    return (text[: max(0, most - len(tail))] + tail)[:most]


def _uuid(rng: Random) -> str:
    """Return a UUID of version 4 and its usual variant."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
