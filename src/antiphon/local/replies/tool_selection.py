"""Which of its tools a prompt asks for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from ..._wire.json import JSONObject, is_list
from .names import name_words, tool_name
from .prompt_values import PromptValues

__all__ = ["requested_tools", "tools_for_step"]

# A request to use a tool stands near the start of a prompt; pasted documents follow it.
_MAX_TEXT = 2_000
# Descriptions begin with what a tool is for; long ones go on with words that fit any prompt.
_MAX_DESCRIPTION = 150
_WORD = re.compile(r"[^\W\d_]+")

# Words that say little about what a tool is for.
_VAGUE = frozenset(
    _WORD.findall(
        "get set fetch list find create make do run show give tell use call tool search look add"
        " update delete read write send check compute current given from with that this the for and"
        " what your you are can please about into return returns which when where have has will"
    )
)
_MIN_COMMON_WORDS = 2
_MIN_LETTERS = 4

# Verbs that mean about the same, where one stands in a prompt and the other in a tool's name.
_SYNONYMS = tuple(
    frozenset(group.split())
    for group in (
        "look lookup find search get fetch query retrieve check read list load show download open",
        "write save create store append add put record note insert export",
        "send email mail post notify message forward share",
        "compute calculate add sum evaluate multiply divide subtract convert",
        "update edit change modify replace set rename",
        "delete remove drop clear",
        "run execute call start query",
        "book reserve order buy schedule plan",
    )
)
# Verbs that need something read first, and those of the tools that read.
_LOOKING_INTO = frozenset(
    (
        *("summarize", "summarise", "explain", "describe", "compare", "translate", "review"),
        *("analyze", "analyse", "count", "extract", "fix", "correct", "improve"),
        *("what", "who", "which", "how"),
    )
)
_READING = frozenset(["read", "open", "load", "fetch", "view", "download"])
# A step begins with its verb, perhaps behind "please" or "can you".
# More words than the verb, because "look it up" and "to search" begin with others.
_VERB_WORDS = 3
_POLITE = frozenset(
    {"please", "can", "could", "you", "i", "want", "to", "now", "and", "would", "like"}
)
_SOURCE = re.compile(r"\b(?:use|using|query|consult|ask)\s+(?:the|your|this|my|our)\s+(\w+)")
# How much a likeness between a step and a tool counts; a verb alone is just enough.
_NAMED, _SAME_VERB, _TELLING_WORD, _VERB, _WITH_INPUT, _COMMON_WORD = 100, 6, 5, 4, 2, 1
_MAX_COMMON_WORDS = 3
_ENOUGH = _VERB
# Steps that ask for words, not for a call: "tell me …", "answer …".
_FOR_CLAUDE = re.compile(
    r"\W*(?:please\s+)?"
    r"(?:tell|answer|explain|say|report\s+(?:back|to\s+me)|(?:give|let|show)\s+me)\b"
)

# A whole prompt that only greets or thanks.
_GREETING = re.compile(
    r"\W*(?:(?:hi|hello|hey|howdy|good\s+(?:morning|afternoon|evening|day)|thanks|thank\s+you|bye|"
    r"goodbye|there|everyone|claude|how\s+are\s+you|what'?s\s+up)\W*)+"
)
# A negation holds to the end of its clause. A clause ends with its sentence, at "but", or before a
# verb that asks for something else; the point in "notes.txt" ends nothing.
_CLAUSE_END = re.compile(
    r"[.!?]+(?=\s|$)|[;\n]|,?\s*\b(?:but|however)\b"
    r"|,\s*(?=(?:please\s+|and\s+|then\s+)?(?:use|call|run|try|invoke|instead|just|only)\b)"
)
# "Don't forget to …" and "why don't you …" ask for something.
_NEGATION = re.compile(
    r"(?<!why )(?:\b(?:do|does|did|should|must|can|may|will)\s+not|\b(?:do|does|did|must|should"
    r"|ca|wo)n['’]?t"
    r"|\bcannot|\bnever|\bavoid|\bno\s+need\s+to|\bnot\s+to)(?!\s+(?:forget|fail|hesitate|you)\b).*"
    r"|\b(?:without|instead\s+of|rather\s+than)\b[^,]*",
)

# Phrases that ask for one of Anthropic's own tools, by the beginning of its type.
_CUES = {
    "web_search": re.compile(r"\b(?:search|look up|latest|news)\b"),
    "web_fetch": re.compile(r"https?://|\bfetch\b"),
    "code_execution": re.compile(r"\b(?:run|execute|code|python|bash|compute|calculate)\b"),
    "tool_search": re.compile(r"\b(?:search|find|which|any)\b.{0,40}\btools?\b"),
    "bash": re.compile(r"\b(?:bash|shell|terminal|command)\b"),
    "text_editor": re.compile(r"\b(?:edit|file|view|open)\b"),
    "memory": re.compile(r"\b(?:remember|memory|memories|recall)\b"),
    "computer": re.compile(r"\b(?:screenshot|click|screen|desktop)\b"),
    "browser": re.compile(r"\b(?:browser|navigate|screenshot)\b"),
}


def requested_tools(text: str, tools: Sequence[JSONObject]) -> list[JSONObject]:
    """Return the tools that `text` asks for, in the order of the request.

    A greeting asks for none, and neither do words behind a negation ("do not use …"). Of the rest,
    the first of these that finds a tool decides: its name; all telling words of its name
    ("weather" for ``get_weather``), or a cue for one of Anthropic's own tools ("search …" for
    ``web_search``); the most telling words, at least two, in common with its description; its verb
    together with its input ("read notes.txt"); a source that its description names ("use the
    database").
    """
    lowered = text[:_MAX_TEXT].lower()
    if _GREETING.fullmatch(lowered):
        return []
    wanted, unwanted = _split_negated(lowered)
    named = [tool for tool in tools if _is_named(tool, wanted)]
    if named:
        return named
    words = set(_WORD.findall(wanted))
    allowed = [tool for tool in tools if not _is_named(tool, unwanted)]
    return (
        [tool for tool in allowed if _is_meant(tool, wanted, words)]
        or [tool for tool in _closest(allowed, words) if _common(tool, words) >= _MIN_COMMON_WORDS]
        or _of_named_server(allowed, wanted)
        or _with_input(allowed, text[:_MAX_TEXT], wanted)
        or _of_a_source(allowed, wanted)
    )


def _of_named_server(tools: Sequence[JSONObject], wanted: str) -> list[JSONObject]:
    """Return the tool that fits best of the MCP server that the text names, in a list."""
    named = [
        tool
        for tool in tools
        if (server := tool.get("server_name"))
        and re.search(rf"(?<![\w-]){re.escape(str(server).lower())}(?![\w-])", wanted)
    ]
    return [max(named, key=lambda tool: _fitness(tool, wanted))] if named else []


def _with_input(tools: Sequence[JSONObject], text: str, wanted: str) -> list[JSONObject]:
    """Return the tool whose verb begins the text and whose input is in it: "read notes.txt".

    To "summarize notes.txt" it has to be read as well, and a word of the name is as good as a verb.
    """
    words = _WORD.findall(wanted)
    begun = _first_words(words)
    fits = {
        id(tool): _verb_fit(tool, begun)
        or _VERB * (bool(begun & _LOOKING_INTO) and _reads(tool))
        or sum(_all_in({word}, words) for word in _telling(name_words(tool_name(tool))))
        for tool in tools
    }
    fitting = [tool for tool in tools if fits[id(tool)] and _has_input(tool, text)]
    return sorted(fitting, key=lambda tool: -fits[id(tool)])[:1]


def _reads(tool: JSONObject) -> bool:
    return bool(_READING & set(name_words(tool_name(tool))))


def _of_a_source(tools: Sequence[JSONObject], wanted: str) -> list[JSONObject]:
    """Return the tools of a source that the text names: "use the database"."""
    sources = set(_SOURCE.findall(wanted)) - _VAGUE
    return [tool for tool in tools if any(_common(tool, {source}) for source in sources)]


def tools_for_step(step: str, tools: Sequence[JSONObject]) -> list[JSONObject]:
    """Return the tools that one of several steps asks for, in the order of the step.

    Whoever lists steps wants something done, so less has to fit than in `requested_tools`: the
    best tool is taken for each part of the step between commas and "and", and a verb is enough.
    """
    wanted, unwanted = _split_negated(step[:_MAX_TEXT].lower())
    allowed = [tool for tool in tools if not _is_named(tool, unwanted)]
    chosen: list[JSONObject] = []
    for part in re.split(r"[,:;]\s|\band\b", wanted):
        fitting = [(score, tool) for tool in allowed if (score := _fitness(tool, part)) >= _ENOUGH]
        best = [max(fitting, key=lambda each: each[0])[1]] if fitting else []
        best = best or _of_named_server(allowed, part)
        chosen += [tool for tool in best if tool not in chosen]
    return chosen


def _fitness(tool: JSONObject, step: str) -> int:
    """Return how well a tool fits a step."""
    if _is_named(tool, step):
        return _NAMED
    if _FOR_CLAUDE.match(step):
        return 0
    found = _WORD.findall(step)
    words = {*found, *map("".join, pairwise(found))}  # "look up" is "lookup" too
    kind = str(tool.get("type") or "")
    cues = [cue for prefix, cue in _CUES.items() if kind.startswith(prefix)]
    score = _TELLING_WORD * any(cue.search(step) for cue in cues)
    score += _TELLING_WORD * sum(
        _all_in({word}, words) for word in _telling(name_words(tool_name(tool)))
    )
    score += _verb_fit(tool, _first_words(found)) + _WITH_INPUT * _has_input(tool, step)
    return score + _COMMON_WORD * min(_common(tool, words), _MAX_COMMON_WORDS)


def _first_words(words: Sequence[str]) -> set[str]:
    """Return the words among which the verb of a text is; "look up" is "lookup" too."""
    first = [word for word in words if word not in _POLITE][:_VERB_WORDS]
    # "writing" is "write", "looking" is "look", "getting" is "get"
    stems = [word[:-3] for word in first if word.endswith("ing")]
    forms = [form for stem in stems for form in (stem, f"{stem}e", stem[:-1])]
    joined = map("".join, pairwise([*(stems or first[:1]), *first[1:]]))
    return {*first, *forms, *joined}


def _verb_fit(tool: JSONObject, begun: set[str]) -> int:
    """Return how well the verb of a text fits the name of a tool."""
    name = set(name_words(tool_name(tool)))
    if begun & name:
        return _SAME_VERB
    return _VERB * any(begun & group and name & group for group in _SYNONYMS)


def _has_input(tool: JSONObject, text: str) -> bool:
    """Return whether a text has a value, told by its form, for what a tool requires."""
    schema: JSONObject = tool.get("input_schema") or {}
    required = schema.get("required")
    values = PromptValues(text, about=f"{tool_name(tool)} {tool.get('description') or ''}")
    return is_list(required) and any(values.has_form_for(str(name)) for name in required)


def _split_negated(text: str) -> tuple[str, str]:
    """Return the parts of `text` that stand under no negation, and those that do."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for clause in _CLAUSE_END.split(text):
        wanted.append(_NEGATION.sub(" ", clause))
        unwanted += (negation[0] for negation in _NEGATION.finditer(clause))
    return "\n".join(wanted), "\n".join(unwanted)


def _is_named(tool: JSONObject, text: str) -> bool:
    """Return whether the text holds the name of `tool`.

    A name of one plain word, such as "search", counts only beside "tool" or a verb such as "use".
    """
    name = re.escape(tool_name(tool).lower())
    if len(name_words(tool_name(tool))) > 1:
        return re.search(rf"(?<![\w-]){name}(?![\w-])", text) is not None
    asked = r"\b(?:use|call|invoke|run|try)\s+"
    request = (
        rf"{asked}(?:the\s+)?[`\"']?{name}\b|\b{name}[`\"']?\s+tool\b"
        rf"|{asked}[^.!?\n]*\band\s+{name}\s+(?:for|with|on|to)\b"
    )
    return re.search(request, text) is not None


def _is_meant(tool: JSONObject, text: str, words: set[str]) -> bool:
    """Return whether the text holds the words of the tool's name, or a cue for its type."""
    kind = str(tool.get("type") or "")
    if cue := next((cue for prefix, cue in _CUES.items() if kind.startswith(prefix)), None):
        return cue.search(text) is not None
    name = name_words(tool_name(tool))
    return _all_in(_telling(name) or set(name), words)


def _closest(tools: Sequence[JSONObject], words: set[str]) -> list[JSONObject]:
    """Return the tool whose description has most words in common, in a list; [] without tools."""
    return [max(tools, key=lambda tool: _common(tool, words))] if tools else []


def _common(tool: JSONObject, words: set[str]) -> int:
    """Return how many telling words of a prompt stand at the beginning of a description."""
    beginning = str(tool.get("description") or "")[:_MAX_DESCRIPTION].lower()
    return len(_telling(_WORD.findall(beginning)) & words)


def _telling(words: Iterable[str]) -> set[str]:
    return {word for word in words if len(word) >= _MIN_LETTERS and word not in _VAGUE}


def _all_in(wanted: set[str], words: Collection[str]) -> bool:
    """Return whether every wanted word is there, in the singular or plural."""
    return all(word in words or f"{word}s" in words or word[:-1] in words for word in wanted)
