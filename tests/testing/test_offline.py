"""Runs with `--antiphon-offline`: what would leave the machine fails its test."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

# An address for documentation (RFC 5737) and a name that never exists (RFC 2606), in case one of
# these tests should not refuse it.
TESTS = """\
import asyncio, contextlib, socket, threading
import pytest

AWAY = ("192.0.2.1", 9)

def test_connection():
    socket.create_connection(AWAY, timeout=0.01)

def test_swallowed():
    with contextlib.suppress(Exception):
        socket.create_connection(AWAY, timeout=0.01)

def test_name():
    with contextlib.suppress(Exception):
        socket.create_connection(("name.invalid", 443), timeout=0.01)

def test_datagram():
    with contextlib.suppress(Exception), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", AWAY)

async def program():
    await asyncio.open_connection("async.invalid", 443)

def test_async():
    with contextlib.suppress(Exception):
        asyncio.run(program())

@pytest.fixture
def leaving():
    with contextlib.suppress(Exception):
        socket.create_connection(AWAY, timeout=0.01)

def test_fixture(leaving):
    pass

def test_local(antiphon_server, antiphon_client):
    antiphon_server.reply("Hello!")
    messages = [{"role": "user", "content": "Hi"}]
    create = antiphon_client.messages.create
    assert create(model="claude-haiku-4-5", max_tokens=9, messages=messages).text == "Hello!"
    socket.getaddrinfo("localhost", 80)
    socket.getaddrinfo(None, 80)
    one, other = socket.socketpair()
    one.close(), other.close()
"""


@pytest.fixture
def run(pytester):
    def run(*arguments: str):
        pytester.makepyfile(TESTS)
        plugin = ("-p", "antiphon.testing.pytest_plugin", "-p", "no:antiphon")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *plugin, *arguments)

    return run


def test_what_would_leave_the_machine_fails_its_test(run):
    result = run("--antiphon-offline")
    result.assert_outcomes(passed=1, failed=5, errors=1)
    for what in (
        "*.py:7 in test_connection: a connection to 192.0.2.1 would leave this machine*",
        "*.py:11 in test_swallowed: * would leave this machine*",
        "*.py:15 in test_name: a look-up of the name name.invalid would leave this machine*",
        "*.py:19 in test_datagram: a connection to 192.0.2.1:9 would leave this machine*",
        "*.py:22 in program: a look-up of the name async.invalid would leave this machine*",
        "*.py:31 in leaving: * would leave this machine*",
    ):
        result.stdout.fnmatch_lines([what])


def test_without_the_option_nothing_is_refused(run):
    run("-k", "local or swallowed").assert_outcomes(passed=2, deselected=5)
