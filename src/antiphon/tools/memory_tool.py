"""The memory tool, for a store of your own: the API knows its definition, Claude knows its use."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import ToolInputError
from .function import Tool

if TYPE_CHECKING:
    from ..types.content import CacheControlEphemeral
    from ..types.tools import (
        MemoryTool20250818Command,
        MemoryTool20250818CreateCommand,
        MemoryTool20250818DeleteCommand,
        MemoryTool20250818InsertCommand,
        MemoryTool20250818Param,
        MemoryTool20250818RenameCommand,
        MemoryTool20250818StrReplaceCommand,
        MemoryTool20250818ViewCommand,
    )

__all__ = ["AsyncMemoryTool", "MemoryTool"]


class MemoryTool(Tool):
    """The memory tool: a subclass says how each command is carried out.

    Paths begin with "/memories", and come from Claude: make sure that none leads out of your store.
    What a method returns or raises is told to Claude, as with any tool.
    """

    def __init__(self, *, cache_control: CacheControlEphemeral | None = None) -> None:
        """Make the tool.

        Args:
            cache_control: caches the prompt up to the end of this tool.
        """
        self._cache_control = cache_control

    def to_dict(self) -> MemoryTool20250818Param:
        """Return the definition of the tool, for `tools=`."""
        definition: MemoryTool20250818Param = {"type": "memory_20250818", "name": "memory"}
        if self._cache_control is not None:
            definition["cache_control"] = self._cache_control
        return definition

    def call(self, input: Mapping[str, Any], /) -> Any:
        """Carry out a call of Claude's.

        Args:
            input: `tool_use.input`.

        Raises:
            ToolInputError: it is no command, or a part of it is missing or wrong.
        """
        return self.execute(_command(input))

    def execute(self, command: MemoryTool20250818Command) -> Any:
        """Carry out a command, by the method of its name."""
        return getattr(self, command.command)(command)

    @abstractmethod
    def view(self, command: MemoryTool20250818ViewCommand) -> Any:
        """Return the text of a file, or what a directory holds."""

    @abstractmethod
    def create(self, command: MemoryTool20250818CreateCommand) -> Any:
        """Write a new file."""

    @abstractmethod
    def str_replace(self, command: MemoryTool20250818StrReplaceCommand) -> Any:
        """Replace a text in a file."""

    @abstractmethod
    def insert(self, command: MemoryTool20250818InsertCommand) -> Any:
        """Insert a text into a file."""

    @abstractmethod
    def delete(self, command: MemoryTool20250818DeleteCommand) -> Any:
        """Delete a file or a directory."""

    @abstractmethod
    def rename(self, command: MemoryTool20250818RenameCommand) -> Any:
        """Move a file or a directory."""

    def clear_all_memory(self) -> Any:
        """Forget everything; Claude cannot ask for it. A subclass may have it.

        Raises:
            NotImplementedError: the subclass has none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no clear_all_memory")


class AsyncMemoryTool(MemoryTool):
    """The memory tool with async methods: a subclass says how each command is carried out."""

    async def call(self, input: Mapping[str, Any], /) -> Any:
        """Carry out a call of Claude's.

        Args:
            input: `tool_use.input`.

        Raises:
            ToolInputError: it is no command, or a part of it is missing or wrong.
        """
        return await self.execute(_command(input))


def _command(input: Mapping[str, Any]) -> MemoryTool20250818Command:
    """Return the input of a call as a command."""
    from pydantic import ValidationError

    from ..types import tools
    from .arguments import told

    kinds: dict[object, type[MemoryTool20250818Command]] = {
        "view": tools.MemoryTool20250818ViewCommand,
        "create": tools.MemoryTool20250818CreateCommand,
        "str_replace": tools.MemoryTool20250818StrReplaceCommand,
        "insert": tools.MemoryTool20250818InsertCommand,
        "delete": tools.MemoryTool20250818DeleteCommand,
        "rename": tools.MemoryTool20250818RenameCommand,
    }
    kind = kinds.get(input.get("command"))
    if kind is None:
        raise ToolInputError(f"memory: the command must be one of {', '.join(map(str, kinds))}")
    try:
        return kind.model_validate(input)
    except ValidationError as error:
        wrong = told("memory", error, ())
    raise ToolInputError(wrong)
