"""The prefixes of a prompt that the API may cache, and what must be equal for one to be found.

1. `breakpoints` lists where prefixes end: explicit `cache_control` marks, the automatic mark of the
   request, and results of server tools, as far as the prefix is large enough for the model.
2. `PromptPrefixes` walks once over the prompt and takes the hash of each prefix that may matter.
   Whatever must also be equal for a hit (model, tool choice, effort …) is hashed in where its
   section begins, so that a change invalidates this section and the ones after it, no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Any, NamedTuple

from .._wire.json import JSONObject, is_list, is_object
from . import models as catalog
from .canonical_json import canonical
from .request_parts import may_be_cited, object_at
from .tokens import CountedBlock, PromptTokens

__all__ = [
    "SECONDS",
    "Breakpoint",
    "PromptPrefixes",
    "breakpoints",
    "conditions",
    "lookback",
    "minimum_of",
    "without_mark",
]

# Numbers of the documentation on prompt caching.
_LOOKBACK_BLOCKS = 20
SECONDS = {"5m": 300.0, "1h": 3600.0}
_NEVER_CACHED = ("thinking", "redacted_thinking")
# For models that the catalogue does not know: the minimum of most.
_DEFAULT_MINIMUM = 1_024


class Breakpoint(NamedTuple):
    """The end of a prefix to cache."""

    position: int
    """The index of its last block in the prompt."""
    tokens: int
    """The tokens of the prefix."""
    lifetime: float
    """Seconds."""


class PromptPrefixes(NamedTuple):
    """The prefixes of a prompt that may be cached."""

    total: int
    """The tokens of the whole prompt."""
    sizes: Sequence[int]
    """The tokens up to each block, its own included."""
    marks: Sequence[Breakpoint]
    """Where prefixes end that are to be cached, in the order of the prompt."""
    hashes: Mapping[int, bytes]
    """The hashes of the prefixes that may have been cached, by the position of their end."""

    @classmethod
    def of(cls, prompt: PromptTokens, workspace: str = "") -> PromptPrefixes:
        """Return the prefixes of the prompt of a create request.

        Args:
            prompt: the prompt.
            workspace: only requests of the same workspace find each other's prefixes.
        """
        blocks = prompt.blocks
        sizes = list(accumulate(block.tokens for block in blocks))
        marks = breakpoints(prompt.body, blocks, sizes)
        hashes = _prefix_hashes(prompt.body, workspace, blocks, marks) if marks else {}
        return cls(prompt.total, sizes, marks, hashes)


def lookback(mark: Breakpoint) -> range:
    """Return the positions at which a prefix is looked for, the latest first."""
    return range(mark.position, max(-1, mark.position - _LOOKBACK_BLOCKS), -1)


def breakpoints(
    body: JSONObject, blocks: Sequence[CountedBlock], sizes: Sequence[int]
) -> list[Breakpoint]:
    """Return where prefixes end that are large enough to cache, in the order of the prompt."""
    lifetimes = {
        position: SECONDS[control.get("ttl") or "5m"]
        for position, counted in enumerate(blocks)
        if (control := counted.block.get("cache_control"))
    }
    if automatic := body.get("cache_control"):
        cacheable = (n for n in reversed(range(len(blocks))) if _may_be_cached(blocks[n]))
        if (last := next(cacheable, None)) is not None:
            lifetimes.setdefault(last, SECONDS[automatic.get("ttl") or "5m"])
    if lifetimes:  # a request that uses the cache at all also caches the last server tool result
        results = (n for n in reversed(range(len(blocks))) if _is_server_result(blocks[n]))
        if (last := next(results, None)) is not None:
            lifetimes.setdefault(last, SECONDS["5m"])
    minimum = minimum_of(body["model"])
    marks = [Breakpoint(n, sizes[n], lifetimes[n]) for n in sorted(lifetimes)]
    return [mark for mark in marks if mark.tokens >= minimum]


def minimum_of(model: str) -> int:
    """Return the tokens of the shortest prefix that is cached."""
    card = catalog.find(model)
    return card.cache_minimum if card else _DEFAULT_MINIMUM


def _may_be_cached(counted: CountedBlock) -> bool:
    """Return whether the automatic breakpoint may stand on this block."""
    block = counted.block
    return block.get("type") not in _NEVER_CACHED and block.get("text") != ""


def _is_server_result(counted: CountedBlock) -> bool:
    """Return whether a block is the result of a tool that the API itself has run."""
    kind = str(counted.block.get("type"))
    return counted.role == "assistant" and kind.endswith("_tool_result")


def _prefix_hashes(
    body: JSONObject,
    workspace: str,
    blocks: Sequence[CountedBlock],
    marks: Sequence[Breakpoint],
) -> dict[int, bytes]:
    """Return the hashes of the prefixes that a lookup needs, by the position of their end."""
    wanted = {position for mark in marks for position in lookback(mark)}
    needed = conditions(body, workspace, blocks)
    hasher = blake2b(digest_size=16)
    hashes: dict[int, bytes] = {}
    section = ""
    for position, counted in enumerate(blocks[: marks[-1].position + 1]):
        while section != counted.section:
            section = _NEXT_SECTION[section]
            hasher.update(canonical(needed[section]))
        hasher.update(canonical([counted.role, without_mark(counted.block)]))
        if position in wanted:
            hashes[position] = hasher.copy().digest()
    return hashes


def without_mark(block: JSONObject) -> JSONObject:
    """Return a block without its `cache_control`, which may come and go.

    Those of the blocks in a tool result are allowed, too, and end no prefix.
    """
    bare = {key: block[key] for key in block if key != "cache_control"}
    if block.get("type") == "tool_result" and is_list(inner := block.get("content")):
        bare["content"] = [without_mark(each) if is_object(each) else each for each in inner]
    return bare


_NEXT_SECTION = {"": "tools", "tools": "system", "system": "messages"}


def conditions(
    body: JSONObject, workspace: str, blocks: Sequence[CountedBlock]
) -> dict[str, dict[str, Any]]:
    """Return what else must be equal for each section to be found (docs, cache invalidation)."""
    sent = [counted.block for counted in blocks if counted.section == "messages"]
    inner = [block for outer in sent for block in _with_inner(outer)]
    return {
        "tools": {
            "workspace": workspace,
            "model": body["model"],
            "speed": body.get("speed") or "standard",
        },
        "system": {"citations": any(may_be_cited(block) for block in inner)},
        "messages": {
            "images": any(block.get("type") == "image" for block in inner),
            "tool_choice": _tool_choice(body),
            **_thinking_and_effort(body),
        },
    }


def _with_inner(block: JSONObject) -> list[JSONObject]:
    """Return a block and, for a tool result, the blocks in it."""
    content = block.get("content") if block.get("type") == "tool_result" else None
    return [block, *content] if isinstance(content, list) else [block]


def _tool_choice(body: JSONObject) -> Any:
    """Return how tools are chosen; leaving it out is the same as "auto"."""
    choice = {"type": "auto", **object_at(body, "tool_choice")}
    return choice if choice.pop("disable_parallel_tool_use", False) is False else [choice]


def _thinking_and_effort(body: JSONObject) -> dict[str, Any]:
    """Return the settings of thinking and effort; stating the model's default changes nothing."""
    card = catalog.find(body["model"])
    thinking = object_at(body, "thinking")
    default = "disabled" if card is None or card.thinking_default == "off" else "adaptive"
    kind = thinking.get("type") or default
    effort = object_at(body, "output_config").get("effort") or (card and card.default_effort)
    return {"thinking": kind, "budget_tokens": thinking.get("budget_tokens"), "effort": effort}
