"""Requests of a journal and what they got, as a script in the form of script files.

Each request becomes a rule that answers once, and the rules stand in the order of the requests. So
the same requests in the same order get the same again, whatever their conditions have in common.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..._wire.json import JSONObject, is_object
from ..api.answer import Answer
from ..api.direction import Fault, MessageRequest
from ..api.errors import RequestRefusedError
from ..api.journal import Recorded
from ..api.message_view import MessageView
from .failure import failure
from .matchers import has_image
from .scripted_reply import STOP_REASONS, Said

__all__ = ["script_of"]

_log = logging.getLogger("antiphon.local")

# Those that mean something outside of sets; `re.escape` would make blanks hard to read, too.
_SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
# What the server makes again: the same request gets the same ids.
_MADE_AGAIN = {"tool_use": "id", "thinking": "signature"}


def script_of(requests: Iterable[Recorded]) -> JSONObject:
    """Return a script that gives such requests what these got.

    What the server refuses by itself is left out. So is what no rule can say; that is logged.
    """
    asked = [(request, answer) for request in requests for answer in request.answers]
    asked.sort(key=lambda each: each[1].order)
    return {"rules": [rule for each in asked if (rule := _logged_rule(*each)) is not None]}


def _logged_rule(request: Recorded, answer: Answer) -> JSONObject | None:
    try:
        return {
            "when": _condition(_view(request, answer)),
            **_outcome(answer),
            "times": 1,
            **_faults(answer.faults),
        }
    except ValueError as reason:
        item = "" if answer.item is None else f", item {answer.item}"
        _log.warning("script: request %s%s is left out: %s", request.request_id, item, str(reason))
        return None


def _view(request: Recorded, answer: Answer) -> MessageView:
    """Return the request, or the one in the item of its batch."""
    body = request.body
    if not is_object(body):
        raise ValueError("its body was not kept as JSON")
    if answer.item is not None:
        body = body["requests"][answer.item]["params"]
    # The journal reads its entry anew for each question.
    return MessageRequest(body, request.headers, request.request_id, ())


def _condition(request: MessageView) -> JSONObject:
    """Return a condition that tells a request from others."""
    # Not the whole conversation: a script is to outlive small changes of the program.
    escaped = _SPECIAL.sub(r"\\\g<0>", request.text)
    condition: JSONObject = {"turn": request.turn, "user_text": {"regex": rf"\A{escaped}\Z"}}
    if "thread" in request.body:  # which holds the turns before
        del condition["turn"]
    if request.results:
        condition["has_result"] = request.result_tools[-1] or True
    if has_image()(request):
        condition["has_image"] = True
    return condition


def _outcome(answer: Answer) -> JSONObject:
    if answer.outcome is None:
        raise ValueError("it has got nothing yet")
    if isinstance(answer.outcome, RequestRefusedError):
        return _failure(answer.outcome)
    return _reply(answer.outcome)


def _failure(refusal: RequestRefusedError) -> JSONObject:
    if refusal.details:
        raise ValueError(f"no rule says {refusal.message}")
    rule: JSONObject = {"fail": refusal.status}
    if refusal.message != failure(refusal.status).message:
        rule["message"] = refusal.message
    wait = dict(refusal.headers).get("retry-after")
    if wait is not None:
        rule["retry_after"] = int(wait) if wait.isdecimal() else wait
    return rule


def _reply(message: JSONObject) -> JSONObject:
    blocks, reason, details = message["content"], message["stop_reason"], message["stop_details"]
    if (
        message["stop_sequence"] is not None
        or reason not in STOP_REASONS
        or not (blocks or details)
        or (details and details.get("type") != "refusal")
    ):
        return {"reply": _whole(message)}
    said = [*map(_part, blocks), *([_refusal(details)] if details else ())]
    rule: JSONObject = {"reply": said[0] if len(said) == 1 else said}
    if reason != Said.of([*blocks, *([details] if details else ())]).stop_reason:
        rule["stop_reason"] = reason
    return rule


def _whole(message: JSONObject) -> JSONObject:
    """Return a message as the API writes it, without what the server makes again."""
    return {
        "type": "message",
        "role": "assistant",
        "content": [
            {name: block[name] for name in block if name != _MADE_AGAIN.get(block["type"])}
            for block in message["content"]
        ],
        **{name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")},
    }


def _part(block: JSONObject) -> Any:
    """Return a content block as it is written in a file; ids and signatures are made again."""
    match block:
        case {"type": "text", "text": text, **more} if not any(more.values()):
            return text
        case {"type": "thinking", "thinking": thinking, **more} if _is_short(more, "signature"):
            return {"thinking": thinking}
        case {"type": "tool_use", "name": name, "input": made, **more} if _is_short(more, "id"):
            return {"tool_use": name, "input": made}
        case _:
            return block


def _refusal(details: JSONObject) -> JSONObject:
    match details:
        case {"explanation": str() | None as said, "category": str() | None as category, **more}:
            if _is_short(more, "type"):
                return {"refusal": said, **({"category": category} if category else {})}
            return details
        case _:
            return details


def _is_short(more: Mapping[str, Any], left_out: str) -> bool:
    return not more.keys() - {left_out}


def _faults(faults: Iterable[Fault]) -> JSONObject:
    names = [_named(fault) for fault in faults]
    return {"faults": names} if names else {}


def _named(fault: Fault) -> str:
    """Return how a file names a fault."""
    from .faults.by_name import named
    from .faults.fault import NamedFault
    from .faults.schedule import Happening

    if isinstance(fault, Happening):
        fault = fault.fault
    name = fault.name if isinstance(fault, NamedFault) else getattr(fault, "__name__", repr(fault))
    # The names of the catalogue, and those that are made with an argument: status(418).
    for written in (name, re.sub(r"_([^_]+)$", r"(\1)", name)):
        try:
            known = named(written)
        except ValueError:
            continue
        if isinstance(fault, NamedFault) and known.sentence == fault.sentence:
            return written
    raise ValueError(f"its fault {name} is none of the catalogue")
