"""Listening, control endpoints by address, and `serve`."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from antiphon.local import LocalServer
from tests.support.raw_http import HEADERS, RawClient, get, post


def test_control_is_off_beyond_loopback_unless_switched_on():
    for control, status in ((None, 404), (True, 200)):
        with LocalServer(host="0.0.0.0", control=control) as server:
            port = server.url.rpartition(":")[2]
            with RawClient(f"http://127.0.0.1:{port}") as client:
                client.send(get("/__antiphon/health"))
                assert client.response()[0] == status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_url_and_stops_cleanly(number):
    # A parent such as `nohup` may have ignored SIGINT, and children inherit that.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from antiphon.local import serve; serve()"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-X", "dev", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"export ANTHROPIC_BASE_URL=(http://127\.0\.0\.1:\d+)\n", line)
        assert found
        with RawClient(found[1]) as client:
            client.send(post())
            assert client.response()[0] == 200
        process.send_signal(number)
        notes = process.stderr.read()
        assert process.wait(20) == 0
    assert "simulates" in notes
    assert "Traceback" not in notes
    assert HEADERS["x-api-key"] not in notes


def test_serve_prints_the_token_when_control_is_reachable_from_elsewhere():
    code = "from antiphon.local import serve; serve('0.0.0.0', control=True)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url, token = process.stdout.readline(), process.stdout.readline()
        process.terminate()
    assert re.fullmatch(r"export ANTHROPIC_BASE_URL=http://0\.0\.0\.0:\d+\n", url)
    assert re.fullmatch(r"export ANTIPHON_CONTROL_TOKEN=[\w-]{30,}\n", token)
