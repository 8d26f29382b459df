r"""Secrets, taken out of what is written into files.

Strategy. A secret is found in texts: by its form, as keys of the API and bearer tokens; by where it
stands, as the password of a URL and the values of fields and parameters with such names; and by
being the caller's own, in all the spellings that JSON and URLs have for it. JSON values are walked.
The deltas of a stream are joined first, since a secret may begin in one and end in another. Bytes
are read as Latin-1, which loses none, so that texts and bytes have the same rules.

What is scrubbed already stays as it is: both sides of a comparison may be scrubbed again.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote_plus

from ..._wire.json import JSONObject, is_list, is_object
from ..._wire.secret import HIDDEN
from ...catalog.media import decoded

__all__ = ["Scrubber"]

# A caller's key that is shorter is a placeholder, such as "any" or "test", and hiding it would
# change other words.
_SHORTEST_SECRET = 12

# Patterns are compiled when something is scrubbed, since servers without recordings load this, too.

# Placeholders, as in code and documentation, are no secrets.
_NO_PLACEHOLDER = r"(?!\$?\{|\$[A-Z_]+\b|<)"
# Each has a group for what is hidden. Words may follow "Bearer", too: a token has a digit.
_FORMS = (
    r"(sk-ant-[A-Za-z0-9_-]{8,})",
    r"\b[Bb]earer\s+(?=[A-Za-z._~+/-]*\d)([A-Za-z0-9._~+/-]{12,}=*)",
    rf"\b[Aa]uthorization\s*:\s*(?:Basic|Token|Bearer)\s+{_NO_PLACEHOLDER}([^\s\"'\\]+)",
    rf"://[^\s/?#@:\"'<>\\]*:{_NO_PLACEHOLDER}([^\s/?#@\"'<>\\]+)@",
    rf"://{_NO_PLACEHOLDER}([^\s/?#@:\"'<>\\]{{12,}})@",
)
# A parameter of a URL or of a form, wherever the text has one.
_PARAMETER = rf"(?:\A|[?&])([\w.%~+-]{{1,100}})={_NO_PLACEHOLDER}([^\s&#\"'<>\\]+)"

# The ends of names, in lower case without hyphens and the like: `client_secret`, `x-api-key`.
_SECRET_NAMES = (
    *("accesskey", "apikey", "encryptionkey", "privatekey", "secretkey", "signingkey", "apikeys"),
    *("authorization", "cookie", "credential", "passphrase", "passwd", "password", "secret"),
    *("cookies", "credentials", "passwords", "secrets", "token"),
)
# These only say where a list goes on.
_PUBLIC_NAMES = ("continuationtoken", "nexttoken", "pagetoken")
_NO_LETTER = r"[^a-z0-9]"

# A field in a text of JSON. Inside of other texts, its quotes have backslashes before them.
_FIELD = r'(\\*)"([^"\\]{1,100})\1"\s*:(?:\s|\\+[nrt])*'
_QUOTE_OR_BRACKET = r'(\\*)"|[\[\]{}]'
_NUMBER = r"-?\d[\d.eE+-]*"

_SCHEMA_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_SCHEMA_WORDS = ("$ref", "allOf", "anyOf", "oneOf")


class _Cut(NamedTuple):
    """A part of a text, and what stands in its place."""

    start: int
    end: int
    instead: str = HIDDEN


class Scrubber:
    """Takes secrets out of texts, bytes, JSON values, targets of requests and events of streams.

    Args:
        secrets: texts that are secret, whatever they look like; short ones are passed over.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        own = dict.fromkeys(text for text in secrets if len(text) >= _SHORTEST_SECRET)
        self._forms = [re.compile(form) for form in (*_FORMS, *map(_all_spellings, own))]

    @classmethod
    def of(cls, headers: Mapping[str, str], target: str = "") -> Scrubber:
        """Return a scrubber that knows the secrets that a caller sends along.

        Args:
            headers: those of the request; the values of those with the name of a secret are secret.
            target: path and query of the request; so are its parameters.
        """
        query = parse_qsl(target.partition("?")[2])
        values = [value for name, value in (*headers.items(), *query) if _is_secret(name)]
        values += [value.rpartition(" ")[2] for value in values]  # without "Bearer"
        return cls([*values, *map(_as_utf8, values)])

    def text(self, text: str) -> str:
        """Return a text with "[secret]" in the place of secrets."""
        return self._pieces([text])[0]

    def content(self, content: bytes) -> bytes:
        """Return bytes, whatever they are, with "[secret]" in the place of secrets."""
        text = content.decode("latin-1")
        shown = self.text(text)
        return content if shown == text else shown.encode("latin-1")

    def value(self, value: Any) -> Any:
        """Return JSON values with "[secret]" in the place of secrets, in names as well."""
        return self._shown(value, "")

    def target(self, target: str) -> str:
        """Return path and query of a request with "[secret]" in the place of secrets."""
        path, mark, query = target.partition("?")
        return f"{self.text(path)}{mark}{'&'.join(map(self._parameter, query.split('&')))}"

    def events(self, events: Sequence[JSONObject]) -> list[JSONObject]:
        """Return the events of a stream, each with its `data`, with "[secret]" for secrets.

        The events stay as many as they are: what goes on in the next delta is taken out of it.
        """
        shown = [{**event, "data": _copied(event["data"])} for event in events]
        texts: dict[tuple[str, str], list[JSONObject]] = {}
        for event in shown:
            for owner in _owners(event["data"]):
                for name, value in owner.items():
                    if isinstance(value, str):
                        index = repr(event["data"].get("index"))
                        texts.setdefault((index, name), []).append(owner)
        for (_, name), owners in texts.items():
            for owner, piece in zip(
                owners, self._pieces([owner[name] for owner in owners]), strict=True
            ):
                owner[name] = piece
        return [self.value(event) for event in shown]

    def _shown(self, value: Any, name: str, *, of_schemas: bool = False) -> Any:
        """Return a value without secrets; one call a level, since bodies may be deep.

        Args:
            value: the value.
            name: that of the field in which it stands; "" if it stands in none.
            of_schemas: whether its own fields are named as the inputs that they describe.
        """
        if _is_secret(name) and value is not None and not isinstance(value, bool):
            return HIDDEN
        if isinstance(value, str):
            return self._base64(value) if name in ("base64", "data") else self.text(value)
        if is_list(value):
            items: list[Any] = []
            for each in value:
                items.append(self._shown(each, ""))  # noqa: PERF401  (a comprehension is a call)
            return items
        if not is_object(value):
            return value
        fields: JSONObject = {}
        for field, each in value.items():
            # A tool may have an input that is called "password"; its schema is no secret.
            owner = "" if of_schemas and _is_schema(each) else field
            shown = self._shown(each, owner, of_schemas=owner == "properties")
            fields[_unused(self.text(field), fields)] = shown
        return fields

    def _base64(self, text: str) -> str:
        """Return a text that may be base64, with secrets taken out of what it stands for as well.

        The caller's key may itself look like base64, so the text comes first.
        """
        shown = self.text(text)
        content = decoded(shown)
        if content is None:
            return shown
        clean = self.content(content)
        return shown if clean == content else base64.b64encode(clean).decode()

    def _parameter(self, parameter: str) -> str:
        name, equals, value = parameter.partition("=")
        given = unquote_plus(value)
        hidden = HIDDEN if given and _is_secret(unquote_plus(name)) else self.text(given)
        shown = value if hidden == given else quote(hidden, safe="[]")
        return f"{self.text(name)}{equals}{self.text(shown)}"

    def _pieces(self, parts: Sequence[str]) -> list[str]:
        """Return the parts of one text with "[secret]" in the parts in which secrets begin."""
        text = "".join(parts)
        cuts = self._cuts(text)
        if not cuts:
            return [*parts]
        shown: list[str] = []
        start = 0
        for part in parts:
            end = start + len(part)
            shown.append(_without(text, start, end, cuts))
            start = end
        return shown

    def _cuts(self, text: str) -> list[_Cut]:
        """Return what is to be cut out of a text, in order; no cut reaches into the next one."""
        found = [_Cut(*match.span(1)) for form in self._forms for match in form.finditer(text)]
        found += [
            _Cut(*match.span(2))
            for match in re.finditer(_PARAMETER, text)
            if _is_secret(unquote_plus(match[1]))
        ]
        if text.lstrip()[:1] in ("{", "["):
            found += _fields(text)
        cuts: list[_Cut] = []
        for cut in sorted(found, key=lambda cut: (cut.start, -cut.end)):
            if cuts and cut.start < cuts[-1].end:
                cuts[-1] = cuts[-1]._replace(end=max(cuts[-1].end, cut.end))
            else:
                cuts.append(cut)
        return cuts


def _without(text: str, start: int, end: int, cuts: Sequence[_Cut]) -> str:
    """Return what the cuts leave of a part of a text."""
    shown: list[str] = []
    at = start
    for cut in islice(cuts, bisect_right(cuts, start, key=lambda cut: cut.end), None):
        if cut.start >= end:
            break
        shown.append(text[at : cut.start])
        shown.append(cut.instead if cut.start >= start else "")
        at = min(cut.end, end)
    return "".join([*shown, text[at:end]])


def _fields(text: str) -> Iterator[_Cut]:
    """Yield the values of secret fields in a text of JSON, which may end early."""
    end = 0
    for match in re.finditer(_FIELD, text):
        backslashes, name = match.groups()
        start = match.end()
        quote_mark = f'{backslashes}"'
        if start < end or not _is_secret(name):  # looked at with the field around it, or public
            continue
        if text.startswith((quote_mark, "{", "["), start):
            end = _value_end(text, start, len(backslashes))
        elif number := re.compile(_NUMBER).match(text, start):
            end = number.end()
        else:
            continue
        yield _Cut(start, end, f"{quote_mark}{HIDDEN}{quote_mark}")


def _value_end(text: str, start: int, backslashes: int) -> int:
    """Return where the text, array or object that begins at `start` ends.

    Args:
        text: JSON.
        start: where the value begins.
        backslashes: how many stand before the quotes of its texts.
    """
    depth = 0
    quoted = False
    for match in re.compile(_QUOTE_OR_BRACKET).finditer(text, start):
        if match[1] is not None:
            # More backslashes belong to a quote in the text; twice as many are backslashes of its
            # own, before the quote that ends it.
            quoted ^= len(match[1]) % (2 * (backslashes + 1)) == backslashes
        elif not quoted:
            depth += 1 if match[0] in "[{" else -1
        if depth <= 0 and not quoted:
            return match.end()
    return len(text)


def _owners(data: Any) -> list[JSONObject]:
    """Return the objects in the data of an event whose texts go on in the next one's."""
    found = [data.get("content_block"), data.get("delta")] if is_object(data) else []
    return [owner for owner in found if is_object(owner)]


def _copied(data: Any) -> Any:
    """Return the data of an event with copies of the objects in which texts are replaced."""
    if not is_object(data):
        return data
    return {
        name: {**each} if name in ("content_block", "delta") and is_object(each) else each
        for name, each in data.items()
    }


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    plain = re.sub(_NO_LETTER, "", name.lower())
    shown = HIDDEN in name or plain.endswith(_PUBLIC_NAMES)
    return plain.endswith(_SECRET_NAMES) and not shown


def _is_schema(value: Any) -> bool:
    if not is_object(value):
        return False
    return value.get("type") in _SCHEMA_TYPES or any(word in value for word in _SCHEMA_WORDS)


def _unused(name: str, names: Mapping[str, Any]) -> str:
    """Return a name that is not there yet: of two secret ones, none must be lost."""
    number = 2
    free = name
    while free in names:
        free = f"{name} {number}"
        number += 1
    return free


def _as_utf8(value: str) -> str:
    """Return a header as its sender may have meant it; servers read headers as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _all_spellings(secret: str) -> str:
    """Return a pattern of a text as it is, escaped in JSON any number of times, or in a URL."""
    # Backslashes may stand before any character, so those of the secret are not looked for.
    characters = map(_spellings, secret.replace("\\", ""))
    return "(" + r"(?:\\|%5[cC])*?".join(characters) + ")"


def _spellings(character: str) -> str:
    units = character.encode("utf-16-be")
    escaped = "".join(rf"\\u{_hex(units[at : at + 2])}" for at in range(0, len(units), 2))
    in_url = "".join(f"%{_hex(bytes([byte]))}" for byte in character.encode())
    return f"(?:{re.escape(character)}|{escaped}|{in_url})"


def _hex(content: bytes) -> str:
    """Return a pattern of the hexadecimal digits of bytes, in either case."""
    return re.sub("[a-f]", lambda digit: f"[{digit[0]}{digit[0].upper()}]", content.hex())
