"""The table in `docs/transports.md` is the one of this suite."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.support.conformance import SECTIONS, table

PAGE = Path(__file__).parents[3] / "docs" / "transports.md"


def test_the_table_in_the_docs_is_that_of_the_suite():
    for section in SECTIONS:
        import_module(f"tests.transport.conformance.test_{section}")
    assert table() in PAGE.read_text(), f"docs/transports.md should say:\n\n{table()}"
