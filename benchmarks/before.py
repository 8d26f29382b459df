"""Measure this version beside an earlier one, in one sitting.

python -m benchmarks.before PYTHON [--rounds N] [--only WORK]

PYTHON is an interpreter with the earlier version installed, such as that of a virtual environment
of a worktree. `scripts/bench` has made the other two.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measuring import (
    PYTHONS,
    ROWS,
    Row,
    import_time,
    measured_in_turn,
    ratio,
    replay_server,
)

HEAD = """\
| work | before | now | official | now to before | before to official | now to official |
|---|---|---|---|---|---|---|"""


def line(row: Row, cpu: dict[str, float | None]) -> str:
    before, now, official = (cpu[peer] for peer in ("before", "antiphon", "anthropic"))
    figures = [
        "–" if value is None else f"{value * row.unit:.1f}" for value in (before, now, official)
    ]
    ratios = [ratio(now, before), ratio(before, official), ratio(now, official)]
    return f"| {' | '.join([f'{row.says}, {row.unit_name}', *figures, *ratios])} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before")
    parser.add_argument("python", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[row.work for row in ROWS])
    options = parser.parse_args()
    PYTHONS["before"] = options.python
    peers = ["before", "antiphon", "anthropic"]
    print(HEAD)
    with replay_server() as url:
        for row in ROWS:
            # The earlier version may lack what a row is about.
            if options.only in (None, row.work) and row.work != "create watched":
                found = measured_in_turn(row, peers, options.rounds, url)
                cpu = {peer: result and result["cpu"] for peer, result in found.items()}
                print(line(row, cpu), flush=True)
    if options.only is None:
        imports = Row("import", "importing, over bare Python", 1e3, "ms", None)
        print(line(imports, {peer: import_time(peer, options.rounds) for peer in peers}))


if __name__ == "__main__":
    main()
