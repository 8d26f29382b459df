"""Answers and events as the API sends them, typed from recordings' shapes."""

from typing import Any

USAGE: dict[str, Any] = {
    "input_tokens": 672,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 128,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
    "output_tokens": 39,
    "output_tokens_details": {"thinking_tokens": 12},
    "service_tier": "standard",
    "inference_geo": "not_available",
}

PLAIN: dict[str, Any] = {
    "model": "claude-haiku-4-5-20251001",
    "id": "msg_01A",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hello! How can I help you today?"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "stop_details": None,
    "usage": USAGE,
}

EVERY_BLOCK: dict[str, Any] = {
    **PLAIN,
    "id": "msg_01B",
    "stop_reason": "tool_use",
    "container": {
        "id": "container_01",
        "expires_at": "2026-08-19T14:49:30.044811+00:00",
        "skills": [{"type": "anthropic", "skill_id": "pdf", "version": "latest"}],
    },
    "diagnostics": {
        "cache_miss_reason": {"type": "system_changed", "cache_missed_input_tokens": 4096}
    },
    "content": [
        {"type": "thinking", "thinking": "Let me see.", "signature": "EqQBCgIYAhIM"},
        {"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix"},
        {
            "type": "text",
            "text": "Both agree.",
            "citations": [
                {
                    "type": "char_location",
                    "cited_text": "agree",
                    "document_index": 0,
                    "document_title": None,
                    "start_char_index": 3,
                    "end_char_index": 8,
                    "file_id": None,
                },
                {
                    "type": "page_location",
                    "cited_text": "agree",
                    "document_index": 1,
                    "document_title": "Report",
                    "start_page_number": 1,
                    "end_page_number": 2,
                },
                {
                    "type": "content_block_location",
                    "cited_text": "agree",
                    "document_index": 2,
                    "document_title": None,
                    "start_block_index": 0,
                    "end_block_index": 1,
                },
                {
                    "type": "web_search_result_location",
                    "cited_text": "agree",
                    "url": "https://example.com/",
                    "title": "Example",
                    "encrypted_index": "Eo8BCioIAhgB",
                },
                {
                    "type": "search_result_location",
                    "cited_text": "agree",
                    "source": "kb/1",
                    "title": None,
                    "search_result_index": 0,
                    "start_block_index": 0,
                    "end_block_index": 1,
                },
            ],
        },
        {
            "type": "server_tool_use",
            "id": "srvtoolu_01",
            "name": "web_search",
            "input": {"query": "claude"},
            "caller": {"type": "direct"},
        },
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_01",
            "caller": {"type": "code_execution_20260120", "tool_id": "srvtoolu_02"},
            "content": [
                {
                    "type": "web_search_result",
                    "url": "https://example.com/",
                    "title": "Example",
                    "encrypted_content": "Eq8LCioIAhgB",
                    "page_age": "2 days ago",
                }
            ],
        },
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_03",
            "content": {
                "type": "web_search_tool_result_error",
                "error_code": "max_uses_exceeded",
            },
        },
        {
            "type": "web_fetch_tool_result",
            "tool_use_id": "srvtoolu_04",
            "content": {
                "type": "web_fetch_result",
                "url": "https://example.com/a.pdf",
                "retrieved_at": "2026-08-19T14:49:30.044811+00:00",
                "content": {
                    "type": "document",
                    "source": {
                        "type": "base64",
                        "media_type": "application/pdf",
                        "data": "JVBERi0xLjQ=",
                    },
                    "title": "A",
                    "citations": {"enabled": True},
                },
            },
        },
        {
            "type": "web_fetch_tool_result",
            "tool_use_id": "srvtoolu_05",
            "content": {"type": "web_fetch_tool_result_error", "error_code": "url_too_long"},
        },
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "srvtoolu_06",
            "content": {
                "type": "code_execution_result",
                "stdout": "1\n",
                "stderr": "",
                "return_code": 0,
                "content": [{"type": "code_execution_output", "file_id": "file_01"}],
                "abort_reason": None,
            },
        },
        {
            "type": "bash_code_execution_tool_result",
            "tool_use_id": "srvtoolu_07",
            "content": {
                "type": "bash_code_execution_result",
                "stdout": "",
                "stderr": "no",
                "return_code": 1,
                "content": [{"type": "bash_code_execution_output", "file_id": "file_02"}],
            },
        },
        {
            "type": "text_editor_code_execution_tool_result",
            "tool_use_id": "srvtoolu_08",
            "content": {
                "type": "text_editor_code_execution_str_replace_result",
                "lines": ["-a", "+b"],
                "old_start": 1,
                "old_lines": 1,
                "new_start": 1,
                "new_lines": 1,
            },
        },
        {
            "type": "tool_search_tool_result",
            "tool_use_id": "srvtoolu_09",
            "content": {
                "type": "tool_search_tool_search_result",
                "tool_references": [{"type": "tool_reference", "tool_name": "get_weather"}],
            },
        },
        {"type": "container_upload", "file_id": "file_03"},
        {
            "type": "tool_use",
            "id": "toolu_01",
            "name": "get_weather",
            "input": {"city": "Paris", "days": 3, "exact": 0.5, "tags": [None, True]},
            "caller": {"type": "direct"},
        },
    ],
}

REFUSAL: dict[str, Any] = {
    **PLAIN,
    "content": [],
    "stop_reason": "refusal",
    "stop_details": {"type": "refusal", "category": "cyber", "explanation": None},
}

FROM_THE_FUTURE: dict[str, Any] = {
    **PLAIN,
    "stop_reason": "tired",
    "mood": {"level": 3},
    "content": [
        {"type": "hologram", "frames": [1, 2], "to_dict": "shadow"},
        {
            "type": "text",
            "text": "Hi",
            "citations": [{"type": "dream", "depth": 2}],
            "tone": "warm",
        },
    ],
    "usage": {
        **USAGE,
        "service_tier": "galactic",
        "iterations": [{"type": "daydream"}],
        "steps": 2,
    },
}

OUT_OF_SHAPE: dict[str, Any] = {
    "id": None,
    "type": "message",
    "content": [{"type": "text", "text": None}, {"type": "tool_use", "input": 5}, "bare", None],
    "usage": {"input_tokens": "many", "cache_creation": {"ephemeral_5m_input_tokens": True}},
    "container": {"id": 7, "expires_at": "soon"},
}

MESSAGES = [PLAIN, EVERY_BLOCK, REFUSAL, FROM_THE_FUTURE, OUT_OF_SHAPE]

BATCH: dict[str, Any] = {
    "id": "msgbatch_01",
    "type": "message_batch",
    "processing_status": "in_progress",
    "request_counts": {
        "processing": 1,
        "succeeded": 0,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    },
    "ended_at": None,
    "created_at": "2026-08-19T14:49:30.044811+00:00",
    "expires_at": "2026-08-20T14:49:30.044811Z",
    "archived_at": None,
    "cancel_initiated_at": None,
    "results_url": None,
}

EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {**PLAIN, "content": [], "stop_reason": None, "diagnostics": None},
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": "Hello"},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {
            "type": "citations_delta",
            "citation": EVERY_BLOCK["content"][2]["citations"][0],
        },
    },
    {"type": "content_block_stop", "index": 0},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "thinking", "thinking": "", "signature": ""},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "thinking_delta", "thinking": "Hm", "estimated_tokens": 3},
    },
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "signature_delta", "signature": "EqQB"},
    },
    {
        "type": "content_block_start",
        "index": 2,
        "content_block": EVERY_BLOCK["content"][-1] | {"input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "input_json_delta", "partial_json": '{"a": 1'},
    },
    {
        "type": "content_block_delta",
        "index": 3,
        "delta": {"type": "hologram_delta", "content": "So far."},
    },
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None},
        "usage": {"input_tokens": 672, "output_tokens": 39, "server_tool_use": None},
    },
    {"type": "message_stop"},
    {
        "type": "error",
        "error": {"details": None, "type": "overloaded_error", "message": "Overloaded"},
        "request_id": "req_01",
    },
    {"type": "message_pause", "until": "later"},
]
