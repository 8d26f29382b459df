"""Rules about thinking and effort, and about sampling, which they displaced."""

from __future__ import annotations

from collections.abc import Iterator

from .request_view import RequestView
from .rule import At, Chapter, at

CHAPTER = Chapter()

_DOCS = (
    "Please consult our documentation at"
    " https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
)
_KINDS = ("thinking", "redacted_thinking")
_DEFAULTS = {"temperature": 1, "top_p": 1, "top_k": 0}


@CHAPTER.rule(
    "sampling.version", "{path}: Extra inputs are not permitted",
    source="API versions", evidence="C 2026-10",
    remedy="Leave sampling parameters out, or send version 2023-06-01.",
)  # fmt: skip
def sampling_by_version(asked: RequestView) -> Iterator[At]:
    """Sampling parameters, under the version that has none."""
    if asked.version == "2026-10-21":
        for name in _DEFAULTS:
            if name in asked.body:
                yield at(name)


@CHAPTER.rule(
    "sampling.range", "temperature: range: 0..1",
    source="Messages", evidence="B 2025-03", remedy="Send a temperature from 0 to 1.",
)  # fmt: skip
def temperature_range(asked: RequestView) -> Iterator[At]:
    """A temperature out of range."""
    temperature = asked.body.get("temperature")
    if temperature is not None and not 0 <= temperature <= 1:
        yield at("temperature")


@CHAPTER.rule(
    "sampling.model", "`{path}` is deprecated for this model.",
    source="Models", evidence="A 2026-08", remedy="Leave the parameter out.",
)  # fmt: skip
def sampling_by_model(asked: RequestView) -> Iterator[At]:
    """Sampling other than by default, on a model that has no choice."""
    if asked.card is not None and not asked.card.sampling:
        for name, default in _DEFAULTS.items():
            if asked.body.get(name) not in (None, default):
                yield at(name)


@CHAPTER.rule(
    "sampling.both",
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    source="Messages", evidence="A 2026-01", remedy="Give temperature or top_p, not both.",
)  # fmt: skip
def sampling_twice(asked: RequestView) -> Iterator[At]:
    """Both ways of sampling, on a model that has them."""
    given = asked.body.get("temperature") is not None and asked.body.get("top_p") is not None
    if given and asked.card is not None and asked.card.sampling:
        yield at("top_p")


@CHAPTER.rule(
    "sampling.thinking.temperature",
    f"`temperature` may only be set to 1 when thinking is enabled or in adaptive mode. {_DOCS}"
    "#important-considerations-when-using-extended-thinking",
    source="Extended thinking", evidence="A 2026-08", remedy="Leave temperature out while thinking.",
)  # fmt: skip
def temperature_while_thinking(asked: RequestView) -> Iterator[At]:
    """A temperature other than by default, while thinking."""
    if _thinks_on_request(asked) and asked.body.get("temperature") not in (None, 1):
        yield at("temperature")


@CHAPTER.rule(
    "sampling.thinking.top_k",
    f"`top_k` must be unset when thinking is enabled. {_DOCS}#important-considerations-when-using-extended-thinking",
    source="Extended thinking", evidence="B 2025-09", remedy="Leave top_k out while thinking.",
)  # fmt: skip
def top_k_while_thinking(asked: RequestView) -> Iterator[At]:
    """A choice among few tokens, while thinking."""
    if _thinks_on_request(asked) and asked.body.get("top_k") is not None:
        yield at("top_k")


@CHAPTER.rule(
    "sampling.thinking.top_p",
    "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode."
    f" {_DOCS}#important-considerations-when-using-extended-thinking",
    source="Extended thinking", evidence="C 2026-08", remedy="Leave top_p out while thinking.",
)  # fmt: skip
def top_p_while_thinking(asked: RequestView) -> Iterator[At]:
    """A choice among the likeliest tokens alone, while thinking."""
    top_p = asked.body.get("top_p")
    if _thinks_on_request(asked) and top_p is not None and top_p < 0.95:
        yield at("top_p")


def _thinks_on_request(asked: RequestView) -> bool:
    return asked.thinking in ("enabled", "adaptive")


@CHAPTER.rule(
    "thinking.adaptive", "adaptive thinking is not supported on this model",
    source="Errors", evidence="C 2026-10", remedy='Use {"type": "enabled", "budget_tokens": …}.',
)  # fmt: skip
def adaptive_thinking(asked: RequestView) -> Iterator[At]:
    """Adaptive thinking, on a model that has none."""
    if _is_refused(asked) and asked.thinking == "adaptive":
        yield at("thinking")


@CHAPTER.rule(
    "thinking.off",
    'To turn thinking off on this model, send "thinking": {{"type": "between_tools"}} instead of'
    ' {{"type": "disabled"}}.',
    source="Errors", evidence="C 2026-10", remedy="Use the type between_tools.",
)  # fmt: skip
def thinking_off(asked: RequestView) -> Iterator[At]:
    """Thinking switched off, on a model that only thinks between tools instead."""
    if _is_refused(asked) and asked.thinking == "disabled" and _thinks_between_tools(asked):
        yield at("thinking")


@CHAPTER.rule(
    "thinking.type",
    '"thinking.type.{type}" is not supported for this model. Use "thinking.type.adaptive" and'
    ' "output_config.effort" to control thinking behavior.',
    source="Errors", evidence="C 2026-10", remedy="Use a type of thinking that the model has.",
)  # fmt: skip
def thinking_type(asked: RequestView) -> Iterator[At]:
    """Another type of thinking that the model has not."""
    has_its_own_text = asked.thinking == "adaptive" or (
        asked.thinking == "disabled" and _thinks_between_tools(asked)
    )
    if _is_refused(asked) and not has_its_own_text:
        yield at("thinking", type=asked.thinking)


def _is_refused(asked: RequestView) -> bool:
    return (
        asked.card is not None
        and asked.thinking is not None
        and asked.thinking not in asked.card.thinking_types
    )


def _thinks_between_tools(asked: RequestView) -> bool:
    return asked.card is not None and "between_tools" in asked.card.thinking_types


@CHAPTER.rule(
    "thinking.budget",
    f"`max_tokens` must be greater than `thinking.budget_tokens`. {_DOCS}#max-tokens-and-context-window-size",
    source="Extended thinking", evidence="A 2026-02", remedy="Raise max_tokens, or lower the budget.",
)  # fmt: skip
def thinking_budget(asked: RequestView) -> Iterator[At]:
    """More thinking than answer."""
    if asked.thinking == "enabled" and asked.body.get("max_tokens"):
        too_much = asked.part("thinking")["budget_tokens"] >= asked.body["max_tokens"]
        if too_much and not asked.has_beta("interleaved-thinking-"):
            yield at("max_tokens")


@CHAPTER.rule(
    "thinking.first",
    "{path}: If an assistant message contains any thinking blocks, the first block must be `thinking` or"
    " `redacted_thinking`. Found `{type}`.",
    source="Extended thinking", evidence="A 2026-01", remedy="Send the thinking block first, as it was received.",
)  # fmt: skip
def thinking_comes_first(asked: RequestView) -> Iterator[At]:
    """Thinking by budget that does not begin its message."""
    if asked.thinking != "enabled" or asked.has_beta("interleaved-thinking-"):
        return
    for turn in asked.turns:
        first = turn.blocks[0] if turn.role == "assistant" and turn.blocks else None
        if (
            first
            and first.type not in _KINDS
            and any(block.type in _KINDS for block in turn.blocks)
        ):
            yield at(first.path, type=first.type)


@CHAPTER.rule(
    "thinking.expected",
    "{path}.type: Expected `thinking` or `redacted_thinking`, but found `{type}`. When `thinking` is enabled, a final"
    " `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and"
    " `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid this"
    f" requirement, disable `thinking`. {_DOCS}",
    source="Extended thinking", evidence="A 2026-01", remedy="Send back the thinking that came before the call.",
)  # fmt: skip
def thinking_before_calls(asked: RequestView) -> Iterator[At]:
    """Results of calls without the thinking that led to them, with thinking by budget."""
    if asked.thinking != "enabled" or "tool_result" not in asked.blocks:
        return
    last = None
    for turn in reversed(asked.turns):
        if turn.role == "assistant":
            last = last or (turn.blocks[0] if turn.blocks else None)
            if turn.blocks and turn.blocks[0].type in _KINDS:
                return
        elif any(block.type != "tool_result" for block in turn.blocks):
            break
    if last is not None:
        yield at(last.path, type=last.type)


@CHAPTER.rule(
    "thinking.empty", "{path}: each thinking block must contain thinking",
    source="Extended thinking", evidence="B 2025-06", remedy="Send the block as it was received, or leave it out.",
)  # fmt: skip
def empty_thinking(asked: RequestView) -> Iterator[At]:
    """A thinking block with neither thinking nor signature; omitted thinking has its signature."""
    for block in asked.of("thinking"):
        if not block.content["thinking"] and not block.content["signature"]:
            yield at(f"{block.path}.thinking")


@CHAPTER.rule(
    "effort.model", "This model does not support the effort parameter.",
    source="Effort", evidence="A 2026-06", remedy="Leave the effort out.",
)  # fmt: skip
def effort(asked: RequestView) -> Iterator[At]:
    """An effort, on a model that has none."""
    if (
        asked.part("output_config").get("effort")
        and asked.card is not None
        and not asked.card.efforts
    ):
        yield at("output_config.effort")


@CHAPTER.rule(
    "effort.level", "This model does not support effort level '{effort}'. Supported levels: {levels}.",
    source="Effort", evidence="A 2026-04", remedy="Use one of the levels listed.",
)  # fmt: skip
def effort_level(asked: RequestView) -> Iterator[At]:
    """An effort that the model has not."""
    wanted = asked.part("output_config").get("effort")
    if (
        wanted
        and asked.card is not None
        and asked.card.efforts
        and wanted not in asked.card.efforts
    ):
        yield at(
            "output_config.effort", effort=wanted, levels=", ".join(sorted(asked.card.efforts))
        )


@CHAPTER.rule(
    "effort.thinking",
    "output_config.effort '{effort}' is not supported when thinking is disabled on this model. Use effort 'high' or"
    " below, or enable thinking.",
    source="Errors", evidence="C 2026-10", remedy="Lower the effort, or leave thinking on.",
)  # fmt: skip
def effort_without_thinking(asked: RequestView) -> Iterator[At]:
    """Much effort without thinking, on a model that refuses it."""
    wanted = asked.part("output_config").get("effort")
    if asked.card is not None and asked.thinking in ("disabled", "between_tools"):
        refused = set(asked.card.efforts) - set(asked.card.unthinking_efforts)
        if wanted in refused:
            yield at("output_config.effort", effort=wanted)
