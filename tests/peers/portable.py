"""Find the portable tests of a test suite: those that use public names of a package alone.

A test is portable if neither it nor anything of the suite that it uses names something from a
private module of the package, or a private attribute. Two tests of one name, such as a sync and an
async one, are counted as one. Left out are tests that the suite itself expects to fail, tests
against a mock server that is made from an OpenAPI document, and those of parts that antiphon does
not have.
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
    "aiohttp",  # a transport of the official package
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
    "clients_without_message_threads",  # those of clouds
    "open_telemetry",
    "memory_sync",
    "skills",
    "generated_union",  # read the sources of the package
    "detect_breaking_changes",
)
"""Parts of paths and of names of the tests that are not counted."""


class Module:
    """One module of the suite: what its functions name."""

    def __init__(self, path: Path, public: set[str]) -> None:
        self.tree = ast.parse(path.read_text())
        self.beside = dict(_beside(self.tree, path))
        self.public = public
        self.private = set(_private_imports(self.tree)) - public
        self.tests = [
            node.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test_")
        ]
        self.things: dict[str, list[ast.AST]] = {}
        for name, node in _things(self.tree):
            self.things.setdefault(name, []).append(node)

    def is_portable(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Return whether a thing of the module names public things alone, as do those it uses."""
        if name in self.beside:
            path, there = self.beside[name]
            return Module(path, self.public).is_portable(there)
        return all(self._is_portable(node, seen | {name}) for node in self.things.get(name, ()))

    def _is_portable(self, node: ast.AST, seen: frozenset[str]) -> bool:
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
        if "xfail" in attributes or _tests_a_private_setting(node):
            return False
        used = (names | fixtures | attributes) & (set(self.things) | set(self.beside))
        return all(self.is_portable(each, seen) for each in used - seen)


def _tests_a_private_setting(node: ast.AST) -> bool:
    """Return whether a private setting has another value than the True that all tests give it."""
    settings = [each for each in ast.walk(node) if isinstance(each, ast.keyword)]
    return any(
        each.arg == "_strict_response_validation"
        and isinstance(each.value, ast.Constant)
        and each.value.value is not True
        for each in settings
    )


def _beside(tree: ast.Module, path: Path) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Give what a module takes from others of the suite: the module, and the name there."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            folder = path.parents[node.level - 1]
            place = folder.joinpath(*node.module.split(".")).with_suffix(".py")
            yield from ((each.asname or each.name, (place, each.name)) for each in node.names)


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
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((each.id, node) for each in targets if isinstance(each, ast.Name))


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
