"""Makers of what Claude may say: plain dicts in the form of the API, to be given to a script.

A maker leaves out what the server can fill in: the ids of tool calls, the signatures of thinking,
and where in a document a citation stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..._wire.json import JSONObject, is_object

__all__ = ["LOCATION", "citation", "refusal", "text", "thinking", "tool_use"]

LOCATION: Mapping[str, type] = {
    "type": str,
    "document_index": int,
    "document_title": str,
    "file_id": str,
    "start_char_index": int,
    "end_char_index": int,
    "start_page_number": int,
    "end_page_number": int,
    "start_block_index": int,
    "end_block_index": int,
    "search_result_index": int,
    "encrypted_index": str,
    "source": str,
    "url": str,
}
"""The fields of the API that say where a citation stands."""


def text(text: str, *citations: JSONObject) -> JSONObject:
    """Return a text block.

    Args:
        text: what it says.
        *citations: what it cites; see `citation`.
    """
    _check("text", text)
    for each in citations:
        if not is_object(each):
            raise TypeError(f"text: {each!r} is no citation; give citation(…)")
    block: JSONObject = {"type": "text", "text": text}
    return {**block, "citations": list(citations)} if citations else block


def thinking(thinking: str, *, signature: str | None = None) -> JSONObject:
    """Return a thinking block.

    Args:
        thinking: what is thought.
        signature: its signature; by default the server signs it, and takes it back as genuine.
    """
    _check("thinking", thinking)
    _check("thinking: signature", signature, None)
    block: JSONObject = {"type": "thinking", "thinking": thinking}
    return block if signature is None else {**block, "signature": signature}


def tool_use(name: str, input: Mapping[str, Any] | None = None, /, **arguments: Any) -> JSONObject:
    """Return a tool call, whose id is made when it is sent.

    For an id of your own: ``{**tool_use("weather"), "id": "toolu_1"}``.

    Args:
        name: the tool.
        input: its input; for names that are no keywords of Python.
        **arguments: more of its input.
    """
    _check("tool_use", name)
    if not isinstance(cast("object", input), Mapping | None):
        raise TypeError(f"tool_use: input: {input!r}; give a dict, or the input as keywords")
    return {"type": "tool_use", "name": name, "input": {**(input or {}), **arguments}}


def citation(
    cited_text: str, *, document: int = 0, title: str | None = None, **location: Any
) -> JSONObject:
    """Return a citation, for `text`.

    The server fills in where the text stands in the document of the request, and its title.

    Args:
        cited_text: the text that is quoted.
        document: the number of the document in the request, from 0.
        title: the document's title; by default that of the request.
        **location: fields of the API that replace what is found, e.g. ``type="page_location",
            start_page_number=2, end_page_number=3``.
    """
    _check("citation", cited_text)
    _check("citation: title", title, None)
    _check_location({"document": document, **location})
    made: JSONObject = {"cited_text": cited_text, "document_index": document}
    return {**made, **({} if title is None else {"document_title": title}), **location}


def refusal(explanation: str | None = None, *, category: str | None = None) -> JSONObject:
    """Return a refusal: the stop reason becomes "refusal", with these details.

    Args:
        explanation: what is said about it.
        category: what kind of content was refused, as the API names it.
    """
    _check("refusal", explanation, None)
    _check("refusal: category", category, None)
    return {"type": "refusal", "category": category, "explanation": explanation}


def _check(name: str, text: object, *also: None) -> None:
    if not isinstance(text, str) and text not in also:
        raise TypeError(f"{name}: {text!r}; give a str")


def _check_location(location: Mapping[str, Any]) -> None:
    for name, value in location.items():
        kind = int if name == "document" else LOCATION.get(name)
        if kind is None:
            known = ", ".join(("document", "title", *LOCATION))
            raise TypeError(f"citation: {name}: unknown; give {known}")
        if not isinstance(value, kind) or isinstance(value, bool):
            what = "a number from 0" if kind is int else "a str"
            raise TypeError(f"citation: {name}: {value!r}; give {what}")
        if isinstance(value, int) and value < 0:
            raise ValueError(f"citation: {name}: {value}; give a number from 0")
