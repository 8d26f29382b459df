"""What would differ in a program written for the official package, found by reading its source.

Three things are looked at: the names that a module takes from `anthropic`, the calls of its clients
(``….messages.create(…)``, and so on), and the arguments of both. Names are looked up where an
import would find them, and methods on a client of ours, so nothing here has to be kept in step with
the rest. What a program does with variables is not followed: the result is a list of places to look
at, not a proof.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from .refusals import Refused

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, order=True)
class Difference:
    """A place in a program where antiphon is not like the official package."""

    line: int
    """The line, from 1."""
    what: str
    """The name or the call, as it is written."""
    advice: str
    """What to do."""


# The attributes of a client that lead to its methods, and the methods. Both are needed to tell a
# call of the API from `state.messages.append(…)`.
_RESOURCES = {"beta", "completions", "files", "messages", "models", "organization", "skills"}
_METHODS = {
    "cancel",
    "count_tokens",
    "create",
    "delete",
    "download",
    "list",
    "parse",
    "results",
    "retrieve",
    "retrieve_metadata",
    "stream",
    "thread",
    "tool_runner",
    "upload",
}

_ADVICE = (
    (r"completions\..*", "the Text Completions API is retired; call messages.create"),
    (r".*", "antiphon has no such method; client.post(path, cast_to=…, body=…) calls any endpoint"),
)
"""What to do instead of a method that is not there: the first pattern that fits tells."""


def differences(source: str) -> list[Difference]:
    """Return what would differ in a module, in the order of its lines.

    Args:
        source: the text of the module.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = ast.parse(source)
    names = dict(_imported(tree))
    if not names:
        return []
    return sorted({*_names(tree, names), *_calls(tree, names), *_texts(tree)})


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give what a module calls the things of `anthropic`, and their full names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "anthropic":
                    top = alias.asname or "anthropic"
                    yield top, alias.name if alias.asname else "anthropic"
        elif isinstance(node, ast.ImportFrom) and _is_official(node):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _is_official(node: ast.ImportFrom) -> bool:
    return not node.level and (node.module or "").partition(".")[0] == "anthropic"


def _names(tree: ast.AST, names: dict[str, str]) -> Iterator[Difference]:
    """Give the names of `anthropic` that are refused or not there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _is_official(node):
            found = [f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"]
        elif isinstance(node, ast.Attribute):
            chain = _chain(node)
            found = (
                [".".join([names[chain[0]], *chain[1:]])] if chain[:1] and chain[0] in names else []
            )
        else:
            continue
        for name in found:
            advice = _advice_on(name)
            if advice is not None:
                yield Difference(node.lineno, name, advice)


def _advice_on(name: str) -> str | None:
    """Return what to do about a full name of `anthropic`; None if we have it."""
    owner, _, last = name.rpartition(".")
    try:
        found = _found(name)
    except (ImportError, AttributeError):
        # What a class has is not looked at, and of a name only the first missing part is told.
        return f"antiphon has no {last}" if _is_module(owner) else None
    return found.sentence.partition(": ")[2] if isinstance(found, Refused) else None


def _is_module(name: str) -> bool:
    try:
        return isinstance(_found(name), ModuleType)
    except (ImportError, AttributeError):
        return False


def _found(name: str) -> object:
    """Return the thing that a full name of `anthropic` stands for."""
    found: object = import_module("antiphon")
    path = "antiphon"
    for part in name.split(".")[1:]:
        path = f"{path}.{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            found = import_module(path)
    return found


def _calls(tree: ast.AST, names: dict[str, str]) -> Iterator[Difference]:
    """Give the calls of a client that we do not have, and arguments that we do not take."""
    client = import_module("antiphon").Client(api_key="none")  # nothing is sent with it
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        chain = _chain(node.func)
        method: object = None
        if chain and names.get(chain[0], "").startswith("anthropic") and "Anthropic" in chain[-1]:
            method = getattr(import_module("antiphon"), chain[-1], None)
            written = chain[-1]
        else:
            path = _path_on_a_client(chain)
            if not path:
                continue
            written = ".".join(path)
            method = _reached(client, path)
            if method is None:
                advice = next(text for pattern, text in _ADVICE if re.fullmatch(pattern, written))
                yield Difference(node.lineno, written, advice)
        yield from _arguments(node, written, method)


def _path_on_a_client(chain: list[str]) -> list[str]:
    """Return the part of a dotted name that leads from a client to a method; [] if none does."""
    # A client, a resource and a method: shorter names are calls of something else.
    if len(chain) < 3 or chain[-1] not in _METHODS:
        return []
    starts = [at for at, part in enumerate(chain) if at and part in _RESOURCES]
    return chain[starts[0] :] if starts else []


def _reached(client: object, path: list[str]) -> object:
    found: object = client
    for part in path:
        found = getattr(found, part, None)
    return found


def _arguments(call: ast.Call, written: str, method: object) -> Iterator[Difference]:
    """Give the keywords of a call that a method of ours does not take."""
    if method is None or isinstance(method, Refused) or not callable(method):
        return
    parameters = inspect.signature(method).parameters
    # Such a method takes any keyword, so its signature says nothing.
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg not in parameters:
            advice = f"{written}() takes no {keyword.arg}; extra_body={{…}} sends any field"
            if "." not in written:
                advice = f"{written}() takes no {keyword.arg}"
            yield Difference(call.lineno, f"{written}({keyword.arg}=…)", advice)


def _texts(tree: ast.AST) -> Iterator[Difference]:
    """Give texts that a program compares with the official package's messages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and str(node.value).startswith("Error code: "):
            advice = "the text of an error is another one; read error.status_code and error.type"
            yield Difference(node.lineno, repr(node.value), advice)


def _chain(node: ast.AST) -> list[str]:
    """Return the parts of a dotted name, [] for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif isinstance(node, ast.Call):  # `Anthropic().messages.create(…)`
        parts.append("()")
    else:
        return []
    return parts[::-1]
