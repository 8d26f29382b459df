"""The models that the API lists, and their capabilities."""

from typing import Literal

from .._wire.decoding import ResponseModel, Timestamp, WireModel
from .._wire.validation import Many, with_inherited_keys
from .batches import BatchListParams
from .params import Optionally

__all__ = [
    "CapabilitySupport",
    "ContextManagementCapability",
    "EffortCapability",
    "ModelCapabilities",
    "ModelInfo",
    "ModelListParams",
    "ServerToolsCapability",
    "ThinkingCapability",
    "ThinkingTypes",
]


class CapabilitySupport(WireModel):
    """Whether a model has a capability: `supported`. Capabilities may have parts of their own."""

    supported: bool


class EffortCapability(WireModel):
    """The levels of effort of a model.

    low, medium, high, xhigh, max: whether it has this level.
    supported: whether it has levels at all.
    """

    supported: bool
    low: CapabilitySupport
    medium: CapabilitySupport
    high: CapabilitySupport
    xhigh: CapabilitySupport | None = None
    max: CapabilitySupport | None = None


class ThinkingTypes(WireModel):
    """The values of `thinking.type` that a model accepts."""

    adaptive: CapabilitySupport
    enabled: CapabilitySupport
    between_tools: CapabilitySupport | None = None
    disabled: CapabilitySupport | None = None


class ThinkingCapability(WireModel):
    """Whether and how a model thinks: `supported`, and `types`."""

    supported: bool
    types: ThinkingTypes


class ContextManagementCapability(WireModel):
    """The edits of the context that a model supports; each edit is a field."""

    supported: bool


class ServerToolsCapability(WireModel):
    """The server tools that a model can use; each tool is a field."""

    supported: bool | None = None


class ModelCapabilities(WireModel):
    """What a model can do. Each field holds `supported`; some have parts of their own."""

    batch: CapabilitySupport | None = None
    citations: CapabilitySupport | None = None
    code_execution: CapabilitySupport | None = None
    context_management: ContextManagementCapability | None = None
    effort: EffortCapability | None = None
    image_input: CapabilitySupport | None = None
    pdf_input: CapabilitySupport | None = None
    server_tools: ServerToolsCapability | None = None
    structured_outputs: CapabilitySupport | None = None
    thinking: ThinkingCapability | None = None


class ModelInfo(ResponseModel):
    """A model of the API.

    id: the name of the model in requests.
    display_name: the name of the model for people.
    lifecycle: whether the model is in use, deprecated or retired.
    line: the line of models to which it belongs.
    created_at: when it was released.
    deprecated_at: when it was deprecated.
    retires_at: when it is retired.
    max_input_tokens: the size of its context window.
    max_tokens: the largest `max_tokens` that it accepts.
    capabilities: what the model can do.
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


@with_inherited_keys
class ModelListParams(BatchListParams, total=False):
    """The parameters of `models.list`.

    lifecycle: list only models of these lifecycles; active and deprecated ones by default.
    """

    lifecycle: Optionally[Many[Literal["active", "deprecated", "retired"]]]
