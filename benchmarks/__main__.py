"""Measure, side by side and in turn; print the table and write it to `docs/performance.md`.

python -m benchmarks [--rounds N] [--only WORK]
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import os
import platform
import subprocess
import zipfile
from itertools import chain
from typing import Any

from benchmarks import common_limit
from benchmarks.measuring import (
    PYTHONS,
    ROOT,
    ROWS,
    Row,
    cpu_of,
    import_time,
    measured_in_turn,
    ratio,
    replay_server,
)


def line(row: Row, found: dict[str, dict[str, float] | None]) -> str:
    ours, floor, official = (found[peer] for peer in ("antiphon", "floor", "anthropic"))
    assert ours is not None
    assert floor is not None
    theirs = official["cpu"] if official else None
    cells = [
        row.says,
        f"{floor['cpu'] * row.unit:.1f}",
        f"{ours['cpu'] * row.unit:.1f} {row.unit_name}",
        f"{theirs * row.unit:.1f}" if theirs else "–",
        ratio(ours["cpu"], floor["cpu"]),
        ratio(ours["cpu"], theirs),
        f"{row.goal or '–'}",
        "–"
        if not theirs or not row.goal
        else "yes"
        if ours["cpu"] / theirs <= row.goal
        else "**no**",
        f"{ours['memory']:.0f} / {official['memory']:.0f}"
        if official
        else f"{ours['memory']:.0f} / –",
    ]
    return "| " + " | ".join(cells) + " |"


def table(rows: list[Row], rounds: int, url: str) -> tuple[list[str], dict[str, Any]]:
    lines = [
        "| work | floor | ours | official | to floor | to official | goal | met | memory, MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    everything: dict[str, Any] = {}
    for row in rows:
        everything[row.work] = measured_in_turn(row, list(PYTHONS), rounds, url)
        lines.append(line(row, everything[row.work]))
        print(lines[-1], flush=True)
    return lines, everything


def versions() -> str:
    code = "import importlib.metadata as m; print(m.version('anthropic'))"
    official = subprocess.run(
        [str(PYTHONS["anthropic"]), "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    return (
        f"Python {platform.python_version()}, official package {official}, {os.cpu_count()} cores"
    )


def packed_size() -> int:
    """Return the bytes of the sources as they are compressed in a wheel."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path in (ROOT / "src").rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                wheel.write(path, path.relative_to(ROOT))
    return len(packed.getvalue())


def more_facts(everything: dict[str, Any], rounds: int) -> list[str]:
    times = {peer: import_time(peer, rounds) for peer in ("antiphon", "anthropic")}
    facts = [
        (
            f"* Importing, over bare Python: {times['antiphon'] * 1e3:.0f} ms against"
            f" {times['anthropic'] * 1e3:.0f} ms, ratio"
            f" {times['antiphon'] / times['anthropic']:.3f} (goal 0.01)."
        )
    ]
    if {"tool 100 KB", "tool 1 MB"} <= everything.keys():
        small, large = (
            everything[work]["antiphon"]["cpu"] for work in ("tool 100 KB", "tool 1 MB")
        )
        facts.append(
            f"* Tool input of 1 MB costs {large / small:.1f} times one of 100 KB (goal 11)."
        )
    if "image 10 MB" in everything:
        copies = {
            peer: everything["image 10 MB"][peer]["copies"] for peer in ("antiphon", "anthropic")
        }
        facts.append(
            f"* Sending an image of 10 MB takes {copies['antiphon']:.1f} further copies at the"
            f" peak (goal 2), the official package {copies['anthropic']:.1f}."
        )
    facts.append(f"* The package takes {packed_size() / 1e6:.2f} MB as a wheel (goal 1 MB).")
    return facts


def server_facts(everything: dict[str, Any], rounds: int) -> list[str]:
    from benchmarks.server import facts

    return facts(rounds, everything["create"]["antiphon"]["cpu"])


def command_facts(rounds: int) -> list[str]:
    def least(*arguments: str) -> float:
        command = [str(PYTHONS["antiphon"]), "-m", "antiphon", *arguments]
        return 1e3 * min(cpu_of(command, ANTHROPIC_API_KEY="") for _ in range(3 * rounds))

    simulated = "with the local server that it starts"
    return [
        f"* `antiphon --help`: {least('--help'):.0f} ms CPU (goal 100 ms).",
        f"* `antiphon ask Hello`, {simulated}: {least('ask', 'Hello'):.0f} ms CPU (goal 400 ms).",
    ]


WHERE_TIME_GOES = """\
## Where the time goes

Measured separately in November 2026, on the same machine:

* `create`: the kernel needs about 25 µs to send and receive. The client above the transport needs
  18 µs (options, headers, retries, clocks; encoding 2 µs, decoding 3 µs). Reading the head of the
  response takes 8 µs. The rest is the connection pool: one check of the resting socket, and two
  changes of its timeout.
* Typed events: pydantic makes two objects, the event and its delta, in 1.0 of 2.0 µs. Splitting the
  stream into frames takes 0.2 µs. An event made from another one, such as `input_json` with its
  lazy snapshot, adds 0.6 µs.
* `text_stream`: parsing the JSON takes 0.4 of 1.2 µs. The text is the only object that is made.
* One write per event: the time is that of the system calls, for both packages.
* `bulk.run`: of the 75 µs that a row costs beyond `create`, keeping its result takes about 35 (its
  line of JSON 14, the write that survives a kill 10, the ledger 7), the limiter 15, reading the row
  8, writing the output file 5, the price 4.
* An image: the time is that of sending it. It is encoded in pieces that fit the processor's cache,
  into one buffer.
* The first reply: loading pydantic and building the schema of a message take two thirds of the
  time."""


def kept_about_bulk() -> list[str]:
    """Return the section that `benchmarks.bulk` writes, as it stands on the page now."""
    _, heading, rest = (ROOT / "docs/performance.md").read_text().partition("\n## Bulk\n")
    section, _, _ = rest.partition("\n## ")
    return ["## Bulk", section.rstrip(), ""] if heading else []


def page(
    lines: list[str], facts: list[str], server: list[str], command: list[str], bulk: list[str]
) -> str:
    return "\n".join(
        [
            "# Performance",
            "",
            "CPU time of the client for one unit of work; less is better. Each peer does the same",
            "work in turn, against a server in another process that sends prepared responses. The",
            "best of several rounds counts. The floor uses sockets and a JSON decoder and is no",
            "client at all: no client can be faster.",
            "",
            "Compare the ratios. The times depend on the machine and on what else it does.",
            f"Written by `scripts/bench` on {dt.datetime.now(dt.UTC):%Y-%m-%d}: {versions()}.",
            "",
            *lines,
            "",
            *facts,
            "",
            "## The local server",
            "",
            "Each server is started anew, serves one kind of request and is stopped. Its CPU time",
            "is counted, without that of the start. aimock replies by one fixture and checks",
            "nothing; ours checks all rules, counts tokens, simulates the cache and keeps a",
            "journal.",
            "",
            *server,
            "",
            "## The command line",
            "",
            *command,
            "",
            *kept_about_bulk(),
            "## Bulk on Ray",
            "",
            *bulk,
            "",
            WHERE_TIME_GOES,
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[row.work for row in ROWS])
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only in (None, row.work)]
    with replay_server() as url:
        lines, everything = table(rows, options.rounds, url)
    if options.only is None:
        rounds = options.rounds
        more = (
            more_facts(everything, rounds),
            server_facts(everything, rounds),
            command_facts(rounds),
            common_limit.facts(),
        )
        print(*chain(*more), sep="\n")
        (ROOT / "docs/performance.md").write_text(page(lines, *more))


if __name__ == "__main__":
    main()
