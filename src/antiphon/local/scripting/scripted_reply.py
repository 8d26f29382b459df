"""A reply that somebody wrote, made into what the server sends: ids, signatures and usage added.

A reply is given as texts, content blocks, a whole message (such as one that was recorded), or a
function from the request to one of these. It is never cut: neither `max_tokens` nor a stop sequence
of the request changes what a script says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeAlias, cast, get_args

from ..._wire.json import JSONObject, dumps, is_list, is_object
from ...catalog.stop_reasons import StopReason
from ...catalog.tokens import output_tokens
from ..api.direction import MessageRequest, Write, Writing, Written
from ..api.steps import Consult, Flow
from ..replies.ids import new_id
from ..replies.reply import complete_reply
from ..replies.signatures import NONCE_BYTES
from .quotation import located

__all__ = ["COUNTS", "NEEDED", "STOP_REASONS", "Content", "Said", "ScriptedReply"]


class HasDict(Protocol):
    """A message or a block of this package or of the official one."""

    def model_dump(self) -> Mapping[str, Any]:
        """Return it as JSON values."""
        ...


Content: TypeAlias = (
    str | Mapping[str, Any] | HasDict | Sequence[Any] | Callable[[MessageRequest], Any]
)
"""What may be said: a text, a content block, a list of both, a message, or a function."""

_IDS = {"tool_use": "toolu", "server_tool_use": "srvtoolu", "mcp_tool_use": "mcptoolu"}
# What the server needs of a block to send it. Blocks of other types are sent as they are.
NEEDED: Mapping[str, Mapping[str, type]] = {
    "text": {"text": str},
    "thinking": {"thinking": str},
    "redacted_thinking": {"data": str},
    **{kind: {"name": str, "input": dict} for kind in _IDS},
}
_NOTHING: Mapping[str, type] = {}
STOP_REASONS: tuple[str, ...] = get_args(StopReason)
COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)
_ALWAYS = COUNTS[:2]
# What a message brings that is not its content. Its other fields are kept as they are.
_NOT_KEPT = ("content", "role", "type", "usage")


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """What a rule says: contents to be said together."""

    contents: Sequence[Content]
    stop_reason: str | None = None
    """Why the message ends; by default that follows from the content."""
    usage: Mapping[str, int] = field(default_factory=dict[str, int])
    """Counts of the usage that are given; the others follow from request and reply."""

    def __post_init__(self) -> None:
        """Refuse what cannot be said here, where the traceback leads to the mistake."""
        known = [each for each in self.contents if not callable(each)]
        if known or not self.contents:
            Said.of(known).check()
        if self.stop_reason not in (None, *STOP_REASONS):
            raise _unknown_stop_reason(self.stop_reason)
        _check_usage(self.usage)

    def writer(self, request: MessageRequest) -> Write:
        """Return what writes the reply to a request."""

        def write(writing: Writing) -> Flow[Written]:
            contents: list[Content] = []
            for content in self.contents:
                if callable(content):
                    contents.append((yield Consult(partial(content, request))))
                else:
                    contents.append(content)
            said = Said.of(contents)
            if any(map(callable, self.contents)):  # the rest was checked when the rule was made
                said.check()
            return self._written(said, writing)

        return write

    def _written(self, said: Said, writing: Writing) -> Written:
        body, rng = writing.body, writing.rng
        identifier = new_id("msg", rng)
        # Ids first: the digest of a request decides them, not what is signed or counted later.
        blocks = [located(_with_id(block, writing), body) for block in said.blocks]
        reply = complete_reply(
            body,
            blocks,
            [_signed(block, writing) for block in blocks],
            identifier=identifier,
            stop_reason=self.stop_reason or said.stop_reason,
            stop_sequence=None,
            stop_details=said.refusal,
            tokens=sum(output_tokens(body["model"], block) for block in blocks),
            raw_inputs={},
            rng=rng,
            now=writing.now,
        )
        given = {} if self.stop_reason is None else {"stop_reason": self.stop_reason}
        return Written(reply, {**said.fields, **given}, {**said.usage, **self.usage})


@dataclass(slots=True)
class Said:
    """Contents, taken apart."""

    blocks: list[JSONObject] = field(default_factory=list[JSONObject])
    refusal: JSONObject | None = None
    """The details of a refusal, if it is one."""
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a whole message says besides its content."""
    usage: JSONObject = field(default_factory=dict[str, Any])
    """The usage of a whole message."""

    @classmethod
    def of(cls, contents: Sequence[Content]) -> Said:
        """Return contents taken apart.

        Raises:
            TypeError: one of them is nothing that can be said, or there are none.
        """
        said = cls()
        part = None
        for part in _parts(contents):
            if part.get("type") == "message" or ("content" in part and "role" in part):
                said._add_message(part)
            elif part.get("type") == "refusal":
                said.refusal = part
            else:
                said.blocks.append(_checked(part))
        if part is None:
            raise TypeError(
                "reply: nothing is said; give a text, or a message without content:"
                " {'type': 'message', 'content': []}"
            )
        return said

    def _add_message(self, message: JSONObject) -> None:
        usage: object = message.get("usage") or {}
        if not is_object(usage):
            raise TypeError(f"reply: usage: {usage!r}; give a dict of counts")
        for name in usage.keys() & {*COUNTS}:
            if not isinstance(usage[name], int) and (usage[name] is not None or name in _ALWAYS):
                raise TypeError(f"reply: usage: {name}: {usage[name]!r}; give a number from 0")
        self.fields |= {name: message[name] for name in message if name not in _NOT_KEPT}
        self.usage |= usage
        self.blocks += map(_checked, _parts(message.get("content", [])))

    def check(self) -> None:
        """Check that all of it can be sent.

        Raises:
            TypeError: something is not JSON.
        """
        try:
            dumps([self.blocks, self.refusal, self.fields, self.usage])
        except TypeError as error:
            raise TypeError(f"reply: {error}") from error

    @property
    def stop_reason(self) -> str:
        """Why a message with this content ends."""
        if self.refusal is not None:
            return "refusal"
        calls = any(block.get("type") == "tool_use" for block in self.blocks)
        return "tool_use" if calls else "end_turn"


def _parts(content: Content) -> Iterator[JSONObject]:
    """Yield the blocks and messages of a content as JSON values."""
    if isinstance(content, str):
        yield {"type": "text", "text": content}
    elif is_object(content):
        yield dict(content)
    elif is_list(content) or isinstance(content, tuple):
        for item in cast("Sequence[Content]", content):
            yield from _parts(item)
    # Messages and blocks of this package and of the official one, whatever their version.
    elif (as_dict := getattr(content, "to_dict", None)) or (
        as_dict := getattr(content, "model_dump", None)
    ):
        yield as_dict()
    else:
        raise TypeError(
            f"reply: {content!r} cannot be said; give a text, a content block such as"
            " tool_use(…), a list of both, a message, or a function that returns one of these"
        )


def _checked(block: JSONObject) -> JSONObject:
    """Return a block that the server can send."""
    kind = block.get("type")
    if not isinstance(kind, str):
        raise TypeError(
            f"reply: {block!r} is no content block, it has no `type`; a citation belongs"
            " into a text: text(…, citation(…))"
        )
    for name, needed in NEEDED.get(kind, _NOTHING).items():
        if not isinstance(block.get(name), needed):
            raise TypeError(f"reply: {block!r} has no `{name}`; give a {needed.__name__}")
    if not isinstance(block.get("id"), str | None):
        raise TypeError(f"reply: id: {block['id']!r}; give a str, or leave it out")
    for cited in block.get("citations") or ():
        _check_citation(cited)
    return block


def _check_citation(cited: object) -> None:
    # One with a type is sent as it is; the others are looked for in the documents.
    if is_object(cited) and ("type" in cited or isinstance(cited.get("cited_text"), str)):
        return
    raise TypeError(f"reply: {cited!r} is no citation; give citation(…)")


def _unknown_stop_reason(stop_reason: object) -> Exception:
    if not isinstance(stop_reason, str):
        return TypeError(f"stop_reason: {stop_reason!r}; give a text such as 'max_tokens'")
    return ValueError(
        f"stop_reason: {stop_reason!r} is none of the API; give one of {', '.join(STOP_REASONS)}."
        " For another one give a whole message: {'type': 'message', 'content': …, 'stop_reason': …}"
    )


def _check_usage(usage: object) -> None:
    if not isinstance(usage, Mapping):
        raise TypeError(f"usage: {usage!r}; give counts, e.g. {{'output_tokens': 10}}")
    for name, count in cast("Mapping[object, object]", usage).items():
        if name not in COUNTS:
            raise ValueError(
                f"usage: {name!r} is no count; give {', '.join(COUNTS)}. For other fields give a"
                " whole message: {'type': 'message', 'content': …, 'usage': …}"
            )
        if not isinstance(count, int) or isinstance(count, bool):
            raise TypeError(f"usage: {name}: {count!r}; give a number from 0")
        if count < 0:
            raise ValueError(f"usage: {name}: {count}; give a number from 0")


def _with_id(block: JSONObject, writing: Writing) -> JSONObject:
    prefix = _IDS.get(str(block.get("type")))
    if prefix is None or block.get("id"):
        return block
    # In the order of the API's fields.
    return {"type": block["type"], "id": "", **block} | {"id": new_id(prefix, writing.rng)}


def _signed(block: JSONObject, writing: Writing) -> JSONObject:
    if block.get("type") != "thinking" or block.get("signature"):
        return block
    nonce = writing.rng.randbytes(NONCE_BYTES)
    return {**block, "signature": writing.signatures.sign(block["thinking"], nonce)}
