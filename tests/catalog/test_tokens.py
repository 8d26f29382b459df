"""The token estimate against recorded requests, and the laws it keeps."""

import base64
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.catalog.image_tokens import HIGH_RESOLUTION, STANDARD, downsized, image_tokens
from antiphon.catalog.models import CATALOG
from antiphon.catalog.tokens import PromptTokens, count_text, output_tokens
from tests.support.media_samples import png
from tests.support.request_samples import MESSAGES, WEATHER

HAIKU = "claude-haiku-4-5"
MODELS = st.sampled_from([card.id for card in CATALOG])


def count(body):
    return PromptTokens(body).total


def blocks(body):
    return PromptTokens(body).blocks


def said(text, model=HAIKU, **more):
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


# The pairs published or recorded for the Messages API, and how far off the estimate may be.
RECORDED = [
    (said("hello"), 8, 0),
    (said("Say just hello"), 10, 0),
    (said("Reply with exactly: FOUR"), 13, 0),
    (said("What is the capital of France?"), 14, 0),
    (said("What's 2 + 2?"), 16, 0),
    (said("Say hello there!", "claude-3-5-haiku-20241022"), 11, 2),
    (said("Hello, Claude", "claude-sonnet-4-5", system="You are a scientist"), 14, 0),
    (said("What's the weather like in San Francisco?", "claude-opus-5", tools=[WEATHER]), 403, 8),
    (said("Say that the sky is blue, in 6 words.", "claude-opus-4-6"), 17, 2),
    (
        said(
            "Use the tool to look up the answer, then tell me what it said in one short "
            "sentence...",
            tools=[
                {"name": "look_up", "description": "d" * 60, "input_schema": {"type": "object"}}
            ],
        ),
        563,
        12,
    ),
]


@pytest.mark.parametrize(("body", "tokens", "band"), RECORDED)
def test_estimate_of_recorded_requests(body, tokens, band):
    assert abs(count(body) - tokens) <= band


def test_bands_of_recorded_requests_are_as_documented():
    assert all(band <= max(2, 0.05 * tokens) for _, tokens, band in RECORDED)


@pytest.mark.parametrize(
    ("size", "standard", "high"),
    [
        ((200, 200), 64, 64),
        ((1000, 1000), 1296, 1296),
        ((1092, 1092), 1521, 1521),
        ((1920, 1080), 1560, 2691),
        ((2000, 1500), 1564, 3888),
        ((3840, 2160), 1560, 4784),
    ],
)
def test_image_tokens_of_documented_sizes(size, standard, high):
    assert image_tokens(*size, STANDARD) == standard
    assert image_tokens(*size, HIGH_RESOLUTION) == high


@pytest.mark.parametrize(
    ("size", "tier", "smaller"),
    [
        ((1920, 1080), STANDARD, (1456, 819)),
        ((2000, 1500), STANDARD, (1269, 952)),
        ((1075, 1520), STANDARD, (924, 1307)),
        ((3840, 2160), HIGH_RESOLUTION, (2576, 1449)),
    ],
)
def test_images_are_downsized_as_documented(size, tier, smaller):
    assert downsized(*size, tier) == smaller


@given(st.integers(1, 8000), st.integers(1, 8000), st.sampled_from([STANDARD, HIGH_RESOLUTION]))
def test_images_fit_their_tier_and_turn(width, height, tier):
    smaller = downsized(width, height, tier)
    assert max(smaller) <= tier.edge
    assert image_tokens(width, height, tier) <= tier.patches
    assert downsized(height, width, tier) == smaller[::-1]
    assert downsized(*smaller, tier) == smaller


def test_image_costs_its_patches_whatever_the_tokenizer():
    data = base64.b64encode(png(1920, 1080)).decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    block = {"type": "image", "source": source}
    for model, tokens in (("claude-haiku-4-5", 1560), ("claude-opus-5", 2691)):
        body = {"model": model, "messages": [{"role": "user", "content": [block]}]}
        assert count(body) == 7 + tokens


def test_pdf_costs_by_its_pages():
    pypdf = pytest.importorskip("pypdf")

    def pages(number):
        writer = pypdf.PdfWriter()
        for _ in range(number):
            writer.add_blank_page(200, 200)
        file = io.BytesIO()
        writer.write(file)
        data = base64.b64encode(file.getvalue()).decode()
        source = {"type": "base64", "media_type": "application/pdf", "data": data}
        return count(said([{"type": "document", "source": source}])) - 7

    assert pages(3) == 3 * pages(1)
    assert 1_500 <= pages(1) <= 3_000 + 1_568


def test_newer_tokenizer_makes_about_a_third_more():
    text = "The quick brown fox jumps over the lazy dog. " * 40
    ratio = count_text("claude-opus-5", text) / count_text("claude-opus-4-6", text)
    assert 1.25 < ratio < 1.35


@pytest.mark.parametrize(
    ("choice", "tokens"), [({"type": "auto"}, 496), ({"type": "none"}, 496), ({"type": "any"}, 588)]
)
def test_tools_bring_a_hidden_prompt(choice, tokens):
    more = count(said("hello", tools=[WEATHER], tool_choice=choice)) - count(said("hello"))
    assert tokens < more < tokens + 100


@pytest.mark.parametrize(
    ("tool", "model", "extra"),
    [
        ({"type": "bash_20250124", "name": "bash"}, "claude-opus-4-6", 244),
        ({"type": "bash_20250124", "name": "bash"}, "claude-opus-5", 325),
        ({"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}, HAIKU, 700),
        ({"type": "computer_toolset_20260801"}, HAIKU, 4_500),
        ({"type": "browser_toolset_20260801"}, HAIKU, 6_600),
    ],
)
def test_anthropic_tools_cost_a_fixed_amount_more(tool, model, extra):
    tokens = blocks(said("hello", model, tools=[WEATHER, tool]))[0]
    assert tokens.section == "tools"
    built_in = blocks(said("hello", model, tools=[WEATHER, tool]))[1]
    assert built_in.tokens == extra


def test_thinking_of_earlier_turns_counts_only_where_it_is_kept():
    thought = {"type": "thinking", "thinking": "word " * 100, "signature": "s"}
    answer = [thought, {"type": "text", "text": "yes"}]
    messages = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": "and now?"},
    ]
    without = [messages[0], {"role": "assistant", "content": answer[1:]}, messages[2]]

    def more(model, last=messages[2]):
        with_it = count({"model": model, "messages": [*messages[:2], last]})
        return with_it - count({"model": model, "messages": [*without[:2], last]})

    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t"}]}
    assert more("claude-haiku-4-5") == 0
    assert more("claude-haiku-4-5", result) >= 100
    assert more("claude-opus-4-5") >= 100


def test_cache_marks_cost_nothing():
    marked = [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]
    assert count(said(marked)) == count(said("hello"))
    tool = {**WEATHER, "cache_control": {"type": "ephemeral"}}
    assert count(said("hello", tools=[tool])) == count(said("hello", tools=[WEATHER]))


def test_citations_cost_nothing():
    citation = {"type": "char_location", "cited_text": "word " * 100}
    plain, cited = {"type": "text", "text": "hello"}, {"type": "text", "text": "hello"}
    cited["citations"] = [citation]
    assert output_tokens(HAIKU, cited) == output_tokens(HAIKU, plain)
    assert count(said([cited])) == count(said([plain]))


@given(MODELS, MESSAGES)
def test_total_is_the_sum_of_the_blocks(model, messages):
    body = {"model": model, "messages": messages}
    prefilled = bool(messages) and messages[-1]["role"] == "assistant"
    start_of_the_reply = 1 if prefilled else 3
    assert count(body) == start_of_the_reply + sum(counted.tokens for counted in blocks(body))
    assert all(counted.tokens >= 0 for counted in blocks(body))


@given(MODELS, MESSAGES, st.text(min_size=1))
def test_another_message_never_costs_less(model, messages, text):
    body = {"model": model, "messages": messages}
    more = {"model": model, "messages": [*messages, {"role": "user", "content": text}]}
    stays = all(card.keeps_thinking for card in CATALOG if card.id == model)
    assert not stays or count(more) >= count(body)


@given(MODELS, st.text(), st.text())
def test_text_costs_the_same_alone_and_in_a_message(model, one, other):
    together = count_text(model, one + other)
    assert together <= count_text(model, one) + count_text(model, other) + 2
    body = {"model": model, "messages": [{"role": "user", "content": one}]}
    assert count(body) == 7 + count_text(model, one)


def test_values_that_json_writers_refuse_are_counted():
    deep = value = {}
    for _ in range(2_000):
        value["a"] = value = {}
    for given_input in ({"a": "\ud800"}, {"a": 10**60}, deep):
        block = {"type": "tool_use", "id": "t", "name": "f", "input": given_input}
        assert count({"model": HAIKU, "messages": [{"role": "assistant", "content": [block]}]}) > 7


@pytest.mark.parametrize(("model", "tokens"), [(HAIKU, 4.28), ("claude-opus-5", 5.6)])
def test_json_costs_the_same_for_each_equal_part(model, tokens):
    """Two words and the signs between one string and the next: four pieces."""

    def cost(number):
        arguments = {"words": ["lorem ipsum"] * number}
        use = {"type": "tool_use", "id": "t", "name": "f", "input": arguments}
        return output_tokens(model, use)

    assert abs(cost(1_000) - cost(500) - 500 * tokens) <= 1


def test_documents_and_search_results_cost_their_words():
    content = [{"type": "text", "text": "hello"}]
    plain = {"type": "text", "media_type": "text/plain", "data": "hello"}
    for block, tokens in (
        ({"type": "document", "source": plain}, 1),
        ({"type": "document", "source": plain, "title": "Say", "context": "hello"}, 3),
        ({"type": "document", "source": {"type": "content", "content": content}}, 1),
        ({"type": "search_result", "title": "hi", "source": "s", "content": content}, 3),
        ({"type": "image", "source": {"type": "url", "url": "https://example.org/"}}, 1_296),
    ):
        assert count(said([block])) == 7 + tokens


def test_output_format_costs_instructions_and_its_schema():
    def more(*names):
        properties = {name: {"type": "string"} for name in names}
        schema = {"type": "object", "properties": properties}
        form = {"type": "json_schema", "schema": schema}
        return count(said("hello", output_config={"format": form})) - count(said("hello"))

    assert 95 < more() < 120
    growth = [more(*"abcdefgh"[: n + 1]) - more(*"abcdefgh"[:n]) for n in range(1, 7)]
    assert all(10 <= each <= 16 for each in growth)
    form = {"type": "json_schema", "schema": {"type": "object", "properties": {}}}
    assert count(said("hello", output_format=form)) == count(said("hello")) + more()


def more_than(body, **change):
    return count({**body, **change}) - count(body)


@pytest.mark.parametrize(
    ("model", "thinking", "tokens"),
    [
        (HAIKU, {"type": "enabled", "budget_tokens": 1_024}, 30),
        ("claude-opus-4-6", {"type": "adaptive"}, 16),
        ("claude-opus-5", {"type": "adaptive"}, 0),
        (HAIKU, {"type": "disabled"}, 0),
    ],
)
def test_instructions_to_think_cost_tokens(model, thinking, tokens):
    assert more_than(said("hello", model), thinking=thinking) == tokens


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        ("web_search_20250305", 1_710),
        ("web_fetch_20250910", 525),
        ("code_execution_20250825", 1_780),
        ("tool_search_tool_bm25_20251119", 200),
    ],
)
def test_server_tools_cost_their_hidden_definitions(kind, tokens):
    tools = [WEATHER, {"type": kind, "name": "tool"}]
    assert more_than(said("hello", tools=[WEATHER]), tools=tools) == tokens


def test_deferred_tools_cost_little_until_they_are_referenced():
    deferred = {**WEATHER, "name": "other", "defer_loading": True}
    search = {"type": "tool_search_tool_bm25_20251119", "name": "find"}
    found = {"type": "tool_search_tool_search_result"}
    reference = {"type": "tool_reference", "tool_name": "other"}
    result = {
        "type": "tool_search_tool_result",
        "tool_use_id": "s",
        "content": {**found, "tool_references": [reference]},
    }
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [result]},
        {"role": "user", "content": "and?"},
    ]
    nothing = {**result, "content": {**found, "tool_references": []}}
    for messages, low, high in (
        (said("hello")["messages"], 5, 5),
        ([turns[0], {"role": "assistant", "content": [nothing]}, turns[2]], 5, 5),
        (turns, 50, 150),
    ):
        body = {"model": HAIKU, "messages": messages, "tools": [search]}
        assert low <= more_than(body, tools=[search, deferred]) <= high


def test_citations_cost_instructions_once():
    plain = {"type": "text", "media_type": "text/plain", "data": "hello"}
    document = {"type": "document", "source": plain}
    cited = {**document, "citations": {"enabled": True}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [cited]}
    assert count(said([cited])) - count(said([document])) == 560
    assert count(said([cited, cited])) - count(said([document, document])) == 560
    without = {**result, "content": [document]}
    assert count(said([result])) - count(said([without])) == 560
