"""Scripts as JSON values: what files and the control endpoint hold, made into rules.

The form follows the methods of a script. `file_schema.SCHEMA` describes it for editors; what is
refused here is refused by the schema, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any, cast

from ..._wire.json import JSONObject, is_list, is_object
from ..api.direction import Fault
from . import content as makers
from . import matchers
from .faults.by_name import from_json
from .matchers import Matcher
from .rule import ScriptRule
from .scriptable import Scriptable
from .scripted_reply import Said

__all__ = ["FileRules", "parse"]

# Far below Python's limit for recursion: a condition is asked level by level.
_DEEPEST = 100
_CONTENTS = ("text", "thinking", "tool_use", "refusal")
_A_CONTENT = f"give a text, or a mapping with one of {', '.join(_CONTENTS)} or type"
_OUTCOMES = ("reply", "replies", "fail")
_COMMON = ("when", "times", "delay", "faults")
_FIELDS = {
    "reply": ("reply", *_COMMON, "stop_reason", "usage"),
    "replies": ("replies", "when", "delay", "faults"),
    "fail": ("fail", *_COMMON, "message", "retry_after"),
}
_TEXTS: Mapping[str, Callable[[Any], Matcher]] = {
    "user_text": matchers.user_text,
    "system_text": matchers.system_text,
    "model": matchers.model,
}
_CONDITIONS = (*_TEXTS, "turn", "offers", "has_result", "has_image", "header", "all", "any", "not")


class FileRules(Scriptable):
    """The rules of a file."""

    rules: list[ScriptRule]
    """The rules, in their order."""
    strict: bool | None
    """Whether a request that no rule answers is an error; None if the file does not say."""

    def __init__(self) -> None:
        self.rules = []
        self.strict = None

    def add(self, rule: ScriptRule) -> ScriptRule:
        """Add a rule behind the others, and return it."""
        self.rules.append(rule)
        return rule

    def shadowed(self) -> list[str]:
        """Return what is to be said about rules that can never answer."""
        lines: list[str] = []
        always: dict[int, frozenset[str]] = {}
        for number, rule in enumerate(self.rules, 1):
            asked = matchers.conditions(rule.when)
            # Fewer of the same conditions fit more. Others may do so too, but that nobody can tell
            # from here.
            before = next((each for each, fewer in always.items() if fewer <= asked), None)
            if before is not None:
                what = "all such requests" if always[before] else "all"
                lines.append(
                    f"rule {number}, {rule.name}: never used, rule {before} answers {what}"
                )
            elif rule.times is None:
                always[number] = asked
        return lines


def parse(value: object) -> FileRules:
    """Return the rules of a file.

    Args:
        value: the file as JSON values: ``{"rules": […], "strict": true}``, or the rules alone.

    Raises:
        ValueError: something in the file is wrong; the text says where, and what may stand there.
    """
    # A list alone is what people try first.
    top: JSONObject = value if is_object(value) else {"rules": value}
    _check_json(top, "")
    _check_names(top, ("rules", "strict", "$schema"), "")
    _check_texts(top, "", "$schema")
    if not isinstance(top.get("strict", True), bool):
        raise _wrong("strict", "give true or false")
    rules = top.get("rules")
    if not is_list(rules):
        raise _wrong("rules", "give a list of rules")
    parsed = FileRules()
    parsed.strict = top.get("strict")
    for index, rule in enumerate(rules):
        _add(rule, parsed, f"rules.{index}")
    return parsed


def _add(rule: Any, parsed: FileRules, path: str) -> None:
    """Add a rule of a file."""
    kinds = [name for name in _OUTCOMES if is_object(rule) and name in rule]
    if len(kinds) != 1:
        names = ", ".join(map(repr, rule)) if is_object(rule) else repr(rule)
        found = names or "an empty one"
        raise _wrong(path, f"give a mapping with one of {', '.join(_OUTCOMES)}, not {found}")
    [kind] = kinds
    _check_names(rule, _FIELDS[kind], path)
    given = {name: _CHECKS[name](rule[name], f"{path}.{name}") for name in rule if name in _CHECKS}
    if "when" in rule:
        given["when"] = _condition(rule["when"], f"{path}.when")
    said, where = rule[kind], f"{path}.{kind}"
    make: Callable[..., object]
    if kind == "reply":
        make = partial(parsed.reply, *_contents(said, where))
    elif kind == "replies" and is_list(said) and said:
        each = [_contents(item, f"{where}.{index}") for index, item in enumerate(said)]
        make = partial(parsed.replies, *each)
    elif kind == "replies":
        raise _wrong(where, "give a list of replies")
    else:
        make = partial(parsed.fail, _whole(said))
    try:
        make(**given)
    except (TypeError, ValueError) as error:  # its text begins with the name of the argument
        raise ValueError(f"{path}.{error}") from error


def _contents(value: Any, path: str) -> list[Any]:
    """Return what a reply says: one content, or a list of them."""
    if is_list(value):
        return [_content(item, f"{path}.{index}") for index, item in enumerate(value)]
    return [_content(value, path)]


def _content(value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value
    if not is_object(value):
        raise _wrong(path, _A_CONTENT)
    if isinstance(value.get("type"), str):  # a block or a message as the API writes it
        return _as_written(value, path)
    if len(kinds := [name for name in _CONTENTS if name in value]) > 1:
        raise _wrong(path, f"give {' or '.join(kinds)}, each in a mapping of its own of a list")
    match value:
        case {"text": str(text), **more}:
            _check_names(more, ("citations",), path)
            return makers.text(text, *_citations(more.get("citations"), f"{path}.citations"))
        case {"thinking": str(thinking), **more}:
            _check_names(more, ("signature",), path)
            _check_texts(more, path, "signature")
            return makers.thinking(thinking, **more)
        case {"tool_use": str(name), **more}:
            _check_names(more, ("input", "id"), path)
            _check_texts(more, path, "id")
            arguments = more.pop("input", {})
            if not is_object(arguments):
                raise _wrong(f"{path}.input", "give a mapping")
            return {**makers.tool_use(name, arguments), **more}
        case {"refusal": str() | None as explanation, **more}:
            _check_names(more, ("category",), path)
            _check_texts(more, path, "category")
            return makers.refusal(explanation, **more)
        case _:
            raise _wrong(path, _A_CONTENT)


def _as_written(value: JSONObject, path: str) -> JSONObject:
    """Return a block or a message of the API, which must be one."""
    try:
        Said.of([value])
    except TypeError as error:
        raise _wrong(path, str(error).removeprefix("reply: ")) from error
    return value


def _citations(value: Any, path: str) -> list[JSONObject]:
    cited: Sequence[Any] = [] if value is None else value if is_list(value) else [value]
    made: list[JSONObject] = []
    for index, each in enumerate(cited):
        if not is_object(each) or not isinstance(each.get("cited_text"), str):
            raise _wrong(f"{path}.{index}", "give a mapping with cited_text")
        try:
            made.append(makers.citation(**_whole_numbers(each)))
        except (TypeError, ValueError) as error:
            said = str(error).removeprefix("citation: ")
            raise ValueError(f"{path}.{index}.{said}") from error
    return made


def _condition(value: Any, path: str) -> Matcher:
    """Return a matcher: of a text that the user wrote, or of all that a mapping names."""
    if isinstance(value, str):
        return _text(matchers.user_text, value, path)
    if not is_object(value) or not value:
        raise _wrong(path, f"give a text, or a mapping with {', '.join(_CONDITIONS)}")
    _check_names(value, _CONDITIONS, path)
    parts = [_part(name, value[name], f"{path}.{name}") for name in value]
    whole = parts[0]
    for part in parts[1:]:
        whole &= part
    return whole


def _part(name: str, value: Any, path: str) -> Matcher:
    if name in _TEXTS:
        return _text(_TEXTS[name], value, path)
    match name, value:
        case "turn", float() if value.is_integer():
            return _part(name, int(value), path)
        case "turn", int() if not isinstance(value, bool) and value >= 1:
            return matchers.turn(value)
        case "turn", _:
            raise _wrong(path, "give a number from 1")
        case "offers", str() if value:
            return matchers.offers(value)
        case "has_result", str() if value:
            return matchers.has_result(value)
        case "has_result" | "has_image", bool():
            made = matchers.has_result() if name == "has_result" else matchers.has_image()
            return made if value else ~made
        case "header", _ if is_object(value) and value:
            return _headers(value, path)
        case "all" | "any", _ if is_list(value) and value:
            return _joined(name, value, path)
        case "not", _:
            return ~_condition(value, path)
        case _:
            raise _wrong(path, _EXPECTED[name])


_EXPECTED = {
    "offers": "give the name of a tool",
    "has_result": "give the name of a tool, true or false",
    "has_image": "give true or false",
    "header": "give a mapping of names to values",
    "all": "give a list of conditions",
    "any": "give a list of conditions",
}


def _joined(name: str, value: Sequence[Any], path: str) -> Matcher:
    parts = [_condition(each, f"{path}.{index}") for index, each in enumerate(value)]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part if name == "all" else whole | part
    return whole


def _headers(value: JSONObject, path: str) -> Matcher:
    if "" in value:
        raise _wrong(path, "a name is empty; give the name of a header")
    parts = [
        matchers.header(name)
        if wanted is True
        else _text(partial(matchers.header, name), wanted, f"{path}.{name}")
        for name, wanted in value.items()
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole &= part
    return whole


def _text(make: Callable[[Any], Matcher], value: Any, path: str) -> Matcher:
    """Return a matcher of a text: what it contains, or a pattern."""
    match value:
        case str() if value:
            return make(value)
        case {"regex": str(pattern), **more} if not more:
            try:
                return make(re.compile(pattern))
            except re.error as error:
                raise _wrong(f"{path}.regex", f"{error}") from error
        case _:
            raise _wrong(path, 'give a text, or {"regex": …}')


def _number(value: Any, path: str) -> Any:
    # Python takes true for 1; JSON Schema does not.
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise _wrong(path, "give a number from 0")
    return value


def _times(value: Any, path: str) -> int:
    times = _whole(value)
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise _wrong(path, "give a number from 1, or leave it out for always")
    return times


def _whole(value: Any) -> Any:
    """Return 1 for 1.0, which is the same in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole_numbers(value: JSONObject) -> JSONObject:
    return {name: _whole(value[name]) for name in value}


def _any_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(path, "give a text")
    return value


def _wait(value: Any, path: str) -> Any:
    return value if isinstance(value, str) else _number(value, path)


def _faults(value: Any, path: str) -> Sequence[Fault]:
    try:
        return from_json(value)
    except ValueError as error:
        raise _wrong(path, str(error)) from error


def _counts(value: Any, path: str) -> JSONObject:
    if not is_object(value):
        raise _wrong(path, "give a mapping of counts")
    return _whole_numbers(value)


_CHECKS: Mapping[str, Callable[[Any, str], Any]] = {
    "times": _times,
    "delay": _number,
    "faults": _faults,
    "stop_reason": _any_text,
    "message": _any_text,
    "retry_after": _wait,
    "usage": _counts,
}


def _check_json(value: Any, path: str, depth: int = 0) -> None:
    """Check that a value is one of JSON: a file of YAML may hold others, and itself."""
    if depth > _DEEPEST:
        raise _wrong(path, f"nested too deeply; at most {_DEEPEST} levels are read")
    if is_object(value):
        for name in value:
            if not isinstance(cast("object", name), str):
                raise _wrong(path, f"the key {name!r} is no text; write it in quotes")
            _check_json(value[name], _joined_path(path, name), depth + 1)
    elif is_list(value):
        for index, item in enumerate(value):
            _check_json(item, _joined_path(path, f"{index}"), depth + 1)
    elif isinstance(value, str):
        if not value.isascii() and any("\ud800" <= each <= "\udfff" for each in value):
            raise _wrong(path, f"{value!r} has half a surrogate pair, which cannot be sent")
    elif isinstance(value, float):
        if not isfinite(value):
            raise _wrong(path, f"{value} is not finite; give another number")
    elif not isinstance(value, bool | int | None):
        raise _wrong(path, f"{value!r} is not JSON; give a text in quotes, a list or a mapping")


def _joined_path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _check_texts(value: JSONObject, path: str, name: str) -> None:
    if not isinstance(value.get(name, ""), str):
        raise _wrong(_joined_path(path, name), "give a text")


def _check_names(value: JSONObject, known: Sequence[str], path: str) -> None:
    for name in value:
        if name not in known:
            raise _wrong(_joined_path(path, name), f"unknown; give {', '.join(known)}")


def _wrong(path: str, advice: str) -> ValueError:
    return ValueError(f"{path}: {advice}")
