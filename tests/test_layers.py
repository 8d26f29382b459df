"""Who may import whom: the layers of CONTRIBUTING.md, checked on the source."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import antiphon

PACKAGE = Path(antiphon.__file__).parent
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
IMPURE = {"asyncio", "socket", "ssl", "threading", "time", "urllib3", "httpx2"}
SHELLS_OF_LOCAL = {
    f"local/{name}.py" for name in ("connection", "serve", "server", "inprocess", "record")
}


def imports(module: str) -> set[str]:
    """Absolute names of what a module imports anywhere in its text, type checking included."""
    package = ["antiphon", *module.split("/")[:-1]]
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            names |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return names


def within(names: set[str], *packages: str) -> set[str]:
    return {n for n in names if any(n == p or n.startswith(f"{p}.") for p in packages)}


def is_pure(module: str) -> bool:
    if module.startswith("local/"):
        return module not in SHELLS_OF_LOCAL
    return module.startswith(("_core/", "types/")) or module in ("errors.py", "responses.py")


@pytest.mark.parametrize("module", [module for module in MODULES if is_pure(module)])
def test_pure_modules_touch_nothing_outside(module):
    assert not within(imports(module), *IMPURE)
    assert not within(
        imports(module), "antiphon._transport", "antiphon.client", "antiphon.async_client"
    )


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("_core/")])
def test_only_the_model_knows_pydantic(module):
    allowed = {"_core/model.py", "_core/reading.py", "_core/partial_json.py"}
    if module not in allowed:
        assert not within(imports(module), "pydantic", "pydantic_core")


@pytest.mark.parametrize("module", MODULES)
def test_nobody_imports_upwards(module):
    names = imports(module)
    if not module.startswith(("cli/", "__main__")):
        assert not within(names, "antiphon.cli")
    if not module.startswith(("local/", "cli/")):
        assert not within(names, "antiphon.local")
    if module.startswith("local/"):
        assert not within(names, "antiphon.client", "antiphon.async_client")


def test_the_clients_do_not_know_each_other():
    assert not within(imports("client.py"), "antiphon.async_client")
    assert not within(imports("async_client.py"), "antiphon.client")


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    unwatched = {name: v for name, v in os.environ.items() if not name.startswith("COVERAGE")}
    run = subprocess.run(
        [sys.executable, "-c", code], env=unwatched, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    loaded = loaded_by("import antiphon")
    assert not loaded & {"pydantic", "urllib3", "httpx2", "asyncio", "ssl", "json"}


def test_the_sync_client_loads_no_async_machinery():
    loaded = loaded_by("import antiphon; antiphon.Client(api_key='k')")
    assert not loaded & {"httpx2", "antiphon._transport.asyncio_pool", "antiphon.async_client"}
