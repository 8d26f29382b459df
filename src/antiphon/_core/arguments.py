"""Methods whose keyword arguments are the keys of a TypedDict: checked, and shown to people.

Such a method is written `def create(self, **params: Unpack[CreateParams])`, so that each parameter
is named, typed and described once, in the TypedDict. Python itself would then accept any name and
`help()` would show none. `check_names` refuses wrong names in Python's own words, and `keywords`
gives the method a docstring and a signature made from the TypedDict.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import cache
from inspect import CO_VARARGS, Parameter, Signature, cleandoc, currentframe, getsource
from textwrap import indent
from types import MappingProxyType
from typing import Any, TypeVar

from typing_extensions import is_typeddict

from .._wire.sentinels import NOT_GIVEN

__all__ = ["check_names", "keywords", "line_of_caller", "nearest"]

F = TypeVar("F", bound=Callable[..., Any])


def check_names(
    method: str,
    given: Iterable[str],
    known: AbstractSet[str],
    required: AbstractSet[str] = frozenset(),
) -> None:
    """Refuse the call of `method` if an argument is missing or unknown.

    Raises:
        TypeError: names the argument and, for an unknown one, the nearest known name.
    """
    names = frozenset(given)
    if required <= names <= known:
        return
    for name in sorted(names - known):  # first: a misspelt name is missing, too
        near = nearest(name, known)
        raise TypeError(f"{method}() got an unexpected keyword argument {name!r}{near}")
    missing = sorted(required - names)
    plural = "s" * (len(missing) > 1)
    listed = " and ".join(map(repr, missing))
    raise TypeError(
        f"{method}() missing {len(missing)} required keyword-only argument{plural}: {listed}"
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question that names the known name most like `name`, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def line_of_caller() -> tuple[str, int, str]:
    """Return file, line and module from which the user's program called this package."""
    frame = currentframe()
    assert frame is not None  # CPython and PyPy have frames
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno, frame.f_globals.get("__name__", "")


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] == __name__.partition(".")[0]


def keywords(params: type) -> Callable[[F], F]:
    """Show the keys of the TypedDict `params` as keyword arguments, in `help()` and in editors.

    After its first paragraph, the docstring of `params` must say "key: text" for each key.
    """

    def documented(method: F) -> F:
        if method.__doc__ and params.__doc__:
            method.__doc__ = _with_arguments(method.__doc__, params.__doc__)
        returns = method.__annotations__.get("return", Signature.empty)
        code = method.__code__
        positional = code.co_varnames[1 : code.co_argcount]
        if code.co_flags & CO_VARARGS:
            positional += (f"*{code.co_varnames[code.co_argcount]}",)
        method.__signature__ = _LazySignature(  # type: ignore[attr-defined]
            return_annotation=returns, params=params, positional=positional
        )
        return method

    return documented


def _with_arguments(doc: str, params_doc: str) -> str:
    """Return the docstring of a method with the keys as its arguments, before what it raises."""
    text, raises, errors = cleandoc(doc).partition("\n\nRaises:")
    keys = cleandoc(params_doc).partition("\n\n")[2]
    return f"{text}\n\nArgs:\n{indent(keys, '    ')}{raises}{errors}"


class _LazySignature(Signature):
    """A signature whose parameters are made when somebody looks at them, not at import."""

    __slots__ = ("_params", "_positional")

    def __init__(
        self,
        parameters: Iterable[Parameter] | None = None,
        *,
        return_annotation: Any = Signature.empty,
        params: type | None = None,
        positional: tuple[str, ...] = (),
    ) -> None:
        super().__init__([*parameters] if parameters else None, return_annotation=return_annotation)
        self._params = params
        self._positional = positional

    @property
    def parameters(self) -> MappingProxyType[str, Parameter]:
        """The parameters: `self`, those by position, the required keys, and the other keys."""
        if self._params is not None:
            shown, self._params = _parameters(self._params, self._positional), None
            super().__init__(shown, return_annotation=self.return_annotation)
        return super().parameters


def _parameters(params: Any, positional: tuple[str, ...]) -> list[Parameter]:
    required: frozenset[str] = params.__required_keys__
    types = _types_as_written(params)
    names = sorted(params.__annotations__, key=lambda name: name not in required)
    keys = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if name in required else NOT_GIVEN,
            annotation=types.get(name, Parameter.empty),
        )
        for name in names
    ]
    first = [_by_position(name) for name in ("self", *positional)]
    return [*first, *keys]


def _by_position(name: str) -> Parameter:
    if name.startswith("*"):
        return Parameter(name[1:], Parameter.VAR_POSITIONAL)
    return Parameter(name, Parameter.POSITIONAL_OR_KEYWORD)


class _Written(str):
    """An annotation as its author wrote it, shown without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def _types_as_written(params: Any) -> dict[str, _Written]:
    """Return the annotation of each key in the words of the source.

    The annotations themselves have lost the names of unions: what was written `Model` is printed as
    a list of 22 model names. Without its source a TypedDict is shown without types.
    """
    found: dict[str, _Written] = {}
    for base in getattr(params, "__orig_bases__", ()):
        if is_typeddict(base):
            found |= _types_as_written(base)
    for node in ast.walk(_source_of(params.__module__)):
        if isinstance(node, ast.ClassDef) and node.name == params.__name__:
            found |= {
                ast.unparse(line.target): _Written(_plain(line.annotation))
                for line in node.body
                if isinstance(line, ast.AnnAssign)
            }
    return found


@cache
def _source_of(module: str) -> ast.Module:
    try:
        return ast.parse(getsource(sys.modules[module]))
    except OSError:
        return ast.Module([], [])


def _plain(annotation: ast.expr) -> str:
    """Return an annotation without the marks that only type checkers and pydantic need."""
    match annotation:
        case ast.Subscript(ast.Name("Required" | "Optionally"), inner):
            return _plain(inner)
        case ast.Subscript(ast.Name("Many"), inner):
            return f"Iterable[{_plain(inner)}]"
        case ast.Subscript(ast.Name("TextOr"), inner):
            return f"str | Iterable[{_plain(inner)}]"
        case ast.Constant(str(name)):
            return name
        case _:
            return ast.unparse(annotation)
