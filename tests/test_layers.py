"""Who may import whom: the layers that CONTRIBUTING.md draws, checked on the source."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import antiphon
from tests.support.imports import loaded_by

PACKAGE = Path(antiphon.__file__).parent

# A layer imports only from itself and from the layers below it.
LAYERS = [
    "as_anthropic",
    "cli",
    "compat",
    "bulk",
    "testing",
    "local.serving",
    "local.scripting",
    "local.api",
    "local.replies",
    "local.metering",
    "_sync",
    "_async",
    "_workers",
    "base_client",
    "telemetry",
    "open_telemetry",
    "limiter",
    "costs",
    "middleware",
    "responses",
    "mcp",
    "tools",
    "inputs",
    "transport",
    "_stream",
    "_core",
    "_transport",
    "outputs",
    "errors",
    "output_schema",
    "types",
    "rules",
    "catalog",
    "_wire",
    "_version",
]

# These only look names up in the layers when somebody asks for one.
FACADES = {"", "__main__", "local", "testing", "tools", "types"}

# Only these may read files, the environment, a clock or chance, or open a socket.
SHELLS = {
    "as_anthropic",
    "bulk",
    "cli",
    "testing",
    "local.serving",
    "local.metering.clock",
    "compat",
    "_sync",
    "_async",
    "_workers",
    "base_client",
    "telemetry",
    "inputs",
    "limiter",  # a lock, and the file that processes share
    "costs",  # the day, one lock, and files that users name
    "catalog.pricing",  # the user's price file, and the age of the prices
    "_transport",
}
OUTSIDE = {
    "asyncio",
    "socket",
    "ssl",
    "threading",
    "time",
    "urllib3",
    "httpx2",
    "os",
    "pathlib",
    "random",
    "secrets",
    "uuid",
    "tempfile",
}
# Values of these modules are pure; what asks the machine is not.
PURE_NAMES = {"os.PathLike", "os.fspath", "random.Random"}
IMPURE_CALLS = {"datetime.now", "date.today", "datetime.today", "datetime.utcnow", "open"}


def name_of(path: Path) -> str:
    """Return the dotted name of a module inside the package: "" for the package itself."""
    return (
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        .removesuffix("__init__")
        .rstrip(".")
    )


PATHS = {name_of(path): path for path in PACKAGE.rglob("*.py")}
TREES = {name: ast.parse(path.read_text()) for name, path in PATHS.items()}


def imports(name: str) -> set[str]:
    """Return the absolute names of what a module imports anywhere, type checking included."""
    package = ["antiphon", *PATHS[name].parent.relative_to(PACKAGE).parts]
    names: set[str] = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            names |= {f"{origin}.{alias.name}" for alias in node.names}
    return names


def own_imports(name: str) -> set[str]:
    """Return the modules of this package that a module imports."""
    found: set[str] = set()
    for absolute in imports(name):
        inner = absolute.removeprefix("antiphon").lstrip(".")
        if absolute.split(".")[0] != "antiphon":
            continue
        found.add(inner if inner in PATHS else inner.rpartition(".")[0])
    return found


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def layer_of(name: str) -> int:
    """Return the number of a module's layer, counted from the top."""
    found = [number for number, layer in enumerate(LAYERS) if within(name, layer)]
    assert len(found) == 1, f"{name or 'antiphon'} stands on {len(found)} layers"
    return found[0]


MODULES = sorted(name for name in PATHS if name not in FACADES)


@pytest.mark.parametrize("name", MODULES)
def test_no_import_runs_up(name):
    below = {other for other in own_imports(name) if other not in FACADES}
    upwards = {other for other in below if layer_of(other) < layer_of(name)}
    assert not upwards


def test_no_imports_form_a_circle():
    graph = {name: own_imports(name) - FACADES for name in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


@pytest.mark.parametrize("name", [name for name in MODULES if not within(name, *SHELLS)])
def test_pure_modules_touch_nothing_outside(name):
    touched = {
        other
        for other in imports(name)
        if other.split(".")[0] in OUTSIDE and other not in PURE_NAMES
    }
    calls = {ast.unparse(node.func) for node in ast.walk(TREES[name]) if isinstance(node, ast.Call)}
    assert not touched
    assert not calls & IMPURE_CALLS


def test_few_modules_know_pydantic():
    users = {name for name in MODULES if any(within(other, "pydantic") for other in imports(name))}
    knowing = (
        "_wire.decoding",
        "_wire.typed_dicts",
        "_wire.validation",
        "outputs",
        "tools",
        "types",
    )
    assert all(within(name, *knowing) for name in users)


def test_the_clients_do_not_know_each_other():
    for name in MODULES:
        if within(name, "_sync"):
            assert not any(within(other, "_async") for other in own_imports(name))
        if within(name, "_async"):
            assert not any(within(other, "_sync") for other in own_imports(name))


def test_a_class_name_is_used_once():
    homes: dict[str, set[str]] = {}
    # A private class of `_async` without "Async" in its name keeps it in `_sync`.
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, set()).add(name.replace("_sync.", "_async."))
    assert not {name: places for name, places in homes.items() if len(places) > 1}


def test_importing_the_package_loads_nothing_heavy():
    loaded = loaded_by("import antiphon")
    assert not loaded & {"pydantic", "urllib3", "httpx2", "asyncio", "ssl", "json", "typing"}


def test_the_tools_load_what_they_need_when_one_is_made():
    loaded = loaded_by("import antiphon.tools")
    assert not loaded & {"pydantic", "docstring_parser", "PIL", "asyncio"}


def test_the_sync_client_loads_no_async_machinery():
    loaded = loaded_by("import antiphon; antiphon.Client(api_key='k')")
    assert not loaded & {"httpx2", "antiphon._transport.async_pool", "antiphon._async.client"}
