"""The traps of docs/traps.md: each test shows what antiphon does, as a user would see it."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
import warnings
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx2
import pytest

import antiphon
from antiphon.types import Message
from tests.support.imports import loaded_by
from tests.support.media_samples import JPEG, png

HELLO: Any = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello"}],
}
TOOL: Any = {
    "name": "get_weather",
    "description": "The weather at a place",
    "input_schema": {
        "type": "object",
        "properties": {"place": {"type": "string"}},
        "required": ["place"],
    },
}
NEWS: Any = {"type": "news", "of": ["tomorrow"], "more": {"deep": 1.10}}


@dataclass
class Tree:
    """A value that holds values of its own type."""

    name: str
    children: list[Tree]


def message_of(content: list[Any], stop_reason: str = "end_turn") -> dict[str, Any]:
    """Return a message as the API sends it."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def client_of(*content: Any, stop_reason: str = "end_turn") -> antiphon.Client:
    """Return a client whose API always sends this message."""
    body = message_of([*content], stop_reason)
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=body))
    return antiphon.Client(api_key="any", http_client=httpx2.Client(transport=transport))


def test_importing_loads_no_http_library_and_no_pydantic():
    names = {name.partition(".")[0] for name in loaded_by("import antiphon")}
    assert not names & {"httpx", "httpx2", "pydantic", "ssl", "asyncio", "typing"}


def test_no_http_library_is_needed(server):
    code = (
        "import sys\n"
        "for name in ('httpx', 'httpx2', 'httpcore', 'requests', 'urllib3', 'aiohttp'):\n"
        "    sys.modules[name] = None\n"
        "import antiphon\n"
        f"client = antiphon.Client(base_url={server.url!r}, api_key='any')\n"
        f"print(client.messages.create(**{HELLO!r}).text)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"Simulated" in done.stdout


def test_parameters_that_only_older_models_take_are_there(server, client):
    client.messages.create(**HELLO, temperature=0.5, top_k=40)
    assert server.requests[-1].body["temperature"] == 0.5


def test_a_block_of_an_unknown_type_keeps_everything(server, client):
    message = client_of(NEWS).messages.create(**HELLO)
    block = message.content[0]
    assert isinstance(block, antiphon.types.UnknownBlock)
    assert block.type == "news"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert message.model_dump()["content"] == [NEWS]
    assert message.to_param()["content"] == [NEWS]


def test_the_text_of_a_message_is_one_attribute():
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "Good "},
        {"type": "text", "text": "day."},
    ]
    message = client_of(*blocks).messages.create(**HELLO)
    assert (message.thinking, message.text) == ("Hm.", "Good day.")


def test_any_sequence_and_mapping_is_accepted(server, client):
    turn = MappingProxyType({"role": "user", "content": ({"type": "text", "text": "Hello"},)})
    client.messages.create(**{**HELLO, "messages": (turn,)})
    assert server.requests[-1].body["messages"][0]["content"][0]["text"] == "Hello"


def test_clients_and_errors_are_pickled_without_the_key(client):
    with pytest.raises(antiphon.NotFoundError) as caught:
        client.messages.create(**{**HELLO, "model": "claude-nobody"})
    pickled = pickle.dumps([client.with_options(api_key="sk-ant-hidden"), caught.value])
    assert b"hidden" not in pickled
    assert pickle.loads(pickled)[1].status_code == 404


def test_a_call_without_a_result_is_found_and_repaired(client):
    call = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"place": "Bern"}}
    messages = [
        {"role": "user", "content": "How is the weather?"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": "Well?"},
    ]
    request: Any = {**HELLO, "tools": [TOOL], "messages": messages}
    assert "tool_result" in client.messages.check(**request)[0].message
    repaired = antiphon.repair(messages)
    assert client.messages.check(**{**request, "messages": repaired}) == []
    client.messages.create(**{**request, "messages": repaired})


def test_thinking_is_sent_back_as_it_was_received_also_after_storing_it(server, client):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    request: Any = {**HELLO, "max_tokens": 2048, "thinking": thinking}
    message = client.messages.create(**request)
    stored = message.to_json()
    turn = Message.decode(stored.encode())
    history = [*HELLO["messages"], turn, {"role": "user", "content": "And then?"}]
    client.messages.create(**{**request, "messages": history})
    assert server.requests[-1].body["messages"][1]["content"] == json.loads(stored)["content"]


def test_whatever_is_received_may_be_sent_back(client):
    document = antiphon.document(text="The sky is blue. The grass is green.", citations=True)
    question = {"type": "text", "text": "Which colour is the sky?"}
    search = {"type": "web_search_20250305", "name": "web_search"}
    requests: list[Any] = [
        {"messages": [{"role": "user", "content": [document, question]}]},
        {"messages": [{"role": "user", "content": "Search the web."}], "tools": [search]},
    ]
    for request in requests:
        message = client.messages.create(**{**HELLO, **request})
        history = [*request["messages"], message, {"role": "user", "content": "Go on."}]
        client.messages.create(**{**HELLO, **request, "messages": history})
    empty = client_of({"type": "text", "text": ""}, {"type": "text", "text": "Yes"})
    history = [*HELLO["messages"], empty.messages.create(**HELLO), *HELLO["messages"]]
    client.messages.create(**{**HELLO, "messages": history})


def test_mistakes_are_found_without_a_request(server):
    client = antiphon.Client(base_url=server.url, api_key="test")
    before = len(server.requests)
    finding = client.messages.check(**{**HELLO, "max_tokens": 1_000_000})[0]
    assert finding.path == "max_tokens"
    assert finding.remedy
    assert len(server.requests) == before


def test_a_call_that_was_cut_off_is_not_complete(client):
    forced: Any = {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "get_weather"}}
    seen: set[bool] = set()
    for tokens in (*range(1, 40), 200):
        with client.messages.stream(**{**HELLO, **forced, "max_tokens": tokens}) as stream:
            message = stream.get_final_message()
        for call in message.tool_uses:
            assert call.complete == (message.stop_reason == "tool_use")
            seen.add(call.complete)
    assert seen == {True, False}
    empty = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    whole = client_of(empty, stop_reason="max_tokens").messages.create(**HELLO)
    assert not whole.tool_uses[0].complete


def test_the_container_of_a_stream_is_kept(client):
    tool: Any = {"type": "code_execution_20250825", "name": "code_execution"}
    request: Any = {**HELLO, "model": "claude-sonnet-4-6", "max_tokens": 1024, "tools": [tool]}
    request["messages"] = [{"role": "user", "content": "Run code: 1 + 1."}]
    with client.messages.stream(**request) as stream:
        container = stream.get_final_message().container
    assert container is not None
    assert container.id.startswith("container_")


def test_the_cache_is_hit_when_the_same_prompt_is_sent_again(client):
    system = [antiphon.cached("A long instruction. " * 3000)]
    first = client.messages.create(**HELLO, system=system).usage
    second = client.messages.create(**HELLO, system=system).usage
    assert first.cache_creation_input_tokens
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens


def test_a_conversation_reads_itself_from_the_cache(client):
    params = {"model": "claude-haiku-4-5", "max_tokens": 200}
    chat = antiphon.Conversation(client, **params, system="A long instruction for chats. " * 3000)
    first, second = (chat.ask(words).usage for words in ("Hello", "And now?"))
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens


def test_a_turn_that_fails_leaves_the_conversation_as_it_was(client):
    chat = antiphon.Conversation(client, model="claude-haiku-4-5", max_tokens=200)
    chat.ask("Hello")
    before = [*chat.messages]
    with pytest.raises(antiphon.BadRequestError):
        chat.ask("")
    assert chat.messages == before
    assert chat.ask("Again").text


def test_an_image_may_be_bytes(client):
    content = [antiphon.image(JPEG), {"type": "text", "text": "What is it?"}]
    messages = [{"role": "user", "content": content}]
    assert client.messages.create(**{**HELLO, "messages": messages}).text


def test_the_bytes_of_an_image_tell_its_type(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(png(20, 20))
    assert antiphon.image(path)["source"]["media_type"] == "image/png"


def test_an_image_that_is_too_large_is_not_sent():
    with pytest.raises(antiphon.InputError, match=r"9000 by 20 pixels, and may have 8000"):
        antiphon.image(png(9000, 20))
    assert antiphon.input_tokens(antiphon.image(png(9000, 20), resize=True))


def test_the_key_is_not_sent_to_another_host_for_results():
    seen: list[httpx2.Request] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        batch = {"type": "message_batch", "id": "msgbatch_1", "processing_status": "ended"}
        url = "https://elsewhere.example/results"
        return httpx2.Response(200, json={**batch, "results_url": url})

    transport = httpx2.Client(transport=httpx2.MockTransport(respond))
    client = antiphon.Client(api_key="sk-ant-secret", http_client=transport)
    for _ in client.messages.batches.results("msgbatch_1"):
        pass
    assert not [r for r in seen if r.url.host != "api.anthropic.com" and "x-api-key" in r.headers]


def test_pages_are_followed_with_the_old_beta_too(client):
    ids = {client.files.upload(file=(f"{n}.txt", b"x", "text/plain")).id for n in range(3)}
    listed = client.files.list(limit=1, betas=["files-api-2025-04-14"])
    assert ids <= {file.id for file in listed}
    for each in ids:
        client.files.delete(each)


@pytest.mark.parametrize(
    ("returned", "content"),
    [
        (None, ""),
        ({"degrees": 20}, '{"degrees":20}'),
        (20, "20"),
        (True, "true"),
        (b"sunny", "sunny"),
        (["sunny", "warm"], '["sunny","warm"]'),
    ],
)
def test_what_a_tool_returns_is_what_claude_gets(server, client, returned, content):
    def forecast(place: str) -> Any:
        """Return the weather at a place."""
        return returned

    client.messages.run_tools(**asked_for(forecast)).until_done()
    result = server.requests[-1].body["messages"][-1]["content"][0]
    assert (result.get("content", ""), result.get("is_error", False)) == (content, False)


def test_a_tool_may_return_the_bytes_of_an_image(server, client):
    def forecast(place: str) -> bytes:
        """Return a photo of the weather at a place."""
        return JPEG

    client.messages.run_tools(**asked_for(forecast)).until_done()
    result = server.requests[-1].body["messages"][-1]["content"][0]
    assert result["content"][0]["type"] == "image"


def test_a_wrong_input_is_told_argument_by_argument():
    @antiphon.tool
    def forecast(place: str, days: int) -> str:
        """Return the weather."""
        return f"{place}: sunny for {days} days"

    with pytest.raises(antiphon.ToolInputError, match="- days: "):
        forecast.call({"place": "Bern", "days": "many"})


def test_tools_of_one_name_are_refused(client):
    with pytest.raises(ValueError, match="get_weather"):
        client.messages.run_tools(**HELLO, tools=[TOOL, TOOL])


def test_tools_whose_results_would_be_thrown_away_are_not_run(client):
    ran: list[str] = []

    def forecast(place: str) -> str:
        """Return the weather at a place."""
        ran.append(place)
        return "sunny"

    runner = client.messages.run_tools(**asked_for(forecast), max_turns=1)
    assert runner.until_done().stop_reason == "tool_use"
    assert (ran, runner.stop_reason) == ([], "max_turns")


def test_the_whole_conversation_is_sent_unless_a_thread_is_asked_for(server, client):
    def forecast(place: str) -> str:
        """Return the weather at a place."""
        return "sunny"

    client.messages.run_tools(**asked_for(forecast)).until_done()
    last = server.requests[-1]
    assert "thread" not in last.body
    assert len(last.body["messages"]) == 3


def test_calls_of_one_message_run_at_the_same_time():
    names = ["forecast", "tides"]
    calls = [{"type": "tool_use", "id": name, "name": name, "input": {}} for name in names]
    sent = [message_of(calls, "tool_use"), message_of([])]
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=sent.pop(0)))

    async def run() -> antiphon.Message:
        both = asyncio.Barrier(2)

        async def ran() -> str:
            await both.wait()  # for ever, if one were run after the other
            return "fine"

        http_client = httpx2.AsyncClient(transport=transport)
        client = antiphon.AsyncClient(api_key="any", http_client=http_client)
        tools = [antiphon.tool(ran, name=name) for name in names]
        async with asyncio.timeout(20):
            return await client.messages.run_tools(**HELLO, tools=tools).until_done()

    assert asyncio.run(run()).stop_reason == "end_turn"


def test_a_paused_turn_goes_on_and_a_refusal_is_seen(client):
    search = {"type": "web_search_20250305", "name": "web_search"}
    for marker, reason in (("[[pause_turn]]", "end_turn"), ("[[refusal]]", "refusal")):
        asked = {"role": "user", "content": f"Search the web for cheese. {marker}"}
        runner = client.messages.run_tools(**{**HELLO, "messages": [asked]}, tools=[search])
        assert runner.until_done().stop_reason == reason
        assert runner.stop_reason == reason


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(int, "0", 0), (bool, "false", False), (list[int], "[]", []), (str, '""', "")],
)
def test_values_that_are_false_are_values(kind, text, value):
    client = client_of({"type": "text", "text": text})
    assert client.messages.parse(**HELLO, output_format=kind).parsed_output == value


def test_a_dict_of_any_keys_can_be_an_output(client):
    @dataclass
    class Scores:
        points: dict[str, int]

    output = client.messages.parse(**HELLO, output_format=Scores).parsed_output
    assert output.points
    assert all(isinstance(each, int) for each in output.points.values())


def test_a_type_may_hold_itself(client):
    tree = client.messages.parse(**HELLO, output_format=Tree).parsed_output
    assert isinstance(tree.name, str)


@pytest.mark.parametrize(
    ("text", "reason", "error"),
    [
        ('{"points": {"a"', "max_tokens", antiphon.OutputTruncatedError),
        ("I had rather not.", "refusal", antiphon.OutputRefusedError),
        ("Here you are: 7", "end_turn", antiphon.OutputValidationError),
    ],
)
def test_a_message_without_its_output_is_not_lost(text, reason, error):
    client = client_of({"type": "text", "text": text}, stop_reason=reason)
    with pytest.raises(error) as caught:
        client.messages.parse(**HELLO, output_format=int)
    assert caught.value.message.text == text
    assert caught.value.usage.output_tokens == 1


def asked_for(forecast: Any) -> Any:
    """Return a request that makes the local server call the tool `forecast`."""
    question = {"role": "user", "content": "Use forecast for Bern."}
    return {**HELLO, "messages": [question], "tools": [antiphon.tool(forecast)]}
