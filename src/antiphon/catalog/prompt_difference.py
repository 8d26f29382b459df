"""The first place in which two prompts differ for the prompt cache, and what differs there.

The cache finds a prefix only if all of it is equal: its blocks to the last character, the order of
keys included, and the settings of the request that each section depends on (`conditions`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .._wire.json import JSONObject, is_list, is_object
from .prompt_prefixes import conditions, without_mark
from .request_parts import content_blocks
from .tokens import PromptTokens

__all__ = ["ChangedPlace", "PromptDifference", "first_difference"]

_SECTIONS = ("tools", "system", "messages")

# Characters that are shown before and behind the first one that differs.
_AROUND = 24


class ChangedPlace(NamedTuple):
    """Where two values differ, and what stands there."""

    path: str
    """The place in the request, such as `system[0].text`."""
    character: int | None
    """The first character of the text there that differs, counted from 0; None if it is no text."""
    before: str
    """What the earlier request has there, in short."""
    after: str
    """What the later one has there, in short."""


class PromptDifference(NamedTuple):
    """The first difference of two prompts."""

    reason: str
    """What has changed, in the API's words: `system_changed`, `model_changed` …"""
    position: int
    """The index of the block, in the prompt of the first request."""
    place: ChangedPlace


def first_difference(old: PromptTokens, new: PromptTokens) -> PromptDifference | None:
    """Return what ends the prefix that two prompts share; None if `new` begins with all of `old`.

    Marks for the cache may come and go.
    """
    needed = conditions(old.body, "", old.blocks), conditions(new.body, "", new.blocks)
    start = 0
    for section in _SECTIONS:
        for name, before in needed[0][section].items():
            after = needed[1][section][name]
            if before != after:
                subject = "thinking" if name == "budget_tokens" else name
                condition = ChangedPlace(name, None, _short(before), _short(after))
                return PromptDifference(f"{subject}_changed", start, condition)
        pair = _of_section(old, section), _of_section(new, section)
        for index, (one, other) in enumerate(zip(*pair, strict=False)):
            place = _place_in(one, other)
            if place is not None:
                return PromptDifference(f"{section}_changed", start + index, place)
        lengths = len(pair[0]), len(pair[1])
        shorter = min(lengths)
        # A conversation may grow, and nothing else may.
        if lengths[0] > shorter or (section != "messages" and lengths[1] > shorter):
            missing = _missing_part(*(each[shorter:] for each in pair))
            return PromptDifference(f"{section}_changed", start + shorter, missing)
        start += lengths[0]
    return None


class _PromptPart(NamedTuple):
    """A block of a prompt, its role and its place in the request."""

    path: str
    role: str
    block: JSONObject


def _of_section(prompt: PromptTokens, section: str) -> list[_PromptPart]:
    counted = [each for each in prompt.blocks if each.section == section]
    paths = _paths(prompt.body, section)
    parts: list[_PromptPart] = []
    for each in counted:
        # Blocks that the prompt leaves out, such as old thinking, are passed over.
        path = next((path for path, block in paths if block == each.block), "output_config.format")
        parts.append(_PromptPart(path, each.role, without_mark(each.block)))
        if path == "output_config.format":
            paths = _paths(prompt.body, section)
    return parts


def _paths(body: JSONObject, section: str) -> Iterator[tuple[str, Any]]:
    """Give the blocks of a section as the request has them, with their places."""
    if section == "tools":
        yield from ((f"tools[{n}]", tool) for n, tool in enumerate(body.get("tools") or ()))
        return
    if section == "system":
        owners = [("system", body.get("system"))]
    else:
        owners = [
            (f"messages[{n}].content", message["content"])
            for n, message in enumerate(body["messages"])
        ]
    for owner, content in owners:
        for n, block in enumerate(content_blocks(content)):
            yield (owner if isinstance(content, str) else f"{owner}[{n}]"), block


def _missing_part(before: Sequence[_PromptPart], after: Sequence[_PromptPart]) -> ChangedPlace:
    path = (before or after)[0].path
    first = [_short(each[0].block) if each else "nothing" for each in (before, after)]
    return ChangedPlace(path, None, *first)


def _place_in(before: _PromptPart, after: _PromptPart) -> ChangedPlace | None:
    """Return where two blocks differ; None if they are equal."""
    if before.role != after.role:
        said = (f"{each.role}: {_short(each.block)}" for each in (before, after))
        return ChangedPlace(after.path, None, *said)
    place = _differing(before.block, after.block, "")
    if place is None:
        return None
    path = after.path
    # A plain text stands in the request itself, without a block around it.
    whole = place.path == ".text" and not path.endswith("]")
    return place._replace(path=path if whole else f"{path}{place.path}")


def _differing(before: Any, after: Any, path: str) -> ChangedPlace | None:
    """Return the first place in which two JSON values differ; None if they are equal."""
    if isinstance(before, str) and isinstance(after, str):
        return None if before == after else _in_text(before, after, path)
    if is_object(before) and is_object(after):
        for name, other in zip(before, after, strict=False):
            if name != other:
                return ChangedPlace(path, None, f"the key {name!r}", f"the key {other!r}")
            place = _differing(before[name], after[name], f"{path}.{name}")
            if place is not None:
                return place
        more = next(
            (name for name in {**before, **after} if (name in before) != (name in after)), ""
        )
        return _longer([*before.values()], [*after.values()], f"{path}.{more}")
    if is_list(before) and is_list(after):
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            place = _differing(one, other, f"{path}[{index}]")
            if place is not None:
                return place
        return _longer(before, after, path)
    # `1 == True` to Python, and not to the API.
    if type(before) is type(after) and before == after:
        return None
    return ChangedPlace(path, None, _short(before), _short(after))


def _longer(before: list[Any], after: list[Any], path: str) -> ChangedPlace | None:
    if len(before) == len(after):
        return None
    shorter = min(len(before), len(after))
    ends = [_short(each[shorter]) if len(each) > shorter else "nothing" for each in (before, after)]
    return ChangedPlace(path, None, *ends)


def _in_text(before: str, after: str, path: str) -> ChangedPlace:
    pairs = enumerate(zip(before, after, strict=False))
    at = next((n for n, (one, other) in pairs if one != other), min(len(before), len(after)))
    return ChangedPlace(path, at, _around(before, at), _around(after, at))


def _around(text: str, at: int) -> str:
    start, end = max(0, at - _AROUND), at + _AROUND
    return f"{'…' * (start > 0)}{text[start:end]!r}{'…' * (end < len(text))}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 3 * _AROUND else f"{text[: 3 * _AROUND]}…"
