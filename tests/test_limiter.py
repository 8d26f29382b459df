"""The limiter beside the rate limits of the local server, on a clock that jumps to each event."""

from __future__ import annotations

import asyncio
import copy
import heapq
import itertools
import json
import multiprocessing
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from antiphon import APITimeoutError, AsyncClient, Client, Limiter, OverloadedError, RateLimitError
from antiphon._core import endpoints
from antiphon._core.flow import Attempts, Sleep
from antiphon._core.options import Options, resolve_options
from antiphon._wire.http import Headers, HTTPResponse, ResponseHead
from antiphon.errors import APIError, status_error
from antiphon.local import App, InProcess, Limits, LocalServer, VirtualClock
from antiphon.local.metering.rate_limits import RateLimitBuckets
from antiphon.types import Message

MODEL = "claude-haiku-4-5"
ASK: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 5,
    "messages": [{"role": "user", "content": "Hi"}],
}
OUTPUT = 50


def options(key: str = "k") -> Options:
    return resolve_options({"api_key": key}, {})


def message(input_tokens: int = 10, output_tokens: int = OUTPUT) -> Message:
    usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    return Message.from_value({"id": "m", "type": "message", "content": [], "usage": usage})


def refusal(status: int, headers: list[tuple[str, str]]) -> APIError:
    kind = "overloaded_error" if status == 529 else "rate_limit_error"
    body = {"type": "error", "error": {"type": kind, "message": "slow down"}}
    return status_error(HTTPResponse(status, Headers(headers)), body)


@dataclass
class World:
    """An API with limits, and calls that come when they like; nothing waits in fact."""

    limiter: Limiter | None
    limits: Limits = field(default_factory=Limits)
    latency: float = 0.5
    headers: bool = True
    now: float = 0.0
    refusals: list[float] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)
    done: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = itertools.count()
        self.buckets = RateLimitBuckets(self.limits, lambda: self.now, "org")

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self.events, (seconds, next(self.numbers), action))

    def run(self, until: float = float("inf")) -> None:
        while self.events and self.events[0][0] <= until:
            self.now, _, action = heapq.heappop(self.events)
            action()

    def call(self, number: int, at: float = 0.0, **params: Any) -> None:
        """Let a call begin at a time."""

        def begin() -> None:
            ask = {"model": MODEL, "max_tokens": 100, "messages": [], **params}
            ask["messages"] = ask["messages"] or [{"role": "user", "content": "Hello"}]
            made = endpoints.create(options(), ask)
            self.attempt(number, Attempts(made, lambda: self.now, lambda: 0.5))

        self.at(at, begin)

    def attempt(self, number: int, attempts: Attempts) -> None:
        if self.limiter is None:
            self.send(number, attempts)
            return
        flow = self.limiter.admit(attempts)

        def step() -> None:
            try:
                wait = next(flow)
            except StopIteration:
                self.send(number, attempts)
            else:
                assert isinstance(wait, Sleep)
                assert wait.seconds > 0
                self.at(self.now + wait.seconds, step)

        step()

    def send(self, number: int, attempts: Attempts) -> None:
        self.sent.append((self.now, number))
        attempts.request = attempts.call.request(attempts.call.timeout)
        over = self.buckets.admit(MODEL, 10)
        told = self.buckets.headers(MODEL) if self.headers else []
        if over is None:
            self.at(self.now + self.latency, lambda: self.finish(number, attempts, told))
            return
        self.refusals.append(self.now)
        seconds = over.retry_after
        error = refusal(429, [*told, ("retry-after", str(seconds))])
        if self.limiter is not None:
            self.limiter.responded(attempts, ResponseHead(429, Headers(told)))
            self.limiter.failed(attempts, error)
        attempts.retries += 1
        self.at(self.now + seconds, lambda: self.attempt(number, attempts))

    def finish(self, number: int, attempts: Attempts, told: list[tuple[str, str]]) -> None:
        self.buckets.produced(MODEL, OUTPUT)
        if self.limiter is not None:
            self.limiter.responded(attempts, ResponseHead(200, Headers(told)))
            self.limiter.ended(attempts, message(), None)
        self.done.append((self.now, number))


def after_the_first(world: World, window: float = 60.0) -> list[float]:
    return [when for when in world.refusals if when > window]


@pytest.mark.parametrize("requests", [300, 600])
def test_a_thousand_calls_run_at_the_rate_that_is_allowed(requests):
    world = World(Limiter(), Limits(requests=requests))
    for number in range(1000):
        world.call(number)
    world.run()
    assert len(world.done) == 1000
    assert after_the_first(world) == []
    # The bucket is full at the beginning, so so many calls need no wait.
    ideal = (1000 - requests) / requests * 60
    assert world.now <= ideal / 0.95 + 5


def test_the_same_calls_without_a_limiter_are_refused_again_and_again():
    world = World(None, Limits(requests=60))
    for number in range(200):
        world.call(number)
    world.run()
    assert len(after_the_first(world)) > 100


@pytest.mark.parametrize(
    ("limits", "calls", "units", "limit"),
    [
        (Limits(input_tokens=5_000), 900, 10, 5_000),
        (Limits(output_tokens=20_000), 900, OUTPUT, 20_000),
    ],
    ids=["input", "output"],
)
def test_limits_of_tokens_are_kept(limits, calls, units, limit):
    world = World(Limiter(), limits)
    for number in range(calls):
        world.call(number)
    world.run()
    ideal = (calls * units - limit) / limit * 60
    assert len(world.done) == calls
    assert after_the_first(world) == []
    # The API tells what remains in whole thousands, so as many may be left unused.
    assert world.now <= ideal / 0.95 + 1000 / limit * 60 + 5


@pytest.mark.parametrize("limit", [1_000, 2_000])
@pytest.mark.parametrize("most", [100, 1_000])
def test_what_calls_leave_of_their_share_goes_to_those_that_wait(limit, most):
    world = World(Limiter(), Limits(output_tokens=limit))
    for number in range(60):  # each uses 50 tokens; at first, 300 are expected of it
        world.call(number, max_tokens=most)
    world.run()
    assert len(world.done) == 60
    assert not world.refusals
    assert max(when for when, _ in world.done) < 60 * OUTPUT / limit * 60 * 1.25


def test_calls_go_first_come_first_served():
    world = World(Limiter(), Limits(requests=60))
    for number in range(200):
        world.call(number, at=number * 0.01)
    world.run()
    order = [number for _, number in world.sent]
    # Calls that come within the time of one look may change places.
    assert max(abs(place - number) for place, number in enumerate(order)) < 10


def test_a_refusal_holds_all_calls_back_and_they_resume_gradually():
    world = World(Limiter(), latency=1.0)
    for number in range(20):
        world.call(number)
    world.run(until=10)
    limiter = world.limiter
    assert limiter is not None
    made = endpoints.create(
        options(), {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    )
    lost = Attempts(made, lambda: world.now, lambda: 0.5)
    for step in limiter.admit(lost):
        assert isinstance(step, Sleep)
    limiter.failed(lost, refusal(529, [("retry-after", "7")]))
    assert isinstance(refusal(529, []), OverloadedError)
    begun = world.now
    before = len(world.sent)
    for number in range(100, 140):
        world.call(number, at=world.now)
    world.run()
    resumed = [when for when, _ in world.sent[before:]]
    assert len(resumed) == 40
    assert min(resumed) >= begun + 7
    # Not all at once: the window was halved, and grows with each success.
    assert len([when for when in resumed if when < min(resumed) + 0.5]) < 20


def test_without_headers_the_window_finds_the_concurrency():
    world = World(Limiter(), Limits(requests=120), latency=0.2, headers=False)
    for number in range(400):
        world.call(number)
    world.run()
    assert len(world.done) == 400
    # At a limit of two a second each probe for more is refused; without a limiter it is thousands.
    assert len(world.refusals) < 400 / 3


def test_a_refusal_without_a_time_holds_longer_each_time():
    limiter = Limiter()
    held: list[float] = []
    clock = [0.0]
    ask = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    for _ in range(4):
        attempts = Attempts(endpoints.create(options(), ask), lambda: clock[0], lambda: 0.5)
        begun = clock[0]
        for step in limiter.admit(attempts):
            assert isinstance(step, Sleep)
            clock[0] += step.seconds
        held.append(clock[0] - begun)
        error = refusal(429, [])
        assert isinstance(error, RateLimitError)
        limiter.failed(attempts, error)
    assert held == pytest.approx([0, 1, 2, 4])


def test_keys_and_classes_of_models_have_their_own_limits():
    limiter = Limiter()
    for key, model in (("a", MODEL), ("b", MODEL), ("a", "claude-opus-4-8"), ("a", MODEL)):
        ask = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        attempts = Attempts(endpoints.create(options(key), ask), lambda: 0.0, lambda: 0.5)
        assert [*limiter.admit(attempts)] == []
        headers = [("anthropic-ratelimit-requests-limit", "50")]
        headers += [("anthropic-ratelimit-requests-remaining", "40")]
        limiter.responded(attempts, ResponseHead(200, Headers(headers)))
        limiter.ended(attempts, message(), None)
    state = limiter.state()
    assert [*state] == ["haiku-4", "haiku-4 #2", "opus-4"]
    assert state["opus-4"]["requests"] == {"limit": 50, "left": 40}
    assert state["opus-4"]["input_tokens"] == {"limit": None, "left": None}


def test_what_another_program_uses_is_seen_in_the_headers():
    limiter = Limiter()
    ask = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}

    def one(remaining: int) -> None:
        attempts = Attempts(endpoints.create(options(), ask), lambda: 0.0, lambda: 0.5)
        assert [*limiter.admit(attempts)] == []
        told = {"limit": 100, "remaining": remaining}
        headers = [(f"anthropic-ratelimit-requests-{k}", str(v)) for k, v in told.items()]
        limiter.responded(attempts, ResponseHead(200, Headers(headers)))
        limiter.ended(attempts, message(), None)

    one(99)
    assert limiter.state()["haiku-4"]["requests"]["left"] == 99
    one(10)
    assert limiter.state()["haiku-4"]["requests"]["left"] == 10


def test_a_wait_beyond_the_total_of_the_call_is_not_begun():
    world = World(Limiter(), Limits(requests=2))
    for number in range(3):
        world.call(number)
    with pytest.raises(APITimeoutError, match=r"The limiter would hold the call back") as caught:
        world.call(3, timeout=1.5, at=1.5)
        world.run()
    assert caught.value.phase == "pool"


def test_a_call_that_is_cancelled_while_it_waits_lets_the_others_go():
    world = World(Limiter(), Limits(requests=60))
    for number in range(61):
        world.call(number)
    world.run(until=1.5)
    limiter = world.limiter
    assert limiter is not None
    ask = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    flows = []
    for _ in range(30):
        attempts = Attempts(endpoints.create(options(), ask), lambda: world.now, lambda: 0.5)
        flow = limiter.admit(attempts)
        next(flow)
        flows.append(flow)
    for flow in flows:
        flow.close()
    world.call(99, at=world.now)
    world.run()
    assert max(when for when, number in world.sent if number == 99) < 8
    assert limiter.state()["haiku-4"]["under_way"] == 0
    assert limiter.state()["haiku-4"]["waiting"] == 0


def _ask_in_a_process(path: str, url: str, count: int) -> None:
    client = Client(api_key="k", base_url=url, limiter=Limiter(shared=path), max_retries=0)
    for _ in range(count):
        client.messages.create(
            model=MODEL, max_tokens=5, messages=[{"role": "user", "content": "Hi"}]
        )


def test_processes_share_a_limiter_through_a_file(tmp_path):
    file = tmp_path / "limits.json"
    with LocalServer(App(limits=Limits(requests=30))) as server:
        context = multiprocessing.get_context("spawn")
        workers = [
            context.Process(target=_ask_in_a_process, args=(str(file), server.url, 8))
            for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert [worker.exitcode for worker in workers] == [0, 0]
    (pool,) = json.loads(file.read_text()).values()
    assert pool["buckets"]["requests"]["sent"] == 16


def test_no_reply_is_lost_with_the_shared_file(tmp_path, caplog):
    folder = tmp_path / "limits"
    folder.mkdir()
    limiter = Limiter(shared=folder / "limits.json")

    def lose_the_folder(request: Any, next: Any) -> Any:
        response = next(request)
        shutil.rmtree(folder, ignore_errors=True)
        return response

    http = InProcess(App(VirtualClock(), limits=Limits(requests=600)))
    client = Client(api_key="k", http_client=http, limiter=limiter, middleware=[lose_the_folder])
    for _ in range(3):
        assert client.messages.create(**ASK).text
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "limits.json" in caplog.text
    state = limiter.state()["haiku-4"]
    assert (state["requests"]["limit"], state["under_way"], state["waiting"]) == (600, 0, 0)
    folder.mkdir()
    client.with_options(middleware=[]).messages.create(**ASK)
    (pool,) = json.loads((folder / "limits.json").read_text()).values()
    assert pool["buckets"]["requests"]["sent"] == 4


def test_a_shared_file_that_was_broken_is_mended(tmp_path, caplog):
    file = tmp_path / "limits.json"
    limiter = Limiter(shared=file)
    client = Client(api_key="k", http_client=InProcess(App(VirtualClock())), limiter=limiter)
    client.messages.create(**ASK)
    whole = file.read_text()
    file.write_text(whole[:-9])
    assert client.messages.create(**ASK).text
    assert json.loads(file.read_text()).keys() == json.loads(whole).keys()
    assert "holds something else" in caplog.text


@pytest.mark.parametrize(
    "content", ["my diary", "[]", "null", '{"a": 1}', '{"a": {"buckets": {}}}']
)
def test_a_file_of_something_else_is_refused_and_kept(tmp_path, content):
    file = tmp_path / "diary"
    file.write_text(content)
    with pytest.raises(ValueError, match="diary' holds something else; name another file"):
        Limiter(shared=file)
    assert file.read_text() == content


@pytest.mark.parametrize("kind", ["limiter", "auto"])
def test_clients_share_a_limiter_over_sockets(kind):
    async def main() -> int:
        limiter: Any = Limiter() if kind == "limiter" else "auto"
        with LocalServer(App(limits=Limits(requests=600))) as server:
            clients = [
                AsyncClient(api_key="k", base_url=server.url, limiter=limiter, max_retries=0)
                for _ in range(2)
            ]
            ask = {"model": MODEL, "max_tokens": 5}
            turn = [{"role": "user", "content": "Hi"}]
            await asyncio.gather(
                *(clients[n % 2].messages.create(messages=turn, **ask) for n in range(60))
            )
            for client in clients:
                await client.close()
            return len(server.requests)

    assert asyncio.run(main()) == 60


def test_copies_of_a_limiter_are_the_limiter_and_processes_have_their_own(tmp_path):
    limiter = Limiter(shared=tmp_path / "limits")
    assert copy.copy(limiter) is copy.deepcopy(limiter) is limiter
    other = pickle.loads(pickle.dumps(limiter))
    assert other is not limiter
    assert (
        repr(other)
        == repr(limiter)
        == f"<Limiter of 0 limited classes of models shared in {tmp_path / 'limits'}>"
    )


def test_no_more_is_left_than_the_limit():
    limiter = Limiter()
    with (
        LocalServer() as server,
        Client(base_url=server.url, api_key="k", limiter=limiter) as client,
    ):
        ask = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
        client.messages.create(max_tokens=100, **ask)  # far more than is used
    for name in ("requests", "input_tokens", "output_tokens"):
        (known,) = limiter.state().values()
        assert 0 < known[name]["left"] <= known[name]["limit"]


@pytest.mark.parametrize(("given", "error"), [(3, TypeError), ("car", ValueError)])
def test_what_is_no_limiter_is_refused_by_name(given, error):
    with pytest.raises(error, match="limiter: "):
        Client(api_key="k", limiter=given)
    with pytest.raises(TypeError, match="shared: 3"):
        Limiter(shared=3)
    with pytest.raises(FileNotFoundError, match="shared: there is no folder"):
        Limiter(shared="/no/such/folder/limits")
