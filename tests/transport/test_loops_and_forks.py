"""Transports across event loops, threads and processes: whole programs; warnings are errors."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from tests.support.certificates import AUTHORITY, certified
from tests.support.wire_server import Peer, Received, WireServer, dead_port, forever

PRELUDE = """
import asyncio, gc, os, sys, threading
from antiphon._wire.http import Request, Timeout
from antiphon._transport.default import async_transport_for, transport_for
url = sys.argv[1]
def request(path="/", body=b"{}"):
    return Request("POST", url + path, {"x-api-key": "k"}, body, Timeout(20, 20, 20, 20, 20))
def call(transport, path="/"):
    response = transport.send(request(path))
    body = b""
    while piece := response.read(20):
        body += piece
    response.close()
    return body
async def acall(transport, path="/"):
    response = await transport.send(request(path))
    body = b""
    while piece := await response.read(20):
        body += piece
    await response.close()
    return body
def wait(pid):
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""


def run(program: str, server: WireServer | SimpleNamespace) -> str:
    """Run a program on this server; what it printed. It must be silent on stderr."""
    run = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            PRELUDE + textwrap.dedent(program),
            server.url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stderr == ""
    assert run.returncode == 0
    return run.stdout


@pytest.fixture(params=["http", "https"])
def server(request, tmp_path, monkeypatch):
    """A server that responds with the number of the connection, plain or under TLS."""

    def respond(peer: Peer, received: Received) -> None:
        if received.target == "/half":
            peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
            peer.wait_for_hangup()
        peer.respond(b"%d" % peer.number)

    tls = None
    if request.param == "https":
        AUTHORITY.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        tls = certified("127.0.0.1")
    with WireServer(forever(respond), tls=tls) as server:
        yield server


def test_several_runs_of_asyncio(server):
    printed = run(
        """
        async def main(transport):
            return [await acall(transport), await acall(transport)]
        async def transport():
            return async_transport_for()
        shared = asyncio.run(transport())
        print(asyncio.run(main(shared)), asyncio.run(main(shared)))
        """,
        server,
    )
    assert printed == "[b'0', b'0'] [b'1', b'1']\n"


def test_a_loop_that_was_closed_without_ado(server):
    printed = run(
        """
        async def main():
            transport = async_transport_for()
            return transport, await acall(transport)
        loop = asyncio.new_event_loop()
        transport, first = loop.run_until_complete(main())
        loop.close()
        print(first, asyncio.run(acall(transport)))
        """,
        server,
    )
    assert printed == "b'0' b'1'\n"


def test_a_client_dropped_before_its_loop_is_closed(server):
    printed = run(
        """
        async def main():
            return await acall(async_transport_for())
        loop = asyncio.new_event_loop()
        print(loop.run_until_complete(main()))
        gc.collect()
        loop.close()
        gc.collect()
        """,
        server,
    )
    assert printed == "b'0'\n"


def test_a_client_dropped_while_its_loop_runs(server):
    printed = run(
        """
        async def main():
            for _ in range(3):
                print(await acall(async_transport_for()))
                gc.collect()
                await asyncio.sleep(0)
        asyncio.run(main())
        """,
        server,
    )
    assert printed == "b'0'\nb'1'\nb'2'\n"


def test_a_client_dropped_in_another_thread(server):
    printed = run(
        """
        async def main():
            kept = [async_transport_for()]
            print(await acall(kept[0]))
            await asyncio.to_thread(lambda: (kept.clear(), gc.collect()))
            await asyncio.sleep(0)
        asyncio.run(main())
        """,
        server,
    )
    assert printed == "b'0'\n"


def test_a_response_dropped_half_way(server):
    printed = run(
        """
        response = transport_for().send(request("/half"))
        print(response.read(20))
        del response
        async def main():
            response = await async_transport_for().send(request("/half"))
            print(await response.read(20))
            del response
            await asyncio.sleep(0)
        asyncio.run(main())
        gc.collect()
        """,
        server,
    )
    assert printed == "b'half'\nb'half'\n"


CYCLE = """
class Holder:
    pass
def abandon(response):
    holder = Holder()
    holder.me, holder.response = holder, response
async def half(transport):
    response = await transport.send(request("/half"))
    await response.read(20)
    return response
"""


def test_responses_abandoned_in_a_cycle_spoil_no_later_call(server):
    printed = run(
        CYCLE
        + """
transport = transport_for()
for _ in range(20):
    response = transport.send(request("/half"))
    response.read(20)
    abandon(response)
    del response
    gc.collect()
    call(transport)
print("whole")
""",
        server,
    )
    assert printed == "whole\n"


def test_responses_abandoned_in_a_cycle_with_their_transport_leave_no_warning(server):
    printed = run(
        CYCLE
        + """
for _ in range(5):
    transport = transport_for()
    response = transport.send(request("/half"))
    abandon((response, transport))
    del response, transport
    gc.collect()
    call(transport_for())
print("whole")
""",
        server,
    )
    assert printed == "whole\n"


def test_responses_abandoned_between_two_runs_of_a_loop_spoil_no_later_call(server):
    printed = run(
        CYCLE
        + """
async def shared():
    return async_transport_for()
loop = asyncio.new_event_loop()
transport = loop.run_until_complete(shared())
for _ in range(20):
    abandon(loop.run_until_complete(half(transport)))
    gc.collect()
    loop.run_until_complete(acall(transport))
print("whole")
del transport
gc.collect()
loop.close()
""",
        server,
    )
    assert printed == "whole\n"


def test_responses_abandoned_inside_a_loop_spoil_no_later_call(server):
    printed = run(
        CYCLE
        + """
async def main():
    transport = async_transport_for()
    for _ in range(20):
        abandon(await half(transport))
        gc.collect()
        await acall(transport)
asyncio.run(main())
print("whole")
""",
        server,
    )
    assert printed == "whole\n"


def test_a_response_collected_in_another_thread_spoils_no_later_call(server):
    printed = run(
        CYCLE
        + """
async def main():
    transport = async_transport_for()
    for _ in range(5):
        abandon(await half(transport))
        await asyncio.to_thread(gc.collect)
        await acall(transport)
asyncio.run(main())
print("whole")
""",
        server,
    )
    assert printed == "whole\n"


def test_one_loop_per_thread(server):
    printed = run(
        """
        async def main():
            transport = async_transport_for()
            return [await acall(transport), await acall(transport)]
        bodies = []
        call = lambda: bodies.append(asyncio.run(main()))
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(bodies))
        """,
        server,
    )
    assert printed == "[[b'0', b'0'], [b'1', b'1'], [b'2', b'2'], [b'3', b'3']]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_opens_its_own_sockets(server):
    printed = run(
        """
        transport = transport_for()
        print(call(transport), flush=True)
        pid = os.fork()
        if not pid:
            print(call(transport), call(transport_for()), flush=True)
            os._exit(0)
        wait(pid)
        print(call(transport))
        """,
        server,
    )
    assert printed == "b'0'\nb'1' b'1'\nb'0'\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_opens_its_own_sockets_under_asyncio(server):
    printed = run(
        """
        async def main():
            transport = async_transport_for()
            print(await acall(transport), flush=True)
            pid = os.fork()
            if not pid:
                try:
                    asyncio.set_event_loop(None)
                    asyncio.events._set_running_loop(None)
                    gc.collect()
                    print(asyncio.run(acall(transport)), flush=True)
                finally:
                    os._exit(0)
            wait(pid)
            print(await acall(transport))
        asyncio.run(main())
        """,
        server,
    )
    assert printed == "b'0'\nb'1'\nb'0'\n"


def test_32_threads_on_one_client(server):
    printed = run(
        """
        transport = transport_for()
        bodies = []
        def work():
            for _ in range(10):
                bodies.append(call(transport))
        threads = [threading.Thread(target=work) for _ in range(32)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(bodies))
        """,
        server,
    )
    assert printed == "320\n"
    assert server.connections <= 32


INTERRUPTED = """
import signal
signal.signal(signal.SIGALRM, signal.default_int_handler)
transport = transport_for()
signal.setitimer(signal.ITIMER_REAL, 0.5)
try:
    transport.send(request())
except KeyboardInterrupt:
    print("interrupted")
gc.collect()
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer here")
def test_an_interruption_while_connecting_leaves_no_socket_open():
    with dead_port() as port:
        at = SimpleNamespace(url=f"http://127.0.0.1:{port}")
        assert run(INTERRUPTED, at) == "interrupted\n"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer here")
def test_an_interruption_while_agreeing_on_tls_leaves_no_socket_open():
    with WireServer(Peer.wait_for_hangup) as server:
        at = SimpleNamespace(url=server.url.replace("http:", "https:"))
        assert run(INTERRUPTED, at) == "interrupted\n"


def test_a_refused_upload_is_an_error_and_not_a_log_of_asyncio():
    def refuse(peer: Peer) -> None:
        peer.head()
        peer.reset()

    with WireServer(refuse) as server:
        printed = run(
            """
            from antiphon import APIConnectionError
            async def main():
                transport = async_transport_for()
                for _ in range(5):
                    try:
                        await transport.send(request("/", b"x" * 20_000_000))
                    except APIConnectionError as error:
                        print(type(error).__name__)
            asyncio.run(main())
            """,
            server,
        )
    assert printed == "APIConnectionError\n" * 5


def test_plain_http_makes_no_tls_context():
    with WireServer() as server:
        printed = run(
            """
            import ssl
            ssl.create_default_context = None
            print(call(transport_for()))
            """,
            server,
        )
    assert printed == "b'ok'\n"
