"""The steps of a request such as "first look up the weather, then write it to notes.txt"."""

from __future__ import annotations

import re

from .names import without_gaps

__all__ = ["split_steps"]

# What a task needs stands near the start of a prompt; pasted documents follow it.
_MAX_TEXT = 2_000
# More steps than anybody lists; each of them may be one more request of the client.
_MAX_STEPS = 10

_START = re.compile(
    r"(?:^|(?<=[.!?:;\n]))\s*(?:please\s+)?"
    r"(?:first(?:ly|\s+of\s+all)?|start\s+by|begin\s+by)\b[,:]?\s+",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,2}[.)]\s+|\bstep\s+\d{1,2}\s*[:.)]\s+", re.IGNORECASE)
# "before writing …, look up …", "write … after looking up …"
_BEFORE = re.compile(r"\s*before\s+(\w+ing\b[^,]*),\s*(.+)", re.IGNORECASE | re.DOTALL)
_AFTER = re.compile(r"(.+?)\s+after\s+(\w+ing\b.+)", re.IGNORECASE | re.DOTALL)
_AFTERWARDS = re.compile(r"\s*after\s+(\w+ing\b[^,]*),\s*(.+)", re.IGNORECASE | re.DOTALL)
_BACK = (
    r"(?:it|them|that|this|these|those"
    r"|(?:the|its|their)\s+(?:result|answer|output|finding|summary|report|data)s?)"
)
# Words before "it" that ask a question or compare, rather than begin a step.
_VERB = (
    r"(?!(?:is|was|are|were|do|does|did|can|could|will|would|should|has|have|if|what|why|how|when"
    r"|that|and|but|or)\b)\w+"
)
_NEXT = re.compile(
    # "…, then …", "… and finally …", "…. After that, …"
    r"[\s,;.!?]*\b(?:and\s+)?(?:then|afterwards?|after\s+(?:that|this)|finally|lastly)\b[,:]?\s+"
    # "…. Next, …": only between two clauses, because "next week" is no step
    r"|[,;.!?\n]\s*(?:and\s+)?(?:next|second(?:ly)?|third(?:ly)?|fourth(?:ly)?)\s*[,:]\s+"
    # "… and save it …", "…. Email the result …": what refers back needs what comes before
    rf"|(?:[,;]?\s+and\s+|[.!?;]\s+)(?={_VERB}\s+(?:\w+\s+)?{_BACK}\b)",
    re.IGNORECASE,
)
_IF = re.compile(r"\bif\b", re.IGNORECASE)


def split_steps(request: str) -> list[str]:
    """Return the steps of a request in their order; the whole request if it has only one."""
    text = without_gaps(request, _MAX_TEXT)
    numbered = [part.strip() for part in _NUMBERED.split(text)]
    if len(numbered) > 2:
        return numbered[1 : _MAX_STEPS + 1]
    if swapped := _BEFORE.fullmatch(text) or _AFTER.fullmatch(text):
        return [swapped[2], swapped[1]]
    if ordered := _AFTERWARDS.fullmatch(text):
        return [ordered[1], ordered[2]]
    if begun := _START.search(text):
        text = text[begun.end() :]
    steps: list[str] = []
    for part in filter(None, map(str.strip, _NEXT.split(text))):
        if steps and _IF.search(steps[-1]):  # "if it rains, then …" is one step
            steps[-1] = f"{steps[-1]}, {part}"
        else:
            steps.append(part)
    return steps[:_MAX_STEPS] if len(steps) > 1 else [request]
