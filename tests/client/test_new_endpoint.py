"""The diff in CONTRIBUTING.md is all it takes to add an endpoint with all its views."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "CONTRIBUTING.md"

TYPES = '''
"""What the made-up endpoint takes and gives."""
from typing import Required
from .._wire.decoding import ResponseModel
from .params import CallParams

class TranslateParams(CallParams, total=False):
    """The parameters of `messages.translate`.

    text: what to translate.
    """
    text: Required[str]

class Translation(ResponseModel):
    """A text in another language."""
    text: str
'''

PROGRAM = """
import asyncio
from antiphon import AsyncClient, Client
from tests.support.scripted import Answer, AsyncScripted, Scripted

def answers():
    return [Answer(b'{"text": "Hallo"}', headers=(("content-type", "application/json"),))] * 3

transport = Scripted(*answers())
messages = Client(api_key="k", http_client=transport).messages
print(messages.translate(text="Hello").text)
print(messages.with_raw_response.translate(text="Hello").parse().text)
with messages.with_streaming_response.translate(text="Hello") as response:
    print(response.parse().text)
print(transport.requests[0].url.path, bytes(transport.requests[0].body))

async def main():
    messages = AsyncClient(api_key="k", http_client=AsyncScripted(*answers())).messages
    print((await messages.translate(text="Hello")).text)
    print((await messages.with_raw_response.translate(text="Hello")).parse().text)
    async with messages.with_streaming_response.translate(text="Hello") as response:
        print((await response.parse()).text)

asyncio.run(main())
"""


def added_lines() -> dict[str, list[str]]:
    """Return the lines that the diff adds to each file."""
    (diff,) = re.findall(r"```diff\n(.*?)```", PAGE.read_text(), re.DOTALL)
    added: dict[str, list[str]] = {}
    path = ""
    for line in diff.splitlines():
        if line.startswith("+++ b/"):
            path = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            added.setdefault(path, []).append(line[1:])
    return added


def insert(path: Path, lines: list[str]) -> None:
    """Put the lines where they belong: imports first, functions at the end, methods in classes."""
    text = path.read_text()
    module, methods, views = [], [], []
    for line in lines:
        where = views if re.match(r"    \w+: Final = ", line) else module
        where = methods if line.startswith(("    ", "        ")) and where is module else where
        (where if path.name == "messages.py" else module).append(line)
    imports = [line for line in module if line.startswith("from ")]
    rest = [line for line in module if line not in imports]
    text = text.replace("\nfrom .", "\n" + "\n".join(imports) + "\nfrom .", 1)
    if methods:
        method = "\n".join(methods)
        text = text.replace("    @overload\n", f"{method}\n\n    @overload\n", 1)
        for view, line in zip(("raw", "streamed"), views, strict=True):
            first = f"    create: Final = {view}("
            text = text.replace(first, f"{line}\n{first}", 1)
    path.write_text(text + "\n\n" + "\n".join(rest) + "\n")


@pytest.mark.skipif(
    shutil.which("ruff", path=str(Path(sys.executable).parent)) is None,
    reason="scripts/unasync needs ruff, which scripts/check installs",
)
@pytest.mark.skipif(not (ROOT / "scripts").exists(), reason="needs the scripts of the repository")
def test_an_endpoint_takes_twelve_lines(tmp_path):
    added = added_lines()
    assert sum(len(lines) for lines in added.values()) <= 12
    for folder in ("src", "scripts", "tests/support"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, lines in added.items():
        insert(tmp_path / path, lines)
    (tmp_path / "src/antiphon/types/translation.py").write_text(TYPES)
    environment = {
        "PATH": str(Path(sys.executable).parent),
        "PYTHONPATH": f"{tmp_path}/src:{tmp_path}",
    }
    run = {"cwd": tmp_path, "env": environment, "check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "scripts/unasync"], **run)
    shown = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], **run).stdout
    assert shown.splitlines() == [
        *["Hallo"] * 3,
        """/v1/messages/translate b'{"text":"Hello"}'""",
        *["Hallo"] * 3,
    ]
