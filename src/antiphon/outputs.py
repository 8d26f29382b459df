"""Types to output formats, and outputs back to values of the types.

`OutputType` is what `messages.parse(output_format=T)` makes of `T`. pydantic knows how a type is
written as JSON and reads it; it is loaded when the first output is asked for. `output_schema`
knows which schemas the API takes.

What the schema cannot say, such as bounds, pydantic checks when the output is read. A message
without a whole output has an error in the place of its output: one that tells why, and that holds
the message.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from ._wire.json import dumps, is_list
from ._wire.literals import read_exactly
from ._wire.typed_dicts import make_readable
from .errors import OutputError, OutputRefusedError, OutputTruncatedError, OutputValidationError
from .output_schema import GrowingOutput, OutputSchema, transform_schema
from .types.content import TextBlock
from .types.content_blocks import ContentBlock
from .types.message import Message
from .types.outputs import ParsedContentBlock, ParsedMessage, ParsedTextBlock

if TYPE_CHECKING:
    from .types.params import JSONOutputFormatParam

__all__ = ["format_of", "parse_message", "transform_schema"]

T = TypeVar("T")

# With these stop reasons the text may be cut off anywhere.
_CUT_OFF = ("max_tokens", "model_context_window_exceeded")
# With these the message is no last word: the output comes in a later one.
_GOES_ON = ("tool_use", "pause_turn", "compaction")
# How JSON ends that cannot go on: the end of an object, an array or a string.
_ENDS = ("}", "]", '"')


def format_of(kind: Any) -> JSONOutputFormatParam:
    """Return the `format` of an `output_config` that asks for output of a type.

    Args:
        kind: the type, as for `messages.parse`.

    Raises:
        TypeError: the type has no schema that the API takes; the message names the part.
    """
    return output_type(kind).format


@overload
def parse_message(message: Message, kind: type[T]) -> ParsedMessage[T]: ...
@overload
def parse_message(message: Message, kind: object) -> ParsedMessage[Any]: ...
def parse_message(message: Message, kind: object) -> ParsedMessage[Any]:
    """Return a message with its output as a value of a type.

    It is for messages that were not asked for with `messages.parse`, such as results of batches.

    Args:
        message: the message; it is not changed.
        kind: the type.

    Raises:
        OutputTruncatedError: a limit cut the output off.
        OutputRefusedError: Claude refused.
        OutputValidationError: the text does not fit the type.
        TypeError: the type has no schema that the API takes.
    """
    parsed = output_type(kind).read(message)
    if parsed.output_error is not None:
        raise parsed.output_error
    return parsed


def output_type(kind: Any) -> OutputType[Any]:
    """Return the `OutputType` of a type: the same object each time, as long as it is in use.

    Args:
        kind: the type; None for messages that are not asked for output.

    Raises:
        TypeError: `kind` is no type, or has no schema that the API takes.
    """
    if isinstance(kind, Mapping):
        raise TypeError(
            "output_format takes a type, not a schema: give the schema as"
            " output_config={'format': {'type': 'json_schema', 'schema': …}}"
        )
    try:
        return _known(kind)
    except TypeError:  # it cannot be hashed, as an Annotated with a field of pydantic
        return OutputType(kind)


@lru_cache(maxsize=256)  # building one takes milliseconds; programs that make types go on and on
def _known(kind: Any) -> OutputType[Any]:
    return OutputType(kind)


class OutputType(Generic[T]):
    """A type as the format of output: its schema, and how text becomes a value of it."""

    schema: OutputSchema
    """The schema that the API compiles; only if output is wanted."""

    def __init__(self, kind: Any) -> None:
        """Take a type; with None, messages are not asked for output and have none.

        Raises:
            TypeError: the type has no schema; the message names the part of it.
        """
        self.wanted: bool = kind is not None
        """Whether messages are asked for output."""
        if not self.wanted:
            return
        from pydantic import PydanticUserError, TypeAdapter

        make_readable(kind)
        try:
            self._adapter: Any = TypeAdapter(kind)
        except PydanticUserError as fault:
            raise TypeError(f"output_format: {kind!r} is no type of JSON: {fault}") from fault
        try:
            self.schema = OutputSchema(self._adapter.json_schema(schema_generator=_generator()))
        except (PydanticUserError, TypeError) as fault:
            raise TypeError(f"output_format: {fault}") from fault

    @property
    def format(self) -> JSONOutputFormatParam:
        """The `format` of an `output_config`."""
        return {"schema": self.schema.sent, "type": "json_schema"}

    def value(self, text: str) -> T:
        """Return the value that a text describes.

        Raises:
            ValueError: the text does not fit the type.
        """
        if self.schema.changed:
            # Through JSON again, since pydantic reads some types from JSON alone: bytes, or dates
            # of a strict model.
            text = dumps(self.schema.restored(read_exactly(text))).decode()
        return cast("T", self._adapter.validate_json(text))

    def plain(self, value: T | None) -> Any:
        """Return a value as JSON values; None stays None."""
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def read(self, message: Message) -> ParsedMessage[T]:
        """Return a message with its output, or with the error that tells why it has none."""
        if not self.wanted:
            return ParsedMessage.of(message, {})
        if message.stop_reason == "refusal":
            return ParsedMessage.of(message, {}, output_error=OutputRefusedError(message))
        values: dict[int, T] = {}
        faults: list[Exception] = []
        texts = _texts(message)
        for index, text in texts.items():
            try:
                values[index] = self._value_in(message, text)
            except Exception as fault:  # validators may raise anything, and lose the message
                faults.append(fault)
        if values:
            return ParsedMessage.of(message, values, output=values[min(values)])
        if len(texts) > 1:
            with suppress(Exception):  # the output may be cut into several blocks
                return ParsedMessage.of(message, {}, output=self._value_in(message, message.text))
        if message.stop_reason in _GOES_ON or message.tool_uses:
            return ParsedMessage.of(message, {})
        return ParsedMessage.of(message, {}, output_error=_error(message, faults))

    def read_block(self, block: ContentBlock) -> ParsedContentBlock[T]:
        """Return a block that is complete, with its value if it has one."""
        if not isinstance(block, TextBlock):
            return block
        if self.wanted:
            with suppress(Exception):
                return ParsedTextBlock.of(block, output=self.value(block.text))
        return ParsedTextBlock.of(block)

    def growing(self) -> GrowingOutput | None:
        """Return what turns back output that is received piece by piece; None if nothing must."""
        return self.schema.growing() if self.wanted and self.schema.changed else None

    def _value_in(self, message: Message, text: str) -> T:
        # A number that is cut off is a number as well, but not the one that Claude meant.
        if message.stop_reason in _CUT_OFF and not text.rstrip().endswith(_ENDS):
            raise ValueError("the text is cut off")
        return self.value(text)


def _texts(message: Message) -> dict[int, str]:
    """Return the texts of a message that say something, by the indices of their blocks."""
    # A gateway may send anything in the place of blocks and texts.
    blocks: list[Any] = message.content if is_list(message.content) else []
    return {
        index: block.text
        for index, block in enumerate(blocks)
        if isinstance(block, TextBlock) and str(block.text).strip()
    }


def _error(message: Message, faults: list[Exception]) -> OutputError:
    if message.stop_reason in _CUT_OFF:
        return OutputTruncatedError(message)
    fault = faults[0] if faults else None
    error = OutputValidationError(message, fault)
    error.__cause__ = fault
    return error


@lru_cache(maxsize=1)
def _generator() -> Any:
    from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

    class NamedItems(GenerateJsonSchema):
        """Writes a named tuple as an object of its names, from which pydantic reads it, too."""

        def named_tuple_schema(self, schema: Any) -> JsonSchemaValue:
            return self._named(schema["cls"], schema["fields"])

        # pydantic before 2.14 makes a named tuple by a call.
        def call_schema(self, schema: Any) -> JsonSchemaValue:
            return self._named(schema["function"], schema["arguments_schema"]["arguments_schema"])

        def _named(self, kind: type, fields: list[Any]) -> JsonSchemaValue:
            items = {item["name"]: item["schema"] for item in fields}
            return {
                "type": "object",
                "title": kind.__name__,
                "properties": {name: self.generate_inner(item) for name, item in items.items()},
                "required": [name for name, item in items.items() if item["type"] != "default"],
            }

    return NamedItems
