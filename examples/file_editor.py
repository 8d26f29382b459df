"""Let Claude edit files in one folder; each change is shown to you first, and you may refuse it."""

import sys
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

import antiphon
from antiphon.types import ToolUseBlock
from simulator import use_simulator_without_key


class Editor:
    """The files of a folder, and nothing outside of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def path(self, name: str) -> Path:
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder):
            raise antiphon.ToolError(f"{name} is outside of the folder")
        return path

    @antiphon.tool
    def read_file(self, name: str) -> str:
        """Read a file."""
        return self.path(name).read_text()

    @antiphon.tool
    def write_file(self, name: str, text: str) -> str:
        """Write the whole text of a file."""
        self.path(name).write_text(text)
        return "written"

    def approve(self, call: ToolUseBlock) -> bool | str:
        if call.name != "write_file":
            return True
        path = self.path(call.input["name"])
        old = path.read_text().splitlines() if path.exists() else []
        new = str(call.input["text"]).splitlines()
        print(*unified_diff(old, new, path.name, path.name, lineterm=""), sep="\n")
        if not sys.stdin.isatty():
            return True  # nobody is there to ask
        return input("Write it? [y/N] ").lower() == "y" or "The user does not want this change."


use_simulator_without_key()
client = antiphon.Client()
with TemporaryDirectory() as folder:
    (Path(folder) / "notes.txt").write_text("Tuesday: nothing\n")
    editor = Editor(Path(folder))
    runner = client.messages.run_tools(
        model="claude-haiku-4-5",
        max_tokens=1024,
        tools=[editor.read_file, editor.write_file],
        messages=[
            {
                "role": "user",
                "content": 'First use read_file with name="notes.txt", then use write_file with'
                ' name="notes.txt" and text="Tuesday: dentist".',
            }
        ],
        approve=editor.approve,
        max_turns=10,
    )
    for message in runner:
        print(message.text)
    print("The file:", (Path(folder) / "notes.txt").read_text())
