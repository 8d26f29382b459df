"""Context edits, summaries and MCP servers, as a client sees them."""

from __future__ import annotations

import pytest

import antiphon
from antiphon.local import App, InProcess, VirtualClock

EDITS = "context-management-2025-06-27"
COMPACT, SUMMARIZE = "compact-2026-01-12", "compact-2026-09-04"
LONG = "a long result " * 100


@pytest.fixture
def client():
    return antiphon.Client(http_client=InProcess(App(VirtualClock())), api_key="any", max_retries=0)


def body(messages, **more):
    return {"model": "claude-opus-4-6", "max_tokens": 2_000, "messages": messages, **more}


def user(words):
    return {"role": "user", "content": words}


TOOL = {"name": "find", "input_schema": {"type": "object"}}


def history(calls):
    messages = [user("find it")]
    for number in range(calls):
        use = {"type": "tool_use", "id": f"t{number}", "name": "find", "input": {}}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": LONG}
        messages += [{"role": "assistant", "content": [use]}, user([result])]
    return messages


def test_cleared_results_are_not_paid_for(client):
    edit = {"type": "clear_tool_uses_20250919", "trigger": {"type": "tool_uses", "value": 2}}
    request = body(history(5), tools=[TOOL])
    whole = client.beta.messages.create(**request)
    message = client.beta.messages.create(
        **request, context_management={"edits": [edit]}, betas=[EDITS]
    )
    (applied,) = message.context_management.applied_edits
    assert applied.type == "clear_tool_uses_20250919"
    assert applied.cleared_tool_uses == 2
    assert message.usage.input_tokens + applied.cleared_input_tokens == whole.usage.input_tokens
    assert whole.context_management is None


def test_count_tells_both_sizes(client):
    edit = {"type": "clear_tool_uses_20250919", "trigger": {"type": "tool_uses", "value": 2}}
    request = {"model": "claude-opus-4-6", "messages": history(5), "tools": [TOOL]}
    whole = client.beta.messages.count_tokens(**request)
    counted = client.beta.messages.count_tokens(
        **request, context_management={"edits": [edit]}, betas=[EDITS]
    )
    assert counted.context_management.original_input_tokens == whole.input_tokens
    assert counted.input_tokens < whole.input_tokens - 500


def test_edits_of_a_short_prompt_change_nothing(client):
    edits = [{"type": "clear_thinking_20251015"}, {"type": "clear_tool_uses_20250919"}]
    message = client.beta.messages.create(
        **body([user("hello")], thinking={"type": "adaptive"}),
        context_management={"edits": edits},
        betas=[EDITS],
    )
    assert message.context_management.applied_edits == []


LARGE = [user("hello " * 60_000), {"role": "assistant", "content": "yes"}, user("Say more")]


def compacting(**more):
    edit = {"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 50_000}}
    return {"context_management": {"edits": [{**edit, **more}]}, "betas": [COMPACT]}


@pytest.mark.parametrize("streamed", [False, True])
def test_large_conversation_is_summarized_before_the_reply(client, streamed):
    request = body(LARGE, **compacting(instructions="Keep names."))
    if streamed:
        with client.beta.messages.stream(**request) as stream:
            message = stream.get_final_message()
    else:
        message = client.beta.messages.create(**request)
    summary, words = message.content
    assert summary.type == "compaction"
    assert summary.content.startswith("Simulated summary of 3 messages.")
    assert "Say more" in summary.content
    assert "Keep names." in summary.content
    assert "You wrote: “Say more”" in words.text
    assert message.stop_reason == "end_turn"
    first, second = message.usage.iterations
    assert (first.type, second.type) == ("compaction", "message")
    assert first.input_tokens > 50_000 > 1_000 > second.input_tokens
    assert message.usage.input_tokens == second.input_tokens
    assert message.usage.output_tokens == second.output_tokens
    assert first.output_tokens > 0

    messages = [*LARGE, message.to_param(), user("And now?")]
    later = client.beta.messages.create(**{**request, "messages": messages})
    assert later.usage.input_tokens < 1_000
    assert later.usage.iterations is None


def test_reply_may_pause_after_the_summary(client):
    message = client.beta.messages.create(**body(LARGE, **compacting(pause_after_compaction=True)))
    assert [block.type for block in message.content] == ["compaction"]
    assert message.stop_reason == "compaction"
    assert [each.type for each in message.usage.iterations] == ["compaction"]
    assert (message.usage.input_tokens, message.usage.output_tokens) == (0, 0)
    messages = [*LARGE, message.to_param()]
    later = client.beta.messages.create(**body(messages, **compacting()))
    assert later.text.startswith("Simulated by antiphon's local server. Going on after")


def test_summary_on_request_is_the_whole_reply(client):
    messages = history(2)
    message = client.beta.messages.create(
        **body(messages, tools=[TOOL]), compaction={"type": "summarize"}, betas=[SUMMARIZE]
    )
    (summary,) = message.content
    assert "Tools called: find ×2." in summary.content
    assert message.stop_reason == "compaction"
    after = [message.to_param(), user("go on")]
    later = client.beta.messages.create(**body(after), betas=[SUMMARIZE])
    assert later.stop_reason == "end_turn"


def test_task_goes_on_behind_its_summary(client):
    def tool(name, *inputs):
        schema = {"type": "object", "properties": {each: {"type": "string"} for each in inputs}}
        return {"name": name, "input_schema": {**schema, "required": [*inputs]}}

    options = {"tools": [tool("get_weather", "city"), tool("write_file", "path")]}
    messages = [user("First get the weather in Oslo, then write it to notes.txt")]

    def said(**more):
        message = client.beta.messages.create(
            **body(messages, **options), **more, betas=[SUMMARIZE]
        )
        results = [
            {"type": "tool_result", "tool_use_id": each.id, "content": "4"}
            for each in message.tool_uses
        ]
        return message, [message.to_param(), *([user(results)] if results else [])]

    message, more = said()
    assert [each.name for each in message.tool_uses] == ["get_weather"]
    messages += more
    _, messages = said(compaction={"type": "summarize"})
    message, more = said()
    assert [(each.name, each.input) for each in message.tool_uses] == [
        ("write_file", {"path": "notes.txt"})
    ]
    messages += more
    message, _ = said()
    assert "Results: write_file: “4”" in message.text


def test_nothing_can_be_summarized_twice(client):
    summary = {"type": "compaction", "content": "We talked."}
    with pytest.raises(antiphon.BadRequestError) as caught:
        client.beta.messages.create(
            **body([{"role": "assistant", "content": [summary]}]),
            compaction={"type": "summarize"},
            betas=[SUMMARIZE],
        )
    assert caught.value.error_code == "compaction_nothing_to_summarize"


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-opus-5"])
def test_conversation_may_end_with_a_summary(client, model):
    summary = {"type": "compaction", "content": "We talked."}
    request = {**body([{"role": "assistant", "content": [summary]}]), "model": model}
    assert "We talked." in client.beta.messages.create(**request, betas=[SUMMARIZE]).text


def test_tools_of_mcp_servers_run_in_the_api_and_their_blocks_are_sent_back(client):
    server = {"type": "url", "name": "wiki", "url": "https://wiki.example/mcp"}
    options = {
        "mcp_servers": [server],
        "tools": [{"type": "mcp_toolset", "mcp_server_name": "wiki"}],
        "betas": ["mcp-client-2025-11-20"],
    }
    message = client.beta.messages.create(**body([user("Use wiki to find whales")], **options))
    use, result = message.content[-3:-1]
    assert (use.type, use.server_name) == ("mcp_tool_use", "wiki")
    assert (result.type, result.tool_use_id) == ("mcp_tool_result", use.id)
    messages = [user("Use wiki to find whales"), message.to_param(), user("thanks")]
    assert client.beta.messages.create(**body(messages, **options)).stop_reason == "end_turn"
    with client.beta.messages.stream(
        **body([user("Use wiki to find whales")], **options)
    ) as stream:
        assert stream.get_final_message().content[-3].input == use.input
