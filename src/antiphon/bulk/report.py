"""A page about a run: one HTML file that needs no network and runs no script.

Strategy. The ledger is summed up by SQL, so that a million rows cost a few passes over numbers;
only the slowest rows and an example of each failure are read. Time is cut into buckets, and those
in which no session ran are left out: the axis is the time that the run took, not that of the wall.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from .charts import histogram, line_chart
from .plans import duration
from .records import NANO, Location, Records
from .results import KINDS, Result

__all__ = ["page_of"]

_BUCKETS = 120
_BARS = 30
_PERCENTILES = (50, 90, 99, 100)
_SLOWEST = 15
_SHORTEST_BUCKET = 0.1
# A limit that is further above what was measured would press that to the ground.
_FAR_ABOVE = 5
_LIMITED = {
    "requests": "Requests",
    "input_tokens": "Input tokens",
    "output_tokens": "Output tokens",
}
_TEMPLATE: Final = Path(__file__).with_name("report.html")


def page_of(records: Records, *, simulated: bool = False) -> str:
    """Return the page about a run, as HTML.

    Args:
        records: what its directory holds.
        simulated: whether the local server replied.
    """
    with records.opened() as db:
        timeline = _timeline(db)
        sections = [
            _section("Totals", _totals(records, timeline), wide=True),
            *_rates(records, timeline),
            *_latency(db),
            _section("Cost over time", _cost_over_time(timeline)),
            _section("Cost by model", _cost_by_model(db), wide=True),
            _section("Failures", _failures(db, records), wide=True),
            _section("Slowest rows", _slowest(db, records), wide=True),
        ]
    about = f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by antiphon."
    if simulated:
        about = f"The replies are simulated: they are not Claude’s. {about}"
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        title=escape(f"Run {records.path.name}"),
        about=about,
        sections="\n".join(sections),
    )


@dataclass(slots=True)
class _Work:
    """What was done in a part of the time."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    """In billionths of a US dollar."""


@dataclass(slots=True)
class _Timeline:
    """The time in which sessions ran, in parts of equal length."""

    start: float
    """When the first part begins, in seconds since 1970."""
    width: float
    """Seconds of a part."""
    places: dict[int, int]
    """The place of each part on the axis, by its number counted from the start."""
    work: list[_Work]
    """What was done in the part at each place."""
    breaks: list[float]
    """Where sessions after the first one began, from 0 to 1."""

    @property
    def seconds(self) -> float:
        """How long the sessions took together."""
        return len(self.work) * self.width

    @property
    def ends(self) -> tuple[str, str]:
        """The texts at both ends of the axis."""
        return "0 s", duration(self.seconds)

    def number(self, at: float) -> int:
        """Return the number of the part in which a time is."""
        return int((at - self.start) / self.width)


def _timeline(db: sqlite3.Connection) -> _Timeline:
    sessions = _sessions(db)
    start = sessions[0][0] if sessions else 0.0
    active = sum(end - begin for begin, end in sessions)
    width = max(active / _BUCKETS, _SHORTEST_BUCKET)
    timeline = _Timeline(start, width, {}, [], [])
    work = {
        part: _Work(*sums)
        for part, *sums in db.execute(
            "SELECT CAST(max(ended - ?, 0) / ? AS INTEGER), sum(attempts), coalesce(sum(input), 0),"
            " coalesce(sum(output), 0), coalesce(sum(cost), 0) FROM rows GROUP BY 1",
            (start, width),
        )
    }
    shown = {*work}
    for begin, end in sessions:
        shown |= {*range(timeline.number(begin), timeline.number(end) + 1)}
    timeline.places = {part: place for place, part in enumerate(sorted(shown))}
    timeline.work = [work.get(part, _Work()) for part in sorted(shown)]
    timeline.breaks = [
        timeline.places[timeline.number(begin)] / len(shown) for begin, _ in sessions[1:]
    ]
    return timeline


def _sessions(db: sqlite3.Connection) -> list[tuple[float, float]]:
    """Return when each session began and ended; one that died ends with its last sample."""
    return db.execute(
        "SELECT started, coalesce(ended, (SELECT max(at) FROM samples WHERE at >= started AND at <"
        " coalesce((SELECT min(next.started) FROM sessions AS next"
        " WHERE next.number > sessions.number), 1e18)), started) FROM sessions ORDER BY number"
    ).fetchall()


def _totals(records: Records, timeline: _Timeline) -> str:
    totals = records.totals()
    _, last = records.last_sample() or (0.0, {})
    rows = last.get("rows")
    done = f"{totals.done:,}" if rows is None else f"{totals.done:,} of {rows:,}"
    cost = f"${totals.cost:,.4f}"
    if totals.unpriced:
        cost += f" (without {totals.unpriced:,} messages that have no known price)"
    facts = {
        "Rows done": done,
        "With a message": f"{totals.ok:,}",
        "Failed": f"{totals.failed:,}",
        "Cost": cost,
        "Input tokens": f"{totals.input_tokens:,}",
        "Output tokens": f"{totals.output_tokens:,}",
        "Attempts": f"{totals.attempts:,}",
        "Sessions": f"{records.sessions():,}",
        "Time": duration(timeline.seconds),
        "Rows a second": f"{totals.done / timeline.seconds if timeline.seconds else 0:,.1f}",
    }
    return _facts(facts)


def _rates(records: Records, timeline: _Timeline) -> Iterator[str]:
    """Give a chart for each limit: what was used of it, a minute."""
    limits = _limits_over_time(records, timeline)
    for name, title in _LIMITED.items():
        rates = [getattr(each, name) * 60 / timeline.width for each in timeline.work]
        line = limits[name]
        highest = max((each for each in line if each is not None), default=None)
        says = "The limit is not known."
        if highest is not None:
            says = f'<span class="key">╌╌</span> limit: {highest:,.0f} a minute'
            if highest > _FAR_ABOVE * max(rates, default=0.0):
                line = []
                says = f"Limit: {highest:,.0f} a minute, far above this."
        chart = line_chart(
            rates,
            label=f"{title} a minute over time",
            ends=timeline.ends,
            y_text=_short,
            limits=line,
            breaks=timeline.breaks,
        )
        yield _section(f"{title} a minute", f"{chart}<p>{says}</p>")


def _limits_over_time(records: Records, timeline: _Timeline) -> dict[str, list[float | None]]:
    """Return the limits that were known in each part; those of several classes are added up."""
    found: dict[str, list[float | None]] = {name: [None] * len(timeline.work) for name in _LIMITED}
    for at, state in records.samples():
        place = timeline.places.get(timeline.number(at))
        if place is None:
            continue
        for name, line in found.items():
            known = [
                pool[name]["limit"] for pool in state["limits"].values() if pool[name]["limit"]
            ]
            line[place] = sum(known) or None
    for line in found.values():  # no sample says that a limit has changed
        for place in range(1, len(line)):
            line[place] = line[place] or line[place - 1]
    return found


def _latency(db: sqlite3.Connection) -> Iterator[str]:
    """Give a histogram and some percentiles of the seconds of a call."""
    (number,) = db.execute("SELECT count(*) FROM rows WHERE attempts > 0").fetchone()
    if not number:
        return
    ranks = {f"{part} %": -(-number * part // 100) for part in _PERCENTILES}
    at_rank = dict(
        db.execute(
            "SELECT rank, seconds FROM (SELECT seconds, row_number() OVER (ORDER BY seconds) AS"
            " rank FROM rows WHERE attempts > 0) WHERE rank IN (?, ?, ?, ?)",
            [*ranks.values()],
        ).fetchall()
    )
    # Up to what 99 % took; the last bar has the rest, which may have waited for hours.
    width = (at_rank[ranks["99 %"]] or 1.0) / _BARS
    counts = [0] * (_BARS + 1)
    for bar, count in db.execute(
        "SELECT min(CAST(seconds / ? AS INTEGER), ?), count(*) FROM rows WHERE attempts > 0"
        " GROUP BY 1",
        (width, _BARS),
    ):
        counts[bar] = count
    texts = [f"{at * width:.2f} to {(at + 1) * width:.2f} s" for at in range(_BARS)]
    chart = histogram(
        counts,
        label="Number of calls by their seconds",
        texts=[*texts, f"over {_BARS * width:.2f} s"],
        last=f"over {_BARS * width:.2f} s",
    )
    yield _section("Latency", f"{chart}<p>Calls by their seconds, retries included.</p>")
    shares = _facts({name: f"{at_rank[rank]:.2f} s" for name, rank in ranks.items()})
    yield _section("Latency at most", f"{shares}<p>So many of the calls took no longer.</p>")


def _cost_over_time(timeline: _Timeline) -> str:
    spent, sums = 0, list[float]()
    for each in timeline.work:
        spent += each.cost
        sums.append(float(spent / NANO))
    chart = line_chart(
        sums,
        label="US dollars over time, added up",
        ends=timeline.ends,
        y_text=lambda value: f"${value:.3g}",
        breaks=timeline.breaks,
    )
    return f"{chart}<p>US dollars, added up.</p>"


def _cost_by_model(db: sqlite3.Connection) -> str:
    found = db.execute(
        "SELECT model, count(*), sum(input), sum(output), sum(cost) FROM rows"
        " WHERE model IS NOT NULL GROUP BY model ORDER BY sum(cost) DESC"
    )
    return _table(
        ("Model", "Messages", "Input tokens", "Output tokens", "Dollars"),
        (
            (
                model,
                f"{number:,}",
                f"{tokens_in:,}",
                f"{tokens_out:,}",
                "not known" if cost is None else f"{cost / NANO:,.4f}",
            )
            for model, number, tokens_in, tokens_out, cost in found
        ),
        words=1,
    )


def _failures(db: sqlite3.Connection, records: Records) -> str:
    # Beside min(), SQLite takes the other columns from the row that has it.
    found = db.execute(
        "SELECT kind, count(*), segment, start, length, min(position) FROM rows"
        " WHERE status = 'error' GROUP BY kind ORDER BY count(*) DESC"
    ).fetchall()
    if not found:
        return "<p>No row failed.</p>"
    return _table(
        ("Kind", "Why", "The first of them", "Rows"),
        (
            (kind, KINDS.get(kind, ""), _example(records.read(Location(*place))), f"{number:,}")
            for kind, number, *place, _ in found
        ),
        words=3,
    )


def _example(result: Result) -> str:
    if result.error is None:  # the output did not fit, which only its type can say again
        return f"row {result.id}"
    return f"row {result.id}: {result.error}"


def _slowest(db: sqlite3.Connection, records: Records) -> str:
    found = db.execute(
        "SELECT seconds, attempts, status, model, segment, start, length FROM rows"
        " WHERE seconds > 0 ORDER BY seconds DESC LIMIT ?",
        (_SLOWEST,),
    ).fetchall()
    return _table(
        ("Row", "Model", "Status", "Attempts", "Seconds"),
        (
            (
                records.read(Location(*place)).id,
                model or "",
                status,
                f"{attempts}",
                f"{seconds:.2f}",
            )
            for seconds, attempts, status, model, *place in found
        ),
        words=3,
    )


def _section(title: str, content: str, *, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f"<section{kind}><h2>{title}</h2>{content}</section>"


def _facts(facts: Mapping[str, str]) -> str:
    items = (f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in facts.items())
    return f"<dl>{''.join(items)}</dl>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int) -> str:
    """Return a table, of which so many first columns are words and the others numbers."""

    def line(cells: Sequence[str], tag: str) -> str:
        kinds = [' class="text"' if at < words else "" for at in range(len(cells))]
        shown = zip(cells, kinds, strict=True)
        return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for cell, kind in shown)

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table><thead><tr>{line(head, 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _short(value: float) -> str:
    """Return a number for an axis: 1.5 M instead of 1500000."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"
