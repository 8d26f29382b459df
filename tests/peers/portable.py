"""Find the portable tests of a test suite: those that use public names of a package alone.

A test is portable if neither it nor a function of its module that it calls names something from a
private module of the package, or a private attribute. Tests against a mock server that is made from
an OpenAPI document are left out, and so are those of parts that antiphon does not have.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["portable_tests"]

# Attributes with an underscore that the official documentation tells users to read.
DOCUMENTED = {"_request_id"}

_PRIVATE_TEXT = re.compile(r"anthropic(\.[a-z]\w*)*\._\w+")

LEFT_OUT = (
    "api_resources",  # need the mock server
    "aws",
    "bedrock",
    "mantle",
    "lib_client",
    "vertex",
    "azure",
    "foundry",
    "google_cloud",
    "platform",
    "toolset",
    "session_runner",
    "environments",
    "sessions",
    "credentials",
    "refusal_fallback",
    "open_telemetry",
    "memory_sync",
    "skills",
    "generated_union",  # read the sources of the package
    "detect_breaking_changes",
)
"""Parts of paths and of names of the tests that are not counted."""


class Module:
    """One test module: what its functions name."""

    def __init__(self, path: Path, public: set[str]) -> None:
        self.tree = ast.parse(path.read_text())
        self.private = set(_private_imports(self.tree)) - public
        self.tests = [
            node.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
        ]
        self.things = dict(_things(self.tree))

    def is_portable(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Return whether a thing of the module names public things alone, as do those it uses."""
        node = self.things[name]
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        attributes = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        fixtures = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
        # `mock.patch("anthropic._base_client.…")` names a private thing in a text.
        texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
        if any(isinstance(text, str) and _PRIVATE_TEXT.match(text) for text in texts):
            return False
        inner = {each for each in ast.walk(node) if isinstance(each, ast.ImportFrom)}
        if names & self.private or any(_is_private(each.module or "") for each in inner):
            return False
        if any(each[0] == "_" and each[:2] != "__" for each in attributes - DOCUMENTED):
            return False
        used = ((names | fixtures | attributes) & set(self.things)) - seen - {name}
        return all(self.is_portable(each, seen | {name}) for each in used)


def _things(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Give the functions, classes, variables and named fixtures of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
            for keyword in (
                k for each in node.decorator_list for k in getattr(each, "keywords", ())
            ):
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value), node
    for node in getattr(tree, "body", ()):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("Test"):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            yield from ((each.id, node) for each in node.targets if isinstance(each, ast.Name))


def _private_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if _is_private(node.module or "") or _is_private(whole):
                    yield alias.asname or alias.name


def _is_private(module: str) -> bool:
    parts = module.split(".")
    return parts[0] == "anthropic" and any(part.startswith("_") for part in parts)


def portable_tests(root: Path, public: set[str]) -> list[tuple[str, str]]:
    """Return the portable tests under a folder: the path of the module, and the function's name.

    Args:
        root: the folder `tests` of the suite.
        public: the names that the package exports at its root.
    """
    found: list[tuple[str, str]] = []
    for path in sorted(root.rglob("test_*.py")):
        inside = path.relative_to(root)
        if any(part in str(inside) for part in LEFT_OUT):
            continue
        module = Module(path, public)
        found += [
            (str(inside), name)
            for name in module.tests
            if not any(part in name for part in LEFT_OUT) and module.is_portable(name)
        ]
    return found


if __name__ == "__main__":
    for place, test in portable_tests(Path(sys.argv[1]), set(sys.argv[2:])):
        print(place, test)
