"""The table in `docs/transports.md` says what the conformance suite runs."""

from __future__ import annotations

from pathlib import Path

from tests.support.transport_kits import KITS
from tests.transport.test_conformance import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "transports.md"


def table() -> str:
    """One line per row: ✓ where it runs, else the number of the note that says why not."""
    notes = sorted({why for without in ROWS.values() for why in without.values()})
    lines = [f"| | {' | '.join(KITS)} |", f"|---|{':-:|' * len(KITS)}"]
    for title, without in ROWS.items():
        cells = [str(notes.index(without[kit]) + 1) if kit in without else "✓" for kit in KITS]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    numbered = [f"{number}. {why}" for number, why in enumerate(notes, 1)]
    return "\n".join([*lines, "", *numbered, ""])


def test_the_table_in_the_docs_is_that_of_the_suite():
    assert table() in PAGE.read_text(), f"docs/transports.md should say:\n\n{table()}"
