"""Values found in a prompt that may serve as the input of a tool or as structured output.

A property asks for a value by its name, and these are looked at in turn:

1. the field of a record: "Anna, 34, Oslo" fills `name`, `age` and `city`;
2. what stands behind the name itself: "age: 34", "order 1042", "my name is Anna";
3. the results of earlier tools, where they have a value of this name;
4. a value of the form that the name asks for: a URL, a date, a place, a path …;
5. for texts: what is quoted, else the latest result, else the prompt.

The step at hand is looked at before the rest of the prompt. Nothing is found twice for two
properties of one form: of "copy a.txt to b.txt" one gets the first path, another the next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise

from .forms import PERSONS, find, form_of, is_pattern, listed
from .labels import counted, labelled
from .names import name_words, singular, without_gaps
from .patterns import first_list, found, numbers, parsed_number, tables_in
from .records import records
from .regex_sample import search
from .result_values import ResultValues

__all__ = ["PromptValues"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Texts that are written for somebody; a result of an earlier tool is what they are about.
_BODIES = _words("text message content body note comment data value")
# Texts that only a model could write; at most they repeat what a tool has found.
_ANSWERS = _words("answer reply response summary reason")
_QUERIES = _words(
    "query q key search question prompt topic keywords keyword term input sentence phrase subject"
    " title"
)
# "Replace “a” with “b”": the first quotation is the old text, the second the new one.
_QUOTED = _words("command cmd old new find replace replacement pattern")
_ITEMS = _words("item product word tag label value")
_BACK = re.compile(
    r"\b(?:it|them|that|this|these|those|(?:result|answer|output)s?)\b", re.IGNORECASE
)
_ASKING = re.compile(
    r"^\W*(?:(?:please|can you|could you|i want you to)\s+)?"
    r"(?:look\s*up|search(?:\s+the\s+\w+)?(?:\s+for)?|find(?:\s+out)?)\s+(?:for\s+)?",
    re.IGNORECASE,
)
_PAIR = 2
_OPTION_GAP = re.compile(r"(?:[\s,;&]|\b(?:and|or|the|in|at)\b)+")
# Forms that no other text has by chance.
_SOUGHT_FORMS = _words("url email recipient path date")
# Forms whose values are capitalised words: who is a person is no place.
_RIVALS = {"place": ("person", "recipient"), "person": ("place",), "recipient": ("place",)}
# Forms whose values are names that stand in a result alone.
_NAMED_FORMS = _words("place person code symbol")
_TRUE, _FALSE = _words("yes true on y"), _words("no false off n")

# The patterns take quadratic time in the worst case, and what a tool needs stands near the start.
_MAX_TEXT = 2_000
_MAX_CONTEXT = 4_000
_MAX_WORDS = 100
_MAX_NAME = 60
_PUNCTUATION = ".,;:!?()[]\"'“”«»`"


class PromptValues:
    """Values of a prompt, found by the names of the properties that need them.

    Args:
        text: the prompt, or the step of it that is to be done.
        context: what else the user wrote: the whole prompt, its documents.
        results: what earlier tools have found.
        about: the name and description of the tool that needs the values.
        fields: values that are known by the names of their properties.
    """

    def __init__(
        self,
        text: str,
        *,
        context: str = "",
        results: ResultValues | None = None,
        about: str = "",
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self.text: str = without_gaps(text, _MAX_TEXT)
        self._texts = (self.text, without_gaps(context, _MAX_CONTEXT))
        self._results = results or ResultValues()
        self._about = about
        self._asks_for_sql = "sql" in name_words(about)
        self._fields = dict(fields or {})
        # The values of each form, the properties that have taken one, and what others were given.
        self._values: dict[str, list[str]] = {}
        self._owners: dict[str, dict[str, str]] = {}
        self._given: set[str] = set()
        self._labels: dict[str, str | None] = {}
        self._descriptions: dict[str, str] = {}

    @cached_property
    def words(self) -> Counter[str]:
        """The lower-case words of the prompt, with how often each is there."""
        return Counter(name_words(" ".join(self._texts)))

    def adopt_record(self, kinds: Mapping[str, str]) -> None:
        """Take the fields of the first record in the prompt that fits these properties.

        Args:
            kinds: the JSON types of the properties by their names.
        """
        if not self._fields:
            for fields in self._records(kinds)[:1]:
                self._fields.update(fields)

    def learn(self, descriptions: Mapping[str, str]) -> None:
        """Learn what properties are about, where their names do not tell.

        Args:
            descriptions: their descriptions by their names.
        """
        self._descriptions.update(descriptions)

    def rows(self, kinds: Mapping[str, str]) -> list[PromptValues]:
        """Return the values of each row that fits these properties: of results, or of the prompt.

        Args:
            kinds: the JSON types of the properties by their names.
        """
        if rows := self._results.rows:
            return [PromptValues("", results=row) for row in rows]
        return [PromptValues("", fields=fields) for fields in self._records(kinds)]

    def _records(self, kinds: Mapping[str, str]) -> list[dict[str, str]]:
        for text in self._texts:
            if rows := records(text, kinds):
                return rows
        return []

    def spread(
        self, kinds: Mapping[str, str], options: Mapping[str, Sequence[str]]
    ) -> list[dict[str, str]]:
        """Return the fields for each of several calls, where the prompt lists several values.

        Args:
            kinds: the JSON types of the properties by their names.
            options: the values that other properties may have, by their names.

        Returns:
            One mapping for a call: an empty one if nothing is listed for one property alone.
        """
        forms = [self._form(name) or kind for name, kind in kinds.items()]
        for (name, kind), form in zip(kinds.items(), forms, strict=True):
            # A text that is written for somebody may hold a list and is still one text.
            is_text = form == "string" and not {*name_words(name)} & (_QUERIES | _ITEMS)
            if is_text or forms.count(form) > 1:
                continue
            if len(values := self.list_for(name, kind)) > 1:
                return [{name: value} for value in values]
        for name, possible in options.items():
            if len(values := self._listed_options(possible)) > 1:
                return [{name: value} for value in values]
        return [{}]

    def _listed_options(self, options: Sequence[str]) -> list[str]:
        """Return the options that the prompt names one after the other, as in a list."""
        text = self.text.lower()
        ends = [
            (start, start + len(option), option)
            for option in self._named_options(options)
            if (start := text.find(option.lower())) >= 0
        ]
        gaps = (text[one[1] : other[0]] for one, other in pairwise(ends))
        return [end[2] for end in ends] if all(map(_OPTION_GAP.fullmatch, gaps)) else []

    def list_for(self, name: str, kind: str = "string") -> list[str]:
        """Return the list in the prompt that is meant for a property called `name`.

        Args:
            name: the name of the property.
            kind: the JSON type of one value.
        """
        if kind in ("integer", "number"):
            return first_list("number", self.text)
        return listed(self._form(name), self.text)

    def items_for(self, name: str, kind: str) -> list[str]:
        """Return the values for a property that holds several: a list, or else one quotation."""
        return self.list_for(name, kind) or (found("quoted", self.text) if kind == "string" else [])

    def number_for(self, name: str) -> float | None:
        """Return a number for a property: its own, else the next of the prompt, each once."""
        own = self._fields.get(name) or self._labelled(name) or self._counted(name)
        if own is not None and (number := parsed_number(own)) is not None:
            if number in self._numbers:
                self._numbers.remove(number)
            return number
        result = self._results.find(name)
        if isinstance(result, int | float) and not isinstance(result, bool):
            return result
        return self._numbers.pop(0) if self._numbers else None

    def _counted(self, name: str) -> str | None:
        """Return the number before a name: "3 days", "2 hotel guests"."""
        return next(filter(None, (counted(name, text) for text in self._texts)), None)

    @cached_property
    def _numbers(self) -> list[float]:
        # "multiply it by 4": what an earlier tool has found comes first
        before = parsed_number(self._results.text) if _BACK.search(self.text) else None
        return [*([] if before is None else [before]), *numbers(self.text)]

    def flag_for(self, name: str) -> bool | None:
        """Return whether a property is true, where the prompt or a result says so."""
        said = self._fields.get(name) or self._labelled(name) or ""
        word = "".join(name_words(said)[:1])
        if word in _TRUE | _FALSE:
            return word in _TRUE
        result = self._results.find(name)
        return result if isinstance(result, bool) else None

    def names_option(self, options: Sequence[str]) -> bool:
        """Return whether the prompt names one of these options, without taking it."""
        return bool(self._named_options(options))

    def option_for(self, name: str, options: Sequence[str]) -> str | None:
        """Return the option that the prompt names for a property.

        Two properties with the same options get two of them.
        """
        owners = self._owners.setdefault("\n".join(options), {})
        named = self._named_options(options)
        if name not in owners and named:
            left = [option for option in named if option not in owners.values()]
            owners[name] = (left or named)[0]
        return owners.get(name)

    def _named_options(self, options: Sequence[str]) -> list[str]:
        """Return the options that the prompt names, in the order of the step at hand.

        Where the prompt lists all of them, those count that it names again. A pair may be meant
        as it stands: "from celsius to fahrenheit".
        """
        said = self.words
        named = [
            option
            for option in options
            if (words := name_words(option)) and all(said[word] for word in words)
        ]
        if len(named) == len(options) > 1:
            again = [option for option in named if said[name_words(option)[0]] > 1]
            named = again or (named if len(named) == _PAIR else [])
        text = self.text.lower()
        # What stands only in the context comes last.
        return sorted(named, key=lambda option: text.find(option.lower()) % (_MAX_TEXT + 1))

    def mentions(self, name: str) -> bool:
        """Return whether there is a value for a property, without taking it."""
        if name in self._fields or self._own(name) is not None:
            return True
        form = self._form(name)
        if form and self._left(form):
            return True
        return form is None and bool({*name_words(name)} & (_BODIES | _QUERIES))

    def speaks_of(self, name: str) -> bool:
        """Return whether the prompt has a value that can only be meant for a property."""
        form = self._form(name)
        is_known = name in self._fields or self._own(name) or self._counted(name)
        return bool(is_known or (form and self._left(form)))

    def has_form_for(self, name: str) -> bool:
        """Return whether a value has the form that a property asks for: a URL, a path, an id …"""
        form = self._form(name)
        # Places and people are capitalised words, and these stand everywhere.
        return form is not None and is_pattern(form) and bool(self._of_form(form))

    def word_like(self, pattern: str) -> str | None:
        """Return the first word of the prompt in which `pattern` is found from end to end."""
        if not (pattern.startswith("^") and pattern.endswith("$")):
            return None
        words = (word.strip(_PUNCTUATION) for word in self.text.split()[:_MAX_WORDS])
        return next((word for word in words if word and search(pattern, word)), None)

    def value_for(self, name: str) -> str | None:
        """Return a text that fits a property called `name`; None if there is none.

        For `city` that is a place, for `url` a URL, for `query` the prompt itself.
        """
        if name in self._fields:
            return self._fields[name]
        form = self._form(name)
        if (own := self._own(name)) is not None:
            if form:
                own = next(iter(find(form, own)), own)
                self._given.add(own)
            return own
        if form and (taken := self.taken(form, name)):
            return taken
        if form == "sql":
            return self._statement()
        return self._text_for({*name_words(name)}, name)

    def taken(self, form: str, name: str) -> str | None:
        """Return the value of a form that belongs to a property; the next one if it has none.

        Args:
            form: such as "date", "email" or "url".
            name: the name of the property.
        """
        owners = self._owners.setdefault(form, {})
        if name not in owners and (left := self._left(form)):
            owners[name] = left[0]
        return owners.get(name)

    def _form(self, name: str) -> str | None:
        return form_of(name, self._descriptions.get(name, ""), sql=self._asks_for_sql)

    def _own(self, name: str) -> str | None:
        """Return what the prompt or a result says under the name itself."""
        if (labelled := self._labelled(name)) is not None:
            return labelled
        result = self._results.find(name)
        return None if result is None or isinstance(result, bool) else str(result)

    def _labelled(self, name: str) -> str | None:
        """Return what stands behind the name in the prompt; searched once for each name."""
        if name not in self._labels:
            is_code = self._form(name) == "code" and self._descriptions.get(name)
            label = f"{name}_number" if is_code else name
            self._labels[name] = next(
                filter(None, (labelled(label, text) for text in self._texts)), None
            )
        return self._labels[name]

    def _of_form(self, form: str) -> list[str]:
        """Return the values of a form; searched once, since schemas may ask often."""
        if form not in self._values:
            step, context = self._texts
            self._values[form] = (
                find(form, step) or self._found_by_tools(form) or find(form, context)
            )
        return self._values[form]

    def _found_by_tools(self, form: str) -> list[str]:
        """Return the values of a form in the latest results; "that city" is a result itself."""
        text = self._results.text
        if form in _SOUGHT_FORMS and (values := find(form, text)):
            return values
        is_meant = form in _NAMED_FORMS and _BACK.search(self.text)
        return [text] if is_meant and 0 < len(text) <= _MAX_NAME else []

    def _left(self, form: str) -> list[str]:
        """Return the values of a form that no property has got yet."""
        rivals = (form, *_RIVALS.get(form, ()))
        taken = {*chain.from_iterable(self._owners.get(each, {}).values() for each in rivals)}
        taken |= self._given
        return [value for value in self._of_form(form) if value not in taken]

    def _statement(self) -> str:
        """Return a statement that reads a table of which the prompt or a result speaks."""
        tables = tables_in(self._about, self._texts[1], self._results.text)
        asked = [table for table in tables if {*singular([table.lower()])} & self._singular_words]
        if not tables:
            return "SELECT 1"
        # Nothing runs it here, and a table is one word.
        return f"SELECT * FROM {[*asked, *tables][0]} LIMIT 10"  # noqa: S608

    @cached_property
    def _singular_words(self) -> frozenset[str]:
        return frozenset(singular(name_words(self.text)))

    def _text_for(self, words: set[str], name: str) -> str | None:
        """Return a text: a quotation, else the latest result, else the prompt."""
        if words & _ANSWERS:
            return self._results.text or None
        is_body = bool(words & _BODIES)
        if not (is_body or words & (_QUERIES | PERSONS | _QUOTED)):
            return None
        if quoted := self.taken("quoted", name):
            return quoted
        if is_body and self._results.text:
            return self._results.text
        if is_body or words & (_QUERIES | PERSONS):
            return _ASKING.sub("", self.text.strip()) or None
        return None
