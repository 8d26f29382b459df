"""Habits of the source that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MODULES = sorted(TESTS.rglob("test_*.py"))


def imported(tree: ast.Module) -> set[str]:
    """Return the absolute names of the modules that a module imports anywhere."""
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    plain = [node.names for node in ast.walk(tree) if isinstance(node, ast.Import)]
    return {name or "" for name in froms} | {alias.name for names in plain for alias in names}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_tests_share_through_support_alone(path):
    shared = {name for name in imported(ast.parse(path.read_text())) if name.startswith("tests.")}
    assert all(name.startswith("tests.support.") for name in shared), shared
