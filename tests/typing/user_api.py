"""How the client looks to a type checker, as people write it; never run."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt
import PIL.Image

import antiphon
from antiphon import (
    APIConnectionError,
    APIResponse,
    APIStatusError,
    AsyncClient,
    AsyncConversation,
    AsyncMessageStream,
    AsyncStream,
    BetaStreamingToolRunner,
    BetaToolRunner,
    Client,
    Conversation,
    MessageStream,
    MessageThread,
    RateLimitError,
    Stream,
    StreamingToolRunner,
    Timeout,
    ToolRunner,
)
from antiphon.local import App, InProcess, LocalServer
from antiphon.testing import MessageView, tool_use, user_text
from antiphon.types import (
    CompactionBlock,
    ContentBlockParam,
    ContextManagementResponse,
    DocumentBlockParam,
    ImageBlockParam,
    Message,
    MessageParam,
    MessageStreamEvent,
    MessageTokensCount,
    ParsedMessage,
    RawMessageStreamEvent,
    TextBlock,
    TextBlockParam,
    ToolParam,
    ToolResultBlockParam,
    ToolUseBlock,
    Usage,
)

client = antiphon.Anthropic()
HELLO: list[MessageParam] = [{"role": "user", "content": "Hello"}]


def clients_are_made() -> list[Client]:
    return [
        antiphon.Anthropic(api_key="k", timeout=30, max_retries=0),
        Client(auth_token="t", base_url="http://127.0.0.1:1", default_headers={"x-a": "b"}),
        Client(timeout=Timeout(total=60, connect=3), large_responses="wait", lenient_streams=True),
        Client(timeout=None).with_options(max_retries=5),
        client.copy(timeout=5),
    ]


def creating() -> str:
    message = client.messages.create(model="m", max_tokens=10, messages=HELLO, temperature=0.5)
    assert_type(message, Message)
    assert_type(message.usage, Usage)
    first = message.content[0]
    if first.type == "text":
        assert_type(first, TextBlock)
        return first.text
    return message.text


def raw_events() -> None:
    events = client.messages.create(model="m", max_tokens=10, messages=HELLO, stream=True)
    assert_type(events, Stream)
    for event in events:
        assert_type(event, RawMessageStreamEvent)


def streaming() -> str:
    with client.messages.stream(model="m", max_tokens=10, messages=HELLO) as stream:
        assert_type(stream, MessageStream)
        for event in stream:
            assert_type(event, MessageStreamEvent)
            if event.type == "text":
                assert_type(event.text, str)
        assert_type(stream.text_stream, Iterator[str])
        assert_type(stream.current_message_snapshot, Message)
        assert_type(stream.get_final_message(), ParsedMessage[None])
        return stream.get_final_text()


def raw_responses() -> None:
    response = client.messages.with_raw_response.create(model="m", max_tokens=1, messages=HELLO)
    assert_type(response, APIResponse[Message])
    assert_type(response.parse(), Message)
    assert_type(response.http_response.status_code, int)
    assert_type(response.headers.get("request-id"), str | None)
    assert_type(response.rate_limits.requests.remaining, int | None)


def streamed_responses() -> None:
    with client.messages.with_streaming_response.stream(
        model="m", max_tokens=1, messages=HELLO
    ) as response:
        assert_type(response.status_code, int)
        for text in response.text_stream:
            assert_type(text, str)


def counting() -> int:
    count = client.messages.count_tokens(model="m", messages=HELLO)
    assert_type(count, MessageTokensCount)
    return count.input_tokens


def a_tool_loop(tools: list[ToolParam]) -> str:
    messages: list[MessageParam | Message] = [{"role": "user", "content": "What is the weather?"}]
    while True:
        answer = client.messages.create(model="m", max_tokens=10, tools=tools, messages=messages)
        messages.append(answer)
        if answer.stop_reason != "tool_use":
            return answer.text
        messages.append({"role": "user", "content": [ran(call) for call in answer.tool_uses]})


def ran(call: ToolUseBlock) -> ToolResultBlockParam:
    assert_type(call.input, dict[str, Any])
    assert_type(call.complete, bool)
    return {"type": "tool_result", "tool_use_id": call.id, "content": str(call.input)}


def a_history_of_params(answer: Message) -> list[MessageParam]:
    return [*HELLO, answer.to_param(), {"role": "user", "content": "Go on."}]


def errors_are_told_apart() -> float | None:
    try:
        creating()
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
        return error.retry_after
    except APIStatusError as error:
        assert_type(error.status_code, int)
        assert_type(error.request_id, str | None)
        assert_type(error.partial, Message | None)
    except APIConnectionError as error:
        assert_type(error.phase, str | None)
    return None


async def awaited() -> Message:
    async with AsyncClient() as client:
        message = await client.messages.create(model="m", max_tokens=1, messages=HELLO)
        assert_type(message, Message)
        events = await client.messages.create(model="m", max_tokens=1, messages=HELLO, stream=True)
        assert_type(events, AsyncStream)
        async for event in events:
            assert_type(event, RawMessageStreamEvent)
        response = await client.messages.with_raw_response.create(
            model="m", max_tokens=1, messages=HELLO
        )
        assert_type(response.parse(), Message)
        async with client.messages.stream(model="m", max_tokens=1, messages=HELLO) as stream:
            assert_type(stream, AsyncMessageStream)
            async for text in stream.text_stream:
                assert_type(text, str)
            return await stream.get_final_message()


def a_local_server() -> list[Client]:
    with LocalServer() as server:
        assert_type(server.url, str)
        return [
            Client(base_url=server.url, api_key="any"),
            Client(http_client=InProcess(App()), api_key="any"),
        ]


def betas() -> None:
    message = client.beta.messages.create(
        model="m",
        max_tokens=10,
        messages=HELLO,
        betas=["context-management-2025-06-27"],
        context_management={"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        mcp_servers=[{"type": "url", "name": "a", "url": "https://a.example"}],
        fallbacks="default",
        tools=[{"type": "mcp_toolset", "mcp_server_name": "a"}],
    )
    assert_type(message, Message)
    assert_type(message.context_management, ContextManagementResponse | None)
    for block in message.content:
        if block.type == "compaction":
            assert_type(block, CompactionBlock)
            assert_type(block.content, str | None)
    events = client.beta.messages.create(model="m", max_tokens=1, messages=HELLO, stream=True)
    assert_type(events, Stream)
    raw = client.beta.with_raw_response.messages.create(model="m", max_tokens=1, messages=HELLO)
    assert_type(raw, APIResponse[Message])
    client.messages.create(model="m", max_tokens=1, messages=HELLO, compaction=None)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def threads() -> None:
    thread = client.beta.messages.thread(model="m", max_tokens=10, system="Be brief.")
    assert_type(thread, MessageThread)
    assert_type(thread.send(*HELLO, max_tokens=5), Message)
    with thread.stream(*HELLO) as stream:
        assert_type(stream, MessageStream)
    assert_type(thread.fork(), MessageThread)
    assert_type(thread.previous_message_id, str | None)
    typed = client.beta.messages.thread(model="m", max_tokens=10, output_format=Shop)
    assert_type(typed.parse(*HELLO), ParsedMessage[Shop])
    assert_type(typed.tool_runner(max_iterations=3).until_done(), ParsedMessage[Shop])


async def threads_of_async_clients(client: AsyncClient) -> None:
    thread = client.beta.messages.thread(model="m", max_tokens=10)
    assert_type(await thread.send(*HELLO), Message)
    async with thread.stream(*HELLO) as stream:
        assert_type(stream, AsyncMessageStream)


@antiphon.tool
def look_up(key: str, *, exact: bool = False) -> list[int]:
    return []


@antiphon.tool(name="other", strict=True)
async def look_up_later(key: str) -> int:
    return 1


class Shop:
    @antiphon.tool
    def price(self, name: str) -> float:
        return 1.0


async def tools_are_made(shop: Shop) -> None:
    assert_type(look_up("a", exact=True), list[int])
    assert_type(look_up.call({"key": "a"}), list[int])
    assert_type(await look_up_later("a"), int)
    assert_type(await look_up_later.call({"key": "a"}), int)
    assert_type(shop.price("a"), float)
    assert_type(shop.price.call({"name": "a"}), float)
    tools: list[antiphon.Tool] = [look_up, look_up_later, shop.price]
    client.messages.create(model="m", max_tokens=10, messages=HELLO, tools=tools)
    client.messages.count_tokens(model="m", messages=HELLO, tools=[look_up, *MORE_TOOLS])


MORE_TOOLS: list[ToolParam] = [{"name": "a", "input_schema": {"type": "object"}}]


def inputs(array: npt.NDArray[np.uint8], picture: PIL.Image.Image) -> None:
    seen = [antiphon.image(source) for source in ("a.png", Path("a.png"), b"", array, picture)]
    assert_type(seen[0], ImageBlockParam)
    assert_type(antiphon.image(io.BytesIO(), resize=1000), ImageBlockParam)
    assert_type(antiphon.document("a.pdf", citations=True), DocumentBlockParam)
    assert_type(antiphon.document(["a", seen[0]]), DocumentBlockParam)
    assert_type(antiphon.split_pdf("a.pdf"), list[DocumentBlockParam])
    assert_type(antiphon.cached("a"), TextBlockParam)
    assert_type(antiphon.cached(seen[0], ttl="1h"), ImageBlockParam)
    assert_type(antiphon.input_tokens(seen[0]), int | None)
    content: list[ContentBlockParam] = [*seen, antiphon.document("a.pdf"), antiphon.cached("a")]
    client.messages.create(
        model="m", max_tokens=10, messages=[{"role": "user", "content": content}]
    )
    antiphon.image(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def approve(call: ToolUseBlock) -> bool | str:
    return call.name == "look_up" or "no"


async def approve_later(call: ToolUseBlock) -> bool:
    return call.name == "look_up"


def failed(call: ToolUseBlock, error: Exception) -> None:
    print(call.name, error)


def running_tools() -> None:
    runner = client.messages.run_tools(
        model="m",
        max_tokens=10,
        messages=HELLO,
        tools=[look_up],
        max_turns=3,
        tool_timeout={"look_up": 1.5},
        approve=approve,
        on_error=failed,
        on_result=lambda call, result: print(call.id, result["tool_use_id"]),
        save="run.json",
        state="run.json",
        rerun=["look_up"],
    )
    assert_type(runner, ToolRunner[None])
    for message in runner:
        assert_type(message, ParsedMessage[None])
        assert_type(message.text, str)
    runner.messages.append({"role": "user", "content": "More"})
    assert_type(runner.usage, Usage | None)
    assert_type(runner.state(), dict[str, Any])
    if runner.stop_reason == "max_turns":
        print(runner.until_done().stop_reason)
    shop = client.messages.run_tools(
        model="m", max_tokens=10, messages=HELLO, tools=[look_up], output_format=Shop
    )
    assert_type(shop.until_done().parsed_output, Shop | None)
    streams = client.messages.run_tools(
        model="m", max_tokens=10, messages=HELLO, tools=[look_up], stream=True
    )
    assert_type(streams, StreamingToolRunner[None])
    for stream in streams:
        assert_type(stream, MessageStream[None])
    client.messages.run_tools(model="m", max_tokens=10, messages=HELLO, max_turn=3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


def running_tools_by_official_names() -> None:
    runner = client.beta.messages.tool_runner(
        model="m", max_tokens=10, messages=HELLO, tools=[look_up], max_iterations=3, betas=["x"]
    )
    assert_type(runner, BetaToolRunner[None])
    for message in runner:
        response = runner.generate_tool_call_response()
        if response is not None:
            runner.append_messages(message, response)
    runner.set_messages_params(lambda params: {**params, "max_tokens": 5})
    eager = client.beta.messages.tool_runner(
        model="m", max_tokens=10, messages=HELLO, stream=True, run_tools_eagerly=True
    )
    assert_type(eager, BetaStreamingToolRunner[None])
    assert_type(eager.deferred_tool_calls, list[ToolUseBlock])


async def async_running_tools(client: AsyncClient) -> None:
    runner = client.messages.run_tools(
        model="m", max_tokens=10, messages=HELLO, tools=[look_up], approve=approve_later
    )
    async for message in runner:
        assert_type(message, ParsedMessage[None])
    assert_type(await runner.until_done(), ParsedMessage[None])


def conversations() -> None:
    chat = antiphon.Conversation(
        client, model="m", max_tokens=10, tools=[antiphon.cached(look_up)], max_turns=3
    )
    assert_type(chat.ask("a", max_tokens=5), ParsedMessage[Any])
    message: Message = chat.ask(["a", antiphon.image("a.png")])
    assert_type(message.text, str)
    assert_type(chat.ask("a", output_format=Shop), ParsedMessage[Shop])
    assert_type(chat.ask("a", output_format=Shop).parsed_output, Shop | None)
    with chat.stream("a") as turn:
        assert_type(turn, StreamingToolRunner[Any])
        assert_type([*turn.text_stream], list[str])
    with chat.stream("a", output_format=Shop) as shop:
        assert_type(shop.until_done().parsed_output, Shop | None)
    assert_type(chat.fork(), Conversation)
    assert_type(Conversation.load(client, "a.json"), Conversation)
    chat.ask("a", max_token=5)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    Conversation(client, model="m")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def async_conversations(client: AsyncClient) -> None:
    chat = AsyncConversation(client, model="m", max_tokens=10)
    assert_type(await chat.ask("a"), ParsedMessage[Any])
    async with chat.stream("a") as turn:
        assert_type([text async for text in turn.text_stream], list[str])
    assert_type(await AsyncConversation.load(client, "a.json"), AsyncConversation)
    await chat.save("a.json")


def scripts(server: LocalServer, message: Message) -> None:
    rule = server.reply(
        "a", message, tool_use("weather", city="Oslo"), when=user_text("a"), times=2
    )
    assert_type(rule.used, int)
    server.reply(lambda request: request.text, when=lambda request: request.turn == 1)
    server.reply(described, when=~user_text("a") & is_long)
    server.replies("a", ["b", tool_use("weather")], delay=0.5)
    server.fail(529, times=2)
    server.fail("rate_limit_error", retry_after=3)
    assert_type(server.requests[-1].messages, list[dict[str, Any]])
    assert_type(server.requests[-1].text, str)
    assert_type(server.requests.filter(when=is_long)[0].request_id, str)
    server.reply(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    server.fail(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def described(request: MessageView) -> str:
    return request.text


def is_long(request: MessageView) -> bool:
    return len(request.messages) > 10
