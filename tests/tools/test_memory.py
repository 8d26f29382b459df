"""The memory tool: calls become commands, and a store of your own carries them out."""

from __future__ import annotations

import asyncio

import pytest

from antiphon import AsyncMemoryTool, MemoryTool, ToolInputError
from antiphon.types import (
    MemoryTool20250818Command,
    MemoryTool20250818CreateCommand,
    MemoryTool20250818ViewCommand,
)


class Notes(MemoryTool):
    """Keeps files in a dict, and the other commands in a list."""

    def __init__(self) -> None:
        super().__init__(cache_control={"type": "ephemeral"})
        self.files: dict[str, str] = {}
        self.others: list[MemoryTool20250818Command] = []

    def view(self, command: MemoryTool20250818ViewCommand) -> str:
        return self.files[command.path]

    def create(self, command: MemoryTool20250818CreateCommand) -> None:
        self.files[command.path] = command.file_text

    def insert(self, command: MemoryTool20250818Command) -> None:
        self.others.append(command)

    str_replace = delete = rename = insert


class LaterNotes(Notes, AsyncMemoryTool):
    async def view(self, command: MemoryTool20250818ViewCommand) -> str:
        return command.path

    async def create(self, command: MemoryTool20250818CreateCommand) -> None:
        await asyncio.sleep(0)


def test_commands_are_carried_out_by_the_methods_of_their_names():
    notes = Notes()
    notes.call({"command": "create", "path": "/memories/a", "file_text": "tea"})
    assert notes.call({"command": "view", "path": "/memories/a"}) == "tea"
    others = [
        {"command": "str_replace", "path": "a", "old_str": "b", "new_str": "c"},
        {"command": "insert", "path": "a", "insert_line": 0, "insert_text": "b"},
        {"command": "delete", "path": "a"},
        {"command": "rename", "old_path": "a", "new_path": "b"},
    ]
    for call in others:
        notes.call(call)
    assert [command.to_dict() for command in notes.others] == others


def test_the_definition_is_the_one_that_the_api_knows():
    assert Notes().to_dict() == {
        "type": "memory_20250818",
        "name": "memory",
        "cache_control": {"type": "ephemeral"},
    }
    assert (Notes().name, Notes().is_async, LaterNotes().is_async) == ("memory", False, True)


def test_async_methods_are_awaited():
    assert asyncio.run(LaterNotes().call({"command": "view", "path": "a"})) == "a"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"command": "view"}, "- path: it is required, and missing"),
        ({"command": "create", "path": 1, "file_text": ""}, "- path: .*string; got a number"),
        ({"command": "forget"}, "must be one of view, create, str_replace, insert"),
        ({}, "must be one of view"),
    ],
)
def test_a_wrong_command_is_told(call, told):
    with pytest.raises(ToolInputError, match=told):
        Notes().call(call)


def test_a_store_without_a_method_cannot_be_made_and_forgets_nothing_by_itself():
    with pytest.raises(TypeError, match="abstract"):
        MemoryTool()  # type: ignore[abstract]
    with pytest.raises(NotImplementedError, match="Notes has no clear_all_memory"):
        Notes().clear_all_memory()
