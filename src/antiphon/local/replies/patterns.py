"""Values that can be told by their form: URLs, dates, paths, places, and lists of them.

Several values of one form are a *list* where nothing stands between them but commas, "and", line
breaks or bullets. Lists decide how often a tool is called: once for each of their values.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain

__all__ = [
    "PATTERNS",
    "all_places",
    "currencies",
    "dates",
    "enumerated",
    "first_list",
    "found",
    "is_date",
    "numbers",
    "parsed_number",
    "people",
    "place_behind",
    "places",
    "tables_in",
]

PATTERNS = {
    # A sentence may end behind a URL: its point does not belong to it.
    "url": re.compile(r"https?://[^\s<>\"'`)\]]*[^\s<>\"'`)\].,;:!?]"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "date": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "time": re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b"),
    # A path has a suffix; "3.5" is none, and "example.com" behind "@" or "//" is a host.
    "path": re.compile(
        r"(?<![\w:/@.])(?:\.{0,2}/)?[\w.-]+(?:/[\w.-]+)*\.[A-Za-z]\w{0,4}\b(?![@/])"
    ),
    "folder": re.compile(r"(?<![\w:/.])(?:\.{0,2}/)[\w.-]+(?:/[\w.-]+)*"),
    "sum": re.compile(r"\(?-?\d[\d.\s()]*(?:[-+*/^%]\s*-?[\d.\s()]+)+"),
    "quoted": re.compile(r"[\"“«`]\s*([^\"”»`]+?)\s*[\"”»`]|(?<!\w)'([^'\n]+)'(?!\w)"),
    "address": re.compile(
        r"\b[A-Z][\w.’-]*(?: [A-Z][\w.’-]*)* \d+\w?, ?\d{4,5} [A-Z]\w+"
        r"|\b\d+ (?:[A-Z]\w+ )+(?:St|Street|Ave|Avenue|Rd|Road|Lane)\b(?:, [A-Z]\w+(?: [A-Z]\w+)*)*"
    ),
    "language": re.compile(
        r"\b(?:Arabic|Chinese|Danish|Dutch|English|Finnish|French|German|Greek|Hindi|Italian|Japanese"
        r"|Korean|Latin|Norwegian|Polish|Portuguese|Russian|Spanish|Swedish|Turkish)\b"
    ),
    "symbol": re.compile(r"\b[A-Z]{2,5}\b"),
    "sql": re.compile(
        r"\b(?:SELECT\s.+?\bFROM|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE)\s[^;`]+",
        re.DOTALL,
    ),
    # Dates, times and codes are no numbers, although digits stand in them.
    "number": re.compile(r"(?<![\w.:-])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w:]|-\d)"),
    "phone": re.compile(r"(?<![\w-])\+?\d[\d ()/-]{6,}\d\b"),
    # A code has a digit, perhaps behind letters: "A-17", "INV-2026-3", "#18".
    "code": re.compile(r"(?<![\w.-])#?((?:[A-Za-z]{1,8}[-_])?[A-Z]{0,4}\d[\w-]*)"),
}
"""The forms of values; where a pattern has groups, the group that matches is the value."""

_NAME = r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*)*"
_PLACE = rf"{_NAME}(?:, {_NAME})*"
_PLACES = re.compile(
    rf"\b(?:in|at|for|near|from|to|of|between)\s+({_PLACE}(?:(?:,? and |,? or | & ){_PLACE})*)"
)
_BETWEEN = re.compile(r",? and |,? or | & ")
# "San Francisco, CA" is one place, although a comma stands in it.
_STATE = re.compile(r", (?=[A-Z]{2}\b)")
# "cats, dogs and birds" needs a comma, or any two words would be a list; names do not.
_WORD = r"\w[\w’'-]*"
_ENUMERATIONS = (
    re.compile(rf"\b{_NAME}(?:, {_NAME})*,? (?:and|or) {_NAME}"),
    re.compile(rf"\b{_WORD}(?:, {_WORD})+,? (?:and|or) {_WORD}"),
)
# A number may have a unit or a currency around it, but no sentence.
_MAX_FIGURE = 40
_MAX_NAMES = 500
_PHONE = re.compile(r"\+\d[\d ()/-]{6,}\d")
# What may stand between the values of a list.
_GAP = re.compile(r"[\s,;&/|*•\"'“”«»`()-]*(?:(?:\band\b|\bor\b|\d+[.)])[\s\"'“”«»`*-]*)?")
_PART = r"[A-Z][a-zà-ÿ]+(?:[-’'][A-Z][a-zà-ÿ]+)*"
_PERSON = rf"{_PART}(?: (?:& )?{_PART})*"
_WHOLE_NAME = re.compile(rf"(?<![\w.])({_PERSON})\b(?!['’.]\w)")
# Before a capitalised word: it begins a sentence, or names a place.
_NO_PERSON = re.compile(r"(?:^|[.!?:\n]\s*|\b(?:in|at|to|from) )$")
_SUBJECT = re.compile(
    rf"(?:^|[.!?:\n] ?)({_PERSON})"
    r"(?=,|\s*$|\s*\n| (?:is|was|has|lives|works|wrote|ordered)\b)"
)
# Capitalised because a sentence begins with them, although "is" follows.
_NO_NAMES = frozenset(
    ["What", "Who", "Where", "When", "How", "Which", "This", "That", "It", "He", "She", "There"]
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WRITTEN_DATE = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)?\.? ([A-Z][a-z]{2})[a-z]*,? (\d{4})"
    r"|([A-Z][a-z]{2})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}))"
)
_AMOUNT = re.compile(r"([€$£]|\b[A-Z]{3}) ?\d|\d ?([€$£]|[A-Z]{3}\b)")
_THREE_LETTERS = re.compile(r"\b([A-Z]{3})\b")
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}
_FIGURE = re.compile(r"-?\d(?:[\d.,'’]*\d)?")
_CREATED = re.compile(r"\bCREATE TABLE (?:IF NOT EXISTS )?[\"`]?(\w+)", re.IGNORECASE)
_TABLES = re.compile(r"\btables?\b\W{1,4}(\w+(?:(?:, | and )\w+)*)", re.IGNORECASE)
# Names alone, as a tool that lists tables returns them: `["customers", "orders"]`.
_NAMES = re.compile(r"[\s\[{\"']*(\w+(?:[\"']?[,\s]+[\"']?\w+)*)[\s\]}\"']*")


def found(form: str, text: str) -> list[str]:
    """Return all values of a form, in the order of the text."""
    return [_value(match) for match in PATTERNS[form].finditer(text)]


def first_list(form: str, text: str) -> list[str]:
    """Return the first list of two or more different values of a form; [] if there is none."""
    run: list[str] = []
    end = 0
    for match in PATTERNS[form].finditer(text):
        if run and not _GAP.fullmatch(text, end, match.start()):
            if len(set(run)) > 1:
                break
            run = []
        run.append(_value(match))
        end = match.end()
    listed = _different(run)
    return listed if len(listed) > 1 else []


def numbers(text: str) -> list[float]:
    """Return the numbers of a text that are no part of a phone number."""
    return [float(each.replace(",", "")) for each in found("number", _PHONE.sub("", text))]


def places(text: str) -> list[str]:
    """Return the places that a text names first: "the weather in Oslo, Paris and Rome"."""
    match = _PLACES.search(text)
    return _listed_places(match[1]) if match else []


def all_places(text: str) -> list[str]:
    """Return all places that a text names, as in "from Oslo to Rome"."""
    found_places = (_listed_places(match[1]) for match in _PLACES.finditer(text))
    return _different(chain.from_iterable(found_places))


def place_behind(words: str, text: str) -> list[str]:
    """Return the place that stands behind a word such as "from", else all places.

    Args:
        words: the words that may stand there, as alternatives of a pattern.
        text: the text.
    """
    match = re.search(rf"\b(?:{words})\s+({_PLACE})", text)
    return _listed_places(match[1])[:1] if match else all_places(text)


def _listed_places(text: str) -> list[str]:
    parts = _BETWEEN.split(text)
    # In "Paris, France" the comma belongs to the place. It parts places where more than one
    # follows, or where the last of several places has none: "Oslo, Paris and Rome".
    marked = [_STATE.sub("\0", part) for part in parts]
    is_plain = (len(parts) > 1 and ", " not in marked[-1]) or marked[0].count(", ") > 1
    if is_plain:
        marked = [piece for part in marked for piece in part.split(", ")]
    return _different(part.replace("\0", ", ").rstrip(".'’-") for part in marked)


def enumerated(text: str) -> list[str]:
    """Return the items of "cats, dogs and birds" or "Ann and Bob"; [] if nothing is listed."""
    for pattern in _ENUMERATIONS:
        if match := pattern.search(text):
            return _different(
                each for part in _BETWEEN.split(match[0]) for each in part.split(", ")
            )
    return []


def _value(match: re.Match[str]) -> str:
    """Return the group that matches, of a pattern without groups everything."""
    groups: Sequence[str | None] = match.groups()
    return next(filter(None, groups), match[0]).strip()


def _different(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, values)))


def people(text: str) -> list[str]:
    """Return what may be names of people: who something is said about, else capitalised words."""
    text = PATTERNS["quoted"].sub(" ", text)
    placed = {*places(text)}
    subjects = [match[1] for match in _SUBJECT.finditer(text)]
    others = [
        match[1]
        for match in _WHOLE_NAME.finditer(text)
        if not _NO_PERSON.search(text[max(0, match.start() - 6) : match.start()] or "\n")
    ]
    names = (name for name in (*subjects, *others) if name not in _NO_NAMES)
    return _different(name for name in names if name not in placed and name not in month_name)


def dates(text: str) -> list[str]:
    """Return the dates of a text in ISO form; "3 May 2026" is read too."""
    if listed := found("date", text):
        return listed
    return [iso for match in _WRITTEN_DATE.finditer(text) if (iso := _iso(match))]


def currencies(text: str) -> list[str]:
    """Return the codes of the currencies in a text; those beside amounts come first."""
    amounts = map(_value, _AMOUNT.finditer(text))
    return _different(_SIGNS.get(each, each) for each in (*amounts, *_THREE_LETTERS.findall(text)))


def is_date(text: str) -> bool:
    """Return whether a text is a date such as "2026-11-25"."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _iso(match: re.Match[str]) -> str | None:
    day, month, year = match.group(1, 2, 3) if match[1] else match.group(5, 4, 6)
    try:
        return date(int(year), _MONTHS.index(month.lower()) + 1, int(day)).isoformat()
    except ValueError:  # no month, or no day of it
        return None


def parsed_number(text: str) -> float | None:
    """Return the number that a short text is about, such as "EUR 1,234.50"; None if it is none."""
    figures = _FIGURE.findall(text)
    if len(figures) != 1 or len(text) > _MAX_FIGURE or re.search(r"[A-Za-z]-?\d|\d[A-Z]", text):
        return None
    figure = re.sub("['’]", "", figures[0])
    # The last sign parts the decimals, unless three digits follow it and it is a comma.
    whole, sign, decimals = figure.rpartition("," if figure.rfind(",") > figure.rfind(".") else ".")
    if sign == "," and len(decimals) == 3:
        whole, sign, decimals = whole + decimals, "", ""
    digits = re.sub("[.,]", "", whole) if sign else re.sub("[.,]", "", whole or decimals)
    try:
        return float(f"{digits}.{decimals}" if sign else digits)
    except ValueError:
        return None


def tables_in(*texts: str) -> list[str]:
    """Return the tables of a database that texts name: the last text may hold names alone."""
    found_names = [name for text in texts for name in _CREATED.findall(text)]
    if not found_names and (alone := _NAMES.fullmatch(texts[-1][:_MAX_NAMES])):
        found_names = re.findall(r"\w+", alone[1])
    if not found_names:
        listed = (match[1] for text in texts for match in _TABLES.finditer(text))
        found_names = [name for each in listed for name in re.split(r", | and ", each)]
    return _different(found_names)
