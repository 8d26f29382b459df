"""Tools, and the decorator that makes one of a function.

A tool is what a runner needs: its definition for the API (`to_dict`), and a way to run a call of
Claude's (`call`). Whatever is wrong with a function as a tool is said where it is decorated, not in
the middle of a conversation, so everything is looked at there. `arguments` reads the signature,
`docstring` the docstring; the class that is made tells whether a call has to be awaited.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial, update_wrapper
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Protocol, Self, cast, overload

from typing_extensions import ParamSpec, TypedDict, Unpack
from typing_extensions import TypeVar as TypeVarWithDefault

from .._core.arguments import check_names
from .._core.request_body import is_mapping
from .._wire.sentinels import is_absent
from ..output_schema import OutputSchema
from .docstring import described

if TYPE_CHECKING:
    from ..types.content import CacheControlEphemeral
    from ..types.params import ToolUnionParam
    from ..types.tools import AllowedCaller, InputSchema, ToolParam

__all__ = [
    "AsyncFunctionTool",
    "FunctionTool",
    "FunctionToolOptions",
    "Tool",
    "tool",
]

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVarWithDefault("R", default=Any)

# The names that the API takes.
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")

# The code that contextlib puts around a generator function, in Python 3.11 to 3.13. The official
# package enters such a function where it is decorated, and leaves it when a runner ends.
_MANAGERS = ("contextmanager.<locals>.helper", "asynccontextmanager.<locals>.helper")

# The fields of a definition after its schema, in the order of the official package.
_FIELDS = (
    "defer_loading",
    "cache_control",
    "allowed_callers",
    "eager_input_streaming",
    "input_examples",
    "strict",
)


class FunctionToolOptions(TypedDict, total=False):
    """What may be said of a tool that its function does not say.

    name: the name of the tool; by default that of the function.
    description: what it does and when to use it; by default what the docstring says.
    input_schema: the JSON schema of the arguments, or a type that has one; by default that of the
        signature. The input is checked against the signature in any case.
    strict: true to make sure that Claude's arguments fit the schema. A schema that is not given as
        a dict is then written in the form that the API takes of strict tools: what it does not
        check, such as bounds, goes into descriptions, and is checked when the tool is called.
    cache_control: caches the prompt up to the end of this tool.
    defer_loading: true to show the tool to Claude only when tool search finds it.
    allowed_callers: who may call it: Claude itself, or code that Claude runs.
    input_examples: examples of arguments that fit the schema.
    eager_input_streaming: true to stream arguments while they are written, even if they turn out
        not to be valid JSON.
    """

    name: str | None
    description: str | None
    input_schema: InputSchema | type[Any] | None
    strict: bool | None
    cache_control: CacheControlEphemeral | None
    defer_loading: bool | None
    allowed_callers: Sequence[AllowedCaller] | None
    input_examples: Iterable[Mapping[str, object]] | None
    eager_input_streaming: bool | None


class Tool(ABC):
    """Something that Claude may call and your program runs.

    `tool` makes one of a function. A subclass of your own has `to_dict` and `call`, for example to
    run one of the tools whose definition the API knows, such as the memory tool.
    """

    @property
    def name(self) -> str:
        """The name by which Claude calls the tool."""
        return cast("str", self.to_dict().get("name"))

    @property
    def is_async(self) -> bool:
        """Whether the result of `call` has to be awaited."""
        return inspect.iscoroutinefunction(self.call)

    @abstractmethod
    def to_dict(self) -> ToolUnionParam:
        """Return the definition of the tool, for `tools=`."""

    @abstractmethod
    def call(self, input: Mapping[str, Any], /) -> Any:
        """Run a call of Claude's.

        Args:
            input: `tool_use.input`.

        Returns:
            What the tool returns; `result_content` makes the content of a result of it.

        Raises:
            ToolInputError: the input does not fit; the text tells Claude what is wrong.
            ToolError: the tool failed, and its content tells Claude why.
        """

    def close(self) -> object:
        """Give back what the tool holds; a runner calls it at its end. By default, do nothing."""
        return None


class _OfFunction(Tool, Generic[P, R]):
    """A function as a tool; it can be called like the function, too."""

    __qualname__: str
    func: Callable[P, R]
    """The function."""
    description: str
    """What Claude is told of the tool."""
    input_schema: dict[str, Any]
    """The JSON schema of its arguments."""

    if not TYPE_CHECKING:

        def __class_getitem__(cls, params: Any) -> Any:
            # The official classes have one parameter, the type of the function.
            return super().__class_getitem__(params) if isinstance(params, tuple) else cls

    def __init__(self, func: Callable[P, R], /, **options: Unpack[FunctionToolOptions]) -> None:
        from .arguments import Arguments, schema_of

        check_names("tool", options, FunctionToolOptions.__optional_keys__, frozenset())
        given: dict[str, Any] = {
            name: value
            for name, value in options.items()
            if value is not None and not is_absent(value)
        }
        _refuse_other(func, is_awaited=isinstance(self, AsyncFunctionTool))
        # Without what a callable object holds, which has nothing to do with the tool.
        update_wrapper(self, func, updated=())
        self.func = func
        named, documented = _innermost(func)
        self._name = _checked_name(given.get("name") or named.__name__)
        says = described(documented.__doc__ or named.__doc__)
        self.description = given.get("description", says.summary)
        self._is_method = _is_method(func)
        self._arguments = Arguments(
            func, self._name, says.parameters, _names_here(), is_method=self._is_method
        )
        schema = given.get("input_schema")
        self._strict: OutputSchema | None = None
        if is_mapping(schema):
            self.input_schema = dict(schema)
        else:
            self.input_schema = self._arguments.schema() if schema is None else schema_of(schema)
            if given.get("strict"):
                self._strict = self._compiled(self.input_schema)
                self.input_schema = self._strict.sent
        self._fields = {name: given[name] for name in _FIELDS if name in given}
        if "input_examples" in given:  # it may be a generator, and is sent more than once
            self._fields["input_examples"] = [*given["input_examples"]]

    @property
    def name(self) -> str:
        """The name by which Claude calls the tool."""
        return self._name

    def to_dict(self) -> ToolParam:
        """Return the definition of the tool, for `tools=`."""
        definition = {
            "name": self._name,
            "description": self.description,
            "input_schema": self.input_schema,
            **self._fields,
        }
        return cast("ToolParam", definition)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself."""
        return self.func(*args, **kwargs)

    def _called(self, input: Mapping[str, Any]) -> R:
        """Call the function with the input of a call of Claude's."""
        if not isinstance(input, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(input).__name__
            raise TypeError(f"Input must be a dictionary, got {kind}, for the tool {self._name}")
        given = {**input}
        if self._strict is not None and self._strict.changed:
            given = self._strict.restored(given)
        args, kwargs = self._arguments.read(given)
        return self.func(*args, **kwargs)

    def _compiled(self, schema: dict[str, Any]) -> OutputSchema:
        """Return a schema in the form that the API takes of strict tools."""
        try:
            return OutputSchema(schema)
        except TypeError as fault:
            raise TypeError(f"tool {self._name}: strict=True: {fault}") from fault

    def _of(self, instance: object) -> Any:
        """Return the tool of an object, if this is the tool of a method of its class."""
        if instance is None or not self._is_method:
            return self
        func = MethodType(self.func, instance)
        bound = object.__new__(type(self))
        vars(bound).update(vars(self), func=func, __wrapped__=func, _is_method=False)
        return bound

    def __reduce__(self) -> str:
        # By its name, as a function is pickled. A copy of a tool is the tool itself.
        return self.__qualname__

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name!r})"


class FunctionTool(_OfFunction[P, R]):
    """A function as a tool; `call` runs it."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: FunctionTool[Concatenate[Any, Q], R], instance: object, owner: type | None = None, /
    ) -> FunctionTool[Q, R]: ...
    def __get__(self, instance: object, owner: type | None = None, /) -> Any:
        """Return the tool of an object, if this is the tool of a method of its class."""
        return self._of(instance)

    def call(self, input: Mapping[str, Any], /) -> R:
        """Run a call of Claude's.

        Args:
            input: `tool_use.input`.

        Returns:
            What the function returns.

        Raises:
            ToolInputError: the input does not fit; the text tells Claude what is wrong.
            TypeError: the input is no dict.
        """
        return self._called(input)


class AsyncFunctionTool(_OfFunction[P, Coroutine[Any, Any, R]]):
    """An async function as a tool; `call` runs it."""

    @overload
    def __get__(self, instance: None, owner: type, /) -> Self: ...
    @overload
    def __get__(
        self: AsyncFunctionTool[Concatenate[Any, Q], R],
        instance: object,
        owner: type | None = None,
        /,
    ) -> AsyncFunctionTool[Q, R]: ...
    def __get__(self, instance: object, owner: type | None = None, /) -> Any:
        """Return the tool of an object, if this is the tool of a method of its class."""
        return self._of(instance)

    async def call(self, input: Mapping[str, Any], /) -> R:
        """Run a call of Claude's.

        Args:
            input: `tool_use.input`.

        Returns:
            What the function returns.

        Raises:
            ToolInputError: the input does not fit; the text tells Claude what is wrong.
            TypeError: the input is no dict.
        """
        return await self._called(input)


class ToolDecorator(Protocol):
    """What `tool` returns if it is given no function: it makes a tool of the one it decorates."""

    # What fits both is an async function: the first one is taken.
    @overload
    def __call__(  # type: ignore[overload-overlap]
        self,
        func: Callable[P, Coroutine[Any, Any, R]],
        /,  # pyright: ignore[reportOverlappingOverload]
    ) -> AsyncFunctionTool[P, R]: ...
    @overload
    def __call__(self, func: Callable[P, R], /) -> FunctionTool[P, R]: ...


@overload
def tool(  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
    func: Callable[P, Coroutine[Any, Any, R]], /, **options: Unpack[FunctionToolOptions]
) -> AsyncFunctionTool[P, R]: ...
@overload
def tool(func: Callable[P, R], /, **options: Unpack[FunctionToolOptions]) -> FunctionTool[P, R]: ...
@overload
def tool(func: None = None, /, **options: Unpack[FunctionToolOptions]) -> ToolDecorator: ...
def tool(func: Any = None, /, **options: Unpack[FunctionToolOptions]) -> Any:
    """Make a tool of a function, with or without parentheses.

    The name, the description and the schema of the arguments come from the function: its name, its
    docstring (Google, NumPy or reST style), its annotations. A text for an argument may stand in
    the docstring or in its annotation::

        @antiphon.tool
        def get_weather(city: Annotated[str, "The city, in English"]) -> str:
            "Tell the weather."

    Args:
        func: a function, an async function, a method or another callable object.
        **options: what the function does not say; see `FunctionToolOptions`.

    Returns:
        A `FunctionTool`, or an `AsyncFunctionTool` for an async function. It can be called like the
        function, and goes into `tools=` as it is.

    Raises:
        NameError: an annotation names something that is not there.
        TypeError: Claude cannot give an argument, which the text names; or an option is unknown.
        ValueError: the API takes no tool of this name.
    """
    return partial(_made, options) if func is None else _made(options, func)


def _made(options: FunctionToolOptions, func: Callable[..., Any]) -> Tool:
    kind: Any = AsyncFunctionTool if _is_async(func) else FunctionTool
    made: Tool = kind(func, **options)
    return made


def _is_async(func: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(type(func).__call__)


def _refuse_other(func: Callable[..., Any], *, is_awaited: bool) -> None:
    """Refuse what would be called and give no result."""
    if getattr(getattr(func, "__code__", None), "co_qualname", None) in _MANAGERS:
        raise TypeError(
            f"tool: {func!r} makes a context manager; enter it in your program, and make a tool of"
            " the function that it gives"
        )
    if _is_async(func) and not is_awaited:
        raise TypeError(f"FunctionTool: {func!r} is async; use antiphon.tool, or AsyncFunctionTool")


def _innermost(func: Any) -> tuple[Any, Any]:
    """Return what bears the name of a callable, and what has its docstring."""
    inner: Any = func
    while isinstance(inner, partial):
        inner = inner.func
    if hasattr(inner, "__name__"):
        return inner, inner
    return inner.__class__, inner.__class__.__call__  # a callable object


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"tool {name!r}: the API takes names of 1 to 128 letters (a-z), digits, '_' and '-';"
            " give one with name="
        )
    return name


def _is_method(func: Any) -> bool:
    """Return whether a function stands in the body of a class and waits for its object."""
    owner = getattr(func, "__qualname__", "").rpartition(".")[0]
    is_inside = owner != "" and not owner.endswith("<locals>")
    return is_inside and inspect.isfunction(func) and func.__code__.co_varnames[:1] == ("self",)


def _names_here() -> Mapping[str, Any]:
    """Return the names of the place where a function is made a tool, for its annotations."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals is globals():
        frame = frame.f_back
    return {} if frame is None else frame.f_locals
