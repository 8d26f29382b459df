"""Messages with structured output: the text of a message, and the value that it describes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, Self, TypeAlias, cast

from pydantic import Discriminator
from typing_extensions import TypeVar

from .._wire.decoding import made_of
from .._wire.json import is_list
from .content import TextBlock
from .content_blocks import OtherContentBlock
from .message import Message, Usage

__all__ = ["ParsedContentBlock", "ParsedMessage", "ParsedTextBlock"]

OutputT = TypeVar("OutputT", default=Any)


class ParsedTextBlock(TextBlock, Generic[OutputT]):
    """Text that Claude wrote, and the value that it describes.

    text: the text.
    citations: what the text cites; None if citations are not enabled.
    """

    @property
    def parsed_output(self) -> OutputT | None:
        """The value. It is not a part of what is dumped and sent back."""
        return cast("OutputT | None", self._kept.get("output"))

    @parsed_output.setter
    def parsed_output(self, value: OutputT | None) -> None:
        self._keep(output=value)

    @classmethod
    def of(cls, block: TextBlock, **facts: Any) -> Self:
        """Return a text block; `block` is not changed.

        Args:
            block: the block.
            facts: `output`, the value that it describes, if it describes one.
        """
        return made_of(cls, block, {}, facts)


ParsedContentBlock: TypeAlias = Annotated[
    ParsedTextBlock[OutputT] | OtherContentBlock, Discriminator("type")
]
"""A part of a message with structured output. `type` tells the kinds apart."""


class ParsedMessage(Message, Generic[OutputT]):
    """A message that Claude wrote, with its output as a value of the type that you asked for.

    Its fields are those of `Message`; its text blocks have their value as `parsed_output`.
    """

    if TYPE_CHECKING:
        content: list[ParsedContentBlock[OutputT]]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def parsed_output(self) -> OutputT | None:
        """The output, or None without one. It is not a part of what is dumped and sent back."""
        return cast("OutputT | None", self._kept.get("output"))

    @property
    def output(self) -> OutputT:
        """The output; unlike `parsed_output` it is None only if the output is None.

        Raises:
            OutputError: the message should have one, and has none; only for results of batches,
                since `messages.parse` raises it by itself.
            ValueError: the message has none, because it calls tools or is to be continued.
        """
        if "output" in self._kept:
            return cast("OutputT", self._kept["output"])
        if self.output_error is not None:
            raise self.output_error
        raise ValueError(f"the message has no output; its stop_reason is {self.stop_reason!r}")

    @property
    def output_error(self) -> Exception | None:
        """Why the message has no output, if it should have one: an `antiphon.OutputError`."""
        return cast("Exception | None", self._kept.get("output_error"))

    def after(self, failures: tuple[Exception, ...]) -> Self:
        """Return this message with the failures before it."""
        self._keep(output_failures=failures)
        return self

    @property
    def output_failures(self) -> tuple[Exception, ...]:
        """The outputs before this one that did not fit, each as an `OutputValidationError`.

        There are some only if you asked for retries.
        """
        return cast("tuple[Exception, ...]", self._kept.get("output_failures", ()))

    @property
    def total_usage(self) -> Usage:
        """The tokens of this message and of those before it whose outputs did not fit."""
        before = [cast("Usage", getattr(each, "message").usage) for each in self.output_failures]  # noqa: B009
        return sum([*before, self.usage], start=cast("Usage", 0))

    @classmethod
    def of(cls, message: Message, blocks: Mapping[int, object], **facts: Any) -> Self:
        """Return a message with its output; `message` is not changed.

        Args:
            message: the message.
            blocks: the values of its text blocks, by the indices of the blocks.
            facts: `output`, `output_error` and `output_failures`, as far as there are any.
        """
        content: Any = message.content
        if is_list(content):  # a gateway may send a text
            content = [
                ParsedTextBlock.of(block, **({"output": blocks[index]} if index in blocks else {}))
                if isinstance(block, TextBlock)
                else block
                for index, block in enumerate(content)
            ]
        return made_of(cls, message, {"content": content}, facts)
