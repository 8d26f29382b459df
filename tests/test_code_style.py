"""Habits of the source that no linter knows."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path
from tokenize import COMMENT

import pytest

import antiphon

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


SOURCES = sorted(Path(antiphon.__file__).parent.rglob("*.py"))
COMMENTS = 2.5
"""The least number of comment lines per 100 lines of code: a comment answers where one asks why."""


def comment_lines(source: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return sum(token.line.strip().startswith("#") for token in tokens if token.type == COMMENT)


def code_lines(source: str) -> int:
    """Return the number of lines that are not blank, a comment or a docstring."""
    words: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(map(str.strip, source.splitlines()), 1)
    return sum(bool(line) and line[0] != "#" and number not in words for number, line in lines)


def test_comments_say_why():
    sources = [path.read_text() for path in SOURCES]
    rate = 100 * sum(map(comment_lines, sources)) / sum(map(code_lines, sources))
    assert rate >= COMMENTS


def test_the_formatter_decides_nearly_everywhere():
    skipped = sum(
        path.read_text().count("# fmt: " + "skip") for path in {*SOURCES, *TESTS.rglob("*.py")}
    )
    assert skipped < 15
