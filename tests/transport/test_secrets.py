"""The credential appears in no frame of a failure, whatever fails while its bytes are at hand."""

from __future__ import annotations

import threading

import pytest

from antiphon._wire.secret import Secret
from tests.support.certificates import certified
from tests.support.conformance import each
from tests.support.tracebacks import shown_with_locals
from tests.support.transport_kits import KITS, request
from tests.support.wire_server import PATIENCE, Peer, WireServer

HEADERS = {"x-api-key": Secret("sk-secret"), "content-type": "application/json"}
LONG = HEADERS | {"x-padding": "x" * 20_000_000}
"""The head of such a request does not fit into the buffers of the system."""

ALL = pytest.mark.parametrize("kit", each(KITS.values()))


async def failure_of(transport, outgoing):
    with pytest.raises(Exception) as caught:
        await transport.send(outgoing)
    return caught.value


@ALL
@pytest.mark.parametrize("value", ["a\r\nb", "日本"])
def test_a_header_that_cannot_be_sent_shows_no_other(kit, value):
    async def main(transport):
        with WireServer() as server:
            headers = HEADERS | {"x-title": value}
            error = await failure_of(transport, request(server.url, headers=headers))
        assert "sk-secret" not in shown_with_locals(error)

    kit.run(main)


@ALL
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [None, certified("127.0.0.1")], ids=["plain", "tls"])
def test_a_head_that_the_server_resets_shows_no_credential(kit, tls):
    def script(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.reset()

    async def main(transport):
        with WireServer(script, tls) as server:
            error = await failure_of(transport, request(server.url, headers=LONG))
        assert "sk-secret" not in shown_with_locals(error)

    kit.run(main)


@ALL
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", [None, certified("127.0.0.1")], ids=["plain", "tls"])
def test_a_head_that_the_server_does_not_read_shows_no_credential(kit, tls):
    done = threading.Event()

    async def main(transport):
        with WireServer(lambda peer: done.wait(PATIENCE), tls) as server:
            outgoing = request(server.url, headers=LONG, write=0.2, read=0.2)
            try:
                error = await failure_of(transport, outgoing)
            finally:
                done.set()
        assert "sk-secret" not in shown_with_locals(error)

    kit.run(main)
