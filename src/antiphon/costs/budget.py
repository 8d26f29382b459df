"""A budget: a call that could cost more than is left is refused before it is sent.

Strategy. Before each attempt the budget reserves the most that it could cost: the upper end of the
estimate of its input, and all of `max_tokens` as output. When the call has ended, what it cost in
fact is spent and the rest is free again. So the sum of what is spent and what is reserved never
exceeds the limit, however many calls are under way, in tasks and threads.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn, Self

from .._core.call import Call
from .._core.flow import Attempts, Flow
from .._wire.http import ResponseHead
from .._wire.json import is_list, is_object
from ..catalog.pricing import PricesInput, cost_of, prices_of
from ..errors import APIError, BudgetExceededError, UsageError
from ..types.message import Usage
from .estimate import SentPrompt, TokenEstimate, parsed_body, prompt_of
from .tally import GATES, may_have_cost

__all__ = ["Budget"]

# Tools that the API runs itself, as often as it likes, unless `max_uses` says how often.
_SERVER_TOOLS = ("web_search_", "web_fetch_", "code_execution_", "advisor_", "mcp_toolset")

# What one use of such a tool may add to the prompt of the next pass, in tokens: a page of results.
_TOKENS_OF_A_USE = 25_000


class _Held(NamedTuple):
    """What is reserved for one attempt."""

    amount: Decimal
    prompt: SentPrompt


class Budget:
    """A limit in US dollars or in tokens, for a client, a call, or a `with` block.

    Use it as ``Client(budget=budget)``, as ``messages.create(..., budget=budget)``, or as
    ``with budget:`` for the calls that are made within. One budget may serve any number of clients,
    tasks and threads. Several at once all have to agree.
    """

    def __init__(
        self,
        *,
        usd: float | Decimal | str | None = None,
        tokens: int | None = None,
        prices: Mapping[str, PricesInput] | None = None,
    ) -> None:
        """Make a budget.

        Args:
            usd: the limit in US dollars.
            tokens: the limit in tokens of input and output, cached ones included.
            prices: those of some models, before all others; see `antiphon.costs.add_prices`.

        Raises:
            TypeError: both or none of `usd` and `tokens` are given.
            ValueError: the limit is not a number above 0, or tokens are not whole.
        """
        if (usd is None) == (tokens is None):
            raise TypeError("Budget: give usd=… or tokens=…, one of them")
        name, given = ("usd", usd) if usd is not None else ("tokens", tokens)
        try:
            limit = Decimal(str(given))
        except ArithmeticError:
            limit = Decimal("NaN")
        if not (limit.is_finite() and limit > 0) or isinstance(given, bool):
            raise ValueError(f"Budget: {name}={given!r} is not a number above 0")
        if tokens is not None and limit % 1:
            raise ValueError(f"Budget: tokens={given!r} is not a whole number")
        self.limit: Decimal = limit
        self._in_dollars = usd is not None
        self._prices = prices
        self._spent = Decimal(0)
        self._reserved = Decimal(0)
        self._lock = threading.Lock()

    @property
    def spent(self) -> Decimal:
        """What the calls that have ended cost."""
        with self._lock:
            return self._spent

    @property
    def reserved(self) -> Decimal:
        """The most that the calls under way may cost."""
        with self._lock:
            return self._reserved

    @property
    def left(self) -> Decimal:
        """What further calls may cost."""
        with self._lock:
            return self.limit - self._spent - self._reserved

    def __enter__(self) -> Self:
        GATES.set((*GATES.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        # Not by a token: several tasks may be within blocks of the same budget.
        gates = [*GATES.get()]
        del gates[len(gates) - 1 - gates[::-1].index(self)]
        GATES.set(tuple(gates))

    def admit(self, attempts: Attempts) -> Flow[None]:
        """Reserve the most that the next attempt may cost.

        Raises:
            BudgetExceededError: that is more than what is left.
            UsageError: nobody can tell what it may cost.
        """
        prompt = prompt_of(attempts)
        amount = self._worst_case(prompt)
        with self._lock:
            self._refuse_above(amount)
            self._reserved += amount
            attempts.hold(self, _Held(amount, prompt))
        yield from ()

    def check(self, call: Call[Any]) -> None:
        """Refuse a call that would be refused if it were sent now; reserve nothing.

        Raises:
            BudgetExceededError: it could cost more than what is left.
            UsageError: nobody can tell what it may cost.
        """
        amount = self._worst_case(SentPrompt(parsed_body(call.request(call.timeout).body)))
        with self._lock:
            self._refuse_above(amount)

    def lend(self, amount: Decimal) -> dict[str, Any]:
        """Reserve an amount for another process; return the arguments of the `Budget` there."""
        with self._lock:
            self._reserved += amount
        if self._in_dollars:
            return {"usd": amount, "prices": self._prices}
        return {"tokens": int(amount), "prices": self._prices}

    def end_loan(self, amount: Decimal, spent: Decimal) -> None:
        """Spend what another process spent of an amount it was lent; the rest is free again."""
        with self._lock:
            self._reserved -= amount
            self._spent += spent

    def _refuse_above(self, amount: Decimal) -> None:
        left = self.limit - self._spent - self._reserved
        if amount > left:
            raise BudgetExceededError(
                f"The call could cost {self._shown(amount)}, and of the budget of"
                f" {self._shown(self.limit)} only {self._shown(max(left, _NONE))} is left"
                f" ({self._shown(self._spent)} spent, {self._shown(self._reserved)} reserved);"
                " it was not sent. Give a smaller max_tokens, or a larger budget.",
                asked=amount,
                spent=self._spent,
                reserved=self._reserved,
                left=left,
            )

    def reserve(self, body: dict[str, Any]) -> Decimal:
        """Reserve the most that a request of a batch may cost, and return it; `settle` ends it.

        Args:
            body: the request, as one of its own would have it.

        Raises:
            BudgetExceededError: that is more than what is left.
            UsageError: nobody can tell what it may cost.
        """
        amount = self._worst_case(SentPrompt(body), service_tier="batch")
        with self._lock:
            self._refuse_above(amount)
            self._reserved += amount
        return amount

    def reserve_again(self, amount: Decimal) -> None:
        """Reserve what was reserved before, for what was sent already."""
        with self._lock:
            self._reserved += amount

    def settle(self, amount: Decimal, message: Any = None, model: object = None) -> None:
        """Put what a request of a batch cost in place of what was reserved for it.

        Args:
            amount: what was reserved.
            message: what it gave; None if that was nothing, and so it costs nothing.
            model: the one that was asked.
        """
        usage: Any = getattr(message, "usage", None)
        actual = None if message is not None else _NONE
        if isinstance(usage, Usage):
            actual = self._actual(message, usage, model)
        self._replace(amount, actual)

    def responded(self, attempts: Attempts, head: ResponseHead) -> None:
        """Do nothing: what an attempt cost is known at its end."""

    def failed(self, attempts: Attempts, error: APIError) -> None:
        """Give back what was reserved for an attempt, but for what it may have cost."""
        usage = error.usage
        if isinstance(usage, Usage):
            self._settle(attempts, self._actual(error.partial, usage, attempts.call.model))
        else:
            self._settle(attempts, None if may_have_cost(error) else _NONE)

    def ended(self, attempts: Attempts, message: Any, error: BaseException | None) -> None:
        """Put what the call cost in place of what was reserved for it."""
        held: _Held | None = (attempts.held or {}).get(self)
        if held is None:
            return  # it was refused, or its last attempt failed
        usage: Any = getattr(message, "usage", None)
        if isinstance(usage, Usage):
            held.prompt.learn(usage)
            self._settle(attempts, self._actual(message, usage, attempts.call.model))
        else:
            # A cancelled call gives its reservation back. Of one that was read as bytes, or whose
            # response was none, nobody knows what it cost, so all of it counts as spent.
            unknown = error is None or isinstance(error, APIError)
            self._settle(attempts, None if unknown else _NONE)

    def _settle(self, attempts: Attempts, actual: Decimal | None) -> None:
        """Spend `actual`, or all that was reserved if it is None."""
        held: _Held | None = attempts.release(self)
        if held is not None:
            self._replace(held.amount, actual)

    def _replace(self, amount: Decimal, actual: Decimal | None) -> None:
        with self._lock:
            self._reserved -= amount
            self._spent += amount if actual is None else actual

    def _actual(self, message: Any, usage: Usage, asked: object) -> Decimal | None:
        if not self._in_dollars:
            return Decimal(usage.total_input_tokens + (usage.output_tokens or 0))
        model = str(getattr(message, "model", None) or asked)
        cost = cost_of(usage.to_dict(), model, self._prices)
        if cost is None:  # a name that a gateway gave; the price of the one asked for is known
            cost = cost_of(usage.to_dict(), str(asked), self._prices)
        return None if cost is None else cost.total

    def _worst_case(self, sent: SentPrompt, service_tier: str | None = None) -> Decimal:
        body = sent.body
        uses = self._server_tool_uses(body)
        prompt = _with_uses(sent.estimate, uses)
        max_tokens = body.get("max_tokens")
        output = max_tokens if isinstance(max_tokens, int) else 0
        if not self._in_dollars:
            return Decimal(prompt + output)
        model = str(body.get("model"))
        if prices_of(model, self._prices) is None:
            raise UsageError(
                f"budget: the price of {model!r} is not known, so a budget in dollars cannot hold;"
                " add it with antiphon.costs.add_prices, or use Budget(tokens=…)"
            )
        kind = _dearest_kind(body)
        usage = {
            **kind,
            kind["as"]: prompt,
            "output_tokens": output,
            "server_tool_use": {"web_search_requests": uses},
            "speed": body.get("speed"),
            "service_tier": service_tier,
            "inference_geo": "us",  # the workspace may say so; a tenth more is the worst case
        }
        if kind["as"] == "cache_creation_input_tokens" and kind["hour"]:
            usage["cache_creation"] = {"ephemeral_1h_input_tokens": prompt}
        cost = cost_of(usage, model, self._prices)
        assert cost is not None
        return cost.total

    def _server_tool_uses(self, body: Mapping[str, Any]) -> int:
        """Return how often the API may run its own tools."""
        tools: object = body.get("tools")
        total = 0
        for tool in tools if is_list(tools) else ():
            kind = tool.get("type") if is_object(tool) else None
            if not isinstance(kind, str) or not kind.startswith(_SERVER_TOOLS):
                continue
            uses: object = tool["max_uses"] if is_object(tool) and "max_uses" in tool else None
            if isinstance(uses, int):
                total += uses
            elif self._in_dollars:
                raise UsageError(
                    f"budget: the tool {kind!r} has no max_uses, so the API may run it as often as"
                    " it likes; give it one, or use Budget(tokens=…)"
                )
        return total

    def _shown(self, amount: Decimal) -> str:
        return f"${amount:.4f}" if self._in_dollars else f"{int(amount):,} tokens"

    # Copies of a client spend from the same budget: a copy of the budget would be money twice.
    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Budget cannot be pickled: two processes would spend it twice; give each process"
            " a client with a budget of its own"
        )

    def __repr__(self) -> str:
        return f"<Budget {self._shown(self.spent)} of {self._shown(self.limit)} spent>"


_NONE = Decimal(0)


def _with_uses(prompt: TokenEstimate, uses: int) -> int:
    """Return the tokens of all passes of a message: each use of a server tool makes another one."""
    passes = uses + 1
    return prompt.high * passes + _TOKENS_OF_A_USE * uses * passes // 2


def _dearest_kind(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kind of input tokens that costs most, of those that a request may have."""
    text = repr(body)
    if "'cache_control'" not in text:
        return {"as": "input_tokens", "hour": False}
    return {"as": "cache_creation_input_tokens", "hour": "'1h'" in text}
