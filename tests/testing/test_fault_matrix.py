"""Every fault, with every client, over every transport: a success, or the error of the catalogue.

Each case makes three calls: one that is not tried again, one whose first attempt goes wrong, and
one with which nothing is wrong any more, on whatever connections are left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

import antiphon
from antiphon._transport.tls import shared_context  # reading certificates takes long
from antiphon.local import LocalServer
from antiphon.testing import FrozenClock, faults, frozen, text, tool_use
from antiphon.testing.faults import NamedFault
from antiphon.types import Message

TEXT = "It rains in Zürich 🌧, and it will go on raining there until the evening."
DEADLINE = 120.0
LIMITS = antiphon.Timeout(total=DEADLINE, read=50, stall=50)
ASKED = {
    "model": "claude-haiku-4-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "How is the weather?"}],
}
CLIENTS = ["sync", "async"]
KINDS = ["plain", "stream"]
TRANSPORTS = ["own", "httpx2"]
# Where time is frozen, a wait of httpx2 that is too long is only noticed when it ends.
NOTICED_LATE = {"silence", "stall"}
CASES = [
    pytest.param(fault, client, kind, transport, id=f"{fault.name}-{client}-{kind}-{transport}")
    for fault in faults.ALL
    for client in CLIENTS
    for kind in KINDS
    for transport in TRANSPORTS
]


@dataclass
class Outcome:
    """What came of a call."""

    message: Message | None = None
    error: Exception | None = None
    delivered: list[str] = field(default_factory=list)
    """The texts that the caller of a stream received."""


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture
def server(shared) -> LocalServer:
    shared.reset()
    shared.reply(text(TEXT), tool_use("weather", city="Zürich"))
    return shared


def ask(client: antiphon.Client, kind: str) -> Outcome:
    outcome = Outcome()
    try:
        if kind == "plain":
            outcome.message = client.messages.create(**ASKED)
        else:
            with client.messages.stream(**ASKED) as stream:
                outcome.delivered.extend(stream.text_stream)
                outcome.message = stream.get_final_message()
    except antiphon.APIError as error:
        outcome.error = error
    return outcome


async def ask_async(client: antiphon.AsyncClient, kind: str) -> Outcome:
    outcome = Outcome()
    try:
        if kind == "plain":
            outcome.message = await client.messages.create(**ASKED)
        else:
            async with client.messages.stream(**ASKED) as stream:
                async for part in stream.text_stream:
                    outcome.delivered.append(part)
                outcome.message = await stream.get_final_message()
    except antiphon.APIError as error:
        outcome.error = error
    return outcome


def three_calls(server: LocalServer, fault: NamedFault, kind: str, transport: str) -> list[Outcome]:
    with httpx2.Client(verify=shared_context()) as over:
        chosen = over if transport == "httpx2" else None
        once = antiphon.Client(
            base_url=server.url, api_key="k", max_retries=0, timeout=LIMITS, http_client=chosen
        )
        server.faults = [fault]
        outcomes = [ask(once, kind)]
        server.faults = [fault.on(attempts=1)]
        outcomes.append(ask(once.with_options(max_retries=2), kind))
        server.faults = []
        return [*outcomes, ask(once, kind)]


async def three_calls_async(
    server: LocalServer, fault: NamedFault, kind: str, transport: str
) -> list[Outcome]:
    async with httpx2.AsyncClient(verify=shared_context()) as over:
        chosen = over if transport == "httpx2" else None
        once = antiphon.AsyncClient(
            base_url=server.url, api_key="k", max_retries=0, timeout=LIMITS, http_client=chosen
        )
        server.faults = [fault]
        outcomes = [await ask_async(once, kind)]
        server.faults = [fault.on(attempts=1)]
        outcomes.append(await ask_async(once.with_options(max_retries=2), kind))
        server.faults = []
        return [*outcomes, await ask_async(once, kind)]


def check_whole(outcome: Outcome, fault: NamedFault | None) -> None:
    """Check that a call succeeded, and that nothing of its message is lost."""
    if outcome.error is not None:
        raise outcome.error
    message = outcome.message
    assert message is not None
    name = None if fault is None else fault.name
    plain = message.text.translate(dict.fromkeys(map(ord, "\u2028\u2029\x85")))
    assert plain == TEXT + ("😀\ufffd" if name == "lone_surrogates" else "")
    assert (plain != message.text) == (name == "line_separators")
    assert message.tool_uses[0].input == ({} if name == "bad_tool_json" else {"city": "Zürich"})
    assert message.stop_reason == "tool_use"


def check_failed(outcome: Outcome, fault: NamedFault) -> None:
    """Check that an error is that of the catalogue, and that it has what was received."""
    assert fault.error is not None
    assert isinstance(outcome.error, fault.error)
    received = "".join(outcome.delivered)
    assert TEXT.startswith(received)
    if received:
        assert isinstance(outcome.error.partial, Message)
        assert outcome.error.partial.text.startswith(received)


def in_time(clock: FrozenClock, fault: NamedFault, transport: str) -> bool:
    return clock.elapsed <= 2 * DEADLINE or (transport == "httpx2" and fault.name in NOTICED_LATE)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # httpx2, after a broken response
@pytest.mark.parametrize(("fault", "client", "kind", "transport"), CASES)
def test_a_fault_ends_as_the_catalogue_says(server, fault, client, kind, transport):
    with frozen() as clock:
        if client == "sync":
            outcomes = three_calls(server, fault, kind, transport)
        else:
            outcomes = asyncio.run(three_calls_async(server, fault, kind, transport))
    once, tried, after = outcomes
    concerned = fault if kind in fault.affects else None
    if concerned is None or concerned.error is None:
        check_whole(once, concerned)
        check_whole(tried, concerned)
    else:
        check_failed(once, concerned)
        late = transport == "httpx2" and concerned.name in NOTICED_LATE
        if concerned.retried and not late and not tried.delivered[: len(once.delivered)]:
            check_whole(tried, None)
        elif tried.error is not None:
            check_failed(tried, concerned)
        else:
            assert concerned.retried
            check_whole(tried, None)
    check_whole(after, None)
    assert in_time(clock, fault, transport)


KINDS_OF_ERRORS = [
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "conflict_error",
    "request_too_large",
    "rate_limit_error",
    "api_error",
    "timeout_error",
    "overloaded_error",
    "sparkle_error",
]
WITH_ARGUMENTS = [
    *(faults.error_event(kind, event=0) for kind in KINDS_OF_ERRORS),
    *(faults.html(status) for status in (201, 206, 300, 301, 307, 399, 400, 404, 409, 503, 599)),
    *(faults.status(status) for status in (407, 418, 422, 501, 599)),
    *(faults.status(kind) for kind in KINDS_OF_ERRORS[:-1]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(WITH_ARGUMENTS)))
def test_a_fault_with_other_arguments_ends_as_it_says(server, number, kind):
    fault = WITH_ARGUMENTS[number]
    if kind not in fault.affects:
        return
    server.faults = [fault]
    client = antiphon.Client(base_url=server.url, api_key="k", max_retries=1)
    with frozen():
        outcome = ask(client, kind)
    assert type(outcome.error) is fault.error
    assert len(server.requests) == (2 if fault.retried else 1)


@pytest.mark.parametrize("fault", [faults.silence(), faults.stall(), faults.pings_only(event=0)])
@pytest.mark.parametrize(("limits", "requests"), [({}, 1), ({"total": 5000}, 2)])
def test_what_uses_up_the_time_of_a_call_is_tried_again_if_some_is_left(
    server, fault, limits, requests
):
    server.faults = [fault.on(attempts=1)]
    client = antiphon.Client(
        base_url=server.url, api_key="k", max_retries=2, timeout=antiphon.Timeout(**limits)
    )
    with frozen():
        outcome = ask(client, "stream" if "plain" not in fault.affects else "plain")
    assert len(server.requests) == requests
    assert isinstance(outcome.error, antiphon.APITimeoutError | None)
    assert (outcome.error is None) == (requests == 2)


def test_the_docs_tell_how_many_cases_there_are():
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()
    assert f"{len(faults.ALL)} faults" in page
    assert f"{len(CASES)} cases" in page
    listed = {
        fault.name for fault in faults.ALL if f"| `{fault.name}` | {fault.sentence[:-1]}" in page
    }
    assert {fault.name for fault in faults.ALL if not fault.name.startswith("status")} == listed
