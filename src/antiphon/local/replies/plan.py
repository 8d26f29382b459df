"""The calls of tools that a request asks for, and those of them that are still to be made.

A plan depends on nothing but the request of the user and the tools. So each turn of a conversation
finds the same plan again, strikes out the calls that the conversation already holds, and makes the
calls of the next step. What earlier steps have found becomes the input of later ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..._wire.json import JSONObject, is_list, is_object
from ...catalog import media
from ...catalog.request_parts import content_blocks
from .names import tool_name
from .prompt_values import PromptValues
from .result_values import ResultValues
from .task import Task
from .task_steps import split_steps
from .tool_selection import requested_tools, tools_for_step

__all__ = ["Plan", "PlannedCall", "source_text"]

# A prompt that lists many values should not turn into dozens of calls.
_MAX_CALLS_OF_A_STEP = 8


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call of a tool, and what its input is made of."""

    tool: JSONObject
    """The definition of the tool."""
    values: PromptValues
    """What the prompt and earlier results offer for its input."""


class Plan:
    """What a task needs from some tools.

    Args:
        task: the request of the user and what was done for it.
    """

    def __init__(self, task: Task) -> None:
        self._task = task

    @cached_property
    def _context(self) -> str:
        """The texts that the user sent beside the request, and those of earlier turns."""
        texts = (*map(source_text, self._task.sources), *self._task.earlier)
        return "\n".join(filter(None, texts))

    @cached_property
    def _results(self) -> ResultValues:
        """What tools have found for the task."""
        named = (
            (call["name"], self._task.results[call["id"]])
            for call in self._task.calls
            if call["id"] in self._task.results
        )
        return ResultValues.of(named, (self._task.request, self._context))

    def values(self) -> PromptValues:
        """Return the values of the whole task, for output that sums it up."""
        return PromptValues(self._task.request, context=self._context, results=self._results)

    def steps_left(self, tools: Sequence[JSONObject]) -> list[list[PlannedCall]]:
        """Return the steps that the request asks for, without the calls that were made."""
        parts = split_steps(self._task.request)
        choose = requested_tools if len(parts) == 1 else tools_for_step
        # By names, not by ids: the calls may be those of the real API, or of another seed.
        made = Counter(_called(block) for block in self._task.calls)
        steps: list[list[PlannedCall]] = []
        for part in parts:
            calls = [call for tool in choose(part, tools) for call in self.calls(tool, part)]
            steps += [left for step in _in_order(calls) if (left := [*_without_made(step, made)])]
        return steps

    def calls(self, tool: JSONObject, part: str | None = None) -> list[PlannedCall]:
        """Return the calls of a tool for a part of the request: one, or one for each listed value.

        Args:
            tool: the definition of the tool.
            part: the step; None for the whole request.
        """
        request = self._task.request
        text = request if part is None else part
        context = self._context if text == request else f"{request}\n{self._context}"
        about = f"{tool_name(tool)} {tool.get('description') or ''}"
        # Without results: what is listed must be the same in each turn, or calls would be lost.
        values = PromptValues(text, about=about)
        return [
            PlannedCall(
                tool,
                PromptValues(
                    text, context=context, results=self._results, about=about, fields=fields
                ),
            )
            for fields in values.spread(*_single_inputs(tool))[:_MAX_CALLS_OF_A_STEP]
        ]


def _in_order(calls: Sequence[PlannedCall]) -> list[list[PlannedCall]]:
    """Return calls as one step; those that only look around go first if others lack their input.

    A tool without inputs, such as `list_tables`, tells what the next one needs.
    """
    looking = [call for call in calls if "input_schema" in call.tool and not _required(call.tool)]
    others = [call for call in calls if call not in looking]
    lacks = any(not call.values.mentions(name) for call in others for name in _required(call.tool))
    return [looking, others] if looking and lacks else [[*calls]]


def _without_made(calls: Iterable[PlannedCall], made: Counter[str]) -> Iterator[PlannedCall]:
    """Yield the calls that are not among those made; each of these counts once."""
    for call in calls:
        name = tool_name(call.tool)
        if made[name]:
            made[name] -= 1
        else:
            yield call


def _required(tool: JSONObject) -> list[str]:
    schema: JSONObject = tool.get("input_schema") or {}
    required = schema.get("required")
    return [str(name) for name in required] if is_list(required) else []


def _called(block: JSONObject) -> str:
    """Return the name of the tool that a call belongs to; code runs under several names."""
    name = str(block["name"])
    return "code_execution" if name.endswith("_code_execution") else name


def _single_inputs(tool: JSONObject) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the types of the required texts and numbers, and the options of the other texts."""
    schema: JSONObject = tool.get("input_schema") or {}
    properties = schema.get("properties")
    kinds: dict[str, str] = {}
    options: dict[str, list[str]] = {}
    for name in _required(tool) or [*(properties if is_object(properties) else ())]:
        each = properties.get(name) if is_object(properties) else None
        if not is_object(each):
            continue
        if is_list(values := each.get("enum")):
            options[name] = [value for value in values if isinstance(value, str)]
        elif (kind := each.get("type", "string")) in ("string", "integer", "number"):
            kinds[name] = kind
    return kinds, options


def source_text(block: JSONObject) -> str:
    """Return the text of a block that the user sent beside the request; "" if it has none."""
    match block:
        case {"type": "text", "text": str(text)}:
            return text
        case {"type": "document", "source": {"type": "text", "data": str(text)}}:
            return text
        case {"type": "document", "source": {"type": "base64", "data": str(encoded)}}:
            seen = media.pdf(encoded)
            return seen.text if seen else ""
        case {"type": "document", "source": {"type": "content", "content": content}}:
            return "\n".join(map(source_text, content_blocks(content)))
        case {"type": "search_result", "content": content}:
            return "\n".join(map(source_text, content_blocks(content)))
        case _:
            return ""
