"""The page about a run: what is on it, and how a browser shows it."""

from __future__ import annotations

import json
import queue
import re
import threading
import tracemalloc
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from antiphon import bulk
from antiphon.bulk.charts import histogram, line_chart
from antiphon.bulk.journal import RunJournal
from antiphon.bulk.records import Records
from antiphon.bulk.report import page_of
from antiphon.bulk.results import Result
from tests.support.browsers import browsing, needs_browser

HAIKU = {"model": "claude-haiku-4-5", "max_tokens": 50}
EVIL = "<script>document.title='broken'</script>"


@pytest.fixture
def records(client, tmp_path):
    """Make a run with messages and failures, whose ids are not to be trusted."""
    rows = [{"id": f"{EVIL}{number}", "prompt": f"Count to {number}"} for number in range(40)]
    rows += [{"id": f"&{EVIL}", EVIL: 1}, {"id": "of another model", "prompt": "Hi"}]
    rows[-1]["model"] = "claude-opus-4-8"
    bulk.run(rows, out=tmp_path / "o.jsonl", params=HAIKU, client=client).wait()
    return Records(tmp_path / "o.jsonl.run")


def test_what_is_on_the_page(records):
    page = page_of(records)
    totals = records.totals()
    for text in (f"{totals.input_tokens:,}", f"{totals.attempts:,}", f"${totals.cost:,.4f}"):
        assert f"<dd>{text}</dd>" in page
    for title in ("Requests a minute", "Latency", "Cost by model", "Failures", "Slowest rows"):
        assert f"<h2>{title}</h2>" in page
    assert "<dd>42 of 42</dd>" in page
    assert "claude-opus-4-8" in page
    assert '<td class="text">invalid</td>' in page
    assert "limit: " in page.lower()
    assert "simulated" not in page
    assert "The replies are simulated" in page_of(records, simulated=True)


def test_nothing_of_the_rows_is_markup(records):
    page = page_of(records)
    assert "<script" not in page
    assert re.search("&lt;script&gt;document.title=&#x27;broken&#x27;&lt;/script&gt;[0-9]", page)
    assert "&amp;&lt;script&gt;" in page


def test_it_needs_no_network(records):
    page = page_of(records)
    assert not re.search(r"https?:|src=|url\(|@import|<link", page)
    assert "default-src 'none'" in page


def test_a_run_without_results_has_a_page(tmp_path):
    journal = RunJournal(tmp_path)
    assert "No row failed" in page_of(Records(tmp_path))
    journal.begin(1, "live")
    journal.end()
    assert "<dd>0</dd>" in page_of(Records(tmp_path))


def filled(path: Path, rows: int) -> Records:
    """Make a run of many rows."""
    journal = RunJournal(path)
    journal.begin(1, "live")
    for index in range(rows):
        error = ValueError("no")
        journal.add(
            Result(index, str(index), "error", error=error, kind="invalid", attempts=1, seconds=1.5)
        )
    journal.end()
    return journal.records


def test_memory_does_not_grow_with_the_rows(tmp_path):
    peaks: list[int] = []
    for rows in (300, 9_000):
        records = filled(tmp_path / str(rows), rows)
        tracemalloc.start()
        page = page_of(records)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert f"<dd>{rows:,}</dd>" in page
    assert peaks[1] < peaks[0] + 100_000


def test_the_time_between_sessions_is_left_out(tmp_path):
    records = filled(tmp_path, 10)
    with records.opened() as db, db:
        db.execute("DELETE FROM sessions")
        for number, (started, ended) in enumerate([(1000, 1060), (900_000, None)]):
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, 1, 'live')", (number, started, ended))
        for at in (900_010, 900_060):
            state = {"rows": 10, "limits": {}}
            db.execute("INSERT INTO samples VALUES (?, ?)", (at, json.dumps(state)))
        db.execute("UPDATE rows SET ended = 1000 + position WHERE position < 5")
        db.execute("UPDATE rows SET ended = 900000 + position WHERE position >= 5")
        db.execute("DELETE FROM samples WHERE at > 1000000")
    page = page_of(records)
    assert "<dt>Time</dt><dd>2 min</dd>" in page
    assert page.count('class="session"') == 4


def test_a_line_ends_within_its_chart():
    chart = line_chart([0, 3, 7], label="A", ends=("0", "1"), y_text=str, limits=[None, 8, 8])
    points = re.findall(r"([\d.]+),([\d.]+)", " ".join(re.findall(r'points="([^"]*)"', chart)))
    assert points
    assert all(0 <= float(x) <= 360 and 0 <= float(y) <= 170 for x, y in points)
    assert "8.0" in chart


def test_each_bar_says_what_it_is():
    chart = histogram([1, 0, 3000], label="B", texts=["a", "b", "c"], last="more")
    assert re.findall("<title>(.*?)</title>", chart) == ["a: 1", "b: 0", "c: 3,000"]


# Looks at the page as wide as a phone and as a desk, and tells what is there.
DRIVER = """<!doctype html><iframe src="/page" style="width: 360px; height: 3000px"></iframe>
<script type="module">
const frame = document.querySelector("iframe");
if (frame.contentDocument.URL === "about:blank" || frame.contentDocument.readyState !== "complete")
  await new Promise((loaded) => frame.addEventListener("load", loaded));
const page = frame.contentDocument;
const look = () => ({
  overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
  columns: new Set([...page.querySelectorAll("section")].map((each) =>
    each.getBoundingClientRect().left)).size,
  charts: [...page.querySelectorAll("svg")].map((each) => each.getBoundingClientRect().height),
  lines: [...page.querySelectorAll("polyline, polygon")].map((each) => each.getTotalLength()),
});
const phone = look();
frame.style.width = "1200px";
const report = {phone, desk: look(), title: page.title, scripts: page.scripts.length,
  text: page.body.innerText, background: getComputedStyle(page.body).backgroundColor};
await fetch("/report", {method: "POST", body: JSON.stringify(report)});
</script>"""


@pytest.mark.slow
@needs_browser
def test_a_browser_shows_it_on_a_phone_and_on_a_desk(records, tmp_path):
    reports: queue.Queue[dict[str, object]] = queue.Queue()
    pages = {"/driver": DRIVER, "/page": page_of(records)}

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((found or "").encode())

        def do_POST(self) -> None:
            reports.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with browsing(f"http://127.0.0.1:{server.server_port}/driver", tmp_path / "profile"):
            told = reports.get(timeout=90)
        server.shutdown()
        thread.join()
    assert told["title"] == "Run o.jsonl.run"
    assert told["scripts"] == 0
    assert EVIL in told["text"]
    for width, columns in (("phone", 1), ("desk", 3)):
        seen = told[width]
        assert seen["overflow"] == 0
        assert seen["columns"] == columns
        assert len(seen["charts"]) == 5
        assert all(seen["charts"])
        assert all(seen["lines"])
    assert told["background"] in ("rgb(246, 246, 244)", "rgb(21, 24, 28)")
