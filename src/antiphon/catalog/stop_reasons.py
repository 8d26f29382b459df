"""Why a message may end."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["StopReason"]

StopReason: TypeAlias = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "compaction",
]
"""Why Claude stopped. A response may hold a reason that is newer than this list."""
