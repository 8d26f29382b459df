"""The arguments of a function: their JSON schema, and how the input of a call becomes them.

pydantic does both, from the signature. It is not given the function itself but one that returns
what it was called with, for two reasons. The input is judged before the function runs, so an error
that pydantic raises inside of it is not taken for a wrong input. And its annotations are resolved
here, where the names of the place are known at which the function was made a tool.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from inspect import Parameter, Signature
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import ArgsKwargs

from ..errors import ToolInputError

__all__ = ["Arguments", "schema_of", "told"]


class Arguments:
    """The arguments of a function."""

    def __init__(
        self,
        func: Callable[..., Any],
        tool: str,
        texts: Mapping[str, str],
        names: Mapping[str, Any],
        *,
        is_method: bool,
    ) -> None:
        """Read the signature of `func`.

        Args:
            func: the function.
            tool: the name of the tool, for errors.
            texts: what the docstring says of each parameter.
            names: what annotations may name besides the globals of the function.
            is_method: whether the first parameter is the object it will be bound to.

        Raises:
            NameError: an annotation names something that is not there.
            TypeError: `func` has no signature, or a parameter no name, or a type that pydantic does
                not know.
        """
        self._tool = tool
        self._texts = texts
        self._parameters = _parameters(func, tool, names)[is_method:]
        for parameter in self._parameters:
            if parameter.kind is Parameter.POSITIONAL_ONLY:
                raise TypeError(
                    f"tool {tool}: Claude gives arguments by their names, and callers cannot name"
                    f" {parameter.name!r}; leave out the '/' behind it"
                )
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(_with_signature(self._parameters))
        except PydanticUserError as error:
            raise self._untranslatable(error) from error

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the arguments, an object.

        Raises:
            TypeError: the names of arguments are not known, or one has no form in JSON.
        """
        for parameter in self._parameters:
            if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
                shown = parameter.replace(annotation=Parameter.empty)
                raise TypeError(
                    f"tool {self._tool}: Claude gives arguments by their names, and {shown} tells"
                    " none; name each argument, or describe them with input_schema="
                )
        try:
            schema = self._adapter.json_schema()
        except PydanticUserError as error:
            raise self._untranslatable(error) from error
        for parameter in self._parameters:
            found = schema["properties"].get(parameter.name)
            text = _plain_text(parameter.annotation) or self._texts.get(parameter.name)
            if found is not None and text and "description" not in found:
                # Sorted, as pydantic has the keys of every schema.
                schema["properties"][parameter.name] = dict(
                    sorted({**found, "description": text}.items())
                )
        return schema

    def read(self, input: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return what to call the function with, by position and by name.

        Raises:
            ToolInputError: the input does not fit; the text tells Claude which argument, and why.
        """
        taken: tuple[tuple[Any, ...], dict[str, Any]]
        try:
            taken = self._adapter.validate_python(ArgsKwargs((), dict(input)))
        except ValidationError as error:
            wrong = told(self._tool, error, [parameter.name for parameter in self._parameters])
        else:
            return taken
        # A strict model takes some types, such as dates, from JSON alone.
        with suppress(ValidationError, TypeError, ValueError):
            taken = self._adapter.validate_json(json.dumps(input))
            return taken
        # Outside of the handler: pydantic's own error would show the input wherever it is logged.
        raise ToolInputError(wrong)

    def _untranslatable(self, error: Exception) -> TypeError:
        for parameter in self._parameters:
            try:
                TypeAdapter(parameter.annotation).json_schema()
            except PydanticUserError as reason:
                text = str(reason).partition("\n")[0]
                return TypeError(
                    f"tool {self._tool}: the argument {parameter.name!r} has a type without a"
                    f" form in JSON ({text}); give it another one, or describe it with"
                    " input_schema="
                )
        return TypeError(f"tool {self._tool}: {error}")


def told(tool: str, error: ValidationError, names: Iterable[str]) -> str:
    """Return what Claude is told of a wrong input: which argument is wrong, and why.

    Args:
        tool: the name of the tool.
        error: what pydantic found.
        names: the arguments that there are.
    """
    problems = [_problem(each, names) for each in error.errors(include_url=False)]
    # The first line is the whole text of the official package.
    return "\n".join([f"Invalid arguments for function {tool}:", *problems])


def _problem(error: Mapping[str, Any], names: Iterable[str]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
    if error["type"] in ("missing_argument", "missing_keyword_only_argument", "missing"):
        says = "it is required, and missing"
    elif error["type"] == "unexpected_keyword_argument":
        says = f"there is no such argument; there are: {', '.join(names) or 'none'}"
    else:
        says = f"{error['msg']}; got {_kind(error['input'])}"
    return f"- {path.removeprefix('.')}: {says}"


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of a type, e.g. of a pydantic model or a dataclass."""
    return TypeAdapter(kind).json_schema()


def _parameters(func: Callable[..., Any], tool: str, names: Mapping[str, Any]) -> list[Parameter]:
    """Return the parameters of a function, with their annotations resolved."""
    target = func
    while isinstance(target, partial):
        target = target.func
    if not inspect.isroutine(target):
        target = type(target).__call__
    try:
        signature = inspect.signature(func)
        types = get_type_hints(target, localns=dict(names), include_extras=True)
    except ValueError:
        raise TypeError(f"tool {tool}: {func!r} has no signature that Python knows") from None
    except NameError as error:
        raise NameError(
            f"tool {tool}: an annotation names {error.name!r}, which is not there when the tool is"
            " made; import or define it before, and not under `if TYPE_CHECKING:`",
            name=error.name,
        ) from error
    return [
        parameter.replace(annotation=types.get(name, Any))
        for name, parameter in signature.parameters.items()
    ]


def _with_signature(parameters: list[Parameter]) -> Any:
    """Return a function that has these parameters, and returns what it was called with."""

    def taken(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, kwargs

    taken.__annotations__ = {each.name: each.annotation for each in parameters}
    taken.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return taken


def _plain_text(annotation: Any) -> str | None:
    """Return the text in `Annotated[int, "text"]`."""
    marks = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((mark for mark in marks if isinstance(mark, str)), None)


def _kind(value: object) -> str:
    """Return what JSON calls a value of this kind."""
    kinds = {
        "str": "a string",
        "bool": "a boolean",
        "int": "a number",
        "float": "a number",
        "dict": "an object",
        "list": "an array",
        "NoneType": "null",
    }
    name = type(value).__name__
    return kinds.get(name, name)
