"""How functions of scripts are called: in a thread, in an event loop, or here and now.

They belong to the user. They may wait for whatever the test does next, so a server must not wait
for them, and they may be async. What no async function is asked for must not load asyncio.
"""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Generator
from contextvars import ContextVar, copy_context
from inspect import isawaitable
from typing import Any, TypeAlias, TypeVar

from ..api.steps import Consult, Outcome, outcome_of

__all__ = ["Questions", "answer", "answered", "answered_async", "question_here"]

T = TypeVar("T")

Questions: TypeAlias = Generator[Consult, Outcome, T]
"""Something that asks on its way to a result."""


question_here: ContextVar[object] = ContextVar("question_here", default=None)
"""What identifies the question that is answered here; frozen time asks who waits for what."""


async def answer(question: Consult, identity: object) -> Outcome:
    """Return the outcome of a question; the function is called in a thread of its own."""
    import asyncio

    question_here.set(identity)
    loop = asyncio.get_running_loop()
    called: asyncio.Future[Outcome] = loop.create_future()

    def tell(outcome: Outcome) -> None:
        if not called.done():  # it is, if the server stops
            called.set_result(outcome)

    def call() -> None:
        outcome = outcome_of(question)
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, outcome)

    # Not from a pool: any number of functions may wait for each other. A daemon, because one that
    # waits for ever must not keep the program from ending.
    here = copy_context()
    threading.Thread(target=here.run, args=(call,), name="antiphon-script", daemon=True).start()
    return await _awaited(await called)


def answered(questions: Questions[T]) -> T:
    """Return what questions lead to; each function is called here, async ones in a thread."""
    outcome: Outcome | None = None
    while True:
        try:
            question = next(questions) if outcome is None else questions.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        outcome = outcome_of(question)
        if isawaitable(outcome.value):
            outcome = _awaited_in_thread(outcome)


async def answered_async(questions: Questions[T]) -> T:
    """Return what questions lead to; each function is called and awaited here."""
    outcome: Outcome | None = None
    while True:
        try:
            question = next(questions) if outcome is None else questions.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        outcome = await _awaited(outcome_of(question))


async def _awaited(outcome: Outcome) -> Outcome:
    """Return an outcome, that of an awaitable if it is one."""
    if not isawaitable(outcome.value):
        return outcome
    value: Awaitable[Any] = outcome.value
    try:
        return Outcome(await value)
    except Exception as error:
        return Outcome(error=error)


def _awaited_in_thread(outcome: Outcome) -> Outcome:
    """Return the outcome of an awaitable; this thread may have a running event loop already."""
    import asyncio

    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(asyncio.run(_awaited(outcome))))
    thread.start()
    thread.join()
    return outcomes[0]
