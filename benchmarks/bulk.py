"""Measure bulk, and write the table to `docs/performance.md`: `python -m benchmarks.bulk`.

Each work runs in a fresh interpreter, as `python -m benchmarks.bulk --work NAME URL FOLDER ROWS`,
against the server that replays a response, in its own process.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measuring import PYTHONS, ROOT, replay_server

PARAMS: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 100}
AT_ONCE = 100
MILLION = 1_000_000
HEADING = "## Bulk"


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def memory() -> float:
    """Return the megabytes that the process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def rows_in(folder: Path, count: int) -> Path:
    path = folder / f"rows-{count}.jsonl"
    if not path.exists():
        with path.open("w") as file:
            for n in range(count):
                file.write(json.dumps({"prompt": f"Say the number {n} in words."}) + "\n")
    return path


def prompts(path: Path) -> list[list[dict[str, str]]]:
    with path.open() as file:
        return [[{"role": "user", "content": json.loads(line)["prompt"]}] for line in file]


def creates(url: str, path: Path, out: Path) -> None:
    """Call `create`, 100 at once: what each row costs at least."""
    import antiphon

    del out

    async def main() -> None:
        client = antiphon.AsyncClient(api_key="k", base_url=url)
        waiting = iter(prompts(path))

        async def work() -> None:
            for messages in waiting:
                await client.messages.create(**PARAMS, messages=messages)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    asyncio.run(main())


def script(package: str) -> Callable[[str, Path, Path], None]:
    """Do as people do: a task for each row, a semaphore, a file of answers; no way to go on."""

    def work(url: str, path: Path, out: Path) -> None:
        client: Any = __import__(package).AsyncAnthropic(api_key="k", base_url=url)

        async def main() -> None:
            turn = asyncio.Semaphore(AT_ONCE)
            with out.open("w") as file:

                async def ask(n: int, messages: Any) -> None:
                    async with turn:
                        message = await client.messages.create(**PARAMS, messages=messages)
                    file.write(json.dumps({"id": n, "message": message.to_dict()}) + "\n")

                await asyncio.gather(*(ask(n, each) for n, each in enumerate(prompts(path))))

        asyncio.run(main())

    return work


def abatch(url: str, path: Path, out: Path) -> None:
    """Use LangChain's `abatch`."""
    from langchain_anthropic import ChatAnthropic

    model = ChatAnthropic(
        model=PARAMS["model"], max_tokens=PARAMS["max_tokens"], api_key="k", base_url=url
    )
    texts = [each[0]["content"] for each in prompts(path)]
    replies = asyncio.run(model.abatch(texts, {"max_concurrency": AT_ONCE}))
    out.write_text("".join(json.dumps(each.content) + "\n" for each in replies))


def bulk_run(url: str, path: Path, out: Path) -> None:
    from antiphon import AsyncClient, bulk

    async def main() -> None:
        client = AsyncClient(api_key="k", base_url=url)
        run = bulk.arun(path, out=out, params=PARAMS, client=client, engine=bulk.Local(AT_ONCE))
        await run.wait()

    asyncio.run(main())


def resumed(url: str, path: Path, out: Path) -> None:
    """Go on with a run of which one row is left."""
    from antiphon.bulk.journal import RunJournal

    journal = RunJournal(out.with_name(out.name + ".run"))
    last = journal.records.totals().done - 1
    with journal.records.opened() as db, db:
        db.execute("DELETE FROM rows WHERE position = ?", (last,))
    journal.end()

    from antiphon import Client, bulk

    client = Client(api_key="k", base_url=url)
    run = bulk.run(path, out=out, params=PARAMS, client=client)
    started = time.perf_counter()
    while True:  # until the row that was left has its result
        run._begin()
        if run.progress.done > last:
            break
        time.sleep(0.005)
    print(json.dumps({"wall": time.perf_counter() - started}), flush=True)
    run.wait()


WORKS: dict[str, Callable[[str, Path, Path], None]] = {
    "create": creates,
    "script": script("antiphon"),
    "official script": script("anthropic"),
    "abatch": abatch,
    "bulk": bulk_run,
}


def work(name: str, url: str, folder: Path, count: int) -> None:
    path = rows_in(folder, count)
    out = folder / f"{name.replace(' ', '-')}-{count}.jsonl"
    if name == "resume":
        resumed(url, path, folder / f"bulk-{count}.jsonl")
        return
    # What is loaded and made once is no part of the cost of a row.
    small = rows_in(folder, 500)
    WORKS[name](url, small, folder / f"warm-{name.replace(' ', '-')}.jsonl")
    before, cpu_before, wall = memory(), cpu(), time.perf_counter()
    WORKS[name](url, path, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        json.dumps(
            {
                "cpu": (cpu() - cpu_before) / count,
                "wall": time.perf_counter() - wall,
                "growth": max(0.0, peak - before),
            }
        )
    )


def measured(python: str, name: str, url: str, folder: Path, count: int) -> dict[str, float]:
    command = [python, "-m", "benchmarks.bulk", "--work", name, url, str(folder), str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def kills() -> str:
    """Kill a run of 10,000 rows twenty times; the test fails if anything is lost."""
    from antiphon.local import LocalServer
    from tests.bulk.test_crashes import killed_runs

    with tempfile.TemporaryDirectory() as folder, LocalServer() as server:
        repeated, bound = killed_runs(Path(folder), server, count=10_000, kills=20, seed=7)
    return (
        f"20 kills (SIGKILL) of a run of 10,000 rows: nothing lost, {repeated} calls repeated; at"
        f" most {bound} could be."
    )


def section(rounds: int, count: int, million: int) -> str:
    from tests.peers.environments import environment

    pythons = {name: str(PYTHONS["antiphon"]) for name in WORKS}
    pythons["official script"] = str(PYTHONS["anthropic"])
    pythons["abatch"] = environment("langchain-bulk", "langchain-anthropic==1.2.0")
    says = {
        "create": "`create`, async, 100 at once",
        "bulk": "`bulk.run`, with its journal and limiter",
        "script": "a bare script with our client",
        "official script": "the same script with the official package",
        "abatch": "LangChain's `abatch`",
    }
    lines = [
        f"| {count:,} rows | CPU a row, µs | to `create` | memory grows by, MB |",
        "|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name, replay_server() as server:
        folder, url = Path(name), f"{server}/json-600-unlimited"
        found: dict[str, list[dict[str, float]]] = {}
        for _ in range(rounds):
            for each in says:
                got = measured(pythons[each], each, url, folder, count)
                found.setdefault(each, []).append(got)
                for left in folder.glob("bulk-*.jsonl*"):
                    subprocess.run(["rm", "-r", str(left)], check=True)
        least = {each: min(got["cpu"] for got in all_) for each, all_ in found.items()}
        for each, text in says.items():
            growth = max(got["growth"] for got in found[each])
            ratio = least[each] / least["create"]
            lines.append(f"| {text} | {least[each] * 1e6:.0f} | {ratio:.2f} | {growth:.0f} |")
            print(lines[-1], flush=True)
        large = measured(pythons["bulk"], "bulk", url, folder, million)
        resume = measured(pythons["bulk"], "resume", url, folder, million)
    speed = million / large["wall"]
    whole = (
        f"{million:,} rows: {large['cpu'] * 1e6:.0f} µs of CPU a row, {large['wall']:.0f} s"
        f" ({speed:,.0f} rows a second), memory grows by {large['growth']:.0f} MB (goal 40 MB)."
    )
    going_on = (
        f"Going on with that run takes {resume['wall']:.1f} s until the row that was left has its"
        " result (goal 2 s)."
    )
    lines += ["", "Goal: `bulk.run` at most 1.5 times `create`.", ""]
    lines += [f"* {each}" for each in (whole, going_on, kills())]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--work", nargs=4, metavar=("NAME", "URL", "FOLDER", "ROWS"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--million", type=int, default=MILLION)
    options = parser.parse_args()
    if options.work:
        name, url, folder, count = options.work
        work(name, url, Path(folder), int(count))
        return
    text = section(options.rounds, options.rows, options.million)
    print(text)
    page = ROOT / "docs/performance.md"
    before, _, old = page.read_text().partition(f"\n{HEADING}\n")
    _, heading, after = old.partition("\n## ")  # of the next section
    today = f"Written by `scripts/bench --bulk` on {dt.datetime.now(dt.UTC):%Y-%m-%d}."
    new = f"{HEADING}\n\n{today}\n\n{text}\n"
    page.write_text(f"{before.rstrip()}\n\n{new}{heading}{after}")


if __name__ == "__main__":
    main()
