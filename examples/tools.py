"""Let Claude call a function until it can reply."""

import antiphon
from antiphon.types import MessageParam, ToolParam, ToolResultBlockParam, ToolUseBlock
from simulator import use_simulator_without_key

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


def result(call: ToolUseBlock) -> ToolResultBlockParam:
    if not call.complete:
        content, is_error = f"The input was cut off: {call.raw_input}", True
    else:
        content, is_error = str(call.input["a"] + call.input["b"]), False
    return {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": content,
        "is_error": is_error,
    }


use_simulator_without_key()
client = antiphon.Client()
messages: list[MessageParam] = [{"role": "user", "content": "Use the add tool for 27 and 15."}]
while True:
    message = client.messages.create(
        model="claude-haiku-4-5", max_tokens=1024, tools=TOOLS, messages=messages
    )
    if message.stop_reason != "tool_use":
        break
    messages.append(message.to_param())
    messages.append({"role": "user", "content": [result(call) for call in message.tool_uses]})
print(message.text)
