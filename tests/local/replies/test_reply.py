"""Simulated answers: true to the wire, deterministic, and reflecting what was sent."""

import base64
import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from antiphon._stream.writer import events
from antiphon._wire.decoding import Decoder
from antiphon._wire.partial_json import PartialJSON
from antiphon.catalog.models import CATALOG
from antiphon.local.metering.prompt_cache import CacheUsage
from antiphon.local.metering.tokens import count, count_text
from antiphon.local.replies.reply import make_reply
from antiphon.local.replies.signatures import Signatures
from antiphon.rules import findings
from antiphon.types.content import UnknownBlock
from antiphon.types.message import Message
from tests.support.media_samples import png
from tests.support.request_samples import MESSAGES, WEATHER
from tests.support.schema_strategies import SCHEMAS, objects

HAIKU = "claude-haiku-4-5"
OPUS = "claude-opus-5"
SIGNATURES = Signatures(b"a key")
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
FETCH = {"type": "web_fetch_20250910", "name": "web_fetch"}
CODE = {"type": "code_execution_20250825", "name": "code_execution"}
FIND = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
TIME = {
    "name": "get_time",
    "input_schema": {
        "type": "object",
        "properties": {"timezone": {"type": "string"}},
        "required": ["timezone"],
    },
}


def asked(content, model=HAIKU, **more):
    messages = content if isinstance(content, list) and "role" in content[0] else None
    messages = messages or [{"role": "user", "content": content}]
    return {"model": model, "max_tokens": 1_000, "messages": messages, **more}


def reply(content, model=HAIKU, **more):
    return make_reply(asked(content, model, **more), signatures=SIGNATURES, now=1.78e9)


def kinds(given):
    return [block["type"] for block in given.content]


def words(given):
    return "".join(block.get("text", "") for block in given.content)


def uses(given):
    return [block for block in given.content if block["type"] == "tool_use"]


def test_the_message_has_the_keys_of_the_api_in_its_order():
    message = reply("hello").message(CacheUsage(1, 2, 4, 8))
    assert list(message) == [
        "model",
        "id",
        "type",
        "role",
        "content",
        "stop_reason",
        "stop_sequence",
        "stop_details",
        "usage",
        "diagnostics",
    ]
    assert message["model"] == "claude-haiku-4-5-20251001"
    assert re.fullmatch("msg_01[1-9A-HJ-NP-Za-km-z]{22}", message["id"])
    assert (message["type"], message["role"], message["stop_reason"]) == (
        "message",
        "assistant",
        "end_turn",
    )
    assert message["stop_sequence"] is message["stop_details"] is None
    assert message["usage"] == {
        "input_tokens": 8,
        "cache_creation_input_tokens": 6,
        "cache_read_input_tokens": 1,
        "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4},
        "output_tokens": count_text(HAIKU, message["content"][0]["text"]),
        "output_tokens_details": {"thinking_tokens": 0},
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("What is the capital of France?", "Simulated by antiphon's local server. You wrote:"),
        ("Quelle est la capitale de la France ?", "Réponse simulée par le serveur local"),
        ("Was ist die Hauptstadt von Frankreich?", "Simuliert vom lokalen Server"),
        ("¿Cuál es la capital de Francia?", "Simulado por el servidor local"),
        ("Qual è la capitale della Francia?", "Simulato dal server locale"),
        ("Qual é a capital da França, você sabe?", "Simulado pelo servidor local"),
        ("Wat is de hoofdstad van Frankrijk?", "Gesimuleerd door de lokale server"),
        ("フランスの首都はどこですか", "antiphonのローカルサーバーによる模擬応答です"),
        ("法国的首都是哪里？", "由 antiphon 本地服务器模拟"),
        ("프랑스의 수도는 어디입니까?", "antiphon 로컬 서버의 모의 응답입니다"),
        ("Какая столица Франции?", "Имитация локального сервера antiphon"),
        ("ما هي عاصمة فرنسا؟", "محاكاة من خادم antiphon"),
        ("फ्रांस की राजधानी क्या है?", "antiphon के स्थानीय सर्वर का अनुकरण"),
    ],
)
def test_replies_say_that_they_are_simulated_in_the_language_of_the_prompt(prompt, said):
    text = words(reply(prompt))
    assert text.startswith(said)
    assert prompt[:10] in text
    assert count_text(HAIKU, text) <= 60


def test_the_same_request_gets_the_same_answer_and_another_seed_another_id():
    body = asked("hello", tools=[WEATHER], tool_choice={"type": "any"})
    first, second = (make_reply(body, signatures=SIGNATURES) for _ in range(2))
    assert first == second == make_reply({**body, "stream": True}, signatures=SIGNATURES)
    other = make_reply(body, signatures=SIGNATURES, seed=1)
    assert other.id != first.id
    assert other.content[0]["id"] != first.content[0]["id"]


def image(width, height):
    data = base64.b64encode(png(width, height)).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def test_replies_tell_number_and_kind_of_the_blocks_and_what_images_are():
    blocks = [image(40, 30), {"type": "text", "text": "What is this?"}, image(7, 9)]
    assert "image ×2 (PNG 40×30; PNG 7×9), text ×1" in words(reply(blocks))


def document(text, **more):
    source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source, **more}


def a_pdf(words):
    pypdf = pytest.importorskip("pypdf")
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(300, 300)
    writer.add_blank_page(300, 300)
    named = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(key): NameObject(name) for key, name in named.items()})
    fonts = DictionaryObject({NameObject("/F1"): font})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 20 200 Td ({words}) Tj ET".encode())
    page[NameObject("/Contents")] = writer._add_object(stream)
    file = io.BytesIO()
    writer.write(file)
    data = base64.b64encode(file.getvalue()).decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": data}
    return {"type": "document", "source": source}


def test_replies_tell_the_pages_and_first_words_of_a_pdf_and_cite_them():
    block = a_pdf("Whales sing at night. They do.")
    told = reply([block, {"type": "text", "text": "What is this?"}])
    assert "document ×1 (PDF, 2 p., “Whales sing at night.…”)" in words(told)
    assert kinds(told) == ["text"]
    cited = reply([{**block, "citations": {"enabled": True}}])
    assert cited.content[-1]["citations"] == [
        {
            "type": "page_location",
            "cited_text": "Whales sing at night.",
            "document_index": 0,
            "document_title": None,
            "start_page_number": 1,
            "end_page_number": 2,
            "file_id": None,
        }
    ]


# Tools.


def test_a_tool_is_called_when_the_prompt_asks_for_it():
    called = reply("What's the weather like in San Francisco, CA?", tools=[WEATHER, TIME])
    assert called.stop_reason == "tool_use"
    assert words(called).startswith("Simulated by antiphon's local server.")
    (use,) = uses(called)
    assert list(use) == ["type", "id", "name", "input", "caller"]
    assert re.fullmatch("toolu_01[1-9A-HJ-NP-Za-km-z]{22}", use["id"])
    assert (use["name"], use["input"]) == ("get_weather", {"location": "San Francisco, CA"})
    assert use["caller"] == {"type": "direct"}


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("hello", []),
        ("Tell me a story about dragons", []),
        ("use get_time please", ["get_time"]),
        ("Call get_time and get_weather", ["get_weather", "get_time"]),
        ("What is the current temperature at that location?", ["get_weather"]),
        ("Now use the lookup tool", ["lookup"]),
        ("I lookup to you", ["lookup"]),
    ],
)
def test_which_prompts_ask_for_a_tool(prompt, names):
    lookup = {"name": "lookup", "input_schema": {"type": "object"}}
    found = {**WEATHER, "description": "Get the temperature for a location"}
    assert [use["name"] for use in uses(reply(prompt, tools=[found, TIME, lookup]))] == names


def test_long_descriptions_do_not_ask_for_every_tool():
    often = (
        "Reads files. "
        + "Lines are numbered. " * 9
        + "Every common word such as story, dragons and temperature. " * 9
    )
    tools = [{"name": f"tool{n}", "description": often, "input_schema": {}} for n in range(9)]
    assert uses(reply("Tell me a story about dragons", tools=tools)) == []
    tools[4] = {**tools[4], "description": "Writes a story about dragons"}
    called = uses(reply("Tell me a story about dragons", tools=tools))
    assert [use["name"] for use in called] == ["tool4"]


def test_a_tool_that_wants_a_place_is_called_for_each():
    prompt = "Compare the weather in Paris and New York"
    called = uses(reply(prompt, tools=[WEATHER]))
    assert [use["input"] for use in called] == [{"location": "Paris"}, {"location": "New York"}]
    assert len({use["id"] for use in called}) == 2
    single = {"type": "auto", "disable_parallel_tool_use": True}
    assert len(uses(reply(prompt, tools=[WEATHER], tool_choice=single))) == 1


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "any"}, ["get_weather"]),
        ({"type": "tool", "name": "get_time"}, ["get_time"]),
        ({"type": "none"}, []),
    ],
)
def test_tool_choice_decides(choice, names):
    given = reply("hello", tools=[WEATHER, TIME], tool_choice=choice)
    assert [use["name"] for use in uses(given)] == names
    assert kinds(given) == (["tool_use"] if names else ["text"])


def test_tool_choice_none_forbids_even_what_is_asked_for():
    given = reply("use get_weather", tools=[WEATHER], tool_choice={"type": "none"})
    assert kinds(given) == ["text"]


@given(objects(SCHEMAS), st.sampled_from(["", "the weather in Rome, 3 times", "f"]))
@settings(max_examples=50)
def test_input_is_valid_by_the_schema_of_the_tool(schema, prompt):
    tool = {"name": "f", "input_schema": schema}
    (use,) = uses(reply(prompt or "x", tools=[tool], tool_choice={"type": "any"}, max_tokens=10**6))
    Draft202012Validator(schema).validate(use["input"])


def test_results_are_summed_up():
    first = asked("What's the weather in Paris and Rome?", tools=[WEATHER])
    called = make_reply(first, signatures=SIGNATURES)
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


@pytest.mark.parametrize(
    ("tool", "name", "given"),
    [
        ({"type": "bash_20250124", "name": "bash"}, "bash", {"command": "echo simulated"}),
        (
            {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"},
            "str_replace_based_edit_tool",
            {"command": "view", "path": "/"},
        ),
        (
            {"type": "memory_20250818", "name": "memory"},
            "memory",
            {"command": "view", "path": "/memories"},
        ),
        ({"type": "computer_toolset_20260801"}, "screenshot", {}),
    ],
)
def test_anthropics_own_client_tools_have_input_of_their_shape(tool, name, given):
    (use,) = uses(reply("go", tools=[tool], tool_choice={"type": "any"}))
    assert (use["name"], use["input"]) == (name, given)
    assert use.get("toolset_name") == ("computer" if "toolset" in tool["type"] else None)


def test_a_tool_that_only_code_may_call_is_called_by_code():
    callers = ["code_execution_20260120"]
    code = {"type": callers[0], "name": "code_execution"}
    given = reply("use get_weather", tools=[{**WEATHER, "allowed_callers": callers}, code])
    run, use = given.content[1:]
    assert run["name"] == "code_execution"
    assert use["caller"] == {"type": callers[0], "tool_id": run["id"]}
    assert given.container is not None
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": "15"}
    turns = [
        {"role": "user", "content": "use get_weather"},
        {"role": "assistant", "content": given.content},
        {"role": "user", "content": [result]},
    ]
    later = reply(turns, tools=[code])
    assert kinds(later) == ["code_execution_tool_result", "text"]
    assert later.content[0]["tool_use_id"] == run["id"]


# Tools the API runs.


@pytest.mark.parametrize(
    ("prompt", "tool", "used", "result", "counted"),
    [
        (
            "search for whales",
            SEARCH,
            ("web_search", {"query": "search for whales"}),
            "web_search_tool_result",
            {"web_search_requests": 1, "web_fetch_requests": 0},
        ),
        (
            "read https://example.org/a",
            FETCH,
            ("web_fetch", {"url": "https://example.org/a"}),
            "web_fetch_tool_result",
            {"web_search_requests": 0, "web_fetch_requests": 1},
        ),
        (
            "compute 2 + 3",
            CODE,
            ("bash_code_execution", {"command": "python3 -c 'print(2 + 3)'"}),
            "bash_code_execution_tool_result",
            None,
        ),
        (
            "write code into plan/a.txt",
            CODE,
            (
                "text_editor_code_execution",
                {"command": "create", "path": "plan/a.txt", "file_text": "simulated\n"},
            ),
            "text_editor_code_execution_tool_result",
            None,
        ),
        (
            "run 2 + 3",
            {"type": "code_execution_20250522", "name": "code_execution"},
            ("code_execution", {"code": "print(2 + 3)"}),
            "code_execution_tool_result",
            None,
        ),
    ],
)
def test_tools_of_the_api_run_at_once(prompt, tool, used, result, counted):
    given = reply(prompt, tools=[tool])
    assert kinds(given) == ["text", "server_tool_use", result, "text"]
    use = given.content[1]
    assert re.fullmatch("srvtoolu_01[1-9A-HJ-NP-Za-km-z]{22}", use["id"])
    assert (use["name"], use["input"]) == used
    assert given.content[2]["tool_use_id"] == use["id"]
    assert given.stop_reason == "end_turn"
    message = given.message(CacheUsage(0, 0, 0, 1))
    assert message["usage"].get("server_tool_use") == counted
    assert ("container" in message) is ("code" in tool["type"])


def test_found_pages_are_cited():
    found, said = reply("search for whales", tools=[SEARCH]).content[2:]
    (citation,) = said["citations"]
    page = found["content"][0]
    assert (citation["url"], citation["title"]) == (page["url"], page["title"])
    assert citation["type"] == "web_search_result_location"


def test_searches_keep_to_the_allowed_domains():
    tool = {**SEARCH, "allowed_domains": ["docs.example.org"]}
    found = reply("search for whales", tools=[tool]).content[2]
    assert all(page["url"].startswith("https://docs.example.org/") for page in found["content"])


def test_deferred_tools_are_found_first():
    deferred = {**WEATHER, "defer_loading": True}
    given = reply("the weather in Rome?", tools=[FIND, deferred])
    assert kinds(given) == ["text", "server_tool_use", "tool_search_tool_result", "tool_use"]
    assert given.content[2]["content"] == {
        "type": "tool_search_tool_search_result",
        "tool_references": [{"type": "tool_reference", "tool_name": "get_weather"}],
    }


def test_a_call_of_the_api_waits_for_those_of_the_client():
    prompt = "search the news and use get_weather"
    first = reply("use web_search and get_weather", tools=[SEARCH, WEATHER])
    assert kinds(first) == ["text", "server_tool_use", "tool_use"]
    assert first.stop_reason == "tool_use"
    result = {"type": "tool_result", "tool_use_id": first.content[2]["id"], "content": "15"}
    turns = [
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = reply(turns, tools=[SEARCH, WEATHER])
    assert kinds(second) == ["web_search_tool_result", "text"]
    assert second.content[0]["tool_use_id"] == first.content[1]["id"]
    assert "get_weather: “15”" in words(second)


def test_a_paused_turn_goes_on_where_it_stopped():
    first = reply("[[pause_turn]] search for whales", tools=[SEARCH])
    assert first.stop_reason == "pause_turn"
    assert kinds(first) == ["text", "server_tool_use"]
    turns = [
        {"role": "user", "content": "[[pause_turn]] search for whales"},
        {"role": "assistant", "content": first.content},
    ]
    second = reply(turns, tools=[SEARCH])
    assert kinds(second) == ["web_search_tool_result", "text"]
    assert second.stop_reason == "end_turn"


# Endings.


def test_a_refusal_is_given_on_request():
    given = reply("[[refusal]] please", OPUS)
    assert given.content == []
    assert given.stop_reason == "refusal"
    details = given.message(CacheUsage(0, 0, 0, 1))["stop_details"]
    assert set(details) == {"type", "category", "explanation"}
    assert details["type"] == "refusal"


def test_a_request_for_no_tokens_gets_none():
    given = reply("hello", max_tokens=0)
    assert (given.content, given.stop_reason, given.output_tokens) == ([], "max_tokens", 0)


def test_a_stop_sequence_ends_the_text_before_it():
    given = reply("hello", stop_sequences=["never said", " local", "antiphon's"])
    assert words(given) == "Simulated by "
    assert (given.stop_reason, given.stop_sequence) == ("stop_sequence", "antiphon's")


@given(st.lists(st.text("abl' .", min_size=1, max_size=4), max_size=4))
def test_no_stop_sequence_is_left_in_the_text(sequences):
    given = reply("a ball", stop_sequences=sequences)
    assert not any(each in words(given) for each in sequences)
    assert (given.stop_reason == "stop_sequence") is (given.stop_sequence in sequences)
    assert words(reply("a ball", stop_sequences=sequences[:0])).startswith(words(given))


@given(st.integers(1, 80), st.sampled_from([HAIKU, OPUS]))
def test_answers_keep_to_max_tokens(budget, model):
    whole = reply("What is the capital of France?", model)
    given = reply("What is the capital of France?", model, max_tokens=budget)
    assert given.output_tokens == min(budget, whole.output_tokens)
    assert given.stop_reason == ("end_turn" if whole.output_tokens <= budget else "max_tokens")
    assert words(whole).startswith(words(given))
    assert count_text(model, words(given)) <= budget


@given(st.integers(1, 60))
def test_tool_input_is_cut_as_raw_text_and_as_far_as_it_can_be_read(budget):
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}}
    tool = {"name": "f", "input_schema": {**schema, "required": ["a", "b"]}}
    forced = {"tools": [tool], "tool_choice": {"type": "any"}}
    whole, given = reply("x 5", **forced), reply("x 5", **forced, max_tokens=budget)
    if whole.output_tokens <= budget:
        assert (given.stop_reason, given.raw_inputs) == ("tool_use", {})
        return
    assert given.stop_reason == "max_tokens"
    for index, raw_input in given.raw_inputs.items():
        assert json.dumps(whole.content[0]["input"]).startswith(raw_input)
        partial = PartialJSON()
        partial.feed(raw_input)
        assert given.content[index]["input"] == partial.value()


def test_answers_end_where_the_window_is_full():
    given = make_reply(asked("hello"), signatures=SIGNATURES, input_tokens=199_995)
    assert given.stop_reason == "model_context_window_exceeded"
    assert given.output_tokens == 5


@pytest.mark.parametrize(("prefill", "ended"), [("{", True), ('{"a": [', True), ("Once", False)])
def test_a_prefill_is_continued(prefill, ended):
    turns = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": prefill}]
    text = words(reply(turns))
    assert not text.startswith(prefill)
    assert "antiphon" in text
    if prefill == "{":
        assert "antiphon" in json.loads(prefill + text)["simulated"]
    elif ended:
        assert json.loads(prefill + text + "}")


# Thinking.


@pytest.mark.parametrize(
    ("model", "thinking", "thinks", "shown"),
    [
        (HAIKU, None, False, False),
        (HAIKU, {"type": "enabled", "budget_tokens": 1024}, True, True),
        (HAIKU, {"type": "disabled"}, False, False),
        ("claude-opus-4-6", {"type": "adaptive"}, True, True),
        (OPUS, None, True, False),
        (OPUS, {"type": "adaptive", "display": "summarized"}, True, True),
        (OPUS, {"type": "disabled"}, False, False),
        ("claude-fable-5-2", None, True, False),
        ("claude-sonnet-5-5", {"type": "between_tools"}, False, False),
    ],
)
def test_who_thinks_and_what_is_shown(model, thinking, thinks, shown):
    given = reply("hello", model, **({"thinking": thinking} if thinking else {}))
    assert kinds(given) == (["thinking", "text"] if thinks else ["text"])
    assert (given.thinking_tokens > 0) is thinks
    if thinks:
        assert bool(given.content[0]["thinking"]) is shown


@pytest.mark.parametrize("prompt", ["hello", "[[redacted_thinking]] hello"])
@pytest.mark.parametrize("display", ["summarized", "omitted"])
def test_thinking_verifies_on_the_next_turn_unless_it_was_changed(prompt, display):
    first = asked(prompt, OPUS, thinking={"type": "adaptive", "display": display})
    given = make_reply(first, signatures=SIGNATURES)
    assert kinds(given)[0] == ("redacted_thinking" if "redacted" in prompt else "thinking")

    def verified(content):
        turns = [*first["messages"], {"role": "assistant", "content": content}]
        return SIGNATURES.verify({"messages": turns})

    assert verified(given.content) is None
    key = "data" if "redacted" in prompt else "signature"
    changed = {**given.content[0], key: "A" * 108}
    assert verified([changed, *given.content[1:]]) is not None


def test_thinking_that_is_cut_still_verifies():
    thinking = {"type": "adaptive", "display": "summarized"}
    given = reply("hello", OPUS, thinking=thinking, max_tokens=5)
    assert kinds(given) == ["thinking"]
    assert given.thinking_tokens <= given.output_tokens == 5
    assert (
        SIGNATURES.verify({"messages": [{"role": "assistant", "content": given.content}]}) is None
    )


# Structured output and citations.


@given(objects(SCHEMAS), st.sampled_from(["Ann is 42", "weather in Rome"]))
@settings(max_examples=50)
def test_structured_output_conforms(schema, prompt):
    form = {"type": "json_schema", "schema": schema}
    given = reply(prompt, output_config={"format": form}, max_tokens=10**6)
    assert kinds(given) == ["text"]
    Draft202012Validator(schema).validate(json.loads(words(given)))


def cited(*blocks):
    given = reply([*blocks, {"type": "text", "text": "What does it say?"}])
    return [citation for block in given.content for citation in block.get("citations", ())]


ENABLED = {"citations": {"enabled": True}}


def test_documents_are_cited_truly():
    text = "  Grass is green. The sky is blue."
    plain, titled = document("unmarked"), document(text, title="Colours", **ENABLED)
    (citation,) = cited(plain, titled)
    assert citation == {
        "type": "char_location",
        "cited_text": "Grass is green.",
        "document_index": 1,
        "document_title": "Colours",
        "start_char_index": 2,
        "end_char_index": 17,
        "file_id": None,
    }


@given(st.text(min_size=1))
def test_cited_characters_are_those_cited(text):
    for citation in cited(document(text, **ENABLED)):
        assert text[citation["start_char_index"] : citation["end_char_index"]]
        assert (
            text[citation["start_char_index"] : citation["end_char_index"]]
            == citation["cited_text"]
        )


def test_content_documents_and_search_results_are_cited_by_block():
    content = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    chunks = {"type": "document", "source": {"type": "content", "content": content}, **ENABLED}
    found = {"type": "search_result", "source": "s", "title": "t", "content": content, **ENABLED}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [found]}
    one, two = cited(chunks, found)
    assert (one["type"], one["start_block_index"], one["end_block_index"]) == (
        "content_block_location",
        0,
        1,
    )
    assert (two["type"], two["search_result_index"], two["cited_text"]) == (
        "search_result_location",
        0,
        "One.",
    )
    assert [each["type"] for each in cited(result)] == ["search_result_location"]


def test_nothing_is_cited_unless_it_may_be():
    assert cited(document("Grass is green.")) == []


# Whatever passes validation is answered.

TOOLS = st.lists(
    st.sampled_from(
        [WEATHER, TIME, SEARCH, FETCH, CODE, FIND, {"type": "computer_toolset_20260801"}]
    ),
    max_size=4,
    unique_by=lambda tool: tool.get("name"),
)
CHOICES = st.sampled_from(
    [
        None,
        {"type": "auto"},
        {"type": "any"},
        {"type": "none"},
        {"type": "tool", "name": "get_time"},
    ]
)


@given(
    st.sampled_from([*(card.id for card in CATALOG), "unknown-model"]),
    MESSAGES.filter(bool),
    TOOLS,
    CHOICES,
    st.integers(0, 200),
    st.sampled_from(["", "search the weather news", "use get_time", "[[pause_turn]]"]),
)
@settings(max_examples=200)
def test_any_valid_request_is_answered(model, messages, tools, choice, max_tokens, last):
    body = {"model": model, "max_tokens": max_tokens, "messages": messages, "tools": tools}
    if last:
        body["messages"] = [*messages, {"role": "user", "content": last}]
    if choice:
        body["tool_choice"] = choice
    given = make_reply(body, signatures=SIGNATURES)
    message = given.message(CacheUsage(0, 0, 0, count(body)))
    json.dumps(message, ensure_ascii=False).encode()
    assert given.output_tokens <= max_tokens
    assert (given.stop_reason == "tool_use") <= bool(uses(given))
    assert given == make_reply(body, signatures=SIGNATURES)


# Answers as clients read them and send them back.

CONVERSATIONS = [
    asked("hello"),
    asked("hello", OPUS),
    asked("hello", OPUS, thinking={"type": "adaptive", "display": "summarized"}),
    asked("[[redacted_thinking]] hello", OPUS),
    asked("the weather in Paris and Rome?", tools=[WEATHER]),
    asked("search for whales", tools=[SEARCH]),
    asked("read https://example.org/a", tools=[FETCH]),
    asked("read https://example.org/a", tools=[{**FETCH, "citations": {"enabled": True}}]),
    asked("compute 2 + 3", tools=[CODE]),
    asked("write code into plan/a.txt", tools=[CODE]),
    asked("the weather in Rome?", tools=[FIND, {**WEATHER, "defer_loading": True}]),
    asked("use web_search and get_weather", tools=[SEARCH, WEATHER]),
    asked([document("Grass is green.", **ENABLED), {"type": "text", "text": "Really?"}]),
]


@pytest.mark.parametrize("body", CONVERSATIONS)
def test_answers_are_of_known_types_and_keep_every_value(body):
    message = make_reply(body, signatures=SIGNATURES).message(CacheUsage(0, 0, 0, 9))
    decoded = Decoder(Message).decode(json.dumps(message).encode())
    assert not any(isinstance(block, UnknownBlock) for block in decoded.content)
    assert decoded.to_dict() == message


@pytest.mark.parametrize("body", CONVERSATIONS)
def test_answers_may_be_sent_back(body):
    given = make_reply(body, signatures=SIGNATURES)
    results = [{"type": "tool_result", "tool_use_id": use["id"]} for use in uses(given)]
    turns = [
        *body["messages"],
        {"role": "assistant", "content": given.content},
        {"role": "user", "content": results or "and then?"},
    ]
    later = {**body, "messages": turns}
    found = findings(later, endpoint="create", version="2023-06-01", betas=(), count=count)
    assert next(found, None) is None
    assert SIGNATURES.verify(later) is None
    assert make_reply(later, signatures=SIGNATURES).content


@given(st.integers(1, 40), st.sampled_from(CONVERSATIONS))
def test_streams_tell_the_same_as_whole_messages(max_tokens, body):
    given = make_reply({**body, "max_tokens": max_tokens}, signatures=SIGNATURES)
    message = given.message(CacheUsage(0, 0, 0, 9))
    told = {}
    for event in events(message, raw_inputs=given.raw_inputs):
        if event["type"] == "content_block_delta" and event["delta"]["type"] == "input_json_delta":
            parsed = told.setdefault(event["index"], PartialJSON())
            parsed.feed(event["delta"]["partial_json"])
    for index, parsed in told.items():
        assert parsed.value() == message["content"][index]["input"]


def test_owed_results_of_the_editor_follow_its_commands():
    kinds_by_command = {"view": "view", "str_replace": "str_replace", "create": "create"}
    for command, kind in kinds_by_command.items():
        use = {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "text_editor_code_execution",
            "input": {"command": command, "path": "a.txt"},
        }
        turns = [{"role": "user", "content": "go"}, {"role": "assistant", "content": [use]}]
        result = reply(turns, tools=[CODE]).content[0]["content"]
        assert result["type"] == f"text_editor_code_execution_{kind}_result"


def test_a_container_is_used_again():
    given = reply("compute 2 + 3", tools=[CODE], container="container_01abc")
    assert given.container == {
        "id": "container_01abc",
        "expires_at": "2026-05-28T20:31:40.000000Z",
    }


def test_speed_region_and_tier_are_told():
    given = reply("hello", OPUS, speed="fast", inference_geo="us")
    usage = given.message(CacheUsage(0, 0, 0, 1), service_tier="batch")["usage"]
    assert (usage["speed"], usage["inference_geo"], usage["service_tier"]) == (
        "fast",
        "us",
        "batch",
    )


def test_documents_that_cannot_be_read_here_are_not_cited():
    unseen = {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}
    broken = {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}
    pictures = {"type": "content", "content": [image(4, 4)]}
    blocks = [unseen, {"type": "document", "source": broken}]
    blocks += [{"type": "document", "source": pictures}]
    assert cited(*({**block, **ENABLED} for block in blocks)) == []
