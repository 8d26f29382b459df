"""Every Python block of the README and the docs runs, page by page, against the local server."""

from __future__ import annotations

import base64
import logging
import re
import runpy
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from antiphon.base_client import ClientOptions
from antiphon.catalog.models import CATALOG, ModelCard
from tests.support.media_samples import JPEG, pdf

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# These are no programs that come to an end by themselves.
OTHERS = {ROOT / "examples" / name for name in ("simulator.py", "fastapi_chat.py")}
EXAMPLES = sorted({*(ROOT / "examples").glob("*.py")} - OTHERS)
SHOWN = {
    "file_editor.py": "The file: Tuesday: dentist",
    "killed_agent.py": "Paid: ['Paris', 'Rome', 'Bern']",
    "parallel_fetch.py": "Paris -> <h1>Paris</h1> sunny",
    "sql_agent.py": "It ended with end_turn after 3 messages.",
}
"""What an example shows that would be wrong if its tools did not run as it says."""
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def workplace(server, tmp_path, monkeypatch):
    """Enter a folder with the files that the pages read; the environment names the server."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    # A page may let `import anthropic` be ours, which is not to outlast it.
    monkeypatch.setattr("sys.meta_path", [*sys.meta_path])
    sleep = time.sleep  # the pages wait as long as a program does that waits for the real API
    monkeypatch.setattr("time.sleep", lambda seconds: sleep(min(seconds, 0.05)))
    (tmp_path / "image.jpg").write_bytes(JPEG)
    (tmp_path / "report.pdf").write_bytes(pdf())
    shutil.copy(ROOT / "tests" / "support" / "mcp_server.py", tmp_path)
    (tmp_path / "image.b64").write_text(base64.b64encode(JPEG).decode())
    monkeypatch.setattr(logging.root, "handlers", [*logging.root.handlers])
    logger = logging.getLogger("antiphon")
    level = logger.level
    yield
    logger.setLevel(level)
    for name in [name for name in sys.modules if name.partition(".")[0] == "anthropic"]:
        del sys.modules[name]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page, workplace):
    names: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(BLOCK.findall(page.read_text()), 1):
        code = compile(block, f"{page.name}, block {number}", "exec", dont_inherit=True)
        exec(code, names)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_examples_run_without_a_key_and_say_who_replies(example, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "a simulator repli" in done.stdout + done.stderr
    assert SHOWN.get(example.name, "") in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_examples_use_the_server_that_the_environment_names(server, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    before = len(server.requests)
    hello = str(ROOT / "examples" / "hello.py")
    done = subprocess.run([sys.executable, hello], capture_output=True, text=True, check=True)
    assert "a simulator replies" not in done.stderr
    assert len(server.requests) == before + 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_the_index_has_every_page():
    index = (ROOT / "docs" / "README.md").read_text()
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", index))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_the_index_has_every_example():
    index = (ROOT / "docs" / "README.md").read_text()
    listed = re.findall(r"\(\.\./examples/(\w+\.py)\)", index)
    there = {path.name for path in (ROOT / "examples").glob("*.py")} - {"simulator.py"}
    assert sorted(listed) == sorted(there)


def test_the_page_of_settings_has_every_setting():
    page = (ROOT / "docs" / "settings.md").read_text()
    old = {"wire", "_strict_response_validation"}
    assert not {name for name in {*ClientOptions.__annotations__} - old if f"`{name}`" not in page}


def test_the_page_of_installing_has_every_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / "docs" / "installing.md").read_text()
    extras = re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE)
    assert sorted(extras) == sorted(project["optional-dependencies"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_columns_of_tables_have_names(page):
    heads = re.findall(r"^(\|.*\|)\n\|[-:| ]+\|$", page.read_text(), re.MULTILINE)
    for head in heads:
        names = head.strip("|").split("|")
        assert not [name for name in names[1:] if not name.strip()], head


@pytest.mark.parametrize("name", ["rules", "reference"])
def test_a_page_is_what_its_script_makes(name):
    script = runpy.run_path(str(ROOT / "scripts" / name))
    old = (ROOT / "docs" / f"{name}.md").read_text()
    assert old == script["page"](), f"run scripts/{name} > docs/{name}.md"


def thinking_row(card: ModelCard) -> str:
    types = " ".join(f"`{kind}`" for kind in sorted(card.thinking_types))
    default = "no thinking" if card.thinking_default == "off" else "thinking"
    efforts = [f"**{e}**" if e == card.default_effort else e for e in card.efforts] or ["none"]
    return f"| {card.display_name} | {types} | {default} | {' '.join(efforts)} |"


def test_the_page_of_thinking_has_every_model():
    page = (ROOT / "docs" / "thinking.md").read_text()
    assert re.findall(r"^\| Claude .*", page, re.MULTILINE) == [*map(thinking_row, CATALOG)]


def test_the_blocks_of_the_page_of_type_checkers_are_checked():
    checked = (ROOT / "tests" / "typing" / "page_of_type_checkers.py").read_text()
    for block in BLOCK.findall((ROOT / "docs" / "type-checkers.md").read_text()):
        assert block.strip() in checked


def test_the_page_of_traps_names_every_test():
    page, tests = ROOT / "docs" / "traps.md", ROOT / "tests" / "test_traps.py"
    named = re.findall(r"`(\w+)` \|$", page.read_text(), re.MULTILINE)
    assert set(named) == set(re.findall(r"^def test_(\w+)", tests.read_text(), re.MULTILINE))
