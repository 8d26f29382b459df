"""The requests of the Messages API, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .._wire.json import is_object
from .request_view import tag
from .rule import named
from .validators import (
    TAG,
    Kind,
    Problem,
    anything,
    array,
    boolean,
    fields,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    string,
    tagged,
    tags,
    text_or,
)

_TYPE: dict[str, Kind] = {"type": anything}
_ID = string(pattern="^[a-zA-Z0-9_-]+$")

_cache_control = nullable(tagged({"ephemeral": fields(_TYPE, {"ttl": one_of("5m", "1h")})}))
_CACHED: dict[str, Kind] = {"cache_control": _cache_control}
_citations = nullable(fields({}, {"enabled": boolean}))

_TEXT: dict[str, Kind] = {**_TYPE, "text": string()}
_text = fields(_TEXT, {**_CACHED, "citations": anything})
_part = fields(_TEXT, {"citations": anything})
_system = fields({"type": one_of("text"), "text": string()}, {**_CACHED, "citations": anything})

_URL: dict[str, Kind] = {**_TYPE, "url": string()}
_FILE: dict[str, Kind] = {**_TYPE, "file_id": string()}


def _encoded(*media_types: str) -> Kind:
    return fields({**_TYPE, "media_type": one_of(*media_types), "data": string()}, {})


_image_source = tagged({
    "base64": _encoded("image/jpeg", "image/png", "image/gif", "image/webp"),
    "url": fields(_URL, {}),
    "file": fields(_FILE, {}),
})  # fmt: skip
_transformations = nullable(
    fields({}, {"oversized_image": one_of("downsize", "error")}, closed=False)
)
_IMAGE: dict[str, Kind] = {**_TYPE, "source": _image_source}
_image = fields(_IMAGE, {**_CACHED, "transformations": _transformations})

_document_source = tagged({
    "base64": _encoded("application/pdf"),
    "text": _encoded("text/plain"),
    "content": fields({
        **_TYPE,
        "content": text_or(array(tagged({"text": _part, "image": fields(_IMAGE, {})}))),
    }, {}),
    "url": fields(_URL, {}),
    "file": fields(_FILE, {}),
})  # fmt: skip
_document = fields(
    {**_TYPE, "source": _document_source},
    {
        **_CACHED,
        "citations": _citations,
        "context": nullable(string()),
        "title": nullable(string()),
    },
)
_search_result = fields(
    {**_TYPE, "content": array(tagged({"text": _part})), "source": string(), "title": string()},
    {**_CACHED, "citations": _citations},
)
_reference = fields({**_TYPE, "tool_name": string()}, _CACHED)
_result_content = tagged(
    {
        "text": _text,
        "image": _image,
        "document": _document,
        "search_result": _search_result,
        "tool_reference": _reference,
        "browser_state": mapping,
    },
    segment=tag,
)
_tool_result = fields(
    {**_TYPE, "tool_use_id": _ID},
    {
        **_CACHED,
        "content": text_or(nullable(array(_result_content))),
        "is_error": nullable(boolean),
        "toolset_name": anything,
    },
)
_server_result = fields({"tool_use_id": _ID}, {}, closed=False)
_use = fields(
    {**_TYPE, "id": _ID, "name": string(), "input": mapping},
    {**_CACHED, "caller": nullable(mapping), "toolset_name": anything},
)

BLOCKS: dict[str, Kind] = {
    "bash_code_execution_tool_result": _server_result,
    "code_execution_tool_result": _server_result,
    "connector_text": mapping,
    "container_upload": fields(_FILE, _CACHED),
    "document": _document,
    "image": _image,
    "mid_conv_system": mapping,
    "redacted_thinking": fields({**_TYPE, "data": string()}, {}),
    "search_result": _search_result,
    "server_tool_use": _use,
    "text": _text,
    "text_editor_code_execution_tool_result": _server_result,
    "thinking": fields({**_TYPE, "signature": string(), "thinking": string()}, {}),
    "tool_result": _tool_result,
    "tool_search_tool_result": _server_result,
    "tool_use": _use,
    "web_fetch_tool_result": _server_result,
    "web_search_tool_result": _server_result,
}
"""Content blocks by type."""

BETA_BLOCKS = {
    "advisor_tool_result": "advisor-tool-",
    "compaction": "compact-",
    "fallback": "server-side-fallback-",
    "mcp_tool_result": "mcp-client-",
    "mcp_tool_use": "mcp-client-",
    "tool_addition": "mid-conversation-tool-changes-",
    "tool_removal": "mid-conversation-tool-changes-",
}
"""Further ones, and how the names of the betas begin that open them."""

_block = tagged(BLOCKS, unlisted=dict.fromkeys(BETA_BLOCKS, mapping), segment=tag)
_message = fields({"role": string(), "content": text_or(array(_block))}, {})

_OF_TOOLS: dict[str, Kind] = {
    **_CACHED,
    "allowed_callers": nullable(array(string())),
    "defer_loading": nullable(boolean),
    "input_examples": nullable(array(mapping)),
    "strict": nullable(boolean),
}
_custom_tool = fields(
    {
        "name": string(least=1, most=128, pattern="^[a-zA-Z0-9_-]{1,128}$"),
        "input_schema": fields({"type": one_of("object")}, {}, closed=False),
    },
    {
        **_TYPE,
        **_OF_TOOLS,
        "description": nullable(string()),
        "eager_input_streaming": nullable(boolean),
    },
)
_named_tool = fields({"name": string()}, _OF_TOOLS, closed=False)
_domains = nullable(array(string()))
_web_tool = fields(
    {"name": string()},
    {
        **_OF_TOOLS,
        "max_uses": nullable(integer(least=1)),
        "allowed_domains": _domains,
        "blocked_domains": _domains,
    },
    closed=False,
)
_TOOLS: dict[str, Kind] = {
    "custom": _custom_tool,
    **dict.fromkeys(
        (
            "bash_20250124", "text_editor_20250124", "text_editor_20250429", "text_editor_20250728",
            "memory_20250818", "computer_20250124", "computer_20251124", "code_execution_20250522",
            "code_execution_20250825", "code_execution_20260120", "code_execution_20260521",
            "tool_search_tool_regex", "tool_search_tool_regex_20251119", "tool_search_tool_bm25",
            "tool_search_tool_bm25_20251119", "advisor_20260301",
        ),
        _named_tool,
    ),
    **dict.fromkeys(("computer_toolset_20260801", "browser_toolset_20260801", "mcp_toolset"), mapping),
    **dict.fromkeys(("web_search_20250305", "web_search_20260209", "web_search_20260318"), _web_tool),
    **dict.fromkeys(
        ("web_fetch_20250910", "web_fetch_20260209", "web_fetch_20260309", "web_fetch_20260318"),
        _web_tool,
    ),
}  # fmt: skip
_tool_types = tags(_TOOLS)
_dated = re.compile(r"[a-z0-9_]+_20\d{6}")


def _tool(value: Any) -> Iterator[Problem]:
    """A tool; one whose type is not known here but ends in a date is taken as it is."""
    if not is_object(value):
        yield from mapping(value)
        return
    kind = value.get("type") or "custom"
    if isinstance(kind, str) and kind in _TOOLS:
        for problem in _TOOLS[kind](value):
            yield problem.under(kind)
    elif not isinstance(kind, str) or not _dated.fullmatch(kind):
        yield Problem(TAG, (), {"found": named(kind), "expected": _tool_types})


_forced: dict[str, Kind] = {"disable_parallel_tool_use": nullable(boolean)}
_tool_choice = nullable(
    tagged(
        {
            "auto": fields(_TYPE, _forced),
            "any": fields(_TYPE, _forced),
            "tool": fields({**_TYPE, "name": string()}, _forced),
            "none": fields(_TYPE, {}),
        }
    )
)
_SHOWN: dict[str, Kind] = {
    "display": nullable(one_of("summarized", "omitted", "updates")),
    "block_binding": anything,
}
_thinking = nullable(
    tagged(
        {
            "enabled": fields({**_TYPE, "budget_tokens": integer(least=1024)}, _SHOWN),
            "disabled": fields(_TYPE, {"block_binding": anything}),
            "adaptive": fields(_TYPE, _SHOWN),
            "between_tools": fields(_TYPE, _SHOWN),
        }
    )
)
_format = nullable(tagged({"json_schema": fields({**_TYPE, "schema": mapping}, {})}))
_task_budget = fields(
    {"type": one_of("tokens"), "total": integer(least=20_000)},
    {"remaining": nullable(integer(least=0))},
)
_output_config = nullable(
    fields(
        {},
        {
            "effort": nullable(one_of("low", "medium", "high", "xhigh", "max")),
            "format": _format,
            "task_budget": nullable(_task_budget),
        },
    )
)

_OPTIONAL: dict[str, Kind] = {
    "cache_control": _cache_control,
    "container": text_or(nullable(mapping)),
    "context_management": nullable(mapping),
    "diagnostics": nullable(fields({}, {"previous_message_id": nullable(string())})),
    "fallbacks": text_or(nullable(array(mapping, most=3))),
    "inference_geo": nullable(string()),
    "mcp_servers": array(mapping),
    "metadata": nullable(fields({}, {"user_id": nullable(string(most=256))})),
    "output_config": _output_config,
    "output_format": _format,
    "service_tier": one_of("auto", "standard_only"),
    "speed": nullable(one_of("standard", "fast")),
    "stop_sequences": nullable(array(string())),
    "stream": nullable(boolean),
    "system": text_or(array(_system)),
    "temperature": nullable(number()),
    "thinking": _thinking,
    "tool_choice": _tool_choice,
    "tools": nullable(array(_tool)),
    "top_k": nullable(integer(least=0)),
    "top_p": nullable(number(least=0, most=1)),
}
_REQUIRED: dict[str, Kind] = {
    "model": string(least=1, most=256),
    "messages": array(_message, most=100_000),
}
_max_tokens: dict[str, Kind] = {"max_tokens": integer(least=0)}

create = fields({**_REQUIRED, **_max_tokens}, _OPTIONAL)
"""The body of `POST /v1/messages`."""

count_tokens = fields(_REQUIRED, {**_max_tokens, **_OPTIONAL})
"""The body of `POST /v1/messages/count_tokens`."""

_item = fields(
    {"custom_id": string(most=64, pattern="^[a-zA-Z0-9_-]{1,64}$"), "params": mapping}, {}
)
batches = fields({"requests": array(_item, least=1, most=100_000)}, {})
"""The body of `POST /v1/messages/batches`, whose items are looked at when they run."""
