"""A reply that somebody wrote, made into what the server sends: ids, signatures and usage added.

A reply is given as texts, content blocks, a whole message (such as one that was recorded), or a
function from the request to one of these. It is never cut: neither `max_tokens` nor a stop sequence
of the request changes what a script says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeAlias, cast

from ..._wire.json import JSONObject, is_list, is_object
from ...catalog.tokens import output_tokens
from ..api.direction import MessageRequest, Write, Writing, Written
from ..api.steps import Consult, Flow
from ..replies.ids import new_id
from ..replies.reply import complete_reply
from ..replies.signatures import NONCE_BYTES
from .quotation import located

__all__ = ["Content", "Said", "ScriptedReply"]


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

    def writer(self, request: MessageRequest) -> Write:
        """Return what writes the reply to a request."""

        def write(writing: Writing) -> Flow[Written]:
            said: list[Content] = []
            for content in self.contents:
                if callable(content):
                    said.append((yield Consult(partial(content, request))))
                else:
                    said.append(content)
            return self._written(Said.of(said), writing)

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
            TypeError: one of them is nothing that can be said.
        """
        said = cls()
        for part in _parts(contents):
            if part.get("type") == "message" or ("content" in part and "role" in part):
                said.fields |= {name: part[name] for name in part if name not in _NOT_KEPT}
                said.usage |= part.get("usage") or {}
                said.blocks += _parts(part.get("content", []))
            elif part.get("type") == "refusal":
                said.refusal = part
            elif not isinstance(part.get("type"), str):
                raise TypeError(
                    f"reply: {part!r} is no content block, it has no `type`; a citation belongs"
                    " into a text: text(…, citation(…))"
                )
            else:
                said.blocks.append(part)
        return said

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


def _with_id(block: JSONObject, writing: Writing) -> JSONObject:
    prefix = _IDS.get(str(block.get("type")))
    if prefix is None or block.get("id"):
        return block
    # In the order of the API's fields.
    return {"type": block["type"], "id": new_id(prefix, writing.rng), **block}


def _signed(block: JSONObject, writing: Writing) -> JSONObject:
    if block.get("type") != "thinking" or block.get("signature"):
        return block
    nonce = writing.rng.randbytes(NONCE_BYTES)
    return {**block, "signature": writing.signatures.sign(block["thinking"], nonce)}
