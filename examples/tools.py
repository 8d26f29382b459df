"""A loop in which Claude calls functions until it has its answer."""

from typing import Any

import antiphon
from antiphon.types import MessageParam, ToolParam, ToolUseBlock

TOOLS: list[ToolParam] = [
    {
        "name": "add",
        "description": "Add two numbers",
        "input_schema": {
            "type": "object",
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
            "required": ["a", "b"],
        },
    }
]


def result(call: ToolUseBlock) -> Any:
    if not call.complete:
        return {
            "type": "tool_result",
            "tool_use_id": call.id,
            "is_error": True,
            "content": call.input_error,
        }
    total = call.input["a"] + call.input["b"]
    return {"type": "tool_result", "tool_use_id": call.id, "content": str(total)}


client = antiphon.Client()
messages: list[Any] = [MessageParam(role="user", content="Use the add tool for 27 and 15.")]
for _ in range(5):
    answer = client.messages.create(
        model="claude-haiku-4-5", max_tokens=1024, tools=TOOLS, messages=messages
    )
    messages.append(answer)
    if answer.stop_reason != "tool_use":
        break
    messages.append({"role": "user", "content": [result(call) for call in answer.tool_uses]})
print(answer.text)
