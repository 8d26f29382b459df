"""JSON schemas of many kinds, each of which some value satisfies."""

from hypothesis import strategies as st

NAMES = st.sampled_from(["location", "query", "url", "count", "a", "date", "unit", "x_y", "email"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["red", "a b", "", "celsius"])
)


@st.composite
def texts(draw):
    schema = {"type": "string"}
    match draw(st.sampled_from(["plain", "length", "format", "pattern"])):
        case "length":
            least = draw(st.integers(0, 30))
            schema |= {"minLength": least, "maxLength": least + draw(st.integers(0, 30))}
        case "format":
            formats = ["date-time", "date", "time", "duration", "email", "hostname", "uri"]
            schema |= {"format": draw(st.sampled_from([*formats, "ipv4", "ipv6", "uuid"]))}
        case "pattern":
            schema |= {"pattern": draw(st.sampled_from(PATTERNS))}
        case _:
            pass
    return schema


PATTERNS = [
    "^[A-Z]{3}$",
    r"^\d{4}-\d{2}$",
    "^(foo|bar)+$",
    r"^[^a-z]+x?\.$",
    "b",
    r"^\+?[0-9]{7,15}$",
    r"^[\w.-]+@[a-z]+\.(com|org)$",
    "^$",
]


@st.composite
def numbers(draw):
    kind = draw(st.sampled_from(["integer", "number"]))
    schema = {"type": kind}
    low = draw(st.none() | st.integers(-50, 50))
    if low is not None:
        schema[draw(st.sampled_from(["minimum", "exclusiveMinimum"]))] = low
    if draw(st.booleans()):
        high = (0 if low is None else low) + draw(st.integers(12, 60))
        schema[draw(st.sampled_from(["maximum", "exclusiveMaximum"]))] = high
    if draw(st.booleans()):
        schema["multipleOf"] = draw(st.integers(1, 5))
    return schema


@st.composite
def objects(draw, inner):
    properties = draw(st.dictionaries(NAMES, inner, max_size=4))
    required = draw(st.lists(NAMES, unique=True, max_size=4))
    schema = {"type": "object", "properties": properties, "required": required}
    if draw(st.booleans()):
        schema["required"] = [name for name in required if name in properties]
        schema["additionalProperties"] = False
    elif draw(st.booleans()):
        schema["additionalProperties"] = draw(inner)
        schema["minProperties"] = draw(st.integers(0, 6))
    return schema


@st.composite
def arrays(draw, inner):
    least = draw(st.integers(0, 3))
    schema = {"type": "array", "items": draw(inner), "minItems": least}
    if draw(st.booleans()):
        schema["maxItems"] = least + draw(st.integers(0, 3))
    if draw(st.booleans()):
        schema["prefixItems"] = draw(st.lists(inner, min_size=1, max_size=2))
    return schema


def _nested(inner):
    return st.one_of(
        objects(inner),
        arrays(inner),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each}),
        objects(inner).map(lambda each: {"allOf": [{"type": "object"}, each]}),
        inner.map(lambda each: {"allOf": [each]}),
    )


LEAVES = st.one_of(
    texts(),
    numbers(),
    st.lists(SCALARS, min_size=1, max_size=4).map(lambda options: {"enum": options}),
    SCALARS.map(lambda value: {"const": value}),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {}]),
)
SCHEMAS = st.recursive(LEAVES, _nested, max_leaves=8)


def _judged(inner):
    """Schemas that only a validator can judge; each has a value."""
    word = st.sampled_from(["simulated text", "red", 1, True, "a b"])
    named = st.builds(lambda kind: {"properties": {"a": kind, "b": {}}, "type": "object"}, inner)
    return st.one_of(
        word.map(lambda value: {"enum": ["red", "blue", 1, True, "x"], "not": {"const": value}}),
        word.map(lambda value: {"type": "string", "not": {"const": value}}),
        named.map(lambda each: {**each, "required": ["a"], "dependentRequired": {"a": ["b"]}}),
        named.map(
            lambda each: {
                **each,
                "if": {"required": ["a"]},
                "then": {"required": ["b"]},
                "else": {"properties": {"b": False}},
                "minProperties": 1,
            }
        ),
        inner.map(lambda each: {"type": "array", "contains": {"const": 7}, "minItems": 2}),
        st.just({"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 0.5}]}),
        st.just({"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3}).map(
            lambda each: {**each, "uniqueItems": True}
        ),
    )


JUDGED_SCHEMAS = _judged(LEAVES) | _nested(_judged(LEAVES))
PROMPTS = st.sampled_from(
    [
        "",
        "What's the weather in Paris and Tokyo in celsius?",
        "add 2 and -3.5, then mail ann@example.org about https://example.org/x",
        "rouge, 7, 0.25 and 1e9; open notes/todo.txt on 2026-11-23",
        "Ann, 34, Oslo; Bob, 41, Rome; location: Lima, count 3, query is red",
        'Look up "a b", then 12 units for bob@example.org now. {"a": 3, "url": "x", "unit": []}',
    ]
)


def object_schema(**properties):
    return {"type": "object", "properties": properties, "required": [*properties]}
