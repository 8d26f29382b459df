"""The rule book: for each rule a request that breaks it, in the API's words, and one that does not."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon._core.rules import RULES, findings, repair
from tests.test_mission import JPEG, pdf

HELLO = {"role": "user", "content": "Hello"}
GOOD: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [HELLO]}
TOOL = {"name": "look", "input_schema": {"type": "object"}}
MARK = {"type": "ephemeral"}
IMAGE = base64.b64encode(JPEG).decode()


def body(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def said(*blocks: dict[str, Any], role: str = "user") -> dict[str, Any]:
    return body(messages=[{"role": role, "content": list(blocks)}])


def text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def image(encoded: str = IMAGE, media_type: str = "image/jpeg") -> dict[str, Any]:
    return {
        "type": "image",
        "source": {"type": "base64", "media_type": media_type, "data": encoded},
    }


def document(content: bytes, **more: Any) -> dict[str, Any]:
    source = {
        "type": "base64",
        "media_type": "application/pdf",
        "data": base64.b64encode(content).decode(),
    }
    return {"type": "document", "source": source, **more}


def png(width: int, height: int) -> str:
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    rest = b"\x08\x02\0\0\0CRC4" + b"\0\0\0\0IENDCRC4"
    return base64.b64encode(header + rest).decode()


def locked() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer, content = PdfWriter(PdfReader(io.BytesIO(pdf()))), io.BytesIO()
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(content)
    return content.getvalue()


def call(name: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "look", "input": {}}


def result(name: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": name, "content": "seen"}


def talk(*turns: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    return body(messages=[{"role": roles[n % 2], "content": turn} for n, turn in enumerate(turns)])


THINKING = {"type": "thinking", "thinking": "…", "signature": "x"}
UNANSWERED = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each"
    " `tool_use` block must have a corresponding `tool_result` block in the next message."
)
ORPHAN = (
    "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. Each `tool_result`"
    " block must have a corresponding `tool_use` block in the previous message."
)
LONG_TTL = (
    "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'"
    " cache_control block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
)
BUDGET = (
    "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at"
    " https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size"
)
OPUS, SONNET = "claude-opus-5", "claude-sonnet-5-5"
THINK = {"type": "enabled", "budget_tokens": 1024}
FORMAT = {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
OPEN = {"type": "json_schema", "schema": {"type": "object"}}

# rule, request, what the API says of it (or how that begins), a request nearest to it that passes
TABLE: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("shape.required", {"model": "m", "messages": []}, "max_tokens: Field required", GOOD),
    ("shape.unknown", body(response_format=1), "response_format: Extra inputs are not permitted", GOOD),
    ("shape.type.string", body(model=3), "model: Input should be a valid string", GOOD),
    ("shape.string.short", body(model=""), "model: String should have at least 1 character", GOOD),
    ("shape.string.long", body(metadata={"user_id": "u" * 257}),
     "metadata.user_id: String should have at most 256 characters", body(metadata={"user_id": "u" * 256})),
    ("shape.string.pattern", body(tools=[{**TOOL, "name": "a b"}]),
     "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", body(tools=[TOOL])),
    ("shape.type.integer", body(max_tokens="many"), "max_tokens: Input should be a valid integer", GOOD),
    ("shape.number.small", body(thinking={"type": "enabled", "budget_tokens": 5}, max_tokens=5000),
     "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
     body(thinking=THINK, max_tokens=5000)),
    ("shape.type.number", body(temperature="hot"), "temperature: Input should be a valid number", body(temperature=0.5)),
    ("shape.number.large", body(temperature=2), "temperature: Input should be less than or equal to 1", body(temperature=1)),
    ("shape.type.boolean", body(stream="yes"), "stream: Input should be a valid boolean", body(stream=True)),
    ("shape.type.object", talk("a", [{**call(), "input": []}], [result()]),
     "messages.1.content.0.tool_use.input: Input should be a valid dictionary", talk("a", [call()], [result()])),
    ("shape.type.list", body(stop_sequences="end"), "stop_sequences: Input should be a valid list", body(stop_sequences=["end"])),
    ("shape.enum", said(image(media_type="image/tiff")),
     "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or"
     " 'image/webp'", said(image())),
    ("shape.tag", said({"type": "fallback"}),
     "messages.0.content.0: Input tag 'fallback' found using 'type' does not match any of the expected tags:"
     " 'bash_code_execution_tool_result', 'code_execution_tool_result', 'connector_text'", said(text("a"))),
    ("shape.unknown", body(system=[text("s", cache_control={**MARK, "scope": "all"})]),
     "system.0.cache_control.ephemeral.scope: Extra inputs are not permitted", body(system=[text("s", cache_control=MARK)])),
    ("shape.required", talk("a", [{"type": "thinking", "thinking": "…"}], "b"),
     "messages.1.content.0.thinking.signature: Field required", talk("a", [THINKING, text("b")], "c")),
    ("shape.required", body(tools=[{"name": "look", "input_schema": {}}]),
     "tools.0.custom.input_schema.type: Field required", body(tools=[TOOL])),
    ("shape.tools.root_union", body(tools=[{"name": "look", "input_schema": {"type": "object", "anyOf": []}}]),
     "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level", body(tools=[TOOL])),
    ("model", body(model="claude-3-opus-20240229"), "model: claude-3-opus-20240229", GOOD),
    ("messages.none", body(messages=[]), "messages: at least one message is required", GOOD),
    ("messages.role", body(messages=[{"role": "ai", "content": "a"}]),
     'messages: Unexpected role "ai". Allowed roles are "user" or "assistant"', GOOD),
    ("messages.system", body(messages=[HELLO, {"role": "system", "content": "s"}]),
     "role 'system' is not supported on this model",
     body(model=OPUS, messages=[HELLO, {"role": "system", "content": "s"}])),
    ("messages.empty", talk(""), "messages.0: all messages must have non-empty content except for the optional final"
     " assistant message", talk("a", "")),
    ("cache.empty_text", said(text("", cache_control=MARK)),
     "messages.0.content.0.text: cache_control cannot be set for empty text blocks", said(text("a", cache_control=MARK))),
    ("text.empty", said(text("")), "messages: text content blocks must be non-empty", said(text("a"))),
    ("text.blank", said(text(" \n")), "messages: text content blocks must contain non-whitespace text", said(text(" a"))),
    ("blocks.role", said(call()), "`tool_use` blocks can only be in `assistant` messages", talk("a", [call()], [result()])),
    ("tools.ids", talk("a", [call(), call()], [result()]), "messages.1.content.1: `tool_use` ids must be unique",
     talk("a", [call(), call("toolu_2")], [result(), result("toolu_2")])),
    ("tools.unanswered", talk("a", [call()], "b"), UNANSWERED, talk("a", [call()], [result(), text("b")])),
    ("tools.unanswered", talk("a", [call()], [text("b"), result()]), UNANSWERED, talk("a", [call()], [result()])),
    ("tools.orphan", said(result()), ORPHAN, talk("a", [call()], [result()])),
    ("prefill.unsupported", {**talk("a", "b"), "model": OPUS},
     "This model does not support assistant message prefill. The conversation must end with a user message.", talk("a", "b")),
    ("prefill.space", talk("a", "b "), "messages: final assistant content cannot end with trailing whitespace", talk("a", "b")),
    ("max_tokens.large", body(max_tokens=64_001),
     "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-haiku-4-5-20251001",
     body(max_tokens=64_000)),
    ("max_tokens.zero", body(max_tokens=0, stream=True), "max_tokens: 0 cannot be combined with `stream`", body(max_tokens=0)),
    ("sampling.model", body(model=OPUS, temperature=0.5), "`temperature` is deprecated for this model.", body(model=OPUS, temperature=1)),
    ("sampling.both", body(temperature=0.5, top_p=0.5),
     "`temperature` and `top_p` cannot both be specified for this model. Please use only one.", body(top_p=0.5)),
    ("sampling.thinking", body(temperature=0.5, thinking=THINK, max_tokens=2000),
     "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
     body(temperature=1, thinking=THINK, max_tokens=2000)),
    ("stop_sequences.empty", body(stop_sequences=[""]), "stop_sequences: each stop sequence must be non-empty", body(stop_sequences=["a"])),
    ("stop_sequences.empty", body(stop_sequences=[" "]),
     "stop_sequences: each stop sequence must contain non-whitespace", body(stop_sequences=[" a"])),
    ("tools.unique", body(tools=[TOOL, TOOL]), "tools: Tool names must be unique.", body(tools=[TOOL, {**TOOL, "name": "b"}])),
    ("tools.deferred", body(tools=[{**TOOL, "defer_loading": True}]),
     "At least one tool must have defer_loading=false. All tools cannot be deferred.", body(tools=[TOOL])),
    ("tool_choice.model", body(model="claude-opus-5-5", tools=[TOOL], tool_choice={"type": "any"}),
     'tool_choice: type "tool" and "any" are not supported for this model.',
     body(tools=[TOOL], tool_choice={"type": "any"})),
    ("tool_choice.thinking", body(tools=[TOOL], tool_choice={"type": "any"}, thinking=THINK, max_tokens=2000),
     "Thinking may not be enabled when tool_choice forces tool use.",
     body(tools=[TOOL], tool_choice={"type": "auto"}, thinking=THINK, max_tokens=2000)),
    ("thinking.type", body(model=OPUS, thinking=THINK, max_tokens=2000), '"thinking.type.enabled" is not supported for this'
     ' model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
     body(model=OPUS, thinking={"type": "adaptive"})),
    ("thinking.type", body(thinking={"type": "adaptive"}), "adaptive thinking is not supported on this model", body(thinking={"type": "disabled"})),
    ("thinking.type", body(model=SONNET, thinking={"type": "disabled"}),
     'To turn thinking off on this model, send "thinking": {"type": "between_tools"} instead of {"type": "disabled"}.',
     body(model=SONNET, thinking={"type": "between_tools"})),
    ("thinking.budget", body(thinking=THINK, max_tokens=1024), BUDGET, body(thinking=THINK, max_tokens=1025)),
    ("thinking.first", talk("a", [text("b"), THINKING], "c"), "messages.1.content.0: If an assistant message contains any"
     " thinking blocks, the first block must be thinking or redacted_thinking. Found text.", talk("a", [THINKING, text("b")], "c")),
    ("effort", body(output_config={"effort": "low"}), "This model does not support the effort parameter.",
     body(model=OPUS, output_config={"effort": "low"})),
    ("effort", body(model="claude-opus-4-6", output_config={"effort": "xhigh"}),
     "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.",
     body(model="claude-opus-4-6", output_config={"effort": "max"})),
    ("cache.most", said(*[text("a", cache_control=MARK)] * 5), "A maximum of 4 blocks with cache_control may be provided. Found 5.",
     said(*[text("a", cache_control=MARK)] * 4)),
    ("cache.order", said(text("a", cache_control=MARK), text("b", cache_control={**MARK, "ttl": "1h"})), LONG_TTL,
     said(text("a", cache_control={**MARK, "ttl": "1h"}), text("b", cache_control=MARK))),
    ("cache.thinking", talk("a", [{**THINKING, "cache_control": MARK}, text("b")], "c"),
     "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted", talk("a", [THINKING, text("b")], "c")),
    ("citations.structured", {**said(document(pdf(), citations={"enabled": True}), text("a")), "output_config": {"format": FORMAT}},
     "output_config.format: citations cannot be enabled", said(document(pdf(), citations={"enabled": True}), text("a"))),
    ("citations.all", said(document(pdf(), citations={"enabled": True}), document(pdf())),
     "citations must be enabled on all documents or on none of them", said(document(pdf()), document(pdf()))),
    ("images", said(image(base64.b64encode(b"no image").decode())), "Could not process image", said(image())),
    ("images", said(image(media_type="image/png")), "messages.0.content.0.image.source.base64: The image was specified"
     " using the image/png media type, but the image appears to be a image/jpeg image", said(image())),
    ("images", said(image("A" * 5_242_884)),
     "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 5242884 bytes > 5242880 bytes", said(image())),
    ("images", said(image(png(8001, 1), "image/png")), "messages.0.content.0.image.source.base64.data: At least one of the"
     " image dimensions exceed max allowed size: 8000 pixels", said(image(png(8000, 1), "image/png"))),
    ("images", said(*[image(png(2001, 1), "image/png")] * 21), "messages.0.content.0.image.source.base64.data: At least one of"
     " the image dimensions exceed max allowed size for many-image requests: 2000 pixels",
     said(*[image(png(2001, 1), "image/png")] * 20)),
    ("media.most", said(*[image()] * 101), "Too much media: 0 document pages + 101 images > 100", said(*[image()] * 100)),
    ("pdfs", said(document(b"no pdf")), "messages.0.content.0.pdf.source.base64.data: The PDF specified was not valid.", said(document(pdf()))),
    ("pdfs", said(document(locked())), "messages.0.content.0.pdf.source.base64.data: The PDF specified is password protected", said(document(pdf()))),
    ("structured.objects", body(output_config={"format": OPEN}),
     "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
     body(output_config={"format": FORMAT})),
]  # fmt: skip

OF_THE_NEW_VERSION: list[tuple[str, dict[str, Any], str]] = [
    ("sampling.version", body(temperature=1), "temperature: Extra inputs are not permitted"),
    (
        "documents.assistant",
        talk("a", [document(pdf())], "b"),
        "messages.1.content.0: `document` blocks",
    ),
    (
        "citations.user",
        said(text("a", citations=[{}])),
        "messages.0.content.0.text.citations: citations are",
    ),
]


@pytest.mark.parametrize(("rule", "wrong", "words", "right"), TABLE)
def test_each_rule_in_the_words_of_the_api(rule, wrong, words, right):
    found = list(findings(wrong))
    assert rule in [finding.rule for finding in found]
    finding = next(finding for finding in found if finding.rule == rule)
    assert finding.message.startswith(words)
    assert (finding.status, finding.type) == (
        (404, "not_found_error") if rule == "model" else (400, "invalid_request_error")
    )
    assert finding.remedy.endswith(".")
    assert rule not in [finding.rule for finding in findings(right)]


@pytest.mark.parametrize(("rule", "wrong", "words"), OF_THE_NEW_VERSION)
def test_the_newer_version_refuses_more(rule, wrong, words):
    found = {finding.rule: finding.message for finding in findings(wrong, version="2026-10-21")}
    assert found[rule].startswith(words)
    assert rule not in [finding.rule for finding in findings(wrong)]


def test_the_context_is_counted_by_whoever_asks():
    (finding,) = findings(GOOD, count=lambda _: 208_310)
    assert finding.message == "prompt is too long: 208310 tokens > 200000 maximum"
    assert not list(findings(GOOD, count=lambda _: 200_000))


def test_every_rule_is_in_the_table():
    tried = {row[0] for row in [*TABLE, *OF_THE_NEW_VERSION]} | {"context"}
    assert {rule.id for rule in RULES} <= tried


def test_counting_needs_no_max_tokens_and_no_model_answers_after_its_time():
    from datetime import date

    count = {name: value for name, value in GOOD.items() if name != "max_tokens"}
    assert not list(findings(count, endpoint="count_tokens"))
    old = body(model="claude-sonnet-4-5")
    assert not list(findings(old))
    (finding,) = findings(old, today=date(2026, 12, 1))
    assert finding.status == 404


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
TYPES = [
    "text",
    "image",
    "document",
    "tool_use",
    "tool_result",
    "thinking",
    "search_result",
    "web_search_tool_result",
    "x",
]
NAMES = [
    "type",
    "text",
    "source",
    "content",
    "id",
    "name",
    "input",
    "tool_use_id",
    "cache_control",
    "citations",
    "data",
    "media_type",
]
odd_blocks = st.dictionaries(
    st.sampled_from(NAMES), json_values | st.sampled_from(TYPES), max_size=6
)
odd_messages = st.lists(
    st.fixed_dictionaries({
        "role": st.sampled_from(["user", "assistant", "system", "x"]) | json_values,
        "content": st.text(max_size=5) | st.lists(odd_blocks, max_size=3) | json_values,
    }),
    max_size=4,
)  # fmt: skip
FIELDS = [
    "system", "tools", "tool_choice", "thinking", "output_config", "cache_control", "stream", "stop_sequences",
    "temperature", "top_p", "top_k", "metadata", "max_tokens", "model",
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(odd_messages, st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4))
def test_no_json_breaks_the_rules(messages, fields):
    for finding in findings({**GOOD, "messages": messages, **fields}):
        assert finding.message


def test_deep_nesting_is_refused_and_not_followed():
    deep: Any = "end"
    for _ in range(10_000):
        deep = [deep]
    (finding,) = findings(body(metadata=deep))
    assert "nested" in finding.message


ids = st.sampled_from(["a", "b", "c", "d"])
blocks = st.lists(
    st.builds(call, ids) | st.builds(result, ids) | st.builds(text, st.sampled_from(["x", "y"])),
    max_size=4,
)
conversations = st.lists(st.builds(lambda content: content, blocks), min_size=1, max_size=5)
PAIRING = {"tools.unanswered", "tools.orphan"}


def alternating(contents: list[Any]) -> list[dict[str, Any]]:
    """A conversation of calls by the assistant and results by the user, any of them missing."""
    messages = []
    for number, content in enumerate(contents):
        role, foreign = ("assistant", "tool_result") if number % 2 else ("user", "tool_use")
        own = [block for block in content if block["type"] != foreign]
        unique = {block.get("id", number): block for number, block in enumerate(own)}
        messages.append(
            {
                "role": role,
                "content": [text("-"), *unique.values()]
                if role == "assistant"
                else [*own, text("-")],
            }
        )
    return messages  # fmt: skip


@settings(deadline=None)
@given(conversations)
def test_repair_leaves_no_call_alone(contents):
    mended = repair(alternating(contents))
    assert not PAIRING & {finding.rule for finding in findings(body(messages=mended))}
    assert repair(mended) == mended


def test_repair_changes_nothing_that_is_right():
    right = talk("a", [call()], [result(), text("b")], "c")["messages"]
    assert repair(right) == right


def test_repair_drops_nothing():
    mended = repair(talk("a", [call()], "and now?", [text("b")], [result("x")])["messages"])
    assert mended[2]["content"][0]["tool_use_id"] == "toolu_1"
    assert mended[2]["content"][0]["is_error"] is True
    assert mended[2]["content"][1] == text("and now?")
    assert mended[4]["content"] == [text("[result of x] seen")]
