"""The requests of the Messages API, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import is_object
from .schema import (
    Check,
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
    text_or,
)

_TYPE: dict[str, Check] = {"type": anything}
_ID = string(pattern="^[a-zA-Z0-9_-]+$")

_cache_control = nullable(tagged({"ephemeral": fields(_TYPE, {"ttl": one_of("5m", "1h")})}))
_CACHED: dict[str, Check] = {"cache_control": _cache_control}
_citations = nullable(fields({}, {"enabled": boolean}))
_text = fields({**_TYPE, "text": string()}, {**_CACHED, "citations": anything})

_image_source = tagged({
    "base64": fields({
        **_TYPE,
        "media_type": one_of("image/jpeg", "image/png", "image/gif", "image/webp"),
        "data": string(),
    }, {}),
    "url": fields({**_TYPE, "url": string()}, {}),
    "file": fields({**_TYPE, "file_id": string()}, {}),
})  # fmt: skip
_image = fields({**_TYPE, "source": _image_source}, {**_CACHED, "transformations": anything})

_document_source = tagged({
    "base64": fields({**_TYPE, "media_type": one_of("application/pdf"), "data": string()}, {}),
    "text": fields({**_TYPE, "media_type": one_of("text/plain"), "data": string()}, {}),
    "content": fields(
        {**_TYPE, "content": text_or(array(tagged({"text": _text, "image": _image})))}, {}
    ),
    "url": fields({**_TYPE, "url": string()}, {}),
    "file": fields({**_TYPE, "file_id": string()}, {}),
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
    {**_TYPE, "content": array(tagged({"text": _text})), "source": string(), "title": string()},
    {**_CACHED, "citations": _citations},
)


def _pdf_tag(block: Mapping[str, Any]) -> str:
    """The API calls a document that is a PDF by that name."""
    source = block.get("source")
    is_pdf = is_object(source) and source.get("type") == "base64"
    return "pdf" if block.get("type") == "document" and is_pdf else str(block.get("type"))


_tool_result = fields(
    {**_TYPE, "tool_use_id": _ID},
    {
        **_CACHED,
        "content": text_or(
            nullable(
                array(
                    tagged(
                        {
                            "text": _text,
                            "image": _image,
                            "document": _document,
                            "search_result": _search_result,
                            "tool_reference": fields({**_TYPE, "tool_name": string()}, _CACHED),
                            "browser_state": mapping,
                        },
                        tag_of=_pdf_tag,
                    )
                )
            )
        ),
        "is_error": boolean,
        "toolset_name": anything,
    },
)


def _server_result(value: Any, path: str) -> Iterator[Problem]:
    if "tool_use_id" not in value:
        yield Problem("required", f"{path}.tool_use_id", "Field required")


_use = fields(
    {**_TYPE, "id": _ID, "name": string(), "input": mapping},
    {**_CACHED, "caller": anything, "toolset_name": anything},
)
_blocks = tagged(
    {
        "text": _text,
        "image": _image,
        "document": _document,
        "search_result": _search_result,
        "thinking": fields({**_TYPE, "thinking": string(), "signature": string()}, _CACHED),
        "redacted_thinking": fields({**_TYPE, "data": string()}, _CACHED),
        "tool_use": _use,
        "tool_result": _tool_result,
        "server_tool_use": _use,
        "container_upload": fields({**_TYPE, "file_id": string()}, _CACHED),
        "connector_text": mapping,
        "mid_conv_system": mapping,
        **{
            f"{kind}_tool_result": _server_result
            for kind in (
                "bash_code_execution",
                "code_execution",
                "text_editor_code_execution",
                "tool_search",
                "web_fetch",
                "web_search",
            )
        },
    },
    tag_of=_pdf_tag,
)
_message = fields({"role": string(), "content": text_or(array(_blocks))}, {})

_COMMON_OF_TOOLS: dict[str, Check] = {
    **_CACHED,
    "allowed_callers": anything,
    "defer_loading": boolean,
    "input_examples": array(mapping),
    "strict": boolean,
}


def _input_schema(value: Any, path: str) -> Iterator[Problem]:
    if not is_object(value):
        yield Problem("type.object", path, "Input should be a valid dictionary")
    elif "type" not in value:
        yield Problem("required", f"{path}.type", "Field required")
    elif value["type"] != "object":
        yield Problem("enum", f"{path}.type", "Input should be 'object'")
    elif {"anyOf", "oneOf", "allOf"} & value.keys():
        text = "input_schema does not support oneOf, allOf, or anyOf at the top level"
        yield Problem("tools.root_union", path, text)


_custom_tool = fields(
    {
        "name": string(least=1, most=128, pattern="^[a-zA-Z0-9_-]{1,128}$"),
        "input_schema": _input_schema,
    },
    {
        **_TYPE,
        **_COMMON_OF_TOOLS,
        "description": string(),
        "eager_input_streaming": nullable(boolean),
    },
)


def _tool(value: Any, path: str) -> Iterator[Problem]:
    """A tool; the many kinds that the API defines itself are taken as they are."""
    kind = value.get("type") if is_object(value) else None
    if kind is None or kind == "custom":
        where = f"{path}.custom" if is_object(value) else path
        yield from _custom_tool(value, where)


_forced: dict[str, Check] = {"disable_parallel_tool_use": boolean}
_tool_choice = tagged(
    {
        "auto": fields(_TYPE, _forced),
        "any": fields(_TYPE, _forced),
        "tool": fields({**_TYPE, "name": string()}, _forced),
        "none": fields(_TYPE, {}),
    }
)
_display = nullable(one_of("summarized", "omitted"))
_thinking = tagged(
    {
        "enabled": fields({**_TYPE, "budget_tokens": integer(least=1024)}, {"display": _display}),
        "disabled": fields(_TYPE, {}),
        "adaptive": fields(_TYPE, {"display": _display}),
        "between_tools": fields(_TYPE, {}),
    }
)
_output_config = fields(
    {},
    {
        "effort": nullable(one_of("low", "medium", "high", "xhigh", "max")),
        "format": nullable(tagged({"json_schema": fields({**_TYPE, "schema": mapping}, {})})),
        "task_budget": anything,
    },
)

_REQUIRED: dict[str, Check] = {"model": string(least=1, most=256), "messages": array(_message)}
_OF_BOTH: dict[str, Check] = {
    "system": text_or(array(_text)),
    "tools": array(_tool),
    "tool_choice": _tool_choice,
    "thinking": _thinking,
    "output_config": _output_config,
    "output_format": anything,
    "cache_control": _cache_control,
    "speed": nullable(one_of("standard", "fast")),
    "context_management": anything,
    "mcp_servers": anything,
}
_OF_CREATE: dict[str, Check] = {
    "stream": boolean,
    "stop_sequences": array(string()),
    "temperature": number(least=0, most=1),
    "top_p": number(least=0, most=1),
    "top_k": integer(least=0),
    "metadata": fields({}, {"user_id": nullable(string(most=256))}),
    "service_tier": one_of("auto", "standard_only"),
    "container": anything,
    "diagnostics": nullable(fields({}, {"previous_message_id": nullable(string())})),
    "inference_geo": nullable(string()),
    "fallbacks": anything,
}

create: Check = fields({**_REQUIRED, "max_tokens": integer(least=0)}, {**_OF_BOTH, **_OF_CREATE})
"""The body of `POST /v1/messages`."""

count_tokens: Check = fields(_REQUIRED, {**_OF_BOTH, "metadata": anything, "diagnostics": anything})
"""The body of `POST /v1/messages/count_tokens`."""
