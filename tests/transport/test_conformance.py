"""What every transport does on a real socket; `docs/transports.md` shows the table of these rows."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import socket
import threading
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.errors import APIConnectionError, APITimeoutError
from tests.support.certificates import AUTHORITY, certified
from tests.support.transport_kits import KITS, Kit, fetch, request, whole
from tests.support.wire_server import PATIENCE, ConnectProxy, Peer, Received, WireServer, forever

SYNC = "A sync call is interrupted, not cancelled."
ASYNC = "An async call is cancelled: `asyncio.run` turns Ctrl-C into that."

ROWS: dict[str, dict[str, str]] = {}
"""Of each row, the transports it does not run on, and why."""


def each(kits: Iterable[Kit]) -> list[Any]:
    """The parameters of a test that runs on these transports."""
    # trio warns of the generators that httpx2 leaves half-way when an answer is cut.
    quiet = pytest.mark.filterwarnings("ignore:Async generator .httpx:ResourceWarning")
    quiet_too = pytest.mark.filterwarnings("ignore:Async generator .httpcore:ResourceWarning")
    return [
        pytest.param(kit, id=kit.name, marks=[quiet, quiet_too] if kit.backend == "trio" else [])
        for kit in kits
    ]


def row(title: str, *, options: dict[str, Any] | None = None, **unless: str) -> Callable[..., Any]:
    """A test for every transport; it is given the open transport first, then its fixtures."""
    without = {
        name.replace("_", " ").replace("httpx2 ", "httpx2, "): why for name, why in unless.items()
    }
    assert without.keys() <= KITS.keys()
    ROWS[title] = without

    def decorate(body: Callable[..., Any]) -> Callable[..., None]:
        @pytest.mark.parametrize(
            "kit", each(kit for kit in KITS.values() if kit.name not in without)
        )
        def test(kit: Kit) -> None:
            kit.run(body, **(options or {}))

        return test

    return decorate


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """No proxy and no certificates but those a test sets."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


WRONG = b64encode(b"me:wrong").decode()


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


async def failure_of(awaitable) -> APIConnectionError:
    with pytest.raises(APIConnectionError) as caught:
        await awaitable
    error = caught.value
    assert error.elapsed is not None
    assert error.phase in str(error)
    shown = "".join(f"{cause!r} {cause}" for cause in chain(error))
    assert not any(secret in shown for secret in ("sk-secret", "wrong@", WRONG))
    assert error.__cause__ is not None
    return error


async def seen(event: threading.Event) -> None:
    """Wait, in a worker thread, until the server's side has come this far."""
    assert await anyio.to_thread.run_sync(event.wait, PATIENCE, abandon_on_cancel=True)


# ---- no connection


@row("connection refused")
async def test_refused(transport):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = await failure_of(transport.send(request(f"http://127.0.0.1:{port}/")))
    assert error.phase == "connect"
    assert error.host == f"127.0.0.1:{port}"
    assert not error.stale
    assert "antiphon serve" in str(error)


@row("name not found")
async def test_unresolved(transport):
    error = await failure_of(transport.send(request("http://nothing.invalid/")))
    assert error.phase == "resolve"
    assert error.host == "nothing.invalid:80"
    assert "base_url" in str(error)


@row("connect timeout")
async def test_connect_timeout(transport):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(4)]  # they fill the queue: nobody accepts
        try:
            for caller in callers:
                caller.setblocking(False)
                caller.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            error = await failure_of(transport.send(request(url, connect=0.1)))
        finally:
            for caller in callers:
                caller.close()
    assert isinstance(error, APITimeoutError)
    assert error.phase == "connect"
    assert "connect=" in str(error)


# ---- TLS


@pytest.fixture
def trusted(monkeypatch, tmp_path):
    path = tmp_path / "company-ca.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.mark.usefixtures("trusted")
@row("TLS with a private CA (SSL_CERT_FILE)")
async def test_private_ca(transport):
    with WireServer(tls=certified("127.0.0.1")) as server:
        assert await fetch(transport, server.url) == b"ok"
        assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 1


@row("TLS certificate of an unknown CA")
async def test_untrusted(transport):
    with WireServer(tls=certified("127.0.0.1")) as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "tls"
    assert "SSL_CERT_FILE" in str(error)
    assert not server.requests


@pytest.mark.usefixtures("trusted")
@row("TLS certificate for another name")
async def test_wrong_name(transport):
    with WireServer(tls=certified("other.test")) as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "tls"
    assert "another name" in str(error)
    assert not server.requests


@row("TLS spoken to a plain port")
async def test_tls_to_plain(transport):
    def plain(peer: Peer) -> None:
        peer.sock.recv(65536)
        peer.send(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")

    with WireServer(plain) as server:
        error = await failure_of(transport.send(request(server.url.replace("http:", "https:"))))
    assert error.phase == "tls"
    assert "http://" in str(error)


@row("plain HTTP spoken to a TLS port")
async def test_plain_to_tls(transport):
    with WireServer(tls=certified("127.0.0.1")) as server:
        error = await failure_of(transport.send(request(server.url.replace("https:", "http:"))))
    assert error.phase == "first byte"


@row("TLS handshake that never ends: connect timeout")
async def test_tls_timeout(transport):
    with WireServer(Peer.wait_for_hangup) as server:
        url = server.url.replace("http:", "https:")
        error = await failure_of(transport.send(request(url, connect=0.1)))
    assert isinstance(error, APITimeoutError)
    assert error.phase in ("tls", "connect")


# ---- proxies


@pytest.fixture
def proxied(monkeypatch):
    """Start a proxy and name it in the environment."""

    def use(proxy: ConnectProxy, user: str = "") -> None:
        url = proxy.url.replace("://", f"://{user}")
        monkeypatch.setenv("HTTPS_PROXY", url)
        monkeypatch.setenv("HTTP_PROXY", url)

    return use


CREDENTIALS = f"Basic {b64encode(b'me:pass word').decode()}"


def proxy_row(title: str, *, tls: bool = False, given: str = "") -> Callable[..., Any]:
    """A row whose transport is made when the environment names a proxy."""
    ROWS[title] = {}

    def decorate(body: Callable[..., Any]) -> Callable[..., None]:
        @pytest.mark.usefixtures("trusted")
        @pytest.mark.parametrize("kit", each(KITS.values()))
        def test(kit: Kit, proxied, monkeypatch) -> None:
            own = certified("127.0.0.1") if tls else None
            with ConnectProxy(CREDENTIALS if given else None, own) as proxy:
                proxied(proxy, given)
                monkeypatch.setenv("NO_PROXY", "direct.invalid")
                kit.run(body, proxy)

        return test

    return decorate


@proxy_row("proxy from the environment: CONNECT for https")
async def test_connect_proxy(transport, proxy):
    with WireServer(tls=certified("api.test")) as server:
        url = f"https://api.test:{server.port}/v1"
        assert await fetch(transport, url) == b"ok"
        assert await fetch(transport, url) == b"ok"
        assert [asked.target for asked in proxy.requests] == [f"api.test:{server.port}"]
        assert not proxy.requests[0].values("x-api-key")


@proxy_row("a proxy that itself speaks TLS", tls=True, given="me:pass%20word@")
async def test_tls_proxy(transport, proxy):
    with WireServer(tls=certified("api.test")) as server:
        assert await fetch(transport, f"https://api.test:{server.port}/") == b"ok"
        assert [asked.target for asked in proxy.requests] == [f"api.test:{server.port}"]
        assert not server.requests[0].values("proxy-authorization")


@proxy_row("proxy credentials reach the proxy alone", given="me:pass%20word@")
async def test_proxy_credentials(transport, proxy):
    with WireServer(tls=certified("api.test")) as server:
        assert await fetch(transport, f"https://api.test:{server.port}/") == b"ok"
        assert proxy.requests[0].values("proxy-authorization") == [CREDENTIALS]
        assert not server.requests[0].values("proxy-authorization")


@proxy_row("proxy for http: the whole URL is asked for", given="me:pass%20word@")
async def test_forwarding_proxy(transport, proxy):
    assert (
        await fetch(transport, "http://api.test:81/v1?x=1") == b"proxied http://api.test:81/v1?x=1"
    )
    assert proxy.requests[0].values("proxy-authorization") == [CREDENTIALS]
    assert proxy.requests[0].values("host") == ["api.test:81"]


@proxy_row("proxy refuses: phase proxy, no credentials shown", given="me:wrong@")
async def test_proxy_refuses(transport, proxy):
    error = await failure_of(transport.send(request("https://api.test/")))
    assert error.phase == "proxy"
    assert "407" in str(error)
    assert error.proxy is not None


ROWS["proxy that is not there: phase proxy"] = {}


@pytest.mark.parametrize("kit", each(KITS.values()))
def test_proxy_not_there(kit, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:wrong@127.0.0.1:{listener.getsockname()[1]}")

    async def body(transport):
        error = await failure_of(transport.send(request("https://api.test/")))
        assert error.phase == "proxy"
        assert error.proxy is not None

    kit.run(body)


@proxy_row("NO_PROXY goes straight to the host")
async def test_no_proxy(transport, proxy):
    # `invalid` never resolves, which only a direct connection would find out.
    error = await failure_of(transport.send(request("https://direct.invalid/")))
    assert error.phase == "resolve"
    assert not proxy.requests


# ---- waiting


@row("read timeout before the answer")
async def test_read_timeout(transport):
    gone = threading.Event()

    def silent(peer: Peer) -> None:
        peer.request()
        peer.wait_for_hangup()
        gone.set()

    with WireServer(silent) as server:
        error = await failure_of(transport.send(request(server.url, read=0.1)))
        assert isinstance(error, APITimeoutError)
        assert error.phase == "first byte"
        await seen(gone)


@row("the total bounds the wait for the answer")
async def test_total_timeout(transport):
    def silent(peer: Peer) -> None:
        peer.request()
        peer.wait_for_hangup()

    with WireServer(silent) as server:
        error = await failure_of(transport.send(request(server.url, total=0.1)))
    assert isinstance(error, APITimeoutError)
    assert error.phase == "first byte"


@row(
    "read timeout within a body; the connection is not used again",
    httpx2_sync="The bound given at the first read holds for the whole body.",
)
async def test_body_timeout(transport):
    gone = threading.Event()

    def stalls(peer: Peer) -> None:
        peer.request()
        if peer.number:
            peer.answer()
            return
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
        peer.wait_for_hangup()
        gone.set()

    with WireServer(stalls) as server:
        reply = await transport.send(request(server.url))
        assert await reply.read(PATIENCE) == b"half-"
        error = await failure_of(reply.read(0.1))
        assert isinstance(error, APITimeoutError)
        assert error.phase == "body"
        await seen(gone)
        assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 2


@row("write timeout while the server does not read")
async def test_write_timeout(transport):
    done = threading.Event()

    def deaf(peer: Peer) -> None:
        done.wait(PATIENCE)

    with WireServer(deaf) as server:
        outgoing = request(server.url, b"x" * 50_000_000, write=0.2)
        try:
            error = await failure_of(transport.send(outgoing))
        finally:
            done.set()
    assert isinstance(error, APITimeoutError)
    assert error.phase == "send"


@row("an exhausted pool waits, at most `pool` seconds", options={"most_connections": 1})
async def test_pool(transport):
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
        read.wait(PATIENCE)
        peer.send(b"whole")
        peer.request()
        peer.answer()

    with WireServer(script) as server:
        first = await transport.send(request(server.url))
        error = await failure_of(transport.send(request(server.url, pool=0.05)))
        assert isinstance(error, APITimeoutError)
        assert error.phase == "pool"
        bodies: list[bytes] = []

        async def second() -> None:
            bodies.append(await fetch(transport, server.url))

        async with anyio.create_task_group() as group:
            group.start_soon(second)
            await anyio.lowlevel.checkpoint()
            read.set()
            assert await whole(first) == b"half-whole"
        assert bodies == [b"ok"]
        assert server.connections == 1


# ---- broken answers


def answering(*parts: bytes | Callable[[Peer], Any]) -> WireServer:
    """A server that sends these bytes after every request, then closes."""

    def script(peer: Peer) -> None:
        peer.request()
        for part in parts:
            part(peer) if callable(part) else peer.send(part)

    return WireServer(script)


CUTS = {
    "clean cut of a content-length": (b"content-length: 10\r\n\r\nhalf-",),
    "missing last chunk": (b"transfer-encoding: chunked\r\n\r\n5\r\nhalf-\r\n",),
    "cut within a chunk": (b"transfer-encoding: chunked\r\n\r\na\r\nhalf-",),
    "reset within a body": (b"content-length: 10\r\n\r\nhalf-", "reset"),
}


def cut_row(title: str) -> Callable[..., None]:
    head, *after = CUTS[title]

    @row(f"{title}: an error in phase body, what arrived is given")
    async def test(transport):
        read = threading.Event()

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(b"HTTP/1.1 200 OK\r\n" + head)
            read.wait(PATIENCE)
            if after:
                peer.reset()

        with WireServer(script) as server:
            reply = await transport.send(request(server.url))
            arrived = await reply.read(PATIENCE)
            while arrived != b"half-":
                arrived += await reply.read(PATIENCE)
            read.set()
            error = await failure_of(reply.read(PATIENCE))
        assert error.phase == "body"
        assert not isinstance(error, APITimeoutError)
        assert not error.stale

    return test


test_cut_length = cut_row("clean cut of a content-length")
test_cut_last_chunk = cut_row("missing last chunk")
test_cut_in_chunk = cut_row("cut within a chunk")
test_reset_in_body = cut_row("reset within a body")


@row("what arrived before a cut is given, however late it is read")
async def test_late_reader(transport):
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nha")
        peer.send(b"lf-")
        peer.sock.close()
        closed.set()

    with WireServer(script) as server:
        reply = await transport.send(request(server.url))
        await seen(closed)
        await anyio.wait_all_tasks_blocked()
        arrived = b""
        while len(arrived) < 5:
            arrived += await reply.read(PATIENCE)
        assert arrived == b"half-"
        assert (await failure_of(reply.read(PATIENCE))).phase == "body"


@row("closed without an answer: phase first byte, not stale on a new connection")
async def test_no_answer(transport):
    with answering() as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "first byte"
    assert not error.stale


@row("what is not HTTP is an error")
async def test_not_http(transport):
    with answering(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as server:
        error = await failure_of(transport.send(request(server.url)))
    assert error.phase == "first byte"


@row("chunks that are none are an error")
async def test_bad_chunk(transport):
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhalf"
    with answering(head, Peer.wait_for_hangup) as server, pytest.raises(APIConnectionError):
        await fetch(transport, server.url)


# ---- whole answers


@row("bytes are given as they arrive")
async def test_as_they_arrive(transport):
    read = [threading.Event() for _ in range(3)]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for number, event in enumerate(read):
            peer.send(b"1\r\n%d\r\n" % number)
            assert event.wait(PATIENCE)
        peer.send(b"0\r\n\r\n")

    with WireServer(script) as server:
        reply = await transport.send(request(server.url))
        for number, event in enumerate(read):
            assert await reply.read(PATIENCE) == b"%d" % number
            event.set()
        assert await reply.read(PATIENCE) == b""
        assert await reply.read(PATIENCE) == b""
        await reply.close()


@row("large bodies both ways")
async def test_large(transport):
    answer = os.urandom(3_000_000)
    sent = os.urandom(12_000_000)
    with WireServer(forever(lambda peer, received: peer.answer(answer))) as server:
        reply = await transport.send(request(server.url, sent))
        pieces = 0
        received = b""
        while piece := await reply.read(PATIENCE):
            received += piece
            pieces += 1
        await reply.close()
        assert received == answer
        assert pieces > 10
        assert hashlib.sha256(server.requests[0].body).digest() == hashlib.sha256(sent).digest()
        assert await fetch(transport, server.url) == answer
        assert server.connections == 1


@row("gzip and deflate are undone")
async def test_encodings(transport):
    plain = b"some text " * 20_000
    encoded = {"/gzip": gzip.compress(plain), "/deflate": zlib.compress(plain)}

    def answer(peer: Peer, received: Received) -> None:
        peer.answer(
            encoded[received.target], headers=f"content-encoding: {received.target[1:]}\r\n"
        )

    with WireServer(forever(answer)) as server:
        for target in encoded:
            assert await fetch(transport, server.url + target) == plain
        accepted = server.requests[0].values("accept-encoding")[0]
        assert "gzip" in accepted


@row("gzip that arrives in pieces is given in pieces")
async def test_gzip_stream(transport):
    encoder = zlib.compressobj(wbits=31)
    read = threading.Event()

    def chunk(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-encoding: gzip\r\n\r\n"
        )
        peer.send(chunk(encoder.compress(b"first") + encoder.flush(zlib.Z_SYNC_FLUSH)))
        assert read.wait(PATIENCE)
        peer.send(chunk(encoder.compress(b"second") + encoder.flush()) + b"0\r\n\r\n")

    with WireServer(script) as server:
        reply = await transport.send(request(server.url))
        assert await reply.read(PATIENCE) == b"first"
        read.set()
        assert await whole(reply) == b"second"


@row(
    "gzip that ends early is an error",
    httpx2_sync="The library does not check; the JSON or the stream inside is then found incomplete.",
    httpx2_asyncio="The library does not check; the JSON or the stream inside is then found incomplete.",
    httpx2_trio="The library does not check; the JSON or the stream inside is then found incomplete.",
)
async def test_cut_gzip(transport):
    cut = gzip.compress(os.urandom(1000))[:-20]
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(cut)
    with answering(head + cut) as server:
        reply = await transport.send(request(server.url))
        error = await failure_of(whole(reply))
    assert error.phase == "body"


@row("HTTP/1.0: the body ends with the connection")
async def test_http_1_0(transport):
    with answering(b"HTTP/1.0 200 OK\r\ncontent-type: x/y\r\n\r\nto the ", b"end") as server:
        reply = await transport.send(request(server.url))
        assert reply.head.http_version == "HTTP/1.0"
        assert await whole(reply) == b"to the end"
        assert await fetch(transport, server.url) == b"to the end"


@row("answers without a body")
async def test_no_body(transport):
    def answer(peer: Peer, received: Received) -> None:
        peer.send(b"HTTP/1.1 204 No Content\r\nx-y: z\r\n\r\n")

    with WireServer(forever(answer)) as server:
        for _ in range(2):
            reply = await transport.send(request(server.url, b"", method="DELETE"))
            assert reply.head.status == 204
            assert await whole(reply) == b""
        assert server.connections == 1


@row("1xx answers are passed over")
async def test_interim(transport):
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    with answering(interim, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok") as server:
        reply = await transport.send(request(server.url))
        assert reply.head.status == 200
        assert await whole(reply) == b"ok"


@row("headers: repeated, empty, of 12 KiB, in any case")
async def test_headers(transport):
    odd = f"X-Two: a\r\nx-two: b\r\nx-empty:\r\nx-long: {'v' * 12_288}\r\nX-LATIN: caf\xe9\r\n"
    with WireServer(forever(lambda peer, received: peer.answer(headers=odd))) as server:
        reply = await transport.send(request(server.url))
        headers = reply.head.headers
        assert headers["x-TWO"] == "a, b"
        assert headers["x-empty"] == ""
        assert len(headers["x-long"]) == 12_288
        assert headers["x-latin"] == "caf\xe9"
        assert await whole(reply) == b"ok"


@row("the request is sent as it was made")
async def test_request(transport):
    headers = {"x-api-key": "sk-secret", "content-type": "application/json", "user-agent": "mine/1"}
    with WireServer() as server:
        await fetch(transport, f"{server.url}/v1/a%20b?beta=true&x=%2F", b"[1]", headers=headers)
        (received,) = server.requests
        assert (received.method, received.target) == ("POST", "/v1/a%20b?beta=true&x=%2F")
        assert received.body == b"[1]"
        assert received.values("host") == [f"127.0.0.1:{server.port}"]
        assert received.values("content-length") == ["3"]
        for name, value in headers.items():
            assert received.values(name) == [value]
        assert not received.values("cookie")


@row(
    "cookies are not kept",
    **dict.fromkeys(
        ("httpx2_sync", "httpx2_asyncio", "httpx2_trio"), "The client that you passed decides."
    ),
)
async def test_cookies(transport):
    with WireServer(forever(lambda peer, _: peer.answer(headers="set-cookie: a=b\r\n"))) as server:
        await fetch(transport, server.url)
        await fetch(transport, server.url)
        assert not server.requests[1].values("cookie")


# ---- redirects


def redirecting(status: int, location: str) -> Callable[[Peer, Received], None]:
    def answer(peer: Peer, received: Received) -> None:
        if received.target == "/old":
            peer.answer(b"moved", status=f"{status} Moved", headers=f"location: {location}\r\n")
        else:
            peer.answer(b"arrived")

    return answer


@row("307 and 308 are followed with method, body and, at home, credentials")
async def test_redirect(transport):
    for status in (307, 308):
        with WireServer(forever(redirecting(status, "/new"))) as server:
            assert await fetch(transport, f"{server.url}/old", b"[1]") == b"arrived"
            assert server.requests[1].body == b"[1]"
            assert server.requests[1].method == "POST"
            assert server.requests[1].values("x-api-key") == ["sk-secret"]


@row("credentials never follow a redirect to another origin")
async def test_redirect_away(transport):
    secrets = {"x-api-key": "sk-secret", "authorization": "Bearer sk-secret", "cookie": "a=b"}
    with (
        WireServer(forever(redirecting(0, ""))) as other,
        WireServer(forever(redirecting(307, f"{other.url}/new"))) as server,
    ):
        headers = {**secrets, "anthropic-version": "2023-06-01"}
        assert await fetch(transport, f"{server.url}/old", b"[1]", headers=headers) == b"arrived"
        (received,) = other.requests
        assert received.body == b"[1]"
        assert received.values("anthropic-version") == ["2023-06-01"]
        assert not any(received.values(name) for name in secrets)


@row("a POST does not follow 301, 302 and 303")
async def test_no_redirect(transport):
    for status in (301, 302, 303):
        with WireServer(forever(redirecting(status, "/new"))) as server:
            reply = await transport.send(request(f"{server.url}/old"))
            assert reply.head.status == status
            assert await whole(reply) == b"moved"
            assert len(server.requests) == 1


@row("redirects in a circle end")
async def test_redirect_circle(transport):
    with WireServer(forever(redirecting(307, "/old"))) as server:
        reply = await transport.send(request(f"{server.url}/old"))
        assert reply.head.status == 307
        await reply.close()
        assert len(server.requests) == 4


# ---- connections


@row("connections are kept and used again")
async def test_keep_alive(transport):
    with WireServer() as server:
        for _ in range(5):
            assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 1


@row("`connection: close` is obeyed")
async def test_connection_close(transport):
    with WireServer(
        forever(lambda peer, _: peer.answer(headers="connection: close\r\n"))
    ) as server:
        for _ in range(2):
            assert await fetch(transport, server.url) == b"ok"
        assert server.connections == 2


@row("a kept connection that the server closes on the next request is stale")
async def test_stale(transport):
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer()
        peer.request()

    with WireServer(once) as server:
        assert await fetch(transport, server.url) == b"ok"
        error = await failure_of(transport.send(request(server.url)))
        assert error.stale
        assert error.phase in ("send", "first byte")
        assert await fetch(transport, server.url) == b"ok"


@row("a kept connection that the server resets is stale")
async def test_stale_reset(transport):
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer()
        peer.request()
        peer.reset()

    with WireServer(once) as server:
        assert await fetch(transport, server.url) == b"ok"
        assert (await failure_of(transport.send(request(server.url)))).stale


@row("a connection that the server closed while idle costs no call")
async def test_closed_idle(transport):
    closed = threading.Event()

    def once(peer: Peer) -> None:
        peer.request()
        peer.answer()
        peer.sock.close()
        closed.set()

    with WireServer(once) as server:
        assert await fetch(transport, server.url) == b"ok"
        await seen(closed)
        try:
            answer = await fetch(transport, server.url)
        except APIConnectionError as error:
            if not error.stale:  # noticed only in the sending, and sent again by the core
                raise
        else:
            assert answer == b"ok"
            assert server.connections == 2


@row("a body that is left unread cuts the connection")
async def test_left_unread(transport):
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nbegin")
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        reply = await transport.send(request(server.url))
        assert await reply.read(PATIENCE) == b"begin"
        await reply.close()
        await reply.close()
        await seen(gone)


@row("a body that is read slowly waits at the server")
async def test_back_pressure(transport):
    sent: list[int] = []
    stuck = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.sock.settimeout(0.5)
        try:
            while sum(sent) < MUCH:
                sent.append(peer.sock.send(b"x" * 65536))
        except TimeoutError:
            stuck.set()
            peer.sock.settimeout(PATIENCE)
            peer.send(b"x" * (MUCH - sum(sent)))
        peer.sock.close()

    with WireServer(script) as server:
        reply = await transport.send(request(server.url))
        size = len(await reply.read(PATIENCE))
        await seen(stuck)
        assert sum(sent) < MUCH
        while piece := await reply.read(PATIENCE):
            size += len(piece)
        assert size == MUCH
        await reply.close()


MUCH = 64 * 1024 * 1024


@row("32 calls at once")
async def test_many(transport):
    with WireServer(forever(lambda peer, received: peer.answer(received.body))) as server:
        answers: dict[int, bytes] = {}

        async def call(number: int) -> None:
            for _ in range(5):
                answers[number] = await fetch(transport, server.url, b"%d" % number)

        async with anyio.create_task_group() as group:
            for number in range(32):
                group.start_soon(call, number)
        assert answers == {number: b"%d" % number for number in range(32)}
        assert server.connections <= 32


@pytest.mark.slow
@row("5,000 calls leave no descriptor behind")
async def test_descriptors(transport):
    def open_descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    def answer(peer: Peer, received: Received) -> None:
        ending = "connection: close\r\n" if received.target == "/close" else ""
        peer.answer(headers=ending)
        if ending:
            raise ConnectionError

    with WireServer(forever(answer)) as server:
        before = 0
        for number in range(5000):
            await fetch(transport, f"{server.url}/close" if number % 10 == 0 else server.url)
            if number == 20:
                before = open_descriptors()
        assert open_descriptors() <= before + 2


# ---- interruption


@row("cancellation closes the socket", urllib3=SYNC, httpx2_sync=SYNC)
async def test_cancelled(transport):
    waiting, gone = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number:
            peer.answer()
            return
        waiting.set()
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        async with anyio.create_task_group() as group:
            group.start_soon(transport.send, request(server.url))
            await seen(waiting)
            group.cancel_scope.cancel()
        await seen(gone)
        assert await fetch(transport, server.url) == b"ok"


@row("cancellation within a body closes the socket", urllib3=SYNC, httpx2_sync=SYNC)
async def test_cancelled_body(transport):
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number:
            peer.answer()
            return
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
        peer.wait_for_hangup()
        gone.set()

    with WireServer(script) as server:
        reply = await transport.send(request(server.url))
        assert await reply.read(PATIENCE) == b"half-"
        async with anyio.create_task_group() as group:
            group.start_soon(reply.read, PATIENCE)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        await reply.close()
        await seen(gone)
        assert await fetch(transport, server.url) == b"ok"


def interrupt_row(title: str, path: str) -> Callable[..., None]:
    """A row for sync transports: SIGINT arrives while the main thread waits."""
    ROWS[title] = dict.fromkeys((kit.name for kit in KITS.values() if kit.is_async), ASYNC)

    @pytest.mark.parametrize("kit", each(kit for kit in KITS.values() if not kit.is_async))
    def test(kit: Kit) -> None:
        gone = threading.Event()

        def script(peer: Peer) -> None:
            if peer.request().target == "/":
                peer.answer()
                return
            if path == "/body":
                peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf-")
            os.kill(os.getpid(), signal.SIGINT)
            peer.wait_for_hangup()
            gone.set()

        with WireServer(script) as server, kit.open_sync() as transport:
            with pytest.raises(KeyboardInterrupt):
                reply = transport.send(request(server.url + path))
                while reply.read(PATIENCE):
                    pass
            assert gone.wait(PATIENCE)
            reply = transport.send(request(server.url))
            assert reply.read(PATIENCE) == b"ok"
            reply.close()

    return test


test_interrupt = interrupt_row("Ctrl-C while waiting for the answer", "/head")
test_interrupt_body = interrupt_row("Ctrl-C within a body", "/body")


PAGE = Path(__file__).parents[2] / "docs" / "transports.md"


def table() -> str:
    """One line per row: ✓ where it runs, else the number of the note that says why not."""
    notes = sorted({why for without in ROWS.values() for why in without.values()})
    lines = [f"| | {' | '.join(KITS)} |", f"|---|{':-:|' * len(KITS)}"]
    for title, without in ROWS.items():
        cells = [str(notes.index(without[kit]) + 1) if kit in without else "✓" for kit in KITS]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    numbered = [f"{number}. {why}" for number, why in enumerate(notes, 1)]
    return "\n".join([*lines, "", *numbered, ""])


def test_the_table_in_the_docs_is_that_of_the_suite():
    assert table() in PAGE.read_text(), f"docs/transports.md should say:\n\n{table()}"
