"""The bodies of requests, field by field: what is required, what is allowed, and which type it has.

This is the form alone. What fields mean together, and what the model makes of them, is the matter
of the chapters. Where the API is known to take what its documentation does not list (further
versions of tools, results of server tools), the form is left open: `closed=False` or `mapping`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .._wire.json import is_object
from .registry import shorten
from .request_view import Endpoint, tag
from .validators import (
    TAG,
    Problem,
    Validator,
    anything,
    array,
    boolean,
    boolean_or,
    fields,
    integer,
    mapping,
    nullable,
    number,
    one_of,
    shallow,
    string,
    tagged,
    tags,
    text_or,
    url,
)

__all__ = ["BETA_BLOCKS", "BLOCKS", "FORMS"]

_DEEPEST = 200
"""Levels of objects and lists in a body.

The API's own bound is not known. This one is far beyond real requests, and low enough for the code
that walks a body recursively, such as the counting of tokens, under Python's limit of 1,000 calls.
"""

# The tag of a union; its value has chosen the validator, so it fits.
_TYPE: dict[str, Validator] = {"type": anything}
# Ids of calls are checked by their characters alone: `toolu_` is not required, so conversations may
# come from other services.
_ID = string(pattern="^[a-zA-Z0-9_-]+$")

_cache_control = nullable(tagged({"ephemeral": fields(_TYPE, {"ttl": one_of("5m", "1h")})}))
_CACHED: dict[str, Validator] = {"cache_control": _cache_control}
_citations = nullable(fields({}, {"enabled": boolean}))

_TEXT: dict[str, Validator] = {**_TYPE, "text": string()}
_CITED: dict[str, Validator] = {"citations": nullable(array(mapping))}
_text = fields(_TEXT, {**_CACHED, **_CITED})
_part = fields(_TEXT, _CITED)
_system = fields({"type": one_of("text"), "text": string()}, {**_CACHED, **_CITED})

_URL: dict[str, Validator] = {**_TYPE, "url": url}
_FILE: dict[str, Validator] = {**_TYPE, "file_id": string()}


def _encoded(*media_types: str) -> Validator:
    return fields({**_TYPE, "media_type": one_of(*media_types), "data": string()}, {})


_image_source = tagged(
    {
        "base64": _encoded("image/jpeg", "image/png", "image/gif", "image/webp"),
        "url": fields(_URL, {}),
        "file": fields(_FILE, {}),
    }
)
_transformations = nullable(
    fields({}, {"oversized_image": one_of("downsize", "error")}, closed=False)
)
# Images inside of documents have no breakpoints of their own, so `_IMAGE` is without them.
_IMAGE: dict[str, Validator] = {**_TYPE, "source": _image_source}
_image = fields(_IMAGE, {**_CACHED, "transformations": _transformations})

_content_source = text_or(array(tagged({"text": _part, "image": fields(_IMAGE, {})})))
_document_source = tagged(
    {
        "base64": _encoded("application/pdf"),
        "text": _encoded("text/plain"),
        "content": fields({**_TYPE, "content": _content_source}, {}),
        "url": fields(_URL, {}),
        "file": fields(_FILE, {}),
    }
)
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
# Results of server tools come from the API and go back as they were received, so only what other
# rules read of them is described.
_server_result = fields({"tool_use_id": _ID}, {}, closed=False)
_use = fields(
    {**_TYPE, "id": _ID, "name": string(least=1, most=200), "input": mapping},
    {**_CACHED, "caller": nullable(mapping), "toolset_name": anything},
)

BLOCKS: dict[str, Validator] = {
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

_mcp_use = fields(
    {"id": _ID, "name": string(), "server_name": string(), "input": mapping}, _CACHED, closed=False
)
_mcp_result = fields(
    {"tool_use_id": _ID},
    {
        **_CACHED,
        "content": text_or(nullable(array(tagged({"text": _part})))),
        "is_error": nullable(boolean),
    },
    closed=False,
)
_BETA_BLOCKS: dict[str, Validator] = {
    "advisor_tool_result": _server_result,
    "compaction": fields({}, {"content": nullable(string())}, closed=False),
    "fallback": mapping,
    "mcp_tool_result": _mcp_result,
    "mcp_tool_use": _mcp_use,
    "tool_addition": mapping,
    "tool_removal": mapping,
}
# The second one lets the definition of a tool stand in the conversation.
_TOOL_CHANGES = ("mid-conversation-tool-changes-", "inline-tools-")
BETA_BLOCKS: dict[str, tuple[str, ...]] = {
    "advisor_tool_result": ("advisor-tool-",),
    "compaction": ("compact-",),
    "fallback": ("server-side-fallback-",),
    "mcp_tool_result": ("mcp-client-",),
    "mcp_tool_use": ("mcp-client-",),
    "tool_addition": _TOOL_CHANGES,
    "tool_removal": _TOOL_CHANGES,
}
"""Content blocks of betas, which the API does not list, and how the names of their betas begin."""

_block = tagged(BLOCKS, unlisted=_BETA_BLOCKS, segment=tag)
_message = fields({"role": string(), "content": text_or(array(_block))}, {})

_OF_TOOLS: dict[str, Validator] = {
    **_CACHED,
    "allowed_callers": nullable(array(string())),
    "defer_loading": nullable(boolean),
    "input_examples": nullable(array(mapping)),
    "strict": nullable(boolean),
}
# The documentation says 64 characters, but the API accepts and names 128.
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
_TOOLS: dict[str, Validator] = {
    "custom": _custom_tool,
    **dict.fromkeys(
        (
            "bash_20250124",
            "text_editor_20250124",
            "text_editor_20250429",
            "text_editor_20250728",
            "memory_20250818",
            "computer_20250124",
            "computer_20251124",
            "code_execution_20250522",
            "code_execution_20250825",
            "code_execution_20260120",
            "code_execution_20260521",
            "tool_search_tool_regex",
            "tool_search_tool_regex_20251119",
            "tool_search_tool_bm25",
            "tool_search_tool_bm25_20251119",
            "advisor_20260301",
        ),
        _named_tool,
    ),
    **dict.fromkeys(
        ("computer_toolset_20260801", "browser_toolset_20260801", "mcp_toolset"), mapping
    ),
    **dict.fromkeys(
        (
            "web_search_20250305",
            "web_search_20260209",
            "web_search_20260318",
            "web_fetch_20250910",
            "web_fetch_20260209",
            "web_fetch_20260309",
            "web_fetch_20260318",
        ),
        _web_tool,
    ),
}
# Tools get new versions often, and a new one should not wait for a release of this package.
_tool_types = tags(_TOOLS)
_dated = re.compile(r"[a-z0-9_]+_20\d{6}")


def _tool(value: Any) -> Iterator[Problem]:
    """Validate a tool; a type that is not known here but ends in a date may be newer than this."""
    if not is_object(value):
        yield from mapping(value)
        return
    kind = value.get("type") or "custom"
    if isinstance(kind, str) and kind in _TOOLS:
        for problem in _TOOLS[kind](value):
            yield problem.under(kind)
    elif not isinstance(kind, str) or not _dated.fullmatch(kind):
        yield Problem(TAG, (), {"found": shorten(kind), "expected": _tool_types})


_forced: dict[str, Validator] = {"disable_parallel_tool_use": nullable(boolean)}
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
_SHOWN: dict[str, Validator] = {
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


def _counted(*kinds: str, least: int = 0) -> Validator:
    """Return a validator of a number of something, which its `type` names."""
    return fields({"type": one_of(*kinds), "value": integer(least=least)}, {})


_kept_thinking = tagged(
    {"thinking_turns": fields({**_TYPE, "value": integer(least=1)}, {}), "all": fields(_TYPE, {})}
)
_edits = tagged(
    {
        "clear_thinking_20251015": fields(
            _TYPE, {"keep": nullable(text_or(_kept_thinking, text=one_of("all")))}
        ),
        "clear_tool_uses_20250919": fields(
            _TYPE,
            {
                "trigger": nullable(_counted("input_tokens", "tool_uses")),
                "keep": nullable(_counted("tool_uses")),
                "clear_at_least": nullable(_counted("input_tokens")),
                "clear_tool_inputs": nullable(boolean_or(array(string()))),
                "exclude_tools": nullable(array(string())),
            },
        ),
        "compact_20260112": fields(
            _TYPE,
            {
                "trigger": nullable(_counted("input_tokens", least=50_000)),
                "pause_after_compaction": nullable(boolean),
                "instructions": nullable(string()),
            },
        ),
    }
)
_mcp_server = fields(
    {"type": one_of("url"), "name": string(), "url": url},
    {
        "authorization_token": nullable(string()),
        "tool_configuration": nullable(
            fields({}, {"enabled": nullable(boolean), "allowed_tools": nullable(array(string()))})
        ),
    },
)
_fallback = fields(
    {"model": string(least=1, most=256)},
    {
        "max_tokens": nullable(integer(least=0)),
        "output_config": _output_config,
        "speed": nullable(one_of("standard", "fast")),
        "thinking": _thinking,
    },
)
_credit = fields({"token": string()}, {"mode": nullable(one_of("strict", "best_effort"))})
_thread = tagged(
    {
        "create": fields(_TYPE, {}),
        "continue": fields({**_TYPE, "previous_message_id": string()}, {}),
    }
)

_REQUIRED: dict[str, Validator] = {
    "model": string(least=1, most=256),
    "messages": array(_message, most=100_000),
}
_PROMPT: dict[str, Validator] = {
    "billing_policy": nullable(
        fields({"type": one_of("billing_policy"), "bill_to": one_of("self", "user_profile")}, {})
    ),
    "cache_control": _cache_control,
    "compaction": nullable(
        tagged({"summarize": fields(_TYPE, {"instructions": nullable(string())})})
    ),
    "context_management": nullable(fields({}, {"edits": nullable(array(_edits))})),
    "mcp_servers": array(_mcp_server),
    "output_config": _output_config,
    "output_format": _format,
    "speed": nullable(one_of("standard", "fast")),
    "system": text_or(array(_system)),
    "thinking": _thinking,
    "tool_choice": _tool_choice,
    "tools": nullable(array(_tool)),
}
"""Fields that make the prompt longer or shorter: the only ones with which tokens are counted."""

_OPTIONAL: dict[str, Validator] = {
    **_PROMPT,
    "container": text_or(nullable(mapping)),
    "diagnostics": nullable(fields({}, {"previous_message_id": nullable(string())})),
    "fallback_credit_token": text_or(nullable(_credit)),
    "fallbacks": text_or(nullable(array(_fallback, most=3)), text=one_of("default")),
    "inference_geo": nullable(string()),
    "metadata": nullable(fields({}, {"user_id": nullable(string(most=256))})),
    "service_tier": one_of("auto", "standard_only"),
    "stop_sequences": nullable(array(string())),
    "stream": nullable(boolean),
    "temperature": nullable(number()),
    "thread": nullable(_thread),
    "top_k": nullable(integer(least=0)),
    "top_p": nullable(number(least=0, most=1)),
}

_create = fields({**_REQUIRED, "max_tokens": integer(least=0)}, _OPTIONAL)
_count_tokens = fields(_REQUIRED, _PROMPT)
_batch_item = fields(
    {"custom_id": string(most=64, pattern="^[a-zA-Z0-9_-]{1,64}$"), "params": mapping}, {}
)
# The API validates the `params` of an item when the item runs, not when the batch is made.
_batches = fields({"requests": array(_batch_item, least=1, most=100_000)}, {})

FORMS: dict[Endpoint, Validator] = {
    "create": shallow(_create, _DEEPEST),
    "count_tokens": shallow(_count_tokens, _DEEPEST),
    "batches": shallow(_batches, _DEEPEST),
    "batch_item": shallow(_create, _DEEPEST),
}
"""The validator of each kind of body."""
