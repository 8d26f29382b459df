"""The models that the API lists, and their capabilities."""

from typing import (
    Literal,
)

from .._wire.decoding import ResponseModel, Timestamp, WireModel

__all__ = [
    "ModelCapabilities",
    "ModelInfo",
]


class ModelCapabilities(WireModel):
    """What a model can do: each capability is a field, an object that holds `supported`."""


class ModelInfo(ResponseModel):
    """A model that can be used.

    id: its name, as requests carry it.
    display_name: its name for people.
    lifecycle: whether it is still to be used.
    line: the line of models it belongs to.
    created_at, deprecated_at, retires_at: its days.
    max_input_tokens: the size of its context window.
    max_tokens: the largest `max_tokens` it takes.
    capabilities: what it can do.
    """

    id: str
    type: Literal["model"]
    display_name: str
    created_at: Timestamp
    lifecycle: Literal["active", "deprecated", "retired"]
    capabilities: ModelCapabilities | None = None
    deprecated_at: Timestamp | None = None
    line: Literal["haiku", "sonnet", "opus", "fable", "mythos"] | None = None
    max_input_tokens: int | None = None
    max_tokens: int | None = None
    retires_at: Timestamp | None = None
