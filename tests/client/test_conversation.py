"""`Conversation`: turns that are kept, cached, branched, taken back, saved, or lost as a whole."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import antiphon
from antiphon import AsyncClient, AsyncConversation, Client, Conversation, UsageError
from antiphon.local import App, AsyncInProcess, InProcess, VirtualClock
from antiphon.types import Message, TextBlock
from tests.support.media_samples import JPEG
from tests.support.scripted import Answer, AsyncScripted, Scripted
from tests.support.wire_samples import PLAIN

MODEL = "claude-haiku-4-5"
PARAMS: dict[str, Any] = {"model": MODEL, "max_tokens": 200}
JSON = ("content-type", "application/json")
LONG = "You help the customers of a shop that sells lamps. " * 600
WEATHER = "Use get_weather for Paris and Rome."


@antiphon.tool
def get_weather(location: str) -> str:
    """Tell the weather at a place."""
    return f"Sunny in {location}"


class Shop(InProcess):
    """A local server in this program, with the bodies that it received."""

    def __init__(self) -> None:
        super().__init__(App(VirtualClock()))
        self.bodies: list[Any] = []
        self.client = Client(api_key="k", http_client=self, max_retries=0)

    def send(self, request, *rest):
        self.bodies.append(json.loads(request.buffered_body()))
        return super().send(request, *rest)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def chat(shop) -> Conversation:
    return Conversation(shop.client, **PARAMS)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def answer(*blocks: Any, stop: str = "end_turn") -> Answer:
    message = {**PLAIN, "content": list(blocks), "stop_reason": stop}
    return Answer(json.dumps(message).encode(), headers=(JSON,))


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(**input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": input}


FAILURE = Answer(b'{"type":"error","error":{"type":"api_error","message":"Oh"}}', status=500)


def scripted(*answers: Any, **params: Any) -> tuple[Conversation, Scripted]:
    transport = Scripted(*answers)
    client = Client(api_key="k", http_client=transport, max_retries=0)
    return Conversation(client, **{**PARAMS, **params}), transport


def sent(transport: Scripted) -> list[Any]:
    return [json.loads(request.buffered_body()) for request in transport.requests]


def without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_marks(v) for k, v in value.items() if k != "cache_control"}
    return [without_marks(each) for each in value] if isinstance(value, list) else value


def marks(value: Any) -> int:
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(map(marks, value.values()))
    return sum(map(marks, value)) if isinstance(value, list) else 0


# Turns


def test_each_turn_sends_what_was_said_before(shop, chat):
    first = chat.ask("Hello")
    second = chat.ask("And now?")
    assert "And now?" in second.text
    messages = without_marks(shop.bodies[-1]["messages"])
    assert messages == [user("Hello"), first.to_param(), user("And now?")]
    assert chat.messages == [*messages, second.to_param()]
    assert chat.usage == first.usage + second.usage
    assert chat.tokens == second.usage.total_input_tokens + second.usage.output_tokens
    assert chat.unfinished == []


@pytest.mark.parametrize(
    ("content", "blocks"),
    [
        ("Hello", [text("Hello")]),
        (text("Hello"), [text("Hello")]),
        (["Hello", antiphon.image(JPEG)], [text("Hello"), antiphon.image(JPEG)]),
        ((each for each in ("Hello", "you")), [text("Hello"), text("you")]),
        (TextBlock(type="text", text="Hello"), [text("Hello")]),
        ([TextBlock(type="text", text="Hello")], [text("Hello")]),
    ],
    ids=["text", "block", "list", "generator", "received block", "list of received blocks"],
)
def test_a_text_a_block_and_several_can_be_said(chat, content, blocks):
    chat.ask(content)
    assert chat.messages[0] == {"role": "user", "content": blocks}


def test_what_cannot_be_said_is_refused(chat):
    with pytest.raises(TypeError, match=r"content: expected a text.* not int"):
        chat.ask(3)
    assert chat.messages == []
    assert chat.ask("Hello").text


def test_parameters_of_a_turn_hold_for_this_turn(shop, chat):
    chat.ask("Hello", max_tokens=10, stop_sequences=["."])
    chat.ask("Hello", temperature=antiphon.NOT_GIVEN)
    first, second = shop.bodies
    assert (first["max_tokens"], first["stop_sequences"]) == (10, ["."])
    assert second["max_tokens"] == 200
    assert "stop_sequences" not in second


@pytest.mark.parametrize("wrong", ["max_token", "messages", "stream"])
def test_unknown_parameters_are_refused(shop, chat, wrong):
    with pytest.raises(TypeError, match=wrong):
        chat.ask("Hello", **{wrong: 1})
    with pytest.raises(TypeError, match="max_token'"):
        Conversation(shop.client, **PARAMS, max_token=1)
    with pytest.raises(TypeError, match="max_tokens"):
        Conversation(shop.client, model=MODEL)
    assert chat.ask("Hello").text


def test_a_conversation_begins_with_messages_of_any_kind(shop, chat):
    said = chat.ask("Hello")
    param: Any = {"role": "user", "content": "Hello"}
    other = Conversation(shop.client, **PARAMS, messages=[param, said])
    other.ask("More")
    assert other.messages[:3] == [param, said.to_param(), user("More")]
    assert without_marks(shop.bodies[-1]["messages"])[0] == user("Hello")


# Tools


def test_tools_are_run_and_their_results_kept(shop):
    chat = Conversation(shop.client, **PARAMS, tools=(tool for tool in [get_weather]))
    message = chat.ask(WEATHER)
    assert "Sunny in Paris" in message.text
    assert [message["role"] for message in chat.messages] == ["user", "assistant"] * 2
    chat.ask("Thanks")
    assert [tool["name"] for tool in shop.bodies[-1]["tools"]] == ["get_weather"]
    assert without_marks(shop.bodies[-1]["messages"])[:4] == chat.messages[:4]


def test_calls_that_a_limit_left_without_results_are_repaired(shop):
    chat = Conversation(shop.client, **PARAMS, tools=[get_weather], max_turns=1)
    assert chat.ask(WEATHER).stop_reason == "tool_use"
    assert chat.check("Never mind") == []
    chat.ask("Never mind")
    *failures, words = shop.bodies[-1]["messages"][2]["content"]
    assert [block["is_error"] for block in failures] == [True, True]
    assert words["text"] == "Never mind"


# Marks for the cache


def test_each_turn_reads_the_turns_before_from_the_cache(shop):
    chat = Conversation(shop.client, **PARAMS, system=LONG, tools=[get_weather])
    usages = [
        chat.ask(words).usage for words in ("Hello", WEATHER, "Why?", "How?", WEATHER, "When?")
    ]
    read = [usage.cache_read_input_tokens for usage in usages]
    assert all(before < after for before, after in pairwise(read[1:]))
    assert all(usage.input_tokens < 20 for usage in usages)
    for usage, following in pairwise(usages):
        cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
        assert following.cache_read_input_tokens >= cached


def test_a_request_begins_with_the_bytes_of_the_one_before(shop):
    chat = Conversation(shop.client, **PARAMS, tools=[get_weather])
    for words in ("Hello", WEATHER, "Why?"):
        chat.ask(words)
    with chat.stream("How?") as turn:
        turn.until_done()
    texts = [json.dumps(without_marks(body["messages"]))[:-1] for body in shop.bodies]
    assert all(after.startswith(before) for before, after in pairwise(texts))


def test_there_are_never_more_marks_than_a_request_may_have(shop):
    tool = antiphon.cached(get_weather)
    system = [antiphon.cached("Be brief.", ttl="5m")]
    chat = Conversation(shop.client, **PARAMS, system=system, tools=[tool])
    for number in range(5):
        chat.ask([antiphon.cached(f"Document {number}"), "What is it?"])
        assert marks(shop.bodies[-1]) == 4
    assert marks(shop.bodies[-1]["messages"]) == 1
    assert marks(chat.messages) == 5


def test_marks_of_an_hour_stay_before_those_of_five_minutes(shop):
    chat = Conversation(shop.client, **PARAMS, system=LONG)
    chat.ask("Hello")
    chat.ask([antiphon.cached("A long document.", ttl="1h"), "What is it?"])
    document = shop.bodies[-1]["messages"][-1]["content"][0]
    assert document["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    chat.ask(antiphon.cached("Another one.", ttl="1h"))
    chat.ask("What else?")
    assert chat.usage.cache_creation.ephemeral_1h_input_tokens > 0


def test_the_lifetime_of_all_marks_can_be_given(shop):
    hour = {"type": "ephemeral", "ttl": "1h"}
    chat = Conversation(shop.client, **PARAMS, cache_control=hour)
    chat.ask("Hello")
    assert shop.bodies[-1]["cache_control"] == hour
    assert shop.bodies[-1]["messages"][-1]["content"][-1]["cache_control"] == hour


def test_without_cache_control_nothing_is_marked_or_changed(shop):
    own = antiphon.cached("Hello")
    chat = Conversation(shop.client, **PARAMS, cache_control=None)
    chat.ask(own)
    assert shop.bodies[-1]["messages"] == [{"role": "user", "content": [own]}]


# Streams


def test_a_turn_can_be_followed(shop):
    chat = Conversation(shop.client, **PARAMS, tools=[get_weather])
    with chat.stream(WEATHER) as turn:
        said = "".join(turn.text_stream)
    assert "Calling: get_weather" in said
    assert "Sunny in Paris" in said
    assert len(chat.messages) == 4
    with chat.stream("Thanks") as turn:
        streams = [[event.type for event in stream] for stream in turn]
    assert len(streams) == 1
    assert len(chat.messages) == 6


def test_a_turn_that_is_left_early_is_not_kept_and_lets_others_be(chat):
    chat.ask("Hello")
    before = [*chat.messages]
    with chat.stream("More") as turn:
        for stream in turn:
            next(stream.text_stream)
            break
        assert stream.current_message_snapshot.text
    assert chat.messages == before
    assert chat.ask("Again").text


def test_a_turn_that_is_closed_is_not_kept(chat):
    with chat.stream("Never mind") as turn:
        turn.close()
    assert (turn.stop_reason, chat.messages) == ("closed", [])


def test_a_turn_that_is_never_entered_is_no_turn(chat):
    chat.stream("Hello")
    assert chat.ask("Hello").text
    assert len(chat.messages) == 2


# Failures


def test_a_turn_that_fails_leaves_the_conversation_as_it_was():
    chat, _ = scripted(answer(text("Hi")), FAILURE, answer(text("Yes")))
    chat.ask("Hello")
    before = [*chat.messages]
    with pytest.raises(antiphon.InternalServerError):
        chat.ask("More")
    assert chat.messages == before
    assert chat.ask("Again").text == "Yes"
    assert chat.messages == [
        *before,
        user("Again"),
        {"role": "assistant", "content": [text("Yes")]},
    ]


def test_what_a_failed_turn_has_done_is_known_and_counted():
    chat, _ = scripted(answer(call(location="Rome"), stop="tool_use"), FAILURE, tools=[get_weather])
    with pytest.raises(antiphon.InternalServerError):
        chat.ask("How is Rome?")
    assert chat.messages == []
    said, results = chat.unfinished
    assert said.tool_uses[0].input == {"location": "Rome"}
    assert results["content"][0]["content"] == "Sunny in Rome"
    assert chat.usage == said.usage


def test_the_part_of_a_message_that_was_received_is_in_the_error():
    start = b'event: message_start\ndata: {"type":"message_start","message":%s}\n\n'
    events = [
        start % json.dumps({**PLAIN, "content": [], "stop_reason": None}).encode(),
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
        b'"content_block":{"type":"text","text":""}}\n\n',
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
        b'"delta":{"type":"text_delta","text":"Hal"}}\n\n',
    ]
    chat, _ = scripted(Answer(*events), answer(text("Yes")))
    with pytest.raises(antiphon.StreamInterruptedError) as caught, chat.stream("Hello") as turn:
        turn.until_done()
    assert caught.value.partial.text == "Hal"
    assert chat.messages == []
    assert chat.ask("Hello").text == "Yes"


def test_an_interrupt_while_a_tool_runs_leaves_the_conversation_as_it_was():
    @antiphon.tool
    def get_weather(location: str) -> str:
        raise KeyboardInterrupt

    chat, _ = scripted(
        answer(call(location="Rome"), stop="tool_use"), answer(text("Yes")), tools=[get_weather]
    )
    with pytest.raises(KeyboardInterrupt):
        chat.ask("Hello")
    assert chat.messages == []
    assert chat.ask("Hello").text == "Yes"


def test_two_turns_at_once_are_refused(chat):
    with chat.stream("Hello") as turn:
        with pytest.raises(UsageError, match="a turn is in progress"):
            chat.ask("More")
        with pytest.raises(UsageError, match="a turn is in progress"):
            chat.undo()
        assert chat.fork().ask("Hello").text
        turn.until_done()
    assert len(chat.messages) == 2


# Branches


def test_a_fork_goes_on_by_itself(chat):
    chat.ask("Hello")
    before = [*chat.messages]
    other = chat.fork()
    assert (other.messages, other.tokens, other.usage) == (before, chat.tokens, None)
    other.ask("Left")
    chat.ask("Right")
    assert other.messages[:2] == chat.messages[:2] == before
    assert other.messages[2] == user("Left")
    assert chat.messages[2] == user("Right")


def test_the_last_turn_can_be_taken_back_with_all_its_messages(shop):
    chat = Conversation(shop.client, **PARAMS, tools=[get_weather])
    chat.ask("Hello")
    before = [*chat.messages]
    chat.ask(WEATHER)
    gone = chat.undo()
    assert [message["role"] for message in gone] == ["user", "assistant"] * 2
    assert gone[0] == user(WEATHER)
    assert chat.messages == before
    chat.undo()
    assert chat.messages == []
    with pytest.raises(UsageError, match="no turn to undo"):
        chat.undo()


# Saving


def test_a_saved_conversation_goes_on_where_it_was(shop, tmp_path):
    chat = Conversation(shop.client, **PARAMS, system="Be brief.", tools=[get_weather])
    chat.ask(WEATHER)
    chat.save(tmp_path / "chat.json")
    other = Conversation.load(shop.client, tmp_path / "chat.json", tools=[get_weather])
    assert other.messages == chat.messages
    assert (other.usage, other.tokens) == (chat.usage, chat.tokens)
    assert {**other.params, "tools": 0} == {**chat.params, "tools": 0}
    chat.ask("More")
    other.ask("More")
    assert shop.bodies[-1] == shop.bodies[-2]


def test_what_is_saved_is_json_and_names_no_secrets(shop):
    secret = {"authorization": "Bearer secret"}
    chat = Conversation(
        shop.client, **PARAMS, extra_headers=secret, timeout=5, on_call=print, max_turns=3
    )
    chat.ask([antiphon.image(JPEG), "What is it?"])
    state = json.loads(json.dumps(chat.to_dict()))
    assert state["version"] == 1
    assert state["params"] == {**PARAMS, "cache_control": {"type": "ephemeral"}}
    other = Conversation.load(shop.client, state, model="claude-opus-4-8", compact=lambda *_: None)
    assert other.messages == chat.messages
    assert other.params["model"] == "claude-opus-4-8"


def test_definitions_of_tools_are_saved_and_functions_asked_for(shop):
    search = {"type": "web_search_20250305", "name": "web_search"}
    state = Conversation(shop.client, **PARAMS, tools=[get_weather, search]).to_dict()
    with pytest.raises(ValueError, match=r"tools: functions cannot be saved.*get_weather"):
        Conversation.load(shop.client, state)
    assert Conversation.load(shop.client, state, tools=[get_weather]).params["tools"] == [
        get_weather
    ]
    state = Conversation(shop.client, **PARAMS, tools=[search]).to_dict()
    assert Conversation.load(shop.client, state).params["tools"] == [search]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"version": 7}, "this is one of version 7; this version of antiphon reads version 1"),
        ({"messages": []}, "this is no saved conversation"),
        ([], "this is no saved conversation"),
    ],
)
def test_what_this_version_has_not_saved_is_refused(shop, tmp_path, state, message):
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(state))
    with pytest.raises(ValueError, match=message):
        Conversation.load(shop.client, path)
    with pytest.raises(FileNotFoundError):
        Conversation.load(shop.client, tmp_path / "nothing.json")


def test_messages_go_back_as_they_were_received_even_from_a_file(tmp_path):
    body = json.dumps(
        {**PLAIN, "content": [{**call(), "input": "HERE"}], "stop_reason": "tool_use"}
    )
    odd = '{"precise": 1.50, "large": 1e400, "new": {"b": 1, "a": [null, "\\ud83d"]}}'
    message = Answer(body.replace('"HERE"', odd).encode(), headers=(JSON,))
    chat, transport = scripted(
        message, answer(text("One")), answer(text("Two")), tools=[get_weather]
    )
    chat.ask("Hello")
    chat.save(tmp_path / "chat.json")
    other = Conversation.load(chat._client, tmp_path / "chat.json", tools=[get_weather])
    other.ask("More")
    written = odd.replace(": ", ":").replace(", ", ",").encode()
    assert all(written in request.buffered_body() for request in transport.requests[1:])
    assert len(transport.requests) == 3


# Compaction


def test_a_rule_makes_the_conversation_shorter(shop):
    seen: list[tuple[int, int]] = []

    def keep_two(messages, tokens):
        seen.append((len(messages), tokens))
        return messages[-2:] if len(messages) > 2 else None

    chat = Conversation(shop.client, **PARAMS, compact=keep_two)
    tokens = [0]
    for words in ("One", "Two", "Three"):
        chat.ask(words)
        tokens.append(chat.tokens)
    assert seen == [(0, tokens[0]), (2, tokens[1]), (4, tokens[2])]
    assert [m["content"][0]["text"] for m in chat.messages if m["role"] == "user"] == [
        "Two",
        "Three",
    ]
    assert chat.fork().ask("Four").text
    assert seen[-1] == (4, tokens[3])


def test_a_conversation_stays_long_if_its_shorter_turn_fails():
    chat, _ = scripted(answer(text("Hi")), FAILURE, compact=lambda messages, tokens: [])
    chat.ask("Hello")
    with pytest.raises(antiphon.InternalServerError):
        chat.ask("More")
    assert len(chat.messages) == 2


def test_a_rule_of_a_sync_conversation_cannot_be_async(shop):
    async def rule(messages, tokens):
        return messages

    chat = Conversation(shop.client, **PARAMS, compact=rule)
    with pytest.raises(TypeError, match="async function"):
        chat.ask("Hello")


# Checks and outputs


def test_a_turn_is_checked_without_being_sent(shop):
    chat = Conversation(shop.client, **{**PARAMS, "max_tokens": -1}, max_turns=3)
    assert [finding.path for finding in chat.check("Hello")] == ["max_tokens"]
    assert shop.bodies == []
    good = Conversation(shop.client, **PARAMS, tools=[get_weather])
    assert good.check("Hello") == []


@dataclass
class City:
    """A city."""

    name: str
    people: int


def test_a_message_can_be_a_value(shop, chat):
    message = chat.ask("Paris", output_format=City, output_config={"effort": None})
    assert isinstance(message.parsed_output, City)
    assert chat.ask("And more?", output_format=antiphon.omit).text
    assert "output_config" not in shop.bodies[-1]
    assert len(chat.messages) == 4


def test_a_value_can_be_followed(chat):
    with chat.stream("Paris", output_format=City) as turn:
        message = turn.until_done()
    assert isinstance(message.parsed_output, City)
    assert chat.messages[-1] == message.to_param()


def test_a_turn_without_its_value_is_not_kept(chat):
    with pytest.raises(antiphon.errors.OutputTruncatedError) as caught:
        chat.ask("Paris", output_format=City, max_tokens=3)
    assert chat.messages == []
    assert isinstance(caught.value.message, Message)
    assert len(chat.unfinished) == 1


# All of it together


STEPS = ("ask", "tools", "stream", "leave", "fail", "undo", "fork", "reload")


@settings(max_examples=20)
@given(st.lists(st.sampled_from(STEPS), max_size=8))
def test_after_any_steps_the_conversation_is_whole_and_can_go_on(steps):
    chat = Conversation(Shop().client, **PARAMS, tools=[get_weather])
    turns: list[list[Any]] = []
    for step in steps:
        if step in ("ask", "tools", "stream"):
            with chat.stream(WEATHER if step == "tools" else "Hello") as turn:
                turn.until_done()
            turns.append(chat.messages[sum(map(len, turns)) :])
            assert len(turns[-1]) == (4 if step == "tools" else 2)
        elif step == "leave":
            with chat.stream("Hello") as turn:
                next(turn.text_stream)
        elif step == "fail":
            with pytest.raises(antiphon.BadRequestError):
                chat.ask("")
        elif step == "undo" and turns:
            assert chat.undo() == turns.pop()
        elif step == "fork":
            chat.fork().ask("Elsewhere")
        elif step == "reload":
            state = json.loads(json.dumps(chat.to_dict()))
            chat = Conversation.load(chat._client, state, tools=[get_weather])
        assert chat.messages == [*chain(*turns)]
    assert chat.check("More") == []
    assert "More" in chat.ask("More").text


# The same, awaited


def test_an_async_conversation(tmp_path):
    @antiphon.tool
    async def get_weather(location: str) -> str:
        """Tell the weather at a place."""
        return f"Sunny in {location}"

    async def keep(messages, tokens):
        return messages

    async def main() -> None:
        transport = AsyncInProcess(App(VirtualClock()))
        async with AsyncClient(api_key="k", http_client=transport) as client:
            chat = AsyncConversation(client, **PARAMS, tools=[get_weather], compact=keep)
            assert "Sunny in Paris" in (await chat.ask(WEATHER)).text
            async with chat.stream(WEATHER) as turn:
                said = "".join([text async for text in turn.text_stream])
            assert "Sunny in Paris" in said
            assert len(chat.messages) == 8
            async with chat.stream("Thanks") as turn:
                async for stream in turn:
                    async for _ in stream.text_stream:
                        break
                    break
            assert len(chat.messages) == 8
            await chat.save(tmp_path / "chat.json")
            other = await AsyncConversation.load(
                client, tmp_path / "chat.json", tools=[get_weather]
            )
            assert other.messages == chat.messages
            other.undo()
            assert other.fork().messages == chat.messages[:4]
            assert (await other.ask("Paris", output_format=City)).parsed_output.name

    asyncio.run(main())


def test_a_cancelled_turn_leaves_the_conversation_as_it_was():
    async def main() -> None:
        started = asyncio.Event()

        @antiphon.tool
        async def get_weather(location: str) -> str:
            started.set()
            await asyncio.Event().wait()
            return "never"

        answers = answer(call(location="Rome"), stop="tool_use"), answer(text("Yes"))
        client = AsyncClient(api_key="k", http_client=AsyncScripted(*answers), max_retries=0)
        chat = AsyncConversation(client, **PARAMS, tools=[get_weather])
        turn = asyncio.create_task(chat.ask("How is Rome?"))
        await started.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        assert chat.messages == []
        assert [message.tool_uses[0].name for message in chat.unfinished] == ["get_weather"]
        assert (await chat.ask("Hello")).text == "Yes"

    asyncio.run(main())


def test_a_client_of_the_other_kind_is_refused():
    for kind, wrong in [
        (Conversation, AsyncClient(api_key="k")),
        (AsyncConversation, Client(api_key="k")),
        (Conversation, 5),
    ]:
        with pytest.raises(TypeError, match="client: expected an antiphon"):
            kind(wrong, model="claude-haiku-4-5", max_tokens=9)


def test_what_is_no_rule_for_compaction_and_no_saved_conversation_is_refused(chat, tmp_path):
    with pytest.raises(TypeError, match="compact: expected a function, got 5"):
        Conversation(Client(api_key="k"), compact=5, **PARAMS)
    file = tmp_path / "broken.json"
    file.write_text("{")
    with pytest.raises(ValueError, match=r"broken\.json holds no saved conversation"):
        Conversation.load(Client(api_key="k"), file)


def test_a_conversation_and_a_run_are_shown_in_few_words(chat):
    chat.ask("Hi")
    assert repr(chat) == "<Conversation with claude-haiku-4-5, 2 messages>"
    runner = antiphon.Client(api_key="k").messages.run_tools(
        model="claude-haiku-4-5", max_tokens=9, tools=[], messages=[]
    )
    assert repr(runner) == "<ToolRunner after 0 turns, runs>"
