"""Records in a text: lines such as "Anna, 34, Oslo" or "Widget 2 9.50", told by their fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .names import name_words
from .patterns import parsed_number

__all__ = ["records"]

_MAX_ROWS = 20
_MAX_ROW = 300
_MAX_WORDS = 5
# "2 x lamp": a quantity, and what there is of it.
_QUANTITY = re.compile(r"(\d+)\s*[x×]\s+(\D.*)")
_THING = re.compile(r"(?<![\w.-])(\d+)\s+(?:x\s+)?([A-Za-z]\w+)")
_COUNTS = frozenset(["quantity", "qty", "count"])
_OF_A_THING = 2
_ROW = re.compile(r"[\n;]")
_CELL = re.compile(r"\s*(?:,(?!\d{3}\b)|\t|\||\s{2,})\s*")
# "Widget 2 9.50 19.00": a text and at least two numbers, as tables of PDFs come out.
_TABLE_ROW = re.compile(r"^(\D.*?)((?:\s+[^\w\s]?\d[\d.,]*){2,})$")


def records(text: str, kinds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rows of a text whose fields fit these properties, with the fields by name.

    A row fits if each of its fields does, in the order of the properties, and if at least two do.

    Args:
        text: the text.
        kinds: the JSON types of the properties by their names.
    """
    if len(kinds) < 2:
        return []
    rows: list[dict[str, str]] = []
    header: list[str] | None = None
    for cells in _cells(text):
        if header is None and (header := _header(cells, kinds)):
            continue
        row = dict(zip(header, cells, strict=False)) if header else _assigned(cells, kinds)
        row.pop("", None)
        if row and len(rows) < _MAX_ROWS:
            rows.append(row)
    return rows or _counted_things(text, kinds)


def _counted_things(text: str, kinds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a row for each of "2 lamps and 1 chair", for a text and a number of this kind."""
    number = next((name for name in kinds if {*name_words(name)} & _COUNTS), None)
    if number is None or len(kinds) != _OF_A_THING:
        return []
    (thing,) = (name for name in kinds if name != number)
    found = _THING.findall(text)[:_MAX_ROWS]
    return [{thing: what, number: count} for count, what in found]


def _cells(text: str) -> Iterator[list[str]]:
    """Yield the fields of each line; what stands before a colon is no field."""
    for line in _ROW.split(text):
        if len(line) > _MAX_ROW:
            continue
        row = line.rpartition(": ")[2].strip().strip("|.-*• ")
        table = _TABLE_ROW.match(row)
        cells = [table[1], *table[2].split()] if table else _CELL.split(row)
        if quantity := _QUANTITY.fullmatch(cells[0]):
            # What is counted may be written small, other fields may not.
            cells[:1] = quantity[1], quantity[2][0].upper() + quantity[2][1:]
        if len(cells) > 1 and all(cells):
            yield cells


def _is_field(cell: str) -> bool:
    """Return whether a part of a line may be a value; parts of sentences are longer, or small."""
    return len(cell.split()) <= _MAX_WORDS and not cell[:1].islower()


def _header(cells: Sequence[str], kinds: Iterable[str]) -> list[str] | None:
    """Return the properties that the fields of a first line name; None if it is no header."""
    by_words = {tuple(name_words(name)): name for name in kinds}
    names = [by_words.get(tuple(name_words(cell)), "") for cell in cells]
    return names if sum(map(bool, names)) > 1 else None


def _assigned(cells: Sequence[str], kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the fields by the names of the properties; empty if one of them fits none."""
    if not all(map(_is_field, cells)):
        return {}
    left = list(cells)
    row: dict[str, str] = {}
    for name, kind in kinds.items():
        wants_number = kind in ("integer", "number")
        fitting = (cell for cell in left if (parsed_number(cell) is not None) == wants_number)
        if (cell := next(fitting, None)) is not None:
            row[name] = cell
            left.remove(cell)
    return row if len(row) > 1 and not left else {}
