"""The async client is the sync client, awaited: one turns into the other, word for word."""

from __future__ import annotations

import ast
import difflib
from pathlib import Path

import antiphon

PACKAGE = Path(antiphon.__file__).parent

RENAMED = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "StopAsyncIteration": "StopIteration",
    "async_transport_for": "transport_for",
}


def plain(name: str) -> str:
    return RENAMED.get(name, name.removeprefix("Async"))


class Awaited(ast.NodeTransformer):
    """Drops `async` and `await`, and the `Async` before names."""

    def visit_AsyncFunctionDef(self, node):
        fields = {name: getattr(node, name, None) for name in ast.FunctionDef._fields}
        return self.visit(ast.FunctionDef(**fields))

    def visit_AsyncWith(self, node):
        return self.generic_visit(ast.With(items=node.items, body=node.body))

    def visit_AsyncFor(self, node):
        return self.generic_visit(
            ast.For(target=node.target, iter=node.iter, body=node.body, orelse=node.orelse)
        )

    def visit_comprehension(self, node):
        node.is_async = 0
        return self.generic_visit(node)

    def visit_Await(self, node):
        return self.visit(node.value)

    def visit_FunctionDef(self, node):
        node.name = plain(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        node.name = plain(node.name)
        return self.generic_visit(node)

    def visit_Name(self, node):
        node.id = plain(node.id)
        return node

    def visit_Attribute(self, node):
        node.attr = plain(node.attr)
        return self.generic_visit(node)

    def visit_alias(self, node):
        node.name = plain(node.name)
        return node

    def visit_ImportFrom(self, node):
        node.names.sort(key=lambda alias: plain(alias.name))
        return self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            for word in ("Async", "async ", "awaited "):
                node.value = node.value.replace(word, "")
            node.value = node.value.replace("`an ", "`a ").replace(" an `", " a `")
        return node

    def visit_List(self, node):
        self.generic_visit(node)
        if all(isinstance(item, ast.Constant) for item in node.elts):
            node.elts.sort(key=lambda item: str(item.value))
        return node


def normal(module: str) -> list[str]:
    tree = Awaited().visit(ast.parse((PACKAGE / module).read_text()))
    tree.body.pop(0)  # each module says in its own docstring which of the two it is
    return ast.unparse(ast.fix_missing_locations(tree)).splitlines()


def test_both_clients_are_the_same():
    difference = difflib.unified_diff(normal("client.py"), normal("async_client.py"), lineterm="")
    assert not list(difference)
