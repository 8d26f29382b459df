"""What replies say about the blocks that were sent."""

from __future__ import annotations

from tests.support.replies import image, kinds, reply, reply_to, request, uses, words
from tests.support.request_samples import WEATHER


def test_replies_name_number_and_kinds_of_blocks_and_what_images_are():
    blocks = [image(40, 30), {"type": "text", "text": "What is this?"}, image(7, 9)]
    assert "image ×2 (PNG 40×30; PNG 7×9), text ×1" in words(reply(blocks))


def test_tool_results_are_listed_beside_the_names_of_their_tools():
    first = request("What's the weather in Paris and Rome?", tools=[WEATHER])
    called = reply_to(first)
    one, two = uses(called)
    results = [
        {"type": "tool_result", "tool_use_id": one["id"], "content": "15 degrees"},
        {
            "type": "tool_result",
            "tool_use_id": two["id"],
            "content": [{"type": "text", "text": "no service"}],
            "is_error": True,
        },
    ]
    turns = [
        *first["messages"],
        {"role": "assistant", "content": called.content},
        {"role": "user", "content": results},
    ]
    summed = reply(turns, tools=[WEATHER])
    assert kinds(summed) == ["text"]
    assert summed.stop_reason == "end_turn"
    assert "get_weather: “15 degrees”; get_weather: error “no service”" in words(summed)
