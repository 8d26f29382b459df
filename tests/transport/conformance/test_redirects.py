"""Redirects: which are followed, and what follows them."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.conformance import row
from tests.support.transport_kits import fetch, request, whole
from tests.support.wire_server import Peer, Received, WireServer, forever


def redirecting(status: int, location: str) -> Callable[[Peer, Received], None]:
    def respond(peer: Peer, received: Received) -> None:
        if received.target == "/old":
            peer.respond(b"moved", status=f"{status} Moved", headers=f"location: {location}\r\n")
        else:
            peer.respond(b"arrived")

    return respond


@row("307 and 308 are followed with method, body and, to the same origin, credentials")
async def test_redirects_that_keep_the_method_are_followed(transport):
    for status in (307, 308):
        with WireServer(forever(redirecting(status, "/new"))) as server:
            assert await fetch(transport, f"{server.url}/old", b"[1]") == b"arrived"
            assert server.requests[1].body == b"[1]"
            assert server.requests[1].method == "POST"
            assert server.requests[1].values("x-api-key") == ["sk-secret"]


@row("to another origin only the client's own headers follow a redirect")
async def test_headers_of_the_user_stay_behind_a_redirect_to_another_origin(transport):
    secrets = {"x-api-key": "sk-secret", "authorization": "Bearer sk-secret", "cookie": "a=b"}
    with (
        WireServer(forever(redirecting(0, ""))) as other,
        WireServer(forever(redirecting(307, f"{other.url}/new"))) as server,
    ):
        headers = {**secrets, "x-mine": "1", "anthropic-version": "2023-06-01"}
        assert await fetch(transport, f"{server.url}/old", b"[1]", headers=headers) == b"arrived"
        (received,) = other.requests
        assert received.body == b"[1]"
        assert received.values("anthropic-version") == ["2023-06-01"]
        assert not any(received.values(name) for name in (*secrets, "x-mine"))


@row("a POST does not follow 301, 302 and 303")
async def test_redirects_that_may_change_the_method_are_not_followed(transport):
    for status in (301, 302, 303):
        with WireServer(forever(redirecting(status, "/new"))) as server:
            response = await transport.send(request(f"{server.url}/old"))
            assert response.head.status == status
            assert await whole(response) == b"moved"
            assert len(server.requests) == 1


@row("redirects in a circle end")
async def test_redirects_in_a_circle_end(transport):
    with WireServer(forever(redirecting(307, "/old"))) as server:
        response = await transport.send(request(f"{server.url}/old"))
        assert response.head.status == 307
        await response.close()
        assert len(server.requests) == 4
