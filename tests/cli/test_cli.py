"""The command as people run it: what goes where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import antiphon
from antiphon.local import App, LocalServer
from antiphon.local.api.latency import Latency
from tests.support.cut_server import cut_server
from tests.support.stream_events import STREAMS

PATIENCE = 60
"""Seconds after which a command that should have ended fails the test."""
COMMAND = [sys.executable, "-m", "antiphon"]


def run(*words: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        timeout=PATIENCE,
    )


def at(server: Any) -> dict[str, str]:
    return {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "test"}


def test_the_answer_is_all_there_is_on_stdout(server):
    done = run("ask", "Hello, Claude", **at(server))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    assert run("ask", "--no-stream", "Hello, Claude", **at(server)).stdout.strip()


def test_without_a_key_a_simulator_answers_and_says_so():
    done = run("ask", "Hello, Claude")
    assert done.returncode == 0
    assert done.stdout.strip()
    assert "simulator replies, not Claude" in done.stderr
    assert "ANTHROPIC_API_KEY" in done.stderr


def test_json_is_the_whole_message(server):
    message = json.loads(run("ask", "--json", "Hi", **at(server)).stdout)
    assert (message["type"], message["role"]) == ("message", "assistant")


def test_the_prompt_may_be_piped_in(server):
    assert run("ask", stdin="Hello", **at(server)).stdout.strip()
    short = int(run("count", "Hello", **at(server)).stdout)
    both = int(run("count", "Hello", stdin="a much longer text " * 20, **at(server)).stdout)
    assert both > short > 0


def test_usage_goes_to_stderr(server):
    done = run("ask", "--usage", "Hello", **at(server))
    assert "tokens in" in done.stderr
    assert "tokens in" not in done.stdout


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-opus-5", "claude-sonnet-4-6"])
def test_thinking_goes_to_stderr_before_the_answer(server, model):
    done = run("ask", "--thinking", "-m", model, "What is 2 + 2?", **at(server))
    assert done.returncode == 0
    assert done.stderr.strip()
    assert done.stdout.strip()
    assert server.requests[-1].body["thinking"]["type"] in ("enabled", "adaptive")
    whole = run("ask", "--thinking", "--no-stream", "-m", model, "What is 2 + 2?", **at(server))
    assert (whole.stderr, whole.stdout) == (done.stderr, done.stdout)


def test_an_answer_that_was_cut_short_says_so(server):
    done = run("ask", "--max-tokens", "1", "Hello", **at(server))
    assert done.returncode == 0
    assert "max_tokens" in done.stderr


def test_an_encoding_without_a_character_loses_nothing(server):
    words = "Grüße, 世界"
    plain = run("ask", words, **at(server)).stdout
    narrow = run("ask", words, PYTHONIOENCODING="ascii:strict", **at(server)).stdout
    assert narrow.encode().decode("unicode_escape") == plain


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ask",), 2, "no prompt"),
        (("ask", "  "), 2, "no prompt"),
        (("serve", "--port", "65536"), 2, "'65536' is not a port from 0 to 65535"),
        (("serve", "--port", "abc"), 2, "'abc' is not a port from 0 to 65535"),
        (("serve", "--jitter", "7"), 2, "jitter"),
        (("ask", "--max-tokens", "many", "Hi"), 2, "--max-tokens"),
        (("ask", "--base-url", "nowhere", "Hi"), 2, "base_url"),
        (("ask", "--base-url", "http://127.0.0.1:9", "Hi"), 7, "127.0.0.1:9"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_failures_are_a_line_and_a_code(words, code, said):
    done = run(*words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(("command", "option"), [("ask", "--usge"), ("serve", "--prot")])
def test_a_mistyped_option_shows_the_usage_of_the_command(command, option):
    done = run(command, option, "Hi")
    assert done.returncode == 2
    assert done.stderr.startswith(f"usage: antiphon {command} ")
    assert f"unrecognized arguments: {option}" in done.stderr


def test_a_port_in_use_is_said_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = run("serve", "--port", port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"antiphon: port {port} of 127.0.0.1 is in use; choose another")


@pytest.mark.parametrize("words", [(), ("ask",), ("count",), ("serve",)])
def test_help_begins_with_what_it_does_and_ends_with_examples(words):
    done = run(*words, "--help")
    assert done.returncode == 0
    examples = done.stdout.partition("examples:\n")[2].splitlines()
    assert examples
    assert all(f"antiphon {' '.join(words)}" in example for example in examples)


@contextmanager
def refusing(status: int, kind: str) -> Iterator[str]:
    """Run a server that refuses every request and asks for no retry; give its URL."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": "No."}}).encode()

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("x-should-retry", "false")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, "authentication_error", 3),
        (403, "permission_error", 3),
        (400, "invalid_request_error", 4),
        (404, "not_found_error", 4),
        (413, "request_too_large", 4),
        (429, "rate_limit_error", 5),
        (500, "api_error", 6),
        (529, "overloaded_error", 6),
    ],
)
def test_refusals_have_exit_codes(status, kind, code):
    with refusing(status, kind) as url:
        done = run("ask", "Hi", ANTHROPIC_BASE_URL=url, ANTHROPIC_API_KEY="sk-secret")
    assert done.returncode == code
    where = f" [POST {url}/v1/messages]" if status == 404 else ""
    assert done.stderr.startswith(f"antiphon: {status} {kind}: No.{where}\n")
    assert ("ANTHROPIC_API_KEY" in done.stderr) == (status == 401)
    assert "secret" not in done.stderr
    assert done.stdout == ""


def test_a_refused_request(server):
    done = run("ask", "--max-tokens", "-1", "Hi", **at(server))
    assert done.returncode == 4
    assert "max_tokens" in done.stderr


def test_a_stream_cut_off_prints_what_had_arrived():
    with cut_server(STREAMS) as url:
        offset = STREAMS["text"].index(b"content_block_stop") - 10
        done = run(
            "ask", "Hi", ANTHROPIC_BASE_URL=f"{url}/text/{offset}/end", ANTHROPIC_API_KEY="k"
        )
    assert done.returncode == 7
    assert "Hello, " in done.stdout
    assert "before its message was complete" in done.stderr


def test_an_interrupt_is_quiet():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environ = {**os.environ, "ANTHROPIC_API_KEY": "k"}
        environ["ANTHROPIC_BASE_URL"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            [*COMMAND, "ask", "Hi"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
        )
        connection, _ = listener.accept()
        assert connection.recv(10)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        connection.close()
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_an_interrupt_leaves_what_had_arrived():
    slow = App(latency=Latency(tokens_per_second=2))
    with LocalServer(slow, grace=0.1) as server:
        process = subprocess.Popen(
            [*COMMAND, "ask", "Hi"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **at(server)},
        )
        assert process.stdout is not None
        begun = process.stdout.read(5)
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert begun == b"Simul"
    assert rest.endswith(b"\n")
    assert b"Received" not in rest
    assert err == b""


def test_a_closed_stdout_is_quiet(server):
    process = subprocess.Popen(
        [*COMMAND, "ask", "Hi"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **at(server)},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=PATIENCE) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_stdout_that_was_never_open_is_quiet():
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "ask", "Hi"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (141, b"")


def test_serving_says_where_and_stops_when_told():
    process = subprocess.Popen(
        [*COMMAND, "serve", "--requests", "7"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("export ANTHROPIC_BASE_URL=http://127.0.0.1:")
    url = line.strip().partition("=")[2]
    assert run("ask", "Hi", ANTHROPIC_BASE_URL=url).returncode == 0
    response = antiphon.Client(base_url=url, api_key="any").messages.with_raw_response.create(
        model="claude-haiku-4-5", max_tokens=10, messages=[{"role": "user", "content": "Hi"}]
    )
    assert response.rate_limits.requests.limit == 7
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "simulates" in err
    assert "Traceback" not in err


def test_help_is_quick_because_it_loads_little():
    code = """
import sys
from antiphon.cli import main

try:
    main(["--help"])
except SystemExit:
    print(*sys.modules)
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert "simulates" in loaded
    assert not set(loaded.split()) & {"pydantic", "urllib3", "asyncio", "orjson"}


@contextmanager
def serving(*words: str) -> Iterator[dict[str, str]]:
    """Run `antiphon serve`; give the environment that leads to it."""
    command = [*COMMAND, "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip().rpartition("=")[2]
            yield {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "test"}
        finally:
            process.terminate()


def test_a_script_is_served_and_read_again_when_it_changes(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("- {when: hello, reply: Hi there}")
    with serving("--script", str(path)) as environ:
        assert run("ask", "Hello", **environ).stdout == "Hi there\n"
        done = run("ask", "Weather?", **environ)
        assert (done.returncode, done.stdout) == (4, "")
        assert "user_text('hello'): the user wrote 'Weather?'" in done.stderr
        path.write_text("- reply: Something else")
        assert run("ask", "Hello", **environ).stdout == "Something else\n"


def test_a_script_is_checked(tmp_path):
    path = tmp_path / "script.yaml"
    path.write_text("- reply: a")
    done = run("serve", "--check", str(path))
    assert (done.returncode, done.stdout) == (0, f"{path}: 1 rules, nothing wrong\n")
    path.write_text("- reply: a\n- reply: b")
    done = run("serve", "--check", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "rule 2, reply('b'): never used" in done.stderr
    path.write_text("- replay: a")
    done = run("serve", "--check", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{path}: rules.0: give a mapping with one of" in done.stderr
    assert run("serve", "--script", str(path)).returncode == 2
    assert run("serve", "--check", str(tmp_path / "none.yaml")).returncode == 1


def test_the_schema_of_scripts_is_printed():
    assert json.loads(run("serve", "--script-schema").stdout)["title"].startswith("A script")


def test_a_server_looks_for_garbage_but_not_in_what_was_loaded():
    program = (
        "import gc; from antiphon.cli import main; main(['serve', '--script-schema']);"
        " print(gc.isenabled(), gc.get_freeze_count() > 1000)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.endswith("True True\n"), done.stderr
