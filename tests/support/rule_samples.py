"""The rule book by example: requests that break a rule, and near ones that do not."""

from __future__ import annotations

import base64
from functools import partial
from typing import Any

from antiphon.rules import findings
from tests.support.media_samples import JPEG, locked_pdf, pdf, png

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


def drawn(width: int, height: int) -> dict[str, Any]:
    """Return a PNG image of this size."""
    return image(base64.b64encode(png(width, height)).decode(), "image/png")


def document(content: bytes, **more: Any) -> dict[str, Any]:
    source = {
        "type": "base64",
        "media_type": "application/pdf",
        "data": base64.b64encode(content).decode(),
    }
    return {"type": "document", "source": source, **more}


def call(name: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "look", "input": {}}


def result(name: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": name, "content": "seen"}


def talk(*turns: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    return body(messages=[{"role": roles[n % 2], "content": turn} for n, turn in enumerate(turns)])


THINKING = {"type": "thinking", "thinking": "…", "signature": "x"}
OPUS, SONNET = "claude-opus-5", "claude-sonnet-5-5"
THINK = {"type": "enabled", "budget_tokens": 1024}
FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "schema": {"type": "object", "additionalProperties": False},
}
OPEN = {"type": "json_schema", "schema": {"type": "object"}}
FALLBACK = {"model": "claude-haiku-4-5"}
SERVER = {"type": "url", "name": "m", "url": "https://example.com/mcp"}

ADAPTIVE = {"type": "adaptive"}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
ANY = {"tool_choice": {"type": "any"}}
CHOSEN = {"tool_choice": {"type": "tool", "name": "look"}}
NEWER = {"version": "2026-10-21"}
NULLABLE = {"type": ["string", "null"]}
CITED = {"citations": {"enabled": True}}
LONG_OUTPUT = {"betas": ["output-300k-2026-03-24"]}


def sent(body: dict[str, Any], **options: Any) -> Any:
    """Return a request that is more than a body for `create` under the older version."""
    return partial(findings, body, **options)


def counted(**changes: Any) -> Any:
    """Return a request to count tokens."""
    return sent({"model": GOOD["model"], "messages": [HELLO], **changes}, endpoint="count_tokens")


def schema_of(defs: Any = None, **properties: Any) -> dict[str, Any]:
    """Return the parameter of structured output with these properties and definitions."""
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if defs:
        schema["$defs"] = defs
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


def optional(count: int) -> dict[str, Any]:
    """Return a format with one required property and `count` others."""
    properties = {f"p{n}": {"type": "string"} for n in range(count + 1)}
    return {
        **FORMAT,
        "schema": {**FORMAT["schema"], "properties": properties, "required": ["p0"]},
    }


def properties(**schemas: Any) -> dict[str, Any]:
    """Return the input schema of a tool with these properties."""
    return {"input_schema": {"type": "object", "properties": schemas}}


def strict(*schemas: dict[str, Any]) -> dict[str, Any]:
    """Return a request with strict tools whose inputs follow these schemas."""
    defined = [{**TOOL, "name": f"t{n}", "input_schema": each} for n, each in enumerate(schemas)]
    return body(tools=[{**tool, "strict": True} for tool in defined])


def closed(**schemas: Any) -> dict[str, Any]:
    """Return the schema of an object with these required properties and no others."""
    keys = {"properties": schemas, "required": list(schemas), "additionalProperties": False}
    return {"type": "object", **keys}


def linked(url: str, kind: str = "image") -> dict[str, Any]:
    return said({"type": kind, "source": {"type": "url", "url": url}})


def users(*contents: Any) -> dict[str, Any]:
    """Return consecutive messages of the user, which are one turn."""
    return body(messages=[{"role": "user", "content": content} for content in contents])


def mcp_use(**changes: Any) -> Any:
    """Return a request with a call of an MCP tool and its result."""
    use = {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "look", "server_name": "s"}
    found = {"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "content": "seen"}
    said = [{**use, "input": {}, **changes}, found, text("b")]
    return sent(talk("a", said, "c"), betas=["mcp-client-2025-11-20"])


def identified(user_id: str) -> dict[str, Any]:
    return body(metadata={"user_id": user_id})


def clearing(keep: Any = "all", **more: Any) -> Any:
    """Return a request to clear the thinking of earlier turns."""
    edits = {"edits": [{"type": "clear_thinking_20251015", "keep": keep}]}
    asking = body(context_management=edits, max_tokens=2000, **more)
    return sent(asking, betas=["context-management-2025-06-27"])


def beta(name: str, **changes: Any) -> Any:
    """Return a request that names a beta."""
    return sent(body(**changes), betas=[name])


def edited(*edits: Any) -> Any:
    """Return a request with edits of its context."""
    return beta("context-management-2025-06-27", context_management={"edits": list(edits)})


def clears_tools(**changes: Any) -> Any:
    return edited({"type": "clear_tool_uses_20250919", **changes})


def compacts(**changes: Any) -> Any:
    return edited({"type": "compact_20260112", **changes})


def falls_back(*models: Any) -> Any:
    return beta("server-side-fallback-2026-07-01", fallbacks=list(models))


def served(**changes: Any) -> Any:
    """Return a request with an MCP server."""
    return beta("mcp-client-2025-11-20", mcp_servers=[{**SERVER, **changes}])


def threaded(**thread: Any) -> Any:
    return beta("message-threads-2026-08-12", thread=thread)


def search_result(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "search_result", "source": "s", "title": "t", "content": list(content)}


def tools(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return body(tools=[{**TOOL, **change} for change in changes], **more)


def system_said(*content: Any) -> dict[str, Any]:
    """Return turns of user, system and assistant for a model that takes system messages."""
    roles = {"u": "user", "s": "system", "a": "assistant"}
    return body(
        model=OPUS, messages=[{"role": roles[each[0]], "content": each[1]} for each in content]
    )


def searched(**changes: Any) -> list[dict[str, Any]]:
    use = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "q"},
    }
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [],
        **changes,
    }
    return [use, found, text("b")]


def batch(*ids: str) -> Any:
    return sent(
        {"requests": [{"custom_id": each, "params": {}} for each in ids]}, endpoint="batches"
    )


CODE = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "code_execution",
    "input": {"code": "look()"},
}
BY_CODE = {**call(), "caller": {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}}
REFERENCE = {**result(), "content": [{"type": "tool_reference", "tool_name": "look"}]}

# Rows: the rule, a request that breaks it, how the API's text about it begins, and a near request
# that does not break it. The formatter would give each argument a line of its own.
# fmt: off
TABLE: list[tuple[str, Any, str, Any]] = [
    ("shape.required", {"model": "m", "messages": []}, "max_tokens: Field required", GOOD),
    ("shape.unknown", body(response_format=1), "response_format: Extra inputs are not permitted",
     GOOD),
    ("shape.string", body(model=3), "model: Input should be a valid string", GOOD),
    ("shape.string", mcp_use(id=["mcptoolu_1"]),
     "messages.1.content.0.mcp_tool_use.id: Input should be a valid string", mcp_use()),
    ("shape.string", mcp_use(id={}),
     "messages.1.content.0.mcp_tool_use.id: Input should be a valid string", mcp_use()),
    ("shape.string", users("a", [text(3)]),
     "messages.1.content.0.text.text: Input should be a valid string", users("a", [text("3")])),
    ("shape.short", body(model=""), "model: String should have at least 1 character", GOOD),
    ("shape.short", talk("a", [{**call(), "name": ""}], [result()]),
     "messages.1.content.0.tool_use.name: String should have at least 1 character",
     talk("a", [call()], [result()])),
    ("shape.long", body(metadata={"user_id": "u" * 257}),
     "metadata.user_id: String should have at most 256 characters",
     body(metadata={"user_id": "u" * 256})),
    ("shape.long", tools({"name": "n" * 129}),
     "tools.0.custom.name: String should have at most 128 characters", tools({"name": "n" * 128})),
    ("shape.long", batch("i" * 65),
     "requests.0.custom_id: String should have at most 64 characters", batch("i" * 64)),
    ("shape.long", talk("a", [{**call(), "name": "n" * 201}], [result()]),
     "messages.1.content.0.tool_use.name: String should have at most 200 characters",
     talk("a", [{**call(), "name": "n" * 200}], [result()])),
    ("shape.pattern", tools({"name": "a b"}),
     "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", tools({})),
    ("shape.pattern", talk("a", [call("a b")], [result("a b")]),
     "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
     talk("a", [call()], [result()])),
    ("shape.integer", body(max_tokens="many"), "max_tokens: Input should be a valid integer",
     GOOD),
    ("shape.small", body(thinking={"type": "enabled", "budget_tokens": 5}, max_tokens=5000),
     "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
     body(thinking=THINK, max_tokens=5000)),
    ("shape.number", body(temperature="hot"), "temperature: Input should be a valid number",
     body(temperature=0.5)),
    ("shape.large", body(top_p=2), "top_p: Input should be less than or equal to 1",
     body(top_p=1)),
    ("shape.boolean", body(stream="yes"), "stream: Input should be a valid boolean",
     body(stream=True)),
    ("shape.object", talk("a", [{**call(), "input": []}], [result()]),
     "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
     talk("a", [call()], [result()])),
    ("shape.list", body(stop_sequences="end"), "stop_sequences: Input should be a valid list",
     body(stop_sequences=["end"])),
    ("shape.list", talk("a", [text("b", citations="c")], "d"),
     "messages.1.content.0.text.citations: Input should be a valid list",
     talk("a", [text("b", citations=[{}])], "d")),
    ("shape.list.short", batch(),
     "requests: List should have at least 1 item after validation, not 0", batch("a")),
    ("shape.list.long", falls_back(*[FALLBACK] * 4),
     "fallbacks: List should have at most 3 items after validation, not 4",
     falls_back(*[FALLBACK] * 3)),
    ("shape.required", falls_back({"max_tokens": 5}), "fallbacks.0.model: Field required",
     falls_back({**FALLBACK, "max_tokens": 5, "speed": "standard", "thinking": ADAPTIVE})),
    ("shape.enum", beta("server-side-fallback-2026-07-01", fallbacks="none"),
     "fallbacks: Input should be 'default'",
     beta("server-side-fallback-2026-07-01", fallbacks="default")),
    ("shape.required", beta("fallback-credit-2026-07-01", fallback_credit_token={}),
     "fallback_credit_token.token: Field required",
     beta("fallback-credit-2026-07-01", fallback_credit_token="t")),
    ("shape.enum",
     beta("fallback-credit-2026-07-01", fallback_credit_token={"token": "t", "mode": "some"}),
     "fallback_credit_token.mode: Input should be 'strict' or 'best_effort'",
     beta("fallback-credit-2026-07-01", fallback_credit_token={"token": "t", "mode": "strict"})),
    ("shape.string", served(name=None), "mcp_servers.0.name: Input should be a valid string",
     served(tool_configuration={"enabled": True, "allowed_tools": ["a"]})),
    ("shape.unknown", served(tool_configuration={"allowed": []}),
     "mcp_servers.0.tool_configuration.allowed: Extra inputs are not permitted",
     served(authorization_token="t")),
    ("shape.url", served(url="m"),
     "mcp_servers.0.url: Input should be a valid URL, relative URL", served()),
    ("shape.tag", edited({"type": "forget_all"}),
     "context_management.edits.0: Input tag 'forget_all' found",
     edited({"type": "compact_20260112"})),
    ("shape.enum", clears_tools(trigger={"type": "messages", "value": 5}),
     "context_management.edits.0.clear_tool_uses_20250919.trigger.type: Input should be"
     " 'input_tokens' or 'tool_uses'",
     clears_tools(trigger={"type": "tool_uses", "value": 5}, keep={"type": "tool_uses", "value": 1},
                  clear_at_least={"type": "input_tokens", "value": 1}, exclude_tools=["a"])),
    ("shape.list", clears_tools(clear_tool_inputs="a"),
     "context_management.edits.0.clear_tool_uses_20250919.clear_tool_inputs: Input should be a"
     " valid list", clears_tools(clear_tool_inputs=["a"])),
    ("shape.list", clears_tools(clear_tool_inputs="a"),
     "context_management.edits.0.clear_tool_uses_20250919.clear_tool_inputs: Input should be a"
     " valid list", clears_tools(clear_tool_inputs=True)),
    ("shape.small", compacts(trigger={"type": "input_tokens", "value": 49_999}),
     "context_management.edits.0.compact_20260112.trigger.value: Input should be greater than or"
     " equal to 50000",
     compacts(trigger={"type": "input_tokens", "value": 50_000}, pause_after_compaction=True,
              instructions="Keep names.")),
    ("shape.enum", clearing(keep="most", thinking=ADAPTIVE, model=OPUS),
     "context_management.edits.0.clear_thinking_20251015.keep: Input should be 'all'",
     clearing(keep={"type": "thinking_turns", "value": 2}, thinking=ADAPTIVE, model=OPUS)),
    ("shape.tag", beta("compact-2026-09-04", compaction={"type": "cut"}),
     "compaction: Input tag 'cut' found",
     beta("compact-2026-09-04", compaction={"type": "summarize", "instructions": "Keep names."})),
    ("shape.enum",
     beta("user-profiles-billing-2026-10-01",
          billing_policy={"type": "billing_policy", "bill_to": "you"}),
     "billing_policy.bill_to: Input should be 'self' or 'user_profile'",
     beta("user-profiles-billing-2026-10-01",
          billing_policy={"type": "billing_policy", "bill_to": "self"})),
    ("shape.tag", threaded(type="fork"), "thread: Input tag 'fork' found",
     threaded(type="create")),
    ("shape.required", threaded(type="continue"),
     "thread.continue.previous_message_id: Field required",
     threaded(type="continue", previous_message_id="msg_1")),
    ("shape.unknown", counted(thread={"type": "create"}), "thread: Extra inputs are not permitted",
     threaded(type="create")),
    ("shape.enum", said(image(media_type="image/tiff")),
     "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg',"
     " 'image/png', 'image/gif' or 'image/webp'", said(image())),
    ("shape.tag", said({"type": "hologram"}),
     "messages.0.content.0: Input tag 'hologram' found using 'type' does not match any of the"
     " expected tags: 'bash_code_execution_tool_result', 'code_execution_tool_result',"
     " 'connector_text'", said(text("a"))),
    ("shape.tag", tools({"type": "telepathy"}), "tools.0: Input tag 'telepathy' found",
     tools({"type": "custom"})),
    ("shape.url", linked(""),
     "messages.0.content.0.image.source.url.url: Input should be a valid URL, input is empty",
     linked("https://example.com/a.png")),
    ("shape.url", linked("/a.png"),
     "messages.0.content.0.image.source.url.url: Input should be a valid URL, relative URL",
     linked("http://example.com/a.png")),
    ("shape.url", linked("https://"),
     "messages.0.content.0.image.source.url.url: Input should be a valid URL, empty host",
     linked("HTTPS://example.com")),
    ("shape.url.scheme", linked("file:///a.pdf", "document"),
     "messages.0.content.0.document.source.url.url: URL scheme should be 'http' or 'https'",
     linked("https://example.com/a.pdf", "document")),
    ("shape.url.scheme", linked("data:image/png;base64,AAAA"),
     "messages.0.content.0.image.source.url.url: URL scheme should be 'http' or 'https'",
     linked("https://example.com/data:image/png")),
    ("shape.unknown", body(system=[text("s", cache_control={**MARK, "scope": "all"})]),
     "system.0.cache_control.ephemeral.scope: Extra inputs are not permitted",
     body(system=[text("s", cache_control=MARK)])),
    ("shape.unknown", talk("a", [{**THINKING, "cache_control": MARK}, text("b")], "c"),
     "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
     talk("a", [THINKING, text("b")], "c")),
    ("shape.unknown", counted(max_tokens=100), "max_tokens: Extra inputs are not permitted", GOOD),
    ("shape.unknown", counted(temperature=1), "temperature: Extra inputs are not permitted",
     body(temperature=1)),
    ("shape.unknown", counted(stream=True), "stream: Extra inputs are not permitted",
     counted(system="s", tools=[TOOL], tool_choice={"type": "auto"}, cache_control=MARK)),
    ("shape.unknown", counted(fallbacks="default"), "fallbacks: Extra inputs are not permitted",
     sent({"model": GOOD["model"], "messages": [HELLO], "compaction": {"type": "summarize"}},
          endpoint="count_tokens", betas=["compact-2026-09-04"])),
    ("shape.unknown", counted(metadata={}), "metadata: Extra inputs are not permitted",
     counted(thinking={"type": "disabled"}, output_config={"format": FORMAT})),
    ("shape.required", talk("a", [{"type": "thinking", "thinking": "…"}], "b"),
     "messages.1.content.0.thinking.signature: Field required",
     talk("a", [THINKING, text("b")], "c")),
    ("shape.required", tools({"input_schema": {}}),
     "tools.0.custom.input_schema.type: Field required", tools({})),
    ("shape.required", sent({"requests": [{"custom_id": "a"}]}, endpoint="batches"),
     "requests.0.params: Field required", batch("a")),
    ("batches.custom_id", batch("a", "a"),
     "requests.1.custom_id: custom_id must be unique in a batch", batch("a", "b")),
    ("metadata.user_id.email", identified("someone@example.com"),
     "metadata.user_id: user_id appears to contain an email address. Please send a uuid or hash",
     identified("user_1b2c3d_account_550e8400-e29b-41d4-a716-446655440000_session_@")),
    ("metadata.user_id.phone", identified("+49 30 1234567"),
     "metadata.user_id: user_id appears to contain a phone number. Please send a uuid or hash",
     identified("550e8400-e29b-41d4-a716-446655440000")),
    ("metadata.user_id.phone", identified("(555) 123-4567"),
     "metadata.user_id: user_id appears to contain a phone number.", identified("5551234567")),
    ("model", body(model="claude-3-opus-20240229"), "model: claude-3-opus-20240229", GOOD),
    ("messages.none", body(messages=[]), "messages: at least one message is required", GOOD),
    ("messages.role", body(messages=[{"role": "ai", "content": "a"}]),
     'messages: Unexpected role "ai". Allowed roles are "user" or "assistant"', GOOD),
    ("messages.system.model", body(messages=[HELLO, {"role": "system", "content": "s"}]),
     "role 'system' is not supported on this model", system_said(("u", "a"), ("s", "b"))),
    ("messages.system.place", system_said(("s", "b"), ("u", "a")),
     "messages.0: a 'system' message must follow", system_said(("u", "a"), ("s", "b"))),
    ("messages.system.place", system_said(("u", "a"), ("a", "b"), ("s", "c")),
     "messages.2: a 'system' message must follow",
     system_said(("u", "a"), ("a", searched()[:2]), ("s", "c"))),
    ("messages.system.place", system_said(("u", "a"), ("s", "c"), ("u", "b")),
     "messages.1: a 'system' message must follow",
     system_said(("u", "a"), ("s", "c"), ("a", "b"), ("u", "c"))),
    ("messages.system.content", system_said(("u", "a"), ("s", [image()])),
     "messages.1.content.0: 'system' messages cannot contain `image` blocks",
     system_said(("u", "a"), ("s", [text("b")]))),
    ("messages.beta", said({"type": "fallback"}),
     "messages.0.content.0: Input tag 'fallback' found using 'type' does not match any of the"
     " expected tags: 'bash_code_execution_tool_result', 'code_execution_tool_result',"
     " 'connector_text'",
     sent(said({"type": "fallback"}), betas=["server-side-fallback-2026-07-01"])),
    ("messages.beta", system_said(("u", "a"), ("s", [{"type": "tool_addition"}])),
     "messages.1.content.0: Input tag 'tool_addition' found using 'type' does not match any of",
     sent(system_said(("u", "a"), ("s", [{"type": "tool_addition"}])),
          betas=["inline-tools-2026-09-15"])),
    ("messages.empty", talk(""),
     "messages.0: all messages must have non-empty content except for the optional final"
     " assistant message", talk("a", "")),
    ("cache.empty_text", said(text("", cache_control=MARK)),
     "messages.0.content.0.text: cache_control cannot be set for empty text blocks",
     said(text("a", cache_control=MARK))),
    ("cache.empty_text", body(system=[text("", cache_control=MARK)]),
     "system.0.text: cache_control cannot be set for empty text blocks",
     body(system=[text("a", cache_control=MARK)])),
    ("cache.empty_text", {**said(image()), "system": [text("", cache_control=MARK)]},
     "system.0.text: cache_control cannot be set for empty text blocks",
     {**said(image()), "system": [text("a", cache_control=MARK)]}),
    ("text.empty", said(text("")), "messages: text content blocks must be non-empty",
     said(text("a"))),
    ("text.empty", body(system=[text("")]), "system: text content blocks must be non-empty",
     body(system=[text("a")])),
    ("text.empty", {**said(image()), "system": [text("")]},
     "system: text content blocks must be non-empty", {**said(image()), "system": [text("a")]}),
    ("text.blank", said(text(" \n")),
     "messages: text content blocks must contain non-whitespace text", said(text(" a"))),
    ("text.blank", said(text(" ")), "messages: text content blocks must contain non-whitespace",
     talk("a", [text(" ")], "c")),
    ("text.blank", users("\n\n"), "messages: text content blocks must contain non-whitespace",
     talk("a", "\n\n", "c")),
    ("blocks.use_role", said(call()), "`tool_use` blocks can only be in `assistant` messages",
     talk("a", [call()], [result()])),
    ("blocks.result_role", talk("a", [result()]),
     "`tool_result` blocks can only be in `user` messages", talk("a", [call()], [result()])),
    ("tool_use.ids", talk("a", [call(), call()], [result()]),
     "messages.1.content.1: `tool_use` ids must be unique",
     talk("a", [call(), call("toolu_2")], [result(), result("toolu_2")])),
    ("tool_use.ids",
     body(messages=[HELLO, {"role": "assistant", "content": [call()]},
                    {"role": "assistant", "content": [call()]},
                    {"role": "user", "content": [result()]}]),
     "messages.1.content.1: `tool_use` ids must be unique",
     talk("a", [call()], [result()], [call()], [result()])),
    ("tool_use.unanswered", talk("a", [call()], "b"),
     "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after:"
     " toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next"
     " message.", talk("a", [call()], [result(), text("b")])),
    ("tool_use.unanswered", talk("a", [call()], [text("b"), result()]),
     "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after:"
     " toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next"
     " message.", talk("a", [call()], [result()])),
    ("tool_use.unanswered",
     body(messages=[HELLO, HELLO, {"role": "assistant", "content": [call()]}, HELLO]),
     "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after",
     body(messages=[HELLO, HELLO, {"role": "assistant", "content": [call()]},
                    {"role": "user", "content": [result()]}, HELLO])),
    ("tool_result.orphan", said(result()),
     "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1. Each"
     " `tool_result` block must have a corresponding `tool_use` block in the previous message.",
     talk("a", [call()], [result()])),
    ("tool_result.duplicate", talk("a", [call()], [result(), result()]),
     "messages.2.content.1: each tool_use must have a single result. Found multiple `tool_result`"
     " blocks with id: toolu_1",
     talk("a", [call(), call("toolu_2")], [result(), result("toolu_2")])),
    ("tool_result.duplicate",
     body(messages=[HELLO, {"role": "assistant", "content": [call()]},
                    {"role": "user", "content": [result()]},
                    {"role": "user", "content": [text("b"), result()]}]),
     "messages.2.content.2: each tool_use must have a single result.",
     talk("a", [call()], [result()], [call()], [result()])),
    ("server_tools.orphan", talk("a", searched(tool_use_id="srvtoolu_2"), "c"),
     "messages.1.content.1: unexpected `tool_use_id` found in `web_search_tool_result` blocks:"
     " srvtoolu_2. Each `web_search_tool_result` block must have a corresponding"
     " `server_tool_use` block before it.", {**talk("a", searched(), "c"), "tools": [SEARCH]}),
    ("server_tools.orphan", {**talk("a", searched()[1:], "c"), "tools": [SEARCH]},
     "messages.1.content.0: unexpected `tool_use_id` found in `web_search_tool_result` blocks",
     {**talk("a", searched(), "c", searched(), "d"), "tools": [SEARCH]}),
    ("server_tools.unanswered", talk("a", searched()[:1], "c"),
     "messages.1.content.0: `web_search` tool use with id `srvtoolu_1` was found without a"
     " corresponding `web_search_tool_result` block", talk("a", searched(), "c")),
    ("server_tools.missing", talk("a", searched(), "c"),
     "messages.1.content.0: `server_tool_use` block found, but no `web_search` tool was provided",
     {**talk("a", searched(), "c"), "tools": [SEARCH]}),
    ("programmatic.source", talk("a", [BY_CODE], [result()]),
     "source tool `srvtoolu_1` not found for tool use block `toolu_1`",
     talk("a", [CODE, BY_CODE], [result()])),
    ("programmatic.container", talk("a", [CODE, BY_CODE], [result()]),
     "container_id is required when there are pending tool uses generated by code execution with"
     " tools.", {**talk("a", [CODE, BY_CODE], [result()]), "container": "container_1"}),
    ("programmatic.results",
     {**talk("a", [CODE, BY_CODE], [result(), text("b")]), "container": "container_1"},
     "messages.2.content.1: only `tool_result` blocks may follow tool uses generated by code"
     " execution, found `text`",
     {**talk("a", [CODE, BY_CODE], [result()]), "container": "container_1"}),
    ("prefill.unsupported", {**talk("a", "b"), "model": OPUS},
     "This model does not support assistant message prefill. The conversation must end with a"
     " user message.", talk("a", "b")),
    ("prefill.space", talk("a", "b "),
     "messages: final assistant content cannot end with trailing whitespace", talk("a", "b")),
    ("prefill.format", {**talk("a", "b"), "output_config": {"format": FORMAT}},
     "Assistant message prefill is not supported with `output_config.format`.",
     body(output_config={"format": FORMAT})),
    ("version.documents", sent(talk("a", [document(pdf())], "b"), **NEWER),
     "messages.1.content.0: `document` blocks", talk("a", [document(pdf())], "b")),
    ("version.citations", sent(said(text("a", citations=[{}])), **NEWER),
     "messages.0.content.0.text.citations: citations are", said(text("a", citations=[{}]))),
    ("version.citations",
     sent(said(search_result(text("a", citations=[{}]))), **NEWER),
     "messages.0.content.0.search_result.content.0.text.citations: citations are",
     sent(said(search_result(text("a"))), **NEWER)),
    ("max_tokens.large", body(max_tokens=64_001),
     "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for"
     " claude-haiku-4-5-20251001", body(max_tokens=64_000)),
    ("max_tokens.large", body(max_tokens=300_000, model=OPUS), "max_tokens: 300000 > 128000",
     sent(body(max_tokens=300_000, model=OPUS), endpoint="batch_item", **LONG_OUTPUT)),
    ("max_tokens.zero", body(max_tokens=0, stream=True),
     "max_tokens: 0 cannot be combined with `stream`", body(max_tokens=0)),
    ("beta.fields", body(mcp_servers=[]), "mcp_servers: Extra inputs are not permitted",
     sent(body(mcp_servers=[]), betas=["mcp-client-2025-11-20"])),
    ("beta.fields", body(thread={"type": "create"}), "thread: Extra inputs are not permitted",
     threaded(type="create")),
    ("beta.fields", body(compaction={"type": "summarize"}),
     "compaction: Extra inputs are not permitted",
     beta("compact-2026-09-04", compaction={"type": "summarize"})),
    ("beta.fields", body(billing_policy={"type": "billing_policy", "bill_to": "self"}),
     "billing_policy: Extra inputs are not permitted",
     beta("user-profiles-billing-2026-10-01", billing_policy=None)),
    ("beta.fields", body(fallback_credit_token="t"),
     "fallback_credit_token: Extra inputs are not permitted",
     beta("fallback-credit-2026-07-01", fallback_credit_token="t")),
    ("beta.fields", body(fallbacks="default"), "fallbacks: Extra inputs are not permitted",
     beta("server-side-fallback-2026-07-01", fallbacks="default")),
    ("beta.fields", body(context_management={"edits": []}),
     "context_management: Extra inputs are not permitted", edited()),
    ("batch.fields",
     sent(body(thread={"type": "create"}), endpoint="batch_item",
          betas=["message-threads-2026-08-12"]),
     "thread: not supported in the requests of a batch", sent(GOOD, endpoint="batch_item")),
    ("batch.fields", sent(body(stream=True), endpoint="batch_item"),
     "stream: not supported in the requests of a batch", sent(GOOD, endpoint="batch_item")),
    ("batch.fields", sent(body(max_tokens=0), endpoint="batch_item"),
     "max_tokens: not supported in the requests of a batch", body(max_tokens=0)),
    ("inference_geo.model", body(inference_geo="us"),
     "inference_geo: not supported for this model", body(model=OPUS, inference_geo="us")),
    ("speed.model", body(speed="fast"), "speed: 'fast' is not supported for this model",
     body(model=OPUS, speed="fast")),
    ("speed.beta", body(model=OPUS, speed="fast"), "speed: Extra inputs are not permitted",
     sent(body(model=OPUS, speed="fast"), betas=["fast-mode-2026-02-01"])),
    ("sampling.version", sent(body(temperature=1), **NEWER),
     "temperature: Extra inputs are not permitted", body(temperature=1)),
    ("sampling.range", body(temperature=1.5), "temperature: range: 0..1", body(temperature=1)),
    ("sampling.model", body(model=OPUS, temperature=0.5),
     "`temperature` is deprecated for this model.", body(model=OPUS, temperature=1)),
    ("sampling.both", body(temperature=0.5, top_p=0.5),
     "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
     body(top_p=0.5)),
    ("sampling.thinking.temperature", body(temperature=0.5, thinking=THINK, max_tokens=2000),
     "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.",
     body(temperature=1, thinking=THINK, max_tokens=2000)),
    ("sampling.thinking.top_k", body(top_k=5, thinking=THINK, max_tokens=2000),
     "`top_k` must be unset when thinking is enabled.", body(top_k=5)),
    ("sampling.thinking.top_p", body(top_p=0.5, thinking=THINK, max_tokens=2000),
     "`top_p` must be greater than or equal to 0.95 or unset",
     body(top_p=0.95, thinking=THINK, max_tokens=2000)),
    ("stop_sequences.empty", body(stop_sequences=[""]),
     "stop_sequences: each stop sequence must be non-empty", body(stop_sequences=["a"])),
    ("stop_sequences.blank", body(stop_sequences=[" "]),
     "stop_sequences: each stop sequence must contain non-whitespace",
     body(stop_sequences=[" a"])),
    ("tools.unique", tools({}, {}), "tools: Tool names must be unique.", tools({}, {"name": "b"})),
    ("tools.root_union", tools({"input_schema": {"type": "object", "anyOf": [{}]}}),
     "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the"
     " top level", tools({})),
    ("tools.property_keys", tools(properties(**{"$filter": {}})),
     "tools.0.custom.input_schema.properties: Property keys should match pattern"
     " '^[a-zA-Z0-9_.-]{1,64}$'", tools(properties(**{"filter.a-b_1": {}}))),
    ("tools.property_keys", tools({"name": "b"}, properties(**{"a[b]": {}})),
     "tools.1.custom.input_schema.properties: Property keys should match pattern",
     tools(properties(a={"type": "object", "properties": {"a[b]": {}}}))),
    ("tools.property_keys", tools(properties(**{"a" * 65: {}})),
     "tools.0.custom.input_schema.properties: Property keys should match pattern",
     tools(properties(**{"a" * 64: {}}))),
    ("tools.schema",
     tools(properties(a={"type": "text"})),
     "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft"
     " 2020-12",
     tools(properties(a={"type": ["string", "null"]}))),
    ("tools.model",
     body(model="claude-opus-5-5", tools=[{"type": "computer_20251124", "name": "computer"}]),
     "'claude-opus-5-5' does not support tool types: computer_20251124. Did you mean one of",
     body(model=OPUS, tools=[{"type": "computer_20251124", "name": "computer"}])),
    ("tools.domains", body(tools=[{**SEARCH, "allowed_domains": ["a"], "blocked_domains": ["b"]}]),
     "tools.0.web_search_20250305: only one of `allowed_domains` and `blocked_domains`",
     body(tools=[{**SEARCH, "allowed_domains": ["a"]}])),
    ("tools.deferred", tools({"defer_loading": True}),
     "At least one tool must have defer_loading=false. All tools cannot be deferred.",
     tools({"defer_loading": True}, {"name": "b"})),
    ("tools.deferred.cached", tools({"defer_loading": True, "cache_control": MARK}, {"name": "b"}),
     "tools.0: `cache_control` cannot be set together with `defer_loading`",
     tools({"cache_control": MARK})),
    ("tools.reference", talk("a", [call()], [REFERENCE]),
     "Tool reference 'look' not found in available tools",
     {**talk("a", [call()], [REFERENCE]), "tools": [TOOL]}),
    ("tool_choice.tools", body(tool_choice={"type": "auto"}),
     "tool_choice may only be specified while providing tools",
     tools({}, tool_choice={"type": "auto"})),
    ("tool_choice.tools", body(tools=[], **ANY),
     "tool_choice may only be specified while providing tools",
     sent(body(mcp_servers=[SERVER], **ANY), betas=["mcp-client-2025-11-20"])),
    ("tool_choice.name", tools({"name": "b"}, **CHOSEN),
     "Tool 'look' not found in provided tools", tools({"name": "b"}, {}, **CHOSEN)),
    ("tool_choice.model", body(model="claude-opus-5-5", tools=[TOOL], tool_choice={"type": "any"}),
     'tool_choice: type "tool" and "any" are not supported for this model.',
     tools({}, tool_choice={"type": "any"})),
    ("tool_choice.thinking",
     tools({}, tool_choice={"type": "any"}, thinking=THINK, max_tokens=2000),
     "Thinking may not be enabled when tool_choice forces tool use.",
     tools({}, tool_choice={"type": "auto"}, thinking=THINK, max_tokens=2000)),
    ("tool_choice.thinking", tools({}, **CHOSEN, thinking=THINK, max_tokens=2000),
     "Thinking may not be enabled when tool_choice forces tool use.",
     body(model="claude-opus-4-6", tools=[TOOL], **CHOSEN, thinking=ADAPTIVE)),
    ("tool_choice.thinking",
     body(model="claude-opus-4-6", tools=[TOOL], **ANY, thinking=THINK, max_tokens=2000),
     "Thinking may not be enabled when tool_choice forces tool use.",
     body(model="claude-sonnet-5", tools=[TOOL], **ANY)),
    ("thinking.type", body(model=OPUS, thinking=THINK, max_tokens=2000),
     '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and'
     ' "output_config.effort" to control thinking behavior.', body(model=OPUS, thinking=ADAPTIVE)),
    ("thinking.adaptive", body(thinking=ADAPTIVE),
     "adaptive thinking is not supported on this model", body(thinking={"type": "disabled"})),
    ("thinking.off", body(model=SONNET, thinking={"type": "disabled"}),
     'To turn thinking off on this model, send "thinking": {"type": "between_tools"} instead of'
     ' {"type": "disabled"}.', body(model=SONNET, thinking={"type": "between_tools"})),
    ("thinking.budget", body(thinking=THINK, max_tokens=1024),
     "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our"
     " documentation at"
     " https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
     "#max-tokens-and-context-window-size",
     body(thinking=THINK, max_tokens=1025)),
    ("thinking.budget", body(thinking=THINK, max_tokens=1000),
     "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our"
     " documentation at"
     " https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
     "#max-tokens-and-context-window-size",
     sent(body(thinking=THINK, max_tokens=1000), betas=["interleaved-thinking-2025-05-14"])),
    ("thinking.first",
     {**talk("a", [text("b"), THINKING], "c"), "thinking": THINK, "max_tokens": 2000},
     "messages.1.content.0: If an assistant message contains any thinking blocks, the first block"
     " must be `thinking` or `redacted_thinking`. Found `text`.",
     {**talk("a", [THINKING, text("b")], "c"), "thinking": THINK, "max_tokens": 2000}),
    ("thinking.expected",
     {**talk("a", [text("b"), call()], [result()]), "thinking": THINK, "max_tokens": 2000},
     "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`."
     " When `thinking` is enabled",
     {**talk("a", [THINKING, call()], [result()]), "thinking": THINK, "max_tokens": 2000}),
    ("thinking.expected", {**talk("a", [text("b")]), "thinking": THINK, "max_tokens": 2000},
     "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`.",
     {**talk("a", [THINKING, text("b")]), "thinking": THINK, "max_tokens": 2000}),
    ("thinking.expected", {**talk("a", "b"), "thinking": THINK, "max_tokens": 2000},
     "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`.",
     {**talk("a", "b", "c"), "thinking": THINK, "max_tokens": 2000}),
    ("thinking.final", talk("a", [THINKING, text("b")]),
     "messages.1.content.0: When thinking is disabled, an `assistant` message in the final position"
     " cannot contain `thinking`. To use thinking blocks, enable `thinking` in your request.",
     talk("a", [THINKING, text("b")], "c")),
    ("thinking.final",
     {**talk("a", [{"type": "redacted_thinking", "data": "x"}, text("b")]),
      "thinking": {"type": "disabled"}},
     "messages.1.content.0: When thinking is disabled, an `assistant` message in the final position"
     " cannot contain `redacted_thinking`.",
     {**talk("a", [THINKING, text("b")]), "thinking": THINK, "max_tokens": 2000}),
    ("thinking.final", talk("a", [text("b"), THINKING]),
     "messages.1.content.1: When thinking is disabled, an `assistant` message in the final",
     {**talk("a", [text("b"), THINKING]), "model": "claude-unknown"}),
    ("thinking.clearing", clearing(),
     "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive",
     clearing(thinking=THINK)),
    ("thinking.clearing", clearing(model=OPUS, thinking={"type": "disabled"}),
     "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive",
     clearing(model=OPUS)),
    ("thinking.empty", talk("a", [{**THINKING, "thinking": "", "signature": ""}, text("b")], "c"),
     "messages.1.content.0.thinking: each thinking block must contain thinking",
     talk("a", [{**THINKING, "thinking": ""}, text("b")], "c")),
    ("effort.model", body(output_config={"effort": "low"}),
     "This model does not support the effort parameter.",
     body(model=OPUS, output_config={"effort": "low"})),
    ("effort.level", body(model="claude-opus-4-6", output_config={"effort": "xhigh"}),
     "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.",
     body(model="claude-opus-4-6", output_config={"effort": "max"})),
    ("effort.thinking",
     body(model=OPUS, thinking={"type": "disabled"}, output_config={"effort": "max"}),
     "output_config.effort 'max' is not supported when thinking is disabled on this model. Use"
     " effort 'high' or below, or enable thinking.",
     body(model=OPUS, thinking={"type": "disabled"}, output_config={"effort": "high"})),
    ("cache.most", said(*[text("a", cache_control=MARK)] * 5),
     "A maximum of 4 blocks with cache_control may be provided. Found 5.",
     said(*[text("a", cache_control=MARK)] * 4)),
    ("cache.most", {**said(*[text("a", cache_control=MARK)] * 4), "cache_control": MARK},
     "A maximum of 4 blocks with cache_control may be provided. Found 5.",
     {**said(*[text("a", cache_control=MARK)] * 3), "cache_control": MARK}),
    ("cache.order",
     said(text("a", cache_control=MARK), text("b", cache_control={**MARK, "ttl": "1h"})),
     "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after"
     " a ttl='5m' cache_control block. Note that blocks are processed in the following order:"
     " `tools`, `system`, `messages`.",
     said(text("a", cache_control={**MARK, "ttl": "1h"}), text("b", cache_control=MARK))),
    ("cache.order",
     users([text("a", cache_control=MARK)], [text("b", cache_control={**MARK, "ttl": "1h"})]),
     "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after",
     users([text("a", cache_control={**MARK, "ttl": "1h"})], [text("b", cache_control=MARK)])),
    ("cache.automatic",
     {**said(text("a", cache_control={**MARK, "ttl": "1h"})), "cache_control": MARK},
     "cache_control: the last block already has a cache_control with another ttl",
     {**said(text("a", cache_control={**MARK, "ttl": "5m"})), "cache_control": MARK}),
    ("citations.format",
     {**said(document(pdf(), **CITED), text("a")), "output_config": {"format": FORMAT}},
     "output_config.format: citations cannot be enabled",
     said(document(pdf(), **CITED), text("a"))),
    ("citations.all", said(document(pdf(), **CITED), document(pdf())),
     "citations must be enabled on all documents or on none of them",
     said(document(pdf()), document(pdf()))),
    ("images.broken", said(image(base64.b64encode(b"no image").decode())),
     "Could not process image", said(image())),
    ("images.type", said(image(media_type="image/png")),
     "messages.0.content.0.image.source.base64: The image was specified using the image/png media"
     " type, but the image appears to be a image/jpeg image", said(image())),
    ("images.type",
     talk("a", [call()], [{**result(), "content": [image(media_type="image/png")]}]),
     "messages.2.content.0.tool_result.content.0.image.source.base64: The image was specified"
     " using the image/png", talk("a", [call()], [{**result(), "content": [image()]}])),
    ("images.type", users("a", [image(media_type="image/png")]),
     "messages.0.content.1.image.source.base64: The image was specified using the image/png",
     users("a", [image()])),
    ("images.bytes", said(image("A" * 5_242_884)),
     "messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 5242884 bytes >"
     " 5242880 bytes", said(image())),
    ("images.pixels", said(drawn(8001, 1)),
     "messages.0.content.0.image.source.base64.data: At least one of the image dimensions exceed"
     " max allowed size: 8000 pixels", said(drawn(8000, 1))),
    ("images.pixels.many", said(*[drawn(2001, 1)] * 21),
     "messages.0.content.0.image.source.base64.data: At least one of the image dimensions exceed"
     " max allowed size for many-image requests: 2000 pixels", said(*[drawn(2001, 1)] * 20)),
    ("images.oversized",
     said({**drawn(1920, 1080), "transformations": {"oversized_image": "error"}}),
     "messages.0.content.0: image dimensions 1920x1080 exceed the maximum image size of a model"
     " named on this request and would be downsized to 1456x819; scale the image to at most"
     " 1456x819 or set the image's oversized_image setting to \"downsize\"",
     said({**drawn(1456, 819), "transformations": {"oversized_image": "error"}})),
    ("media.most", said(*[image()] * 101), "Too much media: 0 document pages + 101 images > 100",
     said(*[image()] * 100)),
    ("media.most", said(document(pdf()), *[image()] * 100),
     "Too much media: 1 document pages + 100 images > 100",
     said(document(pdf()), *[image()] * 99)),
    ("pdfs.pages", said(document(pdf(101))),
     "messages.0.content.0.pdf.source.base64.data: A maximum of 100 PDF pages may be provided.",
     said(document(pdf(100)))),
    ("pdfs.broken", said(document(b"no pdf")),
     "messages.0.content.0.pdf.source.base64.data: The PDF specified was not valid.",
     said(document(pdf()))),
    ("pdfs.locked", said(document(locked_pdf())),
     "messages.0.content.0.pdf.source.base64.data: The PDF specified is password protected",
     said(document(pdf()))),
    ("structured.open", body(output_config={"format": OPEN}),
     "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly"
     " set to false", body(output_config={"format": FORMAT})),
    ("structured.open", body(output_format=OPEN),
     "output_format.schema: For 'object' type, 'additionalProperties' must be explicitly set to"
     " false", body(output_format=FORMAT)),
    ("structured.open", strict({"type": "object"}),
     "tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
     strict(closed())),
    ("structured.open", strict(closed(), closed(a={"type": "object"})),
     "tools.1.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
     tools({}, {"name": "b", "strict": False})),
    ("structured.opened", body(**schema_of(a={"type": "object", "additionalProperties": True})),
     "output_config.format.schema: For 'object' type, 'additionalProperties: true' is not"
     " supported. Please set 'additionalProperties' to false",
     body(**schema_of(a={"type": "object", "additionalProperties": False}))),
    ("structured.opened", strict({"type": "object", "additionalProperties": {"type": "string"}}),
     "tools.0.custom: For 'object' type, 'additionalProperties: object' is not supported. Please"
     " set 'additionalProperties' to false", strict(closed())),
    ("structured.keyword", body(**schema_of(a={"type": "integer", "minimum": 1})),
     "output_config.format.schema: For 'integer' type, property 'minimum' is not supported",
     body(**schema_of(a={"type": "integer", "description": "at least 1"}))),
    ("structured.keyword", strict(closed(a={"type": "integer", "minimum": 1})),
     "tools.0.custom: For 'integer' type, property 'minimum' is not supported",
     tools(properties(a={"type": "integer", "minimum": 1}))),
    ("structured.keywords", body(**schema_of(a={"type": "integer", "minimum": 1, "maximum": 2})),
     "output_config.format.schema: For 'integer' type, properties maximum, minimum are not"
     " supported", body(**schema_of(a={"type": "integer"}))),
    ("structured.min_items", strict(closed(a={"type": "array", "minItems": 2},
                                           b={"type": "array", "minItems": 5})),
     "tools.0.custom: For 'array' type, 'minItems' values other than 0 or 1 are not supported"
     " (got: [2, 5])", strict(closed(a={"type": "array", "minItems": 1}))),
    ("structured.recursive",
     body(**schema_of(child={"$ref": "#"})),
     "output_config.format.schema: recursive schemas are not supported",
     body(**schema_of(child={"$ref": "#/$defs/leaf"}, defs={"leaf": {"type": "string"}}))),
    ("structured.external", body(**schema_of(a={"$ref": "https://example.com/schema.json"})),
     "output_config.format.schema: external references are not supported",
     body(**schema_of(a={"$ref": "#/$defs/a"}))),
    ("structured.tools", strict(*[closed()] * 21),
     "Too many strict tools (21). The maximum number of strict tools supported is 20.",
     strict(*[closed()] * 20)),
    ("structured.optional", body(output_config={"format": optional(25)}),
     "Schemas contains too many optional parameters (25), which would make grammar compilation"
     " inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).",
     body(output_config={"format": optional(24)})),
    ("structured.optional", strict(optional(20)["schema"], optional(5)["schema"]),
     "Schemas contains too many optional parameters (25)",
     strict(optional(20)["schema"], optional(4)["schema"])),
    ("structured.unions", strict(closed(**{f"p{n}": NULLABLE for n in range(17)})),
     "Schemas contains too many parameters with union types (17 parameters with type arrays or"
     " anyOf).", strict(closed(**{f"p{n}": NULLABLE for n in range(16)}))),
    ("context", sent(GOOD, count=lambda _: 208_310),
     "prompt is too long: 208310 tokens > 200000 maximum", sent(GOOD, count=lambda _: 200_000)),
    ("context", sent(GOOD, count=lambda _: 208_310), "prompt is too long",
     sent(GOOD, count=lambda _: 208_310, endpoint="count_tokens")),
]
# fmt: on
