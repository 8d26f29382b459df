"""Budgets refuse before money is spent, and never let more be spent than their limit."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
from decimal import Decimal

import pytest

from antiphon import (
    APIConnectionError,
    APIError,
    AsyncClient,
    Budget,
    BudgetExceededError,
    Client,
    UsageError,
    estimate_tokens,
)
from antiphon.costs import estimate
from tests.support.priced_calls import ASK, BODY, JSON, PRICE, client, events, refused, whole
from tests.support.scripted import Answer, AsyncScripted, Scripted, broken

WORST = Decimal("0.0006")  # of ASK: 100 tokens of output and at most some 60 of input, a tenth more


@pytest.fixture(autouse=True)
def _nothing_learned():
    estimate._calibration.forget()


def test_a_call_within_the_budget_is_sent_and_settled():
    budget = Budget(usd=1)
    client(whole(), budget=budget).messages.create(**ASK)
    assert (budget.spent, budget.reserved, budget.left) == (PRICE, 0, 1 - PRICE)


def test_a_call_that_could_exceed_the_budget_is_not_sent():
    transport = Scripted(whole())
    budget = Budget(usd="0.0001")
    asked = Client(api_key="k", http_client=transport, budget=budget)
    with pytest.raises(BudgetExceededError, match="it was not sent") as caught:
        asked.messages.create(**ASK)
    error = caught.value
    assert transport.requests == []
    assert error.asked > error.left == budget.left == budget.limit
    assert (error.spent, error.reserved) == (0, 0)
    assert asked.costs.spending.calls == 0


def test_the_error_pickles():
    error = BudgetExceededError(
        "no", asked=Decimal(3), spent=Decimal(1), reserved=Decimal(0), left=Decimal(2)
    )
    loaded = pickle.loads(pickle.dumps(error))
    assert (str(loaded), loaded.asked, loaded.left) == ("no", 3, 2)


def test_what_is_spent_counts_for_the_next_call():
    usage = {"input_tokens": 9, "output_tokens": 100}
    budget = Budget(usd=2 * WORST)
    asked = client(whole(usage=usage), whole(usage=usage), budget=budget)
    asked.messages.create(**ASK)
    asked.messages.create(**ASK)
    assert budget.spent == asked.costs.total == 2 * Decimal("0.000509")
    with pytest.raises(BudgetExceededError):
        asked.messages.create(**ASK)


@pytest.mark.parametrize("stream", [False, True])
def test_a_budget_of_tokens_needs_no_price(stream):
    budget = Budget(tokens=5000)
    ask = {**ASK, "model": "a-model-of-a-gateway"}
    asked = client(Answer(*events()) if stream else whole(), budget=budget)
    if stream:
        with asked.messages.stream(**ask) as streamed:
            assert budget.reserved >= 100
            streamed.until_done()
    else:
        asked.messages.create(**ask)
    assert (budget.spent, budget.reserved) == (1100, 0)


def test_a_budget_of_a_call_and_of_a_block():
    of_call, of_block, outer = Budget(usd=1), Budget(usd=1), Budget(usd=1)
    asked = client(whole(), whole(), whole())
    asked.messages.create(**ASK, budget=of_call)
    with outer:
        asked.messages.create(**ASK)
        with of_block:
            asked.messages.create(**ASK)
    assert (of_call.spent, of_block.spent, outer.spent) == (PRICE, PRICE, 2 * PRICE)


def test_all_budgets_have_to_agree_and_none_keeps_a_reservation():
    large, small = Budget(usd=1), Budget(usd="0.00001")
    with large, pytest.raises(BudgetExceededError):
        client(whole()).messages.create(**ASK, budget=small)
    assert (large.reserved, large.spent) == (0, 0)


def test_a_block_holds_for_the_tasks_within_it_alone():
    async def main() -> tuple[Decimal, Decimal]:
        one, two = Budget(usd=1), Budget(usd=1)
        asked = AsyncClient(api_key="k", http_client=AsyncScripted(*[whole()] * 4))

        async def ask(budget: Budget, times: int) -> None:
            with budget:
                for _ in range(times):
                    await asked.messages.create(**ASK)

        await asyncio.gather(ask(one, 1), ask(two, 2), asked.messages.create(**ASK))
        return one.spent, two.spent

    assert asyncio.run(main()) == (PRICE, 2 * PRICE)


def test_retries_reserve_anew_and_refusals_cost_nothing():
    budget = Budget(usd=1)
    client(refused(529), refused(500), whole(), budget=budget).messages.create(**ASK)
    assert (budget.spent, budget.reserved) == (PRICE, 0)


def test_an_attempt_that_may_have_cost_something_counts_as_the_worst_case():
    budget = Budget(usd=1)
    lost = APIConnectionError("lost", phase="first byte")
    client(lost, whole(), budget=budget).messages.create(**ASK)
    assert budget.spent > PRICE
    assert budget.reserved == 0


def test_a_retry_that_no_longer_fits_is_not_sent():
    transport = Scripted(APIConnectionError("lost", phase="first byte"), whole())
    asked = Client(api_key="k", http_client=transport, budget=Budget(usd=WORST * 3 / 2))
    with pytest.raises(BudgetExceededError):
        asked.messages.create(**ASK)
    assert len(transport.requests) == 1


def test_a_stream_that_breaks_costs_what_it_had_reported():
    budget = Budget(usd=1)
    with (
        pytest.raises(APIError),
        client(Answer(*events()[:3], broken()), budget=budget).messages.stream(**ASK) as stream,
    ):
        list(stream.text_stream)
    assert (budget.spent, budget.reserved) == (Decimal("0.001005"), 0)


def test_a_cancelled_call_gives_its_reservation_back():
    async def main() -> Budget:
        sent = asyncio.Event()

        class Silent:
            async def send(self, request: object) -> object:
                sent.set()
                await asyncio.Event().wait()
                raise AssertionError

            async def close(self) -> None: ...

        budget = Budget(usd=1)
        asked = AsyncClient(api_key="k", http_client=Silent(), budget=budget)
        task = asyncio.create_task(asked.messages.create(**ASK))
        await sent.wait()
        assert budget.reserved > 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return budget

    budget = asyncio.run(main())
    assert (budget.spent, budget.reserved) == (0, 0)


def test_four_hundred_concurrent_calls_never_overspend():
    class Paying:
        """Answers after others had a turn, with the dearest message that the call allows."""

        async def send(self, request: object) -> object:
            await asyncio.sleep(0)
            usage = {"input_tokens": 12, "output_tokens": 100}
            answer = Answer(json.dumps({**BODY, "usage": usage}).encode(), headers=JSON)
            return await AsyncScripted(answer).send(request)

        async def close(self) -> None: ...

    async def main() -> tuple[int, Budget]:
        budget = Budget(usd="0.05")
        asked = AsyncClient(api_key="k", http_client=Paying(), budget=budget)
        results = await asyncio.gather(
            *(asked.messages.create(**ASK) for _ in range(400)), return_exceptions=True
        )
        refusals = [each for each in results if isinstance(each, BudgetExceededError)]
        assert asked.costs.total == budget.spent
        assert len(refusals) + asked.costs.spending.calls == 400
        return len(refusals), budget

    refusals, budget = asyncio.run(main())
    assert refusals > 0
    assert budget.spent <= budget.limit
    assert budget.reserved == 0


def test_threads_share_a_budget():
    budget = Budget(usd="0.02")
    refusals: list[BudgetExceededError] = []

    def ask() -> None:
        try:
            client(whole(), budget=budget).messages.create(**ASK)
        except BudgetExceededError as error:
            refusals.append(error)

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals
    assert budget.spent == (40 - len(refusals)) * PRICE
    assert budget.reserved == 0


def test_a_model_without_a_price_is_refused_under_dollars():
    with pytest.raises(UsageError, match=r"price of 'gpt-5'.*add_prices"):
        client(whole(), budget=Budget(usd=1)).messages.create(**{**ASK, "model": "gpt-5"})
    mine = Budget(usd=1, prices={"gpt-5": {"input": 1, "output": 1}})
    client(whole(), budget=mine).messages.create(**{**ASK, "model": "gpt-5"})


def test_a_server_tool_needs_a_number_of_uses_under_dollars():
    search = {"type": "web_search_20250305", "name": "web_search"}
    with pytest.raises(UsageError, match=r"web_search_20250305.*max_uses"):
        client(whole(), budget=Budget(usd=9)).messages.create(**ASK, tools=[search])
    budget = Budget(usd=9)
    asked = client(whole(), budget=budget)
    asked.messages.create(**ASK, tools=[{**search, "max_uses": 2}])
    assert budget.spent == PRICE
    tokens = client(whole(), budget=Budget(tokens=1_000_000))
    tokens.messages.create(**ASK, tools=[search])


def test_a_prompt_that_may_be_written_to_the_cache_reserves_its_price():
    def asked_for(**more: object) -> Decimal:
        budget = Budget(usd="0.0000001")
        with pytest.raises(BudgetExceededError) as caught:
            client(budget=budget).messages.create(**{**ASK, "max_tokens": 1, **more})
        return caught.value.asked

    plain = asked_for()
    minutes = asked_for(cache_control={"type": "ephemeral"})
    hour = asked_for(cache_control={"type": "ephemeral", "ttl": "1h"})
    assert plain < minutes < hour


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"usd": 1, "tokens": 1},
        {"usd": 0},
        {"tokens": -1},
        {"usd": "x"},
        {"usd": True},
        {"tokens": 1.5},
    ],
)
def test_an_impossible_limit_is_refused(wrong):
    with pytest.raises((TypeError, ValueError), match="Budget: "):
        Budget(**wrong)


def test_what_is_no_budget_is_refused_by_name():
    with pytest.raises(TypeError, match=r"budget: expected an antiphon\.Budget, got int"):
        Client(api_key="k", budget=5)
    with pytest.raises(TypeError, match="budget: expected"):
        client(whole()).messages.create(**ASK, budget=5)


def test_the_estimate_has_a_band_around_it():
    found = estimate_tokens(**{k: v for k, v in ASK.items() if k != "max_tokens"})
    assert found.low < found.tokens < found.high
    assert int(found) == found.tokens
    longer = estimate_tokens(
        model="claude-haiku-4-5", messages=[{"role": "user", "content": "Hello there! " * 500}]
    )
    assert longer.low > found.high


def test_the_estimate_learns_from_what_calls_used():
    prompt = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "word " * 900}]}
    before = estimate_tokens(**prompt)
    actual = before.tokens * 2
    usage = {"input_tokens": actual, "output_tokens": 1}
    asked = client(*[whole(usage=usage)] * 60, budget=Budget(usd=100))
    for _ in range(60):
        asked.messages.create(max_tokens=10, **prompt)
    after = estimate_tokens(**prompt)
    assert after.low <= actual <= after.high
    assert after.high - after.low < before.tokens
    other = estimate_tokens(**{**prompt, "model": "claude-opus-5"})
    assert other.tokens < actual


def test_an_estimate_of_what_the_api_would_refuse_is_an_estimate():
    assert estimate_tokens(model="claude-haiku-4-5", messages=[{"role": 3}]).tokens >= 0


def test_the_estimate_refuses_names_that_it_does_not_know():
    assert estimate_tokens(**ASK).tokens > 0
    with pytest.raises(
        TypeError, match="unexpected keyword argument 'systm'; did you mean 'system'"
    ):
        estimate_tokens(**ASK, systm="Be brief.")
    with pytest.raises(
        TypeError, match="missing 2 required keyword-only arguments: 'messages' and 'model'"
    ):
        estimate_tokens()


def test_copies_of_a_client_spend_from_the_same_budget():
    budget = Budget(usd=1)
    assert copy.copy(budget) is budget
    one = client(whole(), budget=budget)
    assert copy.deepcopy({"client": one, "budget": budget})["budget"] is budget
    with pytest.raises(TypeError, match="a Budget cannot be pickled: two processes"):
        pickle.dumps(budget)
