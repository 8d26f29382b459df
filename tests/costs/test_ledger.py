"""What clients count, and what the ledger makes of it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from contextvars import copy_context
from decimal import Decimal

import pytest

from antiphon import APIConnectionError, APIError, AsyncClient, InternalServerError
from antiphon.costs import Ledger, ledger, tagged
from antiphon.costs.tally import PROCESS, Tally
from antiphon.types import Message
from tests.support.priced_calls import ASK, BODY, PRICE, client, events, refused, whole
from tests.support.scripted import Answer, AsyncScripted, broken


@pytest.fixture(autouse=True)
def _an_empty_process():
    PROCESS.clear()


def test_a_call_counts_for_its_client_and_for_the_process():
    one, other = client(whole()), client(whole(), whole())
    one.messages.create(**ASK)
    other.messages.create(**ASK)
    other.messages.create(**ASK)
    assert (one.costs.total, other.costs.total) == (PRICE, 2 * PRICE)
    assert ledger.total == 3 * PRICE
    assert ledger.spending.calls == 3


def test_clients_made_from_a_client_share_its_ledger():
    first = client(whole(), whole())
    first.with_options(timeout=3).messages.create(**ASK)
    first.messages.create(**ASK)
    assert first.costs.spending.calls == 2


@pytest.mark.parametrize("large", [False, True], ids=["plain", "streamed under the hood"])
def test_raw_responses_count_once(large):
    asked = client(whole())
    ask = {**ASK, "max_tokens": 50_000} if large else ASK
    response = asked.messages.with_raw_response.create(**ask)
    assert response.parse() is response.parse()
    assert asked.costs.total == PRICE


def test_a_response_that_is_read_as_bytes_may_have_cost_something():
    asked = client(whole(), whole())
    with asked.messages.with_streaming_response.create(**ASK) as response:
        assert b"Hi" in response.read()
    assert asked.costs.spending.uncertain == 1
    with asked.messages.with_streaming_response.create(**ASK) as response:
        response.parse()
    assert (asked.costs.spending.uncertain, asked.costs.total) == (1, PRICE)


def test_a_stream_counts_when_it_has_ended():
    asked = client(Answer(*events()))
    with asked.messages.stream(**ASK) as stream:
        assert asked.costs.spending.calls == 0
        assert stream.get_final_text() == "Hi"
        assert asked.costs.total == PRICE
    assert asked.costs.spending.calls == 1


def test_a_stream_that_is_left_early_counts_what_was_received():
    asked = client(Answer(*events()))
    with asked.messages.stream(**ASK) as stream:
        next(stream)
    spent = asked.costs.spending
    assert (spent.calls, spent.partial, spent.input_tokens) == (1, 1, 1000)


def test_a_stream_that_breaks_counts_what_was_received():
    asked = client(Answer(*events()[:3], broken()))
    with pytest.raises(APIError), asked.messages.stream(**ASK) as stream:
        list(stream.text_stream)
    spent = asked.costs.spending
    assert (spent.calls, spent.failed_attempts, spent.partial) == (1, 1, 1)
    assert (spent.input_tokens, spent.output_tokens) == (1000, 1)


def test_failed_attempts_are_counted_and_cost_nothing_if_the_api_refused():
    asked = client(refused(529), refused(500), whole())
    asked.messages.create(**ASK)
    spent = asked.costs.spending
    assert (spent.calls, spent.failed_attempts, spent.uncertain) == (1, 2, 0)
    assert spent.total == PRICE


def test_a_call_that_fails_in_the_end_is_one_call():
    asked = client(refused(500), max_retries=0)
    with pytest.raises(InternalServerError):
        asked.messages.create(**ASK)
    spent = asked.costs.spending
    assert (spent.calls, spent.failed_attempts, spent.uncertain) == (1, 1, 0)


@pytest.mark.parametrize(("phase", "uncertain"), [("connect", 0), ("first byte", 1)])
def test_an_attempt_that_was_sent_and_lost_may_have_cost_something(phase, uncertain):
    asked = client(APIConnectionError("lost", phase=phase), whole())
    asked.messages.create(**ASK)
    assert asked.costs.spending.uncertain == uncertain


def test_a_cancelled_call_may_have_cost_something():
    async def main() -> int:
        sent = asyncio.Event()

        class Silent:
            async def send(self, request: object) -> object:
                sent.set()
                await asyncio.Event().wait()
                raise AssertionError

            async def close(self) -> None: ...

        asked = AsyncClient(api_key="k", http_client=Silent())
        task = asyncio.create_task(asked.messages.create(**ASK))
        await sent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asked.costs.spending.uncertain

    assert asyncio.run(main()) == 1


def test_tags_follow_tasks():
    async def ask(asked: AsyncClient, tag: str) -> None:
        with tagged(tag):
            await asked.messages.create(**ASK)

    async def main() -> dict[str | None, int]:
        asked = AsyncClient(api_key="k", http_client=AsyncScripted(whole(), whole(), whole()))
        await asyncio.gather(ask(asked, "one"), ask(asked, "two"), asked.messages.create(**ASK))
        return {tag: spent.calls for tag, spent in asked.costs.by_tag.items()}

    assert asyncio.run(main()) == {"one": 1, "two": 1, None: 1}


def test_tags_follow_a_context_into_a_thread():
    asked = client(whole(), whole())

    def ask() -> None:
        asked.messages.create(**ASK)

    with tagged("eval-7"):
        context = copy_context()
    tasks: list[Callable[[], None]] = [lambda: context.run(ask), ask]
    for task in tasks:
        thread = threading.Thread(target=task)
        thread.start()
        thread.join()
    assert {tag: spent.calls for tag, spent in asked.costs.by_tag.items()} == {"eval-7": 1, None: 1}


def test_many_threads_lose_no_count():
    tally = Tally()
    message = Message.from_value(BODY)

    def add() -> None:
        for _ in range(500):
            tally.add(message)
            tally.rows()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Ledger(tally).spending.calls == 4000
    assert Ledger(tally).total == 4000 * PRICE


def test_the_models_are_told_apart_the_dearest_first():
    asked = client(whole(), whole(model="claude-opus-5"), whole(model="gpt-5"))
    for _ in range(3):
        asked.messages.create(**ASK)
    models = asked.costs.by_model
    assert [*models] == ["claude-opus-5", "claude-haiku-4-5-20251001", "gpt-5"]
    assert models["gpt-5"].unpriced == 1100
    assert sum(spent.total for spent in models.values()) == asked.costs.total


def test_a_tag_for_each_call_does_not_fill_the_memory():
    message = Message.from_value(BODY)
    tally = Tally()
    kept = Ledger(tally)
    for number in range(10_100):
        kept.add(message, tag=f"user {number}")
    kept.add(message)
    assert len(tally.rows()) == len(PROCESS.rows()) == 10_002
    assert kept.spending.calls == 10_101
    assert kept.by_tag["(others)"].calls == 100
    assert kept.by_tag[None].calls == 1


def test_prompts_of_two_lengths_keep_their_prices():
    messages = [
        Message.from_value(
            {
                **BODY,
                "model": "claude-haiku-5-5",
                "usage": {"input_tokens": tokens, "output_tokens": 0},
            }
        )
        for tokens in (100_001, 100_000, 100_000)
    ]
    asked = client()
    for message in messages:
        asked.costs.add(message)
    costs = [message.cost for message in messages]
    assert None not in costs
    assert asked.costs.total == sum(cost.total for cost in costs if cost)


def test_passes_of_other_models_have_their_own_prices():
    count = {"input_tokens": 1000, "output_tokens": 0}
    usage = {
        **count,
        "iterations": [
            {"type": "message", **count},
            {"type": "fallback_message", "model": "claude-opus-5", **count},
        ],
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    }
    asked = client(whole(usage=usage))
    message = asked.messages.create(**ASK)
    assert message.cost is not None
    assert asked.costs.total == message.cost.total == Decimal("0.026")
    assert asked.costs.spending.calls == 1


@pytest.mark.parametrize("usage", [None, "much", {"input_tokens": "many"}])
def test_a_usage_that_is_none_harms_nobody(usage):
    asked = client(whole(usage=usage))
    assert asked.messages.create(**ASK).text == "Hi"
    assert asked.costs.spending.calls == 1


def test_the_table_names_models_and_dollars():
    asked = client(whole())
    asked.messages.create(**ASK)
    header, row, last = str(asked.costs).splitlines()
    assert header.split() == ["model", "calls", "input", "cached", "output", "dollars"]
    assert row.split() == ["claude-haiku-4-5-20251001", "1", "1,000", "0", "100", "0.0015"]
    assert last.startswith("all")


def test_the_ledger_is_written_as_json_lines(tmp_path):
    asked = client(whole(), whole(model="gpt-5"))
    with tagged("a"):
        asked.messages.create(**ASK)
    asked.messages.create(**ASK)
    file = tmp_path / "ledger.jsonl"
    asked.costs.export(file)
    asked.costs.export(file)  # the whole again, not twice
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    costs = {line["model"]: (line["tag"], line["usd"] and Decimal(line["usd"])) for line in lines}
    assert costs == {"claude-haiku-4-5-20251001": ("a", PRICE), "gpt-5": (None, None)}
    assert [*tmp_path.iterdir()] == [file]


def test_what_is_cleared_is_gone():
    asked = client(whole())
    asked.messages.create(**ASK)
    asked.costs.clear()
    assert asked.costs.total == 0
    assert ledger.total == PRICE


@pytest.mark.parametrize(("tag", "error"), [(5, TypeError), (None, TypeError), ("", ValueError)])
def test_what_is_no_tag_is_refused(tag, error):
    with pytest.raises(error, match="tagged: "), tagged(tag):
        pass
