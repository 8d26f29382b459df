"""`antiphon bulk` as people run it: real processes, signals and terminals."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from antiphon.bulk import KINDS
from antiphon.bulk.batch_notes import BatchNotes, NotedBatch
from antiphon.cli import main
from antiphon.local import App, LocalServer
from tests.support.media_samples import JPEG

PATIENCE = 60
"""Seconds after which a command that should have ended fails the test."""
COMMAND = [sys.executable, "-m", "antiphon", "bulk"]
IGNORING = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
"""What runs a command as shells run background jobs: with SIGINT ignored."""


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def bulk(capsys, monkeypatch):
    """Return what runs a command in this process."""

    def run(*words: object, stdin: bytes = b"", **environ: str) -> Done:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with monkeypatch.context() as changes:
            for name, value in environ.items():
                changes.setenv(name, value)
            try:
                code = main(["bulk", *map(str, words)])
            except SystemExit as error:  # of argparse
                code = int(error.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def at(server: LocalServer) -> dict[str, str]:
    return {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "test"}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """Run a server whose requests are those of one test."""
    with LocalServer() as running:
        yield running


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Write an input of six rows."""
    path = tmp_path / "in.jsonl"
    path.write_text("".join(f'{{"prompt": "Say {number}"}}\n' for number in range(6)))
    return path


def results(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_writes_the_results_and_says_what_it_came_to(bulk, server, prompts, tmp_path):
    out = tmp_path / "out.jsonl"
    done = bulk("run", prompts, "--out", out, **at(server))
    assert (done.code, done.out.splitlines()[0]) == (0, "6 rows: 6 ok")
    assert f"The results are in {out}." in done.out
    assert [each["index"] for each in results(out)] == [*range(6)]
    assert json.loads(done.err)["ok"] == 6
    assert "Say 3" in results(out)[3]["text"]


def test_the_same_command_asks_nothing_twice(bulk, server, prompts, tmp_path):
    words = ("run", prompts, "--out", tmp_path / "out.jsonl", "--json")
    first = json.loads(bulk(*words, **at(server)).out)
    again = json.loads(bulk(*words, **at(server)).out)
    assert first == again
    assert (first["rows"], first["stopped"]) == (6, None)
    assert len(server.requests) == 6
    other = bulk(*words, "--max-tokens", "5", **at(server))
    assert other.code == 2
    assert "holds a run with another params" in other.err


def test_rows_from_stdin_may_be_wrong_and_are_asked_once(bulk, server, tmp_path):
    out = tmp_path / "out.jsonl"
    lines = b'{"prompt": "a"}\n\n"b"\n{"prompt"\n17\n'
    done = bulk("run", "-", "--out", out, stdin=lines, **at(server))
    assert done.code == 1
    assert [each["status"] for each in results(out)] == ["ok", "ok", "error", "error"]
    assert "this is not JSON" in results(out)[2]["error"]["message"]
    assert "a row is an object or a text" in results(out)[3]["error"]["message"]
    assert bulk("run", "-", "--out", out, stdin=lines, **at(server)).code == 1
    assert len(server.requests) == 2
    assert "--input -" in bulk("retry", out, **at(server)).err
    assert bulk("retry", out, "--input", "-", stdin=lines, **at(server)).code == 1
    changed = bulk("run", "-", "--out", out, stdin=b'{"prompt": "other"}\n', **at(server))
    assert "row 0 is another one" in changed.err


def test_all_options_reach_the_request(bulk, server, tmp_path):
    rows, tools, schema = tmp_path / "in.csv", tmp_path / "tools.json", tmp_path / "schema.json"
    (tmp_path / "a.jpg").write_bytes(JPEG)
    rows.write_text(f"word,tongue,file\nHello,French,{tmp_path / 'a.jpg'}\n")
    properties = {"said": {"type": "string"}}
    closed = {"type": "object", "properties": properties, "required": ["said"]}
    closed["additionalProperties"] = False
    tools.write_text(json.dumps([{"name": "say", "input_schema": closed}]))
    schema.write_text(json.dumps(closed))
    template = tmp_path / "template.txt"
    template.write_text("Say {word}.")
    done = bulk(
        *("run", rows, "--out", tmp_path / "out.csv", "--template-file", template),
        *("-m", "claude-haiku-4-5", "-s", "Speak {tongue}.", "--max-tokens", 77),
        *("--param", "temperature=0.5", "--param", 'stop_sequences=["x"]', "--tools", tools),
        *("--schema", schema, "--attach", "{file}", "--concurrency", 1, "--completed"),
        *("--tag", "nightly", "--dedupe", "--yes"),
        **at(server),
    )
    assert done.code == 0, done.err
    body = server.requests[-1].body
    image, text = body["messages"][0]["content"]
    assert (image["type"], text["text"]) == ("image", "Say Hello.")
    assert (body["system"], body["max_tokens"]) == ("Speak French.", 77)
    assert (body["temperature"], body["stop_sequences"]) == (0.5, ["x"])
    assert body["tools"][0]["name"] == "say"
    assert body["output_config"]["format"]["schema"] == closed
    with (tmp_path / "out.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["model"].startswith("claude-haiku-4-5")


def test_a_plan_sends_nothing(bulk, server, prompts, tmp_path):
    words = ("run", prompts, "--out", tmp_path / "out.jsonl", "--plan")
    done = bulk(*words, **at(server))
    assert done.code == 0
    assert done.out.startswith("rows          6\n")
    plan = json.loads(bulk(*words, "--json", **at(server)).out)
    assert plan["rows"] == 6
    assert plan["cost_low"] <= plan["cost"] <= plan["cost_high"]
    assert len(server.requests) == 0
    assert [*tmp_path.iterdir()] == [prompts]


def test_replies_of_the_simulator_are_among_no_others(bulk, server, prompts, tmp_path):
    out = tmp_path / "out.jsonl"
    done = bulk("run", prompts, "--out", out)
    assert done.code == 0
    assert "simulator replies, not Claude" in done.err
    assert all(each["text"].startswith("Simulated") for each in results(out))
    assert "The replies are simulated." in bulk("status", out).out
    mixed = bulk("run", prompts, "--out", out, **at(server))
    assert mixed.code == 2
    assert "holds replies of the simulator" in mixed.err
    real = tmp_path / "real.jsonl"
    assert bulk("run", prompts, "--out", real, **at(server)).code == 0
    assert "holds replies of Claude" in bulk("run", prompts, "--out", real).err


def test_the_cost_cap_has_a_code_of_its_own(bulk, server, prompts, tmp_path):
    words = ("run", prompts, "--out", tmp_path / "out.jsonl", "--max-tokens", 20)
    words = (*words, "--concurrency", 1)
    done = bulk(*words, "--max-cost", "0.0003", **at(server))
    assert done.code == 8
    assert "Stopped at the cost cap; the same command goes on." in done.out
    asked = len(server.requests)
    assert 0 < asked < 6
    assert bulk(*words, "--max-cost", "1", **at(server)).code == 0
    assert len(server.requests) == 6


def test_a_failure_of_the_whole_run_has_the_code_of_its_error(bulk, prompts, tmp_path):
    with LocalServer(App(keys={"another"})) as server:
        done = bulk("run", prompts, "--out", tmp_path / "out.jsonl", **at(server))
    assert done.code == 3
    assert "authentication_error" in done.err
    assert "Traceback" not in done.err


def test_rows_that_failed_are_asked_again(bulk, server, prompts, tmp_path):
    out = tmp_path / "out.jsonl"
    server.fail(413, when=lambda request: request.text in ("Say 2", "Say 4"), times=2)
    server.reply("Well.")
    done = bulk("run", prompts, "--out", out, **at(server))
    assert done.code == 1
    assert done.out.startswith("6 rows: 4 ok, 2 failed (2 invalid)\n")
    assert "2 invalid" in bulk("status", out).out
    assert bulk("retry", out, "--only", "exhausted", **at(server)).code == 1
    assert len(server.requests) == 6
    assert bulk("retry", out, "--only", "invalid", **at(server)).code == 0
    assert len(server.requests) == 8
    assert all(each["status"] == "ok" for each in results(out))


def test_an_input_that_was_moved_is_said_and_can_be_given(bulk, server, prompts, tmp_path):
    out = tmp_path / "out.jsonl"
    server.fail(413, times=1)
    server.reply("Well.")
    bulk("run", prompts, "--out", out, **at(server))
    moved = prompts.rename(tmp_path / "moved.jsonl")
    done = bulk("retry", out, **at(server))
    assert done.code == 1
    assert f"the input is no longer at {prompts}" in done.err
    (tmp_path / "other.jsonl").write_text('"other"\n')
    done = bulk("retry", out, "--input", tmp_path / "other.jsonl", **at(server))
    assert "holds a run with another input" in done.err
    assert json.loads(bulk("status", "--json", out).out)["errors"] == {"invalid": 1}
    assert bulk("retry", out, "--input", moved, **at(server)).code == 0


def test_the_kinds_are_those_of_results(bulk):
    done = bulk("retry", "--help")
    assert "{" + ",".join(KINDS) + "}" in done.out


def test_status_export_and_report_take_the_file_or_the_directory(bulk, server, prompts, tmp_path):
    out = tmp_path / "out.jsonl"
    bulk("run", prompts, "--out", out, **at(server))
    for run in (out, tmp_path / "out.jsonl.run"):
        status = json.loads(bulk("status", "--json", run).out)
        assert (status["rows"], status["ok"], status["running"]) == (6, 6, False)
        assert bulk("export", run, tmp_path / "again.csv").code == 0
    assert len((tmp_path / "again.csv").read_text().splitlines()) == 7
    done = bulk("report", out)
    assert done.out == f"The report is {tmp_path / 'out.jsonl.run' / 'report.html'}\n"
    assert bulk("report", out, "-o", tmp_path / "report.html").code == 0
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("command", ["status", "watch", "retry", "cancel", "report", "export"])
def test_what_is_no_run_is_said(bulk, command, prompts, tmp_path):
    more = [tmp_path / "x.csv"] if command == "export" else []
    for path in (prompts, tmp_path, tmp_path / "nothing"):
        done = bulk(command, path, *more)
        assert done.code == 2
        assert f"{path}: there is no run" in done.err


READ_ONLY = Path("/sys/answers.jsonl")  # not even the superuser may write there


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("none.jsonl", "--out", "out.jsonl"), 1, "none.jsonl"),
        (("in.jsonl", "--out", "nowhere/out.jsonl"), 1, "there is no folder 'nowhere'"),
        (("in.jsonl", "--out", "out.docx"), 2, "nobody can tell the format of 'out.docx'"),
        (("in.txt", "--out", "out.jsonl"), 2, "nobody can tell the format of 'in.txt'"),
        (("empty.jsonl", "--out", "out.jsonl", "--template", "{"), 2, "template: "),
        (("in.jsonl", "--out", "out.jsonl", "--template", "{city}"), 2, "'city' is missing"),
        (("in.jsonl", "--out", "out.jsonl", "--max-cost", "free"), 2, "free"),
        (("in.jsonl", "--out", "out.jsonl", "--max-cost", "-1"), 2, "-1"),
        (("in.jsonl", "--out", "out.jsonl", "--concurrency", "0"), 2, "concurrency: 0"),
        (("in.jsonl", "--out", "out.jsonl", "--param", "top_k"), 2, "write NAME=JSON"),
        (("in.jsonl", "--out", "out.jsonl", "--param", "top_k=x"), 2, "'x' is not JSON"),
        (("in.jsonl", "--out", "out.jsonl", "--param", "topk=1"), 2, "no parameter 'topk'"),
        (
            ("in.jsonl", "--out", "out.jsonl", "--tools", "in.jsonl"),
            2,
            "this is not JSON",
        ),
        (("in.jsonl", "--out", "out.jsonl", "--schema", "list.json"), 2, "give a JSON Schema"),
        (("in.jsonl", "--out", "out.jsonl", "--attach", "{x}"), 2, "give --template too"),
        (("in.jsonl", "--out", "out.jsonl", "--on", "mars"), 2, "engine: 'mars'"),
        (("-", "--out", "out.jsonl", "--plan"), 2, "give a file"),
        (("in.jsonl", "--out", "out.jsonl", "--confirm-above", "0"), 1, "nothing was sent"),
        (("in.jsonl",), 2, "--out"),
        (("in.jsonl", "--out", "out.jsonl", "--oout"), 2, "unrecognized arguments: --oout"),
        pytest.param(
            *(("in.jsonl", "--out", str(READ_ONLY)), 1, str(READ_ONLY)),
            marks=pytest.mark.skipif(not READ_ONLY.parent.is_dir(), reason="there is no /sys"),
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(
    bulk, words, code, said, server, prompts, tmp_path, monkeypatch
):
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "in.txt").touch()
    (tmp_path / "list.json").write_text("[]")
    monkeypatch.chdir(tmp_path)
    done = bulk("run", *words, **at(server))
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert len(server.requests) == 0


COMMANDS = ("run", "status", "watch", "retry", "export", "cancel", "report")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_ends_with_examples(bulk, command):
    done = bulk(*command, "--help")
    assert done.code == 0
    examples = done.out.partition("examples:\n")[2].splitlines()
    assert examples
    assert all(f"antiphon bulk {' '.join(command)}" in example for example in examples)


class Held:
    """A server that holds its replies back, and a run that waits for two of them."""

    def __init__(self, server: LocalServer, prompts: Path, out: Path) -> None:
        self.server, self.out = server, out
        self.words = ["run", str(prompts), "--out", str(out), "--concurrency", "2"]
        self.environ = {**os.environ, **at(server)}
        self.go, self.came = threading.Event(), threading.Semaphore(0)

        async def reply(request: object) -> str:
            self.came.release()
            await asyncio.to_thread(self.go.wait, PATIENCE)
            return "Done."

        server.reply(reply)

    @contextmanager
    def begun(self, *before: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [*before, *COMMAND, *self.words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            for _ in range(2):
                assert self.came.acquire(timeout=PATIENCE)
            try:
                yield process
            finally:
                self.go.set()
                process.kill()

    def goes_on(self, bulk: Callable[..., Done]) -> None:
        """Go on with the same command until all is there."""
        self.go.set()
        assert bulk(*self.words, **at(self.server)).code == 0
        assert [each["status"] for each in results(self.out)] == ["ok"] * 6


def read_line(file: IO[str] | None, text: str) -> None:
    """Read lines until a text is in one."""
    assert file is not None
    assert any(text in line for line in file)


@pytest.fixture
def held(server, prompts, tmp_path):
    held = Held(server, prompts, tmp_path / "out.jsonl")
    yield held
    held.go.set()  # or the server would wait for it


@pytest.mark.slow
@pytest.mark.parametrize("before", [[], IGNORING], ids=["usual", "ignored by the parent"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_interrupt_waits_for_the_calls_under_way(bulk, held, before, number):
    with held.begun(*before) as process:
        process.send_signal(number)
        read_line(process.stderr, "no further row is begun; 2 calls under way are waited for")
        held.go.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out.startswith("2 rows: 2 ok\n")
    assert "Stopped before its end; the same command goes on." in out
    assert "Traceback" not in err
    held.goes_on(bulk)
    assert len(held.server.requests) == 6


@pytest.mark.slow
@pytest.mark.parametrize("before", [[], IGNORING], ids=["usual", "ignored by the parent"])
def test_the_second_interrupt_cuts_them(bulk, held, before):
    with held.begun(*before) as process:
        process.send_signal(signal.SIGINT)
        read_line(process.stderr, "waited for")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out.startswith("0 rows: 0 ok\n")
    assert "they may be paid for" in err
    assert "Traceback" not in err
    held.goes_on(bulk)
    assert len(held.server.requests) == 8


@pytest.mark.slow
def test_another_process_stops_it(bulk, held):
    with held.begun() as process:
        assert "a process performs it" in bulk("status", held.out).out
        second = bulk(*held.words, **at(held.server))
        assert second.code == 1
        assert "another process runs in" in second.err
        with subprocess.Popen(
            [*COMMAND, "cancel", str(held.out) + ".run"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as cancel:
            read_line(cancel.stderr, "It begins no further row")
            read_line(process.stderr, "no further row is begun")
            held.go.set()
            said, _ = cancel.communicate(timeout=PATIENCE)
        out, _ = process.communicate(timeout=PATIENCE)
    assert (cancel.returncode, process.returncode) == (0, 130)
    assert "The run has stopped" in said
    assert out.startswith("2 rows: 2 ok\n")
    held.goes_on(bulk)
    assert bulk("cancel", held.out).out == "No process performs this run.\n"


def test_the_batches_of_a_run_are_cancelled(bulk, client, server, prompts, tmp_path):
    out = tmp_path / "out.jsonl"
    bulk("run", prompts, "--out", out, **at(server))
    params = {"model": "claude-haiku-4-5", "max_tokens": 5}
    params["messages"] = [{"role": "user", "content": "Hi"}]
    own = client.with_options(base_url=server.url)
    batch = own.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    notes = BatchNotes(tmp_path / "out.jsonl.run")
    notes.begin(NotedBatch("mark", None, time.time(), "creating", 1), [])
    notes.created("mark", batch.id)
    done = bulk("cancel", out, **at(server))
    assert done.code == 0
    assert f"batch {batch.id}: canceling" in done.out
    # So the next session asks again what this cancelled.
    assert [each.state for each in notes.under_way()] == ["cancelling"]


@contextmanager
def on_a_terminal(*words: object, **environ: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a command on a terminal of its own; give the process, and the end of the person."""
    pty = pytest.importorskip("pty", reason="there are no terminals of this kind here")
    person, program = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=program,
        stderr=program,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(program)
        try:
            yield process, person
        finally:
            process.kill()
            os.close(person)


def read_until(person: int, text: str) -> None:
    """Read what a program shows until a text is there."""
    shown = ""
    while text not in shown:
        shown += os.read(person, 10_000).decode(errors="replace")


@pytest.mark.slow
def test_a_run_of_another_process_is_watched(bulk, held):
    with held.begun() as process, on_a_terminal("watch", held.out) as (watch, person):
        read_until(person, "under way")
        held.go.set()
        process.communicate(timeout=PATIENCE)
        read_until(person, "6 of 6 (100 %)")
        assert watch.wait(PATIENCE) == 0
    done = bulk("watch", held.out)
    assert done.code == 0
    assert json.loads(done.err)["ok"] == 6


@pytest.mark.slow
@pytest.mark.parametrize(("reply", "code", "asked"), [(b"y\n", 0, 6), (b"n\n", 1, 0)])
def test_a_terminal_is_asked_before_a_dear_run(server, prompts, tmp_path, reply, code, asked):
    words = ("run", prompts, "--out", tmp_path / "out.jsonl", "--confirm-above", 0)
    with on_a_terminal(*words, **at(server)) as (process, person):
        read_until(person, "Go on? [y/N]")
        os.write(person, reply)
        if asked:
            read_until(person, "6 of 6 (100 %)")
        assert process.wait(PATIENCE) == code
    assert len(server.requests) == asked


def test_an_interrupt_at_the_question_ends_it(server, prompts, tmp_path):
    words = ("run", prompts, "--out", tmp_path / "out.jsonl", "--confirm-above", 0)
    with on_a_terminal(*words, **at(server)) as (process, person):
        read_until(person, "Go on? [y/N]")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert len(server.requests) == 0
