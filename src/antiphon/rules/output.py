"""Checks of what is wanted of the reply: length, end, citations, speed and place of its making."""

from __future__ import annotations

from collections.abc import Iterator

from .._wire.json import is_object
from .registry import Checks, Violation, at, block_parts
from .request_view import RequestView

__all__ = ["CHECKS"]

_BETA_FIELDS = {
    "billing_policy": ("user-profiles-",),
    "compaction": ("compact-",),
    "context_management": ("context-management-", "compact-"),
    "fallback_credit_token": ("fallback-credit-",),
    "fallbacks": ("server-side-fallback-",),
    "mcp_servers": ("mcp-client-",),
    "thread": ("message-threads-",),
}
"""Fields of betas, and how the names of the betas begin that open them."""

CHECKS = Checks()


@CHECKS.add("citations.all", *block_parts(("document", "search_result", "tool_result")))
def cited_documents(request: RequestView) -> Iterator[Violation]:
    """Find citations that are enabled for some documents only."""
    cited = list(_cited(request))
    if any(cited) and not all(cited):
        yield at("messages")


@CHECKS.add("citations.format", "output_config", "output_format")
def cited_json(request: RequestView) -> Iterator[Violation]:
    """Find citations where structured output is requested."""
    if request.output_format is not None and any(_cited(request)):
        yield at("output_config.format")


def _cited(request: RequestView) -> Iterator[bool]:
    """Return for each document and search result whether its citations are enabled."""
    for kind in ("document", "search_result"):
        for _, block in request.media(kind):
            citations = block.get("citations")
            yield is_object(citations) and bool(citations.get("enabled"))


@CHECKS.add("beta.fields", *_BETA_FIELDS)
def fields_of_betas(request: RequestView) -> Iterator[Violation]:
    """Find parameters of a beta that the request does not name."""
    for name, betas in _BETA_FIELDS.items():
        if request.body.get(name) is not None and not request.has_beta(*betas):
            yield at(name)


@CHECKS.add("max_tokens.large", "max_tokens")
def max_tokens(request: RequestView) -> Iterator[Violation]:
    """Find a `max_tokens` above what the model can write."""
    # Prompt and output together may exceed the window: the model then stops early, by itself.
    wanted = request.body.get("max_tokens", 0)
    card = request.card
    if card is not None and wanted > card.max_output and not _writes_long(request):
        yield at("max_tokens", found=wanted, most=card.max_output, model=card.id)


def _writes_long(request: RequestView) -> bool:
    """Return whether the beta of longer output applies, which only batches have."""
    return request.endpoint == "batch_item" and request.has_beta("output-300k-")


@CHECKS.add("max_tokens.zero", "max_tokens")
def warming(request: RequestView) -> Iterator[Violation]:
    """Find parameters that need a reply where `max_tokens: 0` asks for none."""
    if request.body.get("max_tokens") == 0:
        for field, is_given in (
            ("stream", request.body.get("stream")),
            ("thinking", request.thinking == "enabled"),
            ("output_config.format", request.output_format),
            ("tool_choice", request.forces_a_tool),
        ):
            if is_given:
                yield at("max_tokens", field=field)


@CHECKS.add("batch.fields")
def batched(request: RequestView) -> Iterator[Violation]:
    """Find parameters that the items of a batch cannot have."""
    if request.endpoint == "batch_item":
        for name in ("stream", "speed", "fallbacks", "thread"):
            if request.body.get(name):
                yield at(name)
        if request.body["max_tokens"] == 0:
            yield at("max_tokens")


@CHECKS.add("stop_sequences.empty", "stop_sequences")
def empty_stop_sequences(request: RequestView) -> Iterator[Violation]:
    """Find empty stop sequences."""
    if "" in (request.body.get("stop_sequences") or ()):
        yield at("stop_sequences")


@CHECKS.add("stop_sequences.blank", "stop_sequences")
def blank_stop_sequences(request: RequestView) -> Iterator[Violation]:
    """Find stop sequences of white space alone."""
    if any(sequence.isspace() for sequence in request.body.get("stop_sequences") or ()):
        yield at("stop_sequences")


@CHECKS.add("inference_geo.model", "inference_geo")
def region(request: RequestView) -> Iterator[Violation]:
    """Find a region, for a model that takes none."""
    card = request.card
    if request.body.get("inference_geo") and card is not None and not card.regional:
        yield at("inference_geo")


@CHECKS.add("speed.model", "speed")
def speed(request: RequestView) -> Iterator[Violation]:
    """Find fast mode, for a model that has none."""
    card = request.card if request.body.get("speed") == "fast" else None
    # Opus 4.6 had fast mode once; it is documented to go on at the usual speed, without an error.
    if card is not None and card.fast_prices is None and card.id != "claude-opus-4-6":
        yield at("speed")


@CHECKS.add("speed.beta", "speed")
def speed_beta(request: RequestView) -> Iterator[Violation]:
    """Find fast mode without its beta, for a model where it is one."""
    card = request.card if request.body.get("speed") == "fast" else None
    # On Opus 5.5 fast mode is generally available since 2026-10-15.
    if card is not None and card.id != "claude-opus-5-5" and not request.has_beta("fast-mode-"):
        yield at("speed")


@CHECKS.add("context")
def context_length(request: RequestView) -> Iterator[Violation]:
    """Find a prompt that is longer than the model's context window."""
    # Counting is how a program finds out that a prompt is too long, so the API counts it.
    card, count = request.card, request.count
    if card is not None and count is not None and request.endpoint != "count_tokens":
        tokens = count(request.body)
        if tokens > card.window:
            yield at(tokens=tokens, most=card.window)
