"""A row to the parameters of a call: columns put into a template, or parameters as they are."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from .._wire.json import dumps, is_list, is_object
from .._wire.json_writer import NotJSONError
from .._wire.secret import HIDDEN, is_secret_header
from ..inputs.documents import document
from ..inputs.images import image
from ..outputs import format_of
from ..types.params import CreateParams
from .seen import digest_of

__all__ = ["Prompts", "TemplateInput"]

TemplateInput: TypeAlias = str | Mapping[str, Any]
"""A text with the names of columns in braces, or a dict of parameters whose texts have them."""

_PARAMS: frozenset[str] = CreateParams.__required_keys__ | CreateParams.__optional_keys__
# What a row or a template may hold beside parameters.
_PROMPT, _ATTACH = "prompt", "attach"
_IDS = ("id", "custom_id")
# What of a row may hold blocks with cache marks; `params` is that of a line of a batch.
_BLOCKS = frozenset({"tools", "system", "messages", "params"})
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


class Prompts:
    """How the rows of a run become calls."""

    def __init__(
        self,
        params: Mapping[str, Any] | None,
        template: TemplateInput | None,
        output_format: Any = None,
    ) -> None:
        """Take what all rows have in common.

        Args:
            params: parameters of `messages.create`, for the rows that do not have them.
            template: see `TemplateInput`. `prompt` in it is the text of the user, `attach` a path
                or a list of paths of images and documents that stand before it.
            output_format: a type, as for `messages.parse`.

        Raises:
            TypeError: one of them is of the wrong type, or there is no such parameter.
            ValueError: the braces of a template do not fit.
        """
        self._params: Final = {**(params or {})}
        self.template: Final = {_PROMPT: template} if isinstance(template, str) else template
        if template is not None and not isinstance(self.template, Mapping):
            raise TypeError(f"template: {template!r}; give a text or a dict of parameters")
        for name, given in (("params", self._params), ("template", self.template or {})):
            beside = {_PROMPT, _ATTACH} if name == "template" else set[str]()
            if unknown := sorted({*given} - _PARAMS - beside):
                raise TypeError(f"{name}: messages.create has no parameter {unknown[0]!r}")
        self.columns: Final = _columns_in(self.template)
        """The columns that the template names."""
        self._has_marks = "cache_control" in repr((self._params, self.template))
        if output_format is not None:
            config: Any = self._params.get("output_config") or {}
            self._params["output_config"] = {**config, "format": format_of(output_format)}

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same when the run is resumed."""
        template = None if self.template is None else _without_secrets(self.template)
        return {"params": _without_secrets(self._params), "template": template}

    def id_of(self, value: Any) -> str | None:
        """Return the id of a row, in its column `id` or `custom_id`; None if it brings none."""
        if is_object(value):
            for name in _IDS:
                if value.get(name) is not None and value[name] != "":
                    # Half of a character, which no file can hold, becomes a question mark.
                    return str(value[name]).encode(errors="replace").decode()
        return None

    def substance(self, value: Any) -> bytes:
        """Return what of a row goes into its call: equal rows have the same."""
        if is_object(value):
            if self.template is not None:
                value = {name: value.get(name) for name in self.columns}
            else:
                value = {name: each for name, each in value.items() if name not in _IDS}
        try:
            return dumps(value, sort=True)
        except NotJSONError:  # a date of a table
            return repr(value).encode()

    def reads_files(self, value: Any) -> bool:
        """Return whether the call of a row holds files, which are read first."""
        given: Any = self.template if self.template is not None else value
        return (is_object(given) or isinstance(given, Mapping)) and _ATTACH in given

    def marked_prefix(self, value: Any, params: Mapping[str, Any]) -> bytes | None:
        """Return a digest of a prompt up to its first cache mark; None if it has none.

        Args:
            value: the row.
            params: the parameters that it became.
        """
        brings_blocks = self.template is None and is_object(value) and not _BLOCKS.isdisjoint(value)
        if not (self._has_marks or brings_blocks):
            return None  # most rows: a text has no marks
        before: list[Any] = [params.get("model")]
        for block in _blocks_of(params):
            before.append(block)
            if is_object(block) and "cache_control" in block:
                return digest_of(dumps(before))
        return None

    def params_of(self, value: Any) -> dict[str, Any]:
        """Return the parameters of the call of a row; files are read.

        Raises:
            ValueError: the row lacks something, or has too much; the message says what.
            OSError: a file cannot be read.
        """
        if isinstance(value, str):
            value = {_PROMPT: value}
        if not is_object(value):
            raise ValueError(f"a row is a dict or a text, not {type(value).__name__}")
        if self.template is not None:
            given = _filled(self.template, value)
        elif is_object(value.get("params")):
            given = {**value["params"]}  # a line of a batch
        else:
            given = {name: each for name, each in value.items() if name not in _IDS}
        attached = given.pop(_ATTACH, None)
        prompt = given.pop(_PROMPT, None)
        if not _PARAMS.issuperset(given):
            unknown = sorted({*given} - _PARAMS)
            raise ValueError(
                f"messages.create has no parameter {unknown[0]!r}; to put columns into a prompt,"
                f" give a template such as 'Summarize: {{{unknown[0]}}}'"
            )
        # What a table has no value for is None: it means that of `params`.
        given = {name: each for name, each in given.items() if each is not None}
        if prompt is not None or attached is not None:
            given["messages"] = [*given.get("messages", ()), _turn(prompt, attached)]
        params = {**self._params, **given}
        if params.get("stream"):
            raise ValueError("stream: a run receives whole messages; leave it out")
        for name in ("model", "max_tokens", "messages"):
            if name not in params:
                raise ValueError(f"{name} is missing: neither the row nor params= has it")
        return params


def _without_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    headers: Any = fields.get("extra_headers")
    if not isinstance(headers, Mapping):
        return {**fields}
    shown = {
        name: HIDDEN if is_secret_header(name) else value
        for name, value in cast("Mapping[str, Any]", headers).items()
    }
    return {**fields, "extra_headers": shown}


def _blocks_of(params: Mapping[str, Any]) -> Iterator[Any]:
    """Give the blocks of a prompt in the order in which the API caches them."""
    yield from params.get("tools") or ()
    for part in (params.get("system"), *(each["content"] for each in params["messages"])):
        yield from part if is_list(part) else (part,)


def _turn(prompt: Any, attached: Any) -> dict[str, Any]:
    if not (prompt is None or isinstance(prompt, str) or is_list(prompt)):
        prompt = str(prompt)  # a number of a table
    paths = attached if is_list(attached) else [] if attached is None else [attached]
    if not paths:
        return {"role": "user", "content": prompt}
    blocks: list[Any] = [_attachment(path) for path in paths]
    if prompt:
        blocks.append({"type": "text", "text": prompt})
    return {"role": "user", "content": blocks}


def _attachment(path: Any) -> Any:
    if not isinstance(path, str):
        raise ValueError(f"attach: {path!r} is not a path")  # noqa: TRY004 (of a row)
    make: Callable[[Any], Any] = image if path.lower().endswith(_IMAGES) else document
    # As a path: a text would be a document of its own.
    return make(path if path.startswith(("https://", "file_")) else Path(path))


def _filled(part: Any, row: Mapping[str, Any]) -> Any:
    """Return a part of a template with the columns of a row in its texts."""
    if isinstance(part, str):
        return _filled_text(part, row)
    if isinstance(part, Mapping):
        return {name: _filled(each, row) for name, each in cast("Mapping[str, Any]", part).items()}
    if is_list(part):
        return [_filled(each, row) for each in part]
    return part


def _filled_text(text: str, row: Mapping[str, Any]) -> Any:
    pieces: list[str] = []
    for literal, column, *_ in _parsed(text):
        pieces.append(literal)
        if column is None:
            continue
        if column not in row:
            there = ", ".join(map(repr, row)) or "none"
            raise ValueError(f"the column {column!r} is missing; there are {there}")
        if row[column] is None:
            raise ValueError(f"the column {column!r} is empty")
        # A whole text that is one column keeps the type of its value: a list stays a list.
        if text == f"{{{column}}}":
            return row[column]
        pieces.append(str(row[column]))
    return "".join(pieces)


def _columns_in(part: Any) -> frozenset[str]:
    """Return the columns that a template names.

    Raises:
        ValueError: its braces do not fit.
    """
    if isinstance(part, str):
        try:
            return frozenset(column for _, column, *_ in _parsed(part) if column is not None)
        except ValueError as error:
            raise ValueError(
                f"template: {error} in {part!r}; write {{{{ and }}}} for braces of the text itself"
            ) from None
    if isinstance(part, Mapping):
        part = [*part.values()]
    if is_list(part):
        return frozenset[str]().union(*map(_columns_in, part))
    return frozenset()


def _parsed(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    return [*string.Formatter().parse(text)]
