"""Runs with `--antiphon-offline`: what would leave the machine fails its test."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

# An address for documentation (RFC 5737) and a name that never exists (RFC 2606), in case one of
# these tests should not refuse it.
TESTS = """\
import asyncio, contextlib, socket
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
    def run(*arguments: str, **modules: str):
        pytester.makepyfile(**(modules or {"test_app": TESTS}))
        plugin = ("-p", "antiphon.testing.pytest_plugin", "-p", "no:antiphon")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *plugin, *arguments)

    return run


def assert_lines(result, *lines: str) -> None:
    """Check that each of these whole lines was printed."""
    assert set(lines) <= set(result.outlines), set(lines) - set(result.outlines)


def test_what_would_leave_the_machine_fails_its_test(run):
    result = run("--antiphon-offline")
    result.assert_outcomes(passed=1, failed=5, errors=1)
    leaves = "would leave this machine"
    assert_lines(
        result,
        f"test_app.py:7 in test_connection: a connection to 192.0.2.1:9 {leaves}",
        f"test_app.py:11 in test_swallowed: a connection to 192.0.2.1:9 {leaves}",
        f"test_app.py:15 in test_name: a look-up of the name name.invalid {leaves}",
        f"test_app.py:19 in test_datagram: a connection to 192.0.2.1:9 {leaves}",
        f"test_app.py:22 in program: a look-up of the name async.invalid {leaves}",
        f"test_app.py:31 in leaving: a connection to 192.0.2.1:9 {leaves}",
    )


def test_without_the_option_nothing_is_refused(run):
    run("-k", "local or swallowed").assert_outcomes(passed=2, deselected=5)


AWAY = [
    "socket.gethostbyname('name.invalid')",
    "socket.gethostbyname_ex('name.invalid')",
    "socket.gethostbyaddr('192.0.2.1')",
    "socket.getfqdn('name.invalid')",
    "socket.getnameinfo(('192.0.2.1', 9), 0)",
    "asyncio.run(use_loop('getnameinfo', ('192.0.2.1', 9)))",
    "socket.socket().connect(('192.0.2.1', 9))",
    "socket.socket().connect((b'192.0.2.1', 9))",
    "socket.socket().connect((bytearray(b'192.0.2.1'), 9))",
    "socket.socket().connect(('192.0.513', 9))",
    "socket.socket(socket.AF_INET6).connect(('::ffff:192.0.2.1', 9))",
    "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 9))",
    "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 9))",
]
HERE = [
    "socket.getfqdn()",
    "socket.getaddrinfo(socket.gethostname(), 80)",
    "socket.getaddrinfo(b'localhost', 80)",
    "socket.getaddrinfo('192.0.2.1', 80)",
    "socket.getnameinfo(('127.0.0.1', 80), 0)",
    "[socket.getaddrinfo(name, 80) for name in names_of_the_hosts_file()]",
    "socket.create_connection(('127.1', port))",
    "socket.socket().connect((bytearray(b'127.0.0.1'), port))",
    "socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', port))",
]
EACH = f"""
import asyncio, ipaddress, pathlib, socket
import pytest

def names_of_the_hosts_file():
    path = pathlib.Path("/etc/hosts")
    for line in path.read_text().splitlines() if path.exists() else ():
        host, *names = line.partition("#")[0].split() or [""]
        if host and ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            yield from names

async def use_loop(name, *arguments):
    await getattr(asyncio.get_running_loop(), name)(*arguments)

@pytest.mark.parametrize("program", {AWAY!r})
def test_away(program):
    try:
        eval(program)
    except Exception:
        pass

@pytest.mark.parametrize("program", {HERE!r})
def test_here(program):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        eval(program, globals(), dict(port=port))
"""


def test_every_way_out_is_refused_and_nothing_else(run):
    result = run("--antiphon-offline", test_each=EACH)
    result.assert_outcomes(passed=len(HERE), failed=len(AWAY))


CASES = """
import contextlib, socket, unittest

class Case(unittest.TestCase):
    def setUp(self):
        self.found = None
        with contextlib.suppress(Exception):
            self.found = socket.gethostbyname(f"{self._testMethodName}.invalid")

    def test_passes(self): pass
    def test_fails(self): self.assertIsNotNone(self.found)
    def test_skips(self): self.skipTest("no network")

def test_function_fails():
    found = None
    with contextlib.suppress(Exception):
        found = socket.gethostbyname("function.invalid")
    assert found
"""


def test_a_refusal_is_told_whatever_the_test_makes_of_it(run):
    result = run("--antiphon-offline", test_cases=CASES)
    result.assert_outcomes(failed=4)
    what = "a look-up of the name {} would leave this machine"
    assert_lines(
        result,
        *(
            f"test_cases.py:7 in setUp: {what.format(name)}"
            for name in ("test_passes.invalid", "test_fails.invalid", "test_skips.invalid")
        ),
        f"test_cases.py:16 in test_function_fails: {what.format('function.invalid')}",
    )
    result.stdout.fnmatch_lines(["*AssertionError: unexpectedly None"])


THREADS = """
import asyncio, contextlib, socket, threading
from functools import partial
import antiphon

ask = dict(model="claude-haiku-4-5", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])

def test_client():
    with contextlib.suppress(Exception):
        antiphon.Client(api_key="any", max_retries=0).messages.create(**ask)

async def work():
    look = partial(socket.gethostbyname, "pool.invalid")
    await asyncio.get_running_loop().run_in_executor(None, look)

def test_pool():
    with contextlib.suppress(Exception):
        asyncio.run(work())

def test_thread():
    thread = threading.Thread(target=socket.gethostbyname, args=["x.invalid"])
    thread.start()
    thread.join()
"""


def test_the_caller_is_named_also_if_a_thread_of_a_library_looks_a_name_up(run):
    result = run("--antiphon-offline", test_threads=THREADS)
    result.assert_outcomes(failed=3)
    what = "a look-up of the name {} would leave this machine"
    assert_lines(
        result,
        f"test_threads.py:9 in test_client (in a thread): {what.format('api.anthropic.com')}",
        f"test_threads.py:13 in work: {what.format('pool.invalid')}",
        f"test_threads.py:21 in test_thread (in a thread): {what.format('x.invalid')}",
    )


LOOK_UP = """
import contextlib, socket
with contextlib.suppress(Exception):
    socket.gethostbyname("module.invalid")
"""
INNOCENT = "def test_innocent(): pass"
LATE = """
import contextlib, socket, threading
from conftest import over

def look_up():
    over.wait()
    with contextlib.suppress(Exception):
        socket.gethostbyname("late.invalid")

def test_last():
    threading.Thread(target=look_up).start()
"""
OVER = """
import threading
over = threading.Event()

def pytest_runtest_logfinish():
    over.set()
"""


def test_a_refusal_at_the_import_of_a_module_is_its_own(run):
    modules = {"test_module": LOOK_UP + INNOCENT, "test_other": INNOCENT}
    result = run("--antiphon-offline", "--continue-on-collection-errors", **modules)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting test_module.py*"])
    what = "a look-up of the name module.invalid would leave this machine"
    assert_lines(result, f"test_module.py:3 in <module>: {what}")


@pytest.mark.parametrize("processes", [(), ("-n1",)], ids=["alone", "xdist"])
def test_what_is_refused_outside_of_tests_fails_the_run(run, processes):
    result = run("--antiphon-offline", *processes, conftest=LOOK_UP + OVER, test_late=LATE)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    what = "a look-up of the name {} would leave this machine"
    assert_lines(
        result,
        f"conftest.py:3 in <module>: {what.format('module.invalid')}",
        f"test_late.py:7 in look_up: {what.format('late.invalid')}",
    )


def test_a_plugin_that_a_conftest_loads_refuses_as_well(pytester):
    pytester.makeconftest("pytest_plugins = ['antiphon.testing.pytest_plugin']")
    pytester.makepyfile(test_module=LOOK_UP + INNOCENT)
    result = pytester.runpytest_subprocess("-p", "no:antiphon", "--antiphon-offline")
    result.assert_outcomes(errors=1)
